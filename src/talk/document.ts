import type { Json } from '../fedi/fedi.ts'
import { PUBLIC } from '../fedi/terms.ts'
import type { Counts, Post } from './model.ts'

/** Under a note's id: how many like it and boost it. The number is public, the list is not. */
export const reactionCollections = { likes: 'likes', shares: 'boosts' } as const satisfies Record<string, keyof Counts>
export type ReactionCollection = keyof typeof reactionCollections

/** One of those collections, without its members. */
export const countOf = (uri: string, name: ReactionCollection, counts: Counts) =>
  ({ id: `${uri}/${name}`, type: 'Collection', totalItems: counts[reactionCollections[name]] })
/** Both, as they stand in the note when it is asked for; what is stored and sent has their ids alone, for a count does not stay true. */
export const countsOf = (uri: string, counts: Counts) => ({ likes: countOf(uri, 'likes', counts), shares: countOf(uri, 'shares', counts) })

/** The collection of answers to a post of ours, and of all posts of a thread that begins with one (FEP-7888). */
export const repliesOf = (uri: string): string => `${uri}/replies`
export const contextOf = (uri: string): string => `${uri}/context`

/** What stands in a post's document and in no column: whom it names, and where it is found. */
export interface Around {
  followers: string
  page: string
  /** Hashtags, Mentions, Links. */
  tag?: readonly Json[]
  /** Further actors that it is sent to. */
  cc?: readonly string[]
}

/** Whom a post is for. Unlisted is what Mastodon understands by it: the public stands in `cc`. */
export function addressed(visibility: Post['visibility'], at: Pick<Around, 'followers' | 'cc'>): { to: string[]; cc: string[] } {
  const [to, cc] = visibility === 'public' ? [PUBLIC, at.followers] : [at.followers, PUBLIC]
  return { to: [to], cc: [cc, ...(at.cc ?? [])] }
}

type Worded = Pick<Post, 'uri' | 'kind' | 'title' | 'author' | 'html' | 'note' | 'language' | 'published' | 'updated' | 'inReplyTo' | 'context' | 'visibility'>

/**
 * A post as an ActivityStreams Note or Article (WIRE.md section 4). `summary` is a content note and nothing else, for Mastodon
 * hides what has one; `updated` is sent only once there has been an edit.
 */
export function noteOf(post: Worded, at: Around): Json & { id: string } {
  return {
    id: post.uri,
    type: post.kind === 'article' ? 'Article' : 'Note',
    attributedTo: post.author,
    ...(post.title === null ? {} : { name: post.title }),
    ...(post.note === null ? {} : { summary: post.note }),
    content: post.html,
    ...(post.language ? { contentMap: { [post.language]: post.html } } : {}),
    published: post.published.toISOString(),
    ...(post.updated ? { updated: post.updated.toISOString() } : {}),
    ...(post.inReplyTo === null ? {} : { inReplyTo: post.inReplyTo }),
    ...(post.context === null ? {} : { context: post.context }),
    ...addressed(post.visibility, at),
    ...(at.tag?.length ? { tag: at.tag } : {}),
    url: at.page,
    replies: repliesOf(post.uri),
    likes: `${post.uri}/likes`,
    shares: `${post.uri}/shares`,
  }
}

/** A page's worth of ids, and where the next one begins. */
export interface Slice { uris: readonly string[]; next?: string }

/**
 * A collection of posts by their ids, oldest first, with its first page in it: GoToSocial reads nothing without one (WIRE.md 9).
 * `next` is what the next page's address says after `after=`.
 */
export function listOfIds(id: string, totalItems: number, first: Slice, more: Json = {}): Json {
  return { id, type: 'Collection', ...more, totalItems, first: pageOfIds(id, `${id}?page=true`, first) }
}
export function pageOfIds(partOf: string, id: string, slice: Slice): Json {
  return { id, type: 'CollectionPage', partOf, ...(slice.next === undefined ? {} : { next: `${partOf}?after=${slice.next}` }), items: slice.uris }
}
