/**
 * Directories that were known here before their documents were read for what they understand (FEP-844e): once for each database, what
 * the stored document says is written down, or they would be told of nothing until somebody fetches them anew.
 */
import { and, asc, eq, gt, inArray, isNull, or } from 'drizzle-orm'
import type { Json } from '../fedi/fedi.ts'
import { understandsUs } from '../fedi/remote-shape.ts'
import { fediTables } from '../fedi/tables.ts'
import { getMeta, setMeta } from '../store/meta.ts'
import type { Store } from '../store/store.ts'

const RECOGNISED = 'directory.recognised'
const BATCH = 200

/** Of those whom the directory follows or is followed by. In batches; a second run changes nothing. */
export async function recognise(store: Store): Promise<void> {
  if (await getMeta(store, RECOGNISED) !== undefined) return
  const { followers, following, remoteActors: t } = fediTables(store.kit)
  const { read } = store
  const near = or(
    inArray(t.id, read.select({ id: followers.follower }).from(followers).where(eq(followers.actor, 'directory'))),
    inArray(t.id, read.select({ id: following.target }).from(following).where(eq(following.actor, 'directory'))),
  )
  for (let after: string | undefined = ''; after !== undefined;) {
    const from: string = after
    const rows = await read.select({ id: t.id, document: t.document }).from(t)
      .where(and(gt(t.id, from), eq(t.toadlane, false), eq(t.type, 'Group'), isNull(t.gone), near)).orderBy(asc(t.id)).limit(BATCH)
    const found = rows.filter((r) => understandsUs(JSON.parse(r.document) as Json)).map((r) => r.id)
    const last = rows.length < BATCH
    await store.write(async (tx) => {
      if (found.length) await tx.update(t).set({ toadlane: true }).where(inArray(t.id, found))
      if (last) await setMeta(store, tx, RECOGNISED, 'done')
    })
    after = last ? undefined : rows.at(-1)!.id
  }
}
