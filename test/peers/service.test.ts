/** Mirrors: what a followed directory lists is kept, refreshed and dropped, in whatever order its words arrive. */
import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { commandLine } from '../../src/accounts/model.ts'
import { optOutKeys } from '../../src/coops/model.ts'
import { directoryTables } from '../../src/directory/tables.ts'
import type { Json } from '../../src/fedi/fedi.ts'
import type { Store } from '../../src/store/store.ts'
import { engines } from '../engines.ts'
import { ORIGIN } from '../coops/house.ts'
import { DIRECTORY, organisation, peersHouse, thing, type PeersHouse } from './house.ts'

describe.each(engines)('peers on $engine', ({ fresh }) => {
  let store: Store, h: PeersHouse
  beforeAll(async () => { store = await fresh(); h = peersHouse(store) })
  afterAll(() => store.close())
  beforeEach(() => h.empty())
  const serve = (name: string, more: Json = {}) => { h.web.set(thing(name), organisation(name, more)) }
  const add = (name: string, revision?: number) => ({ id: thing(name), ...(revision === undefined ? {} : { revision }) })

  test('Add is fetched from its own server and kept as it is served; a known revision is not fetched again', async () => {
    await h.follow()
    serve('a', { 'toad:profile': { country: 'GB' } })
    serve('b')
    await h.say('Add', [add('a', 1), add('b', 1)])
    await h.say('Add', [add('a', 1)])
    await h.work()
    expect([await h.kept(), h.asked.length]).toEqual([['a', 'b'], 2])
    expect(JSON.parse((await h.row(thing('a')))!.document)).toEqual(h.web.get(thing('a')))
    expect(await h.row(thing('a'))).toMatchObject({ host: 'peer.example', type: 'Organization', additionalType: 'toad:Cooperative', name: 'The a', url: 'https://peer.example/co-ops/a' })
    await h.say('Update', [add('a', 1), add('b', 1)])
    expect(await h.waiting()).toBe(0)
    serve('a', { name: 'Another name' })
    await h.say('Update', [add('a', 2)])
    await h.work()
    expect((await h.row(thing('a')))!.name).toBe('Another name')
    await h.say('Remove', [add('a', 3)])
    expect(await h.kept()).toEqual(['b'])
    await h.say('Add', [add('a', 2)]) // late
    await h.work()
    expect([await h.kept(), h.asked.length]).toEqual([['b'], 3])
    await h.say('Add', [add('a', 4)])
    await h.work()
    expect(await h.kept()).toEqual(['a', 'b'])
  })

  test('without a revision what its document says counts, or nothing is newer than what is known', async () => {
    await h.follow()
    serve('a', { 'toad:revision': 5 })
    serve('b')
    await h.say('Add', [add('a'), add('b')])
    await h.work()
    expect(await h.listings()).toEqual({ a: '+5', b: '+0' })
    await h.say('Remove', [add('a'), add('b')])
    expect([await h.kept(), await h.listings()]).toEqual([[], { a: '-5', b: '-0' }])
  })

  test('nobody else’s word counts, nor a collection that is not its own', async () => {
    serve('a')
    const nothing = async () => { await h.work(); expect([await h.kept(), await h.listings(), h.asked.filter((x) => x !== DIRECTORY)]).toEqual([[], {}, []]) }
    await h.say('Add', [add('a', 1)])
    await nothing()
    await h.follow(DIRECTORY, 'directory', 'requested')
    await h.say('Add', [add('a', 1)])
    await nothing()
    await h.follow(DIRECTORY, 'coop')
    await h.say('Add', [add('a', 1)])
    await nothing()
    await h.follow()
    for (const target of [`${DIRECTORY}/others`, `${DIRECTORY}/followers`, 'https://other.example/ap/actors/directory/members']) await h.say('Add', [add('a', 1)], DIRECTORY, target)
    await nothing()
    await h.say('Add', [{ id: `${ORIGIN}/ap/actors/mine`, revision: 1 }])
    await nothing()
    await h.say('Add', [])
    expect(await h.waiting()).toBe(0)
  })

  test('a directory whose document we read before it had collections is asked once more', async () => {
    await h.follow()
    serve('a')
    const document = h.web.get(DIRECTORY) as Json
    h.web.set(DIRECTORY, { id: DIRECTORY, type: 'Group' })
    await h.say('Add', [add('a', 1)])
    h.web.set(DIRECTORY, document)
    await h.work()
    expect(await h.kept()).toEqual(['a'])
  })

  test('what its own server has no more, hides or serves as something else is not kept, nor asked for again', async () => {
    await h.follow()
    serve('a')
    serve('b')
    await h.say('Add', [add('a', 1), add('b', 1)])
    await h.work()
    h.web.set(thing('a'), 'gone')
    serve('b', { suspended: true })
    serve('c', { type: 'Note' })
    h.web.set(thing('d'), { id: thing('d'), type: 'Tombstone' })
    h.web.set(thing('f'), organisation('another'))
    await h.say('Update', ['a', 'b', 'c', 'd', 'e', 'f'].map((n) => add(n, 2)))
    await h.work()
    expect([await h.kept(), await h.listings()]).toEqual([[], { a: '-2', b: '-2', c: '-2', d: '-2', e: '-2', f: '-2' }])
    await h.say('Add', ['a', 'b', 'c', 'd', 'e', 'f'].map((n) => add(n, 2)))
    expect(await h.waiting()).toBe(0)
  })

  test('a server that is away is asked again later', async () => {
    await h.follow()
    h.web.set(thing('a'), 'away')
    await h.say('Add', [add('a', 1)])
    await h.work()
    serve('a')
    h.later(2000)
    await h.work()
    expect(await h.kept()).toEqual(['a'])
  })

  test('of two directories that list a thing, the last one’s Remove drops it', async () => {
    const other = 'https://other.example/ap/actors/directory'
    h.web.set(other, { id: other, type: 'Group', 'toad:members': `${other}/m` })
    await h.follow()
    await h.follow(other)
    serve('a')
    await h.say('Add', [add('a', 1)])
    await h.say('Add', [add('a', 7)], other, `${other}/m`)
    await h.work()
    await h.say('Remove', [add('a', 2)])
    expect(await h.kept()).toEqual(['a'])
    await h.say('Remove', [add('a', 8)], other, `${other}/m`)
    expect(await h.kept()).toEqual([])
  })

  test('who has opted out here is not kept, by handle, registration or name in its country', async () => {
    await h.follow()
    const gone = { handle: 'gone', name: 'Gone Co-op', country: 'GB', registrations: [{ scheme: 'fca', number: '77' }] }
    serve('gone')
    serve('x', { name: 'GONE co-op', 'toad:profile': { country: 'GB' } })
    serve('y', { 'toad:profile': { registrations: [{ scheme: 'FCA', number: '77' }] } })
    serve('z', { name: 'Gone Co-op', 'toad:profile': { country: 'FR' } })
    const all = ['gone', 'x', 'y', 'z'].map((n) => add(n, 1))
    await h.say('Add', all)
    await h.work()
    expect(await h.kept()).toEqual(['gone', 'x', 'y', 'z'])
    for (const key of optOutKeys(gone)) h.optedOut.add(key)
    await h.in((tx) => h.someoneOptedOut(tx))
    await h.work()
    expect(await h.kept()).toEqual(['z'])
    await h.say('Update', all.map((n) => ({ ...n, revision: 2 })))
    await h.work()
    expect(await h.kept()).toEqual(['z'])
  })

  test('a follow that ends takes with it what the directory listed, in batches; one that began again does not', async () => {
    await h.follow()
    for (let n = 0; n < 250; n++) serve(`c${n}`)
    for (let n = 0; n < 250; n += 100) await h.say('Add', Array.from({ length: Math.min(100, 250 - n) }, (_, i) => add(`c${n + i}`, 1)))
    await h.work()
    expect(await h.kept()).toHaveLength(250)
    await h.in((tx) => h.left(tx, DIRECTORY))
    await h.work()
    expect(await h.kept()).toHaveLength(250) // it is followed
    await h.unfollow()
    await h.tidy()
    await h.work()
    expect([await h.kept(), await h.listings()]).toEqual([[], {}])
  })

  test('things by whom this instance follows: kept, changed in order, deleted by their author alone', async () => {
    const programme = thing('programme'), call = `${'https://peer.example'}/ap/calls/1`
    const event = (revision: number, name = 'A call'): Json => ({ id: call, type: 'Event', additionalType: 'toad:Call', attributedTo: programme, name, 'toad:revision': revision })
    await h.in((tx) => h.published(tx, programme, event(1)))
    expect(await h.kept()).toEqual([])
    await h.follow(programme, 'coop')
    await h.in((tx) => h.published(tx, programme, event(2, 'Second')))
    await h.in((tx) => h.published(tx, programme, event(1, 'First')))
    expect((await h.row(call))!.name).toBe('Second')
    await h.in((tx) => h.published(tx, programme, { ...event(3), additionalType: undefined }))
    await h.in((tx) => h.deleted(tx, thing('somebody'), call))
    expect((await h.row(call))!.name).toBe('Second')
    await h.in((tx) => h.deleted(tx, programme, call))
    expect(await h.kept()).toEqual([])
    await h.in((tx) => h.published(tx, programme, event(2, 'Late')))
    expect(await h.kept()).toEqual([])
    expect(h.asked).toEqual([])
  })

  test('what a followed directory tells its readers of is fetched once, and kept where it is of our kinds', async () => {
    await h.follow()
    const call = 'https://peer.example/ap/calls/1', note = 'https://peer.example/ap/notes/1'
    h.web.set(call, { id: call, type: 'Event', additionalType: 'toad:Call', name: 'A call' })
    h.web.set(note, { id: note, type: 'Note', content: 'x' })
    for (const id of [call, note, `${ORIGIN}/ap/calls/2`]) await h.in((tx) => h.announced(tx, DIRECTORY, id))
    await h.in((tx) => h.announced(tx, thing('somebody'), note))
    await h.work()
    await h.in((tx) => h.announced(tx, DIRECTORY, call))
    await h.work()
    expect([await h.kept(), h.asked]).toEqual([['1'], [call, note]])
  })

  test('an Announce of whom our directory follows counts only of a directory that understands us', async () => {
    await h.follow()
    const call = 'https://peer.example/ap/calls/1'
    h.web.set(call, { id: call, type: 'Event', additionalType: 'toad:Call', name: 'A call' })
    for (const document of [{ type: 'Group', generator: 'another' }, { type: 'Organization' }]) {
      h.web.set(DIRECTORY, { id: DIRECTORY, ...document })
      await h.in((tx) => h.announced(tx, DIRECTORY, call))
    }
    h.web.delete(DIRECTORY) // not known
    await h.in((tx) => h.announced(tx, DIRECTORY, call))
    expect([await h.waiting(), h.asked]).toEqual([0, []])
  })

  test('a directory whose document is old here is asked once, and known from then on', async () => {
    await h.follow()
    h.read.set(DIRECTORY, { id: DIRECTORY, type: 'Group', name: 'Peer' }) // from before it had collections
    for (const name of ['a', 'b', 'c']) { serve(name); await h.say('Add', [add(name, 1)]) }
    await h.work()
    serve('d')
    await h.say('Add', [add('d', 1)])
    await h.work()
    expect([await h.kept(), h.asked.filter((id) => id === DIRECTORY)]).toEqual([['a', 'b', 'c', 'd'], [DIRECTORY]])
  })

  test('what a directory’s words make us ask for is within the budget of its server; the rest comes later', async () => {
    await h.follow()
    h.read.set(DIRECTORY, { id: DIRECTORY, type: 'Group', name: 'Peer' })
    for (const name of ['a', 'b', 'c']) serve(name)
    h.budget.left = 0
    await h.say('Add', [add('a', 1), add('b', 1), add('c', 1)])
    await h.work()
    expect(h.asked).toEqual([])
    h.budget.left = 2
    h.later(5000)
    await h.work()
    expect([h.asked.length, (await h.kept()).length]).toEqual([2, 1])
    h.budget.left = Infinity
    h.later(10_000)
    await h.work()
    expect(await h.kept()).toEqual(['a', 'b', 'c'])
  })

  test('an actor’s new document is kept where it is mirrored', async () => {
    await h.follow()
    serve('a')
    await h.say('Add', [add('a', 1)])
    await h.work()
    await h.in((tx) => h.refreshed(tx, thing('a'), organisation('a', { name: 'New' })))
    await h.in((tx) => h.refreshed(tx, thing('b'), organisation('b')))
    expect([await h.kept(), (await h.row(thing('a')))!.name]).toEqual([['a'], 'New'])
  })

  test('what stands on a server that is blocked later goes, whoever lists it', async () => {
    await h.follow()
    serve('a')
    const elsewhere = 'https://elsewhere.example/ap/actors/b'
    h.web.set(elsewhere, { ...organisation('b'), id: elsewhere, attributedTo: 'https://elsewhere.example/ap/actors/directory' })
    await h.say('Add', [add('a', 1), { ...add('b', 1), id: elsewhere }])
    await h.work()
    expect(await h.kept()).toHaveLength(2)
    h.blocked.add('elsewhere.example')
    await h.tidy()
    expect(await h.kept()).toEqual(['a'])
  })

  test('numbers, for whoever looks after federation', async () => {
    await h.follow()
    await h.follow('https://other.example/ap/actors/directory', 'directory', 'requested')
    h.web.set(thing('a-coop'), organisation('a-coop'))
    await h.follow(thing('a-coop')) // for its posts: it lists nothing
    serve('a')
    await h.say('Add', [{ ...add('a', 1) }])
    await h.work()
    const told = await h.directories(commandLine)
    expect(told.map((d) => d.actor)).not.toContain(thing('a-coop'))
    expect(told).toEqual(expect.arrayContaining([
      { actor: DIRECTORY, name: 'Peer', state: 'accepted', mirrored: 1, changed: h.clock.now() },
      { actor: 'https://other.example/ap/actors/directory', name: null, state: 'requested', mirrored: 0, changed: null },
    ]))
    await expect(h.directories({ by: 'user:m', role: 'member', editorOf: new Set() })).rejects.toMatchObject({ code: 'forbidden' })
  })

  test('in whatever order and however often its words come, the end is the same; nothing of it is ever ours', async () => {
    // Each thing has a life of its own: the n-th word is Add, Update or Remove at revision n.
    const life = fc.array(fc.boolean(), { minLength: 1, maxLength: 4 })
    const script = fc.tuple(life, life, life).chain((lives) => {
      const words = lives.flatMap((l, i) => l.map((listed, n) => ({ name: `t${i}`, revision: n + 1, listed, first: n === 0 || !l[n - 1] })))
      return fc.tuple(fc.constant(lives), fc.shuffledSubarray([...words, ...words], { minLength: words.length * 2 }), fc.array(fc.nat(3), { minLength: 30, maxLength: 30 }))
    })
    await fc.assert(fc.asyncProperty(script, async ([lives, words, pauses]) => {
      await h.empty()
      await h.follow()
      for (const [i, l] of lives.entries()) {
        if (l.at(-1)) serve(`t${i}`, { summary: String(l.length) })
        else h.web.set(thing(`t${i}`), 'gone')
      }
      for (const [n, w] of words.entries()) {
        await h.say(!w.listed ? 'Remove' : w.first ? 'Add' : 'Update', [add(w.name, w.revision)])
        await h.work(pauses[n % 30])
      }
      await h.work()
      const kept = lives.flatMap((l, i) => (l.at(-1) ? [`t${i}`] : []))
      expect(await h.kept()).toEqual(kept)
      expect(await h.listings()).toEqual(Object.fromEntries(lives.map((l, i) => [`t${i}`, `${l.at(-1) ? '+' : '-'}${l.length}`])))
      expect(await h.waiting()).toBe(0)
      // Of each thing no more fetches than it had revisions.
      for (const [i, l] of lives.entries()) expect(h.asked.filter((x) => x === thing(`t${i}`)).length).toBeLessThanOrEqual(l.length)
      expect(await store.read.$count(directoryTables(store.kit).directoryItems)).toBe(0)
      h.asked.length = 0
    }), { numRuns: 40 })
  }, 120_000)
})
