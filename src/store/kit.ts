/**
 * The column kit: tables are written once against `Kit`; each engine supplies one.
 * The PostgreSQL kit is cast to the SQLite kit's type, so query code is typed once.
 */
import * as s from 'drizzle-orm/sqlite-core'
import * as p from 'drizzle-orm/pg-core'
import { nulRefused } from './failures.ts'

/** jsonb cannot hold NUL, not even escaped (`\u0000` after an even number of backslashes), and what SQLite holds must fit there too. */
const NUL_ESCAPED = /(?<!\\)(?:\\\\)*\\u0000/
const encode = s.SQLiteTextJson.prototype.mapToDriverValue
s.SQLiteTextJson.prototype.mapToDriverValue = function (this: s.SQLiteTextJson<never>, value: unknown) {
  const text = encode.call(this, value)
  if (NUL_ESCAPED.test(text)) throw nulRefused()
  return text
}

export const sqliteKit = {
  engine: 'sqlite' as 'sqlite' | 'postgres',
  table: s.sqliteTable,
  text: (name: string) => s.text(name),
  integer: (name: string) => s.integer(name),
  /** A row number that the database gives, ascending and never used twice. */
  serial: (name: string) => s.integer(name).primaryKey({ autoIncrement: true }),
  real: (name: string) => s.real(name),
  flag: (name: string) => s.integer(name, { mode: 'boolean' }),
  /** Read and written as Date. In a raw sql`` fragment use sql.param(date, column), or SQLite refuses to bind it. */
  instant: (name: string) => s.integer(name, { mode: 'timestamp_ms' }),
  /** For our own small values. Wire documents are `text`: jsonb reorders keys and refuses \u0000. */
  json: <T>(name: string) => s.text(name, { mode: 'json' }).$type<T>(),
  index: s.index,
  uniqueIndex: s.uniqueIndex,
  primaryKey: s.primaryKey,
}
export type Kit = typeof sqliteKit

export const postgresKit = {
  engine: 'postgres',
  table: p.pgTable,
  text: (name: string) => p.text(name),
  integer: (name: string) => p.bigint(name, { mode: 'number' }),
  serial: (name: string) => p.bigserial(name, { mode: 'number' }).primaryKey(),
  real: (name: string) => p.doublePrecision(name),
  flag: (name: string) => p.boolean(name),
  instant: (name: string) => p.timestamp(name, { withTimezone: true, precision: 3 }),
  json: <T>(name: string) => p.jsonb(name).$type<T>(),
  index: p.index,
  uniqueIndex: p.uniqueIndex,
  primaryKey: p.primaryKey,
} as unknown as Kit

/** A room's tables, made once per engine, so that foreign keys between rooms meet the same object. */
export function tables<T extends object>(define: (k: Kit) => T): (k: Kit) => T {
  const made = new Map<Kit, T>()
  return (k) => {
    let t = made.get(k)
    if (!t) made.set(k, (t = define(k)))
    return t
  }
}
