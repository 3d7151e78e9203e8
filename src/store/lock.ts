/**
 * One server or worker process on a SQLite file. The lock is an exclusive transaction on a small database beside it: the
 * operating system lets go of it when the process ends, however it ends, so no stale lock can be left behind.
 */
import { existsSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import Database from 'better-sqlite3'
import { codeOf, StartRefused } from '../kernel/errors.ts'
import { pause, SECOND } from '../kernel/time.ts'

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

/**
 * Manners between a server and the command line on one SQLite file. SQLite gives the file to whoever asks at the right moment, and
 * a command line that writes batch after batch would leave no such moment. So the server, once it has been turned away, puts
 * up a wish (an empty file), and guests hold back until it is gone. A wish that its process left behind is void after a moment.
 */
export function manners(file: string) {
  const wish = `${path.resolve(file)}.wish`
  const VOID = 2 * SECOND
  let up = 0
  return {
    /** The server is waiting. May be called again and again. */
    wait(): void {
      if (!isLockedHere(file) || Date.now() - up < VOID / 4) return
      up = Date.now()
      try { writeFileSync(wish, '') } catch { /* a full disk: it comes in sooner or later */ }
    },
    /** The server has been let in, or has given up. */
    thank(): void {
      if (up === 0) return
      up = 0
      rmSync(wish, { force: true })
    },
    /** Before a guest writes: lets a waiting server go first. */
    async yield(): Promise<void> {
      if (isLockedHere(file)) return
      for (let n = 0; n < 200 && Date.now() - (statSync(wish, { throwIfNoEntry: false })?.mtimeMs ?? 0) < VOID; n++) await pause(5)
    },
  }
}
