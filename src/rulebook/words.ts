/** How a rule is said. Everything that may be unknown gives null then, and never an empty text that could be read as "none". */
import { date, list, money, month as monthName, percent } from '../web/format.ts'
import type { Page } from '../web/page.tsx'
import { isRecurring } from './dates.ts'
import { NONE, type Rule, type Threshold } from './model.ts'
import type { Field } from './rules.ts'

export const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

const made = new Map<string, Intl.DateTimeFormat>()
/** Part of a date: `--04-04` → `4 April`, `--07` → `July`. */
function partText(lang: string, recurring: string): string {
  const day = recurring.length > 4
  const key = `${lang} ${day}`
  let f = made.get(key)
  const tag = lang === 'en' ? 'en-GB' : lang === 'ar-XB' ? 'en' : lang
  if (!f) made.set(key, (f = new Intl.DateTimeFormat(tag, { ...(day ? { day: 'numeric' } : {}), month: 'long', timeZone: 'UTC' })))
  return f.format(new Date(`2024-${recurring.slice(2)}${day ? '' : '-01'}T00:00:00Z`))
}

/** `2027-04-04` → `4 April 2027`; `--04-04` → `4 April of every year`; `--07` → `July`; `2027` and `2027-07` as far as they go. */
export function dayText(page: Page, day: string): string {
  if (isRecurring(day)) return page.t('levers.v.every', { day: partText(page.lang, day) })
  if (/^--\d\d$/.test(day)) return partText(page.lang, day)
  if (/^\d{4}-\d\d-\d\d$/.test(day)) return date(page.lang, day)
  return /^\d{4}-\d\d$/.test(day) ? monthName(page.lang, `${day}-01`) : day
}

/** `P2M` → `2 months`, `P10W` → `10 weeks` */
export function durationText(page: Page, duration: string): string {
  const units = { Y: 'levers.v.years', M: 'levers.v.months', W: 'levers.v.weeks', D: 'levers.v.days' } as const
  const parts = [...duration.matchAll(/(\d+)([YMWD])/g)].map(([, n, unit]) => page.t(units[unit as keyof typeof units], { count: Number(n) }))
  return list(page.lang, parts)
}

/** `5% of members, at least 25, at most 750` */
export function thresholdText(page: Page, t: Threshold): string {
  const say = page.t
  const main = t.fixed !== undefined
    ? t.unit ? say('levers.t.units', { count: t.fixed, unit: t.unit }) : say('levers.t.members', { count: t.fixed })
    : t.unit ? say('levers.t.percentOf', { percent: percent(page.lang, t.percent! / 100), unit: t.unit })
      : say('levers.t.percent', { percent: percent(page.lang, t.percent! / 100) })
  return [
    main,
    t.min === undefined ? '' : say('levers.t.min', { count: t.min }), t.max === undefined ? '' : say('levers.t.max', { count: t.max }),
    t.or === undefined ? '' : say('levers.t.or', { other: t.or }), t.seconders === undefined ? '' : say('levers.t.seconders', { count: t.seconders }),
    t.orLowerByStatute ? say('levers.t.lower') : '', t.unlessStatutesDiffer ? say('levers.t.differ') : '',
  ].filter(Boolean).join(', ')
}

function handInText(page: Page, rule: Rule): string | null {
  const h = rule.handIn
  if (!h) return null
  if (h.date === NONE) return page.t('levers.v.any')
  const parts = [
    h.date === null ? '' : dayText(page, h.date),
    h.beforeMeeting === null ? '' : page.t('levers.v.before', { duration: durationText(page, h.beforeMeeting) }),
    h.meeting === null ? '' : page.t('levers.v.meeting', { when: dayText(page, h.meeting) }),
  ].filter(Boolean)
  return h.date === null && h.beforeMeeting === null ? null : parts.join(', ')
}

const words = (page: Page, value: string[] | typeof NONE | null): string | null =>
  (value === null ? null : value === NONE ? page.t('levers.none_value') : value.join(', '))
const limit = (page: Page, value: number | typeof NONE | null): string | null =>
  value === null ? null : value === NONE ? page.t('levers.v.noLimit') : page.t('levers.v.words', { count: value })

function depositText(page: Page, d: Rule['deposit']): string | null {
  if (d === null) return null
  if (d === NONE) return page.t('levers.none_value')
  return [
    money(page.lang, Number(d.amount), d.currency), d.each ? page.t('levers.v.each') : '',
    d.refundable === null ? '' : page.t(d.refundable ? 'levers.v.refundable' : 'levers.v.notRefundable'),
  ].filter(Boolean).join(', ')
}

/** A field in words, or null where it is unknown. */
export function fieldText(page: Page, rule: Rule, field: Field): string | null {
  switch (field) {
    case 'threshold': return rule.threshold && capital(thresholdText(page, rule.threshold))
    case 'eligibility': return rule.eligibility && capital(rule.eligibility)
    case 'qualifying': return words(page, rule.qualifying)
    case 'jointAccounts': return rule.jointAccounts
    case 'requiredOfSigner': return words(page, rule.requiredOfSigner)
    case 'signatureMethod': return rule.signatureMethod && capital(rule.signatureMethod)
    case 'handIn.date': return handInText(page, rule)
    case 'handIn.where': return rule.handIn?.where ?? null
    case 'handIn.how': return rule.handIn?.how ?? null
    case 'handIn.collectingTime': {
      const time = rule.handIn?.collectingTime ?? null
      return time === null ? null : time === NONE ? page.t('levers.v.noLimit') : durationText(page, time)
    }
    case 'nextMeeting': return rule.nextMeeting && dayText(page, rule.nextMeeting)
    case 'blackouts':
      if (rule.blackouts === null || rule.blackouts === NONE) return rule.blackouts && page.t('levers.none_value')
      return rule.blackouts
        .map((b) => page.t('levers.v.range', { from: dayText(page, b.from), to: dayText(page, b.to) }) + (b.note ? ` (${b.note})` : '')).join('; ')
    case 'deposit': return depositText(page, rule.deposit)
    case 'motionWordLimit': return limit(page, rule.motionWordLimit)
    case 'statementWordLimit': return limit(page, rule.statementWordLimit)
    case 'binding': return rule.binding === null ? null : page.t(rule.binding ? 'levers.v.binding' : 'levers.v.advisory')
    case 'majority': {
      const m = rule.majority
      return m && [m.text, m.percent === null ? '' : percent(page.lang, m.percent / 100)].filter(Boolean).join(', ')
    }
    case 'validityRate': return rule.validityRate === null ? null : percent(page.lang, rule.validityRate)
  }
}

/** `Hand in by, How to sign` */
export const fieldNames = (page: Page, fields: readonly Field[]): string => list(page.lang, fields.map((f) => page.t(`levers.field.${f}`)))

/** When a source is from, as far as anybody knows. */
export const seenText = (page: Page, seen: string | null): string => (seen === null ? page.t('levers.seenUnknown') : dayText(page, seen))
