/**
 * What other directories are told: signed `Add`, `Update` and `Remove` on our collections, with ids and revisions alone (WIRE.md
 * section 3). They go to the followers that are Toadlane directories and to nobody else, and stand in no outbox.
 */
import { and, eq, isNull, sql } from 'drizzle-orm'
import type { Fedi, Json } from '../fedi/fedi.ts'
import { fediTables } from '../fedi/tables.ts'
import type { Db, Store } from '../store/store.ts'
import type { JobHandler } from '../store/workers.ts'
import { collectionId, itemOf } from './collections.ts'
import type { DirectoryCollection } from './tables.ts'
import { type Items, type Pending } from './items.ts'

/**
 * Things in one activity. An import changes thousands at once: one activity each would be as many signatures, stored documents and
 * requests for every peer. A hundred stay far below what an inbox takes (1 MiB, 2,000 entries).
 */
export const TOGETHER = 100
/** Rows in one transaction where somebody is told, and where there is nobody. */
const PAGE = 200, NOBODY = 500

export interface Statement { type: 'Add' | 'Update' | 'Remove'; collection: DirectoryCollection; items: Pending[] }

/** What is to be said of them, in as few words as may be. Pure. */
export function statements(rows: readonly Pending[]): Statement[] {
  const found: Statement[] = []
  for (const row of rows) {
    if (row.gone && row.told === 0) continue
    const type = row.gone ? 'Remove' : row.told === 0 ? 'Add' : 'Update'
    const open = found.findLast((s) => s.type === type && s.collection === row.collection)
    if (open && open.items.length < TOGETHER) open.items.push(row)
    else found.push({ type, collection: row.collection, items: [row] })
  }
  return found
}

export function telling(house: { store: Store; fedi: Pick<Fedi, 'uris' | 'publish'>; items: Items }): JobHandler {
  const { store, fedi, items } = house
  const { followers, remoteActors } = fediTables(store.kit)

  /** Of a server that has several, its shared one. An organisation there that follows us is no directory. */
  async function inboxes(tx: Db): Promise<string[]> {
    const rows = await tx.selectDistinct({ inbox: sql<string>`coalesce(${followers.sharedInbox}, ${followers.inbox})` }).from(followers)
      .innerJoin(remoteActors, eq(remoteActors.id, followers.follower))
      .where(and(eq(followers.actor, 'directory'), eq(followers.state, 'accepted'), eq(remoteActors.toadlane, true), eq(remoteActors.type, 'Group'), isNull(remoteActors.gone)))
    return rows.map((r) => r.inbox)
  }

  const activity = ({ type, collection, items }: Statement): Json => ({
    type, to: [fedi.uris.followers('directory')], object: items.map((item) => itemOf(collection, item)), target: collectionId(fedi.uris, collection),
  })

  /** One page: said and marked as said together, so that a kill repeats nothing and loses nothing. False when it was the last. */
  const page = (): Promise<boolean> => store.write(async (tx) => {
    const to = await inboxes(tx)
    const limit = to.length ? PAGE : NOBODY
    const rows = await items.pending(tx, limit)
    if (!rows.length) return false
    if (to.length) for (const s of statements(rows)) await fedi.publish(tx, { actor: 'directory', activity: activity(s), to: { inboxes: to }, inOutbox: false })
    await items.markTold(tx, rows.map((r) => r.id))
    return rows.length === limit
  })

  return {
    concurrency: 1,
    async run(_job, signal) { while (!signal.aborted && await page()); if (signal.aborted) throw new Error('to be gone on with') },
  }
}
