/**
 * Statements for hot paths. Building a query costs Drizzle five to ten times what running it costs SQLite; a prepared one is
 * built once for each database handle (read, auto, and the one of writes), and PostgreSQL plans it once for each connection.
 */
import { eq, getTableColumns, sql, type Column } from 'drizzle-orm'
import type { IndexColumn, SQLiteTable } from 'drizzle-orm/sqlite-core'
import type { Db } from './store.ts'

/** What Drizzle's builders have; PostgreSQL's wants a name that is used for one text only. */
interface Preparable<R> { prepare(name?: string): { execute(values?: Record<string, unknown>): Promise<R> } }

/**
 * A statement with `sql.placeholder('name')` where its values go.
 * @param name unique in the house
 * @example const byHandle = prepared('organisation_by_handle', (db) => db.select().from(o).where(eq(o.handle, sql.placeholder('handle'))))
 *          await byHandle(tx, { handle })
 */
export function prepared<R, V extends Record<string, unknown>>(name: string, build: (db: Db) => PromiseLike<R>): (db: Db, values: V) => Promise<R> {
  const made = new WeakMap<Db, { execute(values?: Record<string, unknown>): Promise<R> }>()
  return (db, values) => {
    let statement = made.get(db)
    if (!statement) made.set(db, (statement = (build(db) as unknown as Preparable<R>).prepare(name)))
    return statement.execute(values)
  }
}

type Values = Record<string, unknown>
/** Slots for every column, and what fills them: encoded here, because placeholders would encode null too. */
function whole(table: SQLiteTable): { slots: Values; fill: (row: Values) => Values } {
  const columns = Object.entries(getTableColumns(table)) as [string, Column][]
  return {
    slots: Object.fromEntries(columns.map(([key]) => [key, sql`${sql.placeholder(key)}`])),
    fill(row) {
      const values: Values = {}
      for (const [key, column] of columns) {
        const value = row[key] ?? null
        values[key] = value === null ? null : column.mapToDriverValue(value)
      }
      return values
    },
  }
}

/** An insert of whole rows, one at a time: every column has its value, null included; no defaults. */
export function inserter<T extends SQLiteTable>(name: string, table: T): (db: Db, row: T['$inferSelect']) => Promise<void> {
  const { slots, fill } = whole(table)
  const insert = prepared(name, (db) => db.insert(table).values(slots as T['$inferInsert']))
  return async (db, row) => { await insert(db, fill(row)) }
}

/** An insert of a whole row, or where its key is taken, an update of it. */
export function upserter<T extends SQLiteTable>(name: string, table: T, key: IndexColumn): (db: Db, row: T['$inferSelect']) => Promise<void> {
  const { slots, fill } = whole(table)
  const upsert = prepared(name, (db) => db.insert(table).values(slots as T['$inferInsert']).onConflictDoUpdate({ target: key, set: slots as never }))
  return async (db, row) => { await upsert(db, fill(row)) }
}

/** An update of a whole row by its key: every column is written. */
export function updater<T extends SQLiteTable>(name: string, table: T, key: Column): (db: Db, row: T['$inferSelect']) => Promise<void> {
  const { slots, fill } = whole(table)
  const update = prepared(name, (db) => db.update(table).set(slots as never).where(eq(key, sql`${sql.placeholder('key')}`)))
  const property = Object.entries(getTableColumns(table)).find(([, column]) => column === key)![0]
  return async (db, row) => { const values = fill(row); await update(db, { ...values, key: values[property] }) }
}
