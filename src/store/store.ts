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
import type { BaseSQLiteDatabase } from 'drizzle-orm/sqlite-core'
import type { SQL } from 'drizzle-orm'
import type { Kit } from './kit.ts'

/** Only what both engines have. `.transaction`, `.get/.all/.run` and `db.run` compile on one engine and break on the other. */
type Full = BaseSQLiteDatabase<'async', unknown, Record<string, never>>
export type Db = Pick<Full, 'select' | 'selectDistinct' | 'insert' | 'update' | 'delete' | '$count' | '$with' | 'with'> & {
  /**
   * Raw SQL. Rows look alike on both engines: instants as milliseconds, flags as 0 and 1, JSON as text, all numbers as numbers.
   * A Date or a boolean among the parameters may stand as it is where it is compared with a column of its kind.
   */
  rows<T>(query: SQL): Promise<T[]>
}

export interface WriteOptions {
  /** Given up after so many ms (30 s unless told; Infinity for restoring a backup). */
  limit?: number
}

/**
 * Failures that callers meet: Problem `storage-full`, `busy`, `database-gone`, `closing`, `write-too-long` (all 503: nothing was
 * changed, except that a connection lost in the middle of COMMIT leaves it open whether it was), `nul-in-text` (422), and
 * DatabaseError for the rest.
 */
export interface Store {
  readonly engine: 'sqlite' | 'postgres'
  readonly kit: Kit
  readonly read: Db
  readonly auto: Db
  /**
   * Runs `fn` in one transaction. A write inside a write is a part of it: when the inner one fails and somebody catches that,
   * nothing of the inner one is left and the outer one goes on. Inner writes that are started side by side take turns.
   */
  write<T>(fn: (tx: Db) => Promise<T>, options?: WriteOptions): Promise<T>
  /** Runs `fn` on one unchanging view of the database, read-only, while writes go on. */
  snapshot<T>(fn: (db: Db) => Promise<T>): Promise<T>
  /** Calls `hook` once the transaction around it is committed; at once where there is none; never after a rollback. */
  afterCommit(hook: () => void): void
  /** Changes whenever any process has committed (SQLite); undefined where the engine cannot tell, and one must look. */
  version(): Promise<number | undefined>
  /** Fails with a Problem (503) when the database does not answer. */
  ping(): Promise<void>
  /** Brings the schema up to the migrations in `folder`. Throws StartRefused where that cannot be. */
  migrate(folder: string): Promise<void>
  /** Lets running writes end, refuses new ones. May be called twice. */
  close(): Promise<void>
}

export const closing = 'the database is being closed'
