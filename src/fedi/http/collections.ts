/** An actor's collections: outbox by pages, followers and following, featured. */
import { inArray } from 'drizzle-orm'
import type { Store } from '../../store/store.ts'
import { storeTables } from '../../store/tables.ts'
import type { LocalActors } from '../actors.ts'
import type { Json } from '../fedi.ts'
import type { FollowBook } from '../follows.ts'
import type { Publisher } from '../publish.ts'
import type { FollowerDigests } from '../sync/out.ts'
import { inContext, withoutContext } from '../terms.ts'
import type { Uris } from '../uris.ts'

const PAGE = 20

export interface CollectionsHouse { store: Store; uris: Uris; actors: LocalActors; follows: FollowBook; publisher: Publisher; digests: FollowerDigests; featured?: (handle: string) => Promise<readonly Json[]> }
export type CollectionName = 'outbox' | 'followers' | 'following' | 'featured'

export function collections(house: CollectionsHouse) {
  const { store, uris, follows, publisher } = house
  const t = storeTables(store.kit).documents

  /** The activities themselves, so that a reader needs one request; what has been deleted since is left out. */
  async function activities(ids: readonly string[]): Promise<Json[]> {
    if (!ids.length) return []
    const rows = await store.read.select({ id: t.id, json: t.json, gone: t.gone }).from(t).where(inArray(t.id, [...ids]))
    const byId = new Map(rows.filter((r) => !r.gone).map((r) => [r.id, r.json]))
    return ids.flatMap((id) => { const json = byId.get(id); return json ? [withoutContext(JSON.parse(json) as Json)] : [] })
  }

  async function outbox(handle: string, query: URLSearchParams): Promise<Json> {
    const id = uris.outbox(handle)
    const before = query.get('before')
    if (query.get('page') === null && before === null) {
      const totalItems = await publisher.count(handle)
      return { id, type: 'OrderedCollection', totalItems, first: `${id}?page=true` }
    }
    const from = before !== null && /^\d{1,15}$/.test(before) ? Number(before) : undefined
    const rows = await publisher.page(handle, from, PAGE)
    const last = rows.at(-1)
    return {
      id: from === undefined ? `${id}?page=true` : `${id}?before=${from}`, type: 'OrderedCollectionPage', partOf: id,
      ...(rows.length === PAGE && last ? { next: `${id}?before=${last.serial}` } : {}),
      orderedItems: await activities(rows.map((r) => r.activity)),
    }
  }

  /** Who follows is personal: the number is public, the list is not (WIRE.md 1.5). */
  async function followers(handle: string, query: URLSearchParams): Promise<Json> {
    const id = uris.followers(handle)
    const totalItems = await follows.followersCount(handle)
    if (query.get('page') !== null) return { id: `${id}?page=true`, type: 'OrderedCollectionPage', partOf: id, totalItems, orderedItems: [] }
    return { id, type: 'OrderedCollection', totalItems, first: `${id}?page=true` }
  }

  async function following(handle: string, query: URLSearchParams): Promise<Json> {
    const id = uris.following(handle)
    const all = (await follows.following(handle)).filter((f) => f.state === 'accepted')
    if (query.get('page') !== null) {
      return { id: `${id}?page=true`, type: 'OrderedCollectionPage', partOf: id, totalItems: all.length, orderedItems: all.map((f) => f.actor) }
    }
    return { id, type: 'OrderedCollection', totalItems: all.length, first: `${id}?page=true` }
  }

  async function featured(handle: string): Promise<Json> {
    const orderedItems = (await house.featured?.(handle) ?? []).map((d) => withoutContext(d))
    return { id: uris.featured(handle), type: 'OrderedCollection', totalItems: orderedItems.length, orderedItems }
  }

  const by = { outbox, followers, following, featured }
  return {
    /** The collection's document; 'gone' or undefined where there is no open actor. */
    async of(handle: string, name: CollectionName, query: URLSearchParams): Promise<Json | 'gone' | undefined> {
      const actor = await house.actors.find(handle)
      if (!actor?.open) return undefined
      return actor.gone ? 'gone' : inContext(await by[name](handle, query))
    },
    /** The followers that are of the server of this origin (FEP-8fcf), for that server alone; undefined where there is no list. */
    async followersOf(handle: string, origin: string): Promise<Json | 'gone' | undefined> {
      const actor = await house.actors.find(handle)
      if (!actor?.open) return undefined
      if (actor.gone) return 'gone'
      const orderedItems = await house.digests.of(handle, origin)
      return orderedItems && inContext({ id: uris.followersOf(handle), type: 'OrderedCollection', totalItems: orderedItems.length, orderedItems })
    },
  }
}
export type Collections = ReturnType<typeof collections>
