/** A bounded request to another server: checked URL, one address, time, size and redirects limited. Knows nothing of ActivityPub. */
import { errors, request, type Agent } from 'undici'
import { MAX_BYTES } from '../json.ts'
import { checkUrl, Refused } from './address.ts'
import { TIME_OUT } from './agent.ts'

export const MAX_REDIRECTS = 3

export interface Answer { status: number; headers: Record<string, string | string[] | undefined>; body: Uint8Array; url: URL }

export class TooLarge extends Error {
  constructor() { super('the answer is too large'); this.name = 'TooLarge' }
}

/** Reads a body up to `limit` bytes; past that the connection is torn down and TooLarge thrown. */
export async function readBody(body: AsyncIterable<Uint8Array> & { destroy(e?: Error): unknown }, limit: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let size = 0
  for await (const part of body) {
    size += part.length
    if (size > limit) { body.destroy(); throw new TooLarge() }
    parts.push(part)
  }
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts)
}

export interface GetOptions {
  agent: Agent
  allowPrivate: boolean
  /** Made anew for each hop: a signature covers the address it is for. */
  headers(url: URL): Promise<Record<string, string>>
  /** Asked of each hop before anything is sent; throws to refuse. */
  check?(url: URL): void
  limit?: number
  timeout?: number
}

/** A connection that had served before was closed just as it was used again: that says nothing of the server. */
const isStale = (e: unknown): boolean => e instanceof errors.SocketError && (e.socket?.bytesRead ?? 0) > 0

/** GET with at most three redirects, each checked like the first. Throws Refused, TooLarge or the network's error. */
export async function get(address: string, o: GetOptions): Promise<Answer> {
  const signal = AbortSignal.timeout(o.timeout ?? TIME_OUT) // for all hops together
  let url = checkUrl(address, o.allowPrivate)
  for (let hop = 0; ; hop++) {
    o.check?.(url)
    const headers = await o.headers(url)
    const ask = () => request(url, { dispatcher: o.agent, method: 'GET', headers, signal })
    const r = await ask().catch((e: unknown) => { if (isStale(e)) return ask(); throw e })
    const to = r.headers.location
    if (r.statusCode >= 300 && r.statusCode < 400 && typeof to === 'string' && r.statusCode !== 304) {
      r.body.on('error', () => {})
      r.body.destroy()
      if (hop >= MAX_REDIRECTS) throw new Refused('too many redirects')
      const next = checkUrl(new URL(to, url).href, o.allowPrivate)
      if (url.protocol === 'https:' && next.protocol !== 'https:') throw new Refused('a redirect away from https')
      url = next
      continue
    }
    const body = await readBody(r.body, o.limit ?? MAX_BYTES)
    return { status: r.statusCode, headers: r.headers, body, url }
  }
}
