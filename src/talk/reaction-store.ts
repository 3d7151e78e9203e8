import { and, eq, inArray, like, sql } from 'drizzle-orm'
import type { Db, Store } from '../store/store.ts'
import type { Counts, ReactionKind } from './model.ts'
import { talkTables } from './tables.ts'

/** Likes of one actor for one post that are remembered apart (as several emoji, say); more change nothing. */
const MANY = 16

interface Key { post: string; kind: ReactionKind; actor: string }

/** Rows of likes and boosts. `actor` and `activity` are keyed hashes here, never ids. */
export function reactionStore(store: Store) {
  const { reactions: t, ownReactions: own, posts } = talkTables(store.kit)
  const is = (k: Key) => and(eq(t.post, k.post), eq(t.kind, k.kind), eq(t.actor, k.actor))
  return {
    /** Adds the activity to what this actor has said about this post; one row, however often it is said. */
    async add(tx: Db, k: Key, activity: string): Promise<void> {
      const fresh = await tx.insert(t).values({ ...k, activities: activity }).onConflictDoNothing().returning({ post: t.post })
      if (fresh.length) return
      const [old] = await tx.select({ activities: t.activities }).from(t).where(is(k))
      const said = old?.activities.split(' ') ?? []
      if (said.includes(activity) || said.length >= MANY) return
      await tx.update(t).set({ activities: [...said, activity].join(' ') }).where(is(k))
    },
    /** Takes one activity back; the row goes with its last one. */
    async takeBack(tx: Db, actor: string, activity: string): Promise<void> {
      const rows = await tx.select().from(t).where(and(eq(t.actor, actor), like(t.activities, `%${activity}%`)))
      for (const row of rows) {
        const left = row.activities.split(' ').filter((a) => a !== activity)
        if (left.length) await tx.update(t).set({ activities: left.join(' ') }).where(is(row))
        else await tx.delete(t).where(is(row))
      }
    },
    async drop(tx: Db, k: Key): Promise<void> { await tx.delete(t).where(is(k)) },
    /** What others and what our own actors have said about a post of ours. */
    async dropPost(tx: Db, post: string): Promise<void> {
      await tx.delete(t).where(eq(t.post, post))
      await tx.delete(own).where(inArray(own.object, tx.select({ uri: posts.uri }).from(posts).where(eq(posts.id, post))))
    },
    /** Forgets up to `limit` rows of an actor; the number, so that the caller goes on until there are none. */
    async dropActor(tx: Db, actor: string, limit: number): Promise<number> {
      const rows = await tx.select().from(t).where(eq(t.actor, actor)).limit(limit)
      for (const row of rows) await tx.delete(t).where(is(row))
      return rows.length
    },
    /** By post id; a post that nobody has reacted to is not in it. */
    async counts(posts: readonly string[], db: Db = store.read): Promise<Map<string, Counts>> {
      const found = new Map<string, Counts>()
      if (!posts.length) return found
      const rows = await db.select({ post: t.post, kind: t.kind, n: sql<number>`count(*)` }).from(t)
        .where(inArray(t.post, [...posts])).groupBy(t.post, t.kind)
      for (const { post, kind, n } of rows) {
        const c = found.get(post) ?? { likes: 0, boosts: 0 }
        c[kind === 'like' ? 'likes' : 'boosts'] = Number(n)
        found.set(post, c)
      }
      return found
    },
  }
}
