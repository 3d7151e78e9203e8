import type { KvKey, KvStore, KvStoreListEntry, KvStoreSetOptions } from '@fedify/fedify'
import { and, eq, gt, gte, isNull, lt, lte, or } from 'drizzle-orm'
import type { Clock } from '../kernel/time.ts'
import type { Db, Store } from './store.ts'
import { storeTables } from './tables.ts'

/**
 * Fedify's KvStore on our database. Keys are JSON arrays, so a prefix of parts is a prefix of text without its bracket.
 * Each call is a transaction of its own (`store.auto`), or part of the one around it. To set `undefined` is to delete.
 */
export function keyValueStore(store: Store, clock: Clock): KvStore & { sweep(): Promise<void> } {
  const t = storeTables(store.kit).keyValues
  const name = (key: KvKey) => JSON.stringify(key)
  const live = () => or(isNull(t.expires), gt(t.expires, clock.now()))
  const end = (o?: KvStoreSetOptions) => (o?.ttl ? new Date(clock.now().getTime() + o.ttl.total('milliseconds')) : null)
  const text = (value: unknown): string | undefined => JSON.stringify(value) // undefined stays undefined

  async function put(db: Db, key: KvKey, value: unknown, options?: KvStoreSetOptions): Promise<void> {
    const json = text(value)
    if (json === undefined) { await db.delete(t).where(eq(t.key, name(key))); return }
    const row = { value: json, expires: end(options) }
    await db.insert(t).values({ key: name(key), ...row }).onConflictDoUpdate({ target: t.key, set: row })
  }

  return {
    async get<T = unknown>(key: KvKey): Promise<T | undefined> {
      const [row] = await store.read.select({ value: t.value }).from(t).where(and(eq(t.key, name(key)), live()))
      return row ? (JSON.parse(row.value) as T) : undefined
    },
    set: (key: KvKey, value: unknown, options?: KvStoreSetOptions) => put(store.auto, key, value, options),
    async delete(key: KvKey) { await put(store.auto, key, undefined) },
    async cas(key: KvKey, expected: unknown, value: unknown, options?: KvStoreSetOptions) {
      return store.write(async (tx) => {
        const [old] = await tx.select({ value: t.value }).from(t).where(and(eq(t.key, name(key)), live()))
        if (old?.value !== text(expected)) return false
        await put(tx, key, value, options)
        return true
      })
    },
    async *list(prefix?: KvKey): AsyncIterable<KvStoreListEntry> {
      const begin = prefix?.length ? name(prefix).slice(0, -1) : '['
      let from = gte(t.key, begin)
      for (;;) { // page by page: no iterator stays open over somebody else's await
        const rows = await store.read.select({ key: t.key, value: t.value }).from(t)
          .where(and(from, lt(t.key, `${begin}\u{10ffff}`), live())).orderBy(t.key).limit(200)
        for (const r of rows) yield { key: JSON.parse(r.key) as KvKey, value: JSON.parse(r.value) as unknown }
        const last = rows.at(-1)
        if (!last || rows.length < 200) return
        from = gt(t.key, last.key)
      }
    },
    /** Deletes what has ended. */
    async sweep() { await store.auto.delete(t).where(lte(t.expires, clock.now())) },
  }
}
