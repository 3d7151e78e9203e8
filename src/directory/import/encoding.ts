/** Bytes of a file → text, after a look at what they are: a wrong encoding is told before anything is written. */
import { isUtf8 } from 'node:buffer'
import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { Problem } from '../../kernel/errors.ts'

/** Encodings a person may name; labels of the WHATWG Encoding standard. */
export const ENCODINGS = [
  'utf-8', 'utf-16le', 'utf-16be', 'windows-1252', 'windows-1250', 'windows-1251', 'iso-8859-2', 'iso-8859-15', 'macintosh', 'shift_jis', 'euc-kr', 'gb18030',
] as const
export type Encoding = (typeof ENCODINGS)[number]

const HEAD = 64 * 1024
const wrong = (reason: string) => new Problem('wrong-encoding', reason, { status: 422 })
const notTable = (what: string) => new Problem('wrong-format', `the file is ${what}: save the sheet as CSV (UTF-8) and import that`, { status: 422 })

/** The first bytes of a file. */
export async function headOf(path: string, bytes = HEAD): Promise<Buffer> {
  const f = await open(path)
  try {
    const { bytesRead, buffer } = await f.read(Buffer.alloc(bytes), 0, bytes, 0)
    return buffer.subarray(0, bytesRead)
  } finally { await f.close() }
}

/** Files that are no text at all, by their first bytes. Throws Problem `wrong-format`. */
function refuseBinary(head: Buffer): void {
  const starts = (...bytes: number[]) => bytes.every((b, i) => head[i] === b)
  if (starts(0x50, 0x4b, 3, 4)) throw notTable('a ZIP archive or an Excel or LibreOffice workbook')
  if (starts(0xd0, 0xcf, 0x11, 0xe0)) throw notTable('an old Excel workbook')
  if (starts(0x25, 0x50, 0x44, 0x46)) throw notTable('a PDF')
  const compressed = starts(0x1f, 0x8b) || starts(0x28, 0xb5, 0x2f, 0xfd) || starts(0x42, 0x5a, 0x68)
  if (compressed) throw new Problem('wrong-format', 'the file is compressed: unpack it first (a backup is for `toadlane restore`)', { status: 422 })
  if (starts(0x53, 0x51, 0x4c, 0x69, 0x74, 0x65)) throw new Problem('wrong-format', 'the file is a SQLite database', { status: 422 })
}

/** UTF-16 by its byte order mark, or by every other byte being zero. */
function utf16(head: Buffer): 'utf-16le' | 'utf-16be' | undefined {
  if (head[0] === 0xff && head[1] === 0xfe) return 'utf-16le'
  if (head[0] === 0xfe && head[1] === 0xff) return 'utf-16be'
  const zeros = [0, 0]
  for (let i = 0; i < head.length; i++) if (head[i] === 0) zeros[i % 2]!++
  const half = head.length / 2
  if (half > 8 && zeros[1]! > half * 0.7 && zeros[0]! < half * 0.1) return 'utf-16le'
  if (half > 8 && zeros[0]! > half * 0.7 && zeros[1]! < half * 0.1) return 'utf-16be'
  return undefined
}

/**
 * Which encoding to read the file with. Without `named` it must be UTF-8, the whole of it: Problem `wrong-encoding` names the
 * line of the first byte that is not, and how to go on. What is no text is Problem `wrong-format`, an empty file `empty-file`.
 */
export async function encodingOf(path: string, named?: Encoding): Promise<Encoding> {
  const head = await headOf(path)
  if (head.length === 0) throw new Problem('empty-file', 'the file is empty', { status: 422 })
  refuseBinary(head)
  if (named !== undefined && named !== 'utf-8') return named
  const wide = utf16(head)
  if (wide) throw wrong(`the file is UTF-16: save it as UTF-8, or import it with --encoding ${wide}`)
  let rest: Buffer = Buffer.alloc(0)
  let line = 1
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 }) as AsyncIterable<Buffer>) {
    const bytes = rest.length ? Buffer.concat([rest, chunk]) : chunk
    const whole = bytes.subarray(0, bytes.length - openEnd(bytes))
    if (!isUtf8(whole)) throw notUtf8(whole, line)
    line += lineEnds(whole, whole.length)
    rest = Buffer.from(bytes.subarray(whole.length))
  }
  if (rest.length) throw notUtf8(rest, line)
  return 'utf-8'
}

/** How many bytes at the end belong to a character that is not complete yet (0 to 3). */
function openEnd(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const b = bytes[bytes.length - back]!
    if ((b & 0xc0) === 0x80) continue // a continuation byte: look further back
    const wants = b >= 0xf0 ? 4 : b >= 0xe0 ? 3 : b >= 0xc0 ? 2 : 1
    return wants > back ? back : 0
  }
  return 0
}

function lineEnds(bytes: Buffer, to: number): number {
  let n = 0
  for (let i = bytes.indexOf(10); i >= 0 && i < to; i = bytes.indexOf(10, i + 1)) n++
  return n
}

function notUtf8(bytes: Buffer, lineBefore: number): Problem {
  let low = 0, high = bytes.length // the longest prefix that is UTF-8 but for an open end
  while (low < high) {
    const mid = (low + high + 1) >> 1
    const part = bytes.subarray(0, mid)
    if (isUtf8(part.subarray(0, mid - openEnd(part)))) low = mid
    else high = mid - 1
  }
  const at = Math.max(0, low - openEnd(bytes.subarray(0, low)))
  const line = lineBefore + lineEnds(bytes, at)
  const byte = bytes[at]!.toString(16).padStart(2, '0')
  return wrong(`line ${line}: byte 0x${byte} is not UTF-8. Save the file as UTF-8, or, if it is Latin-1 (Windows-1252), import it with --encoding windows-1252`)
}

/** The text of a file in pieces, without byte order mark. Bytes that are no character of a named encoding become U+FFFD. */
export async function* textOf(path: string, encoding: Encoding, onBytes?: (n: number) => void): AsyncGenerator<string> {
  const decoder = new TextDecoder(encoding)
  for await (const chunk of createReadStream(path, { highWaterMark: 64 * 1024 }) as AsyncIterable<Buffer>) {
    onBytes?.(chunk.length)
    const text = decoder.decode(chunk, { stream: true })
    if (text) yield text
  }
  const text = decoder.decode()
  if (text) yield text
}

/** The text of a few bytes from the beginning of a file. */
export const headText = async (path: string, encoding: Encoding, bytes?: number): Promise<string> =>
  new TextDecoder(encoding).decode(await headOf(path, bytes), { stream: true })
