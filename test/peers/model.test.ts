/** What other directories say, read leniently: nothing that comes throws, and only what is ours is taken. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { collectionOf, isNews, isOlder, MANY, namedIn, stateOf, thingFrom, traitsOf, type Word } from '../../src/peers/model.ts'
import { DIRECTORY, MEMBERS, organisation, thing } from './house.ts'

test('what is named: one or many, ids or objects, with or without a revision', () => {
  const id = thing('a')
  expect(namedIn(id)).toEqual([{ id }])
  expect(namedIn({ id, 'toad:revision': 3, 'toad:changed': '2026-01-01T00:00:00Z' })).toEqual([{ id, revision: 3, changed: new Date('2026-01-01') }])
  expect(namedIn({ id, 'https://w3id.org/toadlane/ns#revision': '3' })).toEqual([{ id, revision: 3 }])
  expect(namedIn([id, { id, 'toad:revision': 2 }, { id, 'toad:revision': 1 }, 'nonsense', null, 7, { type: 'Note' }, 'ftp://x/y'])).toEqual([{ id, revision: 2 }])
  expect(namedIn([{ id, 'toad:revision': -1, 'toad:changed': 'yesterday' }, { id: thing('b'), 'toad:revision': 1.5 }])).toEqual([{ id }, { id: thing('b') }])
  expect(namedIn(Array.from({ length: 500 }, (_, n) => thing(`x${n}`)))).toHaveLength(MANY)
  fc.assert(fc.property(fc.anything(), (v) => { for (const n of namedIn(v)) expect(n.id).toMatch(/^https?:/) }))
})

test('only a collection that its own document names', () => {
  const document = { 'toad:members': { id: MEMBERS }, 'toad:calls': `${DIRECTORY}/calls` }
  expect([MEMBERS, { id: MEMBERS }, `${DIRECTORY}/calls`, `${DIRECTORY}/proposals`, undefined, 7].map((t) => collectionOf(document, t))).toEqual(['members', 'members', 'calls', undefined, undefined, undefined])
  fc.assert(fc.property(fc.dictionary(fc.string(), fc.anything()), fc.anything(), (d, t) => { collectionOf(d, t) }))
})

const word = fc.record({ revision: fc.nat({ max: 4 }), gone: fc.boolean() })
test('words have the same end in whatever order they come', () => {
  const end = (words: readonly Word[]) => words.reduce<Word | undefined>((known, w) => (isNews(w, known) ? w : known), undefined)
  fc.assert(fc.property(fc.array(word, { minLength: 1, maxLength: 8 }).chain((w) => fc.tuple(fc.constant(w), fc.shuffledSubarray([...w, ...w], { minLength: w.length * 2 }))), ([words, again]) => {
    expect(end(again)).toEqual(end(words))
  }))
})

test('what may be kept: of a type that stands in that collection, shown on its own server, not too long', () => {
  expect(thingFrom(organisation('a'), 'members')).toMatchObject({ id: thing('a'), type: 'Organization', additionalType: 'toad:Cooperative', name: 'The a', collection: 'members' })
  expect(thingFrom(organisation('a', { additionalType: ['x', 'https://w3id.org/toadlane/ns#Ally'] }), 'members')).toMatchObject({ additionalType: 'toad:Ally' })
  expect(thingFrom(organisation('a', { additionalType: undefined, name: undefined }), 'members')).toMatchObject({ name: thing('a') })
  for (const [more, place] of [
    [{ type: 'Note' }, 'members'], [{ type: 'Tombstone' }, 'members'], [{}, 'calls'], [{ suspended: true }, 'members'], [{ type: ['Organization', 'Group'] }, 'members'],
    [{ summary: 'x'.repeat(300_000) }, 'members'], [{ id: undefined }, 'members'], [{}, undefined],
  ] as const) expect(thingFrom(organisation('a', more as never), place as never)).toBeUndefined()
  expect(thingFrom({ id: thing('q'), type: 'Question', additionalType: 'toad:MotionCampaign' })).toMatchObject({ collection: 'campaigns' })
  expect(thingFrom({ id: thing('q'), type: 'Question' })).toBeUndefined()
  expect(thingFrom({ id: thing('q'), type: 'Event' }, 'calls')).toMatchObject({ collection: 'calls' })
  fc.assert(fc.property(fc.anything(), (v) => { if (typeof v === 'object' && v !== null && !Array.isArray(v)) thingFrom(v as never, 'members') }))
})

test('which state is older: by revision, else by the time of the words', () => {
  const at = (updated: string, revision?: number) => stateOf({ updated, ...(revision === undefined ? {} : { 'toad:revision': revision }) })
  expect(isOlder(at('2026-01-02T00:00:00Z', 1), at('2026-01-01T00:00:00Z', 2))).toBe(true)
  expect(isOlder(at('2026-01-01T00:00:00Z'), at('2026-01-02T00:00:00Z', 2))).toBe(true)
  expect(isOlder({}, at('2026-01-02T00:00:00Z'))).toBe(false)
})

test('by what it is known when it has asked not to be listed', () => {
  expect(traitsOf(organisation('a', { 'toad:profile': { country: 'GB', registrations: [{ scheme: 'fca', number: '1' }] } }))).toEqual(
    { handle: 'a', name: 'The a', country: 'GB', registrations: [{ scheme: 'fca', number: '1' }] })
  expect(traitsOf({ preferredUsername: 'Up', 'toad:profile': 'x' })).toEqual({ handle: 'up', name: '' })
  fc.assert(fc.property(fc.dictionary(fc.string(), fc.anything()), fc.anything(), (d, p) => { traitsOf({ ...d, 'toad:profile': p }) }))
})
