import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import Database from 'better-sqlite3'
import { SQLiteAsyncDialect } from 'drizzle-orm/sqlite-core'
import { drizzle } from 'drizzle-orm/sqlite-proxy'
import { Problem, StartRefused } from '../kernel/errors.ts'
import { pause, SECOND } from '../kernel/time.ts'
import { failure, isBusy, refuseNul } from './failures.ts'
import { sqliteKit } from './kit.ts'
import { isLockedElsewhere, manners } from './lock.ts'
import { pendingMigrations, readMigrations, type Applied } from './migrations.ts'
import { closing, type Db, type Store } from './store.ts'
import { transactions } from './transactions.ts'

type Connection = Database.Database
/** Runs a statement; `arrays` for Drizzle's builders, `objects` for raw SQL. */
type Run = (text: string, params: unknown[], shape: 'arrays' | 'objects') => unknown[] | Promise<unknown[]>

/** Writes need no turn of the event loop, so that a row of them would stop sockets and timers: after this long they are let through. */
const BREATH = 10

/** How long a write waits for another process before it gives up. */
const BUSY_FOR = 10 * SECOND

/** What SQLite can bind: flags as 0 and 1, instants as milliseconds. NUL is refused. The same array where nothing needs a change. */
function bindable(params: unknown[]): unknown[] {
  let odd = false
  for (const p of params) {
    if (typeof p === 'string') refuseNul(p)
    else if (typeof p === 'boolean' || p === undefined || p instanceof Date) odd = true
  }
  return odd ? params.map((p) => (p instanceof Date ? p.getTime() : typeof p === 'boolean' ? Number(p) : p ?? null)) : params
}

function runner(c: Connection) {
  const kept = new Map<string, Database.Statement<unknown[]>>() // prepared statements, by their text
  const run = (text: string, params: unknown[], shape: 'arrays' | 'objects'): unknown[] => {
    const values = bindable(params)
    let st = kept.get(text)
    if (!st) {
      st = c.prepare(text)
      if (kept.size >= 500) kept.clear()
      kept.set(text, st)
    }
    if (!st.reader) { st.run(...values); return [] }
    return st.raw(shape === 'arrays').all(...values)
  }
  return { run, forget: () => kept.clear() }
}

/** sqlite-proxy is Drizzle's asynchronous SQLite front: honest types under `await`, and one place where each statement is routed. */
function database(run: Run): Db {
  const db = drizzle(async (text, params, method) => {
    const rows = await run(text, params, 'arrays')
    return { rows: (method === 'get' ? rows[0] : rows) as unknown[] }
  })
  const dialect = new SQLiteAsyncDialect()
  return Object.assign(db, {
    rows: async (query: Parameters<Db['rows']>[0]) => {
      const { sql, params } = dialect.sqlToQuery(query)
      try { return await run(sql, params, 'objects') } catch (e) { throw failure(e, sql) }
    },
  }) as unknown as Db
}

function connect(file: string, readonly: boolean): Connection {
  const c = new Database(file, { readonly, timeout: 5 * SECOND })
  try {
    if (!readonly) c.pragma('journal_mode = WAL')
    c.pragma('synchronous = NORMAL')
    c.pragma('foreign_keys = ON')
    if (!readonly) {
      c.pragma('secure_delete = ON') // deleted personal data must not stay in free pages
      c.pragma(`journal_size_limit = ${64 * 1024 * 1024}`)
    }
    return c
  } catch (e) { c.close(); throw e }
}

/** `:memory:` is a file in the temporary folder that goes when the store is closed: two connections must see one database. */
export function sqliteStore(place: string): Store {
  const folder = place === ':memory:' ? mkdtempSync(path.join(tmpdir(), 'toadlane-memory-')) : undefined
  const file = folder ? path.join(folder, 'memory.db') : place
  // Exactly one writing connection a process: a second one would freeze the event loop waiting for the first.
  const writer = connect(file, false)
  const reader = connect(file, true)
  writer.pragma('busy_timeout = 0') // a wait inside SQLite stops everything: we wait outside of it, in `begin`
  const onWriter = runner(writer)
  const onReader = runner(reader)
  const { wait, thank, yield: letOthers } = manners(file)
  const begin = writer.prepare('BEGIN IMMEDIATE'), commit = writer.prepare('COMMIT'), rollback = writer.prepare('ROLLBACK')

  const tx = transactions<Connection>(() => inWrite, (c, text) => {
    if (!c.inTransaction) throw tx.failedBefore(undefined)
    try { c.exec(text) } catch (e) { throw failure(e, text) }
  })
  const inside: Run = (text, params, shape) => {
    const now = tx.current()
    if (!now) throw tx.outside()
    if (/^\s*rollback\s+to\b/i.test(text)) now.doomed = undefined
    // A full disk makes SQLite roll back by itself; a statement after that would be kept at once, on its own.
    if (now.doomed !== undefined || !writer.inTransaction) throw tx.failedBefore(now.doomed)
    try { return onWriter.run(text, params, shape) } catch (e) { throw (now.doomed = failure(e, text)) }
  }
  const inWrite = database(inside)

  function giveBack(): void {
    try { if (writer.inTransaction) rollback.run() } catch { /* tried again before the next one begins */ }
  }
  async function start(limit = BUSY_FOR): Promise<void> {
    await letOthers()
    try {
      for (let ms = 1, until = Date.now() + Math.min(limit, BUSY_FOR); ; ms = Math.min(ms * 2, 6)) {
        giveBack()
        try { begin.run(); return } catch (e) { if (!isBusy(e) || Date.now() > until) throw failure(e, 'BEGIN') }
        wait()
        await pause(ms * (0.5 + Math.random()))
      }
    } finally { thank() }
  }

  let begun = 0
  async function breathe(): Promise<void> {
    if (performance.now() - begun < BREATH) return
    await new Promise((done) => setImmediate(done))
    begun = performance.now()
  }

  let tail: Promise<unknown> = Promise.resolve()
  let closed: Promise<void> | undefined
  const write: Store['write'] = (fn, options) => {
    const outer = tx.current()
    if (outer) return tx.nested(outer, fn) // a second BEGIN would wait for itself for ever
    if (closed) return Promise.reject(new Problem('closing', closing, { status: 503 }))
    const run = tail.then(async () => {
      await breathe()
      await start(options?.limit)
      try {
        const { result, committed } = await tx.run(writer, fn, options)
        if (!writer.inTransaction) throw tx.failedBefore(undefined)
        try { commit.run() } catch (e) { throw failure(e, 'COMMIT') }
        committed()
        return result
      } finally { giveBack() }
    })
    tail = run.catch(() => {})
    return run
  }

  async function shut(): Promise<void> {
    await tail
    try { writer.pragma('analysis_limit = 400'); writer.pragma('optimize') } catch { /* another process writes: next time */ }
    reader.close()
    writer.close()
    if (folder) rmSync(folder, { recursive: true, force: true })
  }

  return {
    engine: 'sqlite',
    kit: sqliteKit,
    write,
    read: database((...q) => (tx.current() ? inside : onReader.run)(...q)),
    auto: database((...q) => {
      if (tx.current()) return inside(...q)
      if (/^\s*select\b/i.test(q[0])) return onReader.run(...q)
      return write(async () => inside(...q))
    }),
    async snapshot(fn) {
      const own = connect(file, true)
      try {
        own.exec('BEGIN')
        own.pragma('schema_version') // a view begins with its first read
        return await fn(database(runner(own).run))
      } finally { own.close() }
    },
    afterCommit: tx.afterCommit,
    async version() { return reader.pragma('data_version', { simple: true }) as number },
    async ping() {
      if (closed) throw new Problem('closing', closing, { status: 503 })
      try { for (const c of [reader, writer]) c.pragma('user_version') } catch (e) { throw failure(e) }
    },
    async migrate(folder) {
      if (!pendingMigrations(appliedTo(writer), readMigrations(folder)).length) return
      if (isLockedElsewhere(file)) await othersMigrate(file, () => pendingMigrations(appliedTo(writer), readMigrations(folder)).length > 0)
      migrate(writer, folder)
      onWriter.forget()
      onReader.forget()
    },
    close: () => (closed ??= shut()),
  }
}

/** A server that starts at the same time may be about to migrate; one that runs already will not. */
async function othersMigrate(file: string, pending: () => boolean): Promise<void> {
  for (let n = 0; n < 50; n++) {
    await pause(100)
    if (!pending() || !isLockedElsewhere(file)) return
  }
  throw new StartRefused(`a Toadlane server of another version is running on ${file}: stop it first, so that the database can be changed`)
}

const TABLE = '__drizzle_migrations' // Drizzle's own, so that its tools can read the database too

function appliedTo(c: Connection): Applied[] {
  const names = c.prepare("select name from sqlite_master where type = 'table' and name not like 'sqlite_%'").pluck().all() as string[]
  if (names.length && !names.includes(TABLE)) throw new StartRefused('DATABASE_URL: the file is the database of another program')
  return names.length ? c.prepare(`select created_at as at, hash from ${TABLE} order by created_at`).all() as Applied[] : []
}

function migrate(c: Connection, folder: string): void {
  // Inside a transaction `PRAGMA foreign_keys=OFF` does nothing, and with foreign keys on a table rebuild (DROP TABLE) cascades
  // and empties the child tables. So: off before, checked before the commit.
  c.pragma('foreign_keys = OFF')
  c.pragma(`busy_timeout = ${30 * SECOND}`)
  try {
    c.transaction(() => {
      const pending = pendingMigrations(appliedTo(c), readMigrations(folder)) // again: another process may have been first
      c.exec(`create table if not exists ${TABLE} (id integer primary key autoincrement, hash text not null, created_at numeric)`)
      for (const m of pending) {
        for (const statement of m.statements) c.exec(statement)
        c.prepare(`insert into ${TABLE} (hash, created_at) values (?, ?)`).run(m.hash, m.at)
      }
      const broken = c.pragma('foreign_key_check') as unknown[]
      if (broken.length) throw new Error(`the migrations leave ${broken.length} broken references: ${JSON.stringify(broken.slice(0, 3))}`)
    }).immediate()
  } finally {
    c.pragma('busy_timeout = 0')
    c.pragma('foreign_keys = ON')
  }
}
