import { and, asc, eq, gt, inArray, max, sql } from 'drizzle-orm'
import type { Json } from '../fedi/fedi.ts'
import { fediTables } from '../fedi/tables.ts'
import type { Db, Store } from '../store/store.ts'
import { isNews, type Collection, type Thing, type Word } from './model.ts'
import { peerTables } from './tables.ts'

export interface Listing extends Word { directory: string; id: string; collection: Collection; changed: Date }

export function peerStore(store: Store) {
  const { mirrored: m, mirroredListings: l } = peerTables(store.kit)
  const { following } = fediTables(store.kit)
  const is = (directory: string, id: string) => and(eq(l.directory, directory), eq(l.id, id))

  /** What nobody lists any more goes. */
  async function dropUnlisted(tx: Db, ids: readonly string[]): Promise<void> {
    if (!ids.length) return
    const rows = await tx.selectDistinct({ id: l.id }).from(l).where(and(inArray(l.id, [...ids]), eq(l.gone, false)))
    const listed = new Set(rows.map((r) => r.id))
    const gone = ids.filter((id) => !listed.has(id))
    if (gone.length) await tx.delete(m).where(inArray(m.id, gone))
  }

  return {
    /** Does the actor of this instance's own directory follow it, and has it been let? */
    async directoryFollows(tx: Db, actor: string): Promise<boolean> {
      return (await tx.select({ one: following.actor }).from(following)
        .where(and(eq(following.actor, 'directory'), eq(following.target, actor), eq(following.state, 'accepted')))).length > 0
    },

    /** What the directory has said of these. */
    async words(tx: Db, directory: string, ids: readonly string[]): Promise<Map<string, Word>> {
      if (!ids.length) return new Map()
      const rows = await tx.select({ id: l.id, revision: l.revision, gone: l.gone }).from(l).where(and(eq(l.directory, directory), inArray(l.id, [...ids])))
      return new Map(rows.map((r) => [r.id, r]))
    },
    /** Writes the word down unless a newer one is known. What stands then. */
    async say(tx: Db, said: Listing): Promise<Word> {
      const [known] = await tx.select({ revision: l.revision, gone: l.gone }).from(l).where(is(said.directory, said.id))
      if (known && !isNews(said, known)) return known
      const { directory, id, ...set } = said
      await tx.insert(l).values(said).onConflictDoUpdate({ target: [l.directory, l.id], set })
      if (set.gone) await dropUnlisted(tx, [id])
      return said
    },
    /** It is gone, whoever lists it: late words of a known revision bring it back no more. */
    async dropThing(tx: Db, id: string): Promise<void> {
      await tx.update(l).set({ gone: true }).where(eq(l.id, id))
      await tx.delete(m).where(eq(m.id, id))
    },

    async document(tx: Db, id: string): Promise<Json | undefined> {
      const [row] = await tx.select({ document: m.document }).from(m).where(eq(m.id, id))
      return row && JSON.parse(row.document) as Json
    },
    async keep(tx: Db, thing: Thing, fetched: Date): Promise<void> {
      const set = {
        host: new URL(thing.id).host, type: thing.type, additionalType: thing.additionalType ?? null, name: thing.name, url: thing.url ?? null,
        document: thing.json, fetched,
      }
      await tx.insert(m).values({ id: thing.id, ...set }).onConflictDoUpdate({ target: m.id, set })
    },

    /** A page of things with their documents, by id. */
    async things(tx: Db, after: string, limit: number): Promise<{ id: string; document: Json }[]> {
      const rows = await tx.select({ id: m.id, document: m.document }).from(m).where(gt(m.id, after)).orderBy(asc(m.id)).limit(limit)
      return rows.map((r) => ({ id: r.id, document: JSON.parse(r.document) as Json }))
    },
    /** The hosts that things are kept of, one after the other. */
    async hostAfter(after: string): Promise<string | undefined> {
      return (await store.read.select({ host: m.host }).from(m).where(gt(m.host, after)).orderBy(asc(m.host)).limit(1))[0]?.host
    },
    /** Drops up to `limit` things of a host, whoever lists them. How many. */
    async dropOf(tx: Db, host: string, limit: number): Promise<number> {
      const page = (await tx.select({ id: m.id }).from(m).where(eq(m.host, host)).orderBy(asc(m.id)).limit(limit)).map((r) => r.id)
      if (!page.length) return 0
      await tx.update(l).set({ gone: true }).where(inArray(l.id, page))
      await tx.delete(m).where(inArray(m.id, page))
      return page.length
    },
    /** A page of what a directory has said, by id. */
    listingsOf: (tx: Db, directory: string, after: string, limit: number): Promise<{ id: string; collection: string }[]> =>
      tx.select({ id: l.id, collection: l.collection }).from(l).where(and(eq(l.directory, directory), gt(l.id, after))).orderBy(asc(l.id)).limit(limit),
    /** Nothing that it said counts any more; what nobody else lists goes. */
    async forget(tx: Db, directory: string, ids: readonly string[]): Promise<void> {
      if (!ids.length) return
      await tx.delete(l).where(and(eq(l.directory, directory), inArray(l.id, [...ids])))
      await dropUnlisted(tx, ids)
    },
    /** Whose words are kept here, one after the other. */
    async directoryAfter(after: string): Promise<string | undefined> {
      return (await store.read.select({ directory: l.directory }).from(l).where(gt(l.directory, after)).orderBy(asc(l.directory)).limit(1))[0]?.directory
    },
    /** How many things each directory lists here, and when the newest of them changed. */
    async numbers(): Promise<Map<string, { mirrored: number; changed: Date | null }>> {
      const rows = await store.read.select({ directory: l.directory, n: sql<number>`sum(case when ${l.gone} then 0 else 1 end)`, changed: max(l.changed) })
        .from(l).groupBy(l.directory)
      return new Map(rows.map((r) => [r.directory, { mirrored: Number(r.n), changed: r.changed ? new Date(r.changed) : null }]))
    },
  }
}
export type PeerStore = ReturnType<typeof peerStore>
