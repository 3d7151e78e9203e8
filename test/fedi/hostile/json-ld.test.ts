/** HOSTILE.md rows 29 and 30: documents that say one thing in JSON and another in JSON-LD. */
import { signJsonLd } from '@fedify/fedify/sig'
import fc from 'fast-check'
import jsonld from 'jsonld'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { contextLoader, readsPlainly } from '../../../src/fedi/contexts.ts'
import type { Json } from '../../../src/fedi/fedi.ts'
import { PUBLIC } from '../instance.ts'
import { hostileHouse, refused, type HostileHouse, type Outcome } from './house.ts'

const AS2 = 'https://www.w3.org/ns/activitystreams'
const EVIL = 'https://evil.example/ns#'

let h: HostileHouse
beforeAll(async () => { h = await hostileHouse() })
afterAll(() => h?.close())

describe('row 29: a Linked Data signature', () => {
  /** A Create of x with its signature, as its server would have it forwarded. Nobody serves it. */
  async function signed(): Promise<Json> {
    const key = await crypto.subtle.importKey('pkcs8', new Uint8Array(h.x.key.export({ type: 'pkcs8', format: 'der' })), { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }, true, ['sign'])
    return await signJsonLd(h.create({ content: 'as signed' }), key, new URL(h.x.keyId), { contextLoader }) as unknown as Json
  }
  const forged = () => h.create({ content: 'as forged' })
  const rearranged: Record<string, (s: Json) => Json> = {
    'as it was signed': (s) => s,
    'with other words under it': (s) => ({ ...forged(), signature: s.signature }),
    'beside @included': (s) => ({ ...s, '@included': [forged()] }),
    'inside @included': (s) => ({ ...forged(), '@included': [s], signature: s.signature }),
    'beside @reverse': (s) => ({ ...s, '@reverse': { object: forged() } }),
    'inside a named graph': (s) => ({ ...forged(), '@graph': [s], signature: s.signature }),
    'with a named graph inside': (s) => ({ ...s, object: { '@graph': [forged().object], id: (s.object as Json).id, type: 'Note', attributedTo: h.x.id, content: 'as forged', to: [PUBLIC] } }),
    'with an alias for a keyword': (s) => ({ ...s, '@context': [AS2, { more: '@included' }], more: [forged()] }),
  }
  const words = async () => (await h.i.talk.read.latest(100)).map((p) => p.html).join()

  test.each(Object.keys(rearranged))('%s: not a signature', async (name) => {
    const { '@context': context = AS2, ...rest } = rearranged[name]!(await signed())
    const a = { '@context': context, ...rest }
    expect(await h.outcome(() => fetch(h.shared, { method: 'POST', body: JSON.stringify(a), headers: { 'content-type': 'application/activity+json' } }))).toEqual(refused(401))
  })
  test.each(Object.keys(rearranged))('%s, forwarded by somebody else: not believed for what it says', async (name) => {
    for (const forwarder of [h.y, h.other.actor('forwarder')]) {
      const a = rearranged[name]!(await signed())
      const o = await h.outcome(() => h.send(a, forwarder))
      expect([[400, 401, 202].includes(o.status), o.effect.filter((e) => /posts|followers|reactions|stones/.test(e))]).toEqual([true, []])
      expect(await words()).not.toMatch(/as signed|as forged/)
    }
  })
  test('sent by its author: read as plain JSON, and nothing that JSON-LD would find besides', async () => {
    const victim = (await h.i.say('Ours')).uri
    const s = await signed()
    const hidden = [{ id: `${h.x.id}/hidden`, type: 'Like', actor: h.y.id, object: victim }, forged()]
    const o = await h.outcome(() => h.send({ ...s, '@included': hidden, '@reverse': { object: hidden }, '@graph': hidden }))
    expect(o).toEqual({ status: 202, effect: ['posts +1', 'received +1'], outbound: [] })
    expect([await words(), (await h.i.talk.read.byUri(victim))?.likes]).toEqual([expect.not.stringContaining('forged'), 0])
    const inside = await signed()
    expect(await h.outcome(() => h.send({ '@context': AS2, '@graph': [inside] }))).toEqual(refused(400))
  })
})

describe('row 30: a context that gives our terms another meaning', () => {
  const poisoned: [string, unknown][] = [
    ...['actor', 'object', 'id', 'type', 'attributedTo', 'to', 'content', 'inbox', 'target', 'url'].map((name): [string, unknown] => [`${name} elsewhere`, { [name]: `${EVIL}${name}` }]),
    ['actor is object', { actor: 'as:object' }], ['object is id', { object: '@id' }], ['type is id', { type: '@id' }], ['type is nothing', { type: null }],
    ['actor by an object', { actor: { '@id': `${EVIL}a`, '@type': '@id' } }], ['object reversed', { object: { '@reverse': 'as:object' } }],
    ['object is a literal', { object: { '@id': 'as:object', '@type': '@json' } }], ['object holds graphs', { object: { '@id': 'as:object', '@container': '@graph' } }], ['content nested', { content: { '@id': 'as:content', '@nest': 'other' } }],
    ['another vocabulary', { '@vocab': EVIL }], ['another base', { '@base': EVIL }], ['an import', { '@import': `${EVIL}x` }], ['propagating', { '@propagate': false }],
    ['by a bent prefix', { as: EVIL, actor: 'as:actor' }], ['by a bent prefix alone', { as: EVIL }], ['by ldp', { ldp: EVIL, inbox: 'ldp:inbox' }],
    ['within a type', { Create: { '@id': 'as:Create', '@context': { object: `${EVIL}o` } } }], ['within a property', { object: { '@id': 'as:object', '@type': '@id', '@context': { content: `${EVIL}c` } } }],
    ['within a term of their own', { odd: { '@id': `${EVIL}odd`, '@context': [{ x: { '@id': `${EVIL}x`, '@context': { actor: `${EVIL}a` } } }] } }],
    ['a context that clears all', null], ['a number', 1], ['a list in a list', [[{ actor: `${EVIL}a` }]]],
  ]
  const at: Record<string, (context: unknown) => Json> = {
    'of the whole': (c) => ({ ...h.create(), '@context': [AS2, c] }),
    'alone': (c) => ({ ...h.create(), '@context': c === null ? [null] : c }),
    'in front': (c) => ({ ...h.create(), '@context': [c, AS2] }),
    'of the object': (c) => h.create({ '@context': [AS2, c] }),
    'of what is in the object': (c) => h.create({ attributedTo: [{ '@context': [c], id: h.x.id }], tag: [{ type: 'Mention', x: { y: [[{ '@context': [c] }]] } }] }),
  }
  test.each(Object.keys(at))('the context %s', async (place) => {
    for (const [name, context] of poisoned) expect(await h.outcome(() => h.send(at[place]!(context))), name).toEqual(refused(400))
  })
  test('what is usual is read', async () => {
    const usual = [
      undefined, AS2, [AS2], 'https://any.example/context', [AS2, 'https://w3id.org/security/v1', { toot: 'http://joinmastodon.org/ns#', Emoji: 'toot:Emoji', focalPoint: { '@container': '@list', '@id': 'toot:focalPoint' } }],
      [AS2, { '@language': 'und', '@vocab': '_:' }], [AS2, { as: `${AS2}#`, actor: 'as:actor', published: { '@id': 'as:published', '@type': 'xsd:dateTime' }, Hashtag: 'as:Hashtag', sensitive: 'as:sensitive' }],
    ]
    const kept: Outcome = { status: 202, effect: ['posts +1', 'received +1'], outbound: [] }
    for (const context of usual) expect(await h.outcome(() => h.send({ ...h.create(), '@context': context })), JSON.stringify(context)).toEqual(kept)
  })

  test('what is read plainly, JSON-LD reads the same, whatever else the context says', async () => {
    const names = ['actor', 'object', 'id', 'type', 'attributedTo', 'to', 'content', 'as', 'ldp', 'inbox', 'Create', 'Note', 'odd', '@vocab', '@base', '@protected', 'xsd']
    const iris = ['as:actor', 'as:object', 'as:content', 'as:to', 'as:attributedTo', '@id', '@type', `${AS2}#`, `${AS2}#actor`, `${AS2}#object`, EVIL, `${EVIL}x`, '_:', '_:b', 'odd:x', 'as:Create', 'http://www.w3.org/2001/XMLSchema#']
    const iri = fc.constantFrom<unknown>(...iris, null, true)
    const definition: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
      definition: fc.oneof({ maxDepth: 2 }, iri, fc.record({
        '@id': iri, '@reverse': iri, '@type': fc.constantFrom('@id', '@vocab', '@json', '@none', 'xsd:dateTime'), '@container': fc.constantFrom('@set', '@list', '@graph', '@index', '@id', '@type', '@language'),
        '@nest': fc.constantFrom('@nest', 'odd'), '@index': iri, '@context': fc.dictionary(fc.constantFrom(...names), tie('definition'), { maxKeys: 2 }),
      }, { requiredKeys: [] })),
    })).definition
    const context = fc.dictionary(fc.constantFrom(...names), definition, { maxKeys: 3 })
    const document = (c: Json) => ({
      '@context': [AS2, c], id: 'https://a.example/1', type: 'Create', actor: 'https://a.example/u', to: PUBLIC,
      object: { id: 'https://a.example/2', type: 'Note', attributedTo: 'https://a.example/u', content: 'Hello', to: [PUBLIC] },
    })
    // An id as a literal, and one value as a list of one, say the same.
    const same = (v: unknown): unknown => {
      if (Array.isArray(v)) return v.length === 1 ? same(v[0]) : v.map(same)
      if (typeof v !== 'object' || v === null) return v
      const o = v as Record<string, unknown>
      if (Object.keys(o).length === 1) for (const key of ['@id', '@value', '@list']) if (key in o) return same(o[key])
      return Object.fromEntries(Object.entries(o).sort().map(([k, x]) => [k, same(x)]))
    }
    const read = async (d: object) => same(await jsonld.expand(d, { documentLoader: contextLoader }))
    const honest = await read(document({}))
    let plain = 0
    await fc.assert(fc.asyncProperty(context, async (c) => {
      if (!readsPlainly(document(c))) return
      const found = await read(document(c)).catch(() => undefined) // a context that is none: nobody reads anything
      if (found === undefined) return
      plain++
      expect(found).toEqual(honest)
    }), { numRuns: 3000 })
    expect(plain).toBeGreaterThan(50)
  })
})
