/** Bytes from strangers to JSON, with bounds that hold before JSON.parse is asked. */
import { isUtf8 } from 'node:buffer'
import { Problem } from '../kernel/errors.ts'
import type { Json } from './fedi.ts'

export const MAX_BYTES = 1024 * 1024
export const MAX_DEPTH = 32
/** Entries of one array or object; a post with 20,000 recipients is an attack. */
export const MAX_ENTRIES = 2000

const QUOTE = 0x22, BACKSLASH = 0x5c, OPEN_LIST = 0x5b, CLOSE_LIST = 0x5d, OPEN = 0x7b, CLOSE = 0x7d, COMMA = 0x2c

const TOO_MANY = 'too many entries'

/** Why these bytes must not be parsed, or undefined. One pass, no allocation beyond the depth. */
export function unfit(bytes: Uint8Array): string | undefined {
  if (!isUtf8(bytes)) return 'not valid UTF-8'
  const entries = new Uint32Array(MAX_DEPTH + 1)
  let depth = 0
  let inString = false
  for (let i = 0; i < bytes.length; i++) {
    const b = bytes[i]!
    if (inString) {
      if (b === BACKSLASH) i++
      else if (b === QUOTE) inString = false
    } else if (b === QUOTE) inString = true
    else if (b === OPEN || b === OPEN_LIST) {
      if (++depth > MAX_DEPTH) return 'nested too deeply'
      entries[depth] = 0
    } else if (b === CLOSE || b === CLOSE_LIST) {
      if (--depth < 0) return 'not JSON'
    } else if (b === COMMA && ++entries[depth]! >= MAX_ENTRIES) return TOO_MANY
  }
  return undefined
}

/** An object from bytes within the bounds. Throws Problem `malformed` (400). */
export function parseObject(bytes: Uint8Array): Json {
  const why = unfit(bytes)
  if (why) throw new Problem('malformed', why, { status: why === TOO_MANY ? 413 : 400 })
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
  // NUL is refused at the door: PostgreSQL keeps none in text.
  if (text.includes('\\u0000') && /(?<!\\)(?:\\\\)*\\u0000/.test(text)) throw new Problem('malformed', 'a NUL character')
  let value: unknown
  try { value = JSON.parse(text) } catch { throw new Problem('malformed', 'not JSON') }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Problem('malformed', 'not a JSON object')
  return value as Json
}

/** A URL's origin, or undefined for what is no http(s) URL. */
export function originOf(id: unknown): string | undefined {
  if (typeof id !== 'string' || id.length > 2048) return undefined
  try {
    const url = new URL(id)
    return url.protocol === 'https:' || url.protocol === 'http:' ? url.origin : undefined
  } catch { return undefined }
}
export const sameOrigin = (a: unknown, b: unknown): boolean => {
  const origin = originOf(a)
  return origin !== undefined && origin === originOf(b)
}
/** The id of a reference: a string, or an object that has one. */
export function idOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    const id = (value as Json).id
    if (typeof id === 'string') return id
  }
  return undefined
}
export const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)
export const listOf = (value: unknown): unknown[] => (value === undefined || value === null ? [] : Array.isArray(value) ? value : [value])
