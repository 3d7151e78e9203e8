/** Numbers, dates, money and names of places, as the reader's language writes them. */

const made = new Map<string, unknown>()
/** Intl objects are slow to make (50 µs and more) and never change. */
function once<F>(key: string, make: () => F): F {
  let f = made.get(key) as F | undefined
  if (f === undefined) made.set(key, (f = make()))
  return f
}

/** The pseudo language has English words; Intl would give it Arabic digits. */
const tag = (lang: string): string => (lang === 'ar-XB' ? 'en' : lang)

/** 16000000 → `16,000,000` */
export const number = (lang: string, n: number): string => once(`n ${lang}`, () => new Intl.NumberFormat(tag(lang))).format(n)

/** 16000000 → `16M`, `16 Mio.`: for small places; the full number stands elsewhere on the page. */
export const shortNumber = (lang: string, n: number): string =>
  once(`s ${lang}`, () => new Intl.NumberFormat(tag(lang), { notation: 'compact', maximumFractionDigits: 1 })).format(n)

/** 0.02 → `2%`, with at most two decimals. */
export const percent = (lang: string, share: number): string =>
  once(`p ${lang}`, () => new Intl.NumberFormat(tag(lang), { style: 'percent', maximumFractionDigits: 2 })).format(share)

/** Whole amounts show no decimals. An unknown currency code is written after the number. */
export function money(lang: string, amount: number, currency: string): string {
  const digits = Number.isInteger(amount) ? 0 : 2
  try {
    return once(`m ${lang} ${currency} ${digits}`, () => new Intl.NumberFormat(tag(lang), { style: 'currency', currency, minimumFractionDigits: digits, maximumFractionDigits: digits })).format(amount)
  } catch {
    return `${number(lang, amount)} ${currency}`
  }
}

type DateLike = Date | string | number
/** Calendar dates (`2026-11-14`) are read as that day everywhere: all dates are shown in UTC. */
const instant = (d: DateLike): Date => (d instanceof Date ? d : new Date(d))

/** `14 November 2026` */
export const date = (lang: string, d: DateLike): string =>
  once(`d ${lang}`, () => new Intl.DateTimeFormat(tag(lang) === 'en' ? 'en-GB' : lang, { day: 'numeric', month: 'long', year: 'numeric', timeZone: 'UTC' })).format(instant(d))

/** `Nov 2026` */
export const month = (lang: string, d: DateLike): string =>
  once(`o ${lang}`, () => new Intl.DateTimeFormat(tag(lang) === 'en' ? 'en-GB' : lang, { month: 'short', year: 'numeric', timeZone: 'UTC' })).format(instant(d))

/** `14 November 2026 at 09:30 UTC` */
export const dateTime = (lang: string, d: DateLike): string =>
  once(`t ${lang}`, () => new Intl.DateTimeFormat(tag(lang) === 'en' ? 'en-GB' : lang, { day: 'numeric', month: 'long', year: 'numeric', hour: '2-digit', minute: '2-digit', timeZone: 'UTC', timeZoneName: 'short' })).format(instant(d))

/** For `<time datetime>`: the day alone for a calendar date, the instant otherwise. */
export const machineDate = (d: DateLike): string => (typeof d === 'string' && /^\d{4}(-\d\d){0,2}$/.test(d) ? d : instant(d).toISOString())

const steps: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 31_557_600], ['month', 2_629_800], ['week', 604_800], ['day', 86_400], ['hour', 3600], ['minute', 60],
]
/** `3 days ago`, `yesterday`, `in 2 months`; under a minute: `now`. */
export function relative(lang: string, d: DateLike, now: Date): string {
  const f = once(`r ${lang}`, () => new Intl.RelativeTimeFormat(tag(lang), { numeric: 'auto' }))
  const seconds = (instant(d).getTime() - now.getTime()) / 1000
  for (const [unit, size] of steps) if (Math.abs(seconds) >= size) return f.format(Math.trunc(seconds / size), unit)
  return f.format(0, 'second')
}

const names = (lang: string, type: 'region' | 'language'): Intl.DisplayNames =>
  once(`${type} ${lang}`, () => new Intl.DisplayNames([tag(lang)], { type, fallback: 'code' }))
function nameOf(lang: string, type: 'region' | 'language', code: string): string {
  try { return names(lang, type).of(code) ?? code } catch { return code } // a code that Intl refuses is shown as it is
}
/** `GB` → `United Kingdom` */
export const country = (lang: string, code: string): string => nameOf(lang, 'region', code)
/** `pt` → `Portuguese`; in its own language: `language('pt', 'pt')`. */
export const language = (lang: string, code: string): string => nameOf(lang, 'language', code)

/** `a, b and c` */
export const list = (lang: string, items: readonly string[]): string => once(`l ${lang}`, () => new Intl.ListFormat(tag(lang))).format(items)

/** Letters instead of `%C3%B3`, unless there is something among them that one cannot see (directions, spaces, controls). */
function readablePath(path: string): string {
  try {
    const text = decodeURI(path)
    return /[\p{C}\p{Z}]/u.test(text) ? path : text
  } catch {
    return path
  }
}

/** `https://www.coop.example/` → `coop.example`: what a person reads of a link. */
export function linkText(url: string): string {
  try {
    const u = new URL(url)
    return (u.host.replace(/^www\./, '') + readablePath(u.pathname)).replace(/\/$/, '')
  } catch {
    return url
  }
}
