/** Two instances as two processes: the organisation of one answers the other's, and the answer stands in its thread, edited and taken down with it. */
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import pg from 'pg'
import { commandLine } from '../../src/accounts/model.ts'
import { openHouse } from './house.ts'
import { makeInstance, root, until, type Instance } from './instances.ts'

const data = path.join(root, 'test/data/directory.json')
const made: Instance[] = []
afterAll(async () => { for (const i of made) await i.remove() })
async function ok(i: Instance, ...args: string[]) {
  const r = await i.toadlane([...args, '--json'])
  expect(r.code, r.stderr + r.stdout).toBe(0)
  return JSON.parse(r.stdout.trim().split('\n').at(-1)!) as Record<string, string>
}

describe.each(['sqlite', 'postgres'])('a conversation with an instance on %s', (engine) => {
  let a: Instance, b: Instance
  beforeAll(async () => {
    a = await makeInstance()
    made.push(a)
    let url: Record<string, string> = {}
    if (engine === 'postgres') {
      const base = inject('postgres'), name = `talk_${process.pid}`
      const client = new pg.Client({ connectionString: `${base}/postgres` })
      await client.connect()
      await client.query(`CREATE DATABASE ${name}`)
      await client.end()
      url = { DATABASE_URL: `${base}/${name}` }
    }
    b = await makeInstance(url)
    made.push(b)
    await Promise.all([a.start(), b.start()])
    await ok(a, 'import', data, '--consent', 'agreed')
    await ok(b, 'import', data, '--consent', 'agreed')
  }, 120_000)

  const page = async (i: Instance, at: string) => (await fetch(i.origin + at, { headers: { accept: 'text/html' } })).text()
  const json = async (i: Instance, url: string) => { const r = await i.activity(url); return { status: r.status, body: await r.json().catch(() => ({})) as Record<string, any> } }

  test('post, answer, answer to the answer, edit, end', async () => {
    await ok(b, 'follow', `${a.origin}/ap/actors/stocksy`)
    const post = await ok(a, 'org', 'publish', 'stocksy', '--text', 'Who wants our #software?', '--title', 'An offer')
    await until('the post on b', async () => (await page(b, '/talk')).includes('An offer'))
    const answer = await ok(b, 'org', 'publish', 'drivers-coop-colorado', '--text', 'We do!', '--reply-to', post.uri!)
    await until('the answer on a', async () => (await page(a, `/posts/${post.id}`)).includes('We do!'))

    const seen = await page(a, `/posts/${post.id}`)
    expect(seen).toContain('1 reply')
    expect(seen).toContain(new URL(b.origin).host)
    expect((await json(a, `${post.uri}/replies`)).body).toMatchObject({ totalItems: 1, first: { items: [answer.uri] } })
    expect((await json(b, answer.uri!)).body).toMatchObject({ inReplyTo: post.uri, context: `${post.uri}/context`, tag: [{ type: 'Mention', href: `${a.origin}/ap/actors/stocksy` }] })
    expect((await json(a, `${post.uri}/context`)).body).toMatchObject({ attributedTo: `${a.origin}/ap/actors/stocksy`, totalItems: 2, first: { items: [post.uri, answer.uri] } })

    // b's answer is answered on a, whose organisation b follows: it stands in b's copy of the thread.
    const thanks = await ok(a, 'org', 'publish', 'stocksy', '--text', 'Then let us talk', '--reply-to', answer.uri!)
    await until('the thanks on b', async () => (await json(b, `${answer.uri}/replies`)).body.totalItems === 1)
    expect((await json(b, `${answer.uri}/replies`)).body.first.items).toEqual([thanks.uri])

    const house = await openHouse(b)
    try {
      await house.talk.edit(commandLine, answer.id!, { text: 'We do, gladly!' })
      await until('the edit on a', async () => (await page(a, `/posts/${post.id}`)).includes('We do, gladly!'))
      await house.talk.remove(commandLine, answer.id!)
    } finally { await house.close() }
    await until('the end on a', async () => !(await page(a, `/posts/${post.id}`)).includes('We do'))
    expect((await json(b, answer.uri!)).status).toBe(410)
    const after = await page(a, `/posts/${post.id}`)
    expect(after).toContain('Then let us talk') // what answered it stays in the thread
    expect((await json(a, `${post.uri}/context`)).body.first.items).toEqual([post.uri, thanks.uri])
  }, 120_000)

  test('a pin: followers hear of it, and it is in the collection', async () => {
    const post = await ok(a, 'org', 'publish', 'stocksy', '--text', 'Pinned')
    const house = await openHouse(a)
    try { await house.talk.pins.pin(commandLine, post.id!) } finally { await house.close() }
    expect((await json(a, `${a.origin}/ap/actors/stocksy/featured`)).body).toMatchObject({ type: 'OrderedCollection', orderedItems: [{ id: post.uri, content: '<p>Pinned</p>' }] })
    expect(await page(a, '/co-ops/stocksy')).toMatch(/Shown first[^]*Pinned/)
  }, 60_000)
})
