/** The directory's four collections as other directories read them. Mounted in front of fedi's own addresses. */
import { Hono, type Context } from 'hono'
import { z } from 'zod'
import type { Json } from '../fedi/fedi.ts'
import { answerJson, wanted } from '../fedi/http/serve.ts'
import { inContext } from '../fedi/terms.ts'
import type { Uris } from '../fedi/uris.ts'
import { momentOf } from '../kernel/time.ts'
import { COLLECTIONS, type DirectoryCollection, type Item, type Items } from './items.ts'

export const PAGE = 100

/** What stands in a collection, as ActivityStreams calls it: readers that know types read the items too. */
const TYPES: Readonly<Record<DirectoryCollection, string>> = { members: 'Organization', calls: 'Event', campaigns: 'Question', proposals: 'Proposal' }

/** An item as a page and an activity have it: enough to know whether it is known, and no more. */
export const itemOf = (collection: DirectoryCollection, item: Item): Json =>
  ({ id: item.id, type: TYPES[collection], 'toad:changed': item.changed.toISOString(), 'toad:revision': item.revision })

export const collectionId = (uris: Uris, name: DirectoryCollection): string => `${uris.actor('directory')}/${name}`

/** What the directory's own document says of them. */
export const collectionIds = (uris: Uris): Json => ({
  'toad:members': collectionId(uris, 'members'), 'toad:calls': collectionId(uris, 'calls'),
  'toad:campaigns': collectionId(uris, 'campaigns'), 'toad:proposals': collectionId(uris, 'proposals'),
})

type Place = Pick<Item, 'id' | 'changed'>
const place = z.tuple([z.int(), z.string().max(2048).refine((id) => !id.includes('\0'))])
const writePlace = ({ id, changed }: Place): string => Buffer.from(JSON.stringify([changed.getTime(), id])).toString('base64url')
/** undefined for what we never gave out. */
function readPlace(text: string): Place | undefined {
  try {
    const [changed, id] = place.parse(JSON.parse(Buffer.from(text, 'base64url').toString('utf8')))
    const at = momentOf(changed)
    return at && { id, changed: at }
  } catch { return undefined }
}

export function collectionRoutes(house: { items: Pick<Items, 'page' | 'count'>; uris: Uris }): Hono {
  const { items, uris } = house

  async function document(name: DirectoryCollection, query: URLSearchParams): Promise<Json | undefined> {
    const id = collectionId(uris, name)
    const given = query.get('before')
    if (query.get('page') === null && given === null) {
      return { id, type: 'OrderedCollection', attributedTo: uris.actor('directory'), totalItems: await items.count(name), first: `${id}?page=true` }
    }
    const before = given === null ? undefined : readPlace(given)
    if (given !== null && !before) return undefined
    const rows = await items.page(name, PAGE + 1, before)
    const shown = rows.slice(0, PAGE), last = shown.at(-1)
    return {
      id: before ? `${id}?before=${writePlace(before)}` : `${id}?page=true`, type: 'OrderedCollectionPage', partOf: id,
      ...(rows.length > PAGE && last ? { next: `${id}?before=${writePlace(last)}` } : {}),
      orderedItems: shown.map((item) => itemOf(name, item)),
    }
  }

  const answer = (name: DirectoryCollection) => async (c: Context): Promise<Response> => {
    const want = wanted(c.req.header('accept'))
    if (want === 'page') return new Response(null, { status: 303, headers: { location: `${uris.origin}/`, vary: 'Accept' } })
    if (want === 'other') return c.text('This is an ActivityPub document; ask for application/activity+json.\n', 406, { vary: 'Accept' })
    const found = await document(name, new URL(c.req.url).searchParams)
    // The first page instead would have a reader go round in circles.
    if (!found) return c.text('no such page of this collection\n', 400)
    return answerJson(inContext(found), c.req.header('if-none-match'))
  }
  const app = new Hono()
  for (const name of COLLECTIONS) app.get(`/ap/actors/directory/${name}`, answer(name))
  return app
}
