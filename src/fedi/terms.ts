/**
 * The terms that our documents use beyond ActivityStreams, each with its definition, and the `@context` that a document needs.
 * Extension terms are defined inline (WIRE.md 1.3): no context of ours has to be fetched, and a reader of plain JSON finds the
 * prefixed names. Structured values are `@json`, or their inner keys would expand to nonsense.
 */
import type { Json } from './fedi.ts'

export const AS2 = 'https://www.w3.org/ns/activitystreams'
export const SECURITY = 'https://w3id.org/security/v1'
export const PUBLIC = `${AS2}#Public`
export const TOAD = 'https://w3id.org/toadlane/ns#'
/** FEP-844e capability by which Toadlane directories know one another. */
export const TOADLANE = 'https://w3id.org/toadlane/ns'

type Definition = string | { '@id': string; '@type'?: string; '@container'?: string }

const prefixes: Readonly<Record<string, string>> = {
  toad: TOAD,
  toot: 'http://joinmastodon.org/ns#',
  schema: 'http://schema.org#', // as Mastodon writes it; the vocabulary itself ends in a slash
  sec: 'https://w3id.org/security#',
  prov: 'http://www.w3.org/ns/prov#',
  org: 'http://www.w3.org/ns/org#',
  vf: 'https://w3id.org/valueflows/ont/vf#',
  om2: 'http://www.ontology-of-units-of-measure.org/resource/om-2/',
}

const link = (id: string): Definition => ({ '@id': id, '@type': '@id' })
const links = (id: string): Definition => ({ '@id': id, '@type': '@id', '@container': '@list' })
const structured = (id: string): Definition => ({ '@id': id, '@type': '@json' })
const instant = (id: string): Definition => ({ '@id': id, '@type': 'xsd:dateTime' })

/** Properties and types, by the name under which they stand in our JSON. */
const terms: Readonly<Record<string, Definition>> = {
  // What Mastodon and others read (toot, schema.org, and terms that AS2's context lacks)
  Hashtag: 'as:Hashtag',
  manuallyApprovesFollowers: 'as:manuallyApprovesFollowers',
  sensitive: 'as:sensitive',
  movedTo: link('as:movedTo'),
  alsoKnownAs: link('as:alsoKnownAs'),
  quoteUrl: link('as:quoteUrl'),
  discoverable: 'toot:discoverable',
  indexable: 'toot:indexable',
  suspended: 'toot:suspended',
  memorial: 'toot:memorial',
  votersCount: 'toot:votersCount',
  blurhash: 'toot:blurhash',
  Emoji: 'toot:Emoji',
  featured: link('toot:featured'),
  featuredTags: link('toot:featuredTags'),
  focalPoint: { '@id': 'toot:focalPoint', '@container': '@list' },
  attributionDomains: link('toot:attributionDomains'),
  PropertyValue: 'schema:PropertyValue',
  value: 'schema:value',
  additionalType: { '@id': 'http://schema.org/additionalType', '@type': '@vocab' },
  // Keys (FEP-521a)
  Multikey: 'sec:Multikey',
  assertionMethod: link('sec:assertionMethod'),
  controller: link('sec:controller'),
  publicKeyMultibase: { '@id': 'sec:publicKeyMultibase', '@type': 'sec:multibase' },
  // FEP-2c59, FEP-844e
  webfinger: { '@id': 'https://purl.archive.org/socialweb/webfinger#webfinger', '@type': 'xsd:string' },
  implements: links('https://w3id.org/fep/844e/implements'),
  // Ours: links to others. JSON-LD wants a prefixed term to mean itself, so `toad:derivedFrom` is not prov:wasDerivedFrom but
  // a sub-property of it (and `toad:memberOf` of org:memberOf): the vocabulary at /ns says so.
  'toad:target': link('toad:target'),
  'toad:derivedFrom': link('toad:derivedFrom'),
  'toad:replications': link('toad:replications'),
  'toad:members': link('toad:members'),
  'toad:calls': link('toad:calls'),
  'toad:campaigns': link('toad:campaigns'),
  'toad:proposals': link('toad:proposals'),
  'toad:levers': link('toad:levers'),
  'toad:cohort': link('toad:cohort'),
  'toad:memberOf': link('toad:memberOf'),
  'toad:listedBy': link('toad:listedBy'),
  // Ours: structured, read as JSON
  'toad:profile': structured('toad:profile'),
  'toad:lever': structured('toad:lever'),
  'toad:rule': structured('toad:rule'),
  'toad:ask': structured('toad:ask'),
  'toad:tally': structured('toad:tally'),
  'toad:grant': structured('toad:grant'),
  'toad:mentoring': structured('toad:mentoring'),
  'toad:sponsors': structured('toad:sponsors'),
  'toad:criteria': structured('toad:criteria'),
  'toad:reach': structured('toad:reach'),
  // Ours: times. Everything else under toad: (standing, status, revision, motionText …) is plain text or a number.
  'toad:changed': instant('toad:changed'),
  'toad:consentedAt': instant('toad:consentedAt'),
}

const isStructured = (d: Definition | undefined): boolean => typeof d === 'object' && d['@type'] === '@json'
/** Properties whose values are names of types or terms. */
const vocabulary = new Set(['type', 'additionalType', 'formerType', 'relationship', 'toad:relationship'])

/** Names of terms and prefixes that the JSON uses: keys, and values where they are names. */
function used(value: unknown, found: Set<string>): void {
  if (Array.isArray(value)) return value.forEach((v) => used(v, found))
  if (typeof value !== 'object' || value === null) return
  for (const [key, v] of Object.entries(value)) {
    if (key === '@context') continue
    found.add(key)
    if (vocabulary.has(key)) for (const name of Array.isArray(v) ? v : [v]) if (typeof name === 'string') found.add(name)
    if (!isStructured(terms[key])) used(v, found)
  }
}

const prefixOf = (name: string): string | undefined => {
  const at = name.indexOf(':')
  const prefix = at > 0 && !name.startsWith('//', at + 1) ? name.slice(0, at) : undefined
  return prefix !== undefined && prefix in prefixes ? prefix : undefined
}

/** The smallest `@context` under which the document expands whole. The same terms give the same bytes. */
export function contextFor(document: object): unknown {
  const names = new Set<string>()
  used(document, names)
  const inline: Record<string, Definition> = {}
  const needed = new Set<string>()
  const definitions = Object.entries(terms).filter(([name]) => names.has(name))
  for (const name of names) { const p = prefixOf(name); if (p) needed.add(p) }
  for (const [, d] of definitions) {
    for (const iri of typeof d === 'string' ? [d] : [d['@id'], d['@type'] ?? '']) { const p = prefixOf(iri); if (p) needed.add(p) }
  }
  for (const [name, iri] of Object.entries(prefixes)) if (needed.has(name)) inline[name] = iri
  for (const [name, d] of definitions) inline[name] = d
  const list: unknown[] = [AS2, ...(names.has('publicKey') ? [SECURITY] : []), ...(Object.keys(inline).length ? [inline] : [])]
  return list.length === 1 ? AS2 : list
}

/** A copy without the `@context`s of the document and what is embedded in it; structured values stay as they are. */
export function withoutContext<T>(value: T): T {
  if (Array.isArray(value)) return value.map((v: unknown) => withoutContext(v)) as T
  if (typeof value !== 'object' || value === null) return value
  const copy: Json = {}
  for (const [key, v] of Object.entries(value)) {
    if (key !== '@context') copy[key] = isStructured(terms[key]) ? v : withoutContext(v)
  }
  return copy as T
}

/** The document as it is stored and sent: its `@context` first. */
export function inContext(document: Json): Json {
  const bare = withoutContext(document)
  return { '@context': contextFor(bare), ...bare }
}
