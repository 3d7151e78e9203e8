/** The importer whole: what kind of file it is, which reader reads it, and the run. */
import { Problem } from '../../kernel/errors.ts'
import { csvRows, type ColumnMap } from './csv.ts'
import { encodingOf, headText, textOf, type Encoding } from './encoding.ts'
import type { Format, ImportReport, Item, Trouble } from './model.ts'
import { runImport, type ImportTarget } from './run.ts'
import { sniff, type Sniffed } from './sniff.ts'
import type { Source } from './source.ts'
import { documentRows, lineRows } from './toadlane.ts'

export interface ImportOptions {
  format?: Format | 'auto'
  encoding?: Encoding
  /** For CSV: our field → their column. */
  map?: ColumnMap
  dryRun?: boolean
  signal?: AbortSignal
  onTrouble?: (t: Trouble) => void
  /** Bytes read so far, and how many there will be (twice the file when it has to be read twice). */
  onProgress?: (p: { rows: number; bytes: number; of: number }) => void
  rest?: number
}

/** The rows of a file, from its beginning. */
export function rowsOf(path: string, encoding: Encoding, sniffed: Sniffed, head: string, map?: ColumnMap, onBytes?: (n: number) => void): AsyncIterable<Item> {
  const text = textOf(path, encoding, onBytes)
  if (sniffed.format === 'csv') return csvRows(text, head, map)
  return sniffed.lines ? lineRows(text) : documentRows(text)
}

/**
 * Imports a file. Throws Problem for a file that cannot be read at all (`wrong-encoding`, `wrong-format`, `empty-file`,
 * `bad-header`, `bad-map`), before anything is written; single rows that cannot go in are told by `onTrouble` and counted.
 */
export async function importFile(target: ImportTarget, source: Source, o: ImportOptions = {}): Promise<ImportReport> {
  const encoding = await encodingOf(source.path, o.encoding)
  const head = await headText(source.path, encoding)
  const sniffed = sniff(head, o.format ?? 'auto')
  if (o.map && sniffed.format !== 'csv') throw new Problem('bad-map', 'a map is for CSV; this file is toadlane/1', { status: 422, field: 'map' })
  let bytes = 0, passes = 0
  return runImport(target, () => {
    bytes = passes++ * source.size
    return rowsOf(source.path, encoding, sniffed, head, o.map, (n) => { bytes += n })
  }, {
    format: sniffed.format, dryRun: o.dryRun, signal: o.signal, onTrouble: o.onTrouble, rest: o.rest,
    onProgress: ({ rows }) => o.onProgress?.({ rows, bytes, of: Math.max(1, passes) * source.size }),
  })
}
