import { allow, type Who } from '../accounts/model.ts'
import type { Fedi, RemoteActor } from '../fedi/fedi.ts'
import { Problem, problemsOf } from '../kernel/errors.ts'
import { newId } from '../kernel/ids.ts'
import { move } from '../kernel/states.ts'
import { plainToHtml } from '../kernel/text.ts'
import type { Sealer } from '../kernel/seal.ts'
import type { Clock } from '../kernel/time.ts'
import { record } from '../store/audit.ts'
import type { Db, Store } from '../store/store.ts'
import { noteOf, PUBLIC } from './document.ts'
import { postInput, postMoves, type Post } from './model.ts'
import { reactions as makeReactions } from './reactions.ts'
import { postStore } from './store.ts'

/** What talk needs to know of an organisation. The coops room answers; see app.ts. */
export interface Speaker { id: string; handle: string; name: string; open: boolean; why?: string }

export interface TalkHouse {
  store: Store
  clock: Clock
  fedi: Fedi
  /** For keyed hashes of who likes what. */
  sealer: Pick<Sealer, 'subkey'>
  /** The organisation of a handle; `open` when it may post, else `why` says what stands against it. */
  speaker(handle: string): Promise<Speaker | undefined>
}

/** A remote post, cleaned, as the wire hands it in. */
export type RemotePost = Pick<Post, 'uri' | 'html' | 'note' | 'language' | 'url' | 'published' | 'updated'>

export function talk(house: TalkHouse) {
  const { store, clock, fedi } = house
  const posts = postStore(store)
  const reactions = makeReactions({ store, fedi, sealer: house.sealer, oursByUri: posts.oursByUri })
  const at = (handle: string, id: string) => ({ followers: fedi.uris.followers(handle), page: `${fedi.origin}/posts/${id}` })

  async function speakerOf(who: Who | undefined, handle: string): Promise<Speaker> {
    const speaker = await house.speaker(handle)
    if (!speaker) throw new Problem('not-found', `there is no organisation ${handle}`, { status: 404, field: 'handle' })
    allow(who, 'post.publish', speaker.id)
    return speaker
  }

  /** Our own public post, or the Problem that says which of it is missing. */
  async function ours(who: Who | undefined, action: 'post.edit' | 'post.remove', id: string): Promise<Post & { organisation: string; speaker: string }> {
    const post = await posts.byId(id)
    if (!post || post.state !== 'public') throw new Problem('not-found', 'this post is not there', { status: 404 })
    if (!post.organisation || !post.speaker) throw new Problem('foreign', 'only its own server changes this post', { status: 403 })
    allow(who, action, post.organisation)
    return { ...post, organisation: post.organisation, speaker: post.speaker }
  }

  const addressed = (handle: string) => ({ to: [PUBLIC], cc: [fedi.uris.followers(handle)] })

  return {
    /**
     * An organisation posts: state, document, outbox and deliveries in one transaction.
     * An unclaimed listing cannot post: nobody at the co-op has agreed.
     */
    async publish(who: Who | undefined, handle: string, input: unknown): Promise<Post> {
      const parsed = postInput.safeParse(input)
      if (!parsed.success) throw problemsOf(parsed.error)
      const speaker = await speakerOf(who, handle)
      if (!speaker.open) throw new Problem('not-open', speaker.why ?? `${handle} cannot post`, { status: 409, field: 'handle' })
      const id = newId()
      const author = fedi.uris.actor(handle)
      const post: Post = {
        id, uri: fedi.uris.object('notes', id), kind: 'note', title: null, inReplyTo: null, thread: id, context: null, visibility: 'public', pinned: null, author, authorName: speaker.name, authorHandle: `@${handle}@${fedi.handleHost}`, authorUrl: null,
        organisation: speaker.id, speaker: handle, text: parsed.data.text, html: plainToHtml(parsed.data.text), note: null,
        language: parsed.data.language ?? null, url: null, published: clock.now(), updated: null, state: 'public', likes: 0, boosts: 0,
      }
      await store.write(async (tx) => {
        await posts.add(tx, post)
        const document = noteOf(post, at(handle, id))
        await fedi.putObject(tx, document)
        await fedi.publish(tx, {
          actor: handle, to: 'followers', inOutbox: true,
          activity: { type: 'Create', published: document.published, ...addressed(handle), object: document },
        })
        await record(store, tx, clock, { by: who!.by, action: 'post.publish', subject: post.uri })
      })
      return post
    },

    /** Changes the words; followers get an Update. The same words again change nothing. */
    async edit(who: Who | undefined, id: string, input: unknown): Promise<Post> {
      const parsed = postInput.safeParse(input)
      if (!parsed.success) throw problemsOf(parsed.error)
      const old = await ours(who, 'post.edit', id)
      const next: Post = { ...old, text: parsed.data.text, html: plainToHtml(parsed.data.text), language: parsed.data.language ?? old.language }
      if (next.text === old.text && next.language === old.language) return old
      next.updated = clock.now()
      await store.write(async (tx) => {
        await posts.change(tx, id, { text: next.text, html: next.html, language: next.language, updated: next.updated })
        const document = noteOf(next, at(old.speaker, id))
        await fedi.putObject(tx, document)
        await fedi.publish(tx, { actor: old.speaker, to: 'followers', activity: { type: 'Update', ...addressed(old.speaker), object: document } })
        await record(store, tx, clock, { by: who!.by, action: 'post.edit', subject: old.uri, before: old.text, after: next.text })
      })
      return next
    },

    /** Takes a post down for good: its words go, its id answers 410, followers get a Delete. */
    async remove(who: Who | undefined, id: string, why?: string): Promise<void> {
      const old = await ours(who, 'post.remove', id)
      const state = move('post', postMoves, old.state, 'removed')
      await store.write(async (tx) => {
        await posts.change(tx, id, { state, text: null, html: '', note: null })
        await reactions.dropPost(tx, id)
        await fedi.buryObject(tx, old.uri, 'Note')
        await fedi.publish(tx, {
          actor: old.speaker, to: 'followers',
          activity: { type: 'Delete', ...addressed(old.speaker), object: { id: old.uri, type: 'Tombstone', formerType: 'Note' } },
        })
        await record(store, tx, clock, { by: who!.by, action: 'post.remove', subject: old.uri, ...(why ? { why } : {}) })
      })
    },

    /** A post of an actor that this instance follows. A repeat, or an id that was removed, changes nothing. */
    async receive(tx: Db, author: RemoteActor, post: RemotePost): Promise<boolean> {
      const id = newId()
      return posts.add(tx, {
        ...post, id, kind: 'note', title: null, inReplyTo: null, thread: id, context: null, visibility: 'public', pinned: null, author: author.id, authorName: author.name, authorHandle: author.handle ? `@${author.handle}` : author.id,
        authorUrl: author.url ?? null, organisation: null, speaker: null, text: null, state: 'public',
      })
    },

    /** New words of a remote post; older ones than are stored are ignored (HOSTILE.md 43). */
    async refresh(tx: Db, author: string, post: RemotePost): Promise<boolean> {
      const old = await posts.byUri(post.uri, tx)
      if (!old || old.author !== author || old.state !== 'public' || old.organisation !== null) return false
      if ((post.updated ?? post.published) < (old.updated ?? old.published)) return false
      await posts.change(tx, old.id, { html: post.html, note: post.note, language: post.language, url: post.url, updated: post.updated })
      return true
    },

    /** The origin took its post down. */
    async withdraw(tx: Db, author: string, uri: string): Promise<boolean> {
      const old = await posts.byUri(uri, tx)
      if (!old || old.author !== author || old.organisation !== null) return false
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

    /** The organisation that a post would speak for, if this account may post for it. Problem otherwise. */
    mayPost: speakerOf,

    read: { byId: posts.byId, byUri: posts.byUri, latest: posts.latest, ofOrganisation: posts.ofOrganisation, count: posts.count },
  }
}
export type Talk = ReturnType<typeof talk>
