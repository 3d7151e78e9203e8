/**
 * One server or worker process on a SQLite file. The lock is an exclusive transaction on a small database beside it: the
 * operating system lets go of it when the process ends, however it ends, so no stale lock can be left behind.
 */
import { existsSync, mkdirSync } from 'node:fs'
import path from 'node:path'
import Database from 'better-sqlite3'
import { codeOf, StartRefused } from '../kernel/errors.ts'

/** What this process has locked. Kept here, because a connection that nobody holds on to is collected, and its lock with it. */
const mine = new Map<string, Database.Database>()
const lockOf = (file: string) => `${path.resolve(file)}.lock`

/** Holds the lock until the returned function is called. Throws StartRefused when another process has it, or it cannot be made. */
export function lockDatabase(file: string): () => void {
  if (file === ':memory:') return () => {}
  const at = lockOf(file)
  const taken = new StartRefused(`another Toadlane server or worker is running on ${file}; stop it first (several processes need PostgreSQL)`)
  if (mine.has(at)) throw taken
  let lock: Database.Database | undefined
  try {
    mkdirSync(path.dirname(at), { recursive: true, mode: 0o700 })
    lock = new Database(at, { timeout: 500 }) // somebody may just be looking whether it is locked
    lock.pragma('journal_mode = DELETE')
    lock.exec('BEGIN EXCLUSIVE')
  } catch (e) {
    lock?.close()
    if (codeOf(e)?.startsWith('SQLITE_BUSY')) throw taken
    throw new StartRefused(`DATABASE_URL: ${file} cannot be used (${codeOf(e) ?? 'unknown reason'} at ${at})`)
  }
  mine.set(at, lock)
  return () => {
    mine.get(at)?.close()
    mine.delete(at)
  }
}

export const isLockedHere = (file: string): boolean => mine.has(lockOf(file))

/** Does another process hold the lock just now? */
export function isLockedElsewhere(file: string): boolean {
  const at = lockOf(file)
  if (mine.has(at) || !existsSync(at)) return false
  let look: Database.Database | undefined
  try {
    look = new Database(at, { readonly: true, fileMustExist: true, timeout: 0 })
    look.pragma('schema_version')
    return false
  } catch (e) {
    return codeOf(e)?.startsWith('SQLITE_BUSY') ?? false
  } finally { look?.close() }
}
