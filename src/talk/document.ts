import { plainToHtml } from '../kernel/text.ts'
import type { Counts, Post } from './model.ts'

export const PUBLIC = 'https://www.w3.org/ns/activitystreams#Public'

/** Under a note's id: how many like it and boost it. The number is public, the list is not. */
export const reactionCollections = { likes: 'likes', shares: 'boosts' } as const satisfies Record<string, keyof Counts>
export type ReactionCollection = keyof typeof reactionCollections

/** One of those collections, without its members. */
export const countOf = (uri: string, name: ReactionCollection, counts: Counts) =>
  ({ id: `${uri}/${name}`, type: 'Collection', totalItems: counts[reactionCollections[name]] })
/** Both, as they stand in the note when it is asked for; what is stored and sent has their ids alone, for a count does not stay true. */
export const countsOf = (uri: string, counts: Counts) => ({ likes: countOf(uri, 'likes', counts), shares: countOf(uri, 'shares', counts) })

/** A post as an ActivityStreams Note (WIRE.md section 4). `updated` is sent only once there has been an edit. */
export function noteOf(post: Pick<Post, 'uri' | 'author' | 'text' | 'language' | 'published' | 'updated'>, at: { followers: string; page: string }): Record<string, unknown> & { id: string } {
  const content = plainToHtml(post.text ?? '')
  return {
    id: post.uri,
    type: 'Note',
    attributedTo: post.author,
    content,
    ...(post.language ? { contentMap: { [post.language]: content } } : {}),
    published: post.published.toISOString(),
    ...(post.updated ? { updated: post.updated.toISOString() } : {}),
    to: [PUBLIC],
    cc: [at.followers],
    url: at.page,
    likes: `${post.uri}/likes`,
    shares: `${post.uri}/shares`,
  }
}
