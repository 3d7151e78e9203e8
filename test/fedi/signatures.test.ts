/** Our signer against Fedify's verifier, Fedify's signer against ours, and the two verifiers against each other. */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { signRequest as fedifySigns, verifyRequest, type KeyCache } from '@fedify/fedify/sig'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { contextLoader } from '../../src/fedi/contexts.ts'
import { forFedify } from '../../src/fedi/inbox/fedify.ts'
import { isSound, publicKeyOf } from '../../src/fedi/inbox/public-key.ts'
import { holds } from '../../src/fedi/inbox/quick.ts'
import { Refusal } from '../../src/fedi/inbox/refusal.ts'
import { claimedDigests, readSignature } from '../../src/fedi/inbox/signature.ts'
import { sha256, signRequest, type SignatureKind } from '../../src/fedi/net/sign.ts'

const actor = 'https://a.example/users/x'
const keyId = `${actor}#main-key`
const pair = generateKeyPairSync('rsa', { modulusLength: 2048 })
const edwards = generateKeyPairSync('ed25519')
const body = JSON.stringify({ type: 'Create', id: `${actor}/1` })
const inbox = new URL('https://coops.example/ap/inbox')
const now = new Date()

function judge(request: Request, key: KeyObject): Promise<boolean> {
  const offered = forFedify(keyId, actor, key)
  const keyCache: KeyCache = { get: async () => offered, set: async () => {} }
  return verifyRequest(request, { keyCache, contextLoader, documentLoader: () => Promise.reject(new Error('no fetch')) }).then((k) => k !== null, () => false)
}
async function signed(kind: SignatureKind, keys: { privateKey: KeyObject } = pair, url = inbox): Promise<Headers> {
  const headers = await signRequest(kind, { method: 'POST', url, digest: sha256(body), date: now, keyId, key: keys.privateKey })
  return new Headers({ 'content-type': 'application/activity+json', ...headers })
}
const request = (headers: Headers, url = inbox, text = body) => new Request(url, { method: 'POST', headers, body: text })
const quick = (headers: Headers, key: KeyObject, url = inbox) => {
  try {
    const claim = readSignature(headers, now)
    return claim.keyId === keyId && holds(claim, { method: 'POST', url, headers }, key) // only a listed key is ever looked at
  } catch (e) {
    if (e instanceof Refusal) return false
    throw e
  }
}

describe.each(['cavage', 'rfc9421'] as const)('%s', (kind) => {
  test('what we sign, Fedify verifies, and so do we', async () => {
    const headers = await signed(kind)
    expect(await judge(request(headers), pair.publicKey)).toBe(true)
    expect(quick(headers, pair.publicKey)).toBe(true)
  })
  test('what Fedify signs, we verify', async () => {
    const key = await crypto.subtle.importKey('pkcs8', new Uint8Array(pair.privateKey.export({ type: 'pkcs8', format: 'der' })), { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }, true, ['sign'])
    const r = await fedifySigns(new Request(inbox, { method: 'POST', body, headers: { 'content-type': 'application/activity+json' } }), key, new URL(keyId), { spec: kind === 'cavage' ? 'draft-cavage-http-signatures-12' : 'rfc9421' })
    const headers = new Headers(r.headers)
    headers.set('host', inbox.host)
    expect(quick(headers, pair.publicKey)).toBe(true)
    expect(claimedDigests(kind, headers)).toEqual([{ hash: 'sha256', value: sha256(body) }])
  })
  test('another key, host, path or method is refused by both', async () => {
    const headers = await signed(kind)
    const other = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey
    expect([quick(headers, other), await judge(request(headers), other)]).toEqual([false, false])
    const path = new URL('https://coops.example/ap/actors/x/inbox')
    expect([quick(headers, pair.publicKey, path), await judge(request(headers, path), pair.publicKey)]).toEqual([false, false])
    const host = new URL('https://other.example/ap/inbox')
    const moved = new Headers(headers)
    moved.set('host', host.host)
    expect([quick(moved, pair.publicKey, host), await judge(request(moved, host), pair.publicKey)]).toEqual([false, false])
  })
  test('the quick check never says yes where Fedify says no', async () => {
    const genuine = await signed(kind)
    const names = [...genuine.keys()]
    await fc.assert(fc.asyncProperty(fc.constantFrom(...names), fc.nat(400), fc.constantFrom('a', '"', ';', ',', ' ', '1', '=', '(', ')', '\\', 'Z', ':', ''), fc.boolean(), async (name, at, char, insert) => {
      const value = genuine.get(name)!
      const i = at % (value.length + 1)
      const headers = new Headers(genuine)
      try { headers.set(name, value.slice(0, i) + char + value.slice(insert ? i : i + 1)) } catch { return }
      if (quick(headers, pair.publicKey)) expect(await judge(request(headers), pair.publicKey)).toBe(true)
    }), { numRuns: 1500 })
  })
})

test('a query is part of what is signed; Fedify 2.3 leaves it out of (request-target), and there alone we say yes where it says no', async () => {
  const url = new URL('https://coops.example/ap/actors/x/outbox?page=true')
  const get = async (kind: SignatureKind, of = url) => {
    const headers = new Headers(await signRequest(kind, { method: 'GET', url: of, date: now, keyId, key: pair.privateKey }))
    return [holds(readSignature(headers, now, 'GET'), { method: 'GET', url, headers }, pair.publicKey), await judge(new Request(url, { headers }), pair.publicKey)]
  }
  const other = new URL('https://coops.example/ap/actors/x/outbox?page=false')
  expect([await get('rfc9421'), await get('cavage')]).toEqual([[true, true], [true, false]])
  expect([await get('rfc9421', other), await get('cavage', other)]).toEqual([[false, false], [false, false]])
})

test.each(['signature-input', 'signature'])('a comma at the end of %s is refused, as Fedify does', async (name) => {
  const headers = await signed('rfc9421')
  headers.set(name, `${headers.get(name)},`)
  expect([quick(headers, pair.publicKey), await judge(request(headers), pair.publicKey)]).toEqual([false, false])
})

test('Ed25519 under RFC 9421, by both', async () => {
  const headers = await signed('rfc9421', edwards)
  expect(quick(headers, edwards.publicKey)).toBe(true)
  expect(await judge(request(headers), edwards.publicKey)).toBe(true)
})

describe('RFC 9421, appendix B', () => {
  const headers = new Headers({
    host: 'example.com', date: 'Tue, 20 Apr 2021 02:07:55 GMT', 'content-type': 'application/json', 'content-length': '18',
    'content-digest': 'sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:',
  })
  const posted = { method: 'POST', url: new URL('https://example.com/foo?param=Value&Pet=dog'), headers }
  const covered = ['date', '@method', '@path', '@authority', 'content-type', 'content-length']
  const claim = {
    kind: 'rfc9421' as const, keyId: 'test-key-ed25519', algorithm: undefined, label: 'sig-b26', covered,
    parameters: `(${covered.map((c) => `"${c}"`).join(' ')});created=1618884473;keyid="test-key-ed25519"`,
    signature: new Uint8Array(Buffer.from('wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==', 'base64')),
  }
  test('B.2.6, Ed25519', () => {
    const key = createPublicKey('-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=\n-----END PUBLIC KEY-----\n')
    expect(holds(claim, posted, key)).toBe(true)
    expect(holds({ ...claim, parameters: claim.parameters.replace('1618884473', '1618884474') }, posted, key)).toBe(false)
    const own = createPrivateKey('-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF\n-----END PRIVATE KEY-----\n')
    expect(createPublicKey(own).export({ format: 'jwk' })).toEqual(key.export({ format: 'jwk' }))
  })
  test('the digest of the test request', () => {
    expect(claimedDigests('rfc9421', headers)).toEqual([{ hash: 'sha512', value: 'WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==' }])
  })
})

describe('keys', () => {
  const pem = (k: KeyObject, type: 'spki' | 'pkcs1' = 'spki') => String(k.export({ type, format: 'pem' }))
  test('good ones, in either form', async () => {
    expect(await publicKeyOf({ id: keyId, pem: pem(pair.publicKey) })).toBeDefined()
    expect(await publicKeyOf({ id: keyId, pem: pem(pair.publicKey, 'pkcs1') })).toBeDefined()
    expect(await publicKeyOf({ id: keyId, multibase: 'z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2' })).toBeDefined()
  })
  test('weak, absurd and private ones are refused', async () => {
    expect(await publicKeyOf({ id: keyId, pem: pem(generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey) })).toBeUndefined()
    expect(await publicKeyOf({ id: keyId, pem: pem(generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey) })).toBeUndefined()
    expect(await publicKeyOf({ id: keyId, pem: 'nonsense' })).toBeUndefined()
    expect(await publicKeyOf({ id: keyId, multibase: 'znonsense' })).toBeUndefined()
    const jwk = (bits: number, e = 'AQAB') => createPublicKey({ format: 'jwk', key: { kty: 'RSA', e, n: Buffer.concat([Buffer.from([0x80]), Buffer.alloc(bits / 8 - 2, 7), Buffer.from([1])]).toString('base64url') } })
    expect([jwk(2048), jwk(8192), jwk(16384), jwk(2048, 'AQ'), jwk(2048, Buffer.alloc(64, 0xff).toString('base64url'))].map(isSound)).toEqual([true, true, false, false, false])
  })
  test.each(['0000000000000000000000000000000000000000000000000000000000000000', '0100000000000000000000000000000000000000000000000000000000000080', 'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f', '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85'])('small order %s', (hex) => {
    const key = createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(hex, 'hex').toString('base64url') } })
    expect(isSound(key)).toBe(false)
  })
})
