import type { KvKey, KvStore, KvStoreListEntry, KvStoreSetOptions } from '@fedify/fedify'
import { and, eq, gt, isNull, lte, or, sql } from 'drizzle-orm'
import type { Clock } from '../kernel/time.ts'
import type { Store } from './store.ts'
import { storeTables } from './tables.ts'

/**
 * Fedify's KvStore on our database. Keys are JSON arrays, so a prefix of parts is a prefix of text without its bracket.
 * Each call is a transaction of its own (`store.auto`), or part of the one around it.
 */
export function keyValueStore(store: Store, clock: Clock): KvStore & { sweep(): Promise<void> } {
  const t = storeTables(store.kit).keyValues
  const name = (key: KvKey) => JSON.stringify(key)
  const live = () => or(isNull(t.expires), gt(t.expires, clock.now()))
  const end = (o?: KvStoreSetOptions) => (o?.ttl ? new Date(clock.now().getTime() + o.ttl.total('milliseconds')) : null)
  return {
    async get<T = unknown>(key: KvKey): Promise<T | undefined> {
      const [row] = await store.read.select({ value: t.value }).from(t).where(and(eq(t.key, name(key)), live()))
      return row ? (JSON.parse(row.value) as T) : undefined
    },
    async set(key: KvKey, value: unknown, options?: KvStoreSetOptions) {
      const row = { value: JSON.stringify(value), expires: end(options) }
      await store.auto.insert(t).values({ key: name(key), ...row }).onConflictDoUpdate({ target: t.key, set: row })
    },
    async delete(key: KvKey) {
      await store.auto.delete(t).where(eq(t.key, name(key)))
    },
    async cas(key: KvKey, expected: unknown, value: unknown, options?: KvStoreSetOptions) {
      const row = { value: JSON.stringify(value), expires: end(options) }
      return store.write(async (tx) => {
        const [old] = await tx.select({ value: t.value }).from(t).where(and(eq(t.key, name(key)), live()))
        if ((old?.value ?? undefined) !== (expected === undefined ? undefined : JSON.stringify(expected))) return false
        await tx.insert(t).values({ key: name(key), ...row }).onConflictDoUpdate({ target: t.key, set: row })
        return true
      })
    },
    async *list(prefix?: KvKey): AsyncIterable<KvStoreListEntry> {
      const begin = prefix && prefix.length ? name(prefix).slice(0, -1) : '['
      let after = ''
      for (;;) { // page by page: no iterator stays open over somebody else's await
        const rows = await store.read.select({ key: t.key, value: t.value }).from(t)
          .where(and(gt(t.key, after), sql`substr(${t.key}, 1, ${sql.raw(String([...begin].length))}) = ${begin}`, live())).orderBy(t.key).limit(200)
        for (const r of rows) {
          const key = JSON.parse(r.key) as unknown as KvKey
          if (!prefix || prefix.every((p, i) => key[i] === p)) yield { key, value: JSON.parse(r.value) as unknown }
        }
        if (rows.length < 200) return
        after = rows.at(-1)!.key
      }
    },
    /** Deletes what has ended. */
    async sweep() { await store.auto.delete(t).where(lte(t.expires, clock.now())) },
  }
}
