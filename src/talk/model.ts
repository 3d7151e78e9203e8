import { z } from 'zod'
import type { Moves } from '../kernel/states.ts'

export const TITLE_MAX = 200
/** Plain text in, no HTML: line breaks and paragraphs are kept, addresses become links (DESIGN.md 2). Length in UTF-16 units. */
export const POST_MAX = 5000

export const postInput = z.object({
  text: z.string()
    .transform((s) => s.replace(/\r\n?/g, '\n').trim())
    .pipe(z.string().min(1, 'write something first').max(POST_MAX, `at most ${POST_MAX} characters`).refine((s) => !s.includes('\0'), 'holds a NUL character')),
  /** Makes it an article. */
  title: z.string().transform((s) => s.replace(/\s+/g, ' ').trim())
    .pipe(z.string().max(TITLE_MAX, `at most ${TITLE_MAX} characters`).refine((s) => !s.includes('\0'), 'holds a NUL character')).optional(),
  /** BCP 47 tag of the text; the instance's language when absent. */
  language: z.string().regex(/^[a-zA-Z]{2,3}(-[a-zA-Z0-9]{2,8})*$/, 'not a language tag').optional(),
})
export type PostInput = z.infer<typeof postInput>

/** Who speaks: an actor of this instance. The rooms that have actors answer for theirs; app.ts asks one after the other. */
export interface Speaker {
  kind: 'organisation' | 'person' | 'directory'
  /** Of an organisation: its id here. */
  id: string | null
  /** Of a person: the account that it is. */
  userId?: string
  handle: string
  name: string
  /** May it post at all? Otherwise `why` says what stands against it. */
  open: boolean
  why?: string
}

/** `held`: waits for a moderator; `hidden`: one has taken it from view here; `removed`: its author has, for good. */
export type PostState = 'public' | 'held' | 'hidden' | 'removed'
export const postMoves: Moves<PostState> = { public: ['hidden', 'removed'], held: ['public', 'hidden', 'removed'], hidden: ['public', 'removed'], removed: [] }

/** An actor likes a post (Like, EmojiReact) or boosts it (Announce). */
export type ReactionKind = 'like' | 'boost'
/** Actors that like and boost a post of ours; what came from elsewhere is counted there. */
export interface Counts { likes: number; boosts: number }

/** Who answers here from elsewhere: shown at once, the first time only after a look, or nobody's answers are kept. */
export const replyPolicies = ['open', 'held', 'closed'] as const
export type ReplyPolicy = (typeof replyPolicies)[number]
/** Answers of one author in an hour; what is above waits for a moderator. */
export const COMMENTS_AN_HOUR = 20
/** Posts that an organisation shows first. Mastodon shows five. */
export const PINS_MAX = 5

/** A post as pages show it: by an actor of this instance, of one that it follows, or an answer to either. */
export interface Post extends Counts {
  id: string
  /** ActivityPub id. */
  uri: string
  kind: 'note' | 'article'
  /** Of an article. */
  title: string | null
  /** Actor URI of the author. */
  author: string
  /** Handle of the local actor who says it; null for what came from elsewhere. */
  speaker: string | null
  authorName: string
  /** `@name@host` */
  authorHandle: string
  /** The human page of a remote author; ours are found by handle. */
  authorUrl: string | null
  /** Our organisation's id, where the speaker is one. */
  organisation: string | null
  /** What was typed; null for what came from elsewhere. */
  text: string | null
  /** Cleaned HTML, safe to show. */
  html: string
  /** A content note that a reader opens first. */
  note: string | null
  language: string | null
  /** The human page of a remote post. */
  url: string | null
  published: Date
  updated: Date | null
  /** ActivityPub id of what it answers, kept here or not. */
  inReplyTo: string | null
  /** Id here of the first post of its thread; its own where it begins one. */
  thread: string | null
  /** The conversation's `context` (FEP-7888), as its own server names it. */
  context: string | null
  visibility: 'public' | 'unlisted'
  /** Since when its organisation shows it first. */
  pinned: Date | null
  state: PostState
  /** Answers that are shown: of the whole thread for the post that begins it, direct ones for any other. */
  replies: number
}

/** Does an account speak for itself here? What is neither an organisation's nor the directory's. */
export const isPersonal = (post: Pick<Post, 'speaker' | 'organisation'>): boolean =>
  post.speaker !== null && post.organisation === null && post.speaker !== 'directory'
/** What the audit log calls a post of ours. Which handle an account has chosen for itself is not for the log, and its posts tell. */
export const subjectOf = (post: Pick<Post, 'uri' | 'speaker' | 'organisation'>): string => (isPersonal(post) ? 'person' : post.uri)
