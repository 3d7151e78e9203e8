/** Who follows us, and whom we follow. */
import { and, asc, count, eq, gt, ne } from 'drizzle-orm'
import type { Clock } from '../kernel/time.ts'
import type { Db, Store } from '../store/store.ts'
import type { Following, FollowState } from './fedi.ts'
import { fediTables } from './tables.ts'

export function followBook(store: Store, clock: Clock) {
  const { followers, following } = fediTables(store.kit)
  const state = (text: string): FollowState => (text === 'accepted' || text === 'rejected' ? text : 'requested')
  const isOurs = (handle: string, target: string) => and(eq(following.actor, handle), eq(following.target, target))

  return {
    /** A second Follow of the same actor replaces the first: a sender that has lost our Accept asks again. */
    async addFollower(tx: Db, f: { actor: string; follower: string; inbox: string; sharedInbox?: string; followId: string }): Promise<void> {
      const set = { inbox: f.inbox, sharedInbox: f.sharedInbox ?? null, followId: f.followId, state: 'accepted' }
      await tx.insert(followers).values({ actor: f.actor, follower: f.follower, since: clock.now(), ...set })
        .onConflictDoUpdate({ target: [followers.actor, followers.follower], set })
    },
    async removeFollower(tx: Db, handle: string, follower: string): Promise<void> {
      await tx.delete(followers).where(and(eq(followers.actor, handle), eq(followers.follower, follower)))
    },
    /** By the Follow's id, which only its sender may name. */
    async removeFollow(tx: Db, follower: string, followId: string): Promise<boolean> {
      const gone = await tx.delete(followers).where(and(eq(followers.follower, follower), eq(followers.followId, followId)))
        .returning({ actor: followers.actor })
      return gone.length > 0
    },
    /** The actor is gone: out of every list. */
    async removeEverywhere(tx: Db, actor: string): Promise<void> {
      await tx.delete(followers).where(eq(followers.follower, actor))
      await tx.delete(following).where(eq(following.target, actor))
    },
    /** Our actor is gone: nobody follows it, and it follows nobody. */
    async removeAllOf(tx: Db, handle: string): Promise<void> {
      await tx.delete(followers).where(eq(followers.actor, handle))
      await tx.delete(following).where(eq(following.actor, handle))
    },
    followersCount: (handle: string): Promise<number> =>
      store.read.$count(followers, and(eq(followers.actor, handle), eq(followers.state, 'accepted'))),
    async followers(handle: string, after = '', limit = 200): Promise<string[]> {
      const rows = await store.read.select({ follower: followers.follower }).from(followers)
        .where(and(eq(followers.actor, handle), gt(followers.follower, after))).orderBy(asc(followers.follower)).limit(limit)
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
