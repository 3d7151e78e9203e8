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
  'origin', 'result', 'instrument', 'tag', 'attachment', 'endTime', 'oneOf', 'anyOf',
])
/** What ActivityStreams says they mean. */
const LDP = 'http://www.w3.org/ns/ldp#'
const meaning = (name: string): string => (name === 'id' || name === 'type' ? `@${name}` : name === 'inbox' ? `${LDP}inbox` : `${AS2}#${name}`)
const forbidden = new Set(['@base', '@import', '@propagate'])

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
    if (!trusted.has(name)) return true
    return isObject(definition) && '@reverse' in definition ? false : iri(definition) === meaning(name)
  })
}

/**
 * May the document be read as plain JSON? True when its contexts, and those of the objects directly inside it, leave the terms
 * that we read alone. A missing context is fine.
 */
export function readsPlainly(document: unknown, depth = 0): boolean {
  if (Array.isArray(document)) return document.every((d) => readsPlainly(d, depth))
  if (!isObject(document)) return true
  if (document['@context'] !== undefined && !listOf(document['@context']).every(isPlain)) return false
  return depth >= 2 || (readsPlainly(document.object, depth + 1))
}
