/**
 * Follower synchronisation, our side of it (FEP-8fcf): each server is told, with what goes to an actor's followers, the digest of
 * those followers that are its own, and may read that list, nobody else's. One digest an actor and server, kept for a while:
 * a fan-out asks for it at every inbox.
 */
import { and, asc, eq, gte, lt, sql } from 'drizzle-orm'
import { LRUCache } from 'lru-cache'
import { MINUTE } from '../../kernel/time.ts'
import { prepared } from '../../store/prepared.ts'
import type { Store } from '../../store/store.ts'
import { fediTables } from '../tables.ts'
import type { Uris } from '../uris.ts'
import { digestOf, writeSync } from './digest.ts'

/** Of a server with more followers of one actor no list is kept: it would be longer than what others read (1 MiB). */
export const MOST = 10_000
/** Another process may have changed them; the other side then asks once in vain, and nothing is lost. */
const KEPT = MINUTE

export function followerDigests(house: { store: Store; uris: Uris; most?: number }) {
  const { store, uris } = house
  const most = house.most ?? MOST
  const { followers: t } = fediTables(store.kit)
  const among = prepared('followers_of_server', (db) => db.select({ follower: t.follower }).from(t).where(and(
    eq(t.actor, sql.placeholder('actor')), gte(t.follower, sql.placeholder('from')), lt(t.follower, sql.placeholder('to')), eq(t.state, 'accepted'),
  )).orderBy(asc(t.follower)).limit(most + 1))
  const kept = new LRUCache<string, { header?: string }>({ max: 20_000, ttl: KEPT })
  /** Grows with each change of an actor's followers: what was worked out before it is not found again. */
  const versions = new LRUCache<string, number>({ max: 20_000 })
  let changes = 0

  /** Ids of the actor's followers on the server of this origin, ascending; undefined where they are too many. `0` comes right after `/`. */
  async function of(handle: string, origin: string): Promise<string[] | undefined> {
    const rows = await among(store.read, { actor: handle, from: origin, to: `${origin}0` })
    if (rows.length > most) return undefined
    return rows.map((r) => r.follower).filter((id) => id === origin || id.startsWith(`${origin}/`))
  }

  return {
    of,
    /** The followers of this actor are others from now on. Call it after the commit. */
    changed(handle: string): void { versions.set(handle, ++changes) },
    /** The header for an inbox on that origin, or undefined where none is sent. */
    async header(handle: string, origin: string): Promise<string | undefined> {
      const key = `${versions.get(handle) ?? 0} ${handle} ${origin}`
      const cached = kept.get(key)
      if (cached) return cached.header
      const ids = await of(handle, origin)
      const made = ids ? { header: writeSync({ collectionId: uris.followers(handle), url: uris.followersOf(handle), digest: digestOf(ids) }) } : {}
      kept.set(key, made)
      return made.header
    },
  }
}
export type FollowerDigests = ReturnType<typeof followerDigests>
