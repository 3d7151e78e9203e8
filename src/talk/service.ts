import type { Who } from '../accounts/model.ts'
import type { Fedi, RemoteActor } from '../fedi/fedi.ts'
import { Problem, problemsOf } from '../kernel/errors.ts'
import { newId } from '../kernel/ids.ts'
import type { Sealer } from '../kernel/seal.ts'
import type { Clock } from '../kernel/time.ts'
import type { Db, Store } from '../store/store.ts'
import { postInput, type Post, type Speaker } from './model.ts'
import { reactions as makeReactions } from './reactions.ts'
import { sayings } from './say.ts'
import { allowSpeech, maySpeak, type Speech } from './speakers.ts'
import { postStore } from './store.ts'

export type { Saying } from './say.ts'
export type { Speaker } from './model.ts'

export interface TalkHouse {
  store: Store
  clock: Clock
  fedi: Fedi
  /** For keyed hashes of who likes what. */
  sealer: Pick<Sealer, 'subkey'>
  /** Who speaks under a handle: an organisation, a person or the directory. */
  speaker(handle: string): Promise<Speaker | undefined>
}

/** A remote post, cleaned, as the wire hands it in. */
export type RemotePost = Pick<Post, 'uri' | 'html' | 'note' | 'language' | 'url' | 'published' | 'updated'>

const bylineOf = (author: RemoteActor) =>
  ({ authorName: author.name, authorHandle: author.handle ? `@${author.handle}` : author.id, authorUrl: author.url ?? null })

export function talk(house: TalkHouse) {
  const { store, clock, fedi } = house
  const posts = postStore(store)
  const reactions = makeReactions({ store, fedi, sealer: house.sealer, oursByUri: posts.oursByUri })
  const { say, reword, takeDown } = sayings({ store, clock, fedi, posts, reactions })

  async function speakerOf(who: Who | undefined, handle: string): Promise<Speaker> {
    const speaker = await house.speaker(handle)
    if (!speaker) throw new Problem('not-found', `there is no organisation ${handle}`, { status: 404, field: 'handle' })
    allowSpeech(who, speaker, 'post.publish')
    return speaker
  }

  /** Whose post it is, as far as rights go: a speaker that is no more is still its organisation's, or nobody's. */
  async function voiceOf(post: Pick<Post, 'speaker' | 'organisation'>): Promise<Pick<Speaker, 'kind' | 'id' | 'userId'>> {
    if (post.organisation !== null) return { kind: 'organisation', id: post.organisation }
    return (post.speaker === null ? undefined : await house.speaker(post.speaker)) ?? { kind: 'person', id: null }
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

    /** A post of an actor that this instance follows. A repeat, or an id that was removed, changes nothing. */
    async receive(tx: Db, author: RemoteActor, post: RemotePost): Promise<boolean> {
      const id = newId()
      return posts.add(tx, {
        ...post, id, kind: 'note', title: null, inReplyTo: null, thread: id, context: null, visibility: 'public', pinned: null, author: author.id, ...bylineOf(author), organisation: null, speaker: null, text: null, state: 'public',
      })
    },

    /** New words of a remote post; older ones than are stored are ignored (HOSTILE.md 43). */
    async refresh(tx: Db, author: string, post: RemotePost): Promise<boolean> {
      const old = await posts.byUri(post.uri, tx)
      if (!old || old.author !== author || old.state !== 'public' || old.speaker !== null) return false
      if ((post.updated ?? post.published) < (old.updated ?? old.published)) return false
      await posts.change(tx, old.id, { html: post.html, note: post.note, language: post.language, url: post.url, updated: post.updated })
      return true
    },

    /** The author of remote posts calls itself otherwise now: what is there already says so too, whatever came first. */
    renamed: (tx: Db, author: RemoteActor): Promise<void> => posts.rename(tx, author.id, bylineOf(author)),

    /**
     * A speaker of ours is gone. Its Delete has told everybody; here its posts go, up to `limit` at a time, and their ids answer 410.
     * The number gone, so that the caller goes on until there are none.
     */
    async silence(tx: Db, speaker: string, limit: number): Promise<number> {
      const left = await posts.left(tx, speaker, limit)
      for (const p of left) {
        await posts.change(tx, p.id, { state: 'removed', text: null, html: '', note: null, title: null, pinned: null })
        await reactions.dropPost(tx, p.id)
        await fedi.buryObject(tx, p.uri, p.kind === 'article' ? 'Article' : 'Note')
      }
      return left.length
    },

    /** The origin took its post down. */
    async withdraw(tx: Db, author: string, uri: string): Promise<boolean> {
      const old = await posts.byUri(uri, tx)
      if (!old || old.author !== author || old.speaker !== null) return false
      await posts.change(tx, old.id, { state: 'removed', html: '', note: null })
      return true
    },

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

    read: { byId: posts.byId, byUri: posts.byUri, latest: posts.latest, ofOrganisation: posts.ofOrganisation, ofSpeaker: posts.ofSpeaker, count: posts.count },
  }
}
export type Talk = ReturnType<typeof talk>
