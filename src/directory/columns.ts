/**
 * The columns of our CSV: organisation ↔ row. Export writes them, import reads them, in any order.
 * Several values in a cell are parted by `;`, the parts of a value by `|`; a backslash takes either as it is.
 */
import type { FigureInput, MembershipInput } from '../coops/model.ts'

/** What a cell holds: text, yes or no, a number, or a list. */
type Shape = 'text' | 'flag' | 'number' | 'list'
export interface Column { name: string; shape: Shape; about: string }

export const COLUMNS: readonly Column[] = [
  { name: 'handle', shape: 'text', about: 'its name in addresses; made from the name where it is missing' },
  { name: 'name', shape: 'text', about: 'needed' },
  { name: 'kind', shape: 'text', about: 'needed: cooperative, mutual, federation, programme, campaign-group or ally' },
  { name: 'ownership', shape: 'text', about: 'workers, consumers, producers, multi-stakeholder, residents or other' },
  { name: 'isPlatform', shape: 'flag', about: 'yes or no' },
  { name: 'activities', shape: 'list', about: 'words or codes, the main one first' },
  { name: 'summary', shape: 'text', about: 'plain text' },
  { name: 'country', shape: 'text', about: 'two letters (ISO 3166-1)' },
  { name: 'region', shape: 'text', about: '' },
  { name: 'locality', shape: 'text', about: 'town' },
  { name: 'postcode', shape: 'text', about: '' },
  { name: 'address', shape: 'text', about: 'street and number' },
  { name: 'latitude', shape: 'number', about: '' },
  { name: 'longitude', shape: 'number', about: '' },
  { name: 'founded', shape: 'text', about: '2021, 2021-06 or 2021-06-30' },
  { name: 'registrations', shape: 'list', about: 'register|number' },
  { name: 'website', shape: 'text', about: '' },
  { name: 'links', shape: 'list', about: 'label|address' },
  { name: 'fediverse', shape: 'text', about: '@name@server' },
  { name: 'languages', shape: 'list', about: 'en; pt-BR' },
  { name: 'legalForm', shape: 'text', about: '' },
  { name: 'sources', shape: 'list', about: 'where the description comes from' },
  { name: 'memberOf', shape: 'list', about: 'handles of federations, with |since=2019|confidence=primary and the like behind each' },
]
const byName = new Map(COLUMNS.map((c) => [c.name.toLowerCase(), c]))
/** Our column of this name, whatever its case. */
export const columnOf = (name: string): Column | undefined => byName.get(name.trim().toLowerCase())

// ---- lists in cells

const escaped = (text: string): string => text.replace(/[\\;|]/g, '\\$&')
/** Splits at a separator that has no backslash before it. The pieces keep their backslashes. */
function split(text: string, separator: ';' | '|'): string[] {
  const parts: string[] = []
  let from = 0
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '\\') i++
    else if (text[i] === separator) { parts.push(text.slice(from, i)); from = i + 1 }
  }
  parts.push(text.slice(from))
  return parts
}
const plain = (text: string): string => text.replace(/\\([\\;|])/g, '$1').trim()

/** `[['ica', 'since=2019'], ['x']]` ↔ `ica|since=2019; x` */
export const writeList = (values: readonly (readonly string[])[]): string => values.map((v) => v.map(escaped).join('|')).join('; ')
export const readList = (cell: string): string[][] =>
  split(cell, ';').map((v) => split(v, '|').map(plain)).filter((v) => v.some((p) => p !== ''))

// ---- cells that a spreadsheet would take for formulas (OWASP "CSV injection")

const FORMULA = /^'*[=+\-@\t\r＝＋－＠]/u
/** csv-stringify puts an apostrophe before a formula; so that it can be taken off again, an apostrophe that was there before one is doubled. */
export const guarded = (text: string): string => (text.startsWith("'") && FORMULA.test(text) ? `'${text}` : text)
/** The cell as it was before `escape_formulas`. */
export const unguarded = (cell: string): string => (cell.startsWith("'") && FORMULA.test(cell) ? cell.slice(1) : cell)

// ---- figures: figure:members:2024, figure:members:2024:source, figure:turnover:2023#2:unit

export const FIGURE_PARTS = ['unit', 'source', 'confidence'] as const
export type FigurePart = (typeof FIGURE_PARTS)[number] | 'value'
export interface FigureColumn {
  kind: string
  year: number | null
  /** The how-manieth statement about that kind and year, from 1. */
  nth: number
  part: FigurePart
}

const literal = (kind: string): string => kind.replace(/[\\:#]/g, '\\$&')
/** `figure:members:2024#2:source`; a figure without a year is `figure:members`. */
export function figureColumnName(c: FigureColumn): string {
  return `figure:${literal(c.kind)}${c.year === null ? '' : `:${c.year}`}${c.nth > 1 ? `#${c.nth}` : ''}${c.part === 'value' ? '' : `:${c.part}`}`
}
const FIGURE = /^figure:((?:[^\\:#]|\\.)+)(?::(\d{4}))?(?:#(\d{1,3}))?(?::(unit|source|confidence))?$/is
export function figureColumn(name: string): FigureColumn | undefined {
  const m = FIGURE.exec(name.trim())
  if (!m?.[1]) return undefined
  const part = (m[4]?.toLowerCase() ?? 'value') as FigurePart
  return { kind: m[1].replace(/\\(.)/gs, '$1'), year: m[2] ? Number(m[2]) : null, nth: m[3] ? Number(m[3]) : 1, part }
}
/** Columns that stand for one figure have the same key. */
export const figureKey = (c: Pick<FigureColumn, 'kind' | 'year' | 'nth'>): string => figureColumnName({ ...c, part: 'value' })

/** Gives each figure its place among those of its kind and year, in their order. */
export function placedFigures<F extends FigureInput>(figures: readonly F[]): { key: string; column: Omit<FigureColumn, 'part'>; figure: F }[] {
  const count = new Map<string, number>()
  return figures.map((figure) => {
    const topic = JSON.stringify([figure.kind, figure.year])
    const nth = (count.get(topic) ?? 0) + 1
    count.set(topic, nth)
    const column = { kind: figure.kind, year: figure.year, nth }
    return { key: figureKey(column), column, figure }
  })
}

// ---- memberships

const MEMBERSHIP_PARTS = ['state', 'confidence', 'since', 'until', 'expires', 'source'] as const
/** `['ica', 'state=confirmed', 'since=2019']`: what is not known is left out. */
export const membershipCell = (m: MembershipInput): string[] =>
  [m.federation, ...MEMBERSHIP_PARTS.flatMap((p) => { const v = m[p]; return v === null || v === undefined ? [] : [`${p}=${v}`] })]
/** The membership that a value of `memberOf` says; `unknown` names a part that we do not know. */
export function membershipOf(organisation: string, parts: readonly string[]): { value: Record<string, unknown>; unknown?: string } {
  const [federation = '', ...rest] = parts
  const value: Record<string, unknown> = { organisation, federation }
  for (const part of rest) {
    const [, name, text] = /^([a-z]+)=(.*)$/is.exec(part) ?? []
    if (!name || !(MEMBERSHIP_PARTS as readonly string[]).includes(name.toLowerCase())) return { value, unknown: part }
    value[name.toLowerCase()] = text
  }
  return { value }
}
