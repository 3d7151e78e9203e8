import pg from 'pg'
import { drizzle } from 'drizzle-orm/node-postgres'
import { migrate as applyMigrations } from 'drizzle-orm/node-postgres/migrator'
import { postgresKit } from './kit.ts'
import { transactions, type Db, type Store } from './store.ts'

const serialisation = new Set(['40001', '40P01']) // lost a race, deadlock: run again

function database(client: pg.Pool | pg.PoolClient): Db {
  const db = drizzle(client as pg.Pool)
  return Object.assign(db, { rows: async (q: any) => (await db.execute(q)).rows }) as unknown as Db
}

export function postgresStore(url: string): Store {
  const writer = new pg.Pool({ connectionString: url, max: 10 })
  const reader = new pg.Pool({ connectionString: url, max: 10, options: '-c default_transaction_read_only=on' })
  for (const pool of [writer, reader]) pool.on('error', () => {}) // an idle connection that dies must not end the process
  const tx = transactions<pg.PoolClient>()
  // Drizzle only ever calls `query`; where it goes is decided statement by statement.
  const routed = (pool: pg.Pool) => ({ query: (...a: unknown[]) => ((tx.current()?.connection ?? pool) as any).query(...a) }) as unknown as pg.Pool

  const write: Store['write'] = async (fn) => {
    const outer = tx.current()
    if (outer) return fn(outer.db)
    for (let attempt = 1; ; attempt++) {
      const client = await writer.connect()
      let lost: Error | undefined
      try {
        // Same guarantees as SQLite's single writer; what loses a race is run again.
        await client.query('BEGIN ISOLATION LEVEL SERIALIZABLE')
        const result = await tx.run(client, database(client), fn)
        await client.query('COMMIT')
        return result
      } catch (e) {
        await client.query('ROLLBACK').catch((x: Error) => { lost = x })
        const code = (e as any)?.code ?? (e as any)?.cause?.code // Drizzle wraps the driver's error
        if (!serialisation.has(code) || attempt >= 8) throw e
        await new Promise((r) => setTimeout(r, Math.random() * 10 * 2 ** attempt))
      } finally { client.release(lost) }
    }
  }
  return {
    engine: 'postgres', kit: postgresKit, read: database(routed(reader)), auto: database(routed(writer)), write,
    async version() { return undefined },
    async migrate(folder) {
      const client = await writer.connect()
      try {
        await client.query('SELECT pg_advisory_lock(7463)') // two processes starting at once
        await applyMigrations(drizzle(client), { migrationsFolder: folder })
      } finally { await client.query('SELECT pg_advisory_unlock(7463)').catch(() => {}); client.release() }
    },
    async close() { await Promise.all([writer.end(), reader.end()]) },
  }
}
