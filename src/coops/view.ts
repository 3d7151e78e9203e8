/** What the pages of this room have in common: how things are said. */
import type { Page } from '../web/page.tsx'
import { country as countryName, money, number } from '../web/format.ts'
import { figureWord } from './activities.ts'
import type { FigureInput } from './model.ts'

/** `Rochdale, United Kingdom` */
export const placeOf = (page: Page, o: { country: string | null; locality: string | null; region?: string | null }): string =>
  [o.locality, o.region, o.country && countryName(page.lang, o.country)].filter(Boolean).join(', ')

/** A figure's number with its unit: `£12`, `1,200 t`. */
export const valueOf = (page: Page, f: Pick<FigureInput, 'value' | 'unit'>): string =>
  f.unit === null ? number(page.lang, f.value) : /^[A-Z]{3}$/.test(f.unit) ? money(page.lang, f.value, f.unit) : `${number(page.lang, f.value)} ${f.unit}`

/** `16,000,000 members (2024)` */
export const figureLine = (page: Page, f: FigureInput): string => {
  const values = { count: f.value, kind: figureWord(page.t, f.kind) }
  return f.year === null ? page.t('coops.card.members', values) : page.t('coops.card.membersYear', { ...values, year: String(f.year) })
}

/** Who did it, as far as everybody may know: never an account's name. */
export function byWhom(page: Page, by: string): string {
  if (by.startsWith('peer:')) return page.t('coops.by.peer', { host: by.slice(5) })
  return page.t(by.startsWith('user:') ? 'coops.by.person' : 'coops.by.directory')
}
