/**
 * One server or worker process on a SQLite file. The lock is an exclusive transaction on a small database beside it: the
 * operating system lets go of it when the process ends, however it ends, so no stale lock can be left behind.
 */
import Database from 'better-sqlite3'
import { StartRefused } from '../kernel/errors.ts'

/** Holds the lock until the returned function is called. Throws StartRefused when another process has it. */
export function lockDatabase(file: string): () => void {
  if (file === ':memory:') return () => {}
  const lock = new Database(`${file}.lock`, { timeout: 0 })
  try {
    lock.pragma('journal_mode = DELETE')
    lock.exec('BEGIN EXCLUSIVE')
  } catch (e) {
    lock.close()
    if ((e as { code?: string }).code?.startsWith('SQLITE_BUSY')) {
      throw new StartRefused(`another Toadlane server or worker is running on ${file}; stop it first (several processes need PostgreSQL)`)
    }
    throw e
  }
  return () => { lock.close() }
}
