import { cpSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { sql } from 'drizzle-orm'
import Database from 'better-sqlite3'
import { describe, expect, inject, test } from 'vitest'
import { StartRefused } from '../../src/kernel/errors.ts'
import { getMeta, setMeta } from '../../src/store/meta.ts'
import { pendingMigrations } from '../../src/store/migrations.ts'
import { claimOrigin, claimSecret, openStore } from '../../src/store/open.ts'
import { storeTables } from '../../src/store/tables.ts'
import { engines, onServer, scratch } from '../engines.ts'

/** The project's migrations, with one more of your own on both engines. */
function migrationsWith(name: string, statements: string[], when = Date.now() + 1e9): string {
  const folder = path.join(scratch('drizzle'), 'drizzle')
  cpSync('drizzle', folder, { recursive: true })
  for (const engine of ['sqlite', 'postgres']) {
    const journal = path.join(folder, engine, 'meta/_journal.json')
    const j = JSON.parse(readFileSync(journal, 'utf8')) as { entries: object[] }
    j.entries.push({ ...j.entries[0], idx: 9999, tag: `9999_${name}`, when })
    writeFileSync(journal, JSON.stringify(j))
    writeFileSync(path.join(folder, engine, `9999_${name}.sql`), statements.join('\n--> statement-breakpoint\n'))
  }
  return folder
}

async function refusal(start: Promise<unknown>): Promise<string> {
  const e = await start.then(() => undefined, (x: unknown) => x)
  expect(e).toBeInstanceOf(StartRefused)
  expect((e as Error).message).not.toContain('\n')
  return (e as Error).message
}

describe.each(engines)('opening on $engine', ({ place }) => {
  test('twice, also at the same time, migrates once', async () => {
    const at = await place()
    const both = await Promise.all([openStore(at, 'drizzle'), openStore(at, 'drizzle')])
    await both[0].write((tx) => setMeta(both[0], tx, 'a', 'b'))
    for (const s of both) { expect(await getMeta(s, 'a')).toBe('b'); await s.close() }
    await (await openStore(at, 'drizzle')).close()
  })
  test('a newer schema is refused and left alone, the older one migrates', async () => {
    const at = await place()
    const newer = migrationsWith('newer', ['create table newer (id integer primary key)', "insert into meta (key, value) values ('from', 'newer')"])
    await (await openStore(at, 'drizzle')).close()
    const store = await openStore(at, newer)
    expect(await getMeta(store, 'from')).toBe('newer')
    await store.close()
    expect(await refusal(openStore(at, 'drizzle'))).toMatch(/changed by a newer version of Toadlane \(1 migration that this one does not know\)/)
    await (await openStore(at, newer)).close()
  })
  test('a database of another line of migrations is refused', async () => {
    const at = await place()
    await (await openStore(at, migrationsWith('branch', ['create table branch (id integer primary key)'], 1_000))).close()
    expect(await refusal(openStore(at, 'drizzle'))).toMatch(/made by another line of Toadlane/)
  })
  test('a migration that fails changes nothing', async () => {
    const at = await place()
    await (await openStore(at, 'drizzle')).close()
    await expect(openStore(at, migrationsWith('broken', ['create table half (id integer primary key)', 'create nonsense']))).rejects.toThrow()
    const store = await openStore(at, 'drizzle')
    await expect(store.read.rows(sql`select * from half`)).rejects.toThrow()
    await store.close()
  })
  test('the first origin is kept and another one refused, naming both', async () => {
    const at = await place()
    const store = await openStore(at, 'drizzle')
    await Promise.all([claimOrigin(store, 'https://a.example'), claimOrigin(store, 'https://a.example')])
    const said = await refusal(claimOrigin(store, 'https://b.example'))
    expect(said).toContain('https://a.example')
    expect(said).toContain('https://b.example')
    expect(await getMeta(store, 'origin')).toBe('https://a.example')
    await store.close()
  })
  test('another secret than the first is refused, showing neither', async () => {
    const store = await openStore(await place(), 'drizzle')
    const mark = Buffer.alloc(32, 1)
    await claimSecret(store, mark)
    await claimSecret(store, mark)
    const said = await refusal(claimSecret(store, Buffer.alloc(32, 2)))
    expect(said).toMatch(/not the one this database was sealed with/)
    expect(said).not.toContain(mark.toString('base64url'))
    await store.close()
  })
})

test('a migration is known by its SQL, not by the time at which it was written', () => {
  const known = [{ at: 10, hash: 'a', statements: [] }, { at: 20, hash: 'b', statements: [] }, { at: 30, hash: 'a', statements: [] }]
  const pending = (...hashes: string[]) => pendingMigrations(hashes.map((hash, i) => ({ at: i + 1, hash })), known).map((m) => m.at)
  expect(pending()).toEqual([10, 20, 30])
  expect(pending('a')).toEqual([20, 30])
  expect(pending('a', 'b')).toEqual([30])
  expect(pending('a', 'b', 'a')).toEqual([])
  expect(() => pending('a', 'x')).toThrow(/another line/)
  expect(() => pendingMigrations([{ at: 1, hash: 'a' }, { at: 40, hash: 'x' }, { at: 50, hash: 'y' }], known)).toThrow(/newer version of Toadlane \(2 migrations/)
})

describe('SQLite', () => {
  const open = (file: string) => openStore(`sqlite:${file}`, 'drizzle')
  test('folders and files are made, closed to others', async () => {
    const file = path.join(scratch(), 'deep/er/a.db')
    const store = await open(file)
    await claimOrigin(store, 'https://a.example')
    for (const made of [path.dirname(file), file, `${file}-wal`, `${file}-shm`]) expect(statSync(made).mode & 0o077, made).toBe(0)
    await store.close()
  })
  test('what is no database, or cannot be one, is refused and left as it was', async () => {
    const dir = scratch()
    const file = (name: string, content: string | Buffer) => { writeFileSync(path.join(dir, name), content); return path.join(dir, name) }
    const text = file('text.db', 'this is a letter, not a database\n'.repeat(100))
    expect(await refusal(open(text))).toMatch(/text\.db is not a database \(SQLITE_NOTADB\)/)
    expect(readFileSync(text, 'utf8')).toContain('this is a letter')
    expect(await refusal(open(dir))).toMatch(/cannot be opened|is a folder/)
    expect(await refusal(open(path.join(text, 'a.db')))).toMatch(/folder .* cannot be made \((ENOTDIR|EEXIST)\)/)
    expect(await refusal(open(path.join(dir, 'x'.repeat(300), 'a.db')))).toMatch(/ENAMETOOLONG/)
    expect(await refusal(open('/dev/null/a.db'))).toMatch(/cannot be made/)
    const other = new Database(path.join(dir, 'other.db'))
    other.exec('create table recipes (id integer primary key)')
    other.close()
    expect(await refusal(open(path.join(dir, 'other.db')))).toMatch(/database of another program/)
  })
  test('a damaged file is refused in words', async () => {
    const file = path.join(scratch(), 'a.db')
    await (await open(file)).close()
    const bytes = readFileSync(file)
    bytes.fill(0xff, 100, 4096) // the first page, after the header
    writeFileSync(file, bytes)
    expect(await refusal(open(file))).toMatch(/is damaged: restore a backup \(SQLITE_CORRUPT\)/)
  })
  test('a database in memory is one database for reading and writing, and leaves nothing behind', async () => {
    const store = await openStore('sqlite::memory:', 'drizzle')
    await store.write((tx) => setMeta(store, tx, 'a', 'b'))
    expect(await getMeta(store, 'a')).toBe('b')
    await expect(store.read.rows(sql`delete from meta`)).rejects.toThrow()
    await store.close()
    expect(existsSync(':memory:')).toBe(false)
  })
  test('a migration that rebuilds a table keeps the rows that point at it', async () => {
    // parent and child as one migration, then the shape that drizzle-kit writes when a column of the parent changes
    const file = path.join(scratch(), 'a.db')
    const tables = ['create table parent (id integer primary key, name text)', 'create table child (id integer primary key, parent integer not null references parent(id) on delete cascade)',
      "insert into parent values (1, 'a')", 'insert into child values (1, 1), (2, 1)']
    const rebuild = ['PRAGMA foreign_keys=OFF;', 'create table __new_parent (id integer primary key, name text not null)', 'insert into __new_parent select * from parent', 'drop table parent',
      'alter table __new_parent rename to parent', 'PRAGMA foreign_keys=ON;']
    const one = migrationsWith('tables', tables, 4e12)
    await (await openStore(`sqlite:${file}`, one)).close()
    const journal = path.join(one, 'sqlite/meta/_journal.json')
    const j = JSON.parse(readFileSync(journal, 'utf8')) as { entries: object[] }
    j.entries.push({ ...j.entries[0], idx: 10000, tag: '10000_rebuild', when: 4e12 + 1 })
    writeFileSync(journal, JSON.stringify(j))
    writeFileSync(path.join(one, 'sqlite/10000_rebuild.sql'), rebuild.join('\n--> statement-breakpoint\n'))
    const store = await openStore(`sqlite:${file}`, one)
    expect(await store.read.rows(sql`select count(*) as n from child`)).toEqual([{ n: 2 }])
    await expect(store.write((tx) => tx.rows(sql`insert into child values (3, 99)`))).rejects.toThrow(/FOREIGN KEY/) // and keys are on again
    await store.close()
  })
  test('a migration that leaves broken references is undone', async () => {
    const file = path.join(scratch(), 'a.db')
    await (await open(file)).close()
    const broken = migrationsWith('orphans', ['create table parent (id integer primary key)', 'create table child (parent integer references parent(id))', 'insert into child values (7)'])
    await expect(openStore(`sqlite:${file}`, broken)).rejects.toThrow('1 broken references')
    await (await open(file)).close()
  })
  test('statements that were prepared before a migration see the new shape', async () => {
    const file = path.join(scratch(), 'a.db')
    const store = await open(file)
    const { meta } = storeTables(store.kit)
    await store.write((tx) => setMeta(store, tx, 'a', 'b'))
    expect(await store.read.rows(sql`select * from meta`)).toEqual([{ key: 'a', value: 'b' }])
    await store.migrate(path.join(migrationsWith('wider', ["alter table meta add column more text default 'x'"]), 'sqlite'))
    expect(await store.read.rows(sql`select * from meta`)).toEqual([{ key: 'a', value: 'b', more: 'x' }])
    expect(await store.write((tx) => tx.insert(meta).values({ key: 'c', value: 'd' }).returning())).toEqual([{ key: 'c', value: 'd' }])
    await store.close()
  })
})

describe('PostgreSQL', () => {
  const base = () => new URL(inject('postgres'))
  const refused = async (change: (u: URL) => void) => {
    const u = base()
    change(u)
    const said = await refusal(openStore(u.href, 'drizzle'))
    expect(said).not.toContain('hidden')
    return said
  }
  test('a server that is not there, an unknown user or database: each in one sentence', async () => {
    expect(await refused((u) => { u.port = '1'; u.password = 'hidden' })).toMatch(/PostgreSQL at 127\.0\.0\.1:1 cannot be reached \(ECONNREFUSED\)/)
    expect(await refused((u) => { u.hostname = 'nowhere.invalid' })).toMatch(/cannot be reached \((ENOTFOUND|EAI_AGAIN)\)/)
    expect(await refused((u) => { u.password = 'hidden' })).toMatch(/does not accept this user and password/)
    expect(await refused((u) => { u.pathname = '/nothing' })).toMatch(/has no database nothing/)
  })
  test('a database that sorts or encodes otherwise is refused, with the command that makes a fitting one', async () => {
    await onServer("create database latin template template0 encoding 'LATIN1' locale 'C'")
    expect(await refused((u) => { u.pathname = '/latin' })).toMatch(/must have encoding UTF8 and locale C \(it has LATIN1 and C\): CREATE DATABASE/)
    await onServer("create database sorted template template0 encoding 'UTF8' locale_provider icu icu_locale 'en-US' locale 'C'")
    expect(await refused((u) => { u.pathname = '/sorted' })).toMatch(/it has UTF8 and en-US/)
  })
  test('tables of another program are refused', async () => {
    await onServer('create database foreigner')
    await onServer('create table meta (id integer)', 'foreigner')
    expect(await refused((u) => { u.pathname = '/foreigner' })).toMatch(/tables cannot be made .* use a database of its own/)
  })
  test('options in the address do not make the reader write', async () => {
    await onServer('create database optional')
    const store = await openStore(`${inject('postgres')}/optional?options=-c%20work_mem%3D8MB`, 'drizzle')
    expect(await store.read.rows(sql`show work_mem`)).toEqual([{ work_mem: '8MB' }])
    await expect(store.read.rows(sql`delete from meta`)).rejects.toMatchObject({ code: '25006' })
    await store.close()
  })
})

test('both engines have the same migrations', () => {
  const tags = (engine: string) => readdirSync(`drizzle/${engine}`).filter((f) => f.endsWith('.sql')).sort()
  expect(tags('sqlite')).toEqual(tags('postgres'))
})
