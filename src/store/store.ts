/**
 * The database behind one face.
 *
 *   store.read          statements on a read-only connection; inside store.write they run in that transaction
 *   store.write(fn)     the one way to change anything; one call is one transaction
 *   store.auto          for libraries that hold a Drizzle handle (better-auth): each write is a transaction of its own,
 *                       or part of the store.write that is running around it
 *
 * fn must not wait for anything but the database: on SQLite the whole instance waits for it. PostgreSQL may run it again.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { BaseSQLiteDatabase } from 'drizzle-orm/sqlite-core'
import type { SQL } from 'drizzle-orm'
import type { Kit } from './kit.ts'

/** Only what both engines have. `.transaction`, `.get/.all/.run` and `db.run` compile on one engine and break on the other. */
type Full = BaseSQLiteDatabase<'async', unknown, Record<string, never>>
export type Db = Pick<Full, 'select' | 'selectDistinct' | 'insert' | 'update' | 'delete' | '$count' | '$with' | 'with'> & {
  rows<T>(query: SQL): Promise<T[]>
}

export interface Store {
  readonly engine: 'sqlite' | 'postgres'
  readonly kit: Kit
  readonly read: Db
  readonly auto: Db
  write<T>(fn: (tx: Db) => Promise<T>): Promise<T>
  /** Changes whenever any process has committed (SQLite); undefined where the engine cannot tell, and one must look. */
  version(): Promise<number | undefined>
  migrate(folder: string): Promise<void>
  close(): Promise<void>
}

/** The transaction that the running code stands in, if any. `open` turns false at its end: what outlives it must fail loudly. */
export interface Running<C> { open: boolean; connection: C; db: Db }
export function transactions<C>() {
  const local = new AsyncLocalStorage<Running<C>>()
  return {
    current(): Running<C> | undefined {
      const now = local.getStore()
      if (now && !now.open) throw new Error('this code was started inside a transaction that has ended; await it, or start it outside')
      return now
    },
    async run<T>(connection: C, db: Db, fn: (tx: Db) => Promise<T>): Promise<T> {
      const mine: Running<C> = { open: true, connection, db }
      try { return await local.run(mine, () => fn(db)) } finally { mine.open = false }
    },
  }
}
