/** Reads CSV whose first record names the columns: ours in any order (columns.ts), or others by a map. */
import { Problem } from '../../kernel/errors.ts'
import { COLUMNS, columnOf, FIGURE_PARTS, figureColumn, figureKey, membershipOf, readList, unguarded, type Column, type FigurePart } from '../columns.ts'
import { csvRecords, delimiterOf, type CsvRecord } from './csv-records.ts'
import type { Item, Place, Row, Trouble } from './model.ts'

/** Our field → their column; a value that begins with `=` is not a column but what every row has: `{"country": "=GB"}`. */
export type ColumnMap = Readonly<Record<string, string>>

type Target = { column: Column } | { figure: { key: string; kind: string; year: number | null; part: FigurePart } }
/** Where one column goes; `index` is its place in the row, or the text that every row has. */
interface Use { target: Target; theirs: string; index: number | { every: string } }

const refuse = (code: string, message: string, field?: string) => new Problem(code, message, { status: 422, field })

function targetOf(name: string): Target | undefined {
  const column = columnOf(name)
  if (column) return { column }
  const f = figureColumn(name)
  return f && { figure: { key: figureKey(f), kind: f.kind, year: f.year, part: f.part } }
}
const targetName = (t: Target): string => ('column' in t ? t.column.name : `${t.figure.key} ${t.figure.part}`)

/** Matches the header with our columns and the map. Throws Problem `bad-header` or `bad-map`. */
function usesOf(header: readonly string[], map: ColumnMap): { uses: Use[]; unknown: string[] } {
  const names = header.map((h) => h.trim())
  const place = new Map<string, number>()
  for (const [i, name] of names.entries()) {
    if (name === '') continue
    const before = place.get(name.toLowerCase())
    if (before !== undefined) throw refuse('bad-header', `the column ${JSON.stringify(name)} stands twice (columns ${before + 1} and ${i + 1})`)
    place.set(name.toLowerCase(), i)
  }
  const uses: Use[] = []
  const taken = new Set<string>()
  const mapped = new Set<number>()
  for (const [ours, theirs] of Object.entries(map)) {
    const target = targetOf(ours)
    if (!target) {
      const all = COLUMNS.map((c) => c.name).join(', ')
      throw refuse('bad-map', `the map names the field ${JSON.stringify(ours)}, which we do not have; there are: ${all}, figure:KIND:YEAR`, ours)
    }
    const index = theirs.startsWith('=') ? { every: theirs.slice(1) } : place.get(theirs.trim().toLowerCase())
    if (index === undefined) throw refuse('bad-map', `the map takes ${ours} from the column ${JSON.stringify(theirs)}, which the file does not have`, ours)
    if (typeof index === 'number') mapped.add(index)
    taken.add(targetName(target))
    uses.push({ target, theirs, index })
  }
  const unknown: string[] = []
  for (const [i, name] of names.entries()) {
    if (name === '' || mapped.has(i)) continue
    const target = targetOf(name)
    if (!target || taken.has(targetName(target))) unknown.push(name)
    else uses.push({ target, theirs: name, index: i })
  }
  for (const needed of ['name', 'kind']) {
    if (uses.some((u) => 'column' in u.target && u.target.column.name === needed)) continue
    const hint = needed === 'kind' ? '--map can give all rows the same: {"kind": "=cooperative"}' : '--map says which column is which'
    throw refuse('bad-header', `no column gives the ${needed} (there are: ${names.filter(Boolean).slice(0, 30).map((n) => n.slice(0, 40)).join(', ')}); ${hint}`)
  }
  return { uses, unknown }
}

class BadCell extends Error {
  readonly field: string
  constructor(field: string, reason: string) { super(reason); this.field = field }
}

const FLAGS: Record<string, boolean> = { yes: true, y: true, true: true, 1: true, no: false, n: false, false: false, 0: false }
const NUMBER = /^[-+]?\d+(\.\d+)?(e[-+]?\d+)?$/i
function numberOf(cell: string, field: string): number {
  const text = cell.replace(/[\s\u00a0\u202f'’_]/gu, '') // blanks and apostrophes between thousands
  if (!NUMBER.test(text)) throw new BadCell(field, `must be a number such as 1234567 or 12.5 (without commas), and is ${JSON.stringify(cell.slice(0, 40))}`)
  return Number(text)
}

function valueOf(c: Column, cell: string, theirs: string): unknown {
  if (c.shape === 'text') return cell
  if (c.shape === 'number') return numberOf(cell, theirs)
  if (c.shape === 'flag') {
    const flag = FLAGS[cell.trim().toLowerCase()]
    if (flag === undefined) throw new BadCell(theirs, `must be yes or no, and is ${JSON.stringify(cell.slice(0, 40))}`)
    return flag
  }
  const list = readList(cell)
  if (c.name === 'registrations') return list.map((p) => registration(p, theirs))
  if (c.name === 'links') return list.map(([a = '', b]) => (b === undefined ? { label: URL.parse(a)?.host || a, url: a } : { label: a, url: b }))
  if (c.name === 'memberOf') return list
  return list.map((p) => p.join('|'))
}
function registration([scheme = '', number]: readonly string[], theirs: string): { scheme: string; number: string } {
  if (number !== undefined) return { scheme, number }
  const colon = scheme.indexOf(':')
  if (colon < 1) throw new BadCell(theirs, 'must be register|number, such as GB-COH|01234567')
  return { scheme: scheme.slice(0, colon).trim(), number: scheme.slice(colon + 1).trim() }
}

interface FigureCells { value?: number; kind: string; year: number | null; unit?: string; source?: string; confidence?: string; theirs: string }

/** One record as rows: the organisation, then its memberships. An empty cell says nothing: the field stays as it is. */
function rowsOf(cells: readonly string[], uses: readonly Use[], place: Place): Row[] {
  const value: Record<string, unknown> = {}
  const figures = new Map<string, FigureCells>()
  const theirs = new Map<string, string>()
  let memberOf: string[][] = []
  for (const use of uses) {
    const cell = typeof use.index === 'number' ? unguarded(cells[use.index] ?? '').trim() : use.index.every
    if (cell === '') continue
    if ('figure' in use.target) {
      const { key, kind, year, part } = use.target.figure
      const f = figures.get(key) ?? { kind, year, theirs: use.theirs }
      if (part === 'value') { f.value = numberOf(cell, use.theirs); f.theirs = use.theirs } else f[part] = cell
      figures.set(key, f)
    } else if (use.target.column.name === 'memberOf') memberOf = valueOf(use.target.column, cell, use.theirs) as string[][]
    else {
      value[use.target.column.name] = valueOf(use.target.column, cell, use.theirs)
      theirs.set(use.target.column.name, use.theirs)
    }
  }
  coordinates(value)
  const given = [...figures.values()].filter((f) => f.value !== undefined)
  if (given.length) {
    const more = (f: FigureCells) => Object.fromEntries(FIGURE_PARTS.flatMap((p) => (f[p] === undefined ? [] : [[p, f[p]]])))
    value.figures = given.map((f) => ({ kind: f.kind, value: f.value, year: f.year, ...more(f) }))
  }
  const fieldName = (path: string): string | undefined => {
    const [top = '', n] = path.split('.')
    if (top === 'figures') return given[Number(n)]?.theirs
    return theirs.get(top === 'coordinates' ? path.split('.')[1] ?? 'latitude' : top)
  }
  return [{ ...place, section: 'organisation', value, fieldName }, ...memberOf.map((parts) => membership(value.handle, parts, place))]
}

function coordinates(value: Record<string, unknown>): void {
  const { latitude, longitude } = value
  delete value.latitude
  delete value.longitude
  if (latitude !== undefined || longitude !== undefined) value.coordinates = { latitude, longitude }
}

/** The organisation's handle is put in where the row has one; else the importer does when it has made it. */
function membership(handle: unknown, parts: readonly string[], place: Place): Row {
  const { value, unknown } = membershipOf(typeof handle === 'string' ? handle : '', parts)
  if (unknown !== undefined) throw new BadCell('memberOf', `does not know ${JSON.stringify(unknown.slice(0, 60))}`)
  return { ...place, section: 'membership', value, fieldName: () => 'memberOf' }
}

const subjectOf = (record: CsvRecord, uses: readonly Use[]): string | undefined => {
  for (const name of ['handle', 'name']) {
    const use = uses.find((u) => 'column' in u.target && u.target.column.name === name)
    const text = typeof use?.index === 'number' ? record.cells[use.index]?.trim() : undefined
    if (text) return text.slice(0, 200)
  }
  return undefined
}

function unusedColumns(names: readonly string[]): string {
  const list = names.slice(0, 40).map((u) => JSON.stringify(u.slice(0, 60))).join(', ')
  return names.length === 1 ? `the column ${list} is not used` : `${names.length} columns are not used: ${list}${names.length > 40 ? ' …' : ''}`
}

/** The rows of a CSV file. `head` is its beginning (for the delimiter). Throws Problem `bad-header`, `bad-map`. */
export async function* csvRows(text: AsyncIterable<string>, head: string, map: ColumnMap = {}): AsyncGenerator<Item> {
  const delimiter = delimiterOf(head)
  let uses: Use[] | undefined
  let width = 0, record = 0
  for await (const batch of csvRecords(text, delimiter)) {
    for (const item of batch) {
      if (!uses) {
        if ('reason' in item) throw refuse('bad-header', `line ${item.line}: ${item.reason}`)
        if (item.cells.length <= 2 && /^sep=/.test(item.cells[0] ?? '')) continue // Excel's note of its delimiter
        const header = usesOf(item.cells, map)
        uses = header.uses
        width = item.cells.length
        if (header.unknown.length) {
          yield { warning: unusedColumns(header.unknown) }
        }
        continue
      }
      const place: Place = { line: item.line, record: ++record }
      const trouble = (t: Pick<Trouble, 'subject' | 'field' | 'reason'>): Item => ({ trouble: { ...place, outcome: 'failed', section: 'organisation', ...t } })
      if ('reason' in item) { yield trouble({ reason: item.reason }); continue }
      const subject = subjectOf(item, uses)
      if (item.cells.length !== width && item.cells.slice(width).some((c) => c !== '')) {
        yield trouble({ ...(subject ? { subject } : {}), reason: `has ${item.cells.length} cells, the header ${width}` })
        continue
      }
      try {
        for (const row of rowsOf(item.cells, uses, place)) yield { row }
      } catch (e) {
        if (!(e instanceof BadCell)) throw e
        yield trouble({ ...(subject ? { subject } : {}), field: e.field, reason: e.message })
      }
    }
  }
  if (!uses) throw refuse('bad-header', 'the file has no header line')
}
