import Database from 'better-sqlite3'
import { SQLiteAsyncDialect } from 'drizzle-orm/sqlite-core'
import { drizzle } from 'drizzle-orm/sqlite-proxy'
import { drizzle as direct } from 'drizzle-orm/better-sqlite3'
import { migrate as applyMigrations } from 'drizzle-orm/better-sqlite3/migrator'
import { sqliteKit } from './kit.ts'
import { transactions, type Db, type Store } from './store.ts'

type Connection = Database.Database
/** Runs a statement; `arrays` for Drizzle's builders, `objects` for raw SQL. */
type Run = (text: string, params: unknown[], shape: 'arrays' | 'objects') => unknown[] | Promise<unknown[]>

function runner(c: Connection): Run {
  const kept = new Map<string, Database.Statement<unknown[]>>() // prepared statements, by their text
  return (text, params, shape) => {
    let st = kept.get(text)
    if (!st) {
      st = c.prepare(text)
      if (kept.size >= 500) kept.clear()
      kept.set(text, st)
    }
    if (!st.reader) { st.run(...params); return [] }
    return st.raw(shape === 'arrays').all(...params)
  }
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
      return run(sql, params, 'objects')
    },
  }) as unknown as Db
}

export function sqliteStore(file: string): Store {
  const open = (readonly: boolean): Connection => {
    const c = new Database(file, { readonly, timeout: 5000 })
    if (!readonly) c.pragma('journal_mode = WAL')
    c.pragma('synchronous = NORMAL')
    c.pragma('foreign_keys = ON')
    if (!readonly) c.pragma('secure_delete = ON') // deleted personal data must not stay in free pages
    return c
  }
  // Exactly one writing connection a process: a second one would freeze the event loop waiting for the first.
  const writer = open(false)
  const reader = file === ':memory:' ? writer : open(true)
  const tx = transactions<Connection>()
  const onWriter = runner(writer)
  const onReader = runner(reader)
  const writeDb = database(onWriter)

  let tail: Promise<unknown> = Promise.resolve()
  const write: Store['write'] = (fn) => {
    const outer = tx.current()
    if (outer) return fn(outer.db) // joins: a second BEGIN would wait for itself for ever
    const run = tail.then(async () => {
      writer.exec('BEGIN IMMEDIATE')
      try {
        const result = await tx.run(writer, writeDb, fn)
        writer.exec('COMMIT')
        return result
      } catch (e) {
        if (writer.inTransaction) writer.exec('ROLLBACK') // a full disk has rolled back by itself
        throw e
      }
    })
    tail = run.catch(() => {})
    return run
  }

  return {
    engine: 'sqlite',
    kit: sqliteKit,
    write,
    read: database((...q) => (tx.current() ? onWriter : onReader)(...q)),
    auto: database((...q) => {
      if (tx.current()) return onWriter(...q)
      if (/^\s*select\b/i.test(q[0])) return onReader(...q)
      return write(async () => onWriter(...q))
    }),
    async version() { return reader.pragma('data_version', { simple: true }) as number },
    async migrate(folder) {
      // Drizzle runs all migrations in one transaction, where `PRAGMA foreign_keys=OFF` does nothing: with foreign keys on,
      // a table rebuild (DROP TABLE) cascades and empties the child tables. So: off before, checked after.
      writer.pragma('foreign_keys = OFF')
      try {
        applyMigrations(direct(writer), { migrationsFolder: folder })
        const broken = writer.pragma('foreign_key_check') as unknown[]
        if (broken.length) throw new Error(`migration left ${broken.length} broken references: ${JSON.stringify(broken.slice(0, 3))}`)
      } finally {
        writer.pragma('foreign_keys = ON')
      }
    },
    async close() {
      await tail
      if (reader !== writer) reader.close()
      writer.close()
    },
  }
}
