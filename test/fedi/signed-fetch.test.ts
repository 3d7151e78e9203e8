/** Who may read documents: in signed-fetch mode, from a blocked server, and what was said to one server alone. */
import { mkdtempSync, rmSync } from 'node:fs'
import type { Server } from 'node:http'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { serve } from '@hono/node-server'
import { signRequest as fedifySigns } from '@fedify/fedify/sig'
import { Hono } from 'hono'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { commandLine } from '../../src/accounts/model.ts'
import { makeApp, makeHouse, root, type House } from '../../src/app.ts'
import { readConfig } from '../../src/config.ts'
import { organisationInput } from '../../src/coops/model.ts'
import { answerJson } from '../../src/fedi/http/serve.ts'
import { HOUR, type Clock } from '../../src/kernel/time.ts'
import { startWorkers, type Workers } from '../../src/store/workers.ts'
import { engines } from '../engines.ts'
import { freePort, makeInstance, makeRemote, note, PUBLIC, rsa, signedGet, until, type Instance, type PostOptions, type Remote, type RemoteActorKeys } from './instance.ts'

const [sqlite] = engines
const JSON_TYPE = 'application/activity+json'
const FAST = { burst: 9, perMinute: 0 }

describe('signed-fetch mode', () => {
  let i: Instance, r: Remote, x: RemoteActorKeys
  let offset = 0
  const clock: Clock = { now: () => new Date(Date.now() + offset) }
  beforeAll(async () => {
    i = await makeInstance({ store: await sqlite!.fresh(), clock, workers: false, fedi: { signedFetch: true, isBlocked: (host) => host === 'blocked.localhost' } })
    // Rooms of their own: one mounts documents of its own in front, one answers people and programs at the same address.
    i.app.get('/room', (c) => answerJson({ id: `${i.origin}/room`, type: 'Note' }, c.req.header('if-none-match')))
    r = await makeRemote()
    x = r.actor('x')
  })
  afterAll(async () => { await i?.close(); await r?.close() })
  beforeEach(() => { r.seen.length = 0; offset = 0 })
  const id = () => i.fedi.uris.actor('coop')
  const documents = () => [id(), i.fedi.uris.outbox('coop'), `${i.fedi.uris.outbox('coop')}?page=true`, i.fedi.uris.followers('coop'), i.fedi.uris.featured('coop'), i.fedi.uris.actor('shut'), i.fedi.uris.object('notes', 'none')]
  const plain = (url: string, accept = JSON_TYPE) => fetch(url, { headers: { accept }, redirect: 'manual' })

  test('without a signature there is no document, and nobody learns what is there', async () => {
    for (const url of documents()) {
      const answer = await plain(url)
      expect([url, answer.status, answer.headers.get('cache-control')]).toEqual([url, 401, 'no-store'])
      expect(answer.headers.get('vary')).toContain('Signature')
      expect(answer.headers.get('www-authenticate')).toMatch(/^Signature/)
      expect(await answer.text()).toBe('not signed\n')
    }
    for (const accept of ['*/*', 'application/ld+json; profile="https://www.w3.org/ns/activitystreams"', 'application/json']) expect((await plain(id(), accept)).status).toBe(401)
    expect((await fetch(id(), { method: 'HEAD', headers: { accept: JSON_TYPE } })).status).toBe(401)
    expect(r.seen).toEqual([])
  })
  test.each(['cavage', 'rfc9421'] as const)('with one, by %s, there is; the key is asked for once', async (kind) => {
    const y = r.actor(`y-${kind}`)
    const statuses: number[] = []
    for (const url of documents()) {
      const answer = await signedGet(url, y, { kind })
      statuses.push(answer.status)
      if (answer.status === 200) {
        expect(answer.headers.get('cache-control')).toBe('private, no-cache')
        expect(answer.headers.get('vary')).toBe('Accept, Signature, Signature-Input')
      }
    }
    expect(statuses).toEqual([200, 200, 200, 200, 200, 200, 404])
    expect(r.seen.map((s) => s.url)).toEqual([`/users/y-${kind}`])
  })
  test('what it answers is what others get, with validators', async () => {
    const first = await signedGet(id(), x)
    expect(await first.json()).toMatchObject({ id: id(), type: 'Organization', name: 'Coop' })
    expect((await signedGet(id(), x, { headers: { 'if-none-match': first.headers.get('etag')! } })).status).toBe(304)
  })
  test('as Fedify signs, in both ways, with a query too', async () => {
    const key = await crypto.subtle.importKey('pkcs8', new Uint8Array(x.key.export({ type: 'pkcs8', format: 'der' })), { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }, true, ['sign'])
    for (const spec of ['rfc9421', 'draft-cavage-http-signatures-12'] as const) for (const url of documents().slice(0, 3)) {
      const signed = await fedifySigns(new Request(url, { headers: { accept: JSON_TYPE } }), key, new URL(x.keyId), { spec })
      expect((await fetch(url, { headers: Object.fromEntries([...signed.headers].filter(([k]) => k !== 'host')) })).status).toBe(200)
    }
  })
  test('people get their pages, programs the instance actor, WebFinger, NodeInfo and the vocabulary', async () => {
    const page = await plain(id(), 'text/html,application/xhtml+xml')
    expect([page.status, page.headers.get('location')]).toEqual([303, `${i.origin}/co-ops/coop`])
    const open = ['/ap/actor', `/.well-known/webfinger?resource=acct:coop@${i.host}`, '/.well-known/host-meta', '/.well-known/nodeinfo', '/nodeinfo/2.0', '/nodeinfo/2.1', '/ns']
    for (const at of open) expect([at, (await plain(i.origin + at)).status]).toEqual([at, 200])
    expect(await (await plain(i.fedi.uris.instanceActor)).json()).toMatchObject({ type: 'Application', publicKey: { publicKeyPem: expect.stringContaining('PUBLIC KEY') as unknown } })
    expect((await plain(`${i.fedi.uris.instanceActor}/outbox`)).status).toBe(401)
  })
  test('the inbox is as ever', async () => {
    expect((await fetch(i.fedi.uris.sharedInbox, { method: 'POST', headers: { 'content-type': JSON_TYPE }, body: '{}' })).status).toBe(401)
    expect(r.seen).toEqual([])
  })

  describe('refused with 401', () => {
    const say = async (o: PostOptions, outbound = 0, by: Parameters<typeof signedGet>[1] = x, url = id()) => {
      await signedGet(id(), x)
      r.seen.length = 0
      const answer = await signedGet(url, by, o)
      expect(`${answer.status} ${(await answer.text()).trim()}`).toMatch(/^401 /)
      expect(r.seen).toHaveLength(outbound)
    }
    test.each([[-2], [2]])('a date %i h off', (h) => say({ date: new Date(Date.now() + h * HOUR) }))
    test.each([[-2], [2]])('created %i h off', (h) => say({ kind: 'rfc9421', date: new Date(Date.now() + h * HOUR) }))
    test('for another path, query or host', async () => {
      await say({ target: i.fedi.uris.actor('shut') }, 1) // perhaps its key is new: looked at once
      await say({ target: `${id()}?page=true` })
      await say({ target: 'https://other.example/ap/actors/coop', kind: 'rfc9421' })
    })
    test.each(['(request-target)', 'host', 'date'])('%s is not signed', async (name) => {
      const { signRequest } = await import('../../src/fedi/net/sign.ts')
      const h = signRequest('cavage', { method: 'GET', url: new URL(id()), date: new Date(), keyId: x.keyId, key: x.key })
      h.signature = h.signature!.replace(/headers="([^"]*)"/, (_, list: string) => `headers="${list.split(' ').filter((n) => n !== name).join(' ')}"`)
      await say({ headers: h })
    })
    test.each(['@method', '@target-uri'])('%s is not signed', async (name) => {
      const { signRequest } = await import('../../src/fedi/net/sign.ts')
      const h = signRequest('rfc9421', { method: 'GET', url: new URL(id()), date: new Date(), keyId: x.keyId, key: x.key })
      h['signature-input'] = h['signature-input']!.replace(`"${name}"`, '"accept"')
      await say({ headers: h, omit: ['date'] })
    })
    test('nonsense', () => say({ headers: { signature: 'Bearer x' } }))
    test('a key of ours, or of no server', async () => {
      for (const keyId of [i.fedi.uris.mainKey('coop'), 'nonsense', 'data:text/plain,x', 'file:///etc/passwd']) await say({ keyId })
    })
    test('a key that its actor does not list, or that another server has', async () => {
      const z = r.actor('z')
      await say({ keyId: `${z.id}#other-key` }, 1)
      const other = await makeRemote()
      other.documents.set('/key', { id: `${other.origin}/key`, owner: x.id })
      await say({ keyId: `${other.origin}/key` })
      expect(other.seen).toHaveLength(1)
      await other.close()
    })
    test('an actor who cannot be asked, and not again soon', async () => {
      const nobody = { keyId: `${r.origin}/users/nobody#main-key`, key: x.key }
      await say({}, 1, nobody)
      await say({}, 0, nobody)
    })
  })

  test('a server that is blocked: 403, and it is not asked for its key', async () => {
    for (const keyId of ['http://blocked.localhost/u#k', 'http://BLOCKED.localhost:8080/u#k', 'https://blocked.localhost./u#k']) for (const kind of ['cavage', 'rfc9421'] as const) {
      const answer = await signedGet(id(), x, { keyId, kind })
      expect([answer.status, answer.headers.get('cache-control')]).toEqual([403, 'no-store'])
    }
  })
  test('what a room answers on a way of its own is no way around', async () => {
    const app = new Hono()
    app.use(i.fedi.guard())
    app.get('/co-ops/coop', (c) => c.req.header('accept') === JSON_TYPE ? answerJson({ id: id() }, undefined) : c.html('<p>Coop</p>'))
    app.get('/ap/odd', (c) => answerJson({ id: c.req.url }, undefined)) // whatever is asked for
    const ask = (at: string, accept: string) => app.request(i.origin + at, { headers: { accept } })
    expect([(await ask('/co-ops/coop', JSON_TYPE)).status, (await ask('/co-ops/coop', 'text/html')).status]).toEqual([401, 200])
    const odd = await ask('/ap/odd', 'text/html')
    expect([odd.status, await odd.text(), odd.headers.get('etag')]).toEqual([401, 'not signed\n', null])
  })
  test('keys are asked for within a budget, and who is refused over and over waits', async () => {
    const limited = await makeInstance({
      store: await sqlite!.fresh(), workers: false, listen: false,
      fedi: { signedFetch: true, limits: { verify: { perClient: FAST, perHost: { burst: 2, perMinute: 0 }, total: FAST }, receive: { perHost: FAST, refusals: { burst: 5, perMinute: 0 } } } },
    })
    const app = new Hono()
    app.use(limited.fedi.guard({ clientAddress: () => '203.0.113.1' }))
    app.route('/', limited.fedi.routes())
    const { signRequest } = await import('../../src/fedi/net/sign.ts')
    const ask = async (name: string) => {
      const headers = signRequest('cavage', { method: 'GET', url: new URL(limited.fedi.uris.actor('coop')), date: new Date(), keyId: `${r.origin}/users/${name}#main-key`, key: x.key })
      return (await app.request(limited.fedi.uris.actor('coop'), { headers: { accept: JSON_TYPE, ...headers } })).status
    }
    expect([await ask('n1'), await ask('n2'), await ask('n3'), await ask('n1'), await ask('n1'), await ask('n1'), await ask('n1')]).toEqual([401, 401, 429, 401, 401, 401, 429])
    expect(r.seen).toHaveLength(2)
    await limited.close()
  })
})

describe.each(engines)('what was said to one server alone, on $engine', ({ fresh }) => {
  let i: Instance, r: Remote, other: Remote, x: RemoteActorKeys
  let blocked = ''
  beforeAll(async () => {
    i = await makeInstance({ store: await fresh(), workers: false, fedi: { isBlocked: (host) => host === blocked } })
    r = await makeRemote()
    other = await makeRemote()
    x = r.actor('x')
  })
  afterAll(async () => { await i?.close(); await r?.close(); await other?.close() })
  const say = (activity: Record<string, unknown>) => i.store.write((tx) => i.fedi.publish(tx, { actor: 'coop', activity, to: 'nobody', inOutbox: true })).then((a) => a.id)

  test.each<[string, () => Record<string, unknown>]>([
    ['a Follow', () => ({ type: 'Follow', to: [x.id], object: x.id })], ['an Accept', () => ({ type: 'Accept', object: { id: `${x.id}/f`, type: 'Follow', actor: x.id, object: i.fedi.uris.actor('coop') } })],
    ['a direct message', () => ({ type: 'Create', cc: [x.id], object: note(i.fedi.uris.actor('coop'), { to: [x.id] }) })],
  ])('%s: to its server, to nobody else', async (_, activity) => {
    const id = await say(activity())
    const got = await signedGet(id, r.actor('neighbour'))
    expect([got.status, got.headers.get('cache-control'), got.headers.get('vary')]).toEqual([200, 'private, no-store', 'Accept, Signature, Signature-Input'])
    expect(await got.json()).toMatchObject({ id, actor: i.fedi.uris.actor('coop') })
    const forger = { keyId: x.keyId, key: rsa().privateKey }
    for (const answer of [await fetch(id, { headers: { accept: JSON_TYPE } }), await signedGet(id, other.actor('y')), await signedGet(id, forger), await signedGet(id, x, { headers: { accept: 'text/html' } })]) {
      expect([answer.status, await answer.text()]).toEqual([404, 'a page'])
      expect(answer.headers.get('vary')).toContain('Signature')
    }
  })
  test('to nobody: to nobody', async () => {
    const id = await say({ type: 'Create', to: [i.fedi.uris.followers('coop')], object: note(i.fedi.uris.actor('coop')) })
    expect((await signedGet(id, x)).status).toBe(404)
  })
  test('what everybody may read asks nobody who reads it', async () => {
    const id = await say({ type: 'Create', to: [PUBLIC], object: note(i.fedi.uris.actor('coop')) })
    other.seen.length = 0
    expect((await signedGet(id, other.actor('stranger'))).status).toBe(200)
    expect((await signedGet(i.fedi.uris.actor('coop'), { keyId: `${other.origin}/users/none#k`, key: x.key })).status).toBe(200)
    expect(other.seen).toEqual([])
  })
  test('a blocked server gets nothing at all, and is asked nothing', async () => {
    const id = await say({ type: 'Follow', to: [x.id], object: x.id })
    blocked = '127.0.0.1'
    r.seen.length = 0
    for (const url of [id, i.fedi.uris.actor('coop'), i.fedi.uris.outbox('coop'), i.fedi.uris.instanceActor]) for (const kind of ['cavage', 'rfc9421'] as const) expect((await signedGet(url, r.actor('new'), { kind })).status).toBe(403)
    expect((await fetch(i.fedi.uris.actor('coop'), { headers: { accept: JSON_TYPE } })).status).toBe(200)
    blocked = ''
    expect(r.seen).toEqual([])
  })
})

describe('two whole instances in signed-fetch mode', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'toadlane-signed-'))
  const running: { house: House; server: Server; workers: Workers }[] = []
  async function begin(name: string): Promise<House> {
    const port = await freePort()
    const house = await makeHouse(readConfig({
      PORT: String(port), TOADLANE_ALLOW_PRIVATE: '1', TOADLANE_SIGNED_FETCH: '1',
      DATABASE_URL: `sqlite:${path.join(folder, name, 'data', 'a.db')}`, TOADLANE_SECRET_FILE: path.join(folder, name, 'config', 'secret'),
    }, root))
    await house.begin()
    const app = makeApp(house)
    const server = await new Promise<Server>((done) => { const s = serve({ fetch: app.fetch, port, hostname: '127.0.0.1' }, () => done(s as Server)) as Server })
    running.push({ house, server, workers: startWorkers(house.store, house.jobs, house.handlers, { poll: 50 }) })
    return house
  }
  afterAll(async () => {
    for (const { house, server, workers } of running) {
      await workers.stop(2000)
      server.closeAllConnections()
      await new Promise((done) => server.close(done))
      await house.close()
    }
    rmSync(folder, { recursive: true, force: true })
  })

  test('they read each other, follow and are answered; a stranger reads nothing that a room mounts in front', async () => {
    const a = await begin('a'), b = await begin('b')
    const target = a.fedi.uris.actor('directory')
    expect((await b.fedi.follow({ handle: 'directory' }, target)).actor).toMatchObject({ id: target, type: 'Group' })
    await until('the Accept', async () => (await b.fedi.following('directory'))[0]?.state === 'accepted')
    expect(await a.fedi.followers('directory')).toEqual([b.fedi.uris.actor('directory')])

    await a.organisations.put(commandLine, organisationInput.parse({ handle: 'listed', name: 'Listed', kind: 'cooperative' }))
    await a.organisations.put(commandLine, organisationInput.parse({ handle: 'agreed', name: 'Agreed', kind: 'cooperative' }), { consent: 'agreed at a meeting' })
    const post = await a.talk.publish(commandLine, 'agreed', { text: 'Hello' })
    for (const url of [target, a.fedi.uris.actor('listed'), post.uri, `${post.uri}/likes`]) expect([url, (await fetch(url, { headers: { accept: JSON_TYPE } })).status]).toEqual([url, 401])
    expect(await b.fedi.fetchObject(a.fedi.uris.actor('listed'))).toMatchObject({ type: 'Organization', proof: { verificationMethod: `${target}#ed25519-key` } })
    expect(await b.fedi.fetchObject(post.uri)).toMatchObject({ type: 'Note', likes: { totalItems: 0 } })
    expect((await fetch(`${a.fedi.origin}/posts/${post.id}`, { headers: { accept: 'text/html' } })).status).toBe(200)
    expect((await fetch(`${a.fedi.origin}/`, { headers: { accept: 'text/html' } })).status).toBe(200)
  })
})
