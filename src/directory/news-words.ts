/** What the directory says to people, as the HTML of a Note, in the instance's language. Pure. */
import type { Json } from '../fedi/fedi.ts'
import { escapeHtml } from '../kernel/text.ts'
import { country } from '../web/format.ts'
import type { Organisation } from '../coops/model.ts'
import type { T } from '../web/words.ts'

export interface Language { lang: string; t: T }

/** An organisation as news tells it. */
export interface Newcomer {
  name: string
  /** What it is, in one line. */
  line: string
  page: string
  /** Only where it runs itself: nobody else is spoken to (WIRE.md section 3). */
  mention?: { actor: string; address: string }
}
/** A line of the digest. */
export interface Line { name: string; page: string }

/** Names in one digest; of more it says how many. */
export const NAMED = 20
const LINE = 200 // characters of a summary

const link = (href: string, text: string, kind = ''): string => `<a href="${escapeHtml(href)}"${kind}>${escapeHtml(text)}</a>`

/** Without the joiners that keep “co-op” on one line here: elsewhere they would keep it from being found. */
const plainly = (text: string): string => text.replaceAll('\u2060', '')

/** The beginning of its own words; where it has none, its kind and country. Never cut inside a word where that can be helped. */
export function lineOf(o: Pick<Organisation, 'summary' | 'kind' | 'country'>, { lang, t }: Language): string {
  const first = o.summary?.split('\n').find((l) => l.trim() !== '')?.trim() ?? ''
  if (!first) return plainly([t(`coops.kind.${o.kind}`), ...(o.country ? [country(lang, o.country)] : [])].join(', '))
  if (first.length <= LINE) return first
  const cut = first.slice(0, LINE).toWellFormed()
  return `${cut.slice(0, cut.lastIndexOf(' ') > LINE / 2 ? cut.lastIndexOf(' ') : LINE).replace(/[\s,;:.–-]+$/, '')} …`
}

/** “New in the directory”: name, one line, link; and whom it mentions. */
export function single(n: Newcomer, { t }: Language): { html: string; tag: Json[]; cc: string[] } {
  const at = n.mention && link(n.page, n.mention.address, ' class="u-url mention"')
  const html = `<p>${escapeHtml(plainly(t('directory.news.opened', { name: n.name })))}${at ? ` (${at})` : ''}</p><p>${escapeHtml(n.line)}</p><p>${link(n.page, n.page)}</p>`
  return n.mention ? { html, tag: [{ type: 'Mention', href: n.mention.actor, name: n.mention.address }], cc: [n.mention.actor] } : { html, tag: [], cc: [] }
}

/** What had to wait, together. `more`: how many are not named. */
export function digest(lines: readonly Line[], more: number, home: string, { t }: Language): string {
  const list = lines.map((l) => `<br>• ${link(l.page, l.name)}`).join('')
  const rest = more > 0 ? `<p>${link(home, plainly(t('directory.news.more', { n: more })))}</p>` : ''
  return `<p>${escapeHtml(plainly(t('directory.news.digest')))}${list}</p>${rest || `<p>${link(home, home)}</p>`}`
}
