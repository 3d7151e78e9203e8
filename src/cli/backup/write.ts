import { createWriteStream } from 'node:fs'
import { open, rename, rm, stat } from 'node:fs/promises'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { sql } from 'drizzle-orm'
import type { Db, Store } from '../../store/store.ts'
import { FORMAT, schemaOf, tablesInOrder, type Head, type TableShape, type Value } from './format.ts'

/** Rows read at once. A stored document may have a megabyte. */
const PAGE = 100

export interface Written { rows: number; bytes: number; made: string }

/**
 * Writes the database as it is at this moment, while others go on writing, to a file that is there whole or not at all and that
 * only its owner may read.
 */
export async function writeBackup(store: Store, file: string, o: { origin: string; root: string }): Promise<Written> {
  const { version } = JSON.parse(readFileSync(path.join(o.root, 'package.json'), 'utf8')) as { version: string }
  const made = new Date().toISOString()
  const draft = `${file}.part`
  let rows = 0
  try {
    await store.snapshot(async (db) => {
      const { engine } = store
      const head: Head = { format: FORMAT, made, version, engine, origin: o.origin, schema: schemaOf(o.root, engine), serials: await serialsOf(engine, db) }
      const lines = async function* () {
        yield `${JSON.stringify(head)}\n`
        for (const table of tablesInOrder()) {
          yield `${JSON.stringify({ table: table.name, columns: table.columns })}\n`
          for await (const page of pages(store.engine, db, table)) {
            rows += page.length
            yield page.map((row) => `${JSON.stringify(table.columns.map((c) => row[c] ?? null))}\n`).join('')
          }
        }
        yield `${JSON.stringify({ end: true, rows })}\n`
      }
      await pipeline(Readable.from(lines()), createGzip(), createWriteStream(draft, { mode: 0o600 }))
    })
    const f = await open(draft, 'r+')
    try { await f.sync() } finally { await f.close() }
    await rename(draft, file)
    return { rows, bytes: (await stat(file)).size, made }
  } catch (e) {
    await rm(draft, { force: true }).catch(() => {})
    throw e
  }
}

async function serialsOf(engine: Store['engine'], db: Db): Promise<Record<string, number>> {
  const found: Record<string, number> = {}
  for (const { name, serial } of tablesInOrder()) {
    if (serial === undefined) continue
    const query = engine === 'sqlite' ? sql`select seq as n from sqlite_sequence where name = ${name}`
      : sql`select coalesce(last_value, 0) as n from pg_sequences where schemaname = current_schema()
          and format('%I.%I', schemaname, sequencename) = pg_get_serial_sequence(${name}, ${serial})`
    const [row] = await db.rows<{ n: number }>(query)
    if (row) found[name] = Number(row.n)
  }
  return found
}

async function* pages(engine: Store['engine'], db: Db, table: TableShape): AsyncGenerator<Record<string, Value>[]> {
  const name = sql.identifier(table.name), columns = sql.join(table.columns.map((c) => sql.identifier(c)), sql`, `)
  if (engine === 'postgres') {
    await db.rows(sql`declare backup no scroll cursor for select ${columns} from ${name}`)
    for (;;) {
      const page = await db.rows<Record<string, Value>>(sql`fetch ${sql.raw(String(PAGE))} from backup`)
      if (page.length) yield page
      if (page.length < PAGE) break
    }
    await db.rows(sql`close backup`)
    return
  }
  for (let after = -1; ;) {
    const query = sql`select rowid as backup_row, ${columns} from ${name} where rowid > ${after} order by rowid limit ${PAGE}`
    const page = await db.rows<Record<string, Value> & { backup_row: number }>(query)
    if (page.length) yield page
    const last = page.at(-1)
    if (page.length < PAGE || !last) return
    after = last.backup_row
  }
}
