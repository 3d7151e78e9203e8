/** The documents as they are served: golden files, read by Fedify as another server would. */
import { readFileSync } from 'node:fs'
import { Organization, PropertyValue } from '@fedify/vocab'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { commandLine } from '../../src/accounts/model.ts'
import { hashtag } from '../../src/coops/document.ts'
import type { OrganisationInput } from '../../src/coops/model.ts'
import { contextLoader } from '../../src/fedi/contexts.ts'
import type { Store } from '../../src/store/store.ts'
import { engines } from '../engines.ts'
import { golden } from '../golden.ts'
import { realHouse } from './real.ts'

const full: OrganisationInput = {
  handle: 'up_and_go', name: 'Up & Go <Co-op>', kind: 'cooperative', ownership: 'workers', isPlatform: true, activities: ['home cleaning', 'AM70', '清掃'],
  summary: 'Cleaning, owned by the cleaners.\nSee https://upandgo.example.\n\n<b>Not</b> a tag.', country: 'US', region: 'New York', locality: 'Brooklyn', postcode: '11201', address: '1 Main Street',
  coordinates: { latitude: 40.69, longitude: -73.99 }, founded: '2017-05', registrations: [{ scheme: 'ny-dos', number: '123' }], website: 'https://www.upandgo.example/?a=1&b=2',
  links: [{ label: 'Code', url: 'https://code.example/up' }], fediverse: '@up@social.example', languages: ['en', 'es'], legalForm: 'LLC', sources: ['https://example.org/a', 'told by a member'],
  figures: [
    { kind: 'members', value: 4, unit: null, year: 2017, source: 'https://example.org/a', confidence: 'secondary' },
    { kind: 'members', value: 51, unit: null, year: 2024, source: null, confidence: 'unsure' },
    { kind: 'turnover', value: 1234567.5, unit: 'USD', year: 2023, source: 'https://example.org/b', confidence: 'primary' },
  ],
}

describe.each(engines)('documents on $engine', ({ fresh }) => {
  let store: Store, h: ReturnType<typeof realHouse>
  beforeAll(async () => {
    store = await fresh()
    h = realHouse(store)
    const { coops } = h
    await coops.put(commandLine, { handle: 'nycworks', name: 'NYC Worker Co-ops', kind: 'federation', ownership: null, country: 'US' }, { consent: 'their board, 3 May' })
    await coops.put(commandLine, { handle: 'ica', name: 'International Cooperative Alliance', kind: 'federation' })
    await coops.put(commandLine, full, { consent: 'letter of 1 March 2026' })
    await coops.putMembership(commandLine, { organisation: 'up_and_go', federation: 'nycworks', state: 'confirmed', since: '2018' })
    await coops.putMembership(commandLine, { organisation: 'up_and_go', federation: 'ica' })
    await coops.put(commandLine, JSON.parse(readFileSync('test/data/directory.json', 'utf8')).organisations[0] as OrganisationInput)
  })
  afterAll(async () => { await h.close(); await store.close() })

  /** Without the keys, which are made when they are first needed, the same for ever and on both engines. */
  const held = async (handle: string) => {
    const { publicKey: _, assertionMethod: __, ...document } = await h.served(handle)
    await golden(`coops/golden/${handle}`, document)
  }
  const read = async (handle: string) => Organization.fromJsonLd(await h.served(handle), { contextLoader, documentLoader: contextLoader })

  test('an actor, whole', async () => {
    await held('up_and_go')
    const o = await read('up_and_go')
    expect([o.id?.href, o.preferredUsername, String(o.name), o.discoverable, o.indexable]).toEqual(['https://coops.example/ap/actors/up_and_go', 'up_and_go', 'Up & Go <Co-op>', true, true])
    expect(String(o.summary)).toBe('<p>Cleaning, owned by the cleaners.<br>See <a href="https://upandgo.example/">https://upandgo.example</a>.</p><p>&lt;b&gt;Not&lt;/b&gt; a tag.</p>')
    const fields: [string, string][] = []
    for await (const a of o.getAttachments({ contextLoader })) if (a instanceof PropertyValue) fields.push([String(a.name), String(a.value)])
    expect(fields.map(([name]) => name)).toEqual(['Website', 'Country', 'Owned by', 'Members (2024)', 'Member of', 'Member of'])
    expect(fields[0]![1]).toBe('<a href="https://www.upandgo.example/?a=1&amp;b=2" rel="me">https://www.upandgo.example/?a=1&amp;b=2</a>')
    const tags: string[] = []
    for await (const t of o.getTags({ contextLoader })) tags.push(String(t.name))
    expect(tags).toEqual(['#HomeCleaning', '#GoodsAndServices', '#清掃'])
    expect((await o.getIcon({ contextLoader }))?.mediaType).toBe('image/png')
    expect(o.inboxId?.href).toBe('https://coops.example/ap/actors/up_and_go/inbox')
  })

  test('an unclaimed listing: the same id, signed for by the directory, nothing to follow', async () => {
    await held('nationwide')
    const d = await h.served('nationwide')
    expect(d).toMatchObject({ attributedTo: 'https://coops.example/ap/actors/directory', 'toad:standing': 'unclaimed' })
    for (const name of ['inbox', 'outbox', 'publicKey', 'followers', 'preferredUsername', 'webfinger', 'endpoints', 'discoverable']) expect(d).not.toHaveProperty(name)
    expect((await read('nationwide')).attributionId?.href).toBe('https://coops.example/ap/actors/directory')
  })

  test('a federation', () => held('nycworks'))

  test('a claim turns the same id into an actor, whose document tells it', async () => {
    await h.coops.put(commandLine, { handle: 'later', name: 'Later', kind: 'cooperative' })
    const before = await h.served('later')
    await h.coops.claim(commandLine, 'later', 'DNS record seen')
    const after = await h.served('later')
    expect([before.id, before.inbox, after['toad:standing'], after.inbox]).toEqual([after.id, undefined, 'claimed', 'https://coops.example/ap/actors/later/inbox'])
    expect(after).not.toHaveProperty('attributedTo')
  })

  test('every document of the founding data can be read', async () => {
    const data = JSON.parse(readFileSync('test/data/directory.json', 'utf8')) as { organisations: OrganisationInput[] }
    for (const o of data.organisations) {
      await h.coops.put(commandLine, o, { consent: 'all agreed', source: 'directory.json' })
      const read = await Organization.fromJsonLd(await h.served(o.handle), { contextLoader, documentLoader: contextLoader })
      expect([read.id?.href, String(read.name)]).toEqual([`https://coops.example/ap/actors/${o.handle}`, o.name])
    }
  })

  test('the tombstone answers at the id, and the handle is never given again', async () => {
    await h.coops.put(commandLine, { handle: 'leaving', name: 'Leaving', kind: 'cooperative' }, { consent: 'yes' })
    await h.coops.optOut(commandLine, 'leaving', 'they asked')
    expect(await h.served('leaving')).toMatchObject({ type: 'Tombstone', formerType: 'Organization' })
    expect((await h.fedi.documents.get(h.fedi.uris.actor('leaving')))!.gone).toBe(true)
    expect(await h.coops.put(commandLine, { handle: 'leaving', name: 'Another', kind: 'cooperative' })).toMatchObject({ outcome: 'skipped' })
  })

  test('what was suspended is an actor that says no more than that, and comes back', async () => {
    await h.coops.setStatus(commandLine, 'up_and_go', 'suspended', 'a complaint')
    const d = await h.served('up_and_go')
    expect(d).toMatchObject({ suspended: true, discoverable: false, name: 'up_and_go', inbox: expect.any(String) as string })
    expect(JSON.stringify(d)).not.toMatch(/Brooklyn|cleaners/)
    await h.coops.setStatus(commandLine, 'up_and_go', 'listed', 'settled')
    await held('up_and_go')
  })
})

test('hashtags', () => {
  expect(['finance', 'food delivery', 'Arts, media & leisure', '清掃', '24/7', '  '].map(hashtag)).toEqual(['#finance', '#FoodDelivery', '#ArtsMediaLeisure', '#清掃', undefined, undefined])
})
