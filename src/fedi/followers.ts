/** Who follows a local actor and who asks to, for its own people: looked at, accepted, declined, ended. */
import { and, asc, count, eq, gt } from 'drizzle-orm'
import { z } from 'zod'
import type { Jobs } from '../store/jobs.ts'
import type { Db, Store } from '../store/store.ts'
import type { JobHandler } from '../store/workers.ts'
import type { Follower, FollowerState } from './fedi.ts'
import type { FollowBook } from './follows.ts'
import type { Publisher } from './publish.ts'
import { fediTables } from './tables.ts'
import type { Uris } from './uris.ts'

/** Accepts those who wait, a batch a transaction, after the actor has stopped looking at each. Payload: { handle }. */
export const ACCEPT_WAITING = 'accept-waiting'
const BATCH = 100

export interface FollowersHouse { store: Store; jobs: Jobs; uris: Uris; follows: FollowBook; publisher: Publisher }

export function followersOf(house: FollowersHouse) {
  const { store, uris, follows, publisher } = house
  const { followers: f, remoteActors: r, localActors: l } = fediTables(store.kit)
  const isOne = (handle: string, follower: string) => and(eq(f.actor, handle), eq(f.follower, follower))

  async function answer(tx: Db, type: 'Accept' | 'Reject', row: { actor: string; follower: string; followId: string; inbox: string }): Promise<void> {
    const object = { id: row.followId, type: 'Follow', actor: row.follower, object: uris.actor(row.actor) }
    await publisher.publish(tx, { actor: row.actor, activity: { type, to: [row.follower], object }, to: { inboxes: [row.inbox] }, inOutbox: false })
  }

  async function accept(tx: Db, handle: string, follower: string): Promise<boolean> {
    const [row] = await tx.update(f).set({ state: 'accepted' }).where(and(isOne(handle, follower), eq(f.state, 'pending'))).returning()
    if (!row) return false
    follows.changedOf(handle)
    await answer(tx, 'Accept', row)
    return true
  }

  /** True while there may be more of them. */
  async function acceptSome(tx: Db, handle: string): Promise<boolean> {
    const rows = await tx.select({ follower: f.follower }).from(f).where(and(eq(f.actor, handle), eq(f.state, 'pending'))).orderBy(asc(f.follower)).limit(BATCH)
    for (const { follower } of rows) await accept(tx, handle, follower)
    return rows.length === BATCH
  }

  const handler: JobHandler = {
    concurrency: 1,
    async run(job, signal) {
      const { handle } = z.object({ handle: z.string() }).parse(job.payload)
      const some = () => store.write(async (tx) => {
        const [actor] = await tx.select().from(l).where(eq(l.handle, handle))
        return actor?.open === true && !actor.gone && !actor.approves && await acceptSome(tx, handle) // looked at again since: they wait
      })
      while (!signal.aborted && await some());
    },
  }

  return {
    handler,
    async counts(handle: string): Promise<Record<FollowerState, number>> {
      const rows = await store.read.select({ state: f.state, n: count() }).from(f).where(eq(f.actor, handle)).groupBy(f.state)
      const of = (state: FollowerState) => rows.find((x) => x.state === state)?.n ?? 0
      return { accepted: of('accepted'), pending: of('pending') }
    },
    async list(handle: string, state: FollowerState, after = '', limit = 50): Promise<Follower[]> {
      const rows = await store.read.select({ id: f.follower, since: f.since, name: r.name, handle: r.handle, url: r.url }).from(f).leftJoin(r, eq(r.id, f.follower))
        .where(and(eq(f.actor, handle), eq(f.state, state), gt(f.follower, after))).orderBy(asc(f.follower)).limit(limit)
      return rows.map((x) => ({
        id: x.id, state, since: x.since, host: new URL(x.id).host, name: x.name ?? x.id,
        ...(x.handle ? { handle: x.handle } : {}), ...(x.url ? { url: x.url } : {}),
      }))
    },
    accept,
    async reject(tx: Db, handle: string, follower: string, state?: FollowerState): Promise<FollowerState | undefined> {
      const [row] = await tx.delete(f).where(and(isOne(handle, follower), state && eq(f.state, state))).returning()
      if (!row) return undefined
      follows.changedOf(handle)
      await answer(tx, 'Reject', row)
      return row.state === 'pending' ? 'pending' : 'accepted'
    },
    async acceptWaiting(tx: Db, handle: string): Promise<void> {
      if (await acceptSome(tx, handle)) await house.jobs.add(tx, ACCEPT_WAITING, { key: `followers ${handle}`, payload: { handle } })
    },
  }
}
export type FollowersOf = ReturnType<typeof followersOf>
