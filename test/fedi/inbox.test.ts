/** What is turned away at the inbox: the right status, one line in the log, no effect, nothing asked of the network. */
import { generateKeyPairSync } from 'node:crypto'
import { connect } from 'node:net'
import { configure, reset, type LogRecord } from '@logtape/logtape'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { signRequest as fedifySigns } from '@fedify/fedify/sig'
import { HOUR, type Clock } from '../../src/kernel/time.ts'
import { engines } from '../engines.ts'
import { activity, makeInstance, makeRemote, note, post, rsa, until, type Instance, type PostOptions, type Remote, type RemoteActorKeys } from './instance.ts'

const [sqlite] = engines
let i: Instance, r: Remote, x: RemoteActorKeys
let offset = 0
const clock: Clock = { now: () => new Date(Date.now() + offset) }
const lines: LogRecord[] = []

beforeAll(async () => {
  await configure({ sinks: { kept: (record) => { lines.push(record) } }, loggers: [{ category: ['toadlane'], lowestLevel: 'info', sinks: ['kept'] }, { category: ['logtape', 'meta'], lowestLevel: 'error', sinks: [] }], reset: true })
  i = await makeInstance({ store: await sqlite!.fresh(), clock, workers: false, fedi: { isBlocked: (host) => host === 'blocked.localhost' } })
  r = await makeRemote()
  x = r.actor('x')
})
afterAll(async () => { await i?.close(); await r?.close(); await reset() })
beforeEach(() => { r.seen.length = 0; lines.length = 0; offset = 0; r.answer = () => {} })

const shared = () => `${i.origin}/ap/inbox`
const waiting = async () => (await i.jobs.depth()).find((d) => d.kind === 'inbox')?.waiting ?? 0
const create = () => activity(x.id, 'Create', note(x.id))

/** Posts, and checks that nothing came of it. */
async function refused(status: number, send: () => Promise<Response>, outbound = 0): Promise<void> {
  const before = await waiting()
  const response = await send()
  const text = await response.text()
  expect(`${response.status} ${text.trim()}`).toMatch(new RegExp(`^${status} `))
  expect(await waiting()).toBe(before)
  expect(r.seen).toHaveLength(outbound)
  expect(lines).toHaveLength(1)
  expect(JSON.stringify(lines[0]!.properties)).not.toMatch(/users|127\.0\.0\.1/) // whose it was is nobody's business
}

describe('before anything else', () => {
  const plain = (headers: Record<string, string>, body: string | Uint8Array = JSON.stringify({ '@context': `${r.origin}/context`, id: `${x.id}/1`, type: 'Create', actor: x.id })) => () =>
    fetch(shared(), { method: 'POST', headers: { 'content-type': 'application/activity+json', ...headers }, body: body as string })
  test('unsigned', () => refused(401, plain({})))
  test('unsigned, with a context that would be fetched', async () => { await refused(401, plain({})); expect(r.seen).toEqual([]) })
  test('unsigned and nested 800 deep', () => refused(401, plain({}, '['.repeat(800) + ']'.repeat(800))))
  test('another method', () => refused(405, () => fetch(shared())))
  test('another content type', () => refused(415, plain({ 'content-type': 'text/plain' })))
  test('no content type', () => refused(415, plain({ 'content-type': '' })))
  test.each(['gzip', 'br', 'deflate, gzip'])('encoded as %s', (encoding) => refused(415, plain({ 'content-encoding': encoding })))
  test('more than 1 MiB, as declared', () => refused(413, plain({}, 'x'.repeat(1024 * 1024 + 1))))
  test('an unclaimed organisation has no inbox', () => refused(404, () => post(`${i.origin}/ap/actors/shut/inbox`, create(), x)))
  test('nor has one that is not there', () => refused(404, () => post(`${i.origin}/ap/actors/nobody/inbox`, create(), x)))

  const raw = (head: string[], then: (write: (s: string) => void, ended: () => boolean) => void) => new Promise<string>((done) => {
    const url = new URL(shared())
    let text = '', ended = false
    const s = connect(Number(url.port), url.hostname, () => {
      s.write([`POST /ap/inbox HTTP/1.1`, `host: ${url.host}`, ...head, '', ''].join('\r\n'))
      then((chunk) => { if (!ended) s.write(chunk) }, () => ended)
    })
    s.on('data', (d) => { text += String(d) })
    s.on('close', () => { ended = true; done(text) })
    s.on('error', () => {})
  })
  test('more than 1 MiB without saying so: cut off while it comes', async () => {
    const { signRequest, sha256 } = await import('../../src/fedi/net/sign.ts')
    const signed = await signRequest('cavage', { method: 'POST', url: new URL(shared()), digest: sha256('x'), date: new Date(), keyId: x.keyId, key: x.key })
    const text = await raw(['content-type: application/activity+json', 'transfer-encoding: chunked', ...Object.entries(signed).filter(([k]) => k !== 'host').map(([k, v]) => `${k}: ${v}`)], (write, ended) => {
      const chunk = `10000\r\n${'x'.repeat(65536)}\r\n`
      let n = 0
      const more = () => { if (ended() || n++ > 400) return; write(chunk); setTimeout(more, 1) }
      more()
    })
    expect(text).toMatch(/^HTTP\/1\.1 413/)
    expect(text).toMatch(/connection: close/i)
    expect(r.seen).toEqual([])
  })
})

describe('the signature as it is claimed', () => {
  const say = (status: number, o: PostOptions, body: unknown = create()) => refused(status, () => post(shared(), body, x, o))
  const bend = (name: string, f: (v: string) => string, kind: 'cavage' | 'rfc9421' = 'cavage', body: unknown = create()) => refused(401, async () => {
    const { signRequest, sha256 } = await import('../../src/fedi/net/sign.ts')
    const text = JSON.stringify(body)
    const h = await signRequest(kind, { method: 'POST', url: new URL(shared()), digest: sha256(text), date: new Date(), keyId: x.keyId, key: x.key })
    const headers: Record<string, string> = { 'content-type': 'application/activity+json', ...h }
    headers[name] = f(headers[name] ?? '')
    return fetch(shared(), { method: 'POST', body: text, headers })
  })
  test.each([[-2], [2]])('a date %i h off', (h) => say(401, { date: new Date(Date.now() + h * HOUR) }))
  test.each([[-2], [2]])('created %i h off', (h) => say(401, { kind: 'rfc9421', date: new Date(Date.now() + h * HOUR) }))
  test('expired', () => bend('signature-input', (v) => `${v};expires=1600000000`, 'rfc9421'))
  test('expired, the old way', () => bend('signature', (v) => `${v},expires=1600000000`))
  test.each(['(request-target)', 'host', 'date', 'digest'])('%s is not signed', (name) => bend('signature', (v) => v.replace(/headers="([^"]*)"/, (_, list: string) => `headers="${list.split(' ').filter((n) => n !== name).join(' ')}"`)))
  test.each(['"@method"', '"@target-uri"', '"content-digest"'])('%s is not signed', (name) => bend('signature-input', (v) => v.replace(`${name} `, '').replace(` ${name}`, ''), 'rfc9421'))
  test('no digest', () => say(401, { omit: ['digest'] }))
  test('a digest of another body', () => say(401, { headers: { digest: 'SHA-256=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=' } }))
  test('two digests', () => bend('digest', (v) => `${v}, SHA-256=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=`))
  test('a content-digest of another body', () => say(401, { kind: 'rfc9421', headers: { 'content-digest': 'sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:' } }))
  test('an unreadable header', () => bend('signature', () => 'Bearer x'))
  test('an unreadable input', () => bend('signature-input', () => 'sig1=("@method"', 'rfc9421'))
  test('two signatures', () => bend('signature-input', (v) => `${v}, sig2=("@method");created=1;keyid="x"`, 'rfc9421'))
  test.each(['http://127.0.0.1:1/k', 'http://[::1]/k', 'http://169.254.169.254/latest', 'http://2130706433/', 'data:text/plain,x', 'file:///etc/passwd', 'http://[64:ff9b::7f00:1]/', ''])('a key at %s', (keyId) => say(401, { keyId }))
})

describe('the activity from outside', () => {
  const say = (status: number, body: unknown) => refused(status, () => post(shared(), body, x))
  test.each([
    ['no JSON', 'nonsense'], ['null', 'null'], ['a list', '[]'], ['a number', '1'], ['nothing', ''], ['cut off', '{"id":'], ['two values', '{}{}'],
    ['33 deep', `{"id":"https://a.example/1","type":"Create","actor":"https://a.example/","object":${'['.repeat(32)}${']'.repeat(32)}}`],
    ['100,000 deep', '['.repeat(100_000)],
    ['a NUL', '{"id":"https://a.example/1","type":"Create","actor":"https://a.example/","name":"a\\u0000b"}'],
  ])('%s', (_, body) => say(400, body))
  test('invalid UTF-8', () => say(400, new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])))
  test('10,000 recipients', () => say(413, { ...create(), to: Array.from({ length: 10_000 }, (_, n) => `https://a.example/${n}`) }))
  test('no id', () => say(400, { ...create(), id: undefined }))
  test('no type', () => say(400, { ...create(), type: undefined }))
  test('two types', () => say(400, { ...create(), type: ['Create', 'Delete'] }))
  test('no actor', () => say(400, { ...create(), actor: undefined }))
  test('two actors', () => say(400, { ...create(), actor: [x.id, `${r.origin}/users/y`] }))
  test('an id on another server', () => say(400, { ...create(), id: 'https://elsewhere.example/1' }))
  test('an id that is no URL', () => say(400, { ...create(), id: 'urn:uuid:1' }))
  test('an actor of this server', () => refused(401, () => post(shared(), activity(i.fedi.uris.actor('coop'), 'Create', {}), { keyId: i.fedi.uris.mainKey('coop'), key: x.key })))
  test.each([
    { actor: 'https://evil.example/ns#who' }, { object: { '@id': 'as:target' } }, { '@base': 'https://evil.example/' }, { '@vocab': 'https://evil.example/' }, { id: 'https://evil.example/id' }, { type: null },
  ])('a context that says %j', (context) => say(400, { ...create(), '@context': ['https://www.w3.org/ns/activitystreams', context] }))
  test('a key of another server than the actor', () => refused(401, () => post(shared(), { ...create(), actor: 'https://a.example/u', id: 'https://a.example/1' }, x)))
  test('a blocked server', () => refused(403, () => post(shared(), activity('http://blocked.localhost/u', 'Create', {}), { keyId: 'http://blocked.localhost/u#k', key: x.key })))
})

describe('the signature itself', () => {
  test('by another key: the key is fetched once, not again for each forgery', async () => {
    const forger = { keyId: x.keyId, key: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey }
    await refused(401, () => post(shared(), create(), forger), 1)
    r.seen.length = 0
    lines.length = 0
    await refused(401, () => post(shared(), create(), forger), 1) // known now, and perhaps changed: one look
    for (let n = 0; n < 3; n++) {
      r.seen.length = 0
      lines.length = 0
      await refused(401, () => post(shared(), create(), forger), 0)
    }
  })
  test('for another path, host or method', async () => {
    await refused(401, () => post(shared(), create(), x, { target: `${i.origin}/ap/actors/coop/inbox` }))
    lines.length = 0
    await refused(401, () => post(shared(), create(), x, { target: 'https://other.example/ap/inbox', kind: 'rfc9421' }))
    lines.length = 0
    await refused(401, () => post(shared(), create(), x, { target: 'https://other.example/ap/inbox' }))
  })
  test('by B for A of the same server', async () => {
    const b = r.actor('b', { key: rsa() })
    await refused(401, () => post(shared(), create(), b))
  })
  test('an actor whose document is another’s', async () => {
    r.documents.set('/users/liar', { ...(r.documents.get('/users/x') as object), name: 'Liar' })
    await refused(401, () => post(shared(), activity(`${r.origin}/users/liar`, 'Create', {}), { keyId: `${r.origin}/users/liar#main-key`, key: x.key }), 2)
  })
  test('a key that says it belongs to somebody else', async () => {
    const id = `${r.origin}/users/owned`
    r.actor('owned', { document: { publicKey: { id: `${id}#main-key`, owner: x.id, publicKeyPem: String(x.publicKey.export({ type: 'spki', format: 'pem' })) } } })
    await refused(401, () => post(shared(), activity(id, 'Create', {}), { keyId: `${id}#main-key`, key: x.key }), 1)
  })
  test('a weak key', async () => {
    const weak = r.actor('weak', { key: rsa(1024) })
    await refused(401, () => post(shared(), activity(weak.id, 'Create', {}), weak), 1)
  })
  test('a key that cannot be had is not asked for again soon', async () => {
    const id = `${r.origin}/users/absent`
    const send = () => post(shared(), activity(id, 'Create', {}), { keyId: `${id}#main-key`, key: x.key })
    await refused(401, send, 1)
    r.seen.length = 0
    lines.length = 0
    await refused(401, send, 0)
    r.seen.length = 0
    lines.length = 0
    offset = 6 * 60_000
    await refused(401, () => post(shared(), activity(id, 'Create', {}), { keyId: `${id}#main-key`, key: x.key }, { date: clock.now() }), 1)
  })
  test.each([
    ['HTML', (res: import('node:http').ServerResponse) => { res.writeHead(200, { 'content-type': 'text/html' }).end('{}') }, 1],
    ['an upload as plain JSON', (res: import('node:http').ServerResponse) => { res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(r.documents.get('/users/x'))) }, 1],
    ['a redirect without end', (res: import('node:http').ServerResponse) => { res.writeHead(302, { location: '/users/more' }).end() }, 4],
    ['a redirect to a file', (res: import('node:http').ServerResponse) => { res.writeHead(302, { location: 'file:///etc/passwd' }).end() }, 1],
    ['more than 1 MiB', (res: import('node:http').ServerResponse) => { res.writeHead(200, { 'content-type': 'application/activity+json' }).end('x'.repeat(2 * 1024 * 1024)) }, 1],
    ['404', (res: import('node:http').ServerResponse) => { res.writeHead(404).end() }, 1],
    ['410', (res: import('node:http').ServerResponse) => { res.writeHead(410).end() }, 1],
    ['a reset', (res: import('node:http').ServerResponse) => { res.socket?.resetAndDestroy() }, 1],
  ])('the key’s document is %s', async (_, how, outbound) => {
    r.answer = (seen, res) => { if (seen.method !== 'GET') return false; how(res); return true }
    const id = `${r.origin}/users/odd${Math.random()}`
    await refused(401, () => post(shared(), activity(id, 'Create', {}), { keyId: `${id}#main-key`, key: x.key }), outbound)
  })
})

describe('what is taken', () => {
  async function taken(send: () => Promise<Response>, effect = 1): Promise<void> {
    const before = await waiting()
    const response = await send()
    expect(`${response.status} ${await response.text()}`).toBe('202 ')
    expect(await waiting()).toBe(before + effect)
  }
  test.each(['cavage', 'rfc9421'] as const)('a good one, signed by %s, with the key fetched by a signed request', async (kind) => {
    const y = r.actor(`fresh-${kind}`)
    await taken(() => post(shared(), activity(y.id, 'Create', note(y.id)), y, { kind }))
    expect(r.seen.map((s) => [s.method, s.url])).toEqual([['GET', `/users/fresh-${kind}`]])
    expect(r.seen[0]!.headers.signature).toContain(i.fedi.uris.mainKey(i.fedi.uris.instanceHandle))
    await taken(() => post(shared(), activity(y.id, 'Create', note(y.id)), y, { kind }))
    expect(r.seen).toHaveLength(1)
  })
  test('what Fedify signs, in both ways', async () => {
    const key = await crypto.subtle.importKey('pkcs8', new Uint8Array(x.key.export({ type: 'pkcs8', format: 'der' })), { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }, true, ['sign'])
    for (const spec of ['rfc9421', 'draft-cavage-http-signatures-12'] as const) {
      const request = await fedifySigns(new Request(shared(), { method: 'POST', body: JSON.stringify(create()), headers: { 'content-type': 'application/activity+json' } }), key, new URL(x.keyId), { spec })
      await taken(async () => fetch(shared(), { method: 'POST', headers: Object.fromEntries([...request.headers].filter(([k]) => k !== 'host')), body: await request.text() }))
    }
  })
  test('other content types that are really sent', async () => {
    for (const type of ['application/ld+json; profile="https://www.w3.org/ns/activitystreams"', 'application/json', 'application/activity+json; charset=utf-8']) {
      await taken(() => post(shared(), create(), x, { headers: { 'content-type': type } }))
    }
  })
  test('the same again has no second effect, nor have twenty at once, nor another body under its id', async () => {
    const one = create()
    await taken(() => post(shared(), one, x))
    await taken(() => post(shared(), one, x), 0)
    await taken(() => post(shared(), { ...one, object: note(x.id) }, x), 0)
    const two = create()
    const before = await waiting()
    const all = await Promise.all(Array.from({ length: 20 }, () => post(shared(), two, x)))
    expect(all.every((a) => a.status === 202)).toBe(true)
    expect(await waiting()).toBe(before + 1)
  })
  test('a personal inbox', () => taken(() => post(`${i.origin}/ap/actors/coop/inbox`, create(), x)))
  test('no @context, an embedded actor with a key of its own, keys named __proto__', async () => {
    await taken(() => post(shared(), { ...create(), '@context': undefined }, x))
    await taken(() => post(shared(), { ...create(), actor: { id: x.id, type: 'Person', publicKey: { id: x.keyId, publicKeyPem: 'mine' } } }, x))
    await taken(() => post(shared(), JSON.stringify(create()).replace('{', '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}},'), x))
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
  })
  test('a key that has changed is looked for once; the old one no longer counts', async () => {
    const before = rsa(), after = rsa()
    const old = r.actor('turning', { key: before })
    await taken(() => post(shared(), activity(old.id, 'Create', {}), old))
    const fresh = r.actor('turning', { key: after })
    await taken(() => post(shared(), activity(old.id, 'Create', {}), fresh))
    expect((await post(shared(), activity(old.id, 'Create', {}), old)).status).toBe(401)
    expect(r.seen).toHaveLength(2)
  })
  test('the Delete of an account that was never met asks nobody anything', async () => {
    const id = `${r.origin}/users/passed-away`
    await taken(() => post(shared(), activity(id, 'Delete', id), { keyId: `${id}#main-key`, key: x.key }), 0)
    expect(r.seen).toEqual([])
  })
  test('a server that asks for signed GETs answers ours, in its own way of signing', async () => {
    r.answer = (seen, res) => {
      if (seen.method !== 'GET' || seen.headers['signature-input']) return false
      res.writeHead(401).end()
      return true
    }
    const y = r.actor('guarded')
    await taken(() => post(shared(), activity(y.id, 'Create', {}), y))
    await until('the memory of it', async () => (await i.fedi.health.peers()).find((p) => p.host === r.host)?.signature === 'rfc9421')
  })
})

test('keys are fetched within a budget, whoever asks', async () => {
  const limited = await makeInstance({ store: await sqlite!.fresh(), workers: false, fedi: { limits: { verify: { perClient: { burst: 9, perMinute: 0 }, perHost: { burst: 2, perMinute: 0 }, total: { burst: 9, perMinute: 0 } } } } })
  const send = async (name: string) => (await post(`${limited.origin}/ap/inbox`, activity(`${r.origin}/users/${name}`, 'Create', {}), { keyId: `${r.origin}/users/${name}#main-key`, key: x.key })).status
  expect([await send('n1'), await send('n2'), await send('n3'), await send('n4')]).toEqual([401, 401, 429, 429])
  expect(r.seen).toHaveLength(2)
  await limited.close()
})

test('who is refused over and over is not listened to for a while', async () => {
  const limited = await makeInstance({ store: await sqlite!.fresh(), workers: false, listen: false, fedi: { limits: { receive: { refusals: { burst: 3, perMinute: 0 }, perHost: { burst: 1, perMinute: 0 } } } } })
  const app = limited.fedi.routes({ clientAddress: (request) => request.headers.get('x-from') ?? undefined })
  const from = async (source: string) => (await app.request('/ap/inbox', { method: 'POST', headers: { 'x-from': source, 'content-type': 'application/activity+json' }, body: '{}' })).status
  expect([await from('a'), await from('a'), await from('a'), await from('a'), await from('b')]).toEqual([401, 401, 401, 429, 401])
  await limited.close()
})
