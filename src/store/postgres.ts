import pg from 'pg'
import { drizzle } from 'drizzle-orm/node-postgres'
import { PgDialect } from 'drizzle-orm/pg-core'
import { codeOf, Problem, StartRefused } from '../kernel/errors.ts'
import { pause, SECOND } from '../kernel/time.ts'
import { failure, isGone, isLostRace, refuseNul } from './failures.ts'
import { postgresKit } from './kit.ts'
import { pendingMigrations, readMigrations, type Applied } from './migrations.ts'
import { closing, type Db, type Store, type WriteOptions } from './store.ts'
import { transactions } from './transactions.ts'

// Counts and sums are numbers, as on SQLite (both are text by default; ours stay far below 2^53).
for (const type of [pg.types.builtins.INT8, pg.types.builtins.NUMERIC]) pg.types.setTypeParser(type, Number)

/** Raw rows as SQLite gives them: instants in milliseconds, flags as 0 and 1, JSON as text. */
const asText = (value: string): unknown => value
const rawTypes = new Map<number, (value: string) => unknown>([
  [pg.types.builtins.TIMESTAMPTZ, (v) => new Date(v).getTime()], [pg.types.builtins.BOOL, (v) => (v === 't' ? 1 : 0)],
  [pg.types.builtins.JSON, asText], [pg.types.builtins.JSONB, asText],
])
const likeSqlite = { getTypeParser: (id: number, format?: 'text') => rawTypes.get(id) ?? pg.types.getTypeParser(id, format) } as pg.CustomTypesConfig

const ATTEMPTS = 40 // with waits of a quarter of a second on average: about ten seconds

/** All that Drizzle and we ask of a connection. */
interface Connection { query(config: pg.QueryConfig | string, params?: unknown[]): Promise<pg.QueryResult> }

function database(connection: Connection): Db {
  const dialect = new PgDialect()
  return Object.assign(drizzle(connection as unknown as pg.Pool), {
    rows: async (query: Parameters<Db['rows']>[0]) => {
      const { sql, params } = dialect.sqlToQuery(query)
      try { return (await connection.query({ text: sql, types: likeSqlite }, params)).rows as unknown[] } catch (e) { throw failure(e, sql) }
    },
  }) as unknown as Db
}

/** One statement after the other: a client that is asked before it has answered queues by itself only until pg 9. */
function inTurn(client: pg.PoolClient): Connection {
  let tail: Promise<unknown> = Promise.resolve()
  return {
    query(config, params) {
      const run = tail.then(() => client.query(config as pg.QueryConfig, params as unknown[]))
      tail = run.catch(() => {})
      return run
    },
  }
}

function pools(url: string): { writer: pg.Pool; reader: pg.Pool } {
  const address = new URL(url)
  // Options in the address would replace ours, and the reader would no longer be read-only.
  const given = address.searchParams.get('options') ?? ''
  address.searchParams.delete('options')
  const pool = (options: string) => {
    const p = new pg.Pool({
      connectionString: address.href, max: 10, application_name: 'toadlane', keepAlive: true,
      connectionTimeoutMillis: 10 * SECOND, query_timeout: 120 * SECOND, options: `${given} -c timezone=UTC -c datestyle=ISO ${options}`.trim(),
    })
    p.on('error', () => {}) // an idle connection that dies must not end the process,
    p.on('connect', (client) => { client.on('error', () => {}) }) // nor one that dies while it is in use
    return p
  }
  // The queue fills and empties faster than statistics are made: with a bitmap a claim would look at and sort all of it.
  return { writer: pool('-c idle_in_transaction_session_timeout=120000 -c enable_bitmapscan=off'), reader: pool('-c default_transaction_read_only=on') }
}

export function postgresStore(url: string): Store {
  const { writer, reader } = pools(url)
  const savepoint = async (c: Connection, text: string) => { try { await c.query(text) } catch (e) { throw failure(e, text) } }
  const tx = transactions<Connection>(() => inWrite, savepoint)

  const inside: Connection = {
    async query(config, params = []) {
      const now = tx.current()
      if (!now) throw tx.outside()
      for (const p of params) if (typeof p === 'string') refuseNul(p)
      const text = typeof config === 'string' ? config : config.text
      if (/^\s*rollback\s+to\b/i.test(text)) now.doomed = undefined
      if (now.doomed !== undefined) throw tx.failedBefore(now.doomed)
      try { return await now.connection.query(config, params) } catch (e) {
        now.doomed = failure(e, text)
        if (isLostRace(e)) now.lost ??= now.doomed
        throw now.doomed
      }
    },
  }
  const inWrite = database(inside)
  /** Drizzle only ever calls `query`; where it goes is decided statement by statement. */
  const routed = (pool: pg.Pool): Connection => ({
    async query(config, params = []) {
      if (tx.current()) return inside.query(config, params)
      for (const p of params) if (typeof p === 'string') refuseNul(p)
      for (let attempt = 1; ; attempt++) {
        try { return await pool.query(config as pg.QueryConfig, params) } catch (e) {
          if (!isLostRace(e) || attempt >= ATTEMPTS) throw e // a statement by itself: nothing has happened, run it again
          await backOff(attempt)
        }
      }
    },
  })

  /** A connection on which `begin` has run. One that had died unseen while idle is replaced once. */
  async function begun(pool: pg.Pool, begin: string): Promise<pg.PoolClient> {
    for (let attempt = 1; ; attempt++) {
      let client: pg.PoolClient | undefined
      try {
        client = await pool.connect()
        await client.query(begin)
        return client
      } catch (e) {
        client?.release(true)
        const problem = failure(e, begin)
        if (!client || !isGone(problem) || attempt > 1) throw problem
      }
    }
  }

  async function once<T>(fn: (tx: Db) => Promise<T>, options?: WriteOptions): Promise<T> {
    // Same guarantees as SQLite's single writer; what loses a race is run again.
    const client = await begun(writer, 'BEGIN ISOLATION LEVEL SERIALIZABLE')
    const connection = inTurn(client)
    let broken = false
    try {
      const { result, committed } = await tx.run(connection, fn, options)
      // A transaction in which a statement failed answers COMMIT with ROLLBACK, and no error.
      const { command } = await connection.query('COMMIT').catch((e: unknown) => { throw failure(e, 'COMMIT') })
      if (command !== 'COMMIT') throw tx.failedBefore(undefined)
      committed()
      return result
    } catch (e) {
      broken = (e instanceof Problem && e.code === 'write-too-long') // a statement may still be running on it
        || !await connection.query('ROLLBACK').then(() => true, () => false)
      throw e
    } finally { client.release(broken) }
  }

  let closed: Promise<void> | undefined
  const write: Store['write'] = async (fn, options) => {
    const outer = tx.current()
    if (outer) return tx.nested(outer, fn)
    if (closed) throw new Problem('closing', closing, { status: 503 })
    for (let attempt = 1; ; attempt++) {
      try { return await once(fn, options) } catch (e) {
        if (!isLostRace(e)) throw e
        if (attempt >= ATTEMPTS) throw new Problem('busy', 'others change the same things without a pause: nothing was changed, try again', { status: 503, cause: e })
      }
      await backOff(attempt)
    }
  }

  return {
    engine: 'postgres', kit: postgresKit, write,
    read: database(routed(reader)),
    auto: database(routed(writer)),
    async snapshot(fn) {
      const client = await begun(reader, 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
      let broken = false
      try { return await fn(database(inTurn(client))) } finally {
        broken = !await client.query('COMMIT').then(() => true, () => false)
        client.release(broken)
      }
    },
    afterCommit: tx.afterCommit,
    async version() { return undefined },
    async ping() {
      if (closed) throw new Problem('closing', closing, { status: 503 })
      const late = pause(5 * SECOND).then(() => { throw new Problem('database-gone', 'the database does not answer', { status: 503 }) })
      try { await Promise.race([Promise.all([reader.query('select 1'), writer.query('select 1')]), late]) } catch (e) { throw failure(e) }
    },
    migrate: (folder) => migrate(url, folder),
    close: () => (closed ??= Promise.all([writer.end(), reader.end()]).then(() => {})),
  }
}

const backOff = (attempt: number): Promise<void> => pause(Math.random() * Math.min(10 * 2 ** attempt, 500))

const MIGRATING = 7463 // the advisory lock of whoever migrates
const TABLE = 'drizzle.__drizzle_migrations' // Drizzle's own, so that its tools can read the database too

/** On a connection of its own, without a time limit; of two processes that start at once, one waits for the other. */
async function migrate(url: string, folder: string): Promise<void> {
  const client = await reach(url)
  try {
    await refuseUnfit(client)
    await client.query('SELECT pg_advisory_lock($1)', [MIGRATING])
    const { rows: [table] } = await client.query<{ name: string | null }>('select to_regclass($1) as name', [TABLE])
    const applied = table?.name ? (await client.query<Applied>(`select created_at as at, hash from ${TABLE} order by created_at`)).rows : []
    const pending = pendingMigrations(applied, readMigrations(folder))
    if (!pending.length) return
    await client.query('BEGIN')
    await client.query('CREATE SCHEMA IF NOT EXISTS drizzle')
    await client.query(`CREATE TABLE IF NOT EXISTS ${TABLE} (id serial primary key, hash text not null, created_at bigint)`)
    for (const m of pending) {
      for (const statement of m.statements) await client.query(statement)
      await client.query(`insert into ${TABLE} (hash, created_at) values ($1, $2)`, [m.hash, m.at])
    }
    await client.query('COMMIT')
  } catch (e) {
    if (codeOf(e) === '42P07' || codeOf(e) === '42501') throw new StartRefused(`DATABASE_URL: the tables cannot be made (${(e as Error).message}); use a database of its own`)
    throw failure(e)
  } finally { await client.end().catch(() => {}) }
}

/** Connects, or says in one sentence why not. A server that is only starting up is waited for. */
async function reach(url: string): Promise<pg.Client> {
  for (let attempt = 1; ; attempt++) {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10 * SECOND, application_name: 'toadlane' })
    client.on('error', () => {})
    try {
      await client.connect()
      return client
    } catch (e) {
      await client.end().catch(() => {})
      const code = codeOf(e) ?? (e instanceof AggregateError ? codeOf(e.errors[0]) : undefined)
      if (code === '57P03' && attempt < 60) { await pause(500); continue }
      const { host, pathname } = new URL(url)
      const place = `PostgreSQL at ${host || 'localhost'}`
      if (code === '28P01' || code === '28000') throw new StartRefused(`DATABASE_URL: ${place} does not accept this user and password`)
      if (code === '3D000') throw new StartRefused(`DATABASE_URL: ${place} has no database ${pathname.slice(1)}`)
      throw new StartRefused(`DATABASE_URL: ${place} cannot be reached (${code ?? 'no answer'})`)
    }
  }
}

/** Text must be UTF-8 and sorted by code point, as SQLite sorts it: pages and ranges of keys rest on it. */
async function refuseUnfit(client: pg.Client): Promise<void> {
  const { rows: [d] } = await client.query<{ encoding: string; collate: string | null; locale: string | null }>(
    "select pg_encoding_to_char(encoding) as encoding, datcollate as collate, to_jsonb(d)->>'datlocale' as locale from pg_database d where datname = current_database()")
  const order = d?.locale ?? d?.collate ?? ''
  if (d?.encoding !== 'UTF8' || !/^(C|POSIX|C\.UTF-?8|ucs_basic)$/i.test(order)) {
    throw new StartRefused(`DATABASE_URL: the database must have encoding UTF8 and locale C (it has ${d?.encoding} and ${order}): CREATE DATABASE toadlane TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'`)
  }
}
