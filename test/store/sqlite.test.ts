import { execFileSync } from 'node:child_process'
import { existsSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import Database from 'better-sqlite3'
import { sql } from 'drizzle-orm'
import { describe, expect, onTestFinished, test } from 'vitest'
import { Problem, StartRefused } from '../../src/kernel/errors.ts'
import { pause } from '../../src/kernel/time.ts'
import { isLockedElsewhere, lockDatabase } from '../../src/store/lock.ts'
import { getMeta, setMeta } from '../../src/store/meta.ts'
import { openStore } from '../../src/store/open.ts'
import type { Store } from '../../src/store/store.ts'
import { storeTables } from '../../src/store/tables.ts'
import { scratch } from '../engines.ts'
import { smallDisk } from './disk.ts'
import { run } from './process.ts'

const newFile = () => path.join(scratch(), 'a.db')
async function open(file: string): Promise<Store> {
  const store = await openStore(`sqlite:${file}`, 'drizzle')
  onTestFinished(() => store.close())
  return store
}
const count = (store: Store) => store.read.$count(storeTables(store.kit).meta)
/** All `n` characters of a table's text fill about `n` bytes. */
const fill = (store: Store, key: string, bytes: number) => store.write((tx) => setMeta(store, tx, key, 'x'.repeat(bytes)))

describe('the lock', () => {
  test('one process at a time; the second is refused in one sentence', async () => {
    const file = newFile()
    const unlock = lockDatabase(file)
    expect(() => lockDatabase(file)).toThrow(StartRefused)
    expect(isLockedElsewhere(file)).toBe(false) // it is us
    unlock()
    lockDatabase(file)()
  })
  test('goes with the process that held it, however that ended', async () => {
    const file = newFile()
    const other = run('lock.process.ts', file)
    await other.said('locked')
    expect(isLockedElsewhere(file)).toBe(true)
    expect(() => lockDatabase(file)).toThrow(/another Toadlane server or worker is running/)
    other.process.kill('SIGKILL')
    await other.ended
    expect(isLockedElsewhere(file)).toBe(false)
    lockDatabase(file)()
  })
  test('an unusable place is refused', () => {
    const dir = scratch()
    writeFileSync(path.join(dir, 'file'), '')
    expect(() => lockDatabase(path.join(dir, 'file/a.db'))).toThrow(/^DATABASE_URL: .* cannot be used/)
  })
})

describe('two processes on one file', () => {
  test('a command line that writes batch after batch lets the server in, and nothing is lost', async () => {
    const file = newFile()
    const unlock = lockDatabase(file)
    onTestFinished(unlock)
    const store = await open(file)
    const before = await store.version()
    const guest = run('writer.process.ts', `sqlite:${file}`, 'guest', '150', '200')
    await guest.said('first')
    let mine = 0, beside = 0
    while (!guest.lines.includes('done')) {
      await store.write((tx) => setMeta(store, tx, `server-${mine++}`, ''))
      if (!guest.lines.includes('done')) beside = mine
      await pause(1)
    }
    expect((await guest.ended).code).toBe(0)
    expect(beside).toBeGreaterThan(15)
    expect(existsSync(`${file}.wish`)).toBe(false)
    expect(await count(store)).toBe(mine + 150 * 200)
    expect(await store.version()).not.toBe(before)
  })
  test('a wish that was left behind holds nobody back for long', async () => {
    const file = newFile()
    const store = await open(file)
    writeFileSync(`${file}.wish`, '')
    await store.write((tx) => setMeta(store, tx, 'a', '')) // a second or two later
    utimesSync(`${file}.wish`, new Date(0), new Date(0))
    await store.write((tx) => setMeta(store, tx, 'b', ''))
    expect(await count(store)).toBe(2)
  })
  test('while another process holds the file, reads go on and the write waits for it', async () => {
    const file = newFile()
    const store = await open(file)
    const holder = run('holder.process.ts', file)
    await holder.said('held')
    let done = false
    const write = store.write((tx) => setMeta(store, tx, 'a', '')).then(() => { done = true })
    let ticks = 0
    for (let n = 0; n < 20; n++) { await pause(5); expect(await count(store)).toBe(0); ticks++ }
    expect([ticks, done]).toEqual([20, false]) // the event loop has not stood still
    holder.process.stdin!.write('go\n')
    await write
    expect(await count(store)).toBe(1)
  })
  test('one that holds it for too long: Problem busy, and writing works again afterwards', async () => {
    const file = newFile()
    const store = await open(file)
    const holder = run('holder.process.ts', file)
    await holder.said('held')
    await expect(store.write((tx) => setMeta(store, tx, 'a', ''), { limit: 200 })).rejects.toMatchObject({ code: 'busy', status: 503 })
    holder.process.stdin!.write('go\n')
    await holder.ended
    await store.write((tx) => setMeta(store, tx, 'c', ''))
    expect(await count(store)).toBe(1)
  })
  test('a server of another version that runs keeps the schema as it is', { timeout: 60_000 }, async () => {
    const file = newFile()
    const other = run('lock.process.ts', file)
    await other.said('locked')
    await expect(openStore(`sqlite:${file}`, 'drizzle')).rejects.toThrow(/server of another version is running/)
    other.process.kill('SIGKILL')
    await other.ended
    await open(file)
  })
})

describe('the queue of writes', () => {
  test('goes on after an error in COMMIT', async () => {
    const store = await open(newFile())
    await store.write((tx) => tx.rows(sql`create table late (id integer primary key, parent integer references late(id) deferrable initially deferred)`))
    await expect(store.write((tx) => tx.rows(sql`insert into late values (1, 99)`))).rejects.toMatchObject({ code: 'SQLITE_CONSTRAINT_FOREIGNKEY' })
    await store.write((tx) => tx.rows(sql`insert into late values (2, 2)`))
    expect(await store.read.rows(sql`select id from late`)).toEqual([{ id: 2 }])
  })
  test('goes on after a transaction that its own code has ended', async () => {
    const store = await open(newFile())
    await expect(store.write(async (tx) => {
      await setMeta(store, tx, 'a', '')
      await tx.rows(sql`rollback`)
      await setMeta(store, tx, 'b', '')
    })).rejects.toThrow('has failed before')
    await expect(store.write(async (tx) => { await tx.rows(sql`commit`) })).rejects.toThrow('has failed before')
    await store.write((tx) => setMeta(store, tx, 'c', ''))
    expect(await count(store)).toBe(1)
  })
  test('keeps the order of the calls', async () => {
    const store = await open(newFile())
    const order: number[] = []
    await Promise.all(Array.from({ length: 50 }, (_, i) => store.write(async () => { await pause(i % 3); order.push(i) })))
    expect(order).toEqual(order.map((_, i) => i))
  })
  test('lets timers and sockets through, however long the row of writes is', async () => {
    const store = await open(newFile())
    let passed = 0, writes = 0
    const timer = setInterval(() => { passed++ }, 1)
    try { while (passed < 3 && writes < 50_000) { await fill(store, 'a', 100); writes++ } } finally { clearInterval(timer) }
    expect(passed).toBe(3)
  })
  test('survives a thousand different statements and failing ones', async () => {
    const store = await open(newFile())
    for (let i = 0; i < 1000; i++) {
      expect(await store.read.rows(sql.raw(`select ${i} as n`))).toEqual([{ n: i }])
      if (i % 100 === 0) await expect(store.read.rows(sql.raw(`select nothing${i}`))).rejects.toThrow()
    }
  })
})

describe('a full disk', () => {
  test.each(['mounted', 'counted'])('(%s) 503 for writes, reads go on, nothing is damaged, and service resumes when there is room again', async (how) => {
    const dir = how === 'mounted' ? smallDisk() : undefined
    const store = await open(path.join(dir ?? scratch(), 'a.db'))
    await fill(store, 'before', 1000)
    // without a disk of our own, SQLite itself is told how many pages there are
    const pages = (n: number) => store.write((tx) => tx.rows(sql.raw(`pragma max_page_count = ${n}`)))
    if (dir) writeFileSync(path.join(dir, 'ballast'), Buffer.alloc(1024 * 1024))
    else await pages(1500)
    let written = 0
    const failed = await (async () => { for (;;) { await fill(store, `row-${written}`, 100_000); written++ } })().catch((e: unknown) => e)
    expect(failed).toMatchObject({ name: 'Problem', code: 'storage-full', status: 503 })
    expect(String((failed as Problem).cause)).not.toContain('xxxx')
    await expect(store.auto.insert(storeTables(store.kit).meta).values({ key: 'auto', value: 'x'.repeat(200_000) })).rejects.toMatchObject({ code: 'storage-full' })
    // code that catches the failure and goes on does not write outside of any transaction
    await expect(store.write(async (tx) => {
      await setMeta(store, tx, 'big', 'x'.repeat(2_000_000)).catch(() => {})
      await setMeta(store, tx, 'small', '')
    })).rejects.toMatchObject({ code: 'storage-full' })
    // and of an inner write that is caught nothing is left either
    await store.write(async () => { await store.write((tx) => setMeta(store, tx, 'inner', 'x'.repeat(2_000_000))).catch(() => {}) }).catch(() => {})
    expect(await count(store)).toBe(written + 1)
    expect(await getMeta(store, 'before')).toBe('x'.repeat(1000))
    expect(await store.read.rows(sql`pragma integrity_check`)).toEqual([{ integrity_check: 'ok' }])
    await store.ping()

    if (dir) rmSync(path.join(dir, 'ballast'))
    else await pages(1_000_000)
    await fill(store, 'after', 100_000)
    await store.auto.insert(storeTables(store.kit).meta).values({ key: 'auto', value: '' })
    expect(await count(store)).toBe(written + 3)
  })
  test('at the start, where one can be mounted: one sentence', async () => {
    const dir = smallDisk()
    if (!dir) return
    execFileSync('sh', ['-c', `head -c 8388608 /dev/zero > ${dir}/full 2>/dev/null || true`])
    const e = await openStore(`sqlite:${path.join(dir, 'a.db')}`, 'drizzle').catch((x: unknown) => x)
    expect(e).toBeInstanceOf(StartRefused)
    expect((e as Error).message).toMatch(/DATABASE_URL: .* (on a disk that is full|cannot be used)/)
  })
})

test('deleted rows do not stay in the file', async () => {
  const file = newFile()
  const store = await open(file)
  await store.write((tx) => setMeta(store, tx, 'k', 'personal-data-that-goes'))
  await store.write((tx) => tx.rows(sql`delete from meta`))
  await store.close()
  expect(execFileSync('sh', ['-c', `cat ${file}* | grep -c personal-data-that-goes || true`], { encoding: 'utf8' }).trim()).toBe('0')
  expect(statSync(file).size).toBeGreaterThan(0)
  const db = new Database(file, { readonly: true })
  expect(db.pragma('integrity_check', { simple: true })).toBe('ok')
  db.close()
})
