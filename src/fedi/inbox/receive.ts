/**
 * POST to an inbox, as a row of gates: the cheap ones first, nothing asked of the network before they hold, nothing believed
 * before the signature does. Behind the last one the activity is in the database and the sender gets its 202.
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import { getLogger } from '@logtape/logtape'
import { safeReason } from '../../kernel/errors.ts'
import type { Clock } from '../../kernel/time.ts'
import type { ReceiveLimits } from '../fedi.ts'
import { idOf, originOf } from '../json.ts'
import { bareHost } from '../net/address.ts'
import type { Uris } from '../uris.ts'
import { declaredLength, readPosted } from './body.ts'
import { budget } from './budget.ts'
import { openEnvelope, type Envelope } from './envelope.ts'
import type { Intake } from './intake.ts'
import { Refusal } from './refusal.ts'
import { claimedDigests, readSignature, type ClaimedSignature, type HeaderBag } from './signature.ts'
import type { Verifier } from './verify.ts'

const log = getLogger(['toadlane', 'fedi', 'inbox'])

export const receiveLimits: ReceiveLimits = { refusals: { burst: 300, perMinute: 120 }, perHost: { burst: 6000, perMinute: 3000 } }

export interface InboxHouse {
  uris: Uris
  clock: Clock
  verifier: Verifier
  intake: Intake
  isBlocked(host: string): boolean
  /** Of a personal inbox: is there an open actor? */
  mailbox(handle: string): Promise<'open' | 'gone' | 'none'>
  limits?: ReceiveLimits
}

/** What Mastodon, Lemmy, Misskey and the like send; plain application/json is what some smaller ones do. */
const TYPES = /^application\/(activity\+json|ld\+json|json)\s*(;|$)/i

function checkForm(headers: Headers): void {
  declaredLength(headers)
  if (!TYPES.test(headers.get('content-type') ?? '')) throw new Refusal(415, 'another content type')
  const encoding = headers.get('content-encoding')
  if (encoding !== null && encoding.trim().toLowerCase() !== 'identity') throw new Refusal(415, 'an encoded body')
}

function checkDigests(signature: ClaimedSignature, headers: HeaderBag, body: Uint8Array): void {
  for (const { hash, value } of claimedDigests(signature.kind, headers)) {
    const is = createHash(hash).update(body).digest()
    const said = Buffer.from(value, 'base64')
    if (said.length !== is.length || !timingSafeEqual(said, is)) throw new Refusal(401, 'the digest is of another body')
  }
}

/** The signer's key must lie with the actor: one server speaks for its own. */
function checkParties(e: Envelope, s: ClaimedSignature, house: InboxHouse): string {
  const url = new URL(e.actor)
  if (originOf(s.keyId) !== url.origin) throw new Refusal(401, 'the key is of another server than the actor')
  if (url.origin === house.uris.origin) throw new Refusal(401, 'the actor is of this server')
  const host = bareHost(url)
  if (house.isBlocked(host)) throw new Refusal(403, 'a blocked server')
  return url.host
}

export function receiver(house: InboxHouse) {
  const { uris, clock, verifier, intake } = house
  const limits = house.limits ?? receiveLimits
  const refusals = budget(clock, limits.refusals)
  const perHost = budget(clock, limits.perHost)
  const ownHost = uris.host

  /** The headers as the signer must have meant them: for our host, whatever a proxy in front made of it. */
  const forUs = (given: Headers): HeaderBag & { all(): Headers } => ({
    get: (name) => (name === 'host' ? ownHost : given.get(name)),
    all() {
      const copy = new Headers(given)
      copy.set('host', ownHost)
      return copy
    },
  })

  async function pass(request: Request, handle: string | undefined, source: string | undefined): Promise<void> {
    if (source !== undefined && refusals.spent(source)) throw new Refusal(429, 'too many refused posts', { retryAfter: 60 })
    if (handle !== undefined) {
      const box = await house.mailbox(handle)
      if (box !== 'open') throw new Refusal(box === 'gone' ? 410 : 404, 'no inbox here')
    }
    checkForm(request.headers)
    const headers = forUs(request.headers)
    const signature = readSignature(headers, clock.now())
    claimedDigests(signature.kind, headers)
    const body = await readPosted(request)
    const envelope = openEnvelope(body)
    const host = checkParties(envelope, signature, house)
    checkDigests(signature, headers, body)

    // Deleted accounts are announced to everybody. Who was never met leaves nothing to delete, and has no key any more.
    const farewell = envelope.type === 'Delete' && idOf(envelope.raw.object) === envelope.actor
    if (farewell && !(await verifier.known(envelope.actor))) return

    const { pathname, search } = new URL(request.url)
    const posted = { method: 'POST', url: new URL(pathname + search, uris.origin), headers, all: headers.all }
    const actor = await verifier.verify({ signature, actor: envelope.actor, posted, body, source, farewell })
    if (actor.id !== envelope.actor) throw new Refusal(401, 'the key is of another actor')
    if (!perHost.take(host)) throw new Refusal(429, 'too many activities of one server', { retryAfter: 60 })
    const isNew = await intake.keep({ id: envelope.id, raw: envelope.raw, body, ...(handle === undefined ? {} : { addressed: handle }) })
    if (!isNew) log.debug('an activity of {host} came again', { host })
  }

  /** A body whose length nobody has told, of which nothing was read: it may never end. */
  const isEndless = (request: Request): boolean => request.headers.get('content-length') === null && !request.bodyUsed

  function refuse(e: unknown, request: Request, source: string | undefined): Response {
    if (!(e instanceof Refusal)) {
      log.error('an activity could not be kept: {reason}', { reason: safeReason(e) })
      return new Response('not now\n', { status: 503, headers: { 'retry-after': '300' } })
    }
    if (source !== undefined && e.status !== 429) refusals.take(source)
    log.info('inbox: {status} {reason}', { status: e.status, reason: e.message })
    const headers: Record<string, string> = { 'content-type': 'text/plain; charset=utf-8' }
    if (e.retryAfter !== undefined) headers['retry-after'] = String(e.retryAfter)
    if (e.status === 405) headers.allow = 'POST'
    if (e.unread || (request.method === 'POST' && isEndless(request))) headers.connection = 'close'
    return new Response(`${e.message}\n`, { status: e.status, headers })
  }

  /**
   * @param handle of a personal inbox; undefined for the shared one
   * @param source the client's address, where it is known and not a proxy's
   */
  return async function receive(request: Request, handle: string | undefined, source: string | undefined): Promise<Response> {
    try {
      if (request.method !== 'POST') throw new Refusal(405, 'only POST')
      await pass(request, handle, source)
      return new Response(null, { status: 202 })
    } catch (e) { return refuse(e, request, source) }
  }
}
export type Receive = ReturnType<typeof receiver>
