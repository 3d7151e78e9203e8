import { and, asc, desc, eq, gt, gte, inArray, isNotNull, isNull, lt, ne, or, sql } from 'drizzle-orm'
import type { Json } from '../fedi/fedi.ts'
import type { Db, Store } from '../store/store.ts'
import { storeTables } from '../store/tables.ts'
import type { Counts, Post, PostState } from './model.ts'
import { reactionStore } from './reaction-store.ts'
import { talkTables } from './tables.ts'

/** Where a page of posts goes on: the last post shown. */
export interface After { published: Date; id: string }

/** What stands in the post's own row. */
export type Row = Omit<Post, keyof Counts | 'replies'>
export type Change = Partial<Pick<Post, 'text' | 'html' | 'note' | 'title' | 'language' | 'url' | 'updated' | 'pinned' | 'state' | 'context'>>

/** Posts that a search for a hashtag looks through; what is older is not found by it. */
const SEARCHED = 2000
/** What is left of a removed post: its id and its author's, so that nothing of it comes again. Their name goes with the words. */
export const gone = {
  state: 'removed', text: null, html: '', note: null, title: null, pinned: null, authorName: '', authorHandle: '', authorUrl: null, url: null, context: null,
} as const

/** The smallest id that can have been made at that moment (ids are UUIDv7: the time comes first). */
const idAt = (at: Date): string => at.getTime().toString(16).padStart(12, '0').replace(/^(.{8})/, '$1-')

export function postStore(store: Store) {
  const { posts: t } = talkTables(store.kit)
  const d = storeTables(store.kit).documents
  const reactions = reactionStore(store)
  const shown = eq(t.state, 'public')
  /** Newest first. */
  const before = (after?: After) => after && or(lt(t.published, after.published), and(eq(t.published, after.published), lt(t.id, after.id)))
  /** As a conversation is read: oldest first. */
  const since = (after?: After) => after && or(gt(t.published, after.published), and(eq(t.published, after.published), gt(t.id, after.id)))

  /** Shown answers by post id: the thread's for the post that begins it, direct ones for others. */
  async function answers(rows: readonly Row[], db: Db): Promise<Map<string, number>> {
    const found = new Map<string, number>()
    const roots = rows.filter((r) => r.inReplyTo === null), others = rows.filter((r) => r.inReplyTo !== null)
    if (roots.length) {
      const counts = await db.select({ thread: t.thread, n: sql<number>`count(*)` }).from(t)
        .where(and(inArray(t.thread, roots.map((r) => r.id)), shown, isNotNull(t.inReplyTo))).groupBy(t.thread)
      for (const c of counts) if (c.thread !== null) found.set(c.thread, Number(c.n))
    }
    if (others.length) {
      const byUri = new Map(others.map((r) => [r.uri, r.id]))
      const counts = await db.select({ parent: t.inReplyTo, n: sql<number>`count(*)` }).from(t)
        .where(and(inArray(t.inReplyTo, [...byUri.keys()]), shown)).groupBy(t.inReplyTo)
      for (const c of counts) found.set(byUri.get(c.parent!)!, Number(c.n))
    }
    return found
  }
  async function counted(rows: readonly Row[], db: Db = store.read): Promise<Post[]> {
    if (!rows.length) return []
    const counts = await reactions.counts(rows.filter((r) => r.speaker !== null).map((r) => r.id), db)
    const replies = await answers(rows, db)
    return rows.map((r) => ({ ...r, likes: 0, boosts: 0, ...counts.get(r.id), replies: replies.get(r.id) ?? 0 }))
  }
  const one = async (db: Db, where: ReturnType<typeof eq>): Promise<Post | undefined> => (await counted(await db.select().from(t).where(where), db))[0]
  /** Rows as they stand: nothing is counted for them, for on PostgreSQL writers that read what others add get in each other's way. */
  const bare = async (db: Db, where: ReturnType<typeof eq>): Promise<Row | undefined> => (await db.select().from(t).where(where))[0]
  const newest = async (where: ReturnType<typeof and>, limit: number, after?: After): Promise<Post[]> => counted(await store.read.select().from(t)
    .where(and(where, before(after))).orderBy(desc(t.published), desc(t.id)).limit(limit))
  /** What lists show: no answers, which stand under what they answer, and nothing unlisted. */
  const listed = and(shown, eq(t.visibility, 'public'), isNull(t.inReplyTo))

  return {
    byId: (id: string, db: Db = store.read) => one(db, eq(t.id, id)),
    byUri: (uri: string, db: Db = store.read) => one(db, eq(t.uri, uri)),
    rowById: (id: string, db: Db) => bare(db, eq(t.id, id)),
    rowByUri: (uri: string, db: Db) => bare(db, eq(t.uri, uri)),
    /** The id of our own public post. */
    async oursByUri(uri: string, db: Db): Promise<string | undefined> {
      return (await db.select({ id: t.id }).from(t).where(and(eq(t.uri, uri), shown, isNotNull(t.speaker))))[0]?.id
    },
    /** Adds; false where the same ActivityPub id is there already (a repeat, or a removed one). */
    async add(tx: Db, post: Row): Promise<boolean> {
      return (await tx.insert(t).values(post).onConflictDoNothing().returning({ id: t.id })).length > 0
    },
    async change(tx: Db, id: string, set: Change): Promise<void> { await tx.update(t).set(set).where(eq(t.id, id)) },
    /** The words go; the id stays, so that nothing of it comes again. */
    async blank(tx: Db, id: string): Promise<void> { await tx.update(t).set(gone).where(eq(t.id, id)) },

    latest: (limit: number, after?: After) => newest(listed, limit, after),
    ofOrganisation: (organisation: string, limit: number, after?: After) => newest(and(eq(t.organisation, organisation), listed), limit, after),
    /** All that a local actor has said, answers too. */
    ofSpeaker: (speaker: string, limit: number, after?: After) => newest(and(eq(t.speaker, speaker), shown), limit, after),
    /** By a hashtag's link, among the newest of our own. */
    async tagged(href: string, limit: number, after?: After): Promise<Post[]> {
      const recent = store.read.select({ id: t.id }).from(t).where(and(listed, isNotNull(t.speaker))).orderBy(desc(t.published), desc(t.id)).limit(SEARCHED)
      const pattern = `%"${href.replace(/[\\%_]/g, '\\$&')}"%`
      return newest(and(inArray(t.id, recent), sql`${t.html} like ${pattern} escape '\\'`), limit, after)
    },
    pinned: (speaker: string, db: Db = store.read): Promise<Row[]> =>
      db.select().from(t).where(and(eq(t.speaker, speaker), shown, isNotNull(t.pinned))).orderBy(desc(t.pinned), desc(t.id)).limit(20),
    withCounts: (rows: readonly Row[]) => counted(rows),

    /** The answers of a thread, oldest first; `states` beside `public` are for moderators. */
    thread: async (root: string, states: readonly PostState[], limit: number, after?: After): Promise<Post[]> => counted(await store.read.select().from(t)
      .where(and(eq(t.thread, root), ne(t.id, root), inArray(t.state, [...states]), since(after))).orderBy(asc(t.published), asc(t.id)).limit(limit)),
    /** Ids of shown answers to a post, or (`thread`) of all that is shown of its thread, oldest first. */
    async uris(of: { inReplyTo: string } | { thread: string }, limit: number, after?: After): Promise<(After & { uri: string })[]> {
      const within = 'thread' in of ? eq(t.thread, of.thread) : eq(t.inReplyTo, of.inReplyTo)
      return store.read.select({ uri: t.uri, published: t.published, id: t.id }).from(t)
        .where(and(within, shown, since(after))).orderBy(asc(t.published), asc(t.id)).limit(limit)
    },
    countOf: (of: { inReplyTo: string } | { thread: string }): Promise<number> =>
      store.read.$count(t, and('thread' in of ? eq(t.thread, of.thread) : eq(t.inReplyTo, of.inReplyTo), shown)),

    /** What came from elsewhere and waits or was hidden, newest first. */
    moderated: (state: 'held' | 'hidden', limit: number, after?: After) => newest(and(eq(t.state, state), isNull(t.speaker)), limit, after),
    countHeld: (): Promise<number> => store.read.$count(t, and(eq(t.state, 'held'), isNull(t.speaker))),
    /** Has this author an answer that is shown here, and none that was hidden? */
    async isTrusted(author: string, tx: Db): Promise<boolean> {
      const states = await tx.selectDistinct({ state: t.state }).from(t)
        .where(and(eq(t.author, author), isNotNull(t.inReplyTo), inArray(t.state, ['public', 'hidden'])))
      return states.length === 1 && states[0]!.state === 'public'
    },
    /** Answers of an author that have come in since then, up to `limit`. */
    async cameSince(author: string, at: Date, limit: number, tx: Db): Promise<number> {
      return (await tx.select({ id: t.id }).from(t).where(and(eq(t.author, author), isNotNull(t.inReplyTo), gte(t.id, idAt(at)))).limit(limit)).length
    },
    /** The stored document of a post of ours, as this transaction sees it. */
    async documentOf(tx: Db, uri: string): Promise<Json | undefined> {
      const [row] = await tx.select({ json: d.json, gone: d.gone }).from(d).where(eq(d.id, uri))
      return row && !row.gone ? JSON.parse(row.json) as Json : undefined
    },
    /** Blanks up to `limit` posts of a gone actor; the number blanked, so that the caller goes on until there are none. */
    async removeOf(tx: Db, author: string, limit: number): Promise<number> {
      const rows = await tx.select({ id: t.id }).from(t).where(and(eq(t.author, author), ne(t.state, 'removed'))).limit(limit)
      if (rows.length) await tx.update(t).set(gone).where(inArray(t.id, rows.map((r) => r.id)))
      return rows.length
    },
    /** Our own posts and answers, for NodeInfo. */
    async count(): Promise<{ posts: number; comments: number }> {
      const [posts, comments] = await Promise.all([
        store.read.$count(t, sql`state = 'public' and speaker is not null and in_reply_to is null`),
        store.read.$count(t, sql`state = 'public' and speaker is not null and in_reply_to is not null`),
      ])
      return { posts, comments }
    },
    /** The author, of another server or (`ours`) of this one, has another name now. */
    async rename(tx: Db, author: string, set: Partial<Pick<Post, 'authorName' | 'authorHandle' | 'authorUrl'>>, ours = false): Promise<void> {
      await tx.update(t).set(set).where(and(eq(t.author, author), ours ? isNotNull(t.speaker) : isNull(t.speaker), ne(t.state, 'removed')))
    },
  }
}
export type PostStore = ReturnType<typeof postStore>
