import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { FADES, freshness, isOpen, membershipMoves, membershipNow, monthsBefore, standingMoves, statusMoves } from '../../src/coops/life.ts'
import { differences, stable } from '../../src/coops/diff.ts'
import { isWebAddress } from '../../src/coops/input.ts'
import {
  figureInput, inputOf, membersFigure, mergeFigures, nameKey, optOutKeys, organisationInput, profileAfter, PROFILE_FIELDS, rankedFigures, STANDINGS, STATUSES, type FigureInput,
} from '../../src/coops/model.ts'

const least = { handle: 'stocksy', name: 'Stocksy United', kind: 'cooperative' } as const
const parse = (extra: object) => organisationInput.safeParse({ ...least, ...extra })
const fieldsOf = (extra: object) => parse(extra).error?.issues.map((i) => i.path.join('.')) ?? []

describe('what is handed in', () => {
  test('handle, name and kind are enough', () => {
    expect(organisationInput.parse(least)).toEqual(least)
    for (const missing of ['handle', 'name', 'kind']) expect(organisationInput.safeParse({ ...least, [missing]: undefined }).success).toBe(false)
  })
  test.each(['Stocksy', 'a b', '-a', 'a.', 'ä', '', 'a'.repeat(61), 'admin', 'directory', '../x'])('the handle %j is refused', (handle) => {
    expect(fieldsOf({ handle })).toEqual(['handle'])
  })
  test.each([
    [{ name: ' ' }, 'name'], [{ name: 'x'.repeat(201) }, 'name'], [{ name: 'a\u0000b' }, 'name'], [{ name: 'a\ud800b' }, 'name'],
    [{ kind: 'company' }, 'kind'], [{ ownership: 'state' }, 'ownership'], [{ country: 'UK' }, 'country'], [{ country: 'GBR' }, 'country'],
    [{ website: 'www.example.org' }, 'website'], [{ website: 'javascript:alert(1)' }, 'website'], [{ website: 'https://user:word@example.org' }, 'website'],
    [{ website: 'https://' }, 'website'], [{ links: [{ label: 'x', url: 'ftp://example.org' }] }, 'links.0.url'],
    [{ coordinates: { latitude: 91, longitude: 0 } }, 'coordinates.latitude'], [{ founded: '1844-13' }, 'founded'], [{ founded: '2023-02-29' }, 'founded'],
    [{ languages: ['xx-!'] }, 'languages.0'], [{ fediverse: 'not an account' }, 'fediverse'],
    [{ figures: [{ kind: 'members', value: Infinity }] }, 'figures.0.value'], [{ figures: [{ kind: 'members', value: 3, year: 12 }] }, 'figures.0.year'],
    [{ figures: [{ kind: 'members', value: 3, confidence: 'sure' }] }, 'figures.0.confidence'],
  ])('%j is refused, and names the field', (extra, field) => expect(fieldsOf(extra)).toEqual([field]))
  test('what is not known is refused rather than lost', () => expect(parse({ colour: 'red' }).success).toBe(false))
  test('empty text and null both say "nothing", and what is left out stays out', () => {
    expect(organisationInput.parse({ ...least, locality: ' ', website: '', country: '', summary: '  ' })).toEqual({ ...least, locality: null, website: null, country: null, summary: null })
    expect(organisationInput.parse({ ...least, country: 'gb', languages: ['pt-br', 'pt-BR'], summary: 'a\r\nb ' })).toEqual({ ...least, country: 'GB', languages: ['pt-BR'], summary: 'a\nb' })
  })
  test('one activity is short for a list of one', () => {
    expect(organisationInput.parse({ ...least, activity: 'food' }).activities).toEqual(['food'])
    expect(organisationInput.parse({ ...least, activity: null }).activities).toEqual([])
    expect(organisationInput.parse({ ...least, activities: ['a', 'b', 'a'] }).activities).toEqual(['a', 'b'])
  })
  test('web addresses stay as they were written', () => {
    expect(organisationInput.parse({ ...least, website: ' https://www.coop.ch ' }).website).toBe('https://www.coop.ch')
    expect(isWebAddress('http://[::1]:8000/x?y#z')).toBe(true)
    expect(isWebAddress('https://a"b')).toBe(false)
  })
  test('a profile makes the input that makes the profile', () => {
    const profile = profileAfter(organisationInput.parse({ ...least, activity: 'media', country: 'CA', coordinates: { latitude: 48.4, longitude: -123.3 }, registrations: [{ scheme: 'bc', number: '1' }] }))
    expect(Object.keys(profile)).toEqual(PROFILE_FIELDS)
    expect(profileAfter(organisationInput.parse(inputOf('stocksy', profile)))).toEqual(profile)
  })
  test('what is left out stays, null and the empty list empty it', () => {
    const before = profileAfter(organisationInput.parse({ ...least, country: 'CA', locality: 'Victoria', activities: ['media'] }))
    expect(profileAfter(organisationInput.parse({ ...least, locality: null, activities: [] }), before)).toMatchObject({ country: 'CA', locality: null, activities: [] })
  })
})

const figure = fc.record({
  kind: fc.constantFrom('members', 'workers'), value: fc.integer({ min: 0, max: 5 }), unit: fc.constant(null), year: fc.constantFrom(null, 2023, 2024),
  source: fc.constantFrom(null, 'https://a.example', 'https://b.example'), confidence: fc.constantFrom('primary', 'secondary', 'unsure') as fc.Arbitrary<FigureInput['confidence']>,
})
const apply = (standing: FigureInput[], given: FigureInput[]) => {
  const { add, supersede } = mergeFigures(standing, given)
  return [...standing.filter((f) => !supersede.includes(f)), ...add]
}
describe('figures', () => {
  test('the same again adds nothing, whatever stands', () => fc.assert(fc.property(fc.array(figure), fc.array(figure), (a, b) => {
    const once = apply(apply([], a), b)
    expect(apply(once, b)).toEqual(once)
  })))
  test('years and sources stand side by side; only the same source on the same year gives way', () => fc.assert(fc.property(fc.array(figure), fc.array(figure), (a, b) => {
    const standing = apply([], a), after = apply(standing, b)
    const topic = (f: FigureInput) => stable([f.kind, f.year, f.source])
    const spoken = new Set(b.map(topic))
    for (const f of standing) if (!spoken.has(topic(f))) expect(after).toContainEqual(f)
    expect(new Set(after.map(topic)).size).toBe(after.length)
  })))
  test('shown: newest year, then surest; no year last', () => {
    const f = (value: number, year: number | null, confidence: FigureInput['confidence'] = 'primary', kind = 'members') => figureInput.parse({ kind, value, year, confidence })
    const list = [f(1, null), f(2, 2023), f(3, 2024, 'unsure'), f(4, 2024, 'primary'), f(5, 2025, 'primary', 'members and clients')]
    expect(rankedFigures(list, 'members').map((x) => x.value)).toEqual([4, 3, 2, 1])
    expect(membersFigure(list)?.value).toBe(4)
    expect(membersFigure([f(5, 2025, 'primary', 'members and clients')])?.value).toBe(5)
    expect(membersFigure([f(5, 2025, 'primary', 'drivers')])).toBeUndefined()
  })
})

describe('life', () => {
  test('every state is in its table and leads to known ones only', () => {
    for (const [table, states] of [[statusMoves, STATUSES], [standingMoves, STANDINGS]] as const) {
      expect(Object.keys(table).sort()).toEqual([...states].sort())
      for (const [from, to] of Object.entries(table)) { expect(to).not.toContain(from); for (const s of to) expect(states).toContain(s) }
    }
    expect(Object.values(standingMoves).flat()).not.toContain('unclaimed')
    expect(membershipMoves.ended).toEqual(['claimed', 'confirmed'])
  })
  test('open is listed and agreed', () => {
    expect(STATUSES.flatMap((status) => STANDINGS.filter((standing) => isOpen({ status, standing })).map((s) => `${status} ${s}`))).toEqual(['listed consented', 'listed claimed'])
  })
  test.each([
    ['2026-03-31T12:00:00.000Z', 1, '2026-02-28T12:00:00.000Z'], ['2024-02-29T00:00:00.000Z', 12, '2023-02-28T00:00:00.000Z'],
    ['2026-01-15T23:59:59.999Z', 36, '2023-01-15T23:59:59.999Z'], ['2026-01-15T00:00:00.000Z', 1, '2025-12-15T00:00:00.000Z'],
  ])('%s, %i months before', (now, months, then) => expect(monthsBefore(new Date(now), months).toISOString()).toBe(then))
  test('freshness fades at 12, 24 and 36 months, to the day', () => {
    const now = new Date('2026-11-14T09:00:00Z')
    const at = (iso: string) => freshness(new Date(iso), now)
    expect([at('2025-11-14T09:00:01Z'), at('2025-11-14T09:00:00Z'), at('2024-11-14T09:00:01Z'), at('2024-11-14T09:00:00Z'), at('2023-11-14T09:00:01Z'), at('2023-11-14T09:00:00Z')])
      .toEqual(['fresh', 'due', 'due', 'lapsed', 'lapsed', 'archived'])
  })
  test('freshness only ever fades', () => {
    const order = ['fresh', 'due', 'lapsed', 'archived']
    const instants = fc.date({ min: new Date('2000-01-01'), max: new Date('2100-01-01'), noInvalidDate: true })
    fc.assert(fc.property(instants, instants, instants, (confirmed, a, b) => {
      const [early, late] = a < b ? [a, b] : [b, a]
      expect(order.indexOf(freshness(confirmed, late))).toBeGreaterThanOrEqual(order.indexOf(freshness(confirmed, early)))
      for (const months of Object.values(FADES)) expect(monthsBefore(late, months).getTime()).toBeGreaterThanOrEqual(monthsBefore(early, months).getTime())
    }))
  })
  test('a confirmation that has run out counts as claimed', () => {
    expect(membershipNow({ state: 'confirmed', expires: '2026-06-30' }, '2026-06-30')).toBe('confirmed')
    expect(membershipNow({ state: 'confirmed', expires: '2026-06-30' }, '2026-07-01')).toBe('claimed')
    expect(membershipNow({ state: 'ended', expires: '2026-06-30' }, '2026-07-01')).toBe('ended')
  })
})

test('names sort without marks and case', () => expect(['Zürich', 'zara', 'Åbo', 'abo b'].map(nameKey).sort()).toEqual(['abo', 'abo b', 'zara', 'zurich']))
test('an opt-out answers to handle, name in its country, and registrations', () => {
  expect(optOutKeys({ handle: 'x', name: 'The Coöp, Ltd.', country: 'GB', registrations: [{ scheme: 'Companies House', number: 'IP-001 R' }] }))
    .toEqual(['handle x', 'name GB the coop ltd', 'registration companies house ip 001 r'])
  expect(optOutKeys({ handle: 'x', name: 'the COOP ltd', country: 'GB' })[1]).toBe('name GB the coop ltd')
})
test('differences name field, before and after; the order of keys is none', () => {
  expect(differences({ a: 1, b: { x: 1, y: 2 }, c: [1] }, { a: 2, b: { y: 2, x: 1 }, c: [1, 2], d: null })).toEqual([
    { field: 'a', before: 1, after: 2 }, { field: 'c', before: [1], after: [1, 2] },
  ])
  fc.assert(fc.property(fc.jsonValue(), (v) => stable(JSON.parse(JSON.stringify(v))) === stable(v)))
})
