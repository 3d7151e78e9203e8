/**
 * What happens to all posts of one author at once, whatever they are: their server is blocked, or the author is gone for good.
 * Always in batches, so that no write is held long (HOSTILE.md 44).
 */
import { and, asc, eq, gt, inArray, isNull, ne, sql } from 'drizzle-orm'
import type { Fedi } from '../fedi/fedi.ts'
import type { Db, Store } from '../store/store.ts'
import { gone } from './store.ts'
import { talkTables } from './tables.ts'

/** A post that was taken from view, and the state that it had. */
export interface Hidden { id: string; state: 'public' | 'held' }

export function postsByAuthor(house: { store: Store; fedi: Pick<Fedi, 'buryObject'> }) {
  const { store, fedi } = house
  const { posts: t, reactions } = talkTables(store.kit)
  return {
    /** Ids of remote actors whose posts are kept here, ascending; page by passing the last as `after`. */
    async authors(after: string, limit: number): Promise<string[]> {
      const rows = await store.read.selectDistinct({ author: t.author }).from(t).where(and(gt(t.author, after), isNull(t.speaker))).orderBy(asc(t.author)).limit(limit)
      return rows.map((r) => r.author)
    },
    /** Takes up to `limit` of an author's posts from view here, and says what they were. Nothing travels. */
    async hide(tx: Db, author: string, limit: number): Promise<Hidden[]> {
      const rows = await tx.select({ id: t.id, state: t.state }).from(t).where(and(eq(t.author, author), inArray(t.state, ['public', 'held']))).limit(limit)
      if (rows.length) await tx.update(t).set({ state: 'hidden' }).where(inArray(t.id, rows.map((r) => r.id)))
      return rows as Hidden[]
    },
    /** Those that are hidden still become what they were: what was removed meanwhile stays so. */
    async show(tx: Db, posts: readonly Hidden[]): Promise<void> {
      for (const state of ['public', 'held'] as const) {
        const ids = posts.filter((p) => p.state === state).map((p) => p.id)
        if (ids.length) await tx.update(t).set({ state }).where(and(inArray(t.id, ids), eq(t.state, 'hidden')))
      }
    },
    /** Actors of other servers whom an actor of ours has answered: they have its words, whether they follow it or not. */
    async answered(tx: Db, author: string, limit: number): Promise<string[]> {
      const rows = await tx.rows<{ author: string }>(sql`
        select distinct parent.author from ${t} answer join ${t} parent on parent.uri = answer.in_reply_to
        where answer.author = ${author} and parent.speaker is null order by parent.author limit ${limit}`)
      return rows.map((r) => r.author)
    },
    /**
     * Removes up to `limit` posts of an actor of ours that is gone: their words go, their ids answer 410. Nothing is said of each:
     * the actor's own Delete has said it of all. The number removed, so that the caller goes on until there are none.
     */
    async bury(tx: Db, author: string, limit: number): Promise<number> {
      const rows = await tx.select({ id: t.id, uri: t.uri, kind: t.kind }).from(t).where(and(eq(t.author, author), ne(t.state, 'removed'))).limit(limit)
      if (!rows.length) return 0
      const ids = rows.map((r) => r.id)
      await tx.delete(reactions).where(inArray(reactions.post, ids))
      await tx.update(t).set(gone).where(inArray(t.id, ids))
      for (const r of rows) await fedi.buryObject(tx, r.uri, r.kind === 'article' ? 'Article' : 'Note')
      return rows.length
    },
  }
}
export type PostsByAuthor = ReturnType<typeof postsByAuthor>
