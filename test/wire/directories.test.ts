/** Two instances as two processes: what one lists, the other that follows it mirrors, refreshes and drops, and never says again. */
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import Database from 'better-sqlite3'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { commandLine } from '../../src/accounts/model.ts'
import { openHouse } from './house.ts'
import { makeInstance, until, type Instance } from './instances.ts'

/** Rows of a running instance's SQLite database, seen from outside. */
function rows<T>(i: Instance, sql: string): T[] {
  const db = new Database(i.env.DATABASE_URL!.replace('sqlite:', ''), { readonly: true })
  try { return db.prepare(sql).all() as T[] } finally { db.close() }
}
async function ok(i: Instance, ...args: string[]) {
  const r = await i.toadlane([...args, '--json'])
  expect(r.code, r.stderr + r.stdout).toBe(0)
  return JSON.parse(r.stdout.trim().split('\n').at(-1)!) as Record<string, unknown>
}

describe.each(['sqlite', 'postgres'])('a directory that another mirrors, on %s', (engine) => {
  let a: Instance, b: Instance
  beforeAll(async () => {
    let url: Record<string, string> = {}
    if (engine === 'postgres') {
      const base = inject('postgres'), name = `directories_${process.pid}`
      const client = new pg.Client({ connectionString: `${base}/postgres` })
      await client.connect()
      await client.query(`CREATE DATABASE ${name}`)
      await client.end()
      url = { DATABASE_URL: `${base}/${name}` }
    }
    a = await makeInstance(url)
    b = await makeInstance()
    await Promise.all([a.start(), b.start()])
  }, 120_000)
  afterAll(async () => { await a?.remove(); await b?.remove() })

  interface Mirrored { id: string; name: string; document: string }
  const mirrored = () => rows<Mirrored>(b, 'select id, name, document from mirrored order by id')
  const actor = (handle: string) => `${a.origin}/ap/actors/${handle}`
  const list = async (organisations: object[], ...more: string[]) => {
    const file = path.join(a.folder, 'list.json')
    writeFileSync(file, JSON.stringify({ format: 'toadlane/1', organisations }))
    await ok(a, 'import', file, ...more)
  }
  const coop = (handle: string, more: object = {}) => ({ handle, name: `The ${handle}`, kind: 'cooperative', country: 'GB', ...more })

  test('listed, changed, opted out; an unclaimed one like one that has agreed', async () => {
    expect(await ok(b, 'follow', actor('directory'))).toMatchObject({ state: 'accepted' })
    await list([coop('plain'), coop('other')])
    await list([coop('agreed')], '--consent', 'their board')
    const found = await until('three mirrored', () => { const m = mirrored(); return m.length === 3 ? m : undefined }, 60_000)
    expect(found.map((m) => m.id)).toEqual(['agreed', 'other', 'plain'].map(actor))
    expect(JSON.parse(found[2]!.document)).toMatchObject({ id: actor('plain'), 'toad:standing': 'unclaimed', attributedTo: actor('directory') })
    const members = await (await a.activity(`${actor('directory')}/members?page=true`)).json() as { orderedItems: { id: string; 'toad:revision': number }[] }
    const listings = rows<{ id: string; revision: number; gone: number | boolean }>(b, 'select id, revision, gone from mirrored_listings')
    expect(listings.map((l) => [l.id, Number(l.revision), Boolean(l.gone)]).sort()).toEqual(members.orderedItems.map((i) => [i.id, i['toad:revision'], false]).sort())

    await list([coop('plain', { name: 'A better name' })])
    await until('the new name', () => mirrored().some((m) => m.name === 'A better name'), 60_000)

    const house = await openHouse(a)
    try { await house.organisations.optOut(commandLine, 'agreed', 'they asked') } finally { await house.close() }
    await until('one less', () => mirrored().length === 2, 60_000)
    expect((await a.activity(actor('agreed'))).status).toBe(410)

    // Nothing of it is ever B's own: no collection lists it, no word of it leaves B.
    for (const name of ['members', 'calls', 'campaigns', 'proposals']) {
      expect(await (await b.activity(`${b.origin}/ap/actors/directory/${name}`)).json()).toMatchObject({ totalItems: 0 })
    }
    expect(rows(b, 'select id from directory_items')).toEqual([])
    expect(rows(b, 'select id from directory_news')).toEqual([])
    expect(rows<{ json: string }>(b, "select json from documents where id like '%/ap/activities/%'").map((d) => (JSON.parse(d.json) as { type: string }).type).filter((t) => t !== 'Follow')).toEqual([])

    const peers = await ok(b, 'peers')
    expect(peers.directories).toEqual([{ actor: actor('directory'), name: 'Toadlane', state: 'accepted', mirrored: 2, changed: expect.any(String) }])
  }, 180_000)
})
