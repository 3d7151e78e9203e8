/**
 * The vocabulary: what our terms mean, for machines as RDF Schema in JSON-LD; the page for people is drawn from the same list. Only
 * terms that our documents use stand here.
 */
import { TOAD, TOADLANE } from '../terms.ts'
import { answerJson, wanted } from './serve.ts'

export interface Term {
  /** Without the prefix `toad:`. */
  name: string
  kind: 'class' | 'property'
  /** In English, as specifications are. */
  label: string
  comment: string
  /** What it is said of, and what its value is: compact names. A class has neither. */
  domain?: string
  range?: string
  /** The wider class or property of another vocabulary. */
  sub?: string
}

const kind = (name: string, label: string, comment: string, sub = 'as:Organization'): Term => ({ name, kind: 'class', label, comment, sub })
const property = (name: string, label: string, range: string, comment: string, sub?: string): Term =>
  ({ name, kind: 'property', label, comment, domain: 'as:Organization', range, ...(sub === undefined ? {} : { sub }) })

const ofDirectory = (name: string, comment: string): Term => ({ name, kind: 'property', label: name, comment, domain: 'toad:Directory', range: 'as:OrderedCollection' })

/** In the order in which a reader wants them. */
export const vocabulary: readonly Term[] = [
  kind('Cooperative', 'Co-operative', 'An organisation that its members own and control. A value of schema:additionalType, as all of these kinds are.'),
  kind('Mutual', 'Mutual', 'An organisation owned by its customers, such as a building society or an insurer.'),
  kind('Federation', 'Federation', 'An organisation whose members are organisations.'),
  kind('Programme', 'Programme', 'An accelerator or other programme that supports co-operatives.'),
  kind('CampaignGroup', 'Campaign group', 'A group that campaigns among the members of other organisations.'),
  kind('Ally', 'Ally', 'A supporter that is no co-operative itself.'),
  kind('Directory', 'Directory', 'The actor that speaks for one Toadlane directory.', 'as:Group'),
  property('standing', 'standing', 'xsd:string',
    'unclaimed (nobody at the organisation has agreed to be listed), consented (it has, and its federation acts for it) or claimed (it looks after its own listing).'),
  property('consentedAt', 'consented at', 'xsd:dateTime', 'When the organisation agreed to be listed.'),
  property('status', 'status', 'xsd:string', 'archived, where the listing is kept but no longer shown in lists. Absent otherwise.'),
  property('memberOf', 'member of', 'as:Organization', 'A federation to which the organisation belongs, confirmed by it or not.', 'org:memberOf'),
  property('profile', 'profile', 'rdf:JSON', 'The whole profile as one JSON value; each figure in it with value, unit, year, source and confidence.'),
  ofDirectory('members', 'The organisations that this directory lists, newest toad:changed first. Each item is an id with toad:revision and toad:changed.'),
  ofDirectory('calls', 'The calls of accelerators that this directory lists, in the same way.'),
  ofDirectory('campaigns', 'The campaigns that this directory lists, in the same way.'),
  ofDirectory('proposals', 'The offers and needs that this directory lists, in the same way.'),
  { name: 'revision', kind: 'property', label: 'revision', domain: 'as:Object', range: 'xsd:integer',
    comment: 'Grows with each change of the thing. In a directory’s collections, and in the Add, Update and Remove about them, it counts what this directory has said of the thing; the highest holds.' },
  { name: 'changed', kind: 'property', label: 'changed', domain: 'as:Object', range: 'xsd:dateTime',
    comment: 'When the thing last changed, of whatever kind the change was.' },
]

const reference = (id: string) => ({ '@id': id, '@type': '@id' })
const english = (id: string) => ({ '@id': id, '@language': 'en' })

/** RDF Schema; its context is inline, so that nothing else has to be fetched. */
export const vocabularyDocument = {
  '@context': {
    rdf: 'http://www.w3.org/1999/02/22-rdf-syntax-ns#', rdfs: 'http://www.w3.org/2000/01/rdf-schema#', owl: 'http://www.w3.org/2002/07/owl#',
    xsd: 'http://www.w3.org/2001/XMLSchema#', as: 'https://www.w3.org/ns/activitystreams#', org: 'http://www.w3.org/ns/org#', toad: TOAD,
    id: '@id', type: '@type', terms: { '@reverse': 'rdfs:isDefinedBy' },
    label: english('rdfs:label'), comment: english('rdfs:comment'), domain: reference('rdfs:domain'), range: reference('rdfs:range'),
    subClassOf: reference('rdfs:subClassOf'), subPropertyOf: reference('rdfs:subPropertyOf'),
  },
  id: TOADLANE,
  type: 'owl:Ontology',
  label: 'Toadlane',
  comment: 'What directories of co-operatives say of organisations beyond ActivityStreams. Its address is also the name of the capability (FEP-844e) by which they know one another.',
  terms: vocabulary.map(({ name, kind, label, comment, domain, range, sub }) => ({
    id: `toad:${name}`,
    type: kind === 'class' ? 'rdfs:Class' : 'rdf:Property',
    label,
    comment,
    ...(domain === undefined ? {} : { domain }),
    ...(range === undefined ? {} : { range }),
    ...(sub === undefined ? {} : kind === 'class' ? { subClassOf: sub } : { subPropertyOf: sub }),
  })),
}

/** The kind of JSON that was asked for; JSON-LD where it does not matter. */
function typeFor(accept: string | undefined): string {
  if (/application\/ld\+json/i.test(accept ?? '')) return 'application/ld+json; charset=utf-8'
  if (/application\/activity\+json/i.test(accept ?? '')) return 'application/activity+json; charset=utf-8'
  return /application\/json/i.test(accept ?? '') ? 'application/json; charset=utf-8' : 'application/ld+json; charset=utf-8'
}

/** `GET /ns` for machines; undefined for who would rather have the page. */
export function vocabularyAnswer(accept: string | undefined, ifNoneMatch: string | undefined): Response | undefined {
  return wanted(accept) === 'document' ? answerJson(vocabularyDocument, ifNoneMatch, typeFor(accept)) : undefined
}
