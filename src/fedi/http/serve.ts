/** Serves stored documents as they stand: one prepared point read, no JSON-LD work, validators and content negotiation. */
import { eq, sql } from 'drizzle-orm'
import { prepared } from '../../store/prepared.ts'
import type { Store } from '../../store/store.ts'
import { storeTables } from '../../store/tables.ts'
import { etagOf } from '../../store/documents.ts'
import type { Json } from '../fedi.ts'
import { idOf, isObject, listOf, originOf } from '../json.ts'
import type { LocalActors } from '../actors.ts'
import type { Prover } from '../proof/prover.ts'
import { PUBLIC } from '../terms.ts'
import type { Uris } from '../uris.ts'

export const ACTIVITY_JSON = 'application/activity+json; charset=utf-8'

/** What the reader wants at an id: the document, the page for people, or something that we have not. */
export function wanted(accept: string | undefined): 'document' | 'page' | 'other' {
  if (!accept || /application\/(activity\+json|ld\+json)/i.test(accept)) return 'document'
  if (/text\/html|application\/xhtml\+xml/i.test(accept)) return 'page'
  return /application\/json|application\/\*|\*\/\*/i.test(accept) ? 'document' : 'other'
}

/** Does If-None-Match name it? Weakly, as RFC 9110 section 13.1.2 says: proxies weaken validators. */
export function matches(header: string | undefined, etag: string): boolean {
  if (!header) return false
  return header.trim() === '*' || header.split(',').some((e) => e.trim().replace(/^W\//, '') === etag)
}

const common = { vary: 'Accept', 'cache-control': 'no-cache', 'access-control-allow-origin': '*' }

/** JSON with a strong validator, or a 304. */
export function answer(json: string, etag: string, ifNoneMatch: string | undefined, type = ACTIVITY_JSON, status = 200): Response {
  if (status === 200 && matches(ifNoneMatch, etag)) return new Response(null, { status: 304, headers: { ...common, etag } })
  return new Response(json, { status, headers: { ...common, etag, 'content-type': type } })
}
/** The same for what is made on demand. */
export function answerJson(document: object, ifNoneMatch: string | undefined, type = ACTIVITY_JSON): Response {
  const json = JSON.stringify(document)
  return answer(json, etagOf(json), ifNoneMatch, type)
}

const notAcceptable = () => new Response('This is an ActivityPub document; ask for application/activity+json.\n', {
  status: 406, headers: { 'content-type': 'text/plain; charset=utf-8', vary: 'Accept' },
})

export interface ServeHouse {
  store: Store
  uris: Uris
  actors: LocalActors
  prover: Prover
  humanPage?: (id: string) => string | undefined | Promise<string | undefined>
}
export interface Asked {
  accept: string | undefined
  ifNoneMatch: string | undefined
  /** The actor whose valid signature the request bears. Looked at only where the answer depends on it. */
  reader?: () => Promise<string | undefined>
}

export function server(house: ServeHouse) {
  const { store, uris } = house
  const t = storeTables(store.kit).documents
  const read = prepared('served_document', (db) =>
    db.select({ json: t.json, etag: t.etag, changed: t.changed, gone: t.gone }).from(t).where(eq(t.id, sql.placeholder('id'))))
  const activities = uris.activity('')

  async function stored(id: string): Promise<{ json: string; etag: string; changed: Date; gone: boolean } | undefined> {
    return (await read(store.read, { id }))[0]
  }

  /** Keys are made when an actor is first asked for. */
  async function armed(id: string, json: string): Promise<boolean> {
    if (json.includes('"publicKey":{') || !json.includes('"inbox":')) return false
    const handle = uris.handleOf(id)
    return handle !== undefined && house.actors.arm(handle)
  }

  const isPublic = ({ to, cc }: Json): boolean => [...listOf(to), ...listOf(cc)].some((r) => r === PUBLIC || r === 'as:Public')
  /** Servers that it is addressed to, or whose actor it answers. */
  function readersOf({ to, cc, object }: Json): Set<string | undefined> {
    const answered = isObject(object) ? [idOf(object.actor), object.type === 'Follow' ? undefined : idOf(object)] : [idOf(object)]
    const readers = new Set([...listOf(to).map(idOf), ...listOf(cc).map(idOf), ...answered].map(originOf))
    for (const nobody of [undefined, uris.origin]) readers.delete(nobody)
    return readers
  }
  /** Follows, Accepts and direct messages are nobody's business but their reader's: who signs for it gets it, and nobody keeps a copy. */
  async function forItsReader(activity: Json, json: string, asked: Asked): Promise<Response | undefined> {
    const readers = readersOf(activity)
    if (!readers.size || wanted(asked.accept) !== 'document') return undefined
    const reader = await asked.reader?.()
    if (reader === undefined || !readers.has(originOf(reader))) return undefined
    return new Response(json, { headers: { 'content-type': ACTIVITY_JSON, 'cache-control': 'private, no-store', vary: 'Accept, Signature, Signature-Input' } })
  }

  return {
    stored,
    /** The answer for an id, or undefined where nothing is stored there. */
    async document(id: string, asked: Asked): Promise<Response | undefined> {
      let row = await stored(id)
      if (!row) return undefined
      const want = wanted(asked.accept)
      if (row.gone) return answer(row.json, row.etag, undefined, ACTIVITY_JSON, 410)
      if (id.startsWith(activities)) {
        const activity = JSON.parse(row.json) as Json
        if (!isPublic(activity)) return forItsReader(activity, row.json, asked)
      }
      if (want !== 'document') {
        const page = want === 'page' ? await house.humanPage?.(id) : undefined
        if (page) return new Response(null, { status: 303, headers: { location: page, vary: 'Accept' } })
        return notAcceptable()
      }
      if (await armed(id, row.json)) row = await stored(id) ?? row
      const { json, etag } = house.prover.concerns(id, row.json) ? await house.prover.proved({ id, ...row }) : row
      return answer(json, etag, asked.ifNoneMatch)
    },
  }
}
export type Server = ReturnType<typeof server>
