/** Object-integrity proofs: against the vectors of FEP-8b32, against Fedify's verifier, and as our server sends and serves them. */
import { createPrivateKey, generateKeyPairSync, KeyObject, type KeyObject as Key } from 'node:crypto'
import { verifyObject, verifyProof } from '@fedify/fedify/sig'
import { Activity, DataIntegrityProof, Multikey } from '@fedify/vocab'
import { exportMultibaseKey, importMultibaseKey } from '@fedify/vocab-runtime'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { contextLoader } from '../../src/fedi/contexts.ts'
import type { Json } from '../../src/fedi/fedi.ts'
import { canonical } from '../../src/fedi/proof/jcs.ts'
import { fromMultibase, toMultibase } from '../../src/fedi/proof/multibase.ts'
import { addProof, DATA_INTEGRITY, proofHolds, readProof } from '../../src/fedi/proof/proof.ts'
import { fediTables } from '../../src/fedi/tables.ts'
import { DAY, HOUR, SECOND } from '../../src/kernel/time.ts'
import { engines } from '../engines.ts'
import { lostTerms } from './expands.ts'
import { makeInstance, makeRemote, note, PUBLIC, until, type Instance, type Remote } from './instance.ts'

const AS2 = 'https://www.w3.org/ns/activitystreams'
const alice = 'https://server.example/users/alice'
const method = `${alice}#ed25519-key`
const pair = generateKeyPairSync('ed25519')
const now = new Date('2026-11-24T12:00:00.120Z')

/** Fedify's word on a document's proof, under this key and without any request. */
async function judge(document: Json, key: Key, by = alice): Promise<boolean> {
  const publicKey = key.toCryptoKey('Ed25519', true, ['verify']) as CryptoKey
  const multikey = new Multikey({ id: new URL((document.proof as { verificationMethod: string }).verificationMethod), controller: new URL(by), publicKey })
  const options = { contextLoader, documentLoader: () => Promise.reject(new Error('no fetch')), keyCache: { get: async () => multikey, set: async () => {} } }
  const proof = await DataIntegrityProof.fromJsonLd({ '@context': document['@context'], ...document.proof as Json }, options)
  return (await verifyProof(document, proof, options)) !== null
}
const ours = (document: Json, key: Key, by = alice, at = now): boolean => {
  const claim = readProof(document, by, at)
  return claim !== undefined && proofHolds(document, claim, key)
}
const document = (): Json => ({
  '@context': [AS2, { toad: 'https://w3id.org/toadlane/ns#' }], id: 'https://server.example/activities/1', type: 'Create', actor: alice, to: [PUBLIC],
  object: { id: 'https://server.example/objects/1', type: 'Note', attributedTo: alice, content: 'Grüße, 元気 😀 "\\\n', 'toad:n': [-71.184902, 1e21, 0.000001, -0, 5] },
})
const signed = (d = document(), created = now): Json => addProof(d, { method, key: pair.privateKey, created })

describe('canonical JSON', () => {
  test('as RFC 8785 has it', () => {
    expect(canonical({ numbers: [333333333.33333329, 1e30, 4.5, 2e-3, 0.000000000000000000000000001], string: '\u20ac$\u000F\u000aA\'\u0042\u0022\u005c\\\"\/', literals: [null, true, false] }))
      .toBe('{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}')
    expect(Object.keys(JSON.parse(canonical({ '\u20ac': 0, '\r': 0, '\ufb33': 0, '1': 0, '\ud83d\ude00': 0, '\u0080': 0, 'ö': 0 })) as object).map((k) => k.codePointAt(0)))
      .toEqual([0x31, 0x0d, 0x80, 0xf6, 0x20ac, 0x1f600, 0xfb33])
    expect(canonical(JSON.parse('{"__proto__":1,"a":[]}'))).toBe('{"__proto__":1,"a":[]}')
  })
  test('and as Fedify has it, whatever the document', async () => {
    await fc.assert(fc.asyncProperty(fc.jsonValue({ stringUnit: 'binary' }), async (value) => {
      expect(await judge(signed({ '@context': AS2, id: alice, value }), pair.publicKey)).toBe(true)
    }), { numRuns: 200 })
  })
  test.each([['\ud800'], [Infinity], [{ '\udc00': 1 }]])('%j has none', (value) => { expect(() => canonical(value)).toThrow(TypeError) })
})

describe('multibase', () => {
  test('there and back, whatever the bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => { expect(fromMultibase(toMultibase(bytes))).toEqual(bytes) }))
    expect(toMultibase(Buffer.from('0000287fb4cd', 'hex'))).toBe('z11233QC4') // draft-msporny-base58, section 5
    expect(toMultibase(Buffer.from('Hello World!'))).toBe('z2NEpo7TZRRrLZSi2U')
  })
  test.each(['', 'Z1', 'f00', 'z0', `z${'2'.repeat(128)}`])('%j is none of ours', (text) => { expect(fromMultibase(text)).toBeUndefined() })
})

describe('the vectors of FEP-8b32', () => {
  const secret = fromMultibase('z3u2en7t5LR2WtQH5PfFqMqwVHBeXouLzo6haApm8XHqvjxq')!.slice(2)
  const at = new Date('2023-02-24T23:36:38Z')
  const vector = (version: string): Json => ({
    '@context': [AS2, `https://w3id.org/security/data-integrity/${version}`], id: 'https://server.example/activities/1', type: 'Create', actor: alice,
    object: { id: 'https://server.example/objects/1', type: 'Note', attributedTo: alice, content: 'Hello world', location: { type: 'Place', longitude: -71.184902, latitude: 25.273962 } },
  })
  const proof = { type: 'DataIntegrityProof', cryptosuite: 'eddsa-jcs-2022', verificationMethod: method, proofPurpose: 'assertionMethod', created: '2023-02-24T23:36:38Z' }
  const proofValue = 'z42ffGu6AUKPCFcFPiabmUvnGLPJzC7e4DGWC52NUasSSH37UMa9c58tdgVszUcZfytxa4fQ5TYHaJENCxUDe9SdL'
  let key: Key
  beforeAll(async () => { key = KeyObject.from(await importMultibaseKey('z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2')) })

  test('the proof that the FEP has, with its own @context', async () => {
    const d = vector('v2')
    const whole = { ...d, proof: { '@context': d['@context'], ...proof, proofValue } }
    expect([ours(whole, key, alice, at), await judge(whole, key)]).toEqual([true, true])
  })
  test('the one that it had before, without: over the bare proof, which Fedify does not take', async () => {
    const d: Json = { '@context': [AS2, DATA_INTEGRITY], type: 'Create', actor: alice, object: { type: 'Note', content: 'Hello world' } }
    const whole = { ...d, proof: { ...proof, proofValue: 'z3sXaxjKs4M3BRicwWA9peyNPJvJqxtGsDmpt1jjoHCjgeUf71TRFz56osPSfDErszyLp5Ks1EhYSgpDaNM977Rg2' } }
    expect([ours(whole, key, alice, at), await judge(whole, key)]).toEqual([true, false])
  })
  test('the same key makes the same proof here', async () => {
    const pkcs8 = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), secret])
    const privateKey = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' })
    expect(addProof(vector('v2'), { method, key: privateKey, created: at })).toEqual({ ...vector('v2'), proof: { '@context': vector('v2')['@context'], ...proof, proofValue } })
    const first = addProof(vector('v1'), { method, key: privateKey, created: at })
    expect([ours(first, key, alice, at), await judge(first, key)]).toEqual([true, true])
  })
})

describe('a proof of ours', () => {
  test('holds for Fedify and for us, and the document expands whole', async () => {
    const d = signed()
    expect(d['@context']).toEqual([AS2, DATA_INTEGRITY, { toad: 'https://w3id.org/toadlane/ns#' }])
    expect(d.proof).toMatchObject({ '@context': d['@context'], created: '2026-11-24T12:00:00Z' })
    expect([ours(d, pair.publicKey), await judge(d, pair.publicKey)]).toEqual([true, true])
    expect(await lostTerms(d)).toEqual([])
  })
  test('verifyObject takes it for its actor’s word', async () => {
    const multikey = new Multikey({ id: new URL(method), controller: new URL(alice), publicKey: pair.publicKey.toCryptoKey('Ed25519', true, ['verify']) as CryptoKey })
    const options = { contextLoader, documentLoader: () => Promise.reject(new Error('no fetch')), keyCache: { get: async () => multikey, set: async () => {} } }
    const d = signed({ ...document(), object: { id: 'https://server.example/objects/1', type: 'Note', content: 'x' } })
    expect((await verifyObject(Activity, d, options))?.id?.href).toBe('https://server.example/activities/1')
  })
  test('is the same each time, and a list even where the context is one', () => {
    expect(signed()).toEqual(signed())
    expect(signed({ ...document(), '@context': AS2 })['@context']).toEqual([AS2, DATA_INTEGRITY])
  })
  test('no change of the document leaves it holding', async () => {
    const d = signed()
    const changes: Json[] = [
      { ...d, actor: 'https://server.example/users/bob' }, { ...d, extra: 1 }, { ...d, object: { ...d.object as Json, content: 'forged' } }, { ...d, to: PUBLIC },
      { ...d, proof: { ...d.proof as Json, created: '2026-11-24T12:00:01Z' } }, { ...d, '@context': [{ evil: 'https://evil.example/' }, ...d['@context'] as unknown[]] },
    ]
    for (const c of changes) expect([ours(c, pair.publicKey), await judge(c, pair.publicKey)]).toEqual([false, false])
    expect(ours(d, generateKeyPairSync('ed25519').publicKey)).toBe(false)
    expect(ours(d, generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey)).toBe(false)
    expect(ours({ ...d, signature: { type: 'RsaSignature2017', signatureValue: 'x' } }, pair.publicKey)).toBe(true) // beside it, and left out
  })
  test.each<[string, (p: Json) => Json, Date?]>([
    ['another suite', (p) => ({ ...p, cryptosuite: 'eddsa-rdfc-2022' })], ['another purpose', (p) => ({ ...p, proofPurpose: 'authentication' })],
    ['another type', (p) => ({ ...p, type: 'Ed25519Signature2020' })], ['a key of another server', (p) => ({ ...p, verificationMethod: 'https://elsewhere.example/users/alice#ed25519-key' })],
    ['a key that is no URL', (p) => ({ ...p, verificationMethod: 'did:key:z6Mk' })], ['no value', (p) => ({ ...p, proofValue: undefined })], ['half a value', (p) => ({ ...p, proofValue: 'z2NEpo7TZRRrLZSi2U' })],
    ['expired', (p) => ({ ...p, expires: '2026-11-24T11:59:59Z' })], ['an end that is no time', (p) => ({ ...p, expires: 'never' })], ['no time', (p) => ({ ...p, created: undefined })],
    ['a time without zone', (p) => ({ ...p, created: '2026-11-24T12:00:00' })], ['for one exchange only', (p) => ({ ...p, challenge: 'x' })],
    ['from the future', (p) => p, new Date(now.getTime() - HOUR - SECOND)], ['older than what we remember', (p) => p, new Date(now.getTime() + 14 * DAY + SECOND)],
  ])('%s is as good as none', (_, bend, at = now) => {
    const d = signed()
    expect(readProof({ ...d, proof: bend(d.proof as Json) }, alice, at)).toBeUndefined()
  })
  test('several are as good as none; one in a list is one', () => {
    const d = signed()
    expect(readProof({ ...d, proof: [d.proof, d.proof] }, alice, now)).toBeUndefined()
    expect(ours({ ...d, proof: [d.proof] }, pair.publicKey)).toBe(true)
  })
  test('what Fedify signs holds for us', async () => {
    const { signObject } = await import('@fedify/fedify/sig')
    const { Create, Note } = await import('@fedify/vocab')
    const key = pair.privateKey.toCryptoKey('Ed25519', true, ['sign']) as CryptoKey
    const create = new Create({ id: new URL(`${alice}/1`), actor: new URL(alice), object: new Note({ id: new URL(`${alice}/2`), content: 'x', attribution: new URL(alice) }) })
    const made = await signObject(create, key, new URL(method), { contextLoader, documentLoader: () => Promise.reject(new Error('no fetch')) })
    const d = await made.toJsonLd({ format: 'compact', contextLoader }) as Json
    expect(ours(d, pair.publicKey, alice, new Date())).toBe(true)
  })
})

describe.each(engines)('what this server says, on $engine', ({ fresh }) => {
  let i: Instance, r: Remote
  beforeAll(async () => {
    i = await makeInstance({ store: await fresh() })
    r = await makeRemote()
    await i.store.write(async (tx) => {
      await i.fedi.actors.put(tx, { handle: 'directory', open: true, owner: 'directory', document: { type: 'Group', name: 'Directory' } })
      await i.fedi.actors.put(tx, { handle: 'listed', open: false, owner: 'organisation:9', document: { type: 'Organization', name: 'Listed', attributedTo: i.fedi.uris.actor('directory'), 'toad:profile': { figures: [] } } })
    })
  })
  afterAll(async () => { await i?.close(); await r?.close() })
  const get = (id: string, headers: Record<string, string> = {}) => fetch(id, { headers: { accept: 'application/activity+json', ...headers } })
  const read = async (id: string) => await (await get(id)).json() as Json
  /** The key as the actor's own document lists it. */
  async function keyOf(handle: string): Promise<Key> {
    const [key] = (await read(i.fedi.uris.actor(handle))).assertionMethod as { id: string; publicKeyMultibase: string }[]
    expect(key!.id).toBe(i.fedi.uris.ed25519Key(handle))
    return KeyObject.from(await importMultibaseKey(key!.publicKeyMultibase))
  }
  const publish = (activity: Json, to: Parameters<Instance['fedi']['publish']>[1]['to']) => i.store.write((tx) => i.fedi.publish(tx, { actor: 'coop', to, activity }))
  const received = (id: string) => until('the delivery', () => r.posts().map((s) => JSON.parse(String(s.body)) as Json).find((a) => a.id === id))

  test.each(['Create', 'Update', 'Delete', 'Announce', 'Add', 'Remove', 'Undo'])('a public %s is delivered and served with the same proof', async (type) => {
    const coop = i.fedi.uris.actor('coop')
    const object = type === 'Create' || type === 'Update' ? note(coop) : type === 'Undo' ? { id: `${coop}/x`, type: 'Announce', actor: coop, object: 'https://a.example/1' } : 'https://a.example/1'
    const { id } = await publish({ type, to: [PUBLIC], object }, { inboxes: [`${r.origin}/inbox`, `${r.origin}/other`] })
    const got = await received(id)
    const key = await keyOf('coop')
    expect([ours(got, key, coop, new Date()), await judge(got, key, coop)]).toEqual([true, true])
    expect(await lostTerms(got)).toEqual([])
    const served = await get(id)
    expect(await served.json()).toEqual(got)
    const etag = served.headers.get('etag')!
    expect((await get(id, { 'if-none-match': etag })).status).toBe(304)
    expect((await get(id)).headers.get('etag')).toBe(etag)
  })
  test('what goes to followers alone has one too', async () => {
    const { id } = await publish({ type: 'Add', to: [i.fedi.uris.followers('coop')], object: 'https://a.example/1' }, { inboxes: [`${r.origin}/inbox`] })
    expect(await received(id)).toHaveProperty('proof')
  })
  test.each(['Follow', 'Accept', 'Undo', 'Create'])('a private %s has none', async (type) => {
    const { id } = await publish({ type, to: [`${r.origin}/users/x`], object: { id: `${r.origin}/1`, type: 'Follow' } }, { inboxes: [`${r.origin}/inbox`] })
    expect(await received(id)).not.toHaveProperty('proof')
  })
  test('the directory signs for an organisation that has no key', async () => {
    const id = i.fedi.uris.actor('listed')
    const d = await read(id)
    expect(d.proof).toMatchObject({ verificationMethod: i.fedi.uris.ed25519Key('directory') })
    const key = await keyOf('directory')
    const directory = i.fedi.uris.actor('directory')
    expect([ours(d, key, directory, new Date()), await judge(d, key, directory)]).toEqual([true, true])
    expect(await lostTerms(d)).toEqual([])
    const etag = (await get(id)).headers.get('etag')!
    expect((await get(id, { 'if-none-match': `W/${etag}` })).status).toBe(304)
    // Another content: another proof. The same again: the same.
    await i.store.write((tx) => i.fedi.actors.put(tx, { handle: 'listed', open: false, owner: 'organisation:9', document: { type: 'Organization', name: 'Renamed', attributedTo: directory } }))
    const changed = await get(id, { 'if-none-match': etag })
    expect(changed.status).toBe(200)
    expect(ours(await changed.json() as Json, key, directory, new Date())).toBe(true)
  })
  test('an actor’s own document, and one that is nobody’s, have none', async () => {
    for (const handle of ['coop', 'shut']) expect(await read(i.fedi.uris.actor(handle))).not.toHaveProperty('proof')
    const { remoteActors } = fediTables(i.store.kit)
    expect(await i.store.read.$count(remoteActors)).toBe(0) // and nobody was asked anything for all this
  })
  test('an instance that has just started makes the same proof as before', async () => {
    const id = i.fedi.uris.actor('listed')
    const before = await (await get(id)).text()
    const again = await makeInstance({ store: { ...i.store, close: async () => {} }, origin: i.origin, listen: false, workers: false })
    expect(await (await again.app.request(new URL(id).pathname, { headers: { accept: 'application/activity+json' } })).text()).toBe(before)
    await again.close()
  })
  test('key material is as others write it', async () => {
    const key = await keyOf('coop')
    expect(await exportMultibaseKey(key.toCryptoKey('Ed25519', true, ['verify']) as CryptoKey)).toMatch(/^z6Mk/)
  })
})
