/**
 * Stored documents: the JSON of every local object, serialised when it changes and served as it stands.
 * A GET is one point read on the primary key, with no JSON-LD work.
 */
import { createHash } from 'node:crypto'
import { and, eq, gt, gte, lt, sql } from 'drizzle-orm'
import type { Clock } from '../kernel/time.ts'
import { prepared, upserter } from './prepared.ts'
import type { Db, Store } from './store.ts'
import { storeTables } from './tables.ts'

export interface StoredDocument { id: string; json: string; etag: string; revision: number; changed: Date; gone: boolean }

/** Strong validator of a document's bytes (RFC 9110 section 8.8.3), quotes included. */
export const etagOf = (json: string): string => `"${createHash('sha256').update(json).digest('base64url').slice(0, 22)}"`

export function documents(store: Store, clock: Clock) {
  const t = storeTables(store.kit).documents
  const find = prepared('document_find', (db) => db.select({ etag: t.etag, revision: t.revision, gone: t.gone }).from(t).where(eq(t.id, sql.placeholder('id'))))
  const read = prepared('document_read', (db) => db.select().from(t).where(eq(t.id, sql.placeholder('id'))))
  const save = upserter('document_save', t, t.id)
  const put = async (tx: Db, id: string, json: string, gone: boolean): Promise<{ revision: number; changed: boolean }> => {
    const etag = etagOf(json)
    const [old] = await find(tx, { id })
    if (old && old.etag === etag && old.gone === gone) return { revision: old.revision, changed: false }
    const row = { json, etag, revision: (old?.revision ?? 0) + 1, changed: clock.now(), gone }
    await save(tx, { id, ...row })
    return { revision: row.revision, changed: true }
  }
  return {
    /** Stores what is served at `id` from now on. Unchanged bytes leave revision and time alone. */
    put: (tx: Db, id: string, document: object) => put(tx, id, JSON.stringify(document), false),
    /** Leaves a Tombstone, served with 410 (WIRE.md 1.4). `formerType` is the AS2 type it had. */
    bury: (tx: Db, id: string, formerType: string, context: unknown = 'https://www.w3.org/ns/activitystreams') =>
      put(tx, id, JSON.stringify({ '@context': context, id, type: 'Tombstone', formerType, deleted: clock.now().toISOString() }), true),
    async get(id: string): Promise<StoredDocument | undefined> { return (await read(store.read, { id }))[0] },
    /** The ids of documents whose id begins so, ascending, after `after`: for rewriting them page by page. */
    async ids(prefix: string, after = '', limit = 500): Promise<string[]> {
      const rows = await store.read.select({ id: t.id }).from(t)
        .where(and(gt(t.id, after), gte(t.id, prefix), lt(t.id, `${prefix}\u{10ffff}`))).orderBy(t.id).limit(limit)
      return rows.map((r) => r.id)
    },
  }
}
export type Documents = ReturnType<typeof documents>
