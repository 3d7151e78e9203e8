import type { Who } from '../accounts/model.ts'
import type { Fedi, RemoteActor } from '../fedi/fedi.ts'
import { Problem, problemsOf } from '../kernel/errors.ts'
import type { Sealer } from '../kernel/seal.ts'
import type { Clock } from '../kernel/time.ts'
import type { Db, Store } from '../store/store.ts'
import { bylineOf, inbound } from './inbound.ts'
import { moderation, type ServerBlocks } from './moderation.ts'
import { postInput, type Post, type Speaker } from './model.ts'
import { ownReactions } from './own-reactions.ts'
import { pins } from './pins.ts'
import { reactions as makeReactions } from './reactions.ts'
import { sayings } from './say.ts'
import { allowSpeech, maySpeak, type Speech } from './speakers.ts'
import { postStore } from './store.ts'

export type { RemotePost } from './inbound.ts'
export type { Saying } from './say.ts'
export type { Speaker } from './model.ts'

export interface TalkHouse {
  store: Store
  clock: Clock
  fedi: Fedi
  /** For keyed hashes of who likes what. */
  sealer: Pick<Sealer, 'subkey'>
  /** The voices of an account: organisations that it edits, the person that it is. Default none. */
  speakersOf?(who: Who): Promise<readonly Speaker[]>
  /** Who speaks under a handle: an organisation, a person or the directory. */
  speaker(handle: string): Promise<Speaker | undefined>
  /** Default: no server is blocked. */
  blocks?: ServerBlocks
}

export function talk(house: TalkHouse) {
  const { store, clock, fedi } = house
  const posts = postStore(store)
  const reactions = makeReactions({ store, fedi, sealer: house.sealer, oursByUri: posts.oursByUri })
  const own = ownReactions({ store, clock, fedi, posts, reactions, speaker: house.speaker })
  const { say, reword, takeDown } = sayings({ store, clock, fedi, posts, reactions })
  const { receive, withdraw } = inbound({ store, clock, fedi, posts })

  async function speakerOf(who: Who | undefined, handle: string): Promise<Speaker> {
    const speaker = await house.speaker(handle)
    if (!speaker) throw new Problem('not-found', `there is no organisation ${handle}`, { status: 404, field: 'handle' })
    allowSpeech(who, speaker, 'post.publish')
    return speaker
  }

  /** Whose post it is, as far as rights go: a speaker that is no more is still its organisation's, or nobody's. */
  async function voiceOf(post: Pick<Post, 'speaker' | 'organisation'>): Promise<Pick<Speaker, 'kind' | 'id' | 'userId'>> {
    if (post.organisation !== null) return { kind: 'organisation', id: post.organisation }
    const voice = post.speaker === null ? undefined : await house.speaker(post.speaker)
    // What no organisation said does not become an organisation's, whoever answers to that handle now.
    return voice === undefined || voice.kind === 'organisation' ? { kind: 'person', id: null } : voice
  }

  /** Our own public post, or the Problem that says which of it is missing. */
  async function ours(who: Who | undefined, action: 'post.edit' | 'post.remove', id: string): Promise<Post> {
    const post = await posts.byId(id)
    if (!post || post.state === 'removed') throw new Problem('not-found', 'this post is not there', { status: 404 })
    if (post.speaker === null) throw new Problem('foreign', 'only its own server changes this post', { status: 403 })
    allowSpeech(who, await voiceOf(post), action)
    return post
  }

  return {
    say, reword, takeDown,
    react: own.react, unreact: own.unreact, own,

    /**
     * An organisation, a person or the directory posts: state, document, outbox and deliveries in one transaction.
     * An unclaimed listing cannot post: nobody at the co-op has agreed.
     */
    async publish(who: Who | undefined, handle: string, input: unknown): Promise<Post> {
      const parsed = postInput.safeParse(input)
      if (!parsed.success) throw problemsOf(parsed.error)
      const speaker = await speakerOf(who, handle)
      const { text, language, title } = parsed.data
      return store.write((tx) => say(tx, { speaker, text, ...(language ? { language } : {}), ...(title ? { title } : {}) }, who!.by))
    },

    /** Changes the words; followers get an Update. The same words again change nothing. */
    async edit(who: Who | undefined, id: string, input: unknown): Promise<Post> {
      const parsed = postInput.safeParse(input)
      if (!parsed.success) throw problemsOf(parsed.error)
      const old = await ours(who, 'post.edit', id)
      if (old.text === null) throw new Problem('not-typed', 'this post was not written by hand and is not edited by hand', { status: 409 })
      const { text, language, title } = parsed.data
      return store.write((tx) => reword(tx, id, { text, ...(language ? { language } : {}), ...(title ? { title } : {}) }, who!.by))
    },

    /** Takes a post down for good: its words go, its id answers 410, followers get a Delete. */
    async remove(who: Who | undefined, id: string, why?: string): Promise<void> {
      await ours(who, 'post.remove', id)
      await store.write((tx) => takeDown(tx, id, who!.by, why))
    },

    /**
     * Answers a post that is kept here, in the name of an organisation, a person or the directory: its author is mentioned and
     * written to. Problem `not-found`, `forbidden`, `not-open`, and of the input.
     */
    async reply(who: Who | undefined, handle: string, to: string, input: unknown): Promise<Post> {
      const parsed = postInput.omit({ title: true }).safeParse(input)
      if (!parsed.success) throw problemsOf(parsed.error)
      const speaker = await speakerOf(who, handle)
      const { text, language } = parsed.data
      return store.write(async (tx) => {
        const parent = await posts.rowById(to, tx)
        if (parent?.state !== 'public') throw new Problem('not-found', 'the post to be answered is not there', { status: 404 })
        return say(tx, { speaker, text, inReplyTo: parent.uri, visibility: parent.visibility, ...(language ? { language } : {}) }, who!.by)
      })
    },
    /** Voices in which this account may answer that post, its own first. */
    async voices(who: Who | undefined, post: Pick<Post, 'speaker' | 'thread'>): Promise<Speaker[]> {
      if (!who) return []
      const own = await house.speakersOf?.(who) ?? []
      const root = post.thread === null ? undefined : await posts.rowById(post.thread, store.read)
      // Who may speak for all (admins) answers in the voice of whom it is about.
      const others = await Promise.all([...new Set([post.speaker, root?.speaker])].flatMap((h) => (h ? [house.speaker(h)] : [])))
      const all = [...own, ...others.filter((s) => s !== undefined)].filter((s, n, list) => list.findIndex((x) => x.handle === s.handle) === n)
      return all.filter((s) => s.open && maySpeak(who, s, 'post.publish'))
    },

    receive, withdraw,
    /** The author of remote posts calls itself otherwise now: what is there already says so too, whatever came first. */
    renamed: (tx: Db, author: RemoteActor): Promise<void> => posts.rename(tx, author.id, bylineOf(author)),
    /** The same of an actor of ours. */
    renamedHere: (tx: Db, handle: string, name: string): Promise<void> => posts.rename(tx, fedi.uris.actor(handle), { authorName: name }, true),

    moderation: moderation({ store, clock, posts, ...(house.blocks ? { blocks: house.blocks } : {}) }),
    pins: pins({ store, clock, fedi, posts, mine: (who, id) => ours(who, 'post.edit', id) }),
    /** Likes and boosts of our posts. */
    reactions,

    /** The document of a post of ours as it is stored, as long as it is there. */
    async document(uri: string): Promise<Record<string, unknown> | undefined> {
      const stored = await fedi.documents.get(uri)
      return stored && !stored.gone ? JSON.parse(stored.json) as Record<string, unknown> : undefined
    },

    /** A remote actor is gone, and its posts with it: in batches, so that no write is held long (HOSTILE.md 44). */
    removeOf: (tx: Db, author: string, limit = 200) => posts.removeOf(tx, author, limit),

    /** Whom a post would speak for, if this account may post for it. Problem otherwise. */
    mayPost: speakerOf,
    /** May this account do this to this post? For showing a button. */
    mayChange: async (who: Who | undefined, post: Post, action: Exclude<Speech, 'post.publish'>): Promise<boolean> =>
      post.speaker !== null && maySpeak(who, await voiceOf(post), action),

    read: {
      isKept: async (uri: string, db: Db): Promise<boolean> => (await posts.rowByUri(uri, db)) !== undefined,
      byId: posts.byId, byUri: posts.byUri, latest: posts.latest, tagged: posts.tagged, ofOrganisation: posts.ofOrganisation, ofSpeaker: posts.ofSpeaker,
      thread: posts.thread, uris: posts.uris, countOf: posts.countOf, count: posts.count,
      pinned: async (speaker: string): Promise<Post[]> => posts.withCounts(await posts.pinned(speaker)),
    },
  }
}
export type Talk = ReturnType<typeof talk>
