/** What other directories say and serve, read leniently: what is named, what kind of thing a document is, which word is the newer. Pure. */
import { z } from 'zod'
import type { Json } from '../fedi/fedi.ts'
import { idOf, isObject, listOf, originOf } from '../fedi/json.ts'
import { TOAD } from '../fedi/terms.ts'

/** The collections of a directory (WIRE.md section 3). */
export const COLLECTIONS = ['members', 'calls', 'campaigns', 'proposals'] as const
export type Collection = (typeof COLLECTIONS)[number]

/** Things of one activity that are looked at; a directory that says more at once is none of ours. */
export const MANY = 100
/** Longer documents are not kept: an organisation with two hundred figures has a quarter of it. */
const LONGEST = 256 * 1024

/** ActivityStreams types that may stand in a collection. */
const TYPES: Readonly<Record<Collection, readonly string[]>> = {
  members: ['Organization', 'Group', 'Service'], calls: ['Event'], campaigns: ['Question'], proposals: ['Proposal', 'Article'],
}

/** Under its prefix, as we write it, or written out. */
const ours = (o: Json, name: string): unknown => o[`toad:${name}`] ?? o[TOAD + name]
const revisionIn = (v: unknown): number | undefined => {
  const n = typeof v === 'string' && /^\d{1,15}$/.test(v) ? Number(v) : v
  return typeof n === 'number' && Number.isSafeInteger(n) && n >= 0 ? n : undefined
}
const instantIn = (v: unknown): Date | undefined => (typeof v === 'string' && !Number.isNaN(Date.parse(v)) ? new Date(v) : undefined)

/** A thing as an Add, an Update or a Remove names it. */
export interface Named { id: string; revision?: number; changed?: Date }

/** A single one or a list, ids or objects with them; what is no address is left out, what comes twice is there once, with its highest revision. */
export function namedIn(object: unknown): Named[] {
  const found = new Map<string, Named>()
  for (const v of listOf(object).slice(0, MANY)) {
    const id = idOf(v)
    if (id === undefined || !originOf(id)) continue
    const revision = isObject(v) ? revisionIn(ours(v, 'revision')) : undefined
    const changed = isObject(v) ? instantIn(ours(v, 'changed')) : undefined
    const old = found.get(id)
    if (old && (old.revision ?? -1) >= (revision ?? -1)) continue
    found.set(id, { id, ...(revision === undefined ? {} : { revision }), ...(changed ? { changed } : {}) })
  }
  return [...found.values()]
}

/** Which of its collections the directory means; undefined for what its own document does not name. */
export function collectionOf(directory: Json, target: unknown): Collection | undefined {
  const id = idOf(target)
  return id === undefined ? undefined : COLLECTIONS.find((name) => idOf(ours(directory, name)) === id)
}

/** What a directory has said of a thing. */
export interface Word { revision: number; gone: boolean }
/**
 * Does it change what is known? The highest revision holds; of the same revision, that it is gone. So words have the same end in
 * whatever order and however often they come.
 */
export const isNews = (said: Word, known: Word | undefined): boolean =>
  !known || said.revision > known.revision || (said.revision === known.revision && said.gone && !known.gone)

/** A thing of ours as its own server serves it. */
export interface Thing { id: string; type: string; additionalType?: string; name: string; url?: string; json: string; revision?: number; updated?: Date }

const shape = z.looseObject({
  id: z.string().max(2048),
  type: z.string().max(100),
  name: z.string().optional().catch(undefined),
  preferredUsername: z.string().max(500).optional().catch(undefined),
})

/** Of several, the first that is one of our kinds. */
const additionalOf = (v: unknown): string | undefined => listOf(v).filter((x): x is string => typeof x === 'string' && x.length <= 300)
  .map((x) => (x.startsWith(TOAD) ? `toad:${x.slice(TOAD.length)}` : x)).find((x) => x.startsWith('toad:'))

const pageIn = (v: unknown): string | undefined =>
  listOf(v).map((u) => (isObject(u) ? u.href : u)).find((u): u is string => originOf(u) !== undefined)

/**
 * The document as a thing that may be kept, or undefined: gone (a Tombstone), hidden on its own server, of another type than stands
 * in that collection, too long.
 * @param collection where it is listed; undefined where nobody says: then it must name a kind of ours itself
 */
export function thingFrom(document: Json, collection?: Collection): (Thing & { collection: Collection }) | undefined {
  const parsed = shape.safeParse(document)
  if (!parsed.success || document.suspended === true) return undefined
  const { id, type, name, preferredUsername } = parsed.data
  const additionalType = additionalOf(document.additionalType)
  const place = collection ?? (additionalType === undefined ? undefined : COLLECTIONS.find((c) => c !== 'members' && TYPES[c].includes(type)))
  if (place === undefined || !TYPES[place].includes(type)) return undefined
  const json = JSON.stringify(document)
  if (json.length > LONGEST) return undefined
  const url = pageIn(document.url), revision = revisionIn(ours(document, 'revision'))
  const updated = instantIn(document.updated) ?? instantIn(document.published)
  return {
    id, type, collection: place, name: (name?.trim() || preferredUsername || id).slice(0, 500), json,
    ...(additionalType === undefined ? {} : { additionalType }), ...(url === undefined ? {} : { url }),
    ...(revision === undefined ? {} : { revision }), ...(updated ? { updated } : {}),
  }
}

/** Is the first surely the older of two states of one thing? By revision where both have one, else by `updated`. */
export function isOlder(a: Pick<Thing, 'revision' | 'updated'>, b: Pick<Thing, 'revision' | 'updated'>): boolean {
  if (a.revision !== undefined && b.revision !== undefined) return a.revision < b.revision
  return a.updated !== undefined && b.updated !== undefined && a.updated < b.updated
}
/** The same of a stored document. */
export const stateOf = (document: Json): Pick<Thing, 'revision' | 'updated'> => {
  const revision = revisionIn(ours(document, 'revision')), updated = instantIn(document.updated) ?? instantIn(document.published)
  return { ...(revision === undefined ? {} : { revision }), ...(updated ? { updated } : {}) }
}

const registrations = z.array(z.object({ scheme: z.string(), number: z.string() })).max(20).optional().catch(undefined)

/** By what an organisation is known again when it has asked not to be listed here. */
export interface Traits { handle: string; name: string; country?: string; registrations?: { scheme: string; number: string }[] }
export function traitsOf(document: Json): Traits {
  const profile = ours(document, 'profile')
  const p = isObject(profile) ? profile : {}
  const id = typeof document.id === 'string' ? document.id : ''
  const handle = typeof document.preferredUsername === 'string' ? document.preferredUsername : id.replace(/[?#].*$/, '').split('/').at(-1) ?? ''
  const listed = registrations.parse(p.registrations)
  return {
    handle: handle.toLowerCase(), name: typeof document.name === 'string' ? document.name : '',
    ...(typeof p.country === 'string' ? { country: p.country } : {}), ...(listed ? { registrations: listed } : {}),
  }
}
