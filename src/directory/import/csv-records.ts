/**
 * CSV into records (RFC 4180, and what spreadsheets make of it). Of our own, and not csv-parse, because a bad line must stop
 * nothing else: csv-parse swallows the good lines that follow an open quote, and drops the rest of its buffer after a record
 * that is too long. Here a malformed record costs its first line only: reading goes on at the next.
 */
import { Feed } from './feed.ts'

export interface CsvRecord { line: number; cells: string[] }
export interface CsvTrouble { line: number; reason: string }
export type CsvItem = CsvRecord | CsvTrouble

/** A record of more characters than this is taken for a quote that was never closed. Above any cell that a field accepts. */
export const RECORD_MAX = 16 * 1024 * 1024
const CELLS_MAX = 10_000

const QUOTE = 34, CR = 13, LF = 10
type Scan = { cells: string[]; next: number } | { bad: string } | undefined

/** One record from `at` on; undefined when it may go on behind the end of `text`. */
function scan(text: string, at: number, delimiter: number, last: boolean): Scan {
  const cells: string[] = []
  for (let i = at; ;) {
    if (cells.length > CELLS_MAX) return { bad: `more than ${CELLS_MAX} cells` }
    if (text.charCodeAt(i) === QUOTE) {
      let cell = ''
      for (let from = ++i; ;) {
        const q = text.indexOf('"', from)
        if (q < 0 || (q + 1 >= text.length && !last)) return last ? { bad: 'a quote that opens here is never closed' } : undefined
        cell += text.slice(i, q)
        i = from = q + 1
        if (text.charCodeAt(q + 1) !== QUOTE) break
        from = q + 2 // a doubled quote is a quote
      }
      cells.push(cell)
      while (text.charCodeAt(i) === 32) i++ // blanks that some programs leave behind the closing quote
      if (i < text.length && !ends(text.charCodeAt(i), delimiter)) {
        return { bad: /[\r\n]/.test(cell) ? 'a quote that opens here is never closed' : `${JSON.stringify(text.slice(i, i + 1))} stands behind a closing quote` }
      }
    } else {
      const from = i
      while (i < text.length && !ends(text.charCodeAt(i), delimiter)) i++
      cells.push(text.slice(from, i))
    }
    if (i >= text.length) return last ? { cells, next: i } : undefined
    const c = text.charCodeAt(i)
    if (c === delimiter) { i++; continue }
    if (c === CR && i + 1 >= text.length && !last) return undefined
    return { cells, next: i + (c === CR && text.charCodeAt(i + 1) === LF ? 2 : 1) }
  }
}
const ends = (c: number, delimiter: number) => c === delimiter || c === LF || c === CR

/**
 * Records and troubles, in the order of the file, in batches (one a window). Empty lines and lines of empty cells are left out.
 * Cells are as they stand, neither trimmed nor changed. A record's line is the one on which it begins.
 */
export async function* csvRecords(text: AsyncIterable<string>, delimiter: string): AsyncGenerator<CsvItem[]> {
  const feed = new Feed(text)
  const code = delimiter.charCodeAt(0)
  let skipping = false // the rest of a malformed line
  const next = (): CsvItem | 'wait' | undefined => {
    if (skipping) {
      if (!skipLine(feed)) return 'wait'
      skipping = false
      return undefined
    }
    const line = feed.line
    const found = scan(feed.text, feed.at, code, feed.ended)
    if (!found && feed.text.length - feed.at <= RECORD_MAX) return 'wait'
    if (!found || 'bad' in found) {
      skipping = true
      return { line, reason: found?.bad ?? `a record of more than ${RECORD_MAX >> 20} MiB: is a quote not closed?` }
    }
    feed.advance(found.next)
    return found.cells.some((c) => c !== '') ? { line, cells: found.cells } : undefined
  }
  try {
    do {
      const batch: CsvItem[] = []
      while (feed.at < feed.text.length) {
        const item = next()
        if (item === 'wait') break
        if (item) batch.push(item)
      }
      if (batch.length) yield batch
    } while (await feed.more() || feed.at < feed.text.length)
  } finally { await feed.close() }
}

/** Past the end of the present line; false when it may go on behind the window (what there is of it is passed). */
function skipLine(feed: Feed): boolean {
  const end = /\r\n?|\n/g
  end.lastIndex = feed.at
  const m = end.exec(feed.text)
  const open = !feed.ended && (!m || (m[0] === '\r' && end.lastIndex === feed.text.length)) // its line feed may follow
  feed.advance(m && !open ? end.lastIndex : m ? m.index : feed.text.length)
  return !open
}

/** The delimiter by the first line: the most frequent of comma, semicolon, tab and bar outside quotes; comma where none is. */
export function delimiterOf(head: string): string {
  const said = /^sep=(.)\r?\n/.exec(head) // Excel's own note
  if (said?.[1]) return said[1]
  const line = /^(?:"(?:[^"]|"")*"|[^"\r\n])*/.exec(head.replace(/^[\r\n]+/, ''))?.[0] ?? ''
  const bare = line.replace(/"(?:[^"]|"")*"/g, '')
  const counts = [',', ';', '\t', '|'].map((d) => ({ d, n: bare.split(d).length - 1 }))
  return counts.reduce((a, b) => (b.n > a.n ? b : a)).d
}
