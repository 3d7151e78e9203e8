/**
 * The records of a JSON document with named lists at its top (`{"organisations": [{…}, …], …}`), one by one, in bounded memory.
 * Only where each record begins and ends is found here; JSON.parse reads it, so that a bad record names its line and the
 * others go on. (stream-json tells no lines, ends at the first fault, and is by its own words not for input from outside.)
 */
import { Feed } from './feed.ts'

export interface JsonRecord { list: string; record: number; line: number; value: unknown }
export interface JsonTrouble { list?: string; record?: number; line: number; reason: string; /** Nothing behind this could be read. */ end?: boolean }
/** A member of the document itself that is no list: `"format": "toadlane/1"`. */
export interface JsonMember { member: string; line: number; value: unknown }
export type JsonItem = JsonRecord | JsonTrouble | JsonMember

export const RECORD_MAX = 16 * 1024 * 1024
const DEPTH_MAX = 64
const QUOTE = 34, BACKSLASH = 92

/** The end of the value that begins at `at`: index behind it, `more` when it may go on, or the reason why it is none. */
function valueEnd(text: string, at: number, last: boolean): number | 'more' | { bad: string } {
  const open: number[] = []
  let i = at
  do {
    if (i >= text.length) return last ? { bad: 'the file ends in the middle of this' } : 'more'
    const c = text.charCodeAt(i)
    if (c === QUOTE) {
      const end = stringEnd(text, i)
      if (end < 0) return last ? { bad: 'the file ends in the middle of this' } : 'more'
      i = end
    } else if (c === 123 || c === 91) { // { [
      if (open.push(c + 2) > DEPTH_MAX) return { bad: `nested deeper than ${DEPTH_MAX}` }
      i++
    } else if (c === 125 || c === 93) { // } ]
      if (open.pop() !== c) return { bad: `unexpected ${text[i]}` }
      i++
    } else if (open.length) i++ // commas, colons, numbers, literals, space: JSON.parse will look at them
    else {
      const start = i
      while (i < text.length && !/[\s,\]}]/.test(text[i]!)) i++
      if (i >= text.length && !last) return 'more'
      if (i === start) return { bad: `unexpected ${text[i]}` }
    }
  } while (open.length)
  return i
}

/** Index behind the string that begins at `at`, or -1. */
function stringEnd(text: string, at: number): number {
  for (let q = text.indexOf('"', at + 1); q >= 0; q = text.indexOf('"', q + 1)) {
    let slashes = 0
    for (let b = q - 1; text.charCodeAt(b) === BACKSLASH; b--) slashes++
    if (slashes % 2 === 0) return q + 1
  }
  return -1
}

/** Ends the reading; what was read before stays. */
class Broken extends Error {}

class Reader {
  readonly feed: Feed
  constructor(feed: Feed) { this.feed = feed }

  /** The next character that is no space; '' at the end of the file. */
  async peek(): Promise<string> {
    const f = this.feed
    for (;;) {
      let i = f.at
      while (i < f.text.length && /\s/.test(f.text[i]!)) i++
      f.advance(i)
      if (i < f.text.length) return f.text[i]!
      if (!await f.more()) return ''
    }
  }
  async take(...wanted: string[]): Promise<string> {
    const c = await this.peek()
    if (!wanted.includes(c)) {
      throw new Broken(c === '' ? `the file ends too early: ${wanted.join(' or ')} is missing` : `unexpected ${JSON.stringify(c)} where ${wanted.join(' or ')} belongs`)
    }
    this.feed.advance(this.feed.at + 1)
    return c
  }
  /** The text of the next value, and the line on which it begins. */
  async value(): Promise<{ text: string; line: number }> {
    await this.peek()
    const f = this.feed
    for (;;) {
      const end = valueEnd(f.text, f.at, f.ended)
      if (typeof end === 'number') {
        const text = f.text.slice(f.at, end), line = f.line
        f.advance(end)
        return { text, line }
      }
      if (end !== 'more') throw new Broken(end.bad)
      if (f.text.length - f.at > RECORD_MAX) throw new Broken(`a record of more than ${RECORD_MAX >> 20} MiB`)
      await f.more()
    }
  }
}

const parse = (text: string): { value: unknown } | { reason: string } => {
  try { return { value: JSON.parse(text) as unknown } } catch (e) { return { reason: `not JSON: ${(e as Error).message.slice(0, 200)}` } }
}

/**
 * Every record of every list named in `lists`, in the order of the file; records of other lists are passed over, other members
 * told as they are. A document that is itself a list counts as one whose name is ''.
 */
export async function* jsonRecords(source: AsyncIterable<string>, lists: readonly string[]): AsyncGenerator<JsonItem> {
  const r = new Reader(new Feed(source))
  const place: { list?: string; record?: number } = {}
  async function* list(name: string): AsyncGenerator<JsonItem> {
    const wanted = lists.includes(name)
    await r.take('[')
    if (await r.peek() === ']') { await r.take(']'); return }
    place.list = name
    for (let record = 1; ; record++) {
      place.record = record
      const { text, line } = await r.value()
      const got = wanted ? parse(text) : undefined
      if (got) yield 'value' in got ? { list: name, record, line, value: got.value } : { list: name, record, line, reason: got.reason }
      if (await r.take(',', ']') === ']') break
    }
    delete place.list
    delete place.record
  }
  async function* document(): AsyncGenerator<JsonItem> {
    await r.take('{')
    if (await r.peek() === '}') { await r.take('}'); return }
    do {
      const name = parse((await r.value()).text)
      if (!('value' in name) || typeof name.value !== 'string') throw new Broken('the name of a member must be a string')
      await r.take(':')
      if (await r.peek() === '[') yield* list(name.value)
      else {
        const { text, line } = await r.value()
        const got = parse(text)
        yield 'value' in got ? { member: name.value, line, value: got.value } : { line, reason: got.reason }
      }
    } while (await r.take(',', '}') === ',')
  }
  try {
    yield* await r.peek() === '[' ? list('') : document()
    if (await r.peek() !== '') throw new Broken('something stands behind the end of the document')
  } catch (e) {
    if (!(e instanceof Broken)) throw e
    yield { ...place, line: r.feed.line, reason: `${e.message}; what follows could not be read`, end: true }
  } finally { await r.feed.close() }
}

/** JSON Lines: one object a line. A line that is none stops nothing else. */
export async function* jsonLines(source: AsyncIterable<string>): AsyncGenerator<{ line: number; value: unknown } | { line: number; reason: string; end?: boolean }> {
  const feed = new Feed(source)
  try {
    do {
      for (let end = feed.text.indexOf('\n', feed.at); end >= 0 || (feed.ended && feed.at < feed.text.length); end = feed.text.indexOf('\n', feed.at)) {
        const stop = end < 0 ? feed.text.length : end
        const text = feed.text.slice(feed.at, stop).trim(), line = feed.line
        feed.advance(Math.min(stop + 1, feed.text.length))
        if (text === '') continue
        const got = parse(text)
        yield 'value' in got ? { line, value: got.value } : { line, reason: got.reason }
      }
      if (feed.text.length - feed.at > RECORD_MAX) {
        yield { line: feed.line, reason: `a line of more than ${RECORD_MAX >> 20} MiB; what follows could not be read`, end: true }
        return
      }
    } while (await feed.more() || feed.at < feed.text.length)
  } finally { await feed.close() }
}
