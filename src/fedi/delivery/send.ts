/** One POST to one inbox: signed, bounded, with one more try under the other kind of signature. */
import { request, type Agent } from 'undici'
import type { KeyObject } from 'node:crypto'
import type { Clock } from '../../kernel/time.ts'
import { checkUrl } from '../net/address.ts'
import { TIME_OUT } from '../net/agent.ts'
import { otherKind, signRequest, type SignatureKind } from '../net/sign.ts'
import { retryAfter, triesOtherSignature } from './verdict.ts'

export interface SenderOptions { agent: Agent; allowPrivate: boolean; clock: Clock; userAgent: string }
export interface Parcel { inbox: URL; body: Uint8Array; /** base64 SHA-256 */ digest: string; keyId: string; key: KeyObject; /** Signed too; for the inbox's own origin only. */ headers?: Readonly<Record<string, string>> }
export interface Receipt { status: number; retryAfter?: number; /** The kind that was accepted. */ kind?: SignatureKind }

/** As much of an answer as is read before its connection is given up. */
const ANSWER = 64 * 1024
const ACCEPT = 'application/activity+json, application/json;q=0.9, */*;q=0.1'

export function sender(o: SenderOptions) {
  async function post(url: URL, kind: SignatureKind, p: Parcel, signal: AbortSignal) {
    const more = p.headers && url.origin === p.inbox.origin ? { headers: p.headers } : {}
    const signed = signRequest(kind, { method: 'POST', url, digest: p.digest, date: o.clock.now(), keyId: p.keyId, key: p.key, ...more })
    const r = await request(url, {
      dispatcher: o.agent, method: 'POST', body: p.body, signal,
      headers: { ...signed, 'content-type': 'application/activity+json', accept: ACCEPT, 'user-agent': o.userAgent },
    })
    await r.body.dump({ limit: ANSWER }).catch(() => {}) // the status is what counts, however the rest of it ends
    return r
  }

  /** 307 and 308 keep the method: followed once, to an address that is checked like the first. All else is not followed. */
  async function knock(kind: SignatureKind, p: Parcel, signal: AbortSignal) {
    const r = await post(p.inbox, kind, p, signal)
    const to = r.headers.location
    if ((r.statusCode !== 307 && r.statusCode !== 308) || typeof to !== 'string') return r
    const next = checkUrl(new URL(to, p.inbox).href, o.allowPrivate)
    return next.protocol === p.inbox.protocol ? post(next, kind, p, signal) : r
  }

  /** Throws Refused, or the network's error; 10 s in all for each try. */
  return async function send(p: Parcel, known: SignatureKind | undefined, stop: AbortSignal): Promise<Receipt> {
    checkUrl(p.inbox.href, o.allowPrivate)
    const attempt = async (kind: SignatureKind) => {
      const timer = new AbortController()
      const end = () => timer.abort(new DOMException('The inbox did not answer in time', 'TimeoutError'))
      const clock = setTimeout(end, TIME_OUT)
      stop.addEventListener('abort', end, { once: true })
      try { return await knock(kind, p, timer.signal) } finally {
        clearTimeout(clock)
        stop.removeEventListener('abort', end)
      }
    }
    const first = known ?? 'rfc9421'
    let kind = first
    let r = await attempt(first)
    if (triesOtherSignature(r.statusCode, known !== undefined)) {
      kind = otherKind(first)
      const second = await attempt(kind)
      // A plain refusal stays what the first said, unless the second got further.
      if (second.statusCode < 400 || second.statusCode === 410 || second.statusCode === 429) r = second
    }
    const header = r.headers['retry-after']
    const after = retryAfter(Array.isArray(header) ? header[0] : header, o.clock.now())
    return { status: r.statusCode, ...(after === undefined ? {} : { retryAfter: after }), ...(r.statusCode < 300 ? { kind } : {}) }
  }
}
export type Send = ReturnType<typeof sender>
