/** What peers are told: in few activities, in order, and nobody else hears of it. */
import { eq } from 'drizzle-orm'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { commandLine } from '../../src/accounts/model.ts'
import { organisationInput } from '../../src/coops/model.ts'
import { ensureActors } from '../../src/directory/actors.ts'
import { itemOf } from '../../src/directory/collections.ts'
import { statements, TOGETHER } from '../../src/directory/tell.ts'
import type { Pending } from '../../src/directory/items.ts'
import { directoryTables } from '../../src/directory/tables.ts'
import { fediTables } from '../../src/fedi/tables.ts'
import { SECOND } from '../../src/kernel/time.ts'
import { setMeta } from '../../src/store/meta.ts'
import type { Store } from '../../src/store/store.ts'
import { storeTables } from '../../src/store/tables.ts'
import { engines } from '../engines.ts'
import { actorOf, ORIGIN, voiceHouse, type VoiceHouse } from './voice-house.ts'

const pending = fc.record({
  id: fc.webUrl(), collection: fc.constantFrom('members' as const, 'calls' as const), revision: fc.nat({ max: 9 }), changed: fc.date({ noInvalidDate: true }), gone: fc.boolean(), told: fc.nat({ max: 3 }),
})

test('statements: each thing once, in the fewest activities that hold a hundred', () => {
  fc.assert(fc.property(fc.array(pending, { maxLength: 400 }), (rows: Pending[]) => {
    const said = statements(rows)
    const typeOf = (r: Pending) => (r.gone ? 'Remove' : r.told ? 'Update' : 'Add')
    const speak = rows.filter((r) => !r.gone || r.told > 0)
    expect(said.flatMap((s) => s.items.map((i) => [s.type, s.collection, i.id])).sort()).toEqual(speak.map((r) => [typeOf(r), r.collection, r.id]).sort())
    const groups = new Map<string, number>()
    for (const r of speak) groups.set(`${typeOf(r)} ${r.collection}`, (groups.get(`${typeOf(r)} ${r.collection}`) ?? 0) + 1)
    expect(said.length).toBe([...groups.values()].reduce((n, g) => n + Math.ceil(g / TOGETHER), 0))
  }))
})

describe.each(engines)('telling peers on $engine', ({ fresh }) => {
  let store: Store, h: VoiceHouse
  beforeEach(async () => { store = await fresh(); h = await voiceHouse(store) })
  afterEach(async () => { await h.close(); await store.close() })
  /** What is told of a thing, as revisions by type. */
  const told = async () => (await h.said('Add', 'Update', 'Remove')).flatMap((a) => (a.object as Record<string, unknown>[]).map((o) => `${String(a.type)} ${String(o.id).split('/').at(-1)} ${String(o['toad:revision'])}`))
  const settle = async () => { h.later(5 * SECOND); await h.work() }

  test('Add, Update, Remove and Add again, to the directories alone', async () => {
    const peer = await h.follower('peer.example')
    await h.follower('mastodon.example', { toadlane: false })
    await h.follower('coop-elsewhere.example', { type: 'Organization' })
    await h.put('a', {}, { source: 'a list', consent: 'yes' })
    await h.work()
    expect(await told()).toEqual([]) // more may come
    await settle()
    await h.put('a', { summary: 'New.' }, { source: 'a list' })
    await settle()
    await h.organisations.setStatus(commandLine, 'a', 'suspended', 'a complaint')
    await settle()
    await h.organisations.setStatus(commandLine, 'a', 'listed', 'settled')
    await settle()
    expect(await told()).toEqual(['Add a 1', 'Update a 2', 'Remove a 3', 'Add a 4'])
    expect((await h.deliveries()).filter((d) => ['Add', 'Remove'].includes(d.type) || (d.type === 'Update' && d.to === peer)).map((d) => d.to)).toEqual([peer, peer, peer, peer])
    const [add] = await h.said('Add')
    expect(add).toMatchObject({
      actor: actorOf('directory'), target: `${actorOf('directory')}/members`, to: [`${actorOf('directory')}/followers`],
      object: [{ id: actorOf('a'), type: 'Organization', 'toad:revision': 1, 'toad:changed': '2026-11-14T09:00:00.000Z' }],
    })
    expect(await h.waiting('directory.tell')).toBe(0)
    // Neither in the outbox nor for everybody.
    const routes = h.fedi.routes()
    const outbox = await (await routes.request(`${ORIGIN}/ap/actors/directory/outbox?page=true`)).json() as { orderedItems: { type: string }[] }
    expect(outbox.orderedItems.map((x) => x.type).filter((x) => ['Add', 'Update', 'Remove'].includes(x))).toEqual([])
    expect((await routes.request(String(add!.id), { headers: { accept: 'application/activity+json' } })).status).toBe(404)
  })

  test('directories known from before are told once their stored documents are read; others are not', async () => {
    const { remoteActors } = fediTables(store.kit), { meta } = storeTables(store.kit)
    const implementing = { generator: { type: 'Application', implements: [{ type: 'Link', href: 'https://w3id.org/toadlane/ns' }] } }
    const inboxes = [] as string[]
    for (const [host, document] of [['old.example', implementing], ['mastodon.example', {}]] as const) {
      inboxes.push(await h.follower(host, { toadlane: false }))
      await store.write((tx) => tx.update(remoteActors).set({ document: JSON.stringify(document) }).where(eq(remoteActors.host, host)))
    }
    // Followed, and no follower; and one that has nothing to do with the directory.
    for (const host of ['followed.example', 'stranger.example']) {
      await store.write((tx) => tx.insert(remoteActors).values({ id: `https://${host}/d`, host, type: 'Group', name: host, inbox: `https://${host}/in`, keys: [], document: JSON.stringify(implementing), fetched: new Date() }))
    }
    const { following } = fediTables(store.kit)
    await store.write((tx) => tx.insert(following).values({ actor: 'directory', target: 'https://followed.example/d', state: 'accepted', activity: 'x', since: new Date() }))
    await store.write((tx) => tx.delete(meta).where(eq(meta.key, 'directory.recognised')))
    await h.voice.begin()
    await h.put('a')
    await settle()
    expect((await h.deliveries()).filter((d) => d.type === 'Add').map((d) => d.to)).toEqual([inboxes[0]])
    const understood = async () => (await store.read.select({ host: remoteActors.host }).from(remoteActors).where(eq(remoteActors.toadlane, true))).map((r) => r.host).sort()
    expect(await understood()).toEqual(['followed.example', 'old.example'])
    // Once: what is known later says so itself.
    await store.write((tx) => tx.update(remoteActors).set({ toadlane: false }))
    await h.voice.begin()
    expect(await understood()).toEqual([])
  })

  test('followers hear of it when the directory itself is another: its name, or what it understands', async () => {
    const to = await h.follower('mastodon.example', { toadlane: false })
    await ensureActors(store, h.fedi)
    expect(await h.said('Update')).toEqual([]) // as it was
    await store.write((tx) => setMeta(store, tx, 'name', 'Renamed'))
    await ensureActors(store, h.fedi)
    await ensureActors(store, h.fedi)
    expect(await h.said('Update')).toMatchObject([{ actor: actorOf('directory'), object: { id: actorOf('directory'), type: 'Group', name: 'Renamed', inbox: expect.any(String), generator: { implements: [{ href: 'https://w3id.org/toadlane/ns' }] } } }])
    expect(await h.deliveries()).toEqual([{ to, type: 'Update' }])
  })

  test('what comes and goes between two tellings is not spoken of; what changes twice is told once', async () => {
    await h.follower('peer.example')
    await h.put('brief')
    await h.organisations.setStatus(commandLine, 'brief', 'suspended', 'by mistake')
    await h.put('busy')
    await h.put('busy', { summary: 'One.' })
    await h.put('busy', { summary: 'Two.' })
    await settle()
    expect(await told()).toEqual(['Add busy 3'])
  })

  test('with nobody to tell, all is told', async () => {
    await h.put('early')
    await settle()
    expect(await told()).toEqual([])
    await h.follower('peer.example')
    await h.put('early', { summary: 'New.' })
    await settle()
    expect(await told()).toEqual(['Update early 2'])
  })

  test('an import of 2,000 rows is a few activities and never a heap of jobs', async () => {
    const peer = await h.follower('peer.example')
    let most = 0
    for (let from = 0; from < 2000; from += 100) {
      await store.write(async () => {
        for (let n = from; n < from + 100; n++) await h.organisations.put(commandLine, organisationInput.parse({ handle: `c${n}`, name: `C ${n}`, kind: 'cooperative' }), { source: 'a list' })
      })
      most = Math.max(most, await h.waiting('directory.tell'))
    }
    expect(most).toBe(1)
    await settle()
    const adds = await h.said('Add', 'Update', 'Remove')
    expect(adds.length).toBe(20)
    expect(new Set(adds.flatMap((a) => (a.object as { id: string }[]).map((o) => o.id))).size).toBe(2000)
    expect(await h.deliveries()).toEqual(adds.map(() => ({ to: peer, type: 'Add' })))
    expect(await h.waiting('directory.news')).toBe(0)
    expect(await h.said('Create')).toEqual([])
  }, 120_000)

  test('a waiting change without a job is found in the end', async () => {
    await h.follower('peer.example')
    const t = directoryTables(store.kit).directoryItems
    await store.write((tx) => tx.insert(t).values({ id: actorOf('lost'), collection: 'members', revision: 1, changed: h.clock.now() }))
    await h.work()
    expect(await told()).toEqual([])
    await h.voice.tidy()
    await h.work()
    expect(await told()).toEqual(['Add lost 1'])
  })

  test('the collections: pages of a hundred by key, validators, and what is no page', async () => {
    for (let n = 0; n < 250; n++) await store.write((tx) => h.voice.items.put(tx, { id: actorOf(`c${String(n).padStart(3, '0')}`), collection: 'members' }))
    const app = h.voice.routes()
    const get = (url: string, headers: Record<string, string> = {}) => app.request(url, { headers: { accept: 'application/activity+json', ...headers } })
    const at = `${actorOf('directory')}/members`
    const whole = await get(at)
    expect(await whole.json()).toMatchObject({ id: at, type: 'OrderedCollection', totalItems: 250, first: `${at}?page=true` })
    expect((await get(at, { 'if-none-match': whole.headers.get('etag')! })).status).toBe(304)
    const found: string[] = [], sizes: number[] = []
    for (let next: string | undefined = `${at}?page=true`; next !== undefined;) {
      const page = await (await get(next)).json() as { id: string; partOf: string; next?: string; orderedItems: Record<string, unknown>[] }
      expect([page.id, page.partOf]).toEqual([next, at])
      found.push(...page.orderedItems.map((i) => String(i.id)))
      sizes.push(page.orderedItems.length)
      next = page.next
    }
    expect(sizes).toEqual([100, 100, 50])
    expect(new Set(found).size).toBe(250)
    const [first] = (await (await get(`${at}?page=true`)).json() as { orderedItems: unknown[] }).orderedItems
    expect(first).toEqual(itemOf('members', { id: actorOf('c249'), revision: 1, changed: h.clock.now() }))
    // Moments that PostgreSQL does not know, and text that it does not take, are no places of ours either.
    const crafted = [[1e15, 'x'], [-8.64e15, 'x'], [8.64e15, 'x'], [1, 'a\0']].map((place) => Buffer.from(JSON.stringify(place)).toString('base64url'))
    for (const bad of ['x', '', 'WzEsMl0', 'bnVsbA', '%00', ...crafted]) expect((await get(`${at}?before=${bad}`)).status).toBe(400)
    for (const name of ['calls', 'campaigns', 'proposals']) expect(await (await get(`${actorOf('directory')}/${name}`)).json()).toMatchObject({ totalItems: 0 })
    expect((await get(`${actorOf('directory')}/others`)).status).toBe(404)
    const page = await get(at, { accept: 'text/html' })
    expect([page.status, page.headers.get('location')]).toEqual([303, `${ORIGIN}/`])
    expect((await get(at, { accept: 'image/png' })).status).toBe(406)
    h.later(SECOND)
    await store.write((tx) => h.voice.items.drop(tx, actorOf('c001')))
    expect(await (await get(at)).json()).toMatchObject({ totalItems: 249 })
  })
})
