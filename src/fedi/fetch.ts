/** Remote documents: signed, bounded GETs whose answer is believed only about its own address (FEP-fe34). */
import type { Agent } from 'undici'
import { getLogger } from '@logtape/logtape'
import { codeOf, Problem } from '../kernel/errors.ts'
import type { Clock } from '../kernel/time.ts'
import type { Json } from './fedi.ts'
import { parseObject, sameOrigin } from './json.ts'
import type { KeyRing } from './keys.ts'
import { bareHost, Refused } from './net/address.ts'
import { get, TooLarge, type Answer } from './net/request.ts'
import { otherKind, signRequest, type SignatureKind } from './net/sign.ts'
import type { Uris } from './uris.ts'

const log = getLogger(['toadlane', 'fedi', 'fetch'])
const ACCEPT = 'application/activity+json, application/ld+json; profile="https://www.w3.org/ns/activitystreams"'

export interface FetchHouse {
  agent: Agent
  allowPrivate: boolean
  clock: Clock
  uris: Uris
  keys: KeyRing
  userAgent: string
  isBlocked(host: string): boolean
  /** What is known to work for a host, and what has just been found out. */
  signatures: { of(host: string): Promise<SignatureKind | undefined>; remember(host: string, kind: SignatureKind): void }
}

/** Bytes of the answer, and milliseconds for it and all redirects. */
export interface Bounds { limit?: number; timeout?: number }

export interface FetchedDocument { url: string; document: Json }

const single = (h: string | string[] | undefined): string => (Array.isArray(h) ? h[0] : h) ?? ''

/** Never text/html, never application/json: a user's upload must not pass for a document (CVE-2024-25623). */
function isActivity(contentType: string): boolean {
  const [type = '', ...parameters] = contentType.toLowerCase().split(';').map((p) => p.trim())
  if (type === 'application/activity+json') return true
  // Mastodon refuses ld+json without the profile, as uploads can have that type; many servers leave the quotes out.
  const isProfile = (p: string) => p.replace(/["\s]/g, '').startsWith('profile=') && p.includes('w3.org/ns/activitystreams')
  return type === 'application/ld+json' && parameters.some(isProfile)
}

/** What went wrong, in words that may be shown; never our own network's details. */
export function unreachable(e: unknown, what: string): Problem {
  if (e instanceof Problem) return e
  if (e instanceof Refused) return new Problem('refused', `${what} cannot be asked: ${e.message}`, { status: 422, cause: e })
  if (e instanceof TooLarge) return new Problem('bad-document', `${what} answered with more than 1 MiB`, { status: 502, cause: e })
  const timeout = e instanceof Error && (e.name === 'TimeoutError' || /TIMEOUT/.test(codeOf(e) ?? ''))
  return new Problem('unreachable', `${what} ${timeout ? 'did not answer in time' : 'cannot be reached'}`, { status: timeout ? 504 : 502, cause: e })
}

/** The other server answered, but not with it. Whom it turns away today it may let in tomorrow: like `unreachable`, 502. */
const notGiven = (status: number): Problem => new Problem(status === 401 || status === 403 ? 'forbidden-there' : 'unreachable', `the other server answered ${status}`, { status: 502 })

export function fetcher(house: FetchHouse) {
  const { uris, keys, clock } = house

  async function headers(url: URL, kind: SignatureKind | undefined, accept: string): Promise<Record<string, string>> {
    const plain = { accept, 'user-agent': house.userAgent, 'accept-encoding': 'identity' }
    if (!kind) return plain
    await keys.ensure(uris.instanceHandle)
    const key = await keys.privateKey(uris.instanceHandle)
    return { ...plain, ...signRequest(kind, { method: 'GET', url, date: clock.now(), keyId: uris.mainKey(uris.instanceHandle), key }) }
  }
  function refuseBlocked(url: URL): void {
    if (house.isBlocked(bareHost(url))) throw new Problem('blocked', 'this server is blocked here', { status: 403 })
  }
  function check(url: URL): void {
    refuseBlocked(url)
    if (url.origin === uris.origin) throw new Refused('it is this server itself')
  }
  const ask = (id: string, kind: SignatureKind | undefined, accept = ACCEPT, bounds: Bounds = {}): Promise<Answer> =>
    get(id, { agent: house.agent, allowPrivate: house.allowPrivate, check, headers: (url) => headers(url, kind, accept), ...bounds })

  /** Signed as the host is known to like it; the other way once where that is refused. */
  async function signed(id: string): Promise<Answer> {
    const host = new URL(id).host
    const first = (await house.signatures.of(host)) ?? 'cavage' // nearly everybody reads it on a GET
    const answer = await ask(id, first)
    if (answer.status !== 401 && answer.status !== 400) return answer
    const second = await ask(id, otherKind(first))
    if (second.status >= 200 && second.status < 300) house.signatures.remember(host, otherKind(first))
    return second
  }

  /**
   * The document at an address. Its `id` must be on the origin that served it; who needs more compares it.
   * Problems: refused, blocked, unreachable, forbidden-there (it answered 401 or 403), not-found, gone (410), bad-document.
   */
  async function document(id: string): Promise<FetchedDocument> {
    let answer: Answer
    try { answer = await signed(id.replace(/#.*$/, '')) } catch (e) {
      log.debug('GET failed: {reason}', { reason: e instanceof Error ? e.name : 'unknown' })
      throw unreachable(e, 'the other server')
    }
    const { status } = answer
    if (status === 404) throw new Problem('not-found', 'the other server does not know it', { status: 404 })
    if (status === 410) throw new Problem('gone', 'it has been deleted on its own server', { status: 410 })
    if (status < 200 || status >= 300) throw notGiven(status)
    if (!isActivity(single(answer.headers['content-type']))) {
      throw new Problem('bad-document', 'the other server sent no ActivityPub document', { status: 502 })
    }
    let read: Json
    try { read = parseObject(answer.body) } catch (e) {
      const why = e instanceof Error ? e.message : 'unreadable'
      throw new Problem('bad-document', `the other server sent a document that is ${why}`, { status: 502 })
    }
    if (read.id !== undefined && !sameOrigin(read.id, answer.url.href)) {
      throw new Problem('bad-document', 'the document claims an id on another server', { status: 502 })
    }
    return { url: answer.url.href, document: read }
  }

  return {
    document,
    /** Problem `blocked` for an id on a blocked server: of those nothing is used either that is known already. */
    refuseBlocked(id: string): void { if (URL.canParse(id)) refuseBlocked(new URL(id)) },
    /**
     * The object with exactly this id. Where the address led to another id on the same origin (a page's address instead of the
     * id), that id is asked once more.
     */
    async object(id: string): Promise<Json> {
      const first = await document(id)
      if (first.document.id === id) return first.document
      if (typeof first.document.id !== 'string') throw new Problem('bad-document', 'the document has no id', { status: 502 })
      const second = await document(first.document.id)
      if (second.document.id !== first.document.id) throw new Problem('bad-document', 'the document is not at its own id', { status: 502 })
      return second.document
    },

    /** Plain JSON (WebFinger): unsigned, other content types allowed. undefined for 404 and 410. @param bounds closer than the usual ones */
    async json(url: string, accept: string, bounds?: Bounds): Promise<Json | undefined> {
      let answer: Answer
      try { answer = await ask(url, undefined, accept, bounds) } catch (e) { throw unreachable(e, 'the other server') }
      if (answer.status === 404 || answer.status === 410) return undefined
      if (answer.status < 200 || answer.status >= 300) throw notGiven(answer.status)
      try { return parseObject(answer.body) } catch { throw new Problem('bad-document', 'the other server sent unreadable JSON', { status: 502 }) }
    },
  }
}
export type Fetcher = ReturnType<typeof fetcher>
