/** Who follows us, and whom we follow. */
import { and, asc, count, eq, gt, inArray, ne } from 'drizzle-orm'
import type { Clock } from '../kernel/time.ts'
import type { Db, Store } from '../store/store.ts'
import type { FollowerState, Following, FollowState } from './fedi.ts'
import { fediTables } from './tables.ts'

/** @param changed called after the commit of each change of an actor's followers */
export function followBook(store: Store, clock: Clock, changed: (handle: string) => void = () => {}) {
  const { followers, following } = fediTables(store.kit)
  const state = (text: string): FollowState => (text === 'accepted' || text === 'rejected' ? text : 'requested')
  const isOurs = (handle: string, target: string) => and(eq(following.actor, handle), eq(following.target, target))

  const tell = (rows: readonly { actor: string }[]) => {
    const handles = new Set(rows.map((r) => r.actor))
    if (handles.size) store.afterCommit(() => { for (const handle of handles) changed(handle) })
  }

  return {
    /** Its followers have become others elsewhere than here. */
    changedOf: (handle: string) => tell([{ actor: handle }]),
    /**
     * A second Follow of the same actor replaces the first: a sender that has lost our Accept asks again. Who is accepted stays so.
     * @param waits its people look at each follower first
     * @returns what it is now
     */
    async addFollower(tx: Db, f: { actor: string; follower: string; inbox: string; sharedInbox?: string; followId: string; waits: boolean }): Promise<FollowerState> {
      const set = { inbox: f.inbox, sharedInbox: f.sharedInbox ?? null, followId: f.followId }
      const [row] = await tx.insert(followers).values({ actor: f.actor, follower: f.follower, since: clock.now(), state: f.waits ? 'pending' : 'accepted', ...set })
        .onConflictDoUpdate({ target: [followers.actor, followers.follower], set: f.waits ? set : { ...set, state: 'accepted' } })
        .returning({ state: followers.state })
      tell([f])
      return row?.state === 'pending' ? 'pending' : 'accepted'
    },
    async removeFollower(tx: Db, handle: string, follower: string): Promise<void> {
      tell(await tx.delete(followers).where(and(eq(followers.actor, handle), eq(followers.follower, follower))).returning({ actor: followers.actor }))
    },
    /** By the Follow's id, which only its sender may name. */
    async removeFollow(tx: Db, follower: string, followId: string): Promise<boolean> {
      const gone = await tx.delete(followers).where(and(eq(followers.follower, follower), eq(followers.followId, followId)))
        .returning({ actor: followers.actor })
      tell(gone)
      return gone.length > 0
    },
    /** The actor is gone: out of every list. */
    async removeEverywhere(tx: Db, actor: string): Promise<void> {
      tell(await tx.delete(followers).where(eq(followers.follower, actor)).returning({ actor: followers.actor }))
      await tx.delete(following).where(eq(following.target, actor))
    },
    /** Our actor is gone: nobody follows it, and it follows nobody. */
    async removeAllOf(tx: Db, handle: string): Promise<void> {
      await tx.delete(followers).where(eq(followers.actor, handle))
      await tx.delete(following).where(eq(following.actor, handle))
      tell([{ actor: handle }])
    },
    followersCount: (handle: string): Promise<number> =>
      store.read.$count(followers, and(eq(followers.actor, handle), eq(followers.state, 'accepted'))),
    async followers(handle: string, after = '', limit = 200): Promise<string[]> {
      const rows = await store.read.select({ follower: followers.follower }).from(followers)
        .where(and(eq(followers.actor, handle), eq(followers.state, 'accepted'), gt(followers.follower, after))).orderBy(asc(followers.follower)).limit(limit)
      return rows.map((r) => r.follower)
    },

    async find(handle: string, target: string, db: Db = store.read): Promise<{ state: FollowState; activity: string; since: Date } | undefined> {
      const [row] = await db.select({ state: following.state, activity: following.activity, since: following.since })
        .from(following).where(isOurs(handle, target))
      return row && { ...row, state: state(row.state) }
    },
    async request(tx: Db, handle: string, target: string, activity: string): Promise<void> {
      const set = { state: 'requested', activity, since: clock.now() }
      await tx.insert(following).values({ actor: handle, target, ...set }).onConflictDoUpdate({ target: [following.actor, following.target], set })
    },
    /**
     * The other side's answer: to the Follow of the id `activity` and no other, where that is given. What was declined stays so until
     * it is asked again: an Accept that comes after its Reject is the older one. False where nothing like that was asked.
     */
    async answer(tx: Db, handle: string, target: string, to: 'accepted' | 'rejected', activity?: string): Promise<boolean> {
      const rows = await tx.update(following).set({ state: to }).where(and(
        isOurs(handle, target), activity === undefined ? undefined : eq(following.activity, activity),
        to === 'accepted' ? ne(following.state, 'rejected') : undefined,
      )).returning({ actor: following.actor })
      return rows.length > 0
    },
    /** Our Follow of this id, as long as it is the last one: who sent it and to whom. */
    async byActivity(activity: string, db: Db = store.read): Promise<{ handle: string; target: string } | undefined> {
      const [row] = await db.select({ handle: following.actor, target: following.target }).from(following).where(eq(following.activity, activity))
      return row
    },
    /** Nobody is there any more who could answer our Follow of this id. */
    async unanswered(activity: string): Promise<void> {
      await store.auto.update(following).set({ state: 'rejected' }).where(eq(following.activity, activity))
    },
    forget: (tx: Db, handle: string, target: string) => tx.delete(following).where(isOurs(handle, target)).then(() => {}),
    async isFollowed(tx: Db, target: string): Promise<boolean> {
      const [row] = await tx.select({ actor: following.actor }).from(following)
        .where(and(eq(following.target, target), ne(following.state, 'rejected'))).limit(1)
      return row !== undefined
    },
    /** What is between these of ours and one actor, by handle: one read, however many each of them follows. */
    async between(handles: readonly string[], target: string): Promise<Following[]> {
      if (!handles.length) return []
      const rows = await store.read.select().from(following).where(and(eq(following.target, target), inArray(following.actor, [...handles]))).orderBy(asc(following.actor))
      return rows.map((r) => ({ handle: r.actor, actor: r.target, state: state(r.state), since: r.since }))
    },
    /** Does any of ours follow it, or wait for its answer? */
    async isWanted(target: string): Promise<boolean> {
      return await store.read.$count(following, and(eq(following.target, target), ne(following.state, 'rejected'))) > 0
    },
    async following(handle?: string): Promise<Following[]> {
      const rows = await store.read.select().from(following).where(handle === undefined ? undefined : eq(following.actor, handle))
        .orderBy(asc(following.actor), asc(following.target))
      return rows.map((r) => ({ handle: r.actor, actor: r.target, state: state(r.state), since: r.since }))
    },
    followingCount: async (handle: string): Promise<number> => {
      const [row] = await store.read.select({ n: count() }).from(following).where(and(eq(following.actor, handle), eq(following.state, 'accepted')))
      return row?.n ?? 0
    },
  }
}
export type FollowBook = ReturnType<typeof followBook>
