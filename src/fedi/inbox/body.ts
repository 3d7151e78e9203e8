/** Reads a body up to the limit. What is longer is not read to its end: the answer closes the connection. */
import { SECOND } from '../../kernel/time.ts'
import { MAX_BYTES } from '../json.ts'
import { Refusal } from './refusal.ts'

const SLOWEST = 15 * SECOND
/** Most posts are smaller, and read in one go. */
const SMALL = 64 * 1024
/** Of the larger ones, this much at a time in this process. */
const ALL = 64 * MAX_BYTES
let reading = 0
/** What those that are read in one go may come to. */
let reserved = 0
const tooLong = () => new Refusal(413, 'longer than 1 MiB', { unread: true })

/** By the header alone, before anything is read. */
export function declaredLength(headers: Headers): void {
  const declared = headers.get('content-length')
  if (declared === null) return
  if (!/^\d{1,15}$/.test(declared)) throw new Refusal(400, 'the length is unreadable')
  if (Number(declared) > MAX_BYTES) throw tooLong()
}

/** The bytes, or a 413, or a 408 when they come too slowly. */
export async function readPosted(request: Request): Promise<Uint8Array> {
  // A declared length is what Node will give us and no more: no need for a stream of our own, which costs three times as much. Who
  // declares much and sends little takes the quick way from others, and nothing else.
  const declared = Number(request.headers.get('content-length') ?? Infinity)
  if (declared <= SMALL || reserved + declared <= ALL) {
    reserved += declared
    try { return new Uint8Array(await inTime(request.arrayBuffer())) } finally { reserved -= declared }
  }
  const reader = request.body?.getReader()
  if (!reader) return new Uint8Array()
  const parts: Uint8Array[] = []
  let size = 0
  const end = Date.now() + SLOWEST
  try {
    for (;;) {
      const { done, value } = await inTime(reader.read(), end - Date.now())
      if (done) return parts.length === 1 ? parts[0]! : new Uint8Array(Buffer.concat(parts))
      size += value.length
      reading += value.length
      if (size > MAX_BYTES) throw tooLong()
      if (reading > ALL) throw new Refusal(503, 'too many long posts at a time', { retryAfter: 30, unread: true })
      parts.push(value)
    }
  } catch (e) {
    reader.cancel().catch(() => {})
    throw e
  } finally { reading -= size }
}

async function inTime<T>(p: Promise<T>, ms = SLOWEST): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  try {
    const late = new Promise<never>((_, fail) => {
      timer = setTimeout(() => fail(new Refusal(408, 'the body came too slowly', { unread: true })), Math.max(ms, 0))
    })
    return await Promise.race([p, late])
  } catch (e) {
    throw e instanceof Refusal ? e : new Refusal(400, 'the body broke off')
  } finally { clearTimeout(timer) }
}
