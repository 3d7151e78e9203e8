/** HOSTILE.md rows 18 to 28: signatures that are good, but not for this, not by this actor, or not by a key worth the name. */
import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { HOUR, MINUTE } from '../../../src/kernel/time.ts'
import { sha256 } from '../../../src/fedi/net/sign.ts'
import { movingClock } from '../../store/clock.ts'
import { activity, note, rsa, type RemoteActorKeys } from '../instance.ts'
import { hostileHouse, refused, type HostileHouse, type Outcome } from './house.ts'
import { cavage, CAVAGE, rfc9421, RFC9421, type Signing } from './signing.ts'

const clock = movingClock(new Date().toISOString())
let h: HostileHouse
beforeAll(async () => {
  h = await hostileHouse({ instance: { clock } })
  // The one look for a new key that a signature which does not hold is worth is spent: from here on nothing is asked.
  expect((await h.outcome(() => h.send(h.create(), { keyId: h.x.keyId, key: rsa().privateKey }))).outbound).toEqual(['GET /users/x'])
})
afterAll(() => h?.close())

const kept: Outcome = { status: 202, effect: ['posts +1', 'received +1'], outbound: [] }
/** A Create of x that would be kept, signed in one of the two ways. */
function say(how: typeof cavage, s: Partial<Signing> = {}, to = h.shared): Promise<Outcome> {
  const body = JSON.stringify(h.create())
  return h.outcome(() => fetch(to, { method: 'POST', body, headers: how({ url: h.shared, body, keyId: h.x.keyId, key: h.x.key, date: clock.now(), ...s }) }))
}
const OTHER = sha256('another body')

describe('row 18: the digest', () => {
  test('as it should be', async () => {
    expect(await say(cavage)).toEqual(kept)
    expect(await say(rfc9421)).toEqual(kept)
  })
  test.each([
    ['of another body', { digest: `SHA-256=${OTHER}` }, { 'content-digest': `sha-256=:${OTHER}:` }],
    ['two of them', { digest: `SHA-256=${OTHER}, SHA-256=${OTHER}` }, { 'content-digest': `sha-256=:${OTHER}:, sha-256=:${OTHER}:` }],
    ['by an algorithm that is broken', { digest: 'MD5=CY9rzUYh03PK3k6DJie09g==' }, { 'content-digest': 'md5=:CY9rzUYh03PK3k6DJie09g==:' }],
    ['of no form', { digest: OTHER }, { 'content-digest': OTHER }], ['empty', { digest: '' }, { 'content-digest': '' }],
  ])('%s, signed as it stands', async (_, old, now) => {
    expect(await say(cavage, { values: old })).toEqual(refused(401))
    expect(await say(rfc9421, { values: now })).toEqual(refused(401))
  })
  test('the true one and another beside it', async () => {
    const body = JSON.stringify(h.create())
    for (const [how, name, value] of [[cavage, 'digest', `SHA-256=${sha256(body)}, SHA-512=${OTHER}`], [rfc9421, 'content-digest', `sha-256=:${sha256(body)}:, sha-512=:${OTHER}:`]] as const) {
      const headers = how({ url: h.shared, body, keyId: h.x.keyId, key: h.x.key, date: clock.now(), values: { [name]: value } })
      expect(await h.outcome(() => fetch(h.shared, { method: 'POST', body, headers }))).toEqual(refused(401))
    }
  })
  test('absent, in fact or by another name', async () => {
    expect(await say(cavage, { values: { digest: undefined } })).toEqual(refused(401))
    expect(await say(rfc9421, { values: { 'content-digest': undefined } })).toEqual(refused(401))
    expect(await say(cavage, { covered: ['(request-target)', 'host', 'date'], values: { digest: undefined } })).toEqual(refused(401))
  })
})

const without = (list: string[], ...names: string[]) => list.filter((n) => !names.includes(n))
test.each(['(request-target)', 'digest', 'date'])('row 19: %s is not signed', async (name) => {
  expect(await say(cavage, { covered: without(CAVAGE, name) })).toEqual(refused(401))
})
test.each(['@method', 'content-digest'])('row 19: %s is not signed', async (name) => {
  expect(await say(rfc9421, { covered: without(RFC9421, name) })).toEqual(refused(401))
})
test('row 19: an empty list, a list that repeats itself, and none', async () => {
  expect(await say(cavage, { covered: ['date'] })).toEqual(refused(401))
  expect(await say(cavage, { covered: [...CAVAGE, 'date'] })).toEqual(refused(401))
  expect(await say(rfc9421, { covered: [] })).toEqual(refused(401))
  expect(await say(rfc9421, { covered: [...RFC9421, '@method'] })).toEqual(refused(401))
})

test('row 20: the host is not signed', async () => {
  expect(await say(cavage, { covered: without(CAVAGE, 'host') })).toEqual(refused(401))
  expect(await say(rfc9421, { covered: ['@method', '@path', 'content-digest'] })).toEqual(refused(401))
  expect(await say(rfc9421, { covered: ['@method', '@authority', 'content-digest'] })).toEqual(refused(401))
  expect(await say(rfc9421, { covered: ['@method', '@authority', '@path', 'content-digest'] })).toEqual(kept)
})

describe('row 21: the time', () => {
  const off = (ms: number) => ({ date: new Date(clock.now().getTime() + ms) })
  test.each([[-2], [2]])('%i hours off', async (hours) => {
    expect(await say(cavage, off(hours * HOUR))).toEqual(refused(401))
    expect(await say(rfc9421, off(hours * HOUR))).toEqual(refused(401))
  })
  test.each([[-59], [59]])('%i minutes off: within the hour', async (minutes) => {
    expect(await say(cavage, off(minutes * MINUTE))).toEqual(kept)
    expect(await say(rfc9421, off(minutes * MINUTE))).toEqual(kept)
  })
  test.each(['yesterday', '', '2026-11-14T09:00:00Z', 'Sun, 06 Nov 1994 08:49:37'])('a date of %j', async (date) => { expect(await say(cavage, { values: { date } })).toEqual(refused(401)) })
  test('that has run out, by what the signer says himself', async () => {
    const past = Math.floor(clock.now().getTime() / 1000) - 1
    expect(await say(cavage, { more: `expires=${past}` })).toEqual(refused(401))
    expect(await say(rfc9421, { more: `expires=${past}` })).toEqual(refused(401))
    expect(await say(rfc9421, { more: `expires=${past + 60}` })).toEqual(kept)
  })
})

test('row 22: for another path, host or method, replayed here', async () => {
  for (const how of [cavage, rfc9421]) {
    expect(await say(how, { url: 'https://other.example/ap/inbox' })).toEqual(refused(401))
    expect(await say(how, { url: `${h.i.origin}/ap/actors/coop/inbox` })).toEqual(refused(401))
    expect(await say(how, {}, `${h.i.origin}/ap/actors/coop/inbox`)).toEqual(refused(401))
  }
  expect(await say(cavage, { values: { '(request-target)': 'get /ap/inbox' } })).toEqual(refused(401))
  expect(await say(rfc9421, { values: { '@method': 'PUT' } })).toEqual(refused(401))
  // What is sent as the host does not count: it is ours that must have been signed.
  expect(await say(cavage, { url: 'https://other.example/ap/inbox', sent: { 'x-forwarded-host': 'other.example' } })).toEqual(refused(401))
})

test('row 23: by B, for an actor A of the same server and of another', async () => {
  for (const b of [h.y, h.other.actor('b')]) {
    expect(await h.outcome(() => h.send(h.create(), { keyId: b.keyId, key: b.key }))).toEqual(refused(401))
    expect(await h.outcome(() => h.send(h.create(), { keyId: b.keyId, key: b.key }, { kind: 'rfc9421' }))).toEqual(refused(401))
  }
  // Nor under A's name with B's key.
  expect(await h.outcome(() => h.send(h.create(), { keyId: h.x.keyId, key: rsa().privateKey }))).toEqual(refused(401))
})

describe('row 24: a key’s document that lies about its owner', () => {
  const evil = rsa()
  const pem = String(evil.publicKey.export({ type: 'spki', format: 'pem' }))
  test('a document on the victim’s own server is never asked for: the actor’s own names its keys', async () => {
    const keyId = `${h.r.origin}/uploads/key`
    h.r.documents.set('/uploads/key', { id: keyId, type: 'CryptographicKey', owner: h.x.id, publicKeyPem: pem })
    expect(await h.outcome(() => h.send(h.create(), { keyId, key: evil.privateKey }))).toEqual(refused(401))
    const inside = `${h.r.origin}/uploads/actor#key`
    h.r.documents.set('/uploads/actor', { id: h.x.id, type: 'Person', inbox: h.x.inbox, publicKey: { id: inside, owner: h.x.id, publicKeyPem: pem } })
    expect(await h.outcome(() => h.send(h.create(), { keyId: inside, key: evil.privateKey }))).toEqual(refused(401))
  })
  test('an actor that lists a key of another owner, or at another server, has no key', async () => {
    for (const [name, key] of [['owned', { owner: h.x.id }], ['elsewhere', { id: `${h.other.origin}/k` }]] as const) {
      const id = `${h.r.origin}/users/${name}`
      const a = h.r.actor(name, { document: { publicKey: { id: `${id}#main-key`, owner: id, publicKeyPem: pem, ...key } } })
      expect(await h.outcome(() => h.send(activity(a.id, 'Create', note(a.id)), { keyId: a.keyId, key: evil.privateKey }))).toEqual({ status: 401, effect: ['remote_actors +1'], outbound: [`GET /users/${name}`] })
    }
  })
  test('an actor’s address that shows another actor', async () => {
    h.r.documents.set('/users/mask', { ...(h.r.documents.get('/users/x') as object), publicKey: { id: h.x.keyId, owner: h.x.id, publicKeyPem: pem } })
    const id = `${h.r.origin}/users/mask`
    const before = await h.i.fedi.knownActor(h.x.id)
    const o = await h.outcome(() => h.send(activity(id, 'Create', note(id)), { keyId: `${id}#main-key`, key: evil.privateKey }))
    expect([o.status, o.outbound]).toEqual([401, ['GET /users/mask', 'GET /users/x']]) // asked at its own id, where it is as it was
    expect((await h.i.fedi.knownActor(h.x.id))?.document).toEqual(before?.document)
  })
})

test('row 25: two actors', async () => {
  for (const actor of [[h.x.id, h.y.id], [], [{ id: h.x.id }, h.y.id], { type: 'Person' }, null, 1]) {
    expect(await h.outcome(() => h.send({ ...h.create(), actor })), JSON.stringify(actor)).toEqual(refused(400))
  }
})

test('row 26: an embedded actor with a key of its own: the key is nobody’s, the rest is not believed', async () => {
  const evil = rsa()
  const embedded = { id: h.x.id, type: 'Person', name: 'Not me', inbox: 'https://evil.example/inbox', publicKey: { id: h.x.keyId, owner: h.x.id, publicKeyPem: String(evil.publicKey.export({ type: 'spki', format: 'pem' })) } }
  expect(await h.outcome(() => h.send({ ...h.create(), actor: embedded }, { keyId: h.x.keyId, key: evil.privateKey }))).toEqual(refused(401))
  expect(await h.outcome(() => h.send({ ...h.create(), actor: embedded }))).toEqual(kept)
  expect(await h.i.fedi.knownActor(h.x.id)).toMatchObject({ name: 'Name of x', inbox: h.x.inbox })
})

describe('row 27: keys that are too weak, too large, or a trap', () => {
  const attempt = async (name: string, document: Record<string, unknown>, how: typeof cavage, key: KeyObject, keyId?: string, sent?: (body: string) => Record<string, string>) => {
    const a = h.r.actor(name, { document })
    const body = JSON.stringify(activity(a.id, 'Create', note(a.id)))
    const headers = { ...how({ url: h.shared, body, keyId: keyId ?? a.keyId, key, date: clock.now() }), ...sent?.(body) }
    return h.outcome(() => fetch(h.shared, { method: 'POST', body, headers }))
  }
  const unheard = (name: string): Outcome => ({ status: 401, effect: ['remote_actors +1'], outbound: [`GET /users/${name}`] })
  const publicKey = (name: string, key: KeyObject) => { const id = `${h.r.origin}/users/${name}`; return { publicKey: { id: `${id}#main-key`, owner: id, publicKeyPem: String(key.export({ type: 'spki', format: 'pem' })) } } }

  test('RSA of 1024 bits', async () => {
    const weak = rsa(1024)
    expect(await attempt('weak', publicKey('weak', weak.publicKey), cavage, weak.privateKey)).toEqual(unheard('weak'))
  })
  test('RSA of 16,384 bits, and an exponent of 512', async () => {
    const odd = (bits: number, e: string) => createPublicKey({ format: 'jwk', key: { kty: 'RSA', e, n: Buffer.concat([Buffer.from([0x80]), Buffer.alloc(bits / 8 - 2, 7), Buffer.from([1])]).toString('base64url') } })
    for (const [name, key] of [['huge', odd(16_384, 'AQAB')], ['slow', odd(4096, Buffer.alloc(64, 0xff).toString('base64url'))]] as const) {
      expect(await attempt(name, publicKey(name, key), cavage, h.x.key)).toEqual(unheard(name))
    }
  })
  test('an Ed25519 point of small order, under which a signature can be made up for anything', async () => {
    // y = 1, the identity: with the same for R, and 0 for S, the equation of the signature holds whatever is said (not every library looks).
    const identity = createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(`01${'00'.repeat(31)}`, 'hex').toString('base64url') } })
    const forged = Buffer.concat([Buffer.from(`01${'00'.repeat(31)}`, 'hex'), Buffer.alloc(32)])
    const id = `${h.r.origin}/users/small`
    const { exportMultibaseKey } = await import('@fedify/vocab-runtime')
    const multibase = await exportMultibaseKey(identity.toCryptoKey('Ed25519', true, ['verify']) as CryptoKey)
    const document = { publicKey: undefined, assertionMethod: [{ id: `${id}#ed`, type: 'Multikey', controller: id, publicKeyMultibase: multibase }] }
    expect(await attempt('small', document, rfc9421, generateKeyPairSync('ed25519').privateKey, `${id}#ed`, () => ({ signature: `sig1=:${forged.toString('base64')}:` }))).toEqual(unheard('small'))
  })
  test('a good Ed25519 key is taken', async () => {
    const pair = generateKeyPairSync('ed25519')
    const id = `${h.r.origin}/users/ed`
    const { exportMultibaseKey } = await import('@fedify/vocab-runtime')
    const document = { publicKey: undefined, assertionMethod: [{ id: `${id}#ed`, type: 'Multikey', controller: id, publicKeyMultibase: await exportMultibaseKey(pair.publicKey.toCryptoKey('Ed25519', true, ['verify']) as CryptoKey) }] }
    expect(await attempt('ed', document, rfc9421, pair.privateKey, `${id}#ed`)).toEqual({ status: 202, effect: ['received +1', 'remote_actors +1'], outbound: ['GET /users/ed'] })
  })
})

describe('row 28: another key at the same id', () => {
  test('is looked for once and taken; the old one no longer counts; forgeries make us look once in five minutes', async () => {
    const before = rsa(), after = rsa()
    const old = h.r.actor('turning', { key: before })
    const send = (by: RemoteActorKeys) => h.outcome(() => h.send(activity(by.id, 'Hello', by.id), by))
    expect(await send(old)).toEqual({ status: 202, effect: ['received +1', 'remote_actors +1'], outbound: ['GET /users/turning'] })
    expect(await send(old)).toEqual({ status: 202, effect: ['received +1'], outbound: [] })
    const fresh = h.r.actor('turning', { key: after })
    expect(await send(fresh)).toEqual({ status: 202, effect: ['received +1', 'remote_actors changed'], outbound: ['GET /users/turning'] })
    expect(await send(fresh)).toEqual({ status: 202, effect: ['received +1'], outbound: [] })
    for (let n = 0; n < 5; n++) expect(await send(old)).toEqual(refused(401))
    clock.advance(6 * MINUTE)
    expect(await send(old)).toEqual({ status: 401, effect: ['remote_actors changed'], outbound: ['GET /users/turning'] })
    for (let n = 0; n < 5; n++) expect(await send(old)).toEqual(refused(401))
    expect(await send(fresh)).toEqual({ status: 202, effect: ['received +1'], outbound: [] })
  })
})
