/** Field types that inputs of this room and of those above are made of. All messages are whole phrases that follow the field's name. */
import { z } from 'zod'
import { HANDLE_MAX, isHandle, isReservedHandle } from '../kernel/ids.ts'
import { isCountry } from './countries.ts'

export const CONFIDENCES = ['primary', 'secondary', 'unsure'] as const
/** `primary`: the body itself or the law says so; `secondary`: somebody else does; `unsure`: check before quoting. */
export type Confidence = (typeof CONFIDENCES)[number]
export const confidence = z.enum(CONFIDENCES)

const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/
const sound = (text: string): boolean => !CONTROL.test(text) && text.isWellFormed()
const oneLine = (text: string): string => text.replace(/\s+/gu, ' ').trim()
const paragraphs = (text: string): string => text.replace(/\r\n?/g, '\n').trim()
const checked = (max: number) => z.string().max(max, `must not be longer than ${max} characters`).refine(sound, 'must not hold control characters')

/** An organisation's handle. Reserved names would be taken for the instance itself. */
export const handle = z.string().trim()
  .refine(isHandle, `must be of lower case letters, digits and _, with . and - only between them, at most ${HANDLE_MAX}`)
  .refine((h) => !isReservedHandle(h), 'is reserved for the instance itself')

/** One line of plain text; runs of white space become one blank. */
export const line = (max: number) => z.string().transform(oneLine).pipe(checked(max).min(1, 'must not be empty'))
/** The same, where empty text and null both say "nothing"; undefined says "leave it as it is". */
export const optionalLine = (max: number) => z.string().nullish().transform((t) => (typeof t === 'string' ? oneLine(t) || null : t))
  .pipe(checked(max).nullish())
/** Plain text of several paragraphs; line ends become \n. */
export const optionalText = (max: number) => z.string().nullish().transform((t) => (typeof t === 'string' ? paragraphs(t) || null : t))
  .pipe(checked(max).nullish())

/** A web address that a page may link to: http or https, no credentials. Kept as it was written. */
export function isWebAddress(text: string): boolean {
  if (text.length > 2048 || !/^https?:\/\//i.test(text) || /[\s<>"]/.test(text)) return false
  const url = URL.parse(text)
  return url !== null && url.hostname !== '' && url.username === '' && url.password === ''
}
export const webAddress = z.string().trim().refine(isWebAddress, 'must be a web address that begins with http:// or https://')
export const optionalWebAddress = z.string().nullish().transform((t) => (typeof t === 'string' ? t.trim() || null : t))
  .pipe(z.string().refine(isWebAddress, 'must be a web address that begins with http:// or https://').nullish())

/** ISO 3166-1 alpha-2, upper case. */
export const country = z.string().trim().toUpperCase().refine(isCountry, 'must be a country code of two letters (ISO 3166-1)')
export const optionalCountry = z.string().nullish().transform((t) => (typeof t === 'string' ? t.trim().toUpperCase() || null : t))
  .pipe(z.string().refine(isCountry, 'must be a country code of two letters (ISO 3166-1)').nullish())

/** `2021`, `2021-06` or `2021-06-30`. */
export const PARTIAL_DATE = /^(\d{4})(?:-(0[1-9]|1[0-2])(?:-(0[1-9]|[12]\d|3[01]))?)?$/
export const isFullDate = (text: string): boolean =>
  /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text)) && new Date(text).toISOString().startsWith(text)
export const isPartialDate = (text: string): boolean => PARTIAL_DATE.test(text) && (text.length < 10 || isFullDate(text))
export const partialDate = z.string().trim().refine(isPartialDate, 'must be a date: 2021, 2021-06 or 2021-06-30')
export const fullDate = z.string().trim().refine(isFullDate, 'must be a date such as 2021-06-30')

/** A BCP 47 tag, in its canonical spelling: `pt-br` becomes `pt-BR`. */
export const languageTag = z.string().trim().transform((tag, ctx) => {
  try { return Intl.getCanonicalLocales(tag)[0]! } catch {
    ctx.addIssue({ code: 'custom', message: 'must be a language tag such as en or pt-BR' })
    return z.NEVER
  }
})

/** A list without repeats, in the order given. */
export const distinct = <T extends z.ZodType<string>>(item: T, max: number) =>
  z.array(item).max(max, `must not have more than ${max} entries`).transform((list) => [...new Set(list)])
