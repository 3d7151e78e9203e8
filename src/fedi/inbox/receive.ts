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
import { carriesWord, forwarding } from './forwarded.ts'
import { ownWord, type Intake } from './intake.ts'
import { Refusal } from './refusal.ts'
import { SYNC_HEADER } from '../sync/digest.ts'
import type { Synchronization } from '../sync/in.ts'
import { claimedDigests, forHost, readSignature, type ClaimedSignature, type HeaderBag } from './signature.ts'
import type { Verifier } from './verify.ts'

const log = getLogger(['toadlane', 'fedi', 'inbox'])

export const receiveLimits: ReceiveLimits = { refusals: { burst: 300, perMinute: 120 }, perHost: { burst: 6000, perMinute: 3000 } }

/** Unproved activities that one host passes on. */
const HINTS = { burst: 300, perMinute: 120 }

export interface InboxHouse {
  uris: Uris
  clock: Clock
  verifier: Verifier
  intake: Intake
  isBlocked(host: string): boolean
  /** Of a personal inbox: is there an open actor? */
  mailbox(handle: string): Promise<'open' | 'gone' | 'none'>
  limits?: ReceiveLimits
  synchronization?: Pick<Synchronization, 'heard'>
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

/**
 * Who signed, and whose activity it is. The signer's key lies with the actor, for one server speaks for its own; or the activity
 * brings something of its actor's with it, and the signer has only passed it on.
 */
function checkParties(e: Envelope, s: ClaimedSignature, house: InboxHouse): { host: string; passedOn: boolean } {
  const actor = new URL(e.actor)
  const signer = originOf(s.keyId)
  if (signer === undefined) throw new Refusal(401, 'the key id is no URL')
  const sign = new URL(s.keyId)
  if (house.isBlocked(bareHost(actor)) || house.isBlocked(bareHost(sign))) throw new Refusal(403, 'a blocked server')
  const other = signer !== actor.origin
  const mark = s.keyId.indexOf('#')
  const passedOn = carriesWord(e) && (other || (mark > 0 && s.keyId.slice(0, mark) !== e.actor))
  if (other && !passedOn) throw new Refusal(401, 'the key is of another server than the actor')
  if (actor.origin === house.uris.origin || signer === house.uris.origin) throw new Refusal(401, 'the actor is of this server')
  return { host: sign.host, passedOn }
}

export function receiver(house: InboxHouse) {
  const { uris, clock, verifier, intake } = house
  const limits = house.limits ?? receiveLimits
  const refusals = budget(clock, limits.refusals)
  const perHost = budget(clock, limits.perHost)
  const ownHost = uris.host

  const forwarded = forwarding({ ...house, hints: budget(clock, limits.hints ?? HINTS) })

  async function pass(request: Request, handle: string | undefined, source: string | undefined): Promise<void> {
    if (source !== undefined && refusals.spent(source)) throw new Refusal(429, 'too many refused posts', { retryAfter: 60 })
    if (handle !== undefined) {
      const box = await house.mailbox(handle)
      if (box !== 'open') throw new Refusal(box === 'gone' ? 410 : 404, 'no inbox here')
    }
    checkForm(request.headers)
    const headers = forHost(request.headers, ownHost)
    const signature = readSignature(headers, clock.now())
    claimedDigests(signature.kind, headers)
    const body = await readPosted(request)
    const envelope = openEnvelope(body)
    const { host, passedOn } = checkParties(envelope, signature, house)
    checkDigests(signature, headers, body)

    // Deleted accounts are announced to everybody. Who was never met leaves nothing to delete, and has no key any more.
    const farewell = envelope.type === 'Delete' && idOf(envelope.raw.object) === envelope.actor
    if (farewell && !(await verifier.known(envelope.actor))) return

    const { pathname, search } = new URL(request.url)
    const posted = { method: 'POST', url: new URL(pathname + search, uris.origin), headers, all: headers.all }
    const signer = passedOn ? await verifier.ownerOf(signature.keyId, source) : envelope.actor
    const actor = await verifier.verify({ signature, actor: signer, posted, body, source, farewell: farewell && !passedOn })
    const own = actor.id === envelope.actor
    if (!own && (!passedOn || originOf(actor.id) !== originOf(signature.keyId))) throw new Refusal(401, 'the key is of another actor')
    if (!perHost.take(host)) throw new Refusal(429, 'too many activities of one server', { retryAfter: 60 })
    const arrival = own ? ownWord(envelope.id, envelope.raw, body, handle) : await forwarded(envelope, { body, by: bareHost(new URL(actor.id)), addressed: handle, source })
    if (!arrival) return
    const isNew = await intake.keep(arrival)
    if (!isNew) { log.debug('an activity of {host} came again', { host }); return }
    const sync = signature.covered.includes(SYNC_HEADER) ? headers.get(SYNC_HEADER) : null
    if (sync) house.synchronization?.heard(actor, sync).catch((e: unknown) => log.debug('followers of {host} were not compared: {reason}', { host, reason: safeReason(e) }))
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
