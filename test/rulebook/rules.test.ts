import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { before, firstDayOf, inYear, isDuration, isRecurring, lastDayOf, nextOfYear } from '../../src/rulebook/dates.ts'
import { leverInput, leverRecord, ruleOf, sameRule, type LeverInput, type Rule, type Threshold } from '../../src/rulebook/model.ts'
import { blocksCollecting, bounds, FIELDS, isStale, knownAsOf, nextHandIn, share, thresholdFor, unknowns } from '../../src/rulebook/rules.ts'

const least: LeverInput = { organisation: 'coop-ch', country: 'CH', action: 'rival list', source: 'https://example.org' }
const rule = (extra: Partial<LeverInput> = {}): Rule => ruleOf(leverInput.parse({ ...least, ...extra }))
const faults = (extra: object) => leverInput.safeParse({ ...least, ...extra }).error?.issues.map((i) => i.path.join('.')) ?? []

const day = fc.date({ min: new Date('1990-01-01'), max: new Date('2090-12-31'), noInvalidDate: true }).map((d) => d.toISOString().slice(0, 10))
const recurring = fc.tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 31 })).map(([m, d]) => `--${String(m).padStart(2, '0')}-${String(Math.min(d, lastDayOf(2024, m))).padStart(2, '0')}`)
const duration = fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 400 }))
  .map(([y, m, w, d]) => `P${y}Y${m}M${w}W${d}D`)
const percentage = fc.record({ percent: fc.integer({ min: 1, max: 10_000 }).map((n) => n / 100), min: fc.option(fc.integer({ min: 1, max: 500 }), { nil: undefined }), above: fc.option(fc.integer({ min: 0, max: 500 }), { nil: undefined }) })
  .map(({ percent, min, above }): Threshold => ({ percent, ...(min === undefined ? {} : { min }), ...(above === undefined ? {} : { max: (min ?? 1) + above }) }))

describe('unknown is not none', () => {
  test('what is left out is unknown, every field of it', () => {
    expect(unknowns(rule())).toEqual([...FIELDS])
    expect(blocksCollecting(rule())).toEqual(['signatureMethod', 'threshold', 'handIn.date'])
  })
  test('none is known', () => {
    const known = rule({
      threshold: { fixed: 1 }, eligibility: 'members', qualifying: 'none', jointAccounts: 'the first named', requiredOfSigner: 'none', signatureMethod: 'in writing',
      handIn: { date: 'none', where: 'head office', how: 'by post', collectingTime: 'none' }, nextMeeting: '2027-07-10', blackouts: 'none', deposit: 'none',
      motionWordLimit: 'none', statementWordLimit: 'none', binding: false, majority: { text: 'simple' }, validityRate: 0.7,
    })
    expect(unknowns(known)).toEqual([])
    expect(blocksCollecting(known)).toEqual([])
  })
  test('the exchange format\'s ways to say unknown', () => {
    expect(rule({ requiredOfSigner: [], signatureMethod: 'unknown', handIn: {} })).toMatchObject({ requiredOfSigner: null, signatureMethod: null, handIn: null })
  })
  test('a date that is counted from an unknown meeting is unknown', () => {
    const open = { threshold: { fixed: 5 }, signatureMethod: 'ink' }
    expect(blocksCollecting(rule({ ...open, handIn: { beforeMeeting: 'P25D' } }))).toEqual(['handIn.date'])
    expect(blocksCollecting(rule({ ...open, handIn: { beforeMeeting: 'P25D', meeting: '--07' } }))).toEqual(['handIn.date'])
    expect(blocksCollecting(rule({ ...open, handIn: { beforeMeeting: 'P25D' }, nextMeeting: '2027-07-10' }))).toEqual([])
    expect(blocksCollecting(rule({ ...open, handIn: { collectingTime: 'P15D' } }))).toEqual(['handIn.date'])
    expect(blocksCollecting(rule({ ...open, handIn: { date: '2026-04-04' } }), '2026-04-05')).toEqual(['handIn.date'])
    expect(blocksCollecting(rule({ ...open, handIn: { date: '2026-04-04' } }), '2026-04-04')).toEqual([])
  })
})

describe('what is handed in', () => {
  test.each([
    [{ organisation: null }, 'organisation'], [{ organisation: null, scope: 'co-operatives', country: null }, 'country'], [{ action: '' }, 'action'], [{ source: '' }, 'source'],
    [{ threshold: {} }, 'threshold'], [{ threshold: { fixed: 3, percent: 5 } }, 'threshold'], [{ threshold: { percent: 5, min: 9, max: 3 } }, 'threshold'], [{ threshold: { fixed: 3, max: 3 } }, 'threshold'],
    [{ threshold: { percent: 101 } }, 'threshold.percent'], [{ threshold: { fixed: 0 } }, 'threshold.fixed'], [{ threshold: { fixed: 1.5 } }, 'threshold.fixed'],
    [{ threshold: { percent: 5, orLowerByStatute: false } }, 'threshold.orLowerByStatute'], [{ handIn: { date: '--02-30' } }, 'handIn.date'], [{ handIn: { date: '04-04' } }, 'handIn.date'],
    [{ handIn: { beforeMeeting: '25 days' } }, 'handIn.beforeMeeting'], [{ handIn: { meeting: '--13' } }, 'handIn.meeting'], [{ validityRate: 70 }, 'validityRate'],
    [{ deposit: { amount: '1,000', currency: 'GBP' } }, 'deposit'], [{ statementWordLimit: 0 }, 'statementWordLimit'], [{ nextMeeting: '2026-02-30' }, 'nextMeeting'], [{ colour: 1 }, ''],
  ])('%j is refused, and names the field', (extra, field) => expect(faults(extra)).toEqual([field]))
  test('a record comes back as it went in', () => {
    const full: LeverInput = {
      ...least, scope: null, binding: true, threshold: { percent: 6, unit: 'voting rights', orLowerByStatute: true }, eligibility: 'members', requiredOfSigner: ['name'], handIn: { date: '--04-04', where: 'Basel' },
      signatureMethod: 'ink', source2: 'https://b.example', sources: ['https://c.example'], sourceSeen: '2021', confidence: 'secondary', note: 'n', deposit: { amount: '50', currency: 'GBP', each: true, refundable: null },
      statementWordLimit: 500, motionWordLimit: 'none', checked: '2026-11-01', version: 2, majority: { text: 'two thirds', percent: 66.7 }, blackouts: [{ from: '--12-24', to: '--12-31', note: null }],
    }
    const back = leverRecord({ organisation: 'coop-ch', scope: null, country: 'CH', action: 'rival list' }, { rule: rule(full), number: 2, checked: '2026-11-01' }, true)
    expect(back).toEqual(full)
    expect(sameRule(rule(back), rule(full))).toBe(true)
  })
})

describe('how many', () => {
  test('a share is counted in whole numbers and rounded up', () => {
    expect([share(7, 100), share(5, 41), share(0.1, 1000), share(33.3333, 3), share(100, 7), share(5, 16_000_000)]).toEqual([7, 3, 1, 1, 7, 800_000])
    fc.assert(fc.property(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 0, max: 100_000_000 }), (p, n) => {
      const s = share(p, n)
      return s * 100 >= p * n && (s - 1) * 100 < p * n
    }))
  })
  test('within its bounds, never none, and never fewer for more members', () => {
    fc.assert(fc.property(percentage, fc.integer({ min: 0, max: 20_000_000 }), fc.integer({ min: 0, max: 20_000_000 }), (t, a, b) => {
      const [few, many] = a < b ? [a, b] : [b, a]
      const n = thresholdFor(t, few)!.signatures
      const { least: low, most: high } = bounds(t)
      return n >= 1 && n >= (low ?? 1) && n <= (high ?? Infinity) && n <= thresholdFor(t, many)!.signatures
    }))
  })
  test.each<[Threshold, number | undefined, number | undefined, string?]>([
    [{ fixed: 500 }, undefined, 500, 'exact'], [{ fixed: 100, orLowerByStatute: true }, 5, 100, 'at-most'], [{ percent: 10 }, undefined, undefined],
    [{ percent: 5, min: 25, max: 750 }, 400, 25, 'exact'], [{ percent: 5, min: 25, max: 750 }, 10_000, 500, 'exact'], [{ percent: 5, min: 25, max: 750 }, 14_300_000, 750, 'exact'],
    [{ percent: 10, min: 3, unlessStatutesDiffer: true }, 20, 3, 'may-differ'], [{ percent: 1 }, 1, 1, 'exact'],
  ])('%j of %s members: %s', (t, count, signatures, certainty) => {
    expect(thresholdFor(t, count)?.signatures).toBe(signatures)
    expect(thresholdFor(t, count)?.certainty).toBe(certainty)
  })
  test('unknown stays unknown; another way stays in words', () => {
    expect(thresholdFor(null, 100)).toBeUndefined()
    expect(bounds(null)).toEqual({ least: null, most: null })
    expect(thresholdFor({ fixed: 100, or: 'one third of members' })).toMatchObject({ or: 'one third of members' })
    expect(thresholdFor({ percent: 20, unit: 'delegates' }, 50)).toMatchObject({ signatures: 10, unit: 'delegates' })
  })
})

describe('by when', () => {
  test.each<[Partial<LeverInput>, string, unknown]>([
    [{ handIn: { date: '--04-04' } }, '2026-04-04', { when: 'day', date: '2026-04-04', why: 'every-year' }],
    [{ handIn: { date: '--04-04' } }, '2026-04-05', { when: 'day', date: '2027-04-04', why: 'every-year' }],
    [{ handIn: { date: '--12-31' } }, '2026-12-31', { when: 'day', date: '2026-12-31', why: 'every-year' }],
    [{ handIn: { date: '--02-29' } }, '2026-03-01', { when: 'day', date: '2027-02-28', why: 'every-year' }],
    [{ handIn: { date: '--02-29' } }, '2028-02-29', { when: 'day', date: '2028-02-29', why: 'every-year' }],
    [{ handIn: { date: '2027-04-04' } }, '2026-11-14', { when: 'day', date: '2027-04-04', why: 'date' }],
    [{ handIn: { date: '2026-04-04' } }, '2026-11-14', { when: 'past', date: '2026-04-04' }],
    [{ handIn: { date: 'none' } }, '2026-11-14', { when: 'any-time' }],
    [{ handIn: { beforeMeeting: 'P25D' } }, '2026-11-14', { when: 'unknown' }],
    [{ handIn: { beforeMeeting: 'P25D', meeting: '--07' } }, '2026-11-14', { when: 'unknown' }],
    [{ handIn: { beforeMeeting: 'P25D' }, nextMeeting: '2027-07-10' }, '2026-11-14', { when: 'day', date: '2027-06-15', why: 'before-meeting' }],
    [{ handIn: { beforeMeeting: 'P25D' }, nextMeeting: '2026-11-20' }, '2026-11-14', { when: 'past', date: '2026-10-26' }],
    [{ handIn: { beforeMeeting: 'P10W', meeting: '--01-10' } }, '2026-10-15', { when: 'day', date: '2026-11-01', why: 'before-meeting' }],
    [{ handIn: { beforeMeeting: 'P10W', meeting: '--01-10' } }, '2026-11-02', { when: 'day', date: '2027-11-01', why: 'before-meeting' }],
    [{ handIn: { collectingTime: 'P15D' } }, '2026-11-14', { when: 'unknown' }],
    [{}, '2026-11-14', { when: 'unknown' }],
  ])('%j on %s', (extra, today, expected) => expect(nextHandIn(rule(extra), today)).toEqual(expected))

  test('a day of every year: never past, never more than a year away, the right month', () => {
    fc.assert(fc.property(recurring, day, (r, today) => {
      const next = nextOfYear(r, today)
      const days = (Date.parse(next) - Date.parse(today)) / 86_400_000
      return next >= today && days <= 366 && next.slice(5, 7) === r.slice(2, 4) && (next.slice(8) === r.slice(5) || r === '--02-29')
    }))
  })
  test('before a meeting: never past, and so long before', () => {
    fc.assert(fc.property(recurring, duration, day, (meeting, d, today) => {
      const by = nextHandIn(rule({ handIn: { meeting, beforeMeeting: d } }), today)
      return by.when === 'day' && by.date >= today
    }))
  })
  test('earlier by a duration is earlier, and months keep to their ends', () => {
    expect([before('2026-03-31', 'P1M'), before('2024-02-29', 'P1Y'), before('2026-01-01', 'P1D'), before('2026-07-10', 'P2M'), before('2026-01-31', 'P13M')])
      .toEqual(['2026-02-28', '2023-02-28', '2025-12-31', '2026-05-10', '2024-12-31'])
    fc.assert(fc.property(day, duration, (date, d) => before(date, d) <= date && isDuration(d)))
    expect([isDuration('P'), isDuration('PT5H'), isDuration('P2M'), isRecurring('--04-31'), inYear('--02-29', 2026)]).toEqual([false, false, true, false, '2026-02-28'])
  })
})

describe('how old', () => {
  const v = (sourceSeen: string | null, checked: string | null = null) => ({ rule: rule({ sourceSeen }), checked })
  const now = new Date('2026-11-14T00:00:00Z')
  test('a period counts from its first day; a later reading counts; no date is stale', () => {
    expect([firstDayOf('2021'), firstDayOf('2021-06'), firstDayOf('2021-06-30'), firstDayOf('2021-13'), firstDayOf('text as enacted in 1989')]).toEqual(['2021-01-01', '2021-06-01', '2021-06-30', undefined, undefined])
    expect(knownAsOf(v('2021', '2026-02'))).toBe('2026-02-01')
    expect([v('2021'), v(null), v('text as enacted in 1989'), v('2025-11-14')].map((x) => isStale(x, now))).toEqual([true, true, true, true])
    expect([v('2026'), v('2025-11-15'), v('2021', '2026-11-01'), v(null, '2026-11-01')].map((x) => isStale(x, now))).toEqual([false, false, false, false])
  })
  test('what is stale stays so', () => fc.assert(fc.property(day, fc.date({ min: now, max: new Date('2090-01-01'), noInvalidDate: true }), (seen, later) => !isStale(v(seen), now) || isStale(v(seen), later))))
})
