/**
 * Does the signature hold, under a key that the activity's actor lists in its own document? Keys come from that document alone,
 * never from the address that a key id names. Fedify is the judge; under a key that is known already a quick check may say yes.
 */
import { LRUCache } from 'lru-cache'
import { Problem } from '../../kernel/errors.ts'
import { DAY, MINUTE, type Clock } from '../../kernel/time.ts'
import type { KnownActor, RemoteActors } from '../remote.ts'
import type { VerifyLimits } from '../fedi.ts'
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
  body: Uint8Array
  /** Client address, where it is known. */
  source: string | undefined
  /** The actor's Delete of itself, which may be signed by a key that can no longer be fetched. */
  farewell: boolean
}

/** What is needed of an actor here; its whole document, up to 1 MiB, is not kept in memory. */
export type Signer = Pick<KnownActor, 'id' | 'keys' | 'gone'> & { /** Id of its followers collection. */ followers?: string }
const signer = ({ id, keys, gone, document: { followers } }: KnownActor): Signer =>
  ({ id, keys, gone, ...(typeof followers === 'string' && followers.length <= 2048 ? { followers } : {}) })

export function verifier(house: { remote: RemoteActors; clock: Clock; limits?: VerifyLimits }) {
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
  const now = () => clock.now().getTime()

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
      const may = perHost.take(new URL(id).host) && (source === undefined || perClient.take(source)) && total.take('')
      if (!may) throw new Refusal(429, 'too many keys asked for', { retryAfter: 60 })
      p = remote.refresh(id).then(signer).finally(() => fetching.delete(id))
      fetching.set(id, p)
    }
    try {
      const actor = await p
      actors.set(id, actor)
      return actor
    } catch (e) {
      missing.set(id, now() + (e instanceof Problem && e.code === 'gone' ? DAY : MISSING))
      actors.delete(id)
      throw new Refusal(401, 'the key cannot be had')
    }
  }

  /** Fedify's word, with this key and no other. */
  async function judged(c: Claim, actor: Signer): Promise<boolean> {
    const listed = actor.keys.find((k) => k.id === c.signature.keyId)
    const key = listed && await publicKeyOf(listed)
    if (!key) return false
    const request = new Request(c.posted.url, { method: c.posted.method, headers: c.posted.all(), body: Buffer.from(c.body) })
    return (await import('./fedify.ts')).judge(request, c.signature, c.actor, key)
  }

  async function quickly(c: Claim, actor: Signer): Promise<boolean> {
    const listed = actor.keys.find((k) => k.id === c.signature.keyId)
    const key = listed && await publicKeyOf(listed)
    return key ? holds(c.signature, c.posted, key) : false
  }

  return {
    known,
    /** An actor document of ours has changed or gone. */
    forget(id: string): void { actors.delete(id) },
    /** The actor whose signature it is. Throws a Refusal 401 or 429. */
    async verify(c: Claim): Promise<Signer> {
      const actor = await known(c.actor)
      if (actor && !actor.gone) {
        if (await quickly(c, actor) || await judged(c, actor)) return actor
        // A new key at the same id, perhaps: looked at once, not for every forgery.
        if ((refetched.get(c.actor) ?? 0) > now()) throw new Refusal(401, 'the signature does not hold')
        refetched.set(c.actor, now() + REFETCH)
        const before = JSON.stringify(actor.keys)
        const again = await fetched(c.actor, c.source)
        if (JSON.stringify(again.keys) !== before && await judged(c, again)) return again
        throw new Refusal(401, 'the signature does not hold')
      }
      if (actor && c.farewell && await quickly(c, actor)) return actor
      const first = await fetched(c.actor, c.source)
      if (await judged(c, first)) return first
      throw new Refusal(401, 'the signature does not hold')
    },
  }
}
export type Verifier = ReturnType<typeof verifier>
