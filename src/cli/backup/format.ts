/**
 * A backup is gzipped JSON Lines: a head, then for each table a line that names it and its columns followed by its rows as
 * arrays, parents before children, and an end that counts them. Values are as `Db.rows` has them on both engines: instants in
 * milliseconds, flags 0 and 1, JSON as text. So a backup of one engine fills the other.
 */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { gunzipSync } from 'node:zlib'
import { getTableName } from 'drizzle-orm'
import { getTableConfig, type SQLiteTable } from 'drizzle-orm/sqlite-core'
import { allTables } from '../../schema.ts'
import { sqliteKit } from '../../store/kit.ts'

export const FORMAT = 'toadlane-backup/1'
export interface Head {
  format: typeof FORMAT
  made: string
  version: string
  engine: string
  origin: string
  /** Names of the migrations that made its tables. */
  schema: string[]
  /** Last number given by each table that counts its rows: never given again. */
  serials: Record<string, number>
}
export interface TableLine { table: string; columns: string[] }
export interface End { end: true; rows: number }
export type Value = string | number | null

/** Does a file that begins so hold a backup? */
export function isBackup(head: Buffer): boolean {
  if (head[0] !== 0x1f || head[1] !== 0x8b) return false
  try { return gunzipSync(head, { finishFlush: 2 }).subarray(0, 60).includes(`"format":"${FORMAT}"`) } catch { return false } // 2: what there is of it
}

/** The names of an engine's migrations, in order: the same names on both, because both come of one schema. */
export function schemaOf(root: string, engine: string): string[] {
  const journal = readFileSync(path.join(root, 'drizzle', engine, 'meta', '_journal.json'), 'utf8')
  return (JSON.parse(journal) as { entries: { tag: string }[] }).entries.map((e) => e.tag)
}

export interface TableShape { name: string; columns: string[]; /** The column whose numbers the database gives. */ serial: string | undefined }

/** Every table, parents before children. Tables that are made from others (search) are not among them. */
export function tablesInOrder(): TableShape[] {
  const left = new Map<string, SQLiteTable>(Object.values(allTables(sqliteKit)).map((t) => [getTableName(t), t as SQLiteTable]))
  const order: TableShape[] = []
  while (left.size) {
    const before = left.size
    for (const [name, table] of left) {
      const { columns, foreignKeys } = getTableConfig(table)
      if (foreignKeys.some((f) => { const parent = getTableName(f.reference().foreignTable); return parent !== name && left.has(parent) })) continue
      order.push({ name, columns: columns.map((c) => c.name), serial: columns.find((c) => 'autoIncrement' in c && c.autoIncrement === true)?.name })
      left.delete(name)
    }
    if (left.size === before) throw new Error(`tables refer to each other in a circle: ${[...left.keys()].join(', ')}`)
  }
  return order
}
