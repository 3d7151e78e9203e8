/**
 * Reads the format toadlane/1: one JSON document with the lists `organisations`, `memberships` and `levers` in any order, or
 * JSON Lines, where each line is a record with a `type` of organisation, membership or lever (or tells by its fields).
 */
import { Problem } from '../../kernel/errors.ts'
import { organisationFields } from '../../coops/model.ts'
import { leverFields } from '../../rulebook/model.ts'
import { jsonLines, jsonRecords } from './json-records.ts'
import type { Item, Place, Section } from './model.ts'

const LISTS: Record<string, Section> = { organisations: 'organisation', memberships: 'membership', levers: 'lever' }
const FORMAT = 'toadlane/1'

/** Fields that exports carry for readers and that an import does not take: what has been decided there is not decided here. */
const TOLD = new Set(['type', 'standing', 'status', 'consent', 'evidence', 'changed', 'created', 'confirmed', 'revision', 'id', 'url'])
const FIELDS: Record<Section, ReadonlySet<string>> = {
  organisation: new Set([...Object.keys(organisationFields.shape), 'activity']),
  membership: new Set(['organisation', 'federation', 'state', 'confidence', 'since', 'until', 'expires', 'source']),
  lever: new Set(Object.keys(leverFields.shape)),
}

const isObject = (v: unknown): v is Record<string, unknown> => typeof v === 'object' && v !== null && !Array.isArray(v)
const nameIn = (v: unknown): string | undefined => {
  const o = isObject(v) ? v : {}
  const name = o.handle ?? o.name ?? o.organisation ?? o.scope
  return typeof name === 'string' ? name.slice(0, 200) : undefined
}

function sectionOf(value: Record<string, unknown>): Section | undefined {
  const said = value.type
  if (said === 'organisation' || said === 'membership' || said === 'lever') return said
  if (said !== undefined) return undefined
  if ('federation' in value) return 'membership'
  if ('action' in value) return 'lever'
  return 'name' in value || 'handle' in value ? 'organisation' : undefined
}

/** A row without what we do not know; what that was is told once a file. */
function row(section: Section, value: Record<string, unknown>, place: Place, warned: Set<string>): Item[] {
  const items: Item[] = []
  const kept: [string, unknown][] = []
  for (const [field, v] of Object.entries(value)) {
    if (FIELDS[section].has(field)) kept.push([field, v])
    else if (!TOLD.has(field) && !warned.has(`${section} ${field}`)) {
      warned.add(`${section} ${field}`)
      items.push({ warning: `line ${place.line}: the field ${JSON.stringify(field.slice(0, 80))} of ${section}s is not known and was left out` })
    }
  }
  return [...items, { row: { ...place, section, value: Object.fromEntries(kept) } }]
}

function checkFormat(value: unknown, line: number): void {
  if (value === FORMAT) return
  const said = JSON.stringify(value)?.slice(0, 80)
  throw new Problem('wrong-format', `line ${line}: the format is ${said}, and this version reads ${FORMAT}`, { status: 422, field: 'format' })
}

/** The rows of a document, list by list. Throws Problem `wrong-format` for a document of another format. */
export async function* documentRows(text: AsyncIterable<string>): AsyncGenerator<Item> {
  const warned = new Set<string>()
  let records = 0, ours = false, broken = false
  for await (const item of jsonRecords(text, ['', ...Object.keys(LISTS)])) {
    if ('member' in item) {
      if (item.member === 'format') { checkFormat(item.value, item.line); ours = true }
      continue
    }
    const place: Place = { line: item.line, ...(item.record === undefined ? {} : { record: item.record }) }
    if ('reason' in item) {
      broken = true
      const section = LISTS[item.list ?? '']
      yield { trouble: { ...place, outcome: 'failed', ...(section ? { section } : {}), reason: item.reason, ...(item.end ? { end: true } : {}) } }
      continue
    }
    records++
    const listed = LISTS[item.list]
    if (!isObject(item.value)) {
      yield { trouble: { ...place, outcome: 'failed', ...(listed ? { section: listed } : {}), reason: 'is not an object' } }
      continue
    }
    const section = listed ?? sectionOf(item.value)
    if (!section) { yield unknownRecord(place, item.value); continue }
    yield* row(section, item.value, place, warned)
  }
  if (records === 0 && !ours && !broken) {
    throw new Problem('wrong-format', `the file is JSON, but not of the format ${FORMAT}: it has no organisations, memberships or levers`, { status: 422 })
  }
}

const unknownRecord = (place: Place, value: unknown): Item => {
  const subject = nameIn(value)
  return { trouble: { ...place, outcome: 'failed', ...(subject ? { subject } : {}), field: 'type', reason: 'must be organisation, membership or lever' } }
}

/** The rows of a file of JSON Lines. */
export async function* lineRows(text: AsyncIterable<string>): AsyncGenerator<Item> {
  const warned = new Set<string>()
  let record = 0
  for await (const item of jsonLines(text)) {
    if ('value' in item && isObject(item.value) && 'format' in item.value) { checkFormat(item.value.format, item.line); continue }
    const place: Place = { line: item.line, record: ++record }
    if ('reason' in item) { yield { trouble: { ...place, outcome: 'failed', reason: item.reason, ...(item.end ? { end: true } : {}) } }; continue }
    if (!isObject(item.value)) { yield { trouble: { ...place, outcome: 'failed', reason: 'is not an object' } }; continue }
    const section = sectionOf(item.value)
    if (!section) yield unknownRecord(place, item.value)
    else yield* row(section, item.value, place, warned)
  }
}
