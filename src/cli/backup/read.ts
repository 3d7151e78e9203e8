import { cpSync, createReadStream, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pipeline } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { sql, type SQL } from 'drizzle-orm'
import { codeOf, Problem, StartRefused } from '../../kernel/errors.ts'
import { getMeta } from '../../store/meta.ts'
import { openStore } from '../../store/open.ts'
import type { Db, Store } from '../../store/store.ts'
import { headOf } from '../../directory/import/encoding.ts'
import { isBackup, schemaOf, tablesInOrder, type End, type Head, type TableLine, type Value } from './format.ts'

export interface Restored { rows: number; made: string; version: string; origin: string | undefined; secretMark: string | undefined }
const broken = (reason: string, cause?: unknown) => new Problem('bad-backup', reason, { status: 422, field: 'file', cause })

/**
 * Fills an empty database in one transaction: all of the backup, or nothing. One of an older version is filled as it was then
 * and brought up to date. Problems: `bad-backup` (none, cut off, of a newer version), `not-empty` (409).
 */
export async function restoreBackup(databaseUrl: string, file: string, root: string): Promise<Restored> {
  const engine = /^postgres(ql)?:/.test(databaseUrl) ? 'postgres' : 'sqlite'
  const head = await readHead(file)
  const known = schemaOf(root, engine)
  if (head.schema.some((tag, i) => tag !== known[i])) throw broken(`it was made by a newer version of Toadlane (${head.version}): restore it with that one`)
  const then = head.schema.length < known.length ? olderMigrations(root, engine, head.schema.length) : path.join(root, 'drizzle')
  try {
    const store = await openStore(databaseUrl, then).catch((e: unknown) => {
      // Tables of today where tables of then are wanted: somebody has started on it.
      throw e instanceof StartRefused && /newer version/.test(e.message) ? notEmpty() : e
    })
    try {
      await refuseFull(store)
      const rows = await store.write((tx) => fill(store, tx, file, head), { limit: Infinity })
      await store.migrate(path.join(root, 'drizzle', engine))
      return { rows, made: head.made, version: head.version, origin: await getMeta(store, 'origin'), secretMark: await getMeta(store, 'secretMark') }
    } finally { await store.close() }
  } finally { if (then !== path.join(root, 'drizzle')) rmSync(then, { recursive: true, force: true }) }
}

async function* linesOf(file: string): AsyncGenerator<unknown> {
  const text = pipeline(createReadStream(file), createGunzip(), () => {}) // its errors come out of the loop below
  text.setEncoding('utf8')
  let rest = ''
  try {
    for await (const chunk of text as AsyncIterable<string>) {
      const lines = (rest + chunk).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) yield JSON.parse(line) as unknown
    }
    if (rest !== '') yield JSON.parse(rest) as unknown
  } catch (e) {
    throw e instanceof SyntaxError || codeOf(e)?.startsWith('Z_') ? broken('it is cut off or damaged', e) : e
  } finally { text.destroy() }
}

async function readHead(file: string): Promise<Head> {
  if (!isBackup(await headOf(file))) throw broken('it is no backup of Toadlane')
  for await (const line of linesOf(file)) return line as Head
  throw broken('it is cut off or damaged')
}

/** A copy of the migrations up to those that the backup knows. */
function olderMigrations(root: string, engine: string, count: number): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'toadlane-schema-'))
  cpSync(path.join(root, 'drizzle', engine), path.join(folder, engine), { recursive: true })
  const journal = path.join(folder, engine, 'meta', '_journal.json')
  const all = JSON.parse(readFileSync(journal, 'utf8')) as { entries: unknown[] }
  writeFileSync(journal, JSON.stringify({ ...all, entries: all.entries.slice(0, count) }))
  return folder
}

const notEmpty = () => new Problem('not-empty', 'the database is not empty: point DATABASE_URL at a new one, or put the old one aside', { status: 409 })

async function refuseFull(store: Store): Promise<void> {
  for (const { name } of tablesInOrder()) {
    if (!await hasTable(store, name)) continue
    const [row] = await store.read.rows<{ n: number }>(sql`select count(*) as n from (select 1 from ${sql.identifier(name)} limit 1) as x`)
    if (row?.n) throw notEmpty()
  }
}
const hasTable = async (store: Store, name: string): Promise<boolean> => (await columnTypes(store, store.read, name)).size > 0

/** Column → type, as the engine calls it; empty where there is no such table. */
async function columnTypes(store: Store, db: Db, table: string): Promise<Map<string, string>> {
  const query = store.engine === 'sqlite' ? sql`select name, type from pragma_table_info(${table})`
    : sql`select column_name as name, udt_name as type from information_schema.columns where table_schema = current_schema() and table_name = ${table}`
  const rows = await db.rows<{ name: string; type: string }>(query)
  return new Map(rows.map((r) => [r.name, r.type]))
}

async function fill(store: Store, tx: Db, file: string, head: Head): Promise<number> {
  let put: ((row: Value[]) => Promise<void>) | undefined
  let rows = 0
  let end: End | undefined
  const flushes: (() => Promise<void>)[] = []
  for await (const line of linesOf(file)) {
    if (Array.isArray(line)) {
      if (!put) throw broken('rows come before their table')
      await put(line as Value[])
      rows++
    } else if ((line as End).end) end = line as End
    else if (typeof (line as TableLine).table === 'string') {
      await flushes.pop()?.()
      const writer = await tableWriter(store, tx, line as TableLine)
      put = writer.put
      flushes.push(writer.flush)
    }
  }
  await flushes.pop()?.()
  if (!end || end.rows !== rows) throw broken('it is cut off: its end is missing')
  for (const { name, serial } of tablesInOrder()) if (serial !== undefined) await countOn(store, tx, name, serial, head.serials[name] ?? 0)
  return rows
}

/** The next number is above every one that was ever given: a dead letter keeps the number of its job. */
async function countOn(store: Store, tx: Db, table: string, column: string, last: number): Promise<void> {
  if (store.engine === 'postgres') {
    const highest = sql`(select coalesce(max(${sql.identifier(column)}), 0) from ${sql.identifier(table)})`
    await tx.rows(sql`select setval(pg_get_serial_sequence(${table}, ${column}), greatest(${last}::bigint, ${highest}) + 1, false)`)
    return
  }
  await tx.rows(sql`insert into sqlite_sequence (name, seq) select ${table}, 0 where not exists (select 1 from sqlite_sequence where name = ${table})`)
  await tx.rows(sql`update sqlite_sequence set seq = max(seq, ${last}) where name = ${table}`)
}

const BATCH = 50

async function tableWriter(store: Store, tx: Db, { table, columns }: TableLine): Promise<{ put(row: Value[]): Promise<void>; flush(): Promise<void> }> {
  const types = await columnTypes(store, tx, table)
  const unknown = columns.filter((c) => !types.has(c))
  if (unknown.length) throw broken(`its table ${table} has columns that this version does not know: ${unknown.join(', ')}`)
  const into = sql`insert into ${sql.identifier(table)} (${sql.join(columns.map((c) => sql.identifier(c)), sql`, `)}) values `
  const values = (row: Value[]): SQL => sql`(${sql.join(columns.map((c, i) => value(row[i] ?? null, types.get(c) ?? '', store.engine)), sql`, `)})`
  let waiting: Value[][] = []
  const flush = async (): Promise<void> => {
    if (!waiting.length) return
    const batch = waiting
    waiting = []
    await tx.rows(sql`${into}${sql.join(batch.map(values), sql`, `)}`)
  }
  return {
    flush,
    async put(row) {
      waiting.push(row)
      if (waiting.length >= BATCH) await flush()
    },
  }
}

/** What PostgreSQL keeps in types of its own; SQLite keeps values as they stand. */
function value(v: Value, type: string, engine: Store['engine']): SQL {
  if (v === null || engine === 'sqlite') return sql`${v}`
  if (type === 'timestamptz') return sql`to_timestamp(${Number(v)}::double precision / 1000)`
  if (type === 'bool') return v ? sql`true` : sql`false`
  if (type === 'jsonb') return sql`${String(v)}::jsonb`
  return sql`${v}`
}
