/** What the directory's collections list: revisions, pages while things change, and databases from before. */
import { eq } from 'drizzle-orm'
import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { commandLine } from '../../src/accounts/model.ts'
import { removeSample } from '../../src/directory/sample.ts'
import { directoryTables } from '../../src/directory/tables.ts'
import { SECOND } from '../../src/kernel/time.ts'
import { rulebook } from '../../src/rulebook/service.ts'
import type { Store } from '../../src/store/store.ts'
import { storeTables } from '../../src/store/tables.ts'
import { engines } from '../engines.ts'
import { actorOf, voiceHouse, type VoiceHouse } from './voice-house.ts'

describe.each(engines)('items on $engine', ({ fresh }) => {
  let store: Store, h: VoiceHouse
  const t = () => directoryTables(store.kit).directoryItems
  const row = async (handle: string) => (await store.read.select().from(t()).where(eq(t().id, actorOf(handle))))[0]
  beforeAll(async () => { store = await fresh() })
  afterAll(() => store.close())
  beforeEach(async () => {
    await store.write(async (tx) => { await tx.delete(t()); await tx.delete(storeTables(store.kit).jobs) })
    h = await voiceHouse(store)
  })
  const everything = async () => {
    const found: string[] = []
    for (let last: { id: string; changed: Date } | undefined; ;) {
      const page = await h.voice.items.page('members', 3, last)
      found.push(...page.map((i) => i.id))
      last = page.at(-1)
      if (page.length < 3) return found
    }
  }

  test('what is listed is in, unclaimed or not; what is not for everybody is out, and its revision goes on', async () => {
    await h.put('plain')
    await h.put('open', {}, { consent: 'yes' })
    await h.put('rough', {}, { status: 'draft' })
    expect(new Set(await everything())).toEqual(new Set([actorOf('plain'), actorOf('open')]))
    expect(await row('rough')).toBeUndefined()
    expect(await row('plain')).toMatchObject({ revision: 1, gone: false, told: 0, pending: true, changed: h.clock.now() })
    h.later(SECOND)
    await h.put('plain', { summary: 'More words.' })
    expect(await row('plain')).toMatchObject({ revision: 2, changed: h.clock.now() })
    expect(await everything()).toEqual([actorOf('plain'), actorOf('open')])
    await h.put('plain', { summary: 'More words.' })
    expect(await row('plain')).toMatchObject({ revision: 2 })
    await h.organisations.setStatus(commandLine, 'open', 'suspended', 'a complaint')
    expect(await everything()).toEqual([actorOf('plain')])
    expect(await row('open')).toMatchObject({ revision: 2, gone: true, pending: false }) // nobody had heard of it
    await h.organisations.setStatus(commandLine, 'open', 'listed', 'settled')
    expect(await row('open')).toMatchObject({ revision: 3, gone: false, pending: true })
    await h.organisations.optOut(commandLine, 'open', 'they asked')
    await h.organisations.setStatus(commandLine, 'rough', 'listed', 'looked at')
    expect(new Set(await everything())).toEqual(new Set([actorOf('plain'), actorOf('rough')]))
    expect(await h.voice.items.count('members')).toBe(2)
    for (const name of ['calls', 'campaigns', 'proposals'] as const) expect([await h.voice.items.count(name), await h.voice.items.page(name, 10)]).toEqual([0, []])
  })

  test('members of a federation that changes its name have changed too', async () => {
    await h.put('fed', { kind: 'federation' })
    await h.put('member')
    await h.organisations.putMembership(commandLine, { organisation: 'member', federation: 'fed' })
    const { revision } = (await row('member'))!
    await h.put('fed', { kind: 'federation', name: 'Another name' })
    await h.work()
    expect((await row('member'))!.revision).toBe(revision + 1)
  })

  test('samples are in no collection', async () => {
    const house = { store, clock: h.clock, organisations: h.organisations, levers: rulebook({ store, clock: h.clock, organisation: h.organisations.read.organisation }), fedi: h.fedi }
    const others = await h.organisations.read.all(100)
    for (const w of others) await store.write((tx) => h.voice.items.put(tx, { id: actorOf(w.organisation.handle), collection: 'members' }))
    const before = await everything()
    await h.organisations.put(commandLine, { handle: 'sample-riders', name: 'Sample Riders', kind: 'cooperative', activities: ['sample'] }, { source: 'invented' })
    expect(await everything()).toEqual(before)
    await removeSample(house, commandLine)
    expect(await everything()).toEqual(before)
  })

  test('a database from before is filled once, and nobody is told all of it', async () => {
    await h.put('early')
    await h.put('late', {}, { consent: 'yes' })
    await h.put('unready', {}, { status: 'draft' })
    const listed = (await h.organisations.read.all(1000)).filter((w) => w.organisation.status === 'listed' && !w.organisation.handle.startsWith('sample-')).length
    await store.write(async (tx) => {
      await tx.delete(t())
      await tx.delete(storeTables(store.kit).jobs)
      await tx.delete(storeTables(store.kit).meta).where(eq(storeTables(store.kit).meta.key, 'directory.items'))
    })
    await h.voice.begin()
    expect(await row('early')).toMatchObject({ revision: 1, told: 1, pending: false, gone: false })
    expect(await row('unready')).toBeUndefined()
    expect((await everything()).length).toBe(listed)
    expect(await h.waiting('directory.tell')).toBe(0)
    await store.write((tx) => tx.delete(t()))
    await h.voice.begin()
    expect(await everything()).toEqual([])
  })

  test('who reads to the end, and then again from the front to where it began, has everything', async () => {
    await fc.assert(fc.asyncProperty(fc.array(fc.record({ at: fc.nat(12), what: fc.constantFrom('change', 'drop', 'add'), id: fc.nat(14) }), { maxLength: 12 }), fc.boolean(), async (events, sameTime) => {
      await store.write((tx) => tx.delete(t()))
      const id = (n: number) => `${actorOf('x')}/${n}`
      const tick = () => { if (!sameTime) h.later(1) }
      for (let n = 0; n < 10; n++) { tick(); await store.write((tx) => h.voice.items.put(tx, { id: id(n), collection: 'members' })) }
      const known = new Map<string, number>()
      let reads = 0
      const happen = async () => {
        for (const e of events.filter((x) => x.at === reads)) {
          tick()
          await store.write((tx) => (e.what === 'drop' ? h.voice.items.drop(tx, id(e.id)) : h.voice.items.put(tx, { id: id(e.id), collection: 'members' })))
        }
        reads++
      }
      /** Down to what changed before `mark`. */
      const read = async (mark?: Date) => {
        for (let last: { id: string; changed: Date } | undefined; ;) {
          const page = await h.voice.items.page('members', 2, last)
          for (const i of page) known.set(i.id, Math.max(known.get(i.id) ?? 0, i.revision))
          last = page.at(-1)
          await happen()
          if (page.length < 2 || (mark && last!.changed < mark)) return
        }
      }
      const began = h.clock.now()
      await read()
      while (reads <= 13) await happen()
      await read(began)
      for (const i of await store.read.select().from(t()).where(eq(t().gone, false))) expect(known.get(i.id), i.id).toBe(i.revision)
    }), { numRuns: 25 })
  })
})
