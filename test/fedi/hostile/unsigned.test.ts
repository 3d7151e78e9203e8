/** HOSTILE.md rows 1 to 13: before a signature is believed. Nothing is parsed, fetched or kept for whoever just knocks. */
import { gzipSync, brotliCompressSync } from 'node:zlib'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { MAX_BYTES } from '../../../src/fedi/json.ts'
import { sha256, signRequest } from '../../../src/fedi/net/sign.ts'
import { hostileHouse, raw, refused, type HostileHouse } from './house.ts'

let h: HostileHouse
beforeAll(async () => { h = await hostileHouse() })
afterAll(() => h?.close())
afterEach(() => { h.r.answer = () => {} })

const JSON_TYPE = { 'content-type': 'application/activity+json' }
/** Unsigned, to any inbox. */
const plain = (body: string | Uint8Array, headers: Record<string, string> = {}, to = h.shared) => () =>
  fetch(to, { method: 'POST', headers: { ...JSON_TYPE, ...headers }, body: body as string })
const nested = (depth: number) => `{"id":"${h.x.id}/deep","type":"Create","actor":"${h.x.id}","object":${'['.repeat(depth)}${']'.repeat(depth)}}`
const withContext = (context: unknown) => ({ ...h.create(), '@context': context })
/** The headers of a signed post, for requests that are written by hand. */
const signedHead = (body: string) => Object.entries(signRequest('cavage', { method: 'POST', url: new URL(h.shared), digest: sha256(body), date: new Date(), keyId: h.x.keyId, key: h.x.key }))
  .filter(([name]) => name !== 'host').map(([name, value]) => `${name}: ${value}`)
const TYPE = 'content-type: application/activity+json'
const CHUNK = `10000\r\n${'x'.repeat(65_536)}\r\n`
/** What the kernel may hold of what was sent before the socket was closed, on loopback. */
const IN_FLIGHT = 8 * 1024 * 1024

describe('row 1: unsigned, to any inbox', () => {
  test.each(['/ap/inbox', '/ap/actors/coop/inbox', '/ap/actor/inbox'])('%s', async (path) => {
    expect(await h.outcome(plain(JSON.stringify(h.create()), {}, h.i.origin + path))).toEqual(refused(401))
    expect(await h.outcome(plain('{ no JSON', {}, h.i.origin + path))).toEqual(refused(401)) // not even looked at
  })
})

test('row 2: unsigned, with a remote @context', async () => {
  const contexts = Array.from({ length: 10 }, (_, n) => `${h.r.origin}/context/${n}`)
  expect(await h.outcome(plain(JSON.stringify(withContext(contexts))))).toEqual(refused(401))
})

test('row 3: unsigned, with a @context of 200 MB; nor is it fetched for who signs', async () => {
  let served = 0
  h.r.answer = (s, res) => {
    if (s.method !== 'GET') return false
    res.writeHead(200, { 'content-type': 'application/ld+json' })
    const more = () => { while (served < 200e6 && res.write('x'.repeat(1e6))) served += 1e6; if (served >= 200e6) res.end() }
    res.on('drain', more)
    more()
    return true
  }
  const a = withContext(`${h.r.origin}/context/huge`)
  expect(await h.outcome(plain(JSON.stringify(a)))).toEqual(refused(401))
  expect(await h.outcome(() => h.send(a))).toEqual({ status: 202, effect: ['posts +1', 'received +1'], outbound: [] })
  expect(served).toBe(0)
})

test('row 4: unsigned, with a @context that never comes: answered while it still would not have come', async () => {
  h.r.answer = (s) => s.method === 'GET' // and never a word
  const a = withContext(`${h.r.origin}/context/slow`)
  expect(await h.outcome(plain(JSON.stringify(a)))).toEqual(refused(401))
  expect(await h.outcome(() => h.send(a))).toEqual({ status: 202, effect: ['posts +1', 'received +1'], outbound: [] })
})

test.each([500, 800])('row 5: nested %i deep', async (depth) => {
  expect(await h.outcome(plain(nested(depth)))).toEqual(refused(401))
  expect(await h.outcome(() => h.send(nested(depth)))).toEqual(refused(400))
})

test.each([33, 5000, 100_000])('row 6: nested %i deep', async (depth) => {
  expect(await h.outcome(plain(nested(depth)))).toEqual(refused(401))
  expect(await h.outcome(() => h.send(nested(depth)))).toEqual(refused(400))
  expect(await h.outcome(() => h.send('['.repeat(depth)))).toEqual(refused(400))
  expect(await h.outcome(() => h.send('{"a":'.repeat(depth)))).toEqual(refused(400))
})

describe('row 7: more than 1 MiB', () => {
  test('as it is declared: refused before any of it is sent, and the socket is closed', async () => {
    let answer = await raw(h.port, [TYPE, `content-length: ${MAX_BYTES + 1}`])
    expect([answer.status, answer.sent]).toEqual([413, 0])
    answer = await raw(h.port, [TYPE, `content-length: ${MAX_BYTES + 1}`, ...signedHead('x')])
    expect([answer.status, answer.sent]).toEqual([413, 0])
    expect(answer.text).toMatch(/connection: close/i)
  })
  test('sent whole', async () => {
    expect(await h.outcome(plain('x'.repeat(MAX_BYTES + 1)))).toEqual(refused(413))
    expect(await h.outcome(() => h.send('x'.repeat(MAX_BYTES + 1)))).toEqual(refused(413))
  })
  test('a length that is none', async () => {
    for (const length of ['-1', '1e9', '0x10']) expect((await raw(h.port, [TYPE, `content-length: ${length}`])).status, length).toBe(400)
  })
})

test('row 8: 9.5 MB that are an array of 330,000 URLs', async () => {
  const list = `{"id":"${h.x.id}/list","type":"Create","actor":"${h.x.id}","to":[${Array.from({ length: 330_000 }, (_, n) => `"https://a.example/u/${n}"`).join(',')}]}`
  expect(list.length).toBeGreaterThan(9e6)
  const pieces = list.match(/[^]{1,65536}/g)!
  for (const head of [[], signedHead(list)]) {
    let n = 0, sent = 0
    expect(await h.outcome(async () => {
      const answer = await raw(h.port, [TYPE, `content-length: ${list.length}`, ...head], () => pieces[n++])
      sent = answer.sent
      return answer.status
    })).toEqual(refused(413))
    expect(sent).toBeLessThan(list.length)
  }
  // As much of it as fits is too many entries.
  expect(await h.outcome(() => h.send(`${list.slice(0, 900_000)}"]}`))).toEqual(refused(413))
})

describe('row 9: chunked and without end', () => {
  test('signed: 413 at the limit, and the socket is closed', async () => {
    let answer = { status: 0, text: '', sent: 0 }
    expect(await h.outcome(async () => {
      answer = await raw(h.port, [TYPE, 'transfer-encoding: chunked', ...signedHead('x')], () => CHUNK)
      return answer.status
    })).toEqual(refused(413))
    expect(answer.text).toMatch(/connection: close/i)
    expect(answer.sent).toBeLessThan(MAX_BYTES + IN_FLIGHT)
  })
  test('unsigned: 401, and the socket is closed too', async () => {
    let answer = { status: 0, text: '', sent: 0 }
    expect(await h.outcome(async () => {
      answer = await raw(h.port, [TYPE, 'transfer-encoding: chunked'], () => CHUNK)
      return answer.status
    })).toEqual(refused(401))
    expect(answer.sent).toBeLessThan(IN_FLIGHT)
  })
  test('one that stops in the middle: 408', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] })
    try {
      let first = true
      const answer = raw(h.port, [TYPE, 'transfer-encoding: chunked', ...signedHead('x')], () => { const piece = first ? '4\r\n{"id\r\n' : undefined; first = false; return piece })
      let over = false
      void answer.then(() => { over = true })
      while (!over) {
        await new Promise((done) => setImmediate(done))
        vi.advanceTimersByTime(100)
      }
      expect((await answer).status).toBe(408)
      expect((await answer).text).toMatch(/connection: close/i)
    } finally { vi.useRealTimers() }
  })
})

test('row 10: an encoded body, were it a bomb', async () => {
  const bombs = { gzip: gzipSync(Buffer.alloc(50e6)), br: brotliCompressSync(Buffer.alloc(20e6)), 'deflate, gzip': gzipSync('x'), zstd: 'x' }
  for (const [encoding, body] of Object.entries(bombs)) {
    expect(await h.outcome(plain(body, { 'content-encoding': encoding })), encoding).toEqual(refused(415))
    expect(await h.outcome(() => h.send(body, h.x, { headers: { 'content-encoding': encoding } })), encoding).toEqual(refused(415))
  }
})

describe('row 12: no JSON object in UTF-8, or not called one', () => {
  test.each([
    ['text', 'nonsense'], ['null', 'null'], ['a list', '[]'], ['a number', '1'], ['a string', '"x"'], ['nothing', ''], ['cut off', '{"id":'], ['two values', '{}{}'],
    ['invalid UTF-8', new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])], ['UTF-16', new Uint8Array(Buffer.from('{"a":1}', 'utf16le'))], ['a byte order mark', '\ufeff{}'],
    ['half a surrogate', new Uint8Array([0x7b, 0x22, 0xed, 0xa0, 0x80, 0x22, 0x3a, 0x31, 0x7d])], ['a NUL', '{"a":"\\u0000"}'],
  ])('%s', async (_, body) => {
    expect(await h.outcome(plain(body))).toEqual(refused(401))
    expect(await h.outcome(() => h.send(body))).toEqual(refused(400))
  })
  test.each(['text/plain', 'text/html', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'application/jsonp', ''])('content type %j', async (type) => {
    expect(await h.outcome(plain('{}', { 'content-type': type }))).toEqual(refused(415))
    expect(await h.outcome(() => h.send(h.create(), h.x, { headers: { 'content-type': type } }))).toEqual(refused(415))
  })
})

test('row 13: keys named __proto__ and constructor are nobody’s', async () => {
  const evil = '"__proto__":{"polluted":true,"content":"smuggled","to":["as:Public"],"toString":1},"constructor":{"prototype":{"polluted":true}},'
  const a = h.create()
  const text = JSON.stringify(a).replaceAll('{', `{${evil}`)
  expect(await h.outcome(() => h.send(text))).toEqual({ status: 202, effect: ['posts +1', 'received +1'], outbound: [] })
  expect((await h.i.talk.read.byUri((a.object as { id: string }).id))?.html).toBe('<p>Hello</p>')
  expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
  expect(Object.hasOwn(Object.prototype, 'content')).toBe(false)
  // What stands there and nowhere else is not read.
  const b = h.create({ content: undefined })
  expect(await h.outcome(() => h.send(JSON.stringify(b).replaceAll('{', `{${evil}`)))).toEqual({ status: 202, effect: ['received +1'], outbound: [] })
})
