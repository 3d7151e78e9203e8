/**
 * Organisations: what they are, what may be said about them, and what one hands in to change them (DESIGN.md section 2).
 * Pure; the rules over time (status, standing, freshness) are in life.ts.
 */
import { z } from 'zod'
import {
  confidence, distinct, handle, languageTag, line, optionalCountry, optionalLine, optionalText, optionalWebAddress, partialDate, webAddress,
  type Confidence,
} from './input.ts'

export type { Confidence } from './input.ts'

/** `mutual`: owned by its members without being a co-operative in law (building society, mutual insurer, members' club). */
export const KINDS = ['cooperative', 'mutual', 'federation', 'programme', 'campaign-group', 'ally'] as const
export type Kind = (typeof KINDS)[number]
/** Who owns it: the base of members as ESSGlobal has it (BMT10 to BMT60); `consumers` are users too. */
export const OWNERSHIPS = ['workers', 'consumers', 'producers', 'multi-stakeholder', 'residents', 'other'] as const
export type Ownership = (typeof OWNERSHIPS)[number]

export const STATUSES = ['draft', 'in-review', 'listed', 'suspended', 'archived'] as const
export type Status = (typeof STATUSES)[number]
/** `unclaimed`: nobody there has agreed. `consented`: it agreed, its federation acts for it. `claimed`: it runs itself. */
export const STANDINGS = ['unclaimed', 'consented', 'claimed'] as const
export type Standing = (typeof STANDINGS)[number]

export const EVIDENCE_KINDS = ['register', 'federation', 'coop-domain', 'statutes', 'self-declared'] as const
export type EvidenceKind = (typeof EVIDENCE_KINDS)[number]
export const MEMBERSHIP_STATES = ['claimed', 'confirmed', 'ended'] as const
export type MembershipState = (typeof MEMBERSHIP_STATES)[number]

const YEAR = z.int('must be a year').min(1700, 'must be a year from 1700 on').max(2200, 'must be a year up to 2200')

/** One statement of a number: who says so, for which year, how sure. `unit` is a currency (ISO 4217) or a word; null where the kind says it all. */
export const figureInput = z.strictObject({
  kind: line(60).pipe(z.string().toLowerCase()),
  value: z.number().refine(Number.isFinite, 'must be a number').refine((n) => Math.abs(n) <= Number.MAX_SAFE_INTEGER, 'is too large'),
  unit: optionalLine(20),
  year: YEAR.nullish(),
  source: optionalLine(2048),
  confidence: confidence.default('unsure'),
}).transform((f) => ({ kind: f.kind, value: f.value, unit: f.unit ?? null, year: f.year ?? null, source: f.source ?? null, confidence: f.confidence }))
export type FigureInput = z.output<typeof figureInput>

const coordinates = z.strictObject({
  latitude: z.number().min(-90, 'must lie between -90 and 90').max(90, 'must lie between -90 and 90'),
  longitude: z.number().min(-180, 'must lie between -180 and 180').max(180, 'must lie between -180 and 180'),
})

const FEDIVERSE = /^@?[a-z0-9_]+([.-]+[a-z0-9_]+)*@[a-z0-9.-]+(:\d+)?$/i
const fediverse = optionalLine(300).refine((t) => t === null || t === undefined || FEDIVERSE.test(t) || /^https?:\/\//.test(t),
  'must be an account such as @name@server.example, or its web address')

/**
 * What import, forms and API hand in. Only handle, name and kind are needed. Of the rest: a field that is left out stays as
 * it is; null or an empty list empties it. `figures` are added to those that are there (see `mergeFigures`).
 */
export const organisationFields = z.strictObject({
  handle,
  name: line(200),
  kind: z.enum(KINDS),
  ownership: z.enum(OWNERSHIPS).nullish(),
  isPlatform: z.boolean().optional(),
  /** Words or codes (`ICA140`, `finance`), the main one first. */
  activities: distinct(line(80), 20).optional(),
  /** Plain text. */
  summary: optionalText(10_000),
  country: optionalCountry,
  region: optionalLine(120),
  locality: optionalLine(120),
  postcode: optionalLine(20),
  address: optionalLine(300),
  coordinates: coordinates.nullish(),
  founded: partialDate.nullish(),
  registrations: z.array(z.strictObject({ scheme: line(80), number: line(80) })).max(10).optional(),
  website: optionalWebAddress,
  links: z.array(z.strictObject({ label: line(80), url: webAddress })).max(20).optional(),
  /** Its account elsewhere in the fediverse. */
  fediverse,
  languages: distinct(languageTag, 20).optional(),
  legalForm: optionalLine(200),
  /** Where the description comes from: addresses or sentences. */
  sources: distinct(line(2048), 50).optional(),
  figures: z.array(figureInput).max(200).optional(),
})

/** `activity: 'finance'`, as the format toadlane/1 writes it, is short for a list of one. */
const oneActivity = (input: unknown): unknown => {
  if (typeof input !== 'object' || input === null || !('activity' in input)) return input
  const { activity, ...rest } = input as Record<string, unknown>
  return 'activities' in rest ? rest : { ...rest, activities: activity === null || activity === '' ? [] : [activity] }
}
export const organisationInput = z.preprocess(oneActivity, organisationFields)
export type OrganisationInput = z.output<typeof organisationInput>

/** Everything that describes an organisation and that a revision keeps, but for its figures. Nothing is undefined; null is "not known". */
export interface Profile {
  name: string
  kind: Kind
  ownership: Ownership | null
  isPlatform: boolean
  activities: string[]
  summary: string | null
  country: string | null
  region: string | null
  locality: string | null
  postcode: string | null
  address: string | null
  coordinates: { latitude: number; longitude: number } | null
  founded: string | null
  registrations: { scheme: string; number: string }[]
  website: string | null
  links: { label: string; url: string }[]
  fediverse: string | null
  languages: string[]
  legalForm: string | null
  sources: string[]
}

const BLANK: Omit<Profile, 'name' | 'kind'> = {
  ownership: null, isPlatform: false, activities: [], summary: null, country: null, region: null, locality: null, postcode: null, address: null,
  coordinates: null, founded: null, registrations: [], website: null, links: [], fediverse: null, languages: [], legalForm: null, sources: [],
}
export const PROFILE_FIELDS = ['name', 'kind', ...Object.keys(BLANK)] as (keyof Profile)[]

/** Nested keys in one order: jsonb gives them back in an order of its own. */
const ordered: { [K in keyof Profile]?: (value: Profile[K]) => Profile[K] } = {
  coordinates: (c) => c && { latitude: c.latitude, longitude: c.longitude },
  registrations: (list) => list.map((r) => ({ scheme: r.scheme, number: r.number })),
  links: (list) => list.map((l) => ({ label: l.label, url: l.url })),
}

/** The profile after the input; what the input leaves out stays as it was before. Keys in one order, so that equal profiles have equal JSON. */
export function profileAfter(input: OrganisationInput, before?: Profile): Profile {
  const from: Record<string, unknown> = { ...BLANK, ...before }
  const given: Record<string, unknown> = input
  const profile: Record<string, unknown> = {}
  for (const field of PROFILE_FIELDS) {
    const value = given[field] === undefined ? from[field] : given[field]
    const order = ordered[field] as ((value: unknown) => unknown) | undefined
    profile[field] = order ? order(value) : value
  }
  return profile as unknown as Profile
}

/** The input that would make this profile again: for forms, restores and exports. */
export const inputOf = (handle: string, profile: Profile): OrganisationInput => ({ handle, ...profile })

/** A figure as it is kept. `superseded`: when the same source's word for the same year was replaced, or it was withdrawn; such figures stay readable. */
export interface Figure extends FigureInput { id: string; added: Date; superseded: Date | null }

const statement = (f: FigureInput): string => JSON.stringify([f.kind, f.value, f.unit, f.year, f.source, f.confidence])
const topic = (f: FigureInput): string => JSON.stringify([f.kind, f.unit, f.year, f.source])

/**
 * What handing in `given` does to the figures that stand: new statements are added; one about the same kind and year from the
 * same source replaces that source's earlier word, which stays on record; everything else stays. Pure.
 */
export function mergeFigures<F extends FigureInput>(standing: readonly F[], given: readonly FigureInput[]): { add: FigureInput[]; supersede: F[] } {
  const said = new Set(standing.map(statement))
  const last = new Map(given.map((f) => [topic(f), f])) // of two words on one topic in one submission, the later counts
  const add = [...last.values()].filter((f) => !said.has(statement(f)))
  const topics = new Set(add.map(topic))
  return { add, supersede: standing.filter((f) => topics.has(topic(f))) }
}

/** The figures to show for a kind: newest year first (no year last), then surest, then as added. */
export function rankedFigures<F extends FigureInput>(figures: readonly F[], kind?: string): F[] {
  const sure = (c: Confidence) => ['primary', 'secondary', 'unsure'].indexOf(c)
  return figures.filter((f) => kind === undefined || f.kind === kind)
    .map((f, i) => ({ f, i }))
    .sort((a, b) => (b.f.year ?? 0) - (a.f.year ?? 0) || sure(a.f.confidence) - sure(b.f.confidence) || a.i - b.i)
    .map(({ f }) => f)
}
/** The one number to show as its members: the newest, surest figure of members or, where there is none, of a kind that begins so. */
export const membersFigure = <F extends FigureInput>(figures: readonly F[]): F | undefined =>
  rankedFigures(figures, 'members')[0] ?? rankedFigures(figures.filter((f) => f.kind.startsWith('members')))[0]

/** Somebody looked, and this is what was seen (instead of a bare "verified"). */
export const evidenceInput = z.strictObject({
  kind: z.enum(EVIDENCE_KINDS),
  url: optionalWebAddress,
  note: optionalLine(500),
})
export type EvidenceInput = z.input<typeof evidenceInput>
export interface Evidence { id: string; kind: EvidenceKind; url: string | null; note: string | null; by: string; at: Date; withdrawn: Date | null }

export const membershipInput = z.strictObject({
  /** Handles. */
  organisation: handle,
  federation: handle,
  state: z.enum(MEMBERSHIP_STATES).optional(),
  confidence: confidence.optional(),
  since: partialDate.nullish(),
  until: partialDate.nullish(),
  /** A confirmation ends then unless it is renewed: ISO date. */
  expires: z.iso.date('must be a date such as 2027-06-30').nullish(),
  source: optionalLine(2048),
})
export type MembershipInput = z.input<typeof membershipInput>
export interface Membership {
  id: string; state: MembershipState; confidence: Confidence; since: string | null; until: string | null; expires: string | null; source: string | null
}

/** Agreement: on what basis, given to whom, when. `by` says who wrote it down. */
export interface Consent { basis: string; by: string; at: Date }
export const basis = line(500)

export interface Organisation extends Profile {
  id: string
  handle: string
  status: Status
  standing: Standing
  /** On what the standing rests; null while unclaimed. */
  consent: Consent | null
  revision: number
  created: Date
  changed: Date
  /** The last day on which somebody vouched that it is all true. */
  confirmed: Date
}

/** A change on record: everything as it was after it. */
export interface Snapshot { profile: Profile; figures: FigureInput[] }
export interface Revision { number: number; at: Date; by: string; why: string | null; snapshot: Snapshot }

/** Names as they are sorted and compared: without marks and case. */
export const nameKey = (name: string): string => name.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase().replace(/\s+/gu, ' ').trim()

export interface Known { handle: string; name: string; country?: string | null | undefined; registrations?: { scheme: string; number: string }[] | undefined }
/** What an opt-out answers to later: the handle, each registration, the name in its country. */
export function optOutKeys(o: Known): string[] {
  const plain = (t: string) => nameKey(t).replace(/[^\p{L}\p{N}]+/gu, ' ').trim()
  return [`handle ${o.handle}`, `name ${o.country ?? '-'} ${plain(o.name)}`,
    ...(o.registrations ?? []).map((r) => `registration ${plain(r.scheme)} ${plain(r.number)}`)]
}
