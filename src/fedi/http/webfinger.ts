/** WebFinger (RFC 7033) for open actors, FEP-d556 for the server's own. Stored bytes in, small JSON out. */
import { eq, sql } from 'drizzle-orm'
import { LRUCache } from 'lru-cache'
import { prepared } from '../../store/prepared.ts'
import type { Store } from '../../store/store.ts'
import { storeTables } from '../../store/tables.ts'
import type { Json, LinkTemplate } from '../fedi.ts'
import { SUBSCRIBE } from '../intents.ts'
import { isObject, listOf } from '../json.ts'
import { fediTables } from '../tables.ts'
import type { Uris } from '../uris.ts'
import { etagOf } from '../../store/documents.ts'
import { answer } from './serve.ts'

const JRD = 'application/jrd+json; charset=utf-8'
const ACTIVITY = 'application/activity+json'

export interface FingerHouse { store: Store; uris: Uris; handleHost: string; /** Where our people act (intents.ts). */ intents: readonly LinkTemplate[] }

/** The handle that a resource means, 'server' for the origin itself, undefined for nobody's, null for what is no resource. */
export function handleOf(resource: string, uris: Uris, handleHost: string): string | 'server' | undefined | null {
  const acct = /^acct:@?([^@\s/?#]+)@([^@\s/?#]+)$/i.exec(resource)
  if (acct) {
    const host = acct[2]!.toLowerCase()
    return host === handleHost || host === uris.host ? acct[1]!.toLowerCase() : undefined
  }
  if (!/^https?:\/\/[^\s]+$/i.test(resource) || !URL.canParse(resource)) return null
  if (resource === uris.origin || resource === `${uris.origin}/`) return 'server'
  const page = resource.startsWith(`${uris.origin}/@`) ? /^([^/?#]+)\/?$/.exec(resource.slice(uris.origin.length + 2)) : null
  return page ? page[1]!.toLowerCase() : uris.handleOf(resource)
}

const pageOf = (document: Json): string | undefined =>
  listOf(document.url).map((u) => (isObject(u) ? u.href : u)).find((u): u is string => typeof u === 'string')

export function webfinger(house: FingerHouse) {
  const { store, uris, handleHost } = house
  const a = fediTables(store.kit).localActors
  const d = storeTables(store.kit).documents
  const read = prepared('webfinger', (db) => db.select({ id: a.id, open: a.open, gone: a.gone, etag: d.etag }).from(a)
    .innerJoin(d, eq(d.id, a.id)).where(eq(a.handle, sql.placeholder('handle'))))
  /** Answers by the actor's validator: as long as the document is the same, so are they. */
  const made = new LRUCache<string, { json: string; etag: string }>({ max: 5000 })

  function compose(handle: string, id: string, document: Json): string {
    const page = pageOf(document)
    return JSON.stringify({
      subject: `acct:${handle}@${handleHost}`,
      aliases: [id, `${uris.origin}/@${handle}`],
      links: [
        { rel: 'self', type: ACTIVITY, href: id },
        ...(page ? [{ rel: 'http://webfinger.net/rel/profile-page', type: 'text/html', href: page }] : []),
        // Nobody acts as the server's own actor.
        ...(handle === uris.instanceHandle ? [] : house.intents),
      ],
    })
  }

  return async function finger(resource: string | undefined, ifNoneMatch: string | undefined): Promise<Response> {
    const headers = { 'content-type': 'text/plain; charset=utf-8', 'access-control-allow-origin': '*' }
    const plain = (status: number, text: string) => new Response(`${text}\n`, { status, headers })
    const handle = resource ? handleOf(resource, uris, handleHost) : null
    if (handle === null) return plain(400, 'resource must be acct:name@host or a URL')
    if (handle === undefined) return plain(404, 'nobody here')
    if (handle === 'server') {
      const link = { rel: 'https://www.w3.org/ns/activitystreams#Service', type: ACTIVITY, href: uris.instanceActor }
      // Mastodon asks a host for this link when somebody gives it a host alone.
      const json = JSON.stringify({ subject: `${uris.origin}/`, links: [link, ...house.intents.filter((l) => l.rel === SUBSCRIBE)] })
      return answer(json, etagOf(json), ifNoneMatch, JRD)
    }
    const [row] = await read(store.read, { handle })
    if (!row?.open || row.gone) return plain(row?.gone && row.open ? 410 : 404, 'nobody here')
    const key = handle + row.etag
    let jrd = made.get(key)
    if (!jrd) {
      const [document] = await store.read.select({ json: d.json }).from(d).where(eq(d.id, row.id))
      const json = compose(handle, row.id, JSON.parse(document?.json ?? '{}') as Json)
      made.set(key, (jrd = { json, etag: etagOf(json) }))
    }
    return answer(jrd.json, jrd.etag, ifNoneMatch, JRD)
  }
}
