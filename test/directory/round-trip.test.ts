/** What is exported and imported into a fresh instance is the same directory, whatever people have written into it. */
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { commandLine } from '../../src/accounts/model.ts'
import { CONFIDENCES } from '../../src/coops/input.ts'
import { KINDS, MEMBERSHIP_STATES, organisationInput, OWNERSHIPS } from '../../src/coops/model.ts'
import { columnOf, figureColumn, figureColumnName, guarded, readList, unguarded, writeList } from '../../src/directory/columns.ts'
import { openSource } from '../../src/directory/import/source.ts'
import type { ExportFormat, Trouble } from '../../src/directory/service.ts'
import { leverInput, type LeverInput } from '../../src/rulebook/model.ts'
import { engines, scratch } from '../engines.ts'
import { rooms, type Rooms } from './house.ts'

// ---- what people write: everything that means something to CSV, to spreadsheets or to our own cells

const nasty = fc.constantFrom(';', '|', '\\', '"', "'", ',', '=', '+', '-', '@', '＝', '\t', ':', '#', '=cmd|x', "'=1", "''+2", '\\;', '\\|', ' ', 'é', '協', '😀', '\u202e', 'a', '0', '\n', '\r\n')
const words = (max: number) => fc.oneof({ weight: 3, arbitrary: fc.string({ unit: nasty, minLength: 1, maxLength: 12 }) }, { weight: 1, arbitrary: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }) })
  .map((t) => t.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/g, '').toWellFormed().slice(0, max))
const line = (max: number) => words(max).map((t) => t.replace(/\s+/gu, ' ').trim()).filter((t) => t !== '')
const maybe = <T>(a: fc.Arbitrary<T>) => fc.option(a, { nil: null })
const url = fc.tuple(fc.webUrl({ withQueryParameters: true, withFragments: true }), fc.constantFrom('', ';x', '|y', '?a=1;2')).map(([u, tail]) => u + tail).filter((u) => !/[\s<>"]/.test(u) && URL.canParse(u))
const year = fc.integer({ min: 1700, max: 2200 })
const date = fc.oneof(year.map(String), fc.tuple(year, fc.constantFrom('01', '12')).map(([y, m]) => `${y}-${m}`))

const figure = fc.record({
  kind: fc.oneof(fc.constantFrom('members', 'workers', 'members:x', 'a#2', 'turnover'), line(60).map((t) => t.toLowerCase().trim()).filter(Boolean)),
  value: fc.oneof(fc.integer({ min: -5, max: 20_000_000 }), fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e9, max: 1e12 }).map((n) => n + 0)),
  unit: maybe(line(20)), year: maybe(year), source: maybe(line(200)), confidence: fc.constantFrom(...CONFIDENCES),
})
const profile = fc.record({
  name: line(200), kind: fc.constantFrom(...KINDS), ownership: maybe(fc.constantFrom(...OWNERSHIPS)), isPlatform: fc.boolean(),
  activities: fc.uniqueArray(line(80), { maxLength: 4 }), summary: maybe(words(300).map((t) => t.trim()).filter(Boolean)),
  country: maybe(fc.constantFrom('GB', 'JP', 'CA')), region: maybe(line(120)), locality: maybe(line(120)), postcode: maybe(line(20)), address: maybe(line(300)),
  coordinates: maybe(fc.record({ latitude: fc.double({ min: -90, max: 90, noNaN: true }).map((n) => n + 0), longitude: fc.double({ min: -180, max: 180, noNaN: true }).map((n) => n + 0) })),
  founded: maybe(date), registrations: fc.array(fc.record({ scheme: line(80), number: line(80) }), { maxLength: 3 }), website: maybe(url),
  links: fc.array(fc.record({ label: line(80), url }), { maxLength: 3 }), fediverse: fc.constantFrom(null, '@a@b.example'), languages: fc.uniqueArray(fc.constantFrom('en', 'pt-BR', 'zh-Hant'), { maxLength: 2 }),
  legalForm: maybe(line(200)), sources: fc.uniqueArray(line(200), { maxLength: 3 }), figures: fc.array(figure, { maxLength: 4 }),
}).filter((p) => organisationInput.safeParse({ handle: 'x', ...p }).success)

const membership = fc.record({
  of: fc.nat(), in: fc.nat(), state: fc.constantFrom(...MEMBERSHIP_STATES), confidence: fc.constantFrom(...CONFIDENCES),
  since: maybe(date), until: maybe(date), expires: fc.constantFrom(null, '2027-06-30'), source: maybe(line(100)),
})
const lever = fc.record({
  organisation: maybe(fc.nat()), scope: line(100), country: fc.constantFrom('GB', 'FR'), action: line(100), source: line(100), source2: maybe(line(100)),
  threshold: fc.constantFrom(null, { fixed: 500 }, { percent: 5, min: 20, max: 100 }), binding: maybe(fc.boolean()), eligibility: maybe(line(100)), note: maybe(words(100).map((t) => t.trim()).filter(Boolean)),
  requiredOfSigner: fc.oneof(fc.constant('none' as const), fc.constant(null), fc.uniqueArray(line(50), { minLength: 1, maxLength: 3 })), deposit: fc.constantFrom(null, 'none' as const, { amount: '12.50', currency: 'GBP', each: null, refundable: true }),
  handIn: fc.constantFrom(null, { date: '--04-04', meeting: '--07' }, { date: 'none' as const }), confidence: fc.constantFrom(...CONFIDENCES), checked: fc.constantFrom(null, '2026-11-01'), words: fc.array(line(40), { minLength: 1, maxLength: 2 }),
})
const world = fc.record({ profiles: fc.array(profile, { minLength: 1, maxLength: 12 }), memberships: fc.array(membership, { maxLength: 8 }), levers: fc.array(lever, { maxLength: 6 }) })
type World = typeof world extends fc.Arbitrary<infer T> ? T : never

async function fill(house: Rooms, w: World): Promise<void> {
  const handles = w.profiles.map((_, n) => `o-${n}`)
  for (const [n, p] of w.profiles.entries()) await house.organisations.put(commandLine, organisationInput.parse({ handle: handles[n], ...p }))
  const federations = handles.filter((_, n) => w.profiles[n]!.kind === 'federation')
  for (const { of, in: above, ...m } of w.memberships) {
    const federation = federations[above % Math.max(1, federations.length)], organisation = handles[of % handles.length]!
    if (federation && organisation > federation) await house.organisations.putMembership(commandLine, { organisation, federation, ...m }).catch(() => {}) // moves that are not allowed
  }
  for (const { organisation, words: eligible, ...l } of w.levers) {
    const body = organisation === null ? {} : { organisation: handles[organisation % handles.length]! }
    for (const [n, word] of eligible.entries()) {
      const input: LeverInput = { ...l, ...body, eligibility: n ? word : l.eligibility }
      if (leverInput.safeParse(input).success) await house.levers.put(commandLine, input)
    }
  }
}

/** The directory without what each instance decides for itself. */
async function picture(house: Rooms) {
  const sorted = (list: object[]) => list.map((x) => JSON.stringify(x)).sort()
  const organisations = (await house.organisations.read.all(1000)).map(({ organisation, figures, memberships }) => {
    const { id: _, created: __, changed: ___, confirmed: _4, revision: _5, consent: _6, standing: _7, status: _8, ...profile } = organisation
    return {
      ...profile, figures: sorted(figures.map(({ id: _, added: __, superseded: ___, ...f }) => f)),
      memberships: sorted(memberships.map(({ id: _, federation: __, name: ___, now: _4, ...m }) => m)),
    }
  })
  const levers = sorted((await house.levers.read.all(1000)).map(({ id: _, versions, ...l }) => ({ ...l, versions: versions.map(({ at: _, by: __, ...v }) => v) })))
  return { organisations, levers }
}

async function carry(from: Rooms, to: Rooms, format: ExportFormat): Promise<Trouble[]> {
  const file = path.join(scratch(), 'export')
  const pieces: string[] = []
  for await (const piece of from.directory.export(format)) pieces.push(piece)
  writeFileSync(file, pieces.join(''))
  const troubles: Trouble[] = []
  await to.directory.import(commandLine, await openSource(file, { folder: '/' }), { onTrouble: (t) => troubles.push(t) })
  return troubles
}

describe.each(engines)('on $engine', ({ fresh }) => {
  test.each(['toadlane', 'csv'] as const)('import(export(x)) = x as %s', async (format) => {
    await fc.assert(fc.asyncProperty(world, async (w) => {
      const [a, b] = [rooms(await fresh()), rooms(await fresh())]
      try {
        await fill(a, w)
        expect(await carry(a, b, format)).toEqual([])
        const [before, after] = [await picture(a), await picture(b)]
        expect(after.organisations).toEqual(before.organisations)
        if (format === 'toadlane') expect(after.levers).toEqual(before.levers)
      } finally { await Promise.all([a.store.close(), b.store.close()]) }
    }), { numRuns: 12, interruptAfterTimeLimit: 60_000, markInterruptAsFailure: false })
  }, 120_000)
})

describe('cells', () => {
  test('lists are read as they were written', () => {
    fc.assert(fc.property(fc.array(fc.array(line(30), { minLength: 1, maxLength: 3 }), { maxLength: 4 }), (list) => { expect(readList(writeList(list))).toEqual(list) }))
  })
  test('columns of figures are read as they were written', () => {
    fc.assert(fc.property(line(60).map((t) => t.toLowerCase().trim()).filter(Boolean), maybe(fc.integer({ min: 1700, max: 2200 })), fc.integer({ min: 1, max: 200 }), fc.constantFrom('value' as const, 'unit' as const, 'source' as const, 'confidence' as const), (kind, at, nth, part) => {
      const name = figureColumnName({ kind, year: at, nth, part })
      expect(figureColumn(name)).toEqual({ kind, year: at, nth, part })
      expect(columnOf(name)).toBeUndefined()
    }))
  })
  test('an apostrophe that guards a formula goes, one that was there stays', () => {
    for (const text of ['=1+1', "'=1+1", "''=1", "'plain", '@x', '-5', '\t=x', '＝1']) {
      const written = /^[=+\-@\t\r＝＋－＠]/.test(guarded(text)) ? `'${guarded(text)}` : guarded(text) // what csv-stringify does
      expect(unguarded(written)).toBe(text)
      expect(written).not.toMatch(/^[=+\-@\t\r＝＋－＠]/)
    }
  })
})

test('an export holds what is listed, and no spreadsheet takes a cell for a formula', async () => {
  const house = rooms(await engines[0]!.fresh())
  try {
    for (const handle of ['shown', 'hidden']) await house.organisations.put(commandLine, organisationInput.parse({ handle, name: '=HYPERLINK("http://x","y")', kind: 'ally', summary: '+1', locality: '@SUM(A1)' }))
    await house.organisations.setStatus(commandLine, 'hidden', 'suspended', 'test')
    let csv = '', json = ''
    for await (const piece of house.directory.export('csv')) csv += piece
    for await (const piece of house.directory.export('toadlane')) json += piece
    expect(csv.trim().split('\r\n')).toHaveLength(2)
    expect(csv).toContain(`shown,"'=HYPERLINK(""http://x"",""y"")",ally`)
    expect(csv).toContain(",'+1,")
    expect(JSON.parse(json)).toMatchObject({ format: 'toadlane/1', from: 'https://coops.example', organisations: [{ handle: 'shown', standing: 'unclaimed' }], memberships: [], levers: [] })
  } finally { await house.store.close() }
})
