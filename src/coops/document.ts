/** An organisation as ActivityPub shows it (WIRE.md section 3). Pure: fedi adds id, inbox, keys and context. */
import type { Json } from '../fedi/fedi.ts'
import { TOADLANE } from '../fedi/terms.ts'
import type { Uris } from '../fedi/uris.ts'
import { escapeHtml, plainToHtml } from '../kernel/text.ts'
import { country as countryName, number } from '../web/format.ts'
import type { T } from '../web/words.ts'
import { activityWord } from './activities.ts'
import { membersFigure, type FigureInput, type Kind, type MembershipState, type Organisation } from './model.ts'

export interface DocumentOptions {
  uris: Uris
  /** Language of the labels, and its words: the instance's own. */
  lang: string
  t: T
  /** A PNG or JPEG of this actor (Mastodon shows no SVG); without it there is no icon. */
  icon?: (handle: string) => { url: string; mediaType: string } | undefined
}

export interface DocumentParts {
  organisation: Organisation
  /** An actor: has an inbox, can be followed. */
  open: boolean
  /** Those that stand, in the order in which they were added. */
  figures: readonly FigureInput[]
  /** Federations it belongs to, by name; ended memberships left out. */
  memberships: readonly { handle: string; name: string; state: MembershipState }[]
}

const types: Record<Kind, string> = {
  cooperative: 'toad:Cooperative', mutual: 'toad:Mutual', federation: 'toad:Federation', programme: 'toad:Programme',
  'campaign-group': 'toad:CampaignGroup', ally: 'toad:Ally',
}

export const pageUrl = (origin: string, handle: string): string => `${origin}/co-ops/${handle}`

/** A link whose text equals its target: the one form in which Mastodon can show its green tick. */
const ownLink = (url: string): string => `<a href="${escapeHtml(url)}" rel="me">${escapeHtml(url)}</a>`
const field = (name: string, value: string): Json => ({ type: 'PropertyValue', name, value })

/** The profile fields, always an array, most telling first: other servers show only some. */
function fields(p: DocumentParts, o: DocumentOptions): Json[] {
  const { organisation: org } = p
  const { t, lang } = o
  const list: Json[] = []
  if (org.website) list.push(field(t('coops.field.website'), ownLink(org.website)))
  if (org.country) list.push(field(t('coops.field.country'), escapeHtml(countryName(lang, org.country))))
  if (org.ownership) list.push(field(t('coops.field.ownedBy'), t(`coops.ownership.${org.ownership}`)))
  const members = membersFigure(p.figures)
  if (members) list.push(field(members.year === null ? t('coops.field.members') : t('coops.field.membersYear', { year: String(members.year) }),
    number(lang, members.value)))
  for (const m of p.memberships) {
    const link = `<a href="${escapeHtml(pageUrl(o.uris.origin, m.handle))}">${escapeHtml(m.name)}</a>`
    list.push(field(t('coops.field.memberOf'), m.state === 'confirmed' ? link : `${link} (${escapeHtml(t('coops.membership.unconfirmed'))})`))
  }
  return list
}

/** `food delivery` → `#FoodDelivery`. Undefined where no letter is left. */
export function hashtag(words: string): string | undefined {
  const name = words.split(/[^\p{L}\p{N}]+/u).filter(Boolean).map((w, i, all) => (all.length > 1 ? w.charAt(0).toUpperCase() + w.slice(1) : w)).join('')
  return /\p{L}/u.test(name) ? `#${name}` : undefined
}

function hashtags(org: Organisation, o: DocumentOptions): Json[] {
  const tags = new Map<string, Json>()
  for (const activity of org.activities.slice(0, 10)) {
    const name = hashtag(activityWord(o.t, activity))
    if (name && !tags.has(name)) tags.set(name, { type: 'Hashtag', href: `${o.uris.origin}/?activity=${encodeURIComponent(activity)}`, name })
  }
  return [...tags.values()]
}

/** The whole structured profile, each figure with its value, year, source and confidence. Keys in one order on every engine. */
function profile(p: DocumentParts): Json {
  const o = p.organisation
  return {
    name: o.name, kind: o.kind, ownership: o.ownership, isPlatform: o.isPlatform, activities: o.activities, summary: o.summary,
    country: o.country, region: o.region, locality: o.locality, postcode: o.postcode, address: o.address,
    coordinates: o.coordinates && { latitude: o.coordinates.latitude, longitude: o.coordinates.longitude },
    founded: o.founded, registrations: o.registrations.map((r) => ({ scheme: r.scheme, number: r.number })),
    website: o.website, links: o.links.map((l) => ({ label: l.label, url: l.url })), fediverse: o.fediverse,
    languages: o.languages, legalForm: o.legalForm, sources: o.sources,
    figures: p.figures.map((f) => ({ kind: f.kind, value: f.value, unit: f.unit, year: f.year, source: f.source, confidence: f.confidence })),
  }
}

/** The document without what fedi adds. Of an unclaimed one: a description that the directory signs for, not an actor. */
export function organisationDocument(p: DocumentParts, o: DocumentOptions): Json {
  const { organisation: org } = p
  const icon = o.icon?.(org.handle)
  return {
    type: 'Organization',
    additionalType: types[org.kind],
    name: org.name,
    summary: plainToHtml(org.summary ?? ''),
    url: pageUrl(o.uris.origin, org.handle),
    ...(icon ? { icon: { type: 'Image', mediaType: icon.mediaType, url: icon.url } } : {}),
    attachment: fields(p, o),
    tag: hashtags(org, o),
    ...(p.open
      ? {
          discoverable: org.status === 'listed', indexable: org.status === 'listed', alsoKnownAs: [],
          generator: { type: 'Application', name: 'Toadlane', implements: [{ type: 'Link', href: TOADLANE, name: 'Toadlane directory' }] },
        }
      : { attributedTo: o.uris.actor('directory') }),
    'toad:standing': org.standing,
    ...(org.status === 'archived' ? { 'toad:status': org.status } : {}),
    ...(org.consent ? { 'toad:consentedAt': org.consent.at.toISOString() } : {}),
    ...(p.memberships.length ? { 'toad:memberOf': p.memberships.map((m) => o.uris.actor(m.handle)) } : {}),
    'toad:profile': profile(p),
  }
}
