/** What follows from a lever: what is unknown, whether one may collect, how many are needed, by when. Pure. */
import { before, dayOf, firstDayOf, inYear, isRecurring, nextOfYear } from './dates.ts'
import { NONE, type Rule, type Threshold, type Version } from './model.ts'

/** Everything that can be unknown about a lever, in the order in which pages show it. */
export const FIELDS = [
  'threshold', 'eligibility', 'qualifying', 'jointAccounts', 'requiredOfSigner', 'signatureMethod', 'handIn.date', 'handIn.where', 'handIn.how',
  'handIn.collectingTime', 'nextMeeting', 'blackouts', 'deposit', 'motionWordLimit', 'statementWordLimit', 'binding', 'majority', 'validityRate',
] as const
export type Field = (typeof FIELDS)[number]

/** Does the rule say when to hand in: a date, none at all, or so long before a meeting whose day is known? */
export function knowsDate(rule: Rule): boolean {
  const h = rule.handIn
  if (!h) return false
  return h.date !== null || (h.beforeMeeting !== null && meetingDay(rule) !== undefined)
}

function isUnknown(rule: Rule, field: Field): boolean {
  switch (field) {
    case 'handIn.date': return !knowsDate(rule)
    case 'handIn.where': return !rule.handIn?.where
    case 'handIn.how': return !rule.handIn?.how
    case 'handIn.collectingTime': return !rule.handIn || rule.handIn.collectingTime === null
    default: return rule[field] === null
  }
}

/** What nobody has written down. None of it is to be read as "none". */
export const unknowns = (rule: Rule): Field[] => FIELDS.filter((f) => isUnknown(rule, f))

/** Signatures collected without these may all be void; unknown ones block collecting until the secretary has answered. */
export const NEEDED_TO_COLLECT = ['signatureMethod', 'threshold', 'handIn.date'] as const satisfies readonly Field[]
/** Which of them are unknown. With `today`, a last day that has gone by is as good as unknown. */
export const blocksCollecting = (rule: Rule, today?: string): Field[] =>
  NEEDED_TO_COLLECT.filter((f) => isUnknown(rule, f) || (f === 'handIn.date' && today !== undefined && nextHandIn(rule, today).when === 'past'))

/** The day as of which a version is known: the later of what its source says and of when somebody read it again. Undefined: nobody wrote it down. */
export function knownAsOf(v: Pick<Version, 'rule' | 'checked'>): string | undefined {
  const days = [v.rule.sourceSeen, v.checked].flatMap((t) => (t === null ? [] : firstDayOf(t) ?? []))
  return days.sort().at(-1)
}

/** Older than a year, or of an age that nobody knows: rules change, so one asks before one plans on it. */
export function isStale(v: Pick<Version, 'rule' | 'checked'>, now: Date): boolean {
  const day = knownAsOf(v)
  return day === undefined || day <= before(dayOf(now), 'P1Y')
}

/**
 * How many signatures. `exact`: so many. `at-most`: the law's ceiling, the body's own statutes may ask for fewer. `may-differ`:
 * unless its statutes have a rule of their own. `or`: there is another way, in words, that may need fewer.
 */
export interface Needed { signatures: number; unit: string | null; certainty: 'exact' | 'at-most' | 'may-differ'; or: string | null; seconders: number | null }

/** `percent` of `count`, rounded up: 5 % of 41 is 3. In whole numbers, because 0.07 × 100 is more than 7. */
export function share(percent: number, count: number): number {
  const parts = BigInt(Math.round(percent * 1e6)) * BigInt(count)
  const whole = 100_000_000n
  return Number((parts + whole - 1n) / whole)
}

/**
 * How many signatures a threshold asks of a body with so many members (of the unit, where it has one). Undefined where it cannot be told:
 * the threshold is unknown, or a percentage of nobody knows how many. A share is never less than one.
 */
export function thresholdFor(t: Threshold | null, count?: number): Needed | undefined {
  if (!t) return undefined
  if (t.fixed === undefined && count === undefined) return undefined
  const asked = t.fixed ?? share(t.percent!, count!)
  const signatures = Math.max(1, t.fixed ?? Math.min(Math.max(asked, t.min ?? 1), t.max ?? Infinity))
  return {
    signatures, unit: t.unit ?? null, or: t.or ?? null, seconders: t.seconders ?? null,
    certainty: t.unlessStatutesDiffer ? 'may-differ' : t.orLowerByStatute ? 'at-most' : 'exact',
  }
}

/** Without a number of members: between what and what it lies, as far as the threshold itself says. */
export const bounds = (t: Threshold | null): { least: number | null; most: number | null } =>
  ({ least: t?.fixed ?? t?.min ?? null, most: t?.fixed ?? t?.max ?? null })

/** The day of the next meeting, when it is known to the day. */
function meetingDay(rule: Rule): string | undefined {
  if (rule.nextMeeting) return rule.nextMeeting
  const m = rule.handIn?.meeting ?? null
  return m !== null && (isRecurring(m) || /^\d{4}-\d\d-\d\d$/.test(m)) ? m : undefined
}

/** `day`: the last day to hand in. `any-time`: there is none. `past`: the only day that is known has gone by. `unknown`: ask. */
export type HandInBy =
  | { when: 'day'; date: string; why: 'every-year' | 'date' | 'before-meeting' }
  | { when: 'past'; date: string }
  | { when: 'any-time' }
  | { when: 'unknown' }

/**
 * The next last day to hand in, `today` (YYYY-MM-DD) included: a day of every year rolls over, one before a meeting needs the day of
 * a meeting that is still to come.
 */
export function nextHandIn(rule: Rule, today: string): HandInBy {
  const h = rule.handIn
  if (!h) return { when: 'unknown' }
  if (h.date === NONE) return { when: 'any-time' }
  if (h.date !== null) {
    if (isRecurring(h.date)) return { when: 'day', date: nextOfYear(h.date, today), why: 'every-year' }
    return h.date >= today ? { when: 'day', date: h.date, why: 'date' } : { when: 'past', date: h.date }
  }
  const meeting = meetingDay(rule)
  if (h.beforeMeeting === null || meeting === undefined) return { when: 'unknown' }
  return handInBefore(meeting, h.beforeMeeting, today)
}

function handInBefore(meeting: string, earlier: string, today: string): HandInBy {
  if (!isRecurring(meeting)) {
    const date = before(meeting, earlier)
    return date >= today ? { when: 'day', date, why: 'before-meeting' } : { when: 'past', date }
  }
  // From this year's meeting on: the first whose last day has not gone by. A long lead may need more than the next.
  for (let year = Number(today.slice(0, 4)); year < Number(today.slice(0, 4)) + 60; year++) {
    const date = before(inYear(meeting, year), earlier)
    if (date >= today) return { when: 'day', date, why: 'before-meeting' }
  }
  return { when: 'unknown' }
}
