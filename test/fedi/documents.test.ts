/** What we say: documents, their contexts, and the addresses that serve them. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { actorDocument } from '../../src/fedi/actor-document.ts'
import { contextLoader, readsPlainly } from '../../src/fedi/contexts.ts'
import { contextFor, inContext } from '../../src/fedi/terms.ts'
import { makeUris } from '../../src/fedi/uris.ts'
import { matches, wanted } from '../../src/fedi/http/serve.ts'
import { handleOf } from '../../src/fedi/http/webfinger.ts'
import { engines } from '../engines.ts'
import { lostTerms } from './expands.ts'
import { makeInstance, PUBLIC, type Instance } from './instance.ts'

const uris = makeUris('https://coops.example')
const keys = { rsaPem: '-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----\n', ed25519: 'z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2' }
const made = new Date('2026-01-02T03:04:05Z')
const rich = {
  type: 'Organization', additionalType: 'toad:Cooperative', name: 'Up & Go', summary: '<p>Cleaning</p>', url: 'https://coops.example/co-ops/up_and_go',
  icon: { type: 'Image', mediaType: 'image/png', url: 'https://coops.example/swatch/1.png' }, discoverable: true, indexable: true,
  attachment: [{ type: 'PropertyValue', name: 'Website', value: '<a href="https://upandgo.coop/" rel="me">https://upandgo.coop/</a>' }],
  tag: [{ type: 'Hashtag', name: '#platformcoop', href: 'https://coops.example/tags/platformcoop' }], alsoKnownAs: ['https://social.coop/users/upandgo'],
  generator: { type: 'Application', name: 'Toadlane', implements: [{ type: 'Link', href: 'https://w3id.org/toadlane/ns', name: 'Toadlane directory' }] },
  'toad:standing': 'claimed', 'toad:revision': 3, 'toad:profile': { figures: [{ kind: 'members', value: 50, year: 2024 }], id: 'not an id' },
}

describe('documents', () => {
  test('an open actor has all that others look for, and nothing of the room overrules fedi', () => {
    const document = actorDocument(uris, 'coops.example', { handle: 'up_and_go', open: true, made, keys, document: { ...rich, id: 'https://evil.example/', inbox: 'x', publicKey: {} } })
    expect(document).toMatchInlineSnapshot(`
      {
        "@context": [
          "https://www.w3.org/ns/activitystreams",
          "https://w3id.org/security/v1",
          {
            "Hashtag": "as:Hashtag",
            "Multikey": "sec:Multikey",
            "PropertyValue": "schema:PropertyValue",
            "additionalType": {
              "@id": "http://schema.org/additionalType",
              "@type": "@vocab",
            },
            "alsoKnownAs": {
              "@id": "as:alsoKnownAs",
              "@type": "@id",
            },
            "assertionMethod": {
              "@id": "sec:assertionMethod",
              "@type": "@id",
            },
            "controller": {
              "@id": "sec:controller",
              "@type": "@id",
            },
            "discoverable": "toot:discoverable",
            "featured": {
              "@id": "toot:featured",
              "@type": "@id",
            },
            "implements": {
              "@container": "@list",
              "@id": "https://w3id.org/fep/844e/implements",
              "@type": "@id",
            },
            "indexable": "toot:indexable",
            "manuallyApprovesFollowers": "as:manuallyApprovesFollowers",
            "publicKeyMultibase": {
              "@id": "sec:publicKeyMultibase",
              "@type": "sec:multibase",
            },
            "schema": "http://schema.org#",
            "sec": "https://w3id.org/security#",
            "toad": "https://w3id.org/toadlane/ns#",
            "toad:profile": {
              "@id": "toad:profile",
              "@type": "@json",
            },
            "toot": "http://joinmastodon.org/ns#",
            "value": "schema:value",
            "webfinger": {
              "@id": "https://purl.archive.org/socialweb/webfinger#webfinger",
              "@type": "xsd:string",
            },
          },
        ],
        "additionalType": "toad:Cooperative",
        "alsoKnownAs": [
          "https://social.coop/users/upandgo",
        ],
        "assertionMethod": [
          {
            "controller": "https://coops.example/ap/actors/up_and_go",
            "id": "https://coops.example/ap/actors/up_and_go#ed25519-key",
            "publicKeyMultibase": "z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2",
            "type": "Multikey",
          },
        ],
        "attachment": [
          {
            "name": "Website",
            "type": "PropertyValue",
            "value": "<a href="https://upandgo.coop/" rel="me">https://upandgo.coop/</a>",
          },
        ],
        "discoverable": true,
        "endpoints": {
          "sharedInbox": "https://coops.example/ap/inbox",
        },
        "featured": "https://coops.example/ap/actors/up_and_go/featured",
        "followers": "https://coops.example/ap/actors/up_and_go/followers",
        "following": "https://coops.example/ap/actors/up_and_go/following",
        "generator": {
          "implements": [
            {
              "href": "https://w3id.org/toadlane/ns",
              "name": "Toadlane directory",
              "type": "Link",
            },
          ],
          "name": "Toadlane",
          "type": "Application",
        },
        "icon": {
          "mediaType": "image/png",
          "type": "Image",
          "url": "https://coops.example/swatch/1.png",
        },
        "id": "https://coops.example/ap/actors/up_and_go",
        "inbox": "https://coops.example/ap/actors/up_and_go/inbox",
        "indexable": true,
        "manuallyApprovesFollowers": false,
        "name": "Up & Go",
        "outbox": "https://coops.example/ap/actors/up_and_go/outbox",
        "preferredUsername": "up_and_go",
        "publicKey": {
          "id": "https://coops.example/ap/actors/up_and_go#main-key",
          "owner": "https://coops.example/ap/actors/up_and_go",
          "publicKeyPem": "-----BEGIN PUBLIC KEY-----
      MIIB
      -----END PUBLIC KEY-----
      ",
        },
        "published": "2026-01-02T03:04:05.000Z",
        "summary": "<p>Cleaning</p>",
        "tag": [
          {
            "href": "https://coops.example/tags/platformcoop",
            "name": "#platformcoop",
            "type": "Hashtag",
          },
        ],
        "toad:profile": {
          "figures": [
            {
              "kind": "members",
              "value": 50,
              "year": 2024,
            },
          ],
          "id": "not an id",
        },
        "toad:revision": 3,
        "toad:standing": "claimed",
        "type": "Organization",
        "url": "https://coops.example/co-ops/up_and_go",
        "webfinger": "up_and_go@coops.example",
      }
    `)
  })

  test('a closed actor is a document and nothing more', () => {
    const document = actorDocument(uris, 'coops.example', { handle: 'x', open: false, made, document: { type: 'Organization', name: 'X', attributedTo: uris.actor('directory'), inbox: 'no' } })
    expect(document).toEqual({ '@context': 'https://www.w3.org/ns/activitystreams', id: uris.actor('x'), type: 'Organization', name: 'X', attributedTo: uris.actor('directory') })
  })

  const question = {
    id: uris.object('campaigns', '1'), type: 'Question', additionalType: 'toad:MotionCampaign', attributedTo: uris.actor('m'), content: '<p>x</p>', endTime: '2027-04-04T22:59:59Z', votersCount: 353,
    oneOf: [{ type: 'Note', name: 'a', replies: { type: 'Collection', totalItems: 212 } }, { type: 'Note', name: 'b', replies: { type: 'Collection', totalItems: 1 } }],
    'toad:target': uris.actor('n'), 'toad:rule': { action: 'agm-resolution', signatures: 500 }, 'toad:motionText': 'Text', 'toad:ask': { kind: 'per-member' },
    'toad:tally': { signed: 187, fediverse: { unverified: true } }, 'toad:status': 'collecting', 'toad:derivedFrom': uris.object('campaigns', '0'), 'toad:revision': 7, to: [PUBLIC],
  }
  test.each([
    ['an actor', actorDocument(uris, 'coops.example', { handle: 'up_and_go', open: true, made, keys, document: rich })],
    ['an unclaimed one', actorDocument(uris, 'coops.example', { handle: 'x', open: false, made, document: { ...rich, 'toad:standing': 'unclaimed' } })],
    ['a campaign', inContext(question)],
    ['a Create with an embedded context', inContext({ id: uris.activity('1'), type: 'Create', actor: uris.actor('m'), to: [PUBLIC], object: inContext(question) })],
    ['a Tombstone', { '@context': 'https://www.w3.org/ns/activitystreams', id: uris.object('notes', '1'), type: 'Tombstone', formerType: 'Note', deleted: made.toISOString() }],
    ['a page of an outbox', inContext({ id: 'https://coops.example/o?page=true', type: 'OrderedCollectionPage', partOf: 'https://coops.example/o', orderedItems: [question] })],
  ])('%s expands with no term lost', async (_, document) => {
    expect(await lostTerms(document)).toEqual([])
  })
  test('a term that nobody has defined is found out', async () => {
    expect(await lostTerms(inContext({ id: uris.object('notes', '1'), type: 'Note', frobnicate: 'x' }))).not.toEqual([])
  })
  test('what plain reading takes a term to mean is what ActivityStreams says', async () => {
    const { document } = await contextLoader('https://www.w3.org/ns/activitystreams')
    const terms = (document as { '@context': Record<string, unknown> })['@context']
    for (const name of ['id', 'type', 'actor', 'object', 'attributedTo', 'inReplyTo', 'inbox', 'oneOf', 'endTime', 'content', 'published', 'to']) {
      expect(readsPlainly({ '@context': { [name]: terms[name] } }), name).toBe(true)
      expect(readsPlainly({ '@context': { [name]: 'https://evil.example/x' } }), name).toBe(false)
    }
    expect(readsPlainly({ '@context': ['https://any.example/context', { '@language': 'und', toot: 'http://joinmastodon.org/ns#', Emoji: 'toot:Emoji', '@vocab': '_:' }] })).toBe(true)
    await expect(contextLoader('https://any.example/context')).rejects.toMatchObject({ code: 'unknown-context' })
  })
  test('contexts are as small as they can be, and none is nested', () => {
    expect(contextFor({ type: 'Note', content: 'x' })).toBe('https://www.w3.org/ns/activitystreams')
    expect(JSON.stringify(inContext({ type: 'Create', object: inContext(question) })).match(/@context/g)).toHaveLength(1)
  })
})

describe('small decisions', () => {
  test.each([
    [undefined, 'document'], ['*/*', 'document'], ['application/activity+json', 'document'], ['application/ld+json; profile="https://www.w3.org/ns/activitystreams"', 'document'],
    ['application/json', 'document'], ['text/html,application/xhtml+xml,*/*;q=0.8', 'page'], ['text/html, application/activity+json', 'document'], ['image/png', 'other'],
  ])('Accept %s wants the %s', (accept, want) => { expect(wanted(accept)).toBe(want) })
  test.each([['"a"', true], ['W/"a"', true], ['"b", "a"', true], ['*', true], ['"b"', false], [undefined, false]])('If-None-Match %s: %s', (header, is) => { expect(matches(header, '"a"')).toBe(is) })
  test.each([
    ['acct:coop@coops.example', 'coop'], ['acct:@Coop@COOPS.example', 'coop'], ['acct:coop@web.example', undefined], ['acct:coop', null], ['coop@coops.example', null], ['', null],
    ['https://web.coops.example/ap/actors/coop', 'coop'], ['https://web.coops.example/@coop', 'coop'], ['https://web.coops.example/ap/actor', 'web.coops.example'],
    ['https://web.coops.example/', 'server'], ['https://elsewhere.example/ap/actors/coop', undefined], ['acct:a@b@c', null], ['javascript:alert(1)', null],
  ])('WebFinger %s means %s', (resource, handle) => { expect(handleOf(resource, makeUris('https://web.coops.example'), 'coops.example')).toBe(handle) })
})

describe.each(engines)('addresses on $engine', ({ fresh }) => {
  let i: Instance
  beforeAll(async () => { i = await makeInstance({ store: await fresh(), workers: false, listen: false }) })
  afterAll(() => i?.close())
  const get = (path: string, headers: Record<string, string> = {}) => i.app.request(path, { headers: { accept: 'application/activity+json', ...headers } })

  test('an actor is made whole when it is first asked for, once however many ask', async () => {
    const path = '/ap/actors/coop'
    expect((JSON.parse((await i.fedi.documents.get(i.fedi.uris.actor('coop')))!.json) as { publicKey?: unknown }).publicKey).toBeUndefined()
    const all = await Promise.all([get(path), get(path), get(path)])
    const bodies = await Promise.all(all.map((r) => r.json() as Promise<{ publicKey: { publicKeyPem: string }; assertionMethod: { publicKeyMultibase: string }[] }>))
    expect(new Set(bodies.map((b) => b.publicKey.publicKeyPem)).size).toBe(1)
    expect(bodies[0]!.assertionMethod[0]!.publicKeyMultibase).toMatch(/^z6Mk/)
    expect(await lostTerms(bodies[0]!)).toEqual([])
    const r = await get(path)
    expect(r.headers.get('content-type')).toBe('application/activity+json; charset=utf-8')
    expect(r.headers.get('vary')).toBe('Accept')
    const etag = r.headers.get('etag')!
    expect(etag).toMatch(/^"[\w-]+"$/)
    const again = await get(path, { 'if-none-match': `W/${etag}` })
    expect(again.status).toBe(304)
    expect(await again.text()).toBe('')
    // Said again by the room: the same, keys and all.
    const put = () => i.store.write((tx) => i.fedi.actors.put(tx, { handle: 'coop', open: true, owner: 'organisation:1', document: { type: 'Organization', name: 'Coop', url: `${i.origin}/co-ops/coop`, attachment: [] } }))
    expect((await put()).changed).toBe(false)
    expect((await get(path)).headers.get('etag')).toBe(etag)
  })

  test('people are sent to the page, others told', async () => {
    const page = await get('/ap/actors/coop', { accept: 'text/html' })
    expect([page.status, page.headers.get('location')]).toEqual([303, `${i.origin}/co-ops/coop`])
    expect((await get('/ap/actors/shut', { accept: 'text/html' })).status).toBe(406)
    expect((await get('/ap/actors/coop', { accept: 'image/png' })).status).toBe(406)
    expect((await get('/ap/actors/nobody')).status).toBe(404)
    expect(await (await get('/elsewhere')).text()).toBe('a page')
  })

  test('a handle is given once', async () => {
    const put = (handle: string, owner: string, open = true) => i.store.write((tx) => i.fedi.actors.put(tx, { handle, owner, open, document: { type: 'Organization', name: 'X' } }))
    await expect(put('coop', 'organisation:9')).rejects.toMatchObject({ code: 'handle-taken', status: 409 })
    await expect(put(i.fedi.uris.instanceHandle, 'organisation:9')).rejects.toMatchObject({ code: 'handle-taken' })
    await expect(put('Bad Handle', 'organisation:9')).rejects.toMatchObject({ code: 'handle' })
    await put('passing', 'organisation:10', false)
    expect((await get('/.well-known/webfinger?resource=acct:passing@' + i.host)).status).toBe(404)
    await put('passing', 'organisation:10', true) // claimed: the same id becomes an actor
    expect((await get('/.well-known/webfinger?resource=acct:passing@' + i.host)).status).toBe(200)
    await i.store.write((tx) => i.fedi.actors.bury(tx, 'passing'))
    expect((await get('/ap/actors/passing')).status).toBe(410)
    expect((await get('/.well-known/webfinger?resource=acct:passing@' + i.host)).status).toBe(410)
    expect((await get('/ap/actors/passing/outbox')).status).toBe(410)
    await expect(put('passing', 'organisation:10')).rejects.toMatchObject({ code: 'handle-taken' })
    await expect(put('passing', 'organisation:11')).rejects.toMatchObject({ code: 'handle-taken' })
  })

  test('WebFinger, host-meta and NodeInfo', async () => {
    const r = await get(`/.well-known/webfinger?resource=acct:coop@${i.host}`)
    expect(r.headers.get('access-control-allow-origin')).toBe('*')
    expect(r.headers.get('content-type')).toContain('application/jrd+json')
    const id = i.fedi.uris.actor('coop')
    expect(await r.json()).toEqual({
      subject: `acct:coop@${i.host}`, aliases: [id, `${i.origin}/@coop`],
      links: [{ rel: 'self', type: 'application/activity+json', href: id }, { rel: 'http://webfinger.net/rel/profile-page', type: 'text/html', href: `${i.origin}/co-ops/coop` }],
    })
    expect((await get(`/.well-known/webfinger?resource=${encodeURIComponent(id)}`)).status).toBe(200)
    expect((await get(`/.well-known/webfinger?resource=acct:shut@${i.host}`)).status).toBe(404)
    expect((await get('/.well-known/webfinger?resource=nonsense')).status).toBe(400)
    expect((await get('/.well-known/webfinger')).status).toBe(400)
    expect(await (await get('/.well-known/host-meta')).text()).toContain('/.well-known/webfinger?resource={uri}')
    const { links } = await (await get('/.well-known/nodeinfo')).json() as { links: { rel: string; href: string }[] }
    expect(links.map((l) => l.rel.split('/').at(-1))).toEqual(['2.0', '2.1'])
    for (const l of links) {
      const info = await get(new URL(l.href).pathname)
      expect(info.headers.get('content-type')).toContain(l.rel)
      expect(await info.json()).toMatchObject({ version: l.rel.split('/').at(-1), protocols: ['activitypub'], software: { name: 'toadlane' }, usage: { users: { total: 0 } } })
    }
  })

  test('collections: the outbox by pages, followers as a number', async () => {
    for (let n = 0; n < 25; n++) {
      await i.store.write((tx) => i.fedi.publish(tx, { actor: 'coop', to: 'nobody', activity: { type: 'Create', to: [PUBLIC], object: { id: i.fedi.uris.object('notes', `n${n}`), type: 'Note', content: `${n}` } } }))
    }
    await i.store.write((tx) => i.fedi.publish(tx, { actor: 'coop', to: { inboxes: ['http://127.0.0.1:1/inbox'] }, activity: { type: 'Follow', object: 'http://127.0.0.1:1/a' } }))
    const box = await (await get('/ap/actors/coop/outbox')).json() as { totalItems: number; first: string }
    expect(box).toMatchObject({ type: 'OrderedCollection', totalItems: 25 })
    const first = await (await get(box.first.slice(i.origin.length))).json() as { orderedItems: { object: { content: string } }[]; next: string }
    expect(first.orderedItems.map((x) => x.object.content)).toEqual(Array.from({ length: 20 }, (_, n) => String(24 - n)))
    expect(await lostTerms(first)).toEqual([])
    const second = await get(first.next.slice(i.origin.length))
    expect(second.headers.get('etag')).toBeTruthy()
    const rest = await second.json() as { orderedItems: { id: string; object: { content: string } }[]; next?: string }
    expect(rest.orderedItems.map((x) => x.object.content)).toEqual(['4', '3', '2', '1', '0'])
    expect(rest.next).toBeUndefined()
    expect((await get(first.next.slice(i.origin.length), { 'if-none-match': second.headers.get('etag')! })).status).toBe(304)
    // A deleted post takes its words with it, out of the activity too.
    const gone = rest.orderedItems[0]!
    await i.store.write((tx) => i.fedi.buryObject(tx, i.fedi.uris.object('notes', 'n4'), 'Note'))
    expect((await get(new URL(gone.id).pathname)).status).toBe(410)
    expect((await get('/ap/notes/n4')).status).toBe(410)
    expect(await (await get('/ap/actors/coop/outbox')).json()).toMatchObject({ totalItems: 24 })
    expect(await (await get('/ap/actors/coop/followers')).json()).toMatchObject({ type: 'OrderedCollection', totalItems: 0 })
    expect(await (await get('/ap/actors/coop/following')).json()).toMatchObject({ totalItems: 0 })
    expect(await (await get('/ap/actors/coop/featured')).json()).toMatchObject({ orderedItems: [] })
    expect((await get('/ap/actors/shut/outbox')).status).toBe(404)
  })

  test('what is not public is not served', async () => {
    const { id } = await i.store.write((tx) => i.fedi.publish(tx, { actor: 'coop', to: 'nobody', activity: { type: 'Follow', object: 'https://a.example/b' } }))
    expect((await get(new URL(id).pathname)).status).toBe(404)
    await expect(i.store.write((tx) => i.fedi.publish(tx, { actor: 'shut', to: 'nobody', activity: { type: 'Create', object: 'x' } }))).rejects.toMatchObject({ code: 'no-actor' })
    await expect(i.store.write((tx) => i.fedi.putObject(tx, { id: 'https://elsewhere.example/1', type: 'Note' }))).rejects.toMatchObject({ code: 'foreign-id' })
  })
})
