/**
 * What stands in a note besides its words: how many like and boost it, who answers it, and its thread. It is found when it is asked
 * for, so that the stored document, its revision and `updated` stay as they are whoever likes or answers it. Mounted in front of fedi's
 * own addresses, which answer whatever falls through here.
 */
import { Hono } from 'hono'
import type { Context, Next } from 'hono'
import type { Json } from '../fedi/fedi.ts'
import { answerJson, wanted } from '../fedi/http/serve.ts'
import { inContext } from '../fedi/terms.ts'
import { momentOf } from '../kernel/time.ts'
import { contextOf, countOf, countsOf, listOfIds, pageOfIds, reactionCollections, repliesOf, type ReactionCollection, type Slice } from './document.ts'
import type { Post } from './model.ts'
import type { Talk } from './service.ts'

const PAGE = 20
const asksForDocument = (c: Context): boolean => wanted(c.req.header('accept')) === 'document'
type Within = { inReplyTo: string } | { thread: string }

export function countedNotes(talk: Talk): Hono {
  const app = new Hono()
  const ours = async (id: string): Promise<Post | undefined> => {
    const post = await talk.read.byId(id)
    return post?.speaker != null ? post : undefined
  }

  async function slice(of: Within, after?: string): Promise<Slice> {
    const m = after === undefined ? null : /^(\d{1,15})_([0-9a-f-]{36})$/.exec(after)
    const published = m ? momentOf(Number(m[1])) : undefined
    const rows = await talk.read.uris(of, PAGE + 1, m && published ? { published, id: m[2]! } : undefined)
    const shown = rows.slice(0, PAGE), last = shown.at(-1)
    return { uris: shown.map((r) => r.uri), ...(rows.length > PAGE && last ? { next: `${last.published.getTime()}_${last.id}` } : {}) }
  }
  async function list(id: string, of: Within, query: URLSearchParams, more?: Json): Promise<Json> {
    const after = query.get('after')
    if (after !== null) return pageOfIds(id, `${id}?after=${encodeURIComponent(after)}`, await slice(of, after))
    if (query.get('page') !== null) return pageOfIds(id, `${id}?page=true`, await slice(of))
    const [total, first] = await Promise.all([talk.read.countOf(of), slice(of)])
    return listOfIds(id, total, first, more)
  }
  const none = new URLSearchParams()
  const replies = (post: Post, query = none): Promise<Json> => list(repliesOf(post.uri), { inReplyTo: post.uri }, query)

  app.get('/ap/notes/:id', async (c, next) => {
    if (!asksForDocument(c)) return next()
    const post = await ours(c.req.param('id'))
    const document = post?.state === 'public' ? await talk.document(post.uri) : undefined
    if (!post || !document) return next()
    return answerJson({ ...document, replies: await replies(post), ...countsOf(post.uri, post) }, c.req.header('if-none-match'))
  })

  /** A collection of a post that is there, for programs; people are sent to the post's page. */
  const under = (name: string, make: (post: Post, query: URLSearchParams) => Promise<Json> | Json | undefined) => app.get(`/ap/notes/:id/${name}`, async (c: Context, next: Next) => {
    const post = await ours(c.req.param('id') ?? '')
    if (!post) return next()
    if (post.state !== 'public') return new Response(null, { status: 410 })
    if (!asksForDocument(c)) return c.redirect(`/posts/${post.id}`, 303)
    const found = await make(post, new URL(c.req.url).searchParams)
    return found ? answerJson(inContext(found), c.req.header('if-none-match')) : next()
  })
  for (const name of Object.keys(reactionCollections) as ReactionCollection[]) under(name, (post) => countOf(post.uri, name, post))
  under('replies', replies)
  // A thread that begins here has its collection here; whoever answers copies its id as their `context` (FEP-7888, FEP-f228).
  under('context', (post, query) => (post.thread === post.id && post.inReplyTo === null
    ? list(contextOf(post.uri), { thread: post.id }, query, { attributedTo: post.author }) : undefined))
  return app
}
