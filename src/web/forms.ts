/** From a posted form to a checked value, and back to the same form when it was refused. */
import type { Context } from 'hono'
import type { z } from 'zod'
import { Problem } from '../kernel/errors.ts'
import { pageOf, type Page } from './context.ts'
import { isKey, type Key, type T } from './words.ts'

/** What was typed, by field name: shown again after a refusal. A field that came more than once is a list. */
export type FormValues = Record<string, string | string[]>

export type Form<V> = { ok: true; value: V; values: FormValues } | { ok: false; problem: Problem; values: FormValues }

/**
 * Reads a posted form (URL-encoded or multipart without files) and checks it with the schema.
 *
 * Text is trimmed, line ends become `\n`; a field left empty is absent, so `.optional()` means what it says.
 * A field that the schema wants as a list may come once or several times. Dots nest: `figures.0.value` → `{figures:[{value}]}`.
 * On refusal: a Problem (422) with one message a field, in the reader's language.
 */
export async function readForm<S extends z.ZodType>(c: Context, schema: S): Promise<Form<z.output<S>>> {
  const values = await formValues(c)
  const result = schema.safeParse(nest(values), { reportInput: true })
  if (result.success) return { ok: true, value: result.data, values }
  return { ok: false, problem: problemOf(result.error.issues, pageOf(c).t), values }
}

/** The fields of a posted form as they were typed (trimmed, without NUL). Problem `bad-form` (400) when the body is no form. */
export async function formValues(c: Context): Promise<FormValues> {
  const type = (c.req.header('content-type') ?? '').toLowerCase()
  if (!/^(application\/x-www-form-urlencoded|multipart\/form-data)\b/.test(type)) throw new Problem('bad-form', 'this address takes forms only', { status: 415 })
  let data: FormData
  try { data = await c.req.formData() } catch (cause) {
    if (cause instanceof Error && cause.name === 'BodyLimitError') throw cause
    throw new Problem('bad-form', 'the form could not be read', { status: 400, cause })
  }
  const values: FormValues = Object.create(null) as FormValues
  for (const [name, value] of data) {
    if (typeof value !== 'string') continue // no form here has files yet
    const text = value.replace(/\r\n?/g, '\n').replaceAll('\0', '').trim()
    const before = values[name]
    values[name] = before === undefined ? text : Array.isArray(before) ? [...before, text] : [before, text]
  }
  return values
}

/** Entries of one list field; more than any form of ours has. */
const MOST = 500

/** `{'a.0.b': 'x'}` → `{a: [{b: 'x'}]}`. Empty fields and names that would reach an object's prototype are left out. */
export function nest(values: FormValues): Record<string, unknown> {
  const root: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(values)) {
    const kept = Array.isArray(value) ? value.filter((v) => v !== '') : value
    if (kept === '' || name.length > 200) continue
    const steps = name.replace(/\[\]$/, '').split('.')
    if (steps.some((s) => s === '' || s === '__proto__' || s === 'constructor' || s === 'prototype' || (/^\d+$/.test(s) && Number(s) >= MOST))) continue
    put(root, steps, kept)
  }
  return compact(root) as Record<string, unknown>
}

function put(into: Record<string, unknown>, [step, ...rest]: string[], value: unknown): void {
  if (step === undefined) return
  if (rest.length === 0) { into[step] = value; return }
  const next = Object.hasOwn(into, step) ? into[step] : undefined
  const child = typeof next === 'object' && next !== null && !Array.isArray(next) ? next as Record<string, unknown> : {}
  into[step] = child
  put(child, rest, value)
}

/** Objects whose keys are all numbers become lists, in the order of the numbers, without gaps (an emptied row vanishes). */
function compact(x: unknown): unknown {
  if (typeof x !== 'object' || x === null || Array.isArray(x)) return x
  const entries = Object.entries(x).map(([k, v]) => [k, compact(v)] as const)
  if (entries.length > 0 && entries.every(([k]) => /^\d+$/.test(k))) return entries.sort(([a], [b]) => Number(a) - Number(b)).map(([, v]) => v)
  return Object.fromEntries(entries)
}

/** For a schema: a field that may come once or often becomes a list. `z.preprocess(asList, z.array(…))` */
export const asList = (x: unknown): unknown => (x === undefined ? [] : Array.isArray(x) ? x : [x])

type Issue = z.core.$ZodIssue

/** The words for what zod found; a schema's own message may be a key of the catalogue. */
function issueText(t: T, issue: Issue): string {
  if (isKey(issue.message)) return t(issue.message)
  const missing = issue.input === undefined || issue.input === ''
  switch (issue.code) {
    case 'invalid_type':
      if (missing) return t('form.required')
      return t(issue.expected === 'number' || issue.expected === 'int' ? 'form.number' : 'form.invalid')
    case 'invalid_value':
    case 'invalid_union':
      return t(missing ? 'form.choose' : 'form.oneOf')
    case 'too_big':
      return issue.origin === 'string' ? t('form.tooLong', { max: Number(issue.maximum) }) : t('form.tooBig', { max: Number(issue.maximum) })
    case 'too_small':
      if (issue.origin !== 'string') return t('form.tooSmall', { min: Number(issue.minimum) })
      return Number(issue.minimum) <= 1 ? t('form.required') : t('form.tooShort', { min: Number(issue.minimum) })
    case 'invalid_format':
      return t(issue.format === 'email' ? 'form.email' : issue.format === 'url' ? 'form.url' : issue.format === 'date' ? 'form.date' : 'form.invalid')
    case 'custom':
      return issue.message
    default:
      return t('form.invalid')
  }
}

/** Zod's issues as one Problem, the first problem of each field, in the order of the schema. */
function problemOf(issues: readonly Issue[], t: T): Problem {
  const seen = new Set<string>()
  const list: Problem[] = []
  for (const issue of issues) {
    const field = issue.path.map(String).join('.')
    if (seen.has(field)) continue
    seen.add(field)
    list.push(new Problem('form.said', issueText(t, issue), { status: 422, field: field || undefined }))
  }
  const [head = new Problem('form.said', t('form.invalid'), { status: 422 }), ...others] = list
  return new Problem(head.code, head.message, { status: 422, field: head.field, others })
}

/** The words for a Problem: `problem.CODE` of the catalogue where there is one, else its own English sentence. */
export function problemText(page: Page, p: Problem): string {
  const key = `problem.${p.code}`
  if (isKey(key)) return page.t(key as Key)
  return p.message.charAt(0).toUpperCase() + p.message.slice(1)
}

/** The part of a refusal that belongs to one field. */
export const problemAt = (problem: Problem | undefined, field: string): Problem | undefined =>
  problem && [problem, ...problem.others].find((p) => p.field === field)

/** A refusal that the form itself can show; anything else goes on to the error page. */
export function formProblem(e: unknown): Problem {
  if (e instanceof Problem && e.status >= 400 && e.status < 500 && e.status !== 401 && e.status !== 403) return e
  throw e
}
