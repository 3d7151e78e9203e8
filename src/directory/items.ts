/**
 * What the directory's collections list (WIRE.md section 3): one row a thing, whose revision grows with each change. Rows are never
 * deleted, so that a thing that comes back goes on counting, and what peers were told of it is known.
 */
import { and, asc, desc, eq, gt, inArray, isNull, sql } from 'drizzle-orm'
import { coopTables } from '../coops/tables.ts'
import type { Uris } from '../fedi/uris.ts'
import { SECOND, type Clock } from '../kernel/time.ts'
import type { Jobs } from '../store/jobs.ts'
import { getMeta, setMeta } from '../store/meta.ts'
import { prepared } from '../store/prepared.ts'
import type { Db, Store } from '../store/store.ts'
import { isSample } from './sample.ts'
import { directoryTables, type DirectoryCollection } from './tables.ts'

export type { DirectoryCollection } from './tables.ts'

export const COLLECTIONS = ['members', 'calls', 'campaigns', 'proposals'] as const satisfies readonly DirectoryCollection[]
/** Job that tells peers what has changed. */
export const TELL = 'directory.tell'
/** So long it waits for more of it: an import's thousands are told by the hundred. */
const SETTLE = 3 * SECOND
const FILL = 500
/** For so long another process's changes may be missing in a count. */
const COUNTED = 10 * SECOND
const FILLED = 'directory.items'

export interface Item { id: string; revision: number; changed: Date }
/** `told`: the revision that peers know, 0 where they know nothing of it. */
export interface Pending extends Item { collection: DirectoryCollection; gone: boolean; told: number }

export function items(house: { store: Store; clock: Clock; jobs: Pick<Jobs, 'addOnce'>; uris: Uris }) {
  const { store, clock, jobs } = house
  const t = directoryTables(store.kit).directoryItems
  const { organisations: o } = coopTables(store.kit)
  const counts = new Map<DirectoryCollection, { n: number; until: number }>()

  // An import of 100,000 rows runs it as often.
  const upsert = prepared('directory_item_put', (db) => {
    const changed = sql`${sql.placeholder('changed')}`
    const set = { collection: sql`${sql.placeholder('collection')}`, changed, gone: false, pending: true }
    return db.insert(t).values({ ...set, id: sql`${sql.placeholder('id')}`, revision: 1, told: 0 } as unknown as typeof t.$inferInsert)
      .onConflictDoUpdate({ target: t.id, set: { ...set, revision: sql`directory_items.revision + 1` } as never })
  })

  async function moved(tx: Db): Promise<void> {
    await jobs.addOnce(tx, TELL, { payload: {}, due: new Date(clock.now().getTime() + SETTLE) })
    counts.clear() // what is counted before the commit does not count it
    store.afterCommit(() => counts.clear())
  }

  return {
    /** It is listed, or has changed: call it in the transaction of each change that its document shows. */
    async put(tx: Db, item: { id: string; collection: DirectoryCollection }): Promise<void> {
      await upsert(tx, { ...item, changed: t.changed.mapToDriverValue(clock.now()) })
      await moved(tx)
    },
    /** It is listed no longer. What peers have never heard of leaves without a word. */
    async drop(tx: Db, id: string): Promise<void> {
      const gone = await tx.update(t).set({ gone: true, revision: sql`${t.revision} + 1`, changed: clock.now(), pending: sql`${t.told} > 0` as never })
        .where(and(eq(t.id, id), eq(t.gone, false))).returning({ told: t.told })
      if (gone.length) await moved(tx)
    },

    /**
     * Newest first, of the same time by id; page by passing the last one as `before`. What changes while somebody reads moves to
     * the front, never further back: see ADR 18 for how a reader misses nothing.
     */
    async page(collection: DirectoryCollection, limit: number, before?: Pick<Item, 'id' | 'changed'>): Promise<Item[]> {
      return store.read.select({ id: t.id, revision: t.revision, changed: t.changed }).from(t)
        .where(and(eq(t.collection, collection), eq(t.gone, false), before && sql`(${t.changed}, ${t.id}) < (${sql.param(before.changed, t.changed)}, ${before.id})`))
        .orderBy(desc(t.changed), desc(t.id)).limit(limit)
    },
    /** Counted anew after each change in this process; another's may be missing for some seconds. */
    async count(collection: DirectoryCollection): Promise<number> {
      const known = counts.get(collection), now = Date.now()
      if (known && known.until > now) return known.n
      const n = await store.read.$count(t, and(eq(t.collection, collection), eq(t.gone, false)))
      counts.set(collection, { n, until: now + COUNTED })
      return n
    },

    /** What peers have not been told yet. */
    async pending(tx: Db, limit: number): Promise<Pending[]> {
      return tx.select({ id: t.id, collection: t.collection, revision: t.revision, changed: t.changed, gone: t.gone, told: t.told }).from(t)
        .where(eq(t.pending, true)).orderBy(asc(t.id)).limit(limit)
    },
    /** Peers know them as they are now; of what is gone they know nothing any more. */
    async markTold(tx: Db, ids: readonly string[]): Promise<void> {
      await tx.update(t).set({ pending: false, told: sql`case when ${t.gone} then 0 else ${t.revision} end` }).where(inArray(t.id, [...ids]))
    },
    /** Does anything wait that no job is going to tell? One is added then: a net under `addOnce`. */
    async tend(): Promise<void> {
      await store.write(async (tx) => {
        const [row] = await tx.select({ id: t.id }).from(t).where(eq(t.pending, true)).limit(1)
        if (row) await jobs.addOnce(tx, TELL, { payload: {}, due: clock.now() })
      })
    },

    /**
     * Lists what is listed already, once for each database: those from before had no collections. Peers that followed then read the
     * collections; they are not told all of it.
     */
    async fill(): Promise<void> {
      if (await getMeta(store, FILLED) !== undefined) return
      for (let after: string | undefined = ''; after !== undefined;) {
        const from: string = after
        after = await store.write(async (tx) => {
          const rows = await tx.select({ handle: o.handle, changed: o.changed, standing: o.standing, profile: o.profile }).from(o)
            .where(and(gt(o.handle, from), eq(o.status, 'listed'), isNull(o.gone))).orderBy(asc(o.handle)).limit(FILL)
          const list = rows.filter((r) => !isSample({ ...r, activities: r.profile.activities })).map((r) => (
            { id: house.uris.actor(r.handle), collection: 'members' as const, revision: 1, changed: r.changed, told: 1, pending: false }))
          if (list.length) await tx.insert(t).values(list).onConflictDoNothing()
          if (rows.length < FILL) await setMeta(store, tx, FILLED, 'filled')
          return rows.length < FILL ? undefined : rows.at(-1)!.handle
        })
      }
      counts.clear()
    },
  }
}
export type Items = ReturnType<typeof items>
