import { eq } from 'drizzle-orm'
import type { Db, Store } from './store.ts'
import { storeTables } from './tables.ts'

/** A fact about the instance, or undefined. */
export async function getMeta(store: Store, key: string, db: Db = store.read): Promise<string | undefined> {
  const { meta } = storeTables(store.kit)
  const [row] = await db.select().from(meta).where(eq(meta.key, key))
  return row?.value
}

/** Writes a fact about the instance in the given transaction. */
export async function setMeta(store: Store, tx: Db, key: string, value: string): Promise<void> {
  const { meta } = storeTables(store.kit)
  await tx.insert(meta).values({ key, value }).onConflictDoUpdate({ target: meta.key, set: { value } })
}
