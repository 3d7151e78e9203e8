/** One instance blocks another, by command line beside the running server: two processes, real signatures (HOSTILE.md 57). */
import Database from 'better-sqlite3'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { freePort, makeInstance, until as wait, type Instance } from './instances.ts'

const made: Instance[] = []
const instance = async (env?: Record<string, string>) => { const i = await makeInstance(env); made.push(i); return i }
afterAll(async () => { for (const i of made) await i.remove() })

const until = <T>(what: string, look: Parameters<typeof wait<T>>[1]) => wait(what, look, 60_000)

async function rows<T>(i: Instance, sql: string): Promise<T[]> {
  if (i.env.DATABASE_URL!.startsWith('postgres')) {
    const client = new pg.Client({ connectionString: i.env.DATABASE_URL })
    await client.connect()
    try { return (await client.query(sql)).rows as T[] } finally { await client.end() }
  }
  const db = new Database(i.env.DATABASE_URL!.replace('sqlite:', ''), { readonly: true })
  try { return db.prepare(sql).all() as T[] } finally { db.close() }
}
const count = async (i: Instance, from: string) => Number((await rows<{ n: number | string }>(i, `select count(*) as n from ${from}`))[0]!.n)
async function ok(i: Instance, ...args: string[]) {
  const r = await i.toadlane([...args, '--json'])
  expect(r.code, r.stderr + r.stdout).toBe(0)
  return JSON.parse(r.stdout.trim().split('\n').at(-1)!) as Record<string, any>
}

describe.each(['sqlite', 'postgres'])('a blocked instance, on %s', (engine) => {
  let a: Instance, b: Instance
  beforeAll(async () => {
    let url: Record<string, string> = {}
    if (engine === 'postgres') {
      const base = inject('postgres'), name = `block_${process.pid}`
      const client = new pg.Client({ connectionString: `${base}/postgres` })
      await client.connect()
      await client.query(`CREATE DATABASE ${name}`)
      await client.end()
      url = { DATABASE_URL: `${base}/${name}` }
    }
    a = await instance(url)
    const port = String(await freePort())
    b = await instance({ PORT: port, HOST: '127.0.0.1', TOADLANE_ORIGIN: `http://127.0.0.1:${port}` })
    await Promise.all([a.start(), b.start()])
    for (const i of [a, b]) expect((await i.toadlane(['import', '-', '--consent', 'agreed at a meeting'], 'handle,name,kind\nstocksy,Stocksy,cooperative\nloom,The Loom,cooperative\n')).code).toBe(0)
  }, 120_000)
  const talk = async () => (await fetch(`${a.origin}/talk`)).text()

  test('is not heard, not shown and not followed, from the moment on; and comes back', async () => {
    const theirs = `${b.origin}/ap/actors/stocksy`, ours = `${a.origin}/ap/actors/stocksy`
    expect(await ok(a, 'follow', theirs)).toMatchObject({ state: 'accepted' })
    expect(await ok(b, 'follow', ours)).toMatchObject({ state: 'accepted' })
    await ok(b, 'org', 'publish', 'stocksy', '--text', 'Said before')
    await until('the post', async () => (await talk()).includes('Said before'))
    expect(await count(a, "followers where follower like 'http://127.0.0.1%'")).toBe(1)

    expect(await ok(a, 'peers', 'block', '127.0.0.1', '--why', 'spam')).toEqual({ host: '127.0.0.1', changed: true })
    await until('the follower to go', async () => await count(a, "followers where follower like 'http://127.0.0.1%'") === 0)
    await until('the following to go', async () => await count(a, 'following') === 0)
    await until('the post to be hidden', async () => !(await talk()).includes('Said before'))
    expect(await ok(a, 'peers', 'blocks')).toMatchObject({ blocks: [{ host: '127.0.0.1', why: 'spam', by: 'cli' }] })

    // It does not know: its post comes, and is refused at the door.
    await ok(b, 'org', 'publish', 'stocksy', '--text', 'Said meanwhile')
    await until('the refusal', () => a.log().includes('a blocked server'))
    await until('the delivery to be put off', async () => await count(b, "jobs where cause like '%answered 403%'") === 1)
    expect(await count(a, "posts where html like '%meanwhile%'")).toBe(0)
    const follow = await b.toadlane(['follow', `${a.origin}/ap/actors/loom`])
    expect([follow.code, follow.stderr]).toEqual([1, expect.stringContaining('403')])
    // And nothing goes there: not for followers, not when it is asked for.
    await ok(a, 'org', 'publish', 'stocksy', '--text', 'From the other side')
    expect((await a.toadlane(['follow', theirs])).stderr).toContain('blocked')
    await until('an empty queue', async () => await count(a, "jobs where kind <> 'curation.settle'") === 0)
    expect(await count(b, "posts where html like '%other side%'")).toBe(0)

    await ok(a, 'peers', 'unblock', '127.0.0.1')
    await until('the post to come back', async () => (await talk()).includes('Said before'))
    expect(await count(a, "followers where follower like 'http://127.0.0.1%'")).toBe(0)
    expect(await ok(a, 'follow', theirs)).toMatchObject({ state: 'accepted' })
    await ok(b, 'org', 'publish', 'stocksy', '--text', 'Said after')
    const db = new Database(b.env.DATABASE_URL!.replace('sqlite:', '')) // it waits in order behind what was refused: both are due now
    try { db.prepare('update jobs set due = ?').run(Date.now()) } finally { db.close() }
    await until('the new post', async () => (await talk()).includes('Said after'))
    expect(await count(a, 'key_values')).toBe(0)
  }, 180_000)
})
