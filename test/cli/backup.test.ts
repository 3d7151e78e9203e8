import { cpSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { sql } from 'drizzle-orm'
import pg from 'pg'
import { describe, expect, inject, test } from 'vitest'
import { commandLine } from '../../src/accounts/model.ts'
import { restoreBackup } from '../../src/cli/backup/read.ts'
import { tablesInOrder } from '../../src/cli/backup/format.ts'
import { writeBackup } from '../../src/cli/backup/write.ts'
import { openSource } from '../../src/directory/import/source.ts'
import { openStore } from '../../src/store/open.ts'
import type { Store } from '../../src/store/store.ts'
import { rooms } from '../directory/house.ts'
import { root, world } from './world.ts'

const DATA = path.join(root, 'test/data/directory.json')
let n = 0
async function database(engine: string, folder: string): Promise<string> {
  if (engine === 'sqlite') return `sqlite:${path.join(folder, `db-${++n}.db`)}`
  const base = inject('postgres'), name = `backup_${process.pid}_${++n}`
  const client = new pg.Client({ connectionString: `${base}/postgres` })
  await client.connect()
  await client.query(`CREATE DATABASE ${name} TEMPLATE template0`)
  await client.end()
  return `${base}/${name}`
}

/** Every row of every table, in one order. */
async function contents(store: Store): Promise<Record<string, string[]>> {
  const all: Record<string, string[]> = {}
  for (const { name, columns } of tablesInOrder()) {
    const rows = await store.read.rows<Record<string, unknown>>(sql`select * from ${sql.identifier(name)}`)
    // PostgreSQL gives JSON back with its keys in an order of its own.
    const sorted = (v: unknown): unknown => (typeof v === 'string' && /^[[{]/.test(v) && name !== 'documents' ? JSON.parse(v, (_, x: unknown) => (typeof x === 'object' && x !== null && !Array.isArray(x) ? Object.fromEntries(Object.entries(x).toSorted()) : x)) as unknown : v)
    all[name] = rows.map((r) => JSON.stringify(columns.map((c) => sorted(r[c])))).toSorted()
  }
  return all
}

describe.each([['sqlite', 'sqlite'], ['sqlite', 'postgres'], ['postgres', 'sqlite'], ['postgres', 'postgres']])('a backup of %s restored into %s', (from, to) => {
  test('holds every row, and numbers go on from where they were', async () => {
    const w = world(), file = path.join(w.folder, 'backup.gz')
    const a = await openStore(await database(from, w.folder), path.join(root, 'drizzle'))
    const house = rooms(a)
    await house.directory.import(commandLine, await openSource(DATA, { folder: '/' }), {})
    await house.organisations.put(commandLine, { handle: 'x', name: 'Ünïcode 協 "quoted" \\ \n', kind: 'ally' } as never)
    for (const kind of ['a', 'b', 'c']) await a.write((tx) => house.jobs.add(tx, kind, { payload: { kind, x: [1, null, 'é'] }, key: 'k' }))
    await house.jobs.bury((await house.jobs.claim('a', 1))[0]!, 'no')
    const made = await writeBackup(a, file, { origin: 'https://coops.example', root })
    const before = await contents(a)
    await a.close()
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(made.rows).toBe(Object.values(before).reduce((sum, rows) => sum + rows.length, 0))

    const url = await database(to, w.folder)
    expect(await restoreBackup(url, file, root)).toMatchObject({ rows: made.rows, made: made.made })
    const b = await openStore(url, path.join(root, 'drizzle'))
    expect(await contents(b)).toEqual(before)
    const again = rooms(b)
    await b.write((tx) => again.jobs.add(tx, 'd', { payload: 1 }))
    const [last] = await again.jobs.claim('d', 1)
    expect(last!.id).toBe(4)
    expect((await again.directory.import(commandLine, await openSource(DATA, { folder: '/' }), {})).unchanged).toBe(148)
    await b.close()
    await expect(restoreBackup(url, file, root)).rejects.toMatchObject({ code: 'not-empty' })
  }, 60_000)
})

test('a backup is one view of a database that others go on writing to', async () => {
  const w = world(), file = path.join(w.folder, 'b.gz')
  const store = await openStore(await database('sqlite', w.folder), path.join(root, 'drizzle'))
  const house = rooms(store)
  const put = (from: number) => store.write(async () => { for (let i = from; i < from + 50; i++) await house.organisations.put(commandLine, { handle: `o-${i}`, name: `O ${i}`, kind: 'ally' }) })
  for (let i = 0; i < 500; i += 50) await put(i)
  const [made] = await Promise.all([writeBackup(store, file, { origin: 'x', root }), (async () => { for (let i = 500; i < 1000; i += 50) await put(i) })()])
  await store.close()
  const lines = gunzipSync(readFileSync(file)).toString().trim().split('\n').map((l) => JSON.parse(l) as unknown)
  const rows: Record<string, number> = {}
  let table = ''
  for (const l of lines) if (Array.isArray(l)) rows[table] = (rows[table] ?? 0) + 1; else table = (l as { table?: string }).table ?? ''
  expect(rows.organisations! % 50).toBe(0) // whole transactions only
  expect(rows.organisation_revisions).toBe(rows.organisations)
  expect(lines.at(-1)).toEqual({ end: true, rows: made.rows })
}, 60_000)

describe('what is no whole backup', () => {
  test('is refused with nothing written', async () => {
    const w = world(), good = path.join(w.folder, 'good.gz'), bad = path.join(w.folder, 'bad.gz')
    const store = await openStore(await database('sqlite', w.folder), path.join(root, 'drizzle'))
    await rooms(store).directory.import(commandLine, await openSource(DATA, { folder: '/' }), {})
    await writeBackup(store, good, { origin: 'x', root })
    await store.close()
    const bytes = readFileSync(good), text = gunzipSync(bytes).toString().trim().split('\n')
    const url = await database('sqlite', w.folder)
    const attempt = async (content: Buffer | string) => { writeFileSync(bad, content); return restoreBackup(url, bad, root) }
    for (const content of [bytes.subarray(0, bytes.length / 2), gzipSync(text.slice(0, -1).join('\n')), gzipSync(text.toSpliced(100, 1).join('\n')), gzipSync([...text.slice(0, 50), '{broken', ...text.slice(50)].join('\n'))]) {
      await expect(attempt(content)).rejects.toMatchObject({ code: 'bad-backup' })
    }
    await expect(attempt('name,kind\n')).rejects.toMatchObject({ code: 'bad-backup', message: expect.stringContaining('no backup') })
    await expect(attempt(gzipSync(text.join('\n').replace('"schema":["', '"schema":["9999_later","')))).rejects.toMatchObject({ message: expect.stringContaining('newer version') })
    const empty = await openStore(url, path.join(root, 'drizzle'))
    for (const [name, rows] of Object.entries(await contents(empty))) expect(rows, name).toEqual([])
    await empty.close()
    expect(await restoreBackup(url, good, root)).toMatchObject({ rows: text.length - 2 - tablesInOrder().length })
  }, 60_000)
})

test('a backup of an older version is filled as it was then, and brought up to date', async () => {
  const w = world(), file = path.join(w.folder, 'old.gz')
  const old = await openStore(await database('sqlite', w.folder), path.join(root, 'drizzle'))
  await rooms(old).directory.import(commandLine, await openSource(DATA, { folder: '/' }), {})
  const { rows } = await writeBackup(old, file, { origin: 'x', root })
  await old.close()
  // the program of next year: one more migration
  cpSync(path.join(root, 'drizzle'), path.join(w.folder, 'drizzle'), { recursive: true })
  const journal = path.join(w.folder, 'drizzle/sqlite/meta/_journal.json')
  const entries = (JSON.parse(readFileSync(journal, 'utf8')) as { entries: { when: number; idx: number }[] }).entries
  writeFileSync(journal, JSON.stringify({ version: '7', dialect: 'sqlite', entries: [...entries, { ...entries.at(-1), idx: entries.length, when: entries.at(-1)!.when + 1000, tag: '9999_mood' }] }))
  writeFileSync(path.join(w.folder, 'drizzle/sqlite/9999_mood.sql'), "alter table organisations add column mood text not null default 'fine'")
  const url = await database('sqlite', w.folder)
  expect(await restoreBackup(url, file, w.folder)).toMatchObject({ rows })
  const now = await openStore(url, path.join(w.folder, 'drizzle'))
  expect(await now.read.rows(sql`select handle, mood from organisations where handle = 'stocksy'`)).toEqual([{ handle: 'stocksy', mood: 'fine' }])
  await now.close()
}, 60_000)

test('the commands: beside what is there, and with notes about origin and secret', async () => {
  const a = world(), b = world()
  await a.toadlane(['import', DATA, '--consent', 'agreed'])
  const file = path.join(a.folder, 'all.gz')
  expect(await a.toadlane(['backup', 'all.gz', '--json'])).toMatchObject({ code: 0, json: { file: 'all.gz', rows: expect.any(Number) } })
  expect(await a.toadlane(['backup', 'all.gz'])).toMatchObject({ code: 0, out: expect.stringContaining('secret is not in it') }) // over an older one
  writeFileSync(path.join(a.folder, 'notes.txt'), 'keep me')
  expect(await a.toadlane(['backup', 'notes.txt'])).toMatchObject({ code: 2, err: expect.stringContaining('--force') })
  expect(await a.toadlane(['backup', 'no/where.gz'])).toMatchObject({ code: 1, err: expect.stringContaining('ENOENT') })
  expect(readdirSync(a.folder).filter((f) => f.endsWith('.part'))).toEqual([])
  const text = gunzipSync(readFileSync(file)).toString()
  expect(text).not.toContain(readFileSync(a.env.TOADLANE_SECRET_FILE!, 'utf8').trim())
  expect(text).not.toContain('PRIVATE KEY')

  expect(await b.toadlane(['restore', 'none.gz'])).toMatchObject({ code: 2 })
  const r = await b.toadlane(['restore', file, '--json'], { env: { PORT: '8798' } })
  expect(r).toMatchObject({ code: 0, json: { rows: expect.any(Number), origin: 'http://localhost:8799' } })
  expect(r.json.notes).toEqual([expect.stringContaining('TOADLANE_ORIGIN=http://localhost:8799'), expect.stringContaining('Put the secret')])
  expect(existsSync(b.env.TOADLANE_SECRET_FILE!)).toBe(false)
  expect(await b.toadlane(['restore', file])).toMatchObject({ code: 1, err: expect.stringContaining('not empty') })
  expect(await b.toadlane(['org', 'show', 'stocksy'], { env: { TOADLANE_SECRET_FILE: a.env.TOADLANE_SECRET_FILE! } })).toMatchObject({ code: 0 })
  expect(await b.toadlane(['org', 'show', 'stocksy'])).toMatchObject({ code: 2, err: expect.stringContaining('secret') })
}, 60_000)
