import { and, desc, eq, isNotNull, isNull, lt, ne, or, sql } from 'drizzle-orm'
import type { Json } from '../fedi/fedi.ts'
import type { Db, Store } from '../store/store.ts'
import { storeTables } from '../store/tables.ts'
import type { Counts, Post } from './model.ts'
import { reactionStore } from './reaction-store.ts'
import { talkTables } from './tables.ts'

/** Where a page of posts goes on: the last post shown. */
export interface After { published: Date; id: string }

/** What stands in the post's own row. */
type Row = Omit<Post, keyof Counts>

export function postStore(store: Store) {
  const { posts: t } = talkTables(store.kit)
  const d = storeTables(store.kit).documents
  const before = (after?: After) => after && or(
    lt(t.published, after.published), and(eq(t.published, after.published), lt(t.id, after.id)))
  const reactions = reactionStore(store)
  async function counted(rows: readonly Row[], db: Db = store.read): Promise<Post[]> {
    const counts = await reactions.counts(rows.filter((r) => r.speaker !== null).map((r) => r.id), db)
    return rows.map((r) => ({ ...r, likes: 0, boosts: 0, ...counts.get(r.id) }))
  }
  const one = async (db: Db, where: ReturnType<typeof eq>): Promise<Post | undefined> => (await counted(await db.select().from(t).where(where), db))[0]
  return {
    byId: (id: string, db: Db = store.read) => one(db, eq(t.id, id)),
    byUri: (uri: string, db: Db = store.read) => one(db, eq(t.uri, uri)),
    /** The id of our own public post. Nothing is counted for it: on PostgreSQL, likes that read the likes would get in each other's way. */
    async oursByUri(uri: string, db: Db): Promise<string | undefined> {
      return (await db.select({ id: t.id }).from(t).where(and(eq(t.uri, uri), eq(t.state, 'public'), isNotNull(t.speaker))))[0]?.id
    },
    /** Adds; false where the same ActivityPub id is there already (a repeat, or a removed one). */
    async add(tx: Db, post: Row): Promise<boolean> {
      return (await tx.insert(t).values(post).onConflictDoNothing().returning({ id: t.id })).length > 0
    },
    async change(tx: Db, id: string, set: Partial<Pick<Post, 'text' | 'html' | 'note' | 'title' | 'language' | 'url' | 'updated' | 'pinned' | 'state'>>): Promise<void> {
      await tx.update(t).set(set).where(eq(t.id, id))
    },
    /** Newest first, public only. */
    latest: async (limit: number, after?: After): Promise<Post[]> => counted(await store.read.select().from(t)
      .where(and(eq(t.state, 'public'), before(after))).orderBy(desc(t.published), desc(t.id)).limit(limit)),
    ofOrganisation: async (organisation: string, limit: number, after?: After): Promise<Post[]> => counted(await store.read.select().from(t)
      .where(and(eq(t.organisation, organisation), eq(t.state, 'public'), before(after))).orderBy(desc(t.published), desc(t.id)).limit(limit)),
    ofSpeaker: async (speaker: string, limit: number, after?: After): Promise<Post[]> => counted(await store.read.select().from(t)
      .where(and(eq(t.speaker, speaker), eq(t.state, 'public'), before(after))).orderBy(desc(t.published), desc(t.id)).limit(limit)),
    /** The stored document of a post of ours, as this transaction sees it. */
    async documentOf(tx: Db, uri: string): Promise<Json | undefined> {
      const [row] = await tx.select({ json: d.json, gone: d.gone }).from(d).where(eq(d.id, uri))
      return row && !row.gone ? JSON.parse(row.json) as Json : undefined
    },
    /** Blanks up to `limit` posts of a gone actor; the number blanked, so that the caller goes on until there are none. */
    async removeOf(tx: Db, author: string, limit: number): Promise<number> {
      const rows = await tx.select({ id: t.id }).from(t).where(and(eq(t.author, author), eq(t.state, 'public'))).limit(limit)
      for (const r of rows) await tx.update(t).set({ state: 'removed', text: null, html: '', note: null }).where(eq(t.id, r.id))
      return rows.length
    },
    /** The author has another name now. */
    async rename(tx: Db, author: string, set: Pick<Post, 'authorName' | 'authorHandle' | 'authorUrl'>): Promise<void> {
      await tx.update(t).set(set).where(and(eq(t.author, author), isNull(t.speaker)))
    },
    /** Up to `limit` posts of a speaker of ours that are still there. */
    async left(tx: Db, speaker: string, limit: number): Promise<Row[]> {
      return tx.select().from(t).where(and(eq(t.speaker, speaker), ne(t.state, 'removed'))).limit(limit)
    },
    count: (): Promise<number> => store.read.$count(t, sql`state = 'public' and speaker is not null`),
  }
}
export type PostStore = ReturnType<typeof postStore>
