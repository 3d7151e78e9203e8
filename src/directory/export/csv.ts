/** Writes CSV for spreadsheets: our columns (columns.ts), then one set of columns for each kind and year of figure there is. */
import { Readable } from 'node:stream'
import { stringify } from 'csv-stringify'
import { COLUMNS, FIGURE_PARTS, figureColumnName, guarded, membershipCell, placedFigures, writeList, type FigureColumn, type FigurePart } from '../columns.ts'
import type { Exported, ExportSource } from './model.ts'

type Cell = string | number
type FigureColumns = { key: string; column: Omit<FigureColumn, 'part'>; parts: Set<FigurePart> }

/** First reading: which figures there are, and who is a federation. */
async function survey(source: ExportSource): Promise<{ figures: FigureColumns[]; federations: ReadonlySet<string> }> {
  const figures = new Map<string, FigureColumns>()
  const federations = new Set<string>()
  for await (const o of source.organisations()) {
    if (o.profile.kind === 'federation') federations.add(o.handle)
    for (const { key, column, figure } of placedFigures(o.figures)) {
      const known = figures.get(key) ?? { key, column, parts: new Set<FigurePart>() }
      for (const part of FIGURE_PARTS) if (figure[part] !== null) known.parts.add(part)
      figures.set(key, known)
    }
  }
  return { figures: [...figures.values()].sort(byKindAndYear), federations }
}
function byKindAndYear({ column: a }: FigureColumns, { column: b }: FigureColumns): number {
  if (a.kind !== b.kind) return a.kind < b.kind ? -1 : 1
  return (b.year ?? 0) - (a.year ?? 0) || a.nth - b.nth
}

/** The cells of our own columns, by their names. */
function cellsOf(o: Exported, federations: ReadonlySet<string>): Record<string, Cell> {
  const p = o.profile
  const one = (list: readonly string[]) => writeList(list.map((v) => [v]))
  return {
    handle: o.handle, name: p.name, kind: p.kind, ownership: p.ownership ?? '', isPlatform: p.isPlatform ? 'yes' : 'no', activities: one(p.activities),
    summary: p.summary ?? '', country: p.country ?? '', region: p.region ?? '', locality: p.locality ?? '', postcode: p.postcode ?? '', address: p.address ?? '',
    latitude: p.coordinates?.latitude ?? '', longitude: p.coordinates?.longitude ?? '', founded: p.founded ?? '',
    registrations: writeList(p.registrations.map((r) => [r.scheme, r.number])), website: p.website ?? '',
    links: writeList(p.links.map((l) => [l.label, l.url])), fediverse: p.fediverse ?? '', languages: one(p.languages), legalForm: p.legalForm ?? '',
    sources: one(p.sources), memberOf: writeList(o.memberships.filter((m) => federations.has(m.federation)).map(membershipCell)),
  }
}

async function* rows(source: ExportSource): AsyncGenerator<Cell[]> {
  const { figures, federations } = await survey(source)
  const wanted = figures.map((f) => ({ ...f, shown: ['value', ...FIGURE_PARTS.filter((p) => f.parts.has(p))] as FigurePart[] }))
  yield [...COLUMNS.map((c) => c.name), ...wanted.flatMap((f) => f.shown.map((part) => figureColumnName({ ...f.column, part })))]
  for await (const o of source.organisations()) {
    const own = cellsOf(o, federations)
    const said = new Map(placedFigures(o.figures).map((f) => [f.key, f.figure]))
    yield [...COLUMNS.map((c) => own[c.name] ?? ''), ...wanted.flatMap((f) => f.shown.map((part) => said.get(f.key)?.[part] ?? ''))]
  }
}

/** The text of the file, with CRLF as RFC 4180 has it, and cells that no spreadsheet takes for formulas. */
export async function* csvText(source: ExportSource): AsyncGenerator<string> {
  // A line feed alone is not this delimiter, so csv-stringify would leave such a cell without quotes.
  const writer = stringify({ escape_formulas: true, record_delimiter: '\r\n', quoted_match: /[\r\n]/ })
  const guardedRows = async function* () { for await (const row of rows(source)) yield row.map((c) => (typeof c === 'string' ? guarded(c) : c)) }
  const from = Readable.from(guardedRows())
  from.on('error', (e: Error) => writer.destroy(e))
  for await (const chunk of from.pipe(writer) as AsyncIterable<Buffer | string>) yield chunk.toString()
}
