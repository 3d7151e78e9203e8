/**
 * What stands in a note besides its words: how many like and boost it. It is counted when it is asked for, so that the stored
 * document, its revision and `updated` stay as they are whoever likes it. Mounted in front of fedi's own addresses, which answer
 * whatever falls through here.
 */
import { Hono } from 'hono'
import type { Context, Next } from 'hono'
import { answerJson, wanted } from '../fedi/http/serve.ts'
import { inContext } from '../fedi/terms.ts'
import { countOf, countsOf, reactionCollections, type ReactionCollection } from './document.ts'
import type { Post } from './model.ts'
import type { Talk } from './service.ts'

const asksForDocument = (c: Context): boolean => wanted(c.req.header('accept')) === 'document'

export function countedNotes(talk: Talk): Hono {
  const app = new Hono()
  const ours = async (id: string): Promise<Post | undefined> => {
    const post = await talk.read.byId(id)
    return post?.speaker != null ? post : undefined
  }

  app.get('/ap/notes/:id', async (c, next) => {
    if (!asksForDocument(c)) return next()
    const post = await ours(c.req.param('id'))
    const document = post?.state === 'public' ? await talk.document(post.uri) : undefined
    if (!post || !document) return next()
    return answerJson({ ...document, ...countsOf(post.uri, post) }, c.req.header('if-none-match'))
  })

  const collection = (name: ReactionCollection) => async (c: Context, next: Next) => {
    const post = await ours(c.req.param('id') ?? '')
    if (!post) return next()
    if (post.state !== 'public') return new Response(null, { status: 410 })
    if (!asksForDocument(c)) return c.redirect(`/posts/${post.id}`, 303)
    return answerJson(inContext(countOf(post.uri, name, post)), c.req.header('if-none-match'))
  }
  for (const name of Object.keys(reactionCollections) as ReactionCollection[]) app.get(`/ap/notes/:id/${name}`, collection(name))
  return app
}
