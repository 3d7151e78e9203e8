/**
 * Who may read documents. A server that is blocked here gets none (403). In signed-fetch mode ("authorized fetch", on by a setting)
 * nobody gets any who does not sign for it (401), as far as that can be without two such servers waiting for each other's keys for
 * ever: the instance actor, WebFinger, host-meta, NodeInfo and the vocabulary are for everybody (FEP-d556, WIRE.md 9).
 */
import type { MiddlewareHandler } from 'hono'
import { getLogger } from '@logtape/logtape'
import { safeReason } from '../../kernel/errors.ts'
import type { RoutesOptions } from '../fedi.ts'
import { Refusal } from '../inbox/refusal.ts'
import type { Readers } from '../inbox/readers.ts'
import type { Uris } from '../uris.ts'
import { wanted } from './serve.ts'
import { addressFrom } from './source.ts'

const log = getLogger(['toadlane', 'fedi', 'guard'])

export interface GuardHouse {
  uris: Uris
  readers: Readers
  signedFetch: boolean
}

/** ActivityPub documents, wherever they are answered. */
const DOCUMENT = /^application\/(activity\+json|ld\+json)/i
const VARY = 'Signature, Signature-Input'

/** The answer to who may not read it; what is no Refusal is 503. */
export function refusal(e: unknown): Response {
  const known = e instanceof Refusal ? e : undefined
  if (!known) log.error('a signature could not be checked: {reason}', { reason: safeReason(e) })
  else log.debug('GET: {status} {reason}', { status: known.status, reason: known.message })
  const headers: Record<string, string> = { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store', vary: `Accept, ${VARY}` }
  if (known?.status === 401) headers['www-authenticate'] = 'Signature headers="(request-target) host date"'
  if (known?.retryAfter !== undefined) headers['retry-after'] = String(known.retryAfter)
  return new Response(`${known?.message ?? 'not now'}\n`, { status: known?.status ?? 503, headers })
}

export function guard(house: GuardHouse, o: Pick<RoutesOptions, 'clientAddress'> = {}): MiddlewareHandler {
  const { uris, readers, signedFetch } = house
  const source = addressFrom(o)
  const actor = new URL(uris.instanceActor).pathname
  const activities = new URL(uris.activity('')).pathname
  const isOpen = (path: string): boolean => path === actor || path === '/ns' || path.startsWith('/.well-known/') || path.startsWith('/nodeinfo/')

  return async function guarded(c, next) {
    const { path, method } = c.req
    if (method !== 'GET' && method !== 'HEAD') return next()
    if (readers.areBlocked(c.req.raw.headers)) return refusal(new Refusal(403, 'this server is blocked here'))
    const varies = (): void => { if (!/signature/i.test(c.res.headers.get('vary') ?? '')) c.header('vary', VARY, { append: true }) }
    const check = () => readers.of(c.req.raw, source(c)).then(() => undefined, refusal)

    if (!signedFetch || isOpen(path)) {
      await next()
      // To their reader they answer otherwise than to others, and "not found" may be cached too.
      if (path.startsWith(activities)) varies()
      return
    }
    // Refused before anything is read; what turns out to be a document on another way is not given out either.
    const early = path.startsWith('/ap/') && wanted(c.req.header('accept')) === 'document'
    if (early) {
      const refused = await check()
      if (refused) return refused
    }
    await next()
    if (!early && !DOCUMENT.test(c.res.headers.get('content-type') ?? '')) return
    if (!early) {
      const refused = await check()
      if (refused) { c.res = undefined; c.res = refused; return }
    }
    if (!/no-store/.test(c.res.headers.get('cache-control') ?? '')) c.header('cache-control', 'private, no-cache')
    varies()
  }
}
