/** The edit form: from a profile to fields, from fields to an input, and problems back to the fields. */
import { z } from 'zod'
import { Problem, problemsOf } from '../kernel/errors.ts'
import type { FormValues } from '../web/forms.ts'
import type { T } from '../web/words.ts'
import { organisationInput, type Organisation, type OrganisationInput } from './model.ts'

/** Empty rows that the form offers beyond those that are filled. */
const SPARE = 1
export const rowsOf = (n: number, max: number): number[] => Array.from({ length: Math.min(n + SPARE, max) }, (_, i) => i)
export const LINKS_MAX = 20, REGISTRATIONS_MAX = 10

/** What the form shows at first. */
export function valuesOf(o: Organisation): FormValues {
  const values: FormValues = {
    name: o.name, kind: o.kind, ownership: o.ownership ?? '', isPlatform: o.isPlatform ? 'yes' : '', summary: o.summary ?? '',
    activities: o.activities.join(', '),
    country: o.country ?? '', region: o.region ?? '', locality: o.locality ?? '', postcode: o.postcode ?? '', address: o.address ?? '',
    founded: o.founded ?? '',
    latitude: o.coordinates ? String(o.coordinates.latitude) : '', longitude: o.coordinates ? String(o.coordinates.longitude) : '',
    website: o.website ?? '', fediverse: o.fediverse ?? '', languages: o.languages.join(', '), legalForm: o.legalForm ?? '', sources: o.sources.join('\n'),
  }
  o.links.forEach((l, i) => { values[`links.${i}.label`] = l.label; values[`links.${i}.url`] = l.url })
  o.registrations.forEach((r, i) => { values[`registrations.${i}.scheme`] = r.scheme; values[`registrations.${i}.number`] = r.number })
  return values
}

const text = (values: FormValues, name: string): string => { const v = values[name]; return (Array.isArray(v) ? v[0] : v) ?? '' }
const parts = (values: FormValues, name: string, by: RegExp): string[] => text(values, name).split(by).map((x) => x.trim()).filter(Boolean)
const empty = (t: string): string | null => (t === '' ? null : t)

/** `16,000,000`, `16 000 000` and `16.000.000` are one number; `12.5` and `12,5` another. NaN for what is none. */
export function numberOf(typed: string): number {
  const t = typed.replace(/[\s\u202f'’_]/g, '')
  if (/^-?\d{1,3}([.,])\d{3}(\1\d{3})*$/.test(t)) return Number(t.replace(/[.,]/g, ''))
  return /^-?\d+([.,]\d+)?$/.test(t) ? Number(t.replace(',', '.')) : NaN
}
const typedNumber = (typed: string): number | null => (typed === '' ? null : numberOf(typed))

/** Rows of a repeated group, by the number in the field's name, so that a problem finds its row again. Empty rows are left out. */
function group<K extends string>(values: FormValues, name: string, keys: readonly K[], max: number): { row: number; value: Record<K, string> }[] {
  const valueOf = (row: number) => Object.fromEntries(keys.map((k) => [k, text(values, `${name}.${row}.${k}`)])) as Record<K, string>
  return Array.from({ length: max }, (_, row) => ({ row, value: valueOf(row) })).filter(({ value }) => keys.some((k) => value[k] !== ''))
}

/** Zod names the place in the input; the form has its own fields. */
function fieldOf(path: string, rows: Record<string, number[]>): string {
  const [first = '', index, ...rest] = path.split('.')
  if (first === 'coordinates') return index ?? 'latitude'
  const row = rows[first]?.[Number(index)]
  if (row !== undefined) return [first, row, ...rest].join('.')
  return first === 'figures' ? `figure.${rest[0] ?? 'kind'}` : first
}

const SAID: [RegExp, (t: T, m: RegExpExecArray) => string][] = [
  [/^must not be empty$|expected (string|object), received undefined/, (t) => t('form.required')],
  [/^must not be longer than (\d+)/, (t, m) => t('form.tooLong', { max: Number(m[1]) })],
  [/web address/, (t) => t('form.url')], [/country code/, (t) => t('coops.said.country')], [/must be a date/, (t) => t('coops.said.date')],
  [/language tag/, (t) => t('coops.said.language')], [/an account such as/, (t) => t('coops.said.account')], [/must be a year/, (t) => t('coops.said.year')],
  [/control characters/, (t) => t('coops.said.control')], [/more than \d+ entries|Too big: expected array/, (t) => t('coops.said.entries')],
  [/between -\d+ and/, (t) => t('coops.said.coordinate')], [/must be a number|expected number|expected int|too large/, (t) => t('form.number')],
]
const said = (t: T, message: string): string => {
  for (const [pattern, words] of SAID) { const m = pattern.exec(message); if (m) return words(t, m) }
  return message
}

const figureKeys = ['kind', 'value', 'unit', 'year', 'source', 'confidence'] as const

/** The input that the typed values make, checked; or the Problem with the form's field names in the reader's language. */
export function inputFrom(handle: string, values: FormValues, t: T): { ok: true; input: OrganisationInput; why: string } | { ok: false; problem: Problem } {
  const links = group(values, 'links', ['label', 'url'] as const, LINKS_MAX)
  const registrations = group(values, 'registrations', ['scheme', 'number'] as const, REGISTRATIONS_MAX)
  const figure = Object.fromEntries(figureKeys.map((k) => [k, text(values, `figure.${k}`)])) as Record<(typeof figureKeys)[number], string>
  const latitude = typedNumber(text(values, 'latitude')), longitude = typedNumber(text(values, 'longitude'))
  const parsed = organisationInput.safeParse({
    handle, name: text(values, 'name'), kind: text(values, 'kind'), ownership: empty(text(values, 'ownership')),
    isPlatform: text(values, 'isPlatform') !== '',
    summary: text(values, 'summary'), activities: parts(values, 'activities', /[,;\n]/), country: text(values, 'country'), region: text(values, 'region'),
    locality: text(values, 'locality'), postcode: text(values, 'postcode'), address: text(values, 'address'), founded: empty(text(values, 'founded')),
    coordinates: latitude === null && longitude === null ? null : { latitude: latitude ?? NaN, longitude: longitude ?? NaN },
    website: text(values, 'website'), fediverse: text(values, 'fediverse'), languages: parts(values, 'languages', /[,;\s]/),
    legalForm: text(values, 'legalForm'),
    sources: parts(values, 'sources', /\n/), links: links.map((l) => l.value), registrations: registrations.map((r) => r.value),
    ...(figure.kind || figure.value || figure.year || figure.source
      ? { figures: [{ ...figure, value: numberOf(figure.value), year: typedNumber(figure.year), confidence: figure.confidence || 'unsure' }] } : {}),
  })
  const why = z.string().max(500).safeParse(text(values, 'why'))
  if (parsed.success && why.success) return { ok: true, input: parsed.data, why: why.data }
  if (parsed.success) return { ok: false, problem: new Problem('form.said', t('form.tooLong', { max: 500 }), { status: 422, field: 'why' }) }
  const rows = { links: links.map((l) => l.row), registrations: registrations.map((r) => r.row) }
  const all = problemsOf(parsed.error)
  const list = [all, ...all.others].map((p) => new Problem('form.said', said(t, p.message), { status: 422, field: fieldOf(p.field ?? '', rows) }))
  return { ok: false, problem: new Problem('form.said', list[0]!.message, { status: 422, field: list[0]!.field, others: list.slice(1) }) }
}
