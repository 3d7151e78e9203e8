/** Which migrations are still to be applied, and which databases are none of ours. */
import { readMigrationFiles } from 'drizzle-orm/migrator'
import { StartRefused } from '../kernel/errors.ts'

export interface Migration { at: number; hash: string; statements: string[] }
/** A row of Drizzle's table of applied migrations. `at`: the time in the journal, which names the migration. */
export interface Applied { at: number; hash: string }

export const readMigrations = (folder: string): Migration[] =>
  readMigrationFiles({ migrationsFolder: folder }).map((m) => ({ at: m.folderMillis, hash: m.hash, statements: m.sql.map((s) => s.trim()).filter((s) => s !== '') }))

/**
 * What has to be applied, in order. Throws StartRefused for a database that a newer version has changed (going back could lose
 * what only the newer one knows) and for one whose history is another than this version's.
 */
export function pendingMigrations(applied: readonly Applied[], known: readonly Migration[]): Migration[] {
  // The SQL is what counts: before the first release the same migration is written anew, with another time, again and again.
  const unknown = [...applied]
  const pending = known.filter((m) => {
    const at = unknown.findIndex((a) => a.hash === m.hash)
    if (at >= 0) unknown.splice(at, 1)
    return at < 0
  })
  if (!unknown.length) return pending
  const last = known.at(-1)?.at ?? 0
  if (unknown.every((a) => a.at > last)) {
    throw new StartRefused(`the database was changed by a newer version of Toadlane (${unknown.length} migration${unknown.length > 1 ? 's' : ''} that this one does not know): `
      + 'start that version, or restore a backup made by this one')
  }
  throw new StartRefused('the database was made by another line of Toadlane (its migrations are not this version\'s): '
    + 'use another DATABASE_URL, or take the data over with export and import')
}
