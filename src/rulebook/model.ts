/**
 * Levers: how the members of a body move it (DESIGN.md section 2). A lever is facts with sources, never legal advice.
 *
 * Unknown is not none. In every field that may be unknown, `null` says that nobody knows, and the word 'none' says that it is
 * known that there is none (no deposit, no deadline, no limit). Nothing is ever taken for none because it was not written down.
 */
import { z } from 'zod'
import {
  confidence, country, distinct, fullDate, handle, isFullDate, isPartialDate, line, optionalLine, optionalText, partialDate, type Confidence,
} from '../coops/input.ts'
import { stable } from '../coops/diff.ts'
import { isDuration, isRecurring } from './dates.ts'

export const NONE = 'none'
/** null: nobody knows. 'none': known that there is none. */
export type Known<T> = T | typeof NONE | null

const none = z.literal(NONE)
const words = (item: number, max: number) => z.preprocess((v) => (Array.isArray(v) && v.length === 0 ? null : v),
  z.union([none, distinct(line(item), max)]).nullish())
const count = z.int('must be a whole number').positive('must be more than 0').max(1_000_000_000)
const duration = z.string().trim().refine(isDuration, 'must be a duration such as P25D, P10W or P2M')
const day = z.string().trim().refine((t) => isRecurring(t) || isFullDate(t), 'must be a date such as 2027-04-04, or one of every year such as --04-04')

/**
 * How many. One of `fixed` and `percent`; `min` and `max` bound a percentage ("1 %, at least 20, at most 500").
 * Where `unit` is missing, members are counted.
 */
export const threshold = z.strictObject({
  fixed: count.optional(),
  percent: z.number().positive('must be more than 0').max(100, 'must not be more than 100').optional(),
  min: count.optional(),
  max: count.optional(),
  /** What is counted, where that is not members: `delegates`, `votes`, `savings deposits`. */
  unit: line(80).optional(),
  /** Another way to reach it, in words. */
  or: line(300).optional(),
  /** How many of them, beyond the one who proposes, second it. */
  seconders: count.optional(),
  /** A ceiling set by law: the body's own statutes may ask for fewer. */
  orLowerByStatute: z.literal(true).optional(),
  /** The law's rule where the statutes have none of their own, which may be higher or lower. */
  unlessStatutesDiffer: z.literal(true).optional(),
}).refine((t) => (t.fixed === undefined) !== (t.percent === undefined), 'must have either a fixed number or a percentage')
  .refine((t) => t.min === undefined || t.max === undefined || t.min <= t.max, 'must not have a minimum above its maximum')
  .refine((t) => t.percent !== undefined || (t.min === undefined && t.max === undefined), 'can only have a minimum or maximum beside a percentage')
export type Threshold = z.output<typeof threshold>

/** When, where and how the signatures are handed in; each part may be unknown by itself. */
export const handIn = z.strictObject({
  /** The last day: of every year (`--04-04`) or one (`2027-04-04`); 'none' where it can be done at any time. */
  date: z.union([none, day]).nullish(),
  /** When the meeting usually is: `--07`, `--07-14` or a date. */
  meeting: z.string().trim().refine((t) => isRecurring(t) || /^--(0[1-9]|1[0-2])$/.test(t) || isPartialDate(t),
    'must be a month or day such as --07 or 2027-07-14').nullish(),
  beforeMeeting: duration.nullish(),
  /** How long signatures may be collected. */
  collectingTime: z.union([none, duration]).nullish(),
  where: optionalLine(500),
  how: optionalLine(500),
})
export interface HandIn {
  date: Known<string>
  meeting: string | null
  beforeMeeting: string | null
  collectingTime: Known<string>
  where: string | null
  how: string | null
}

const deposit = z.strictObject({
  /** A decimal number as text: money is never a floating number. */
  amount: z.string().trim().regex(/^\d{1,12}(\.\d{1,4})?$/, 'must be an amount such as 50 or 12.50'),
  currency: z.string().trim().toUpperCase().regex(/^[A-Z]{3}$/, 'must be a currency code such as GBP'),
  each: z.boolean().nullish(),
  refundable: z.boolean().nullish(),
}).transform((d) => ({ amount: d.amount, currency: d.currency, each: d.each ?? null, refundable: d.refundable ?? null }))
export type Deposit = z.output<typeof deposit>

const blackout = z.strictObject({ from: day, to: day, note: optionalLine(200) }).transform((b) => ({ from: b.from, to: b.to, note: b.note ?? null }))
export type Blackout = z.output<typeof blackout>

const majority = z.strictObject({ text: line(300), percent: z.number().positive().max(100).nullish() })
  .transform((m) => ({ text: m.text, percent: m.percent ?? null }))
export type Majority = z.output<typeof majority>

/**
 * What import, forms and API hand in: the whole of one version; what is left out is unknown. As the format toadlane/1 has it,
 * an empty `requiredOfSigner` and a `signatureMethod` of "unknown" are unknown too, and `source2` is a second source.
 */
export const leverFields = z.strictObject({
  /** The body: an organisation's handle; or null, and a kind of body (`scope`) in a country, for a rule of law. */
  organisation: handle.nullish(),
  scope: optionalLine(300),
  country: country.nullish(),
  /** What one can bring about, in words: "resolution at the annual meeting". */
  action: line(200),
  binding: z.boolean().nullish(),
  threshold: threshold.nullish(),
  eligibility: optionalLine(1000),
  /** Asked of everyone who signs: "Have you been a member for two years?" */
  qualifying: words(300, 20),
  jointAccounts: optionalLine(500),
  requiredOfSigner: words(120, 30),
  signatureMethod: optionalLine(300).transform((t) => (t === 'unknown' ? null : t)),
  deposit: z.union([none, deposit]).nullish(),
  motionWordLimit: z.union([none, count]).nullish(),
  statementWordLimit: z.union([none, count]).nullish(),
  handIn: handIn.nullish(),
  blackouts: z.union([none, z.array(blackout).min(1).max(20)]).nullish(),
  nextMeeting: fullDate.nullish(),
  majority: majority.nullish(),
  /** Share of signatures that usually survive the society's check: 0.7. */
  validityRate: z.number().positive().max(1, 'must be a share between 0 and 1').nullish(),
  source: line(2048),
  source2: optionalLine(2048),
  /** Further sources. */
  sources: distinct(line(2048), 20).optional(),
  /** Of when the source is, as far as it says: a year, a month, a day, or words. */
  sourceSeen: optionalLine(120),
  /** The last day on which somebody of this directory read the source again. */
  checked: partialDate.nullish(),
  confidence: confidence.default('unsure'),
  note: optionalText(5000),
  /** The data's own number, where it tells several versions of one lever. */
  version: z.int().positive().max(10_000).optional(),
})
const oneBody = (l: { [K in 'organisation' | 'scope' | 'country']?: string | null | undefined }, ctx: z.RefinementCtx): void => {
  const need = (field: string, message: string) => ctx.addIssue({ code: 'custom', path: [field], message })
  if (!l.organisation && !l.scope) need('organisation', 'must be given, or a scope: the kind of body that the rule holds for')
  if (!l.organisation && !l.country) need('country', 'must be given for a rule of law')
}
export const leverInput = leverFields.superRefine(oneBody)
export type LeverInput = z.input<typeof leverInput>

/** The rule and where it comes from: what makes a version. Nothing is undefined. */
export interface Rule {
  binding: boolean | null
  threshold: Threshold | null
  eligibility: string | null
  qualifying: Known<string[]>
  jointAccounts: string | null
  requiredOfSigner: Known<string[]>
  signatureMethod: string | null
  deposit: Known<Deposit>
  motionWordLimit: Known<number>
  statementWordLimit: Known<number>
  handIn: HandIn | null
  blackouts: Known<Blackout[]>
  nextMeeting: string | null
  majority: Majority | null
  validityRate: number | null
  /** The main one first. */
  sources: string[]
  sourceSeen: string | null
  confidence: Confidence
  note: string | null
}

/** Whom a lever moves. A rule of law has no organisation but a scope. */
export interface Body { organisation: string | null; scope: string | null; country: string | null }
export interface Version { number: number; rule: Rule; checked: string | null; by: string; at: Date }
/** A lever with its versions, newest (in force, as far as known) first. */
export interface Lever extends Body { id: string; action: string; versions: Version[] }

const PARTS = ['date', 'meeting', 'beforeMeeting', 'collectingTime', 'where', 'how'] as const
function handInOf(h: z.output<typeof handIn> | null | undefined): HandIn | null {
  if (!h || PARTS.every((p) => h[p] === null || h[p] === undefined)) return null
  return {
    date: h.date ?? null, meeting: h.meeting ?? null, beforeMeeting: h.beforeMeeting ?? null,
    collectingTime: h.collectingTime ?? null, where: h.where ?? null, how: h.how ?? null,
  }
}

/** The rule of a checked input, with null for all that it leaves out. */
export function ruleOf(l: z.output<typeof leverInput>): Rule {
  return {
    binding: l.binding ?? null, threshold: l.threshold ?? null, eligibility: l.eligibility ?? null, qualifying: l.qualifying ?? null,
    jointAccounts: l.jointAccounts ?? null, requiredOfSigner: l.requiredOfSigner ?? null, signatureMethod: l.signatureMethod ?? null,
    deposit: l.deposit ?? null, motionWordLimit: l.motionWordLimit ?? null, statementWordLimit: l.statementWordLimit ?? null,
    handIn: handInOf(l.handIn), blackouts: l.blackouts ?? null, nextMeeting: l.nextMeeting ?? null, majority: l.majority ?? null,
    validityRate: l.validityRate ?? null, sources: [...new Set([l.source, ...(l.source2 ? [l.source2] : []), ...(l.sources ?? [])])],
    sourceSeen: l.sourceSeen ?? null, confidence: l.confidence, note: l.note ?? null,
  }
}

const present = (o: object): Record<string, unknown> => Object.fromEntries(Object.entries(o).filter(([, v]) => v !== null && v !== undefined))

/**
 * A version in the format toadlane/1, as `leverInput` takes it: fields that the format has always had are always there, others
 * only where they are known. `version` is written where there are several.
 */
export function leverRecord(lever: Body & { action: string }, v: Pick<Version, 'rule' | 'number' | 'checked'>, several: boolean): LeverInput {
  const { rule } = v
  const [source = '', source2, ...sources] = rule.sources
  const { binding, threshold: needed, eligibility, requiredOfSigner, signatureMethod, handIn: hand, sources: _, confidence: sure, sourceSeen, note,
    ...rest } = rule
  return {
    organisation: lever.organisation, scope: lever.scope, country: lever.country, action: lever.action,
    threshold: needed, eligibility, requiredOfSigner: requiredOfSigner ?? [], handIn: hand && present(hand), binding,
    source, sourceSeen, confidence: sure, note, signatureMethod: signatureMethod ?? 'unknown', ...present(rest),
    ...(source2 ? { source2 } : {}), ...(sources.length ? { sources } : {}), ...(v.checked ? { checked: v.checked } : {}),
    ...(several ? { version: v.number } : {}),
  }
}

/** Two rules are the same when all their words are, sources and doubts included. */
export const sameRule = (a: Rule, b: Rule): boolean => stable(a) === stable(b)
