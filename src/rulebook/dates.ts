/** Dates of rules: every year's days (`--04-04`), calendar dates and ISO 8601 durations. All dates are text, YYYY-MM-DD, without a time zone. */
import { isFullDate } from '../coops/input.ts'

const RECURRING = /^--(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/
const DURATION = /^P(?!$)(?:(\d{1,3})Y)?(?:(\d{1,4})M)?(?:(\d{1,4})W)?(?:(\d{1,5})D)?$/
const pad = (n: number, width = 2): string => String(n).padStart(width, '0')
const text = (y: number, m: number, d: number): string => `${pad(y, 4)}-${pad(m)}-${pad(d)}`

export const lastDayOf = (year: number, month: number): number => new Date(Date.UTC(2000 + (year % 400), month, 0)).getUTCDate()

/** A day of every year that exists in at least some years: `--02-29` is one, `--02-30` is none. */
export function isRecurring(t: string): boolean {
  const m = RECURRING.exec(t)
  return m !== null && Number(m[2]) <= lastDayOf(2024, Number(m[1]))
}
export const isDuration = (t: string): boolean => DURATION.test(t)

/** The day in that year. 29 February falls on the 28th where there is none: a deadline must never come out too late. */
export function inYear(recurring: string, year: number): string {
  const [, m = '01', d = '01'] = RECURRING.exec(recurring) ?? []
  return text(year, Number(m), Math.min(Number(d), lastDayOf(year, Number(m))))
}

/** The next such day, today included. */
export function nextOfYear(recurring: string, today: string): string {
  const year = Number(today.slice(0, 4))
  const now = inYear(recurring, year)
  return now >= today ? now : inYear(recurring, year + 1)
}

/** A day so much earlier: years and months first (the day is kept in the month), then weeks and days. */
export function before(date: string, duration: string): string {
  const [, y = 0, m = 0, w = 0, d = 0] = (DURATION.exec(duration) ?? []).map((n) => Number(n ?? 0))
  const months = Number(date.slice(0, 4)) * 12 + Number(date.slice(5, 7)) - 1 - y * 12 - m
  const year = Math.floor(months / 12), month = (months % 12) + 1
  const at = Date.UTC(year, month - 1, Math.min(Number(date.slice(8, 10)), lastDayOf(year, month))) - (w * 7 + d) * 86_400_000
  return new Date(at).toISOString().slice(0, 10)
}

/** The first day of a period: `2021` begins on 2021-01-01. Undefined where the text is no date ("text as enacted in 1989"). */
export function firstDayOf(period: string): string | undefined {
  const full = /^\d{4}$/.test(period) ? `${period}-01-01` : /^\d{4}-(0[1-9]|1[0-2])$/.test(period) ? `${period}-01` : period
  return isFullDate(full) ? full : undefined
}

export const dayOf = (date: Date): string => date.toISOString().slice(0, 10)
