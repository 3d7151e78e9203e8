/**
 * What a database driver throws, made fit for the rest: outages become Problems with 503, everything else a DatabaseError
 * that holds no parameter and no row. Drizzle's own wrapper (its message lists all parameters) is never made.
 */
import { PgPreparedQuery } from 'drizzle-orm/pg-core'
import { SQLitePreparedQuery } from 'drizzle-orm/sqlite-core'
import { codeOf, Problem, StartRefused } from '../kernel/errors.ts'

/** A statement failed: the driver's message and code (`SQLITE_CONSTRAINT_UNIQUE`, `23505`) and the SQL without its parameters. */
export class DatabaseError extends Error {
  readonly code: string | undefined
  readonly statement: string | undefined
  constructor(message: string, code?: string, statement?: string) {
    super(message)
    this.name = 'DatabaseError'
    this.code = code
    this.statement = statement
  }
}

/** Code that uses the store wrongly: it must be changed. */
export class Misuse extends Error {
  constructor(message: string, options?: ErrorOptions) { super(message, options); this.name = 'Misuse' }
}

/** The disk is full or does not work any more. */
const FULL = /^(SQLITE_FULL|SQLITE_IOERR.*|ENOSPC|EDQUOT|53100|58030)$/
const BUSY = /^(SQLITE_BUSY.*|SQLITE_LOCKED.*|55P03)$/
/** PostgreSQL is not there, is going or is only coming up: connection errors (class 08), shutdown, too many connections. */
const GONE = /^(ECONN.*|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOST.*|ENET.*|08...|57P0[1-5]|53300|25P03)$/
const GONE_WORDS = /connection terminated|connection ended|not queryable|timeout exceeded when trying to connect|client was closed|after calling end on the (pool|client)/i
const NUL = /^(22021|22P05)$/
/** Lost a race (serialisation failure), deadlock: the same again will do. */
const LOST_RACE = /^(40001|40P01)$/

export const isBusy = (e: unknown): boolean => BUSY.test(codeOf(e) ?? '')
export const isLostRace = (e: unknown): boolean => LOST_RACE.test(codeOf(e) ?? '')
export const isGone = (e: unknown): boolean => e instanceof Problem && e.code === 'database-gone'

/** A driver's error as what the callers get. What is no driver's error any more comes back as it is. */
export function failure(e: unknown, statement?: string): unknown {
  if (!(e instanceof Error) || [Problem, StartRefused, DatabaseError, Misuse].some((own) => e instanceof own)) return e
  const code = codeOf(e)
  const cause = new DatabaseError(e.message, code, statement)
  const unavailable = (name: string, message: string) => new Problem(name, message, { status: 503, cause })
  if (FULL.test(code ?? '')) return unavailable('storage-full', 'the disk of the database is full or failing: nothing was changed')
  if (BUSY.test(code ?? '')) return unavailable('busy', 'the database is held by another process for too long: nothing was changed, try again')
  if (GONE.test(code ?? '') || GONE_WORDS.test(e.message)) return unavailable('database-gone', 'the database cannot be reached: try again')
  if (/database connection is not open/.test(e.message)) return unavailable('closing', 'the database is being closed')
  if (NUL.test(code ?? '')) return nulRefused()
  return cause
}

export const nulRefused = () => new Problem('nul-in-text', 'a text must not contain the character NUL (U+0000)', { status: 422 })

/** NUL is refused at the door on both engines: PostgreSQL cannot hold it, and what SQLite holds must fit there too. */
export function refuseNul(text: string): void {
  if (text.includes('\0')) throw nulRefused()
}

/** Drizzle wraps each failure in an error whose message lists the parameters; this is the one place where it does so. */
interface Inner { queryWithCache(text: string, params: unknown[], query: () => Promise<unknown>): Promise<unknown> }
for (const prepared of [SQLitePreparedQuery.prototype, PgPreparedQuery.prototype] as unknown as Inner[]) {
  if (typeof prepared.queryWithCache !== 'function') throw new Error('drizzle-orm has changed: see src/store/failures.ts')
  prepared.queryWithCache = async (text, _params, query) => {
    try { return await query() } catch (e) { throw failure(e, text) }
  }
}
