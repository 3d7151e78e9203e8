/**
 * JSON-LD contexts: a bundled allow-list. Nothing is fetched, because nothing of ours needs what an unknown context says; this
 * loader is what Fedify and jsonld are given.
 */
import type { RemoteDocument } from '@fedify/vocab-runtime'
import { Problem } from '../kernel/errors.ts'
import { isObject, listOf } from './json.ts'
import { AS2 } from './terms.ts'

/** A bundled context by its URL; Problem `unknown-context` for any other. */
export async function contextLoader(url: string): Promise<RemoteDocument> {
  const { preloadedContexts } = await import('@fedify/vocab-runtime')
  const document = preloadedContexts[url]
  if (document === undefined) throw new Problem('unknown-context', 'a JSON-LD context that is not bundled')
  return { contextUrl: null, documentUrl: url, document }
}

/** What plain parsing reads. A context that gives these another meaning is a trap (HOSTILE.md 30). */
const trusted = new Set([
  'id', 'type', 'actor', 'object', 'target', 'attributedTo', 'to', 'cc', 'inReplyTo', 'content', 'name', 'published', 'updated', 'url', 'inbox',
  'origin', 'result', 'instrument', 'tag', 'attachment', 'endTime', 'oneOf', 'anyOf', 'summary', 'mediaType', 'formerType',
  // and the types that something is done for
  'Accept', 'Add', 'Announce', 'Block', 'Create', 'Delete', 'Flag', 'Follow', 'Like', 'Move', 'Offer', 'Reject', 'Remove', 'Undo', 'Update',
  'Application', 'Group', 'Organization', 'Person', 'Service', 'Article', 'Event', 'Note', 'Question', 'Tombstone',
])
/** What ActivityStreams says they mean. */
const LDP = 'http://www.w3.org/ns/ldp#'
const meaning = (name: string): string => (name === 'id' || name === 'type' ? `@${name}` : name === 'inbox' ? `${LDP}inbox` : `${AS2}#${name}`)
const forbidden = new Set(['@base', '@import', '@propagate'])
/** Under these the values of a term are something else than they look. */
const otherwise = ['@reverse', '@nest', '@index', '@container', '@type'] as const
const harmless = new Set(['@id', '@vocab', '@set', '@list', '@language', 'xsd:dateTime', 'http://www.w3.org/2001/XMLSchema#dateTime'])
/** The prefixes by which `meaning` is told may not be bent either. */
const prefixes: Readonly<Record<string, string>> = { as: `${AS2}#`, ldp: LDP }

const iri = (definition: unknown): unknown => {
  const id = typeof definition === 'string' ? definition : isObject(definition) ? (definition['@id'] ?? definition['@reverse']) : undefined
  return typeof id === 'string' ? id.replace(/^as:/, `${AS2}#`).replace(/^ldp:/, LDP) : id
}

function isPlain(context: unknown): boolean {
  if (typeof context === 'string') return context.length < 2048
  if (context === null || !isObject(context)) return false
  return Object.entries(context).every(([name, definition]) => {
    if (forbidden.has(name)) return false
    if (name === '@vocab') return definition === '_:' || definition === `${AS2}#` || definition === null
    if (Object.hasOwn(prefixes, name)) return iri(definition) === prefixes[name]
    // A context of its own, for what is inside the term or of the type: it must leave the others alone as well.
    if (isObject(definition) && definition['@context'] !== undefined && !listOf(definition['@context']).every(isPlain)) return false
    if (!trusted.has(name)) return true
    if (iri(definition) !== meaning(name)) return false
    return !isObject(definition) || otherwise.every((key) => definition[key] === undefined || harmless.has(String(definition[key])))
  })
}

/**
 * May the document be read as plain JSON? True when its contexts, and those of whatever is inside it, leave the terms that we read
 * alone. A missing context is fine.
 * @param document from `parseObject`, which bounds its depth
 */
export function readsPlainly(document: unknown): boolean {
  if (Array.isArray(document)) return document.every((d) => typeof d !== 'object' || readsPlainly(d))
  if (!isObject(document)) return true
  for (const key in document) {
    const value = document[key]
    if (key === '@context') {
      if (value !== undefined && !listOf(value).every(isPlain)) return false
    } else if (typeof value === 'object' && !readsPlainly(value)) return false
  }
  return true
}
