/** Two instances as two processes, with databases, secrets and origins of their own, over real sockets with real signatures. */
import { writeFileSync } from 'node:fs'
import https from 'node:https'
import http from 'node:http'
import path from 'node:path'
import Database from 'better-sqlite3'
import pg from 'pg'
import { generate } from 'selfsigned'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { freePort, makeInstance, root, until, type Instance } from './instances.ts'

const CONSENT = "agreed at the federation's meeting"
const data = path.join(root, 'test/data/directory.json')
const made: Instance[] = []
const instance = async (env?: Record<string, string>) => { const i = await makeInstance(env); made.push(i); return i }
afterAll(async () => { for (const i of made) await i.remove() })

/** Rows of a running instance's database, seen from outside. */
async function rows<T>(i: Instance, sql: string): Promise<T[]> {
  if (i.env.DATABASE_URL!.startsWith('postgres')) {
    const client = new pg.Client({ connectionString: i.env.DATABASE_URL })
    await client.connect()
    try { return (await client.query(sql)).rows as T[] } finally { await client.end() }
  }
  const db = new Database(i.env.DATABASE_URL!.replace('sqlite:', ''), { readonly: true })
  try { return db.prepare(sql).all() as T[] } finally { db.close() }
}
const json = async (r: Response): Promise<Record<string, any>> => { expect(r.status).toBe(200); return await r.json() as Record<string, any> }
async function ok(i: Instance, ...args: string[]) {
  const r = await i.toadlane([...args, '--json'])
  expect(r.code, r.stderr + r.stdout).toBe(0)
  return JSON.parse(r.stdout.trim().split('\n').at(-1)!) as Record<string, any>
}

describe('an instance filled from the real data', () => {
  let a: Instance
  beforeAll(async () => {
    a = await instance()
    await a.start()
    expect(await ok(a, 'import', data, '--consent', CONSENT)).toMatchObject({ created: 41 + 102 + 5, failed: 0 })
  }, 120_000)

  test('imports the same again without a change', async () => {
    expect(await ok(a, 'import', data, '--consent', CONSENT)).toMatchObject({ created: 0, changed: 0, failed: 0 })
  })
  test('answers WebFinger for an organisation', async () => {
    const host = new URL(a.origin).host
    const jrd = await json(await fetch(`${a.origin}/.well-known/webfinger?resource=acct:stocksy@${host}`))
    expect(jrd.subject).toBe(`acct:stocksy@${host}`)
    expect(jrd.links.find((l: { rel: string }) => l.rel === 'self')).toMatchObject({ type: 'application/activity+json', href: `${a.origin}/ap/actors/stocksy` })
  })
  test('serves its actor whole, and answers 304 to its ETag', async () => {
    const url = `${a.origin}/ap/actors/stocksy`
    const r = await a.activity(url)
    expect(r.headers.get('content-type')).toContain('application/activity+json')
    const actor = await json(r)
    expect(actor).toMatchObject({
      id: url, type: 'Organization', preferredUsername: 'stocksy', inbox: `${url}/inbox`, outbox: `${url}/outbox`, followers: `${url}/followers`,
      endpoints: { sharedInbox: `${a.origin}/ap/inbox` }, publicKey: { id: `${url}#main-key`, owner: url }, 'toad:standing': 'consented',
    })
    expect(Array.isArray(actor.attachment)).toBe(true)
    expect(actor.publicKey.publicKeyPem).toContain('BEGIN PUBLIC KEY')
    const again = await fetch(url, { headers: { accept: 'application/activity+json', 'if-none-match': r.headers.get('etag')! } })
    expect(again.status).toBe(304)
  })
  test('serves directory, instance actor, NodeInfo and outbox pages', async () => {
    expect(await json(await a.activity(`${a.origin}/ap/actors/directory`))).toMatchObject({ type: 'Group', preferredUsername: 'directory' })
    expect(await json(await a.activity(`${a.origin}/ap/actor`))).toMatchObject({ type: 'Application', preferredUsername: 'localhost' })
    const discovery = await json(await fetch(`${a.origin}/.well-known/nodeinfo`))
    expect(discovery.links).toHaveLength(2)
    for (const link of discovery.links) expect(await json(await fetch(link.href))).toMatchObject({ software: { name: 'toadlane' }, protocols: ['activitypub'] })
    await ok(a, 'org', 'publish', 'stocksy', '--text', 'Hello from the outbox')
    const outbox = await json(await a.activity(`${a.origin}/ap/actors/stocksy/outbox`))
    expect(outbox).toMatchObject({ type: 'OrderedCollection', totalItems: 1 })
    const page = await a.activity(typeof outbox.first === 'string' ? outbox.first : outbox.first.id)
    expect((await json(page)).orderedItems[0]).toMatchObject({ type: 'Create', actor: `${a.origin}/ap/actors/stocksy` })
  })
  test('shows the same organisation to people, and to both at the short address', async () => {
    const page = await fetch(`${a.origin}/co-ops/stocksy`)
    expect(page.status).toBe(200)
    expect(await page.text()).toContain('Stocksy')
    const short = await fetch(`${a.origin}/@stocksy`, { redirect: 'manual' })
    expect([301, 302, 303, 307, 308]).toContain(short.status)
  })
})

test('without consent there is a page and a document, and nothing else', async () => {
  const i = await instance()
  await i.start()
  expect(await ok(i, 'import', data)).toMatchObject({ failed: 0 })
  expect((await fetch(`${i.origin}/co-ops/stocksy`)).status).toBe(200)
  const document = await json(await i.activity(`${i.origin}/ap/actors/stocksy`))
  expect(document).toMatchObject({ 'toad:standing': 'unclaimed', attributedTo: `${i.origin}/ap/actors/directory` })
  expect(document.inbox).toBeUndefined()
  expect(document.publicKey).toBeUndefined()
  expect((await fetch(`${i.origin}/.well-known/webfinger?resource=acct:stocksy@${new URL(i.origin).host}`)).status).toBe(404)
  expect((await fetch(`${i.origin}/ap/actors/stocksy/inbox`, { method: 'POST', body: '{}', headers: { 'content-type': 'application/activity+json' } })).status).toBeGreaterThanOrEqual(400)
  const refused = await i.toadlane(['org', 'publish', 'stocksy', '--text', 'Hello'])
  expect(refused.code).toBe(1)
  expect(refused.stderr).toMatch(/agreed/)
})

describe.each(['sqlite', 'postgres'])('following from an instance on %s', (engine) => {
  let a: Instance, b: Instance
  beforeAll(async () => {
    a = await instance()
    let url: Record<string, string> = {}
    if (engine === 'postgres') {
      const base = inject('postgres'), name = `wire_${process.pid}`
      const client = new pg.Client({ connectionString: `${base}/postgres` })
      await client.connect()
      await client.query(`CREATE DATABASE ${name}`)
      await client.end()
      url = { DATABASE_URL: `${base}/${name}` }
    }
    b = await instance(url)
    await Promise.all([a.start(), b.start()])
    await ok(a, 'import', data, '--consent', CONSENT)
  }, 120_000)
  const posts = () => rows<{ uri: string; html: string; state: string }>(b, "select uri, html, state from posts where organisation is null and state = 'public'")

  test('a follow is accepted, and a post, its edit and its removal arrive', async () => {
    const actor = `${a.origin}/ap/actors/stocksy`
    expect(await ok(b, 'follow', actor)).toMatchObject({ state: 'accepted' })
    const { id, uri } = await ok(a, 'org', 'publish', 'stocksy', '--text', 'First line\nsecond line')
    expect(uri).toMatch(new RegExp(`^${a.origin}/ap/notes/`))
    const [post] = await until('the post on B', async () => { const p = await posts(); return p.length > 0 ? p : undefined })
    expect(post).toMatchObject({ uri, html: expect.stringMatching(/First line<br ?\/?>second line/) })
    expect(id).toBeTruthy()
    const page = await (await fetch(`${b.origin}/talk`)).text()
    expect(page).toContain('second line')
  })

  test('what was queued when the process was killed arrives, once', async () => {
    await a.stop()
    // 200 posts, and with them 200 deliveries, written while nobody delivers.
    const { openHouse } = await import('./house.ts')
    const house = await openHouse(a)
    const { commandLine } = await import('../../src/accounts/model.ts')
    for (let n = 0; n < 200; n++) await house.talk.publish(commandLine, 'stocksy', { text: `Number ${n}` })
    await house.close()
    const numbered = async () => (await posts()).filter((p) => /Number \d+/.test(p.html))
    await a.start()
    await until('the first deliveries', async () => (await numbered()).length > 10)
    await a.stop('SIGKILL')
    expect((await numbered()).length).toBeLessThan(200)
    await a.start()
    await until('all deliveries', async () => (await numbered()).length >= 200, 60_000)
    await until('an empty queue', async () => (await rows<{ n: number }>(a, "select count(*) as n from jobs where kind = 'deliver'"))[0]!.n === 0)
    const all = await numbered()
    expect(all).toHaveLength(200)
    expect(new Set(all.map((p) => p.html)).size).toBe(200)
  }, 120_000)
})

test('by handle, over TLS with an authority of its own', async () => {
  const port = await freePort()
  const authority = await generate([{ name: 'commonName', value: 'localhost' }], {
    keySize: 2048, algorithm: 'sha256', extensions: [{ name: 'basicConstraints', cA: true }, { name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] }],
  })
  const a = await instance({ TOADLANE_ORIGIN: `https://localhost:${port}`, HOST: '127.0.0.1', TOADLANE_TRUST_PROXY: '1' })
  const proxy = https.createServer({ key: authority.private, cert: authority.cert }, (req, res) => {
    req.pipe(http.request({ host: '127.0.0.1', port: a.port, method: req.method, path: req.url, headers: { ...req.headers, 'x-forwarded-proto': 'https', 'x-forwarded-for': '127.0.0.1' } }, (back) => {
      res.writeHead(back.statusCode!, back.headers)
      back.pipe(res)
    }).on('error', () => res.destroy()))
  })
  await new Promise<void>((done) => proxy.listen(port, '127.0.0.1', done))
  try {
    const ca = path.join(a.folder, 'ca.pem')
    writeFileSync(ca, authority.cert)
    const b = await instance({ NODE_EXTRA_CA_CERTS: ca })
    await Promise.all([a.start({ NODE_EXTRA_CA_CERTS: ca }), b.start()])
    await ok(a, 'import', data, '--consent', CONSENT)
    expect(await ok(b, 'follow', `@stocksy@localhost:${port}`)).toMatchObject({ actor: `https://localhost:${port}/ap/actors/stocksy` })
    await until('the Accept', async () => (await rows<{ state: string }>(b, 'select state from following'))[0]?.state === 'accepted')
    await ok(a, 'org', 'publish', 'stocksy', '--text', 'Over TLS')
    await until('the post', async () => (await rows<{ n: number }>(b, "select count(*) as n from posts where html like '%Over TLS%'"))[0]!.n === 1)
  } finally { proxy.close(); proxy.closeAllConnections() }
}, 120_000)
