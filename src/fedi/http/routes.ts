/** Every address that federation answers. What it does not know falls through to the rooms' pages. */
import { Hono, type Context } from 'hono'
import type { LocalActors } from '../actors.ts'
import type { RoutesOptions } from '../fedi.ts'
import type { FollowBook } from '../follows.ts'
import type { Receive } from '../inbox/receive.ts'
import type { Readers } from '../inbox/readers.ts'
import type { Prover } from '../proof/prover.ts'
import type { Publisher } from '../publish.ts'
import type { FollowerDigests } from '../sync/out.ts'
import type { Store } from '../../store/store.ts'
import type { Uris } from '../uris.ts'
import { collections, type CollectionName } from './collections.ts'
import { refusal } from './guard.ts'
import { vocabularyAnswer } from './ns.ts'
import { discovery, nodeInfo, VERSIONS } from './nodeinfo.ts'
import { ACTIVITY_JSON, answerJson, server, type Asked } from './serve.ts'
import { addressFrom } from './source.ts'
import { webfinger } from './webfinger.ts'

export interface RoutesHouse {
  store: Store
  uris: Uris
  handleHost: string
  software: { name: string; version: string }
  actors: LocalActors
  follows: FollowBook
  publisher: Publisher
  receive: Receive
  digests: FollowerDigests
  readers: Readers
  prover: Prover
}

const NODEINFO_TYPE = (version: string) => `application/json; profile="http://nodeinfo.diaspora.software/ns/schema/${version}#"`
const gone = () => new Response(null, { status: 410 })

const hostMeta = (origin: string) => `<?xml version="1.0" encoding="UTF-8"?>
<XRD xmlns="http://docs.oasis-open.org/ns/xri/xrd-1.0">
  <Link rel="lrdd" type="application/jrd+json" template="${origin}/.well-known/webfinger?resource={uri}"/>
</XRD>
`

export function routes(house: RoutesHouse, o: RoutesOptions = {}): Hono {
  const { uris, receive } = house
  const served = server({ ...house, ...(o.humanPage ? { humanPage: o.humanPage } : {}) })
  const lists = collections({ ...house, ...(o.featured ? { featured: o.featured } : {}) })
  const finger = webfinger({ ...house, intents: o.intents ?? [] })
  const app = new Hono()
  const source = addressFrom(o)
  const asked = (c: Context): Asked => ({
    accept: c.req.header('accept'), ifNoneMatch: c.req.header('if-none-match'),
    reader: () => house.readers.of(c.req.raw, source(c)).catch(() => undefined),
  })

  const inbox = (handle: (c: Context) => string | undefined) => (c: Context) => receive(c.req.raw, handle(c), source(c))
  app.all('/ap/inbox', inbox(() => undefined))
  app.all('/ap/actor/inbox', inbox(() => uris.instanceHandle))
  app.all('/ap/actors/:handle/inbox', inbox((c) => c.req.param('handle')))

  const list = (handle: string, name: CollectionName) => async (c: Context): Promise<Response> => {
    const found = await lists.of(handle, name, new URL(c.req.url).searchParams)
    if (found === undefined) return c.notFound()
    return found === 'gone' ? gone() : answerJson(found, c.req.header('if-none-match'))
  }
  for (const name of ['outbox', 'followers', 'following', 'featured'] as const) {
    app.get(`/ap/actor/${name}`, list(uris.instanceHandle, name))
    app.get(`/ap/actors/:handle/${name}`, (c) => list(c.req.param('handle'), name)(c))
  }

  /** Who follows from a server is told to that server and to nobody else; no cache may hand it on. */
  const followersOf = (handle: string) => async (c: Context): Promise<Response> => {
    let reader: string
    try { reader = await house.readers.of(c.req.raw, source(c)) } catch (e) { return refusal(e) }
    const found = await lists.followersOf(handle, new URL(reader).origin)
    if (found === undefined) return c.notFound()
    return found === 'gone' ? gone() : new Response(JSON.stringify(found), { headers: { 'content-type': ACTIVITY_JSON, 'cache-control': 'private, no-store' } })
  }
  app.get('/ap/actor/followers/synchronization', followersOf(uris.instanceHandle))
  app.get('/ap/actors/:handle/followers/synchronization', (c) => followersOf(c.req.param('handle'))(c))

  app.get('/ap/*', async (c, next) => {
    const found = await served.document(uris.origin + c.req.path, asked(c))
    if (found) return found
    await next()
  })

  app.get('/ns', async (c, next) => vocabularyAnswer(c.req.header('accept'), c.req.header('if-none-match')) ?? next())

  app.get('/.well-known/webfinger', (c) => finger(c.req.query('resource'), c.req.header('if-none-match')))
  app.get('/.well-known/host-meta', () => new Response(hostMeta(uris.origin), {
    headers: { 'content-type': 'application/xrd+xml; charset=utf-8', 'access-control-allow-origin': '*' },
  }))
  app.get('/.well-known/nodeinfo', (c) => answerJson(discovery(uris.origin), c.req.header('if-none-match'), 'application/json'))
  for (const version of VERSIONS) {
    app.get(`/nodeinfo/${version}`, async (c) => {
      const usage = await o.usage?.() ?? { users: 0, posts: 0 }
      const about = await o.about?.() ?? {}
      return answerJson(nodeInfo(version, { software: house.software, usage, about }), c.req.header('if-none-match'), NODEINFO_TYPE(version))
    })
  }
  return app
}
