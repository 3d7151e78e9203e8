/**
 * Does the signature hold, under a key that the actor lists in its own document? Keys come from that document alone, never from the
 * address that a key id names. Fedify is the judge; under a key that is known already a quick check may say yes.
 */
import type { KeyObject } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { Problem } from '../../kernel/errors.ts'
import { DAY, MINUTE, type Clock } from '../../kernel/time.ts'
import type { KnownActor, RemoteActors } from '../remote.ts'
import type { Json, VerifyLimits } from '../fedi.ts'
import { idOf, isObject, originOf } from '../json.ts'
import { budget } from './budget.ts'
import { publicKeyOf } from './public-key.ts'
import { holds, type Posted } from './quick.ts'
import { Refusal } from './refusal.ts'
import type { ClaimedSignature } from './signature.ts'

export const verifyLimits: VerifyLimits = {
  perClient: { burst: 60, perMinute: 60 }, perHost: { burst: 120, perMinute: 60 }, total: { burst: 1000, perMinute: 600 },
}

/** A key that has changed is looked for once in this time, for each actor. */
const REFETCH = 5 * MINUTE
const MISSING = 5 * MINUTE

export interface Claim {
  signature: ClaimedSignature
  actor: string
  posted: Posted & { all(): Headers }
  /** Of a post. */
  body?: Uint8Array
  /** Client address, where it is known. */
  source: string | undefined
  /** The actor's Delete of itself, which may be signed by a key that can no longer be fetched. */
  farewell: boolean
}

/** What is needed of an actor here; its whole document, up to 1 MiB, is not kept in memory. */
export type Signer = Pick<KnownActor, 'id' | 'keys' | 'gone'> & { /** Id of its followers collection. */ followers?: string }
const signer = ({ id, keys, gone, document: { followers } }: KnownActor): Signer =>
  ({ id, keys, gone, ...(typeof followers === 'string' && followers.length <= 2048 ? { followers } : {}) })

export interface VerifierHouse {
  remote: RemoteActors
  clock: Clock
  /** The document at an address, checked and bounded (fetch.ts). */
  document(url: string): Promise<{ document: Json }>
  limits?: VerifyLimits
}

/** Whose key it is, as the document at the key's own address says: an actor with that key, or the key with its owner. */
const ownerIn = (document: Json): string | undefined =>
  [isObject(document.publicKey) ? document.publicKey.owner : undefined, document.owner, document.controller, document.id].map(idOf).find((id) => id !== undefined)

export function verifier(house: VerifierHouse) {
  const { remote, clock } = house
  const limits = house.limits ?? verifyLimits
  const perClient = budget(clock, limits.perClient)
  const perHost = budget(clock, limits.perHost)
  const total = budget(clock, limits.total)
  /** Known actors, so that a busy one costs no query. Short-lived: another process may learn of a new key. */
  const actors = new LRUCache<string, Signer>({
    max: 5000, ttl: MINUTE, maxSize: 16 * 1024 * 1024, sizeCalculation: (s) => JSON.stringify(s.keys).length + s.id.length + (s.followers?.length ?? 0) + 100,
  })
  /** Actors that could not be had: when it may be tried again. */
  const missing = new LRUCache<string, number>({ max: 10_000 })
  const refetched = new LRUCache<string, number>({ max: 10_000 })
  const fetching = new Map<string, Promise<Signer>>()
  /** Of keys whose id does not begin with their actor's (GoToSocial's `…/main-key`): whose they are. */
  const owners = new LRUCache<string, string>({ max: 5000 })
  const asking = new Map<string, Promise<string>>()
  const now = () => clock.now().getTime()

  function pay(url: string, source: string | undefined): void {
    const may = perHost.take(new URL(url).host) && (source === undefined || perClient.take(source)) && total.take('')
    if (!may) throw new Refusal(429, 'too many keys asked for', { retryAfter: 60 })
  }
  /** What could not be had is not asked for again soon. */
  async function patiently<T>(id: string, p: Promise<T>): Promise<T> {
    try { return await p } catch (e) {
      missing.set(id, now() + (e instanceof Problem && e.code === 'gone' ? DAY : MISSING))
      actors.delete(id)
      throw new Refusal(401, 'the key cannot be had')
    }
  }

  async function known(id: string): Promise<Signer | undefined> {
    const cached = actors.get(id)
    if (cached) return cached
    const row = await remote.known(id)
    const found = row && signer(row)
    if (found) actors.set(id, found)
    return found
  }

  /** The actor's document from its own id: within budgets, once however many ask, not again soon after a failure. */
  async function fetched(id: string, source: string | undefined): Promise<Signer> {
    if ((missing.get(id) ?? 0) > now()) throw new Refusal(401, 'the key could not be had a short while ago')
    let p = fetching.get(id)
    if (!p) {
      pay(id, source)
      p = remote.refresh(id).then(signer).finally(() => fetching.delete(id))
      fetching.set(id, p)
    }
    const actor = await patiently(id, p)
    actors.set(id, actor)
    return actor
  }

  /**
   * Whom a key id says it is of; whether that is so, the actor's own document decides. Mostly the id without its fragment; some
   * have a document of their own for each key, which is asked once.
   */
  async function ownerOf(keyId: string, source: string | undefined): Promise<string> {
    const mark = keyId.indexOf('#')
    if (mark > 0) return keyId.slice(0, mark)
    const cached = owners.get(keyId)
    if (cached) return cached
    if ((missing.get(keyId) ?? 0) > now()) throw new Refusal(401, 'the key could not be had a short while ago')
    let p = asking.get(keyId)
    if (!p) {
      pay(keyId, source)
      p = house.document(keyId).then(({ document }) => {
        const owner = ownerIn(document)
        if (owner === undefined || originOf(owner) !== originOf(keyId)) throw new Problem('bad-document', 'a key of nobody there')
        return owner
      }).finally(() => asking.delete(keyId))
      asking.set(keyId, p)
    }
    const owner = await patiently(keyId, p)
    owners.set(keyId, owner)
    return owner
  }

  /** Fedify's word, with this key and no other. */
  async function judged(c: Claim, actor: Signer): Promise<boolean> {
    const listed = actor.keys.find((k) => k.id === c.signature.keyId)
    const key = listed && await publicKeyOf(listed)
    if (!key) return false
    const request = new Request(c.posted.url, { method: c.posted.method, headers: c.posted.all(), ...(c.body ? { body: Buffer.from(c.body) } : {}) })
    return (await import('./fedify.ts')).judge(request, c.signature, c.actor, key)
  }

  /** A key that is seen for the first time is Fedify's to judge, but for the one form that it reads wrongly (quick.ts). */
  const firstHolds = async (c: Claim, actor: Signer): Promise<boolean> =>
    await judged(c, actor) || (c.signature.kind === 'cavage' && c.posted.url.search !== '' && await quickly(c, actor))

  async function quickly(c: Claim, actor: Signer): Promise<boolean> {
    const listed = actor.keys.find((k) => k.id === c.signature.keyId)
    const key = listed && await publicKeyOf(listed)
    return key ? holds(c.signature, c.posted, key) : false
  }

  /** A new key at the same id, perhaps: looked at once in a while, not for every forgery. */
  async function anew(id: string, source: string | undefined): Promise<Signer | undefined> {
    if ((refetched.get(id) ?? 0) > now()) return undefined
    refetched.set(id, now() + REFETCH)
    return fetched(id, source)
  }

  return {
    known,
    ownerOf,
    /** An actor document of ours has changed or gone. */
    forget(id: string): void { actors.delete(id) },
    /** The actor whose signature it is. Throws a Refusal 401 or 429. */
    async verify(c: Claim): Promise<Signer> {
      const actor = await known(c.actor)
      if (actor && !actor.gone) {
        if (await quickly(c, actor) || await judged(c, actor)) return actor
        const again = await anew(c.actor, c.source)
        if (again && JSON.stringify(again.keys) !== JSON.stringify(actor.keys) && await firstHolds(c, again)) return again
        throw new Refusal(401, 'the signature does not hold')
      }
      if (actor && c.farewell && await quickly(c, actor)) return actor
      const first = await fetched(c.actor, c.source)
      if (await firstHolds(c, first)) return first
      throw new Refusal(401, 'the signature does not hold')
    },
    /**
     * Does something hold under a key that this actor lists in `assertionMethod`? `unknown`: it lists no such key.
     * Throws a Refusal 401 where its document cannot be had, 429 where too many are asked for.
     */
    async vouches(id: string, method: string, holds: (key: KeyObject) => boolean, source: string | undefined): Promise<'holds' | 'wrong' | 'unknown'> {
      const look = async (actor: Signer) => {
        const listed = actor.keys.find((k) => k.id === method && k.multibase !== undefined)
        const key = listed && await publicKeyOf(listed)
        if (!key) return 'unknown' as const
        return holds(key) ? 'holds' as const : 'wrong' as const
      }
      const actor = await known(id)
      if (!actor || actor.gone) return look(await fetched(id, source))
      const word = await look(actor)
      if (word === 'holds') return word
      const again = await anew(id, source)
      return again ? look(again) : word
    },
  }
}
export type Verifier = ReturnType<typeof verifier>
