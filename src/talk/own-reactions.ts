/**
 * What actors of this instance like and boost, here and elsewhere. One of each kind for an actor and a post, however often and
 * from however many pages at once it is said; what was said can be taken back, for its activity is kept.
 */
import { and, eq, inArray } from 'drizzle-orm'
import { z } from 'zod'
import type { Who } from '../accounts/model.ts'
import { authorsOf } from '../fedi/dispatch/authority.ts'
import type { Fedi, Json } from '../fedi/fedi.ts'
import { listOf, sameOrigin } from '../fedi/json.ts'
import { PUBLIC } from '../fedi/terms.ts'
import { Problem } from '../kernel/errors.ts'
import { newId } from '../kernel/ids.ts'
import type { Clock } from '../kernel/time.ts'
import { record } from '../store/audit.ts'
import type { Db, Store } from '../store/store.ts'
import type { JobHandler } from '../store/workers.ts'
import { storeTables } from '../store/tables.ts'
import { allowActing, told } from './acting.ts'
import type { Post, ReactionKind, Speaker } from './model.ts'
import { talkTables } from './tables.ts'

export interface OwnReactionHouse {
  store: Store
  clock: Clock
  fedi: Pick<Fedi, 'publish' | 'undo' | 'fetchObject' | 'uris' | 'documents'>
  /** Whose handle it is; see app.ts. */
  speaker(handle: string): Promise<Speaker | undefined>
  posts: { byUri(uri: string, db?: Db): Promise<Post | undefined> }
  /** Where likes of our own posts are counted (reactions.ts). */
  reactions: {
    add(tx: Db, r: { kind: ReactionKind; post: string; actor: string; activity: string }): Promise<void>
    takeBack(tx: Db, actor: string, activity: string): Promise<void>
  }
}

/** That an actor of ours likes or boosts something, since when. */
export interface OwnReaction { handle: string; kind: ReactionKind; at: Date }

/** What can be liked: anything with an author that everybody may read, which is neither an actor nor an activity nor a list. */
const NO_POST = new Set([
  'Person', 'Organization', 'Group', 'Service', 'Application', 'Tombstone', 'Collection', 'OrderedCollection', 'CollectionPage', 'OrderedCollectionPage',
  'Create', 'Update', 'Delete', 'Announce', 'Like', 'Undo', 'Follow', 'Accept', 'Reject', 'Block', 'Flag', 'Add', 'Remove', 'Move',
])
const publicNames = new Set([PUBLIC, 'as:Public', 'Public'])

interface Target { uri: string; author: string }

/** Id and author of a remote post. Problems `not-a-post`, `not-public`, `bad-document`. Pure. */
export function targetFrom(document: Json): Target {
  const { id, type } = document
  if (typeof id !== 'string' || typeof type !== 'string' || NO_POST.has(type)) throw new Problem('not-a-post', 'this is no post that one could like or boost', { status: 422 })
  const author = authorsOf(document).find((a) => sameOrigin(a, id))
  if (author === undefined) throw new Problem('bad-document', 'the post names no author of its own server', { status: 502 })
  if (![...listOf(document.to), ...listOf(document.cc)].some((r) => typeof r === 'string' && publicNames.has(r))) {
    throw new Problem('not-public', 'this post is not for everybody', { status: 403 })
  }
  return { uri: id, author }
}

export function ownReactions(house: OwnReactionHouse) {
  const { store, clock, fedi } = house
  const { uris } = fedi
  const t = talkTables(store.kit).ownReactions
  const is = (actor: string, kind: ReactionKind, object: string) => and(eq(t.actor, actor), eq(t.kind, kind), eq(t.object, object))

  async function speaking(who: Who | undefined, handle: string): Promise<Speaker> {
    const speaker = await house.speaker(handle)
    allowActing(who, speaker, 'actor.react')
    return speaker
  }

  async function target(uri: string): Promise<Target> {
    if (!uris.isLocal(uri)) return targetFrom(await fedi.fetchObject(uri))
    const post = await house.posts.byUri(uri)
    if (!post || post.state !== 'public') throw new Problem('not-found', 'this post is not there', { status: 404 })
    return { uri, author: post.author }
  }

  /** A like goes to the author alone; a boost to our followers too, and stands in the outbox. Nothing is sent to ourselves. */
  async function say(tx: Db, handle: string, kind: ReactionKind, { uri, author }: Target): Promise<string> {
    const list = uris.followers(handle)
    const id = uris.activity(newId())
    if (kind === 'like') {
      await fedi.publish(tx, { actor: handle, activity: { id, type: 'Like', to: [author], object: uri }, to: { actors: [author] }, inOutbox: false, keep: true })
    } else {
      await fedi.publish(tx, { actor: handle, activity: { id, type: 'Announce', to: [PUBLIC], cc: [list, author], object: uri }, to: { followers: true, actors: [author] } })
    }
    return id
  }

  /** Did this activity of ours go to that actor? Likes and boosts go to the author, who is recorded nowhere else where the post is not kept. */
  async function wasToldTo(actor: string, activity: string): Promise<boolean> {
    const stored = await fedi.documents.get(activity)
    const said = stored && !stored.gone ? JSON.parse(stored.json) as Json : undefined
    return said !== undefined && [...listOf(said.to), ...listOf(said.cc)].includes(actor)
  }

  async function log(tx: Db, who: Who | undefined, speaker: Speaker, verb: string, object: string): Promise<void> {
    const { subject, server } = told(speaker, uris.actor(speaker.handle), object)
    await record(store, tx, clock, { by: who!.by, action: `actor.${verb}`, subject, after: { server } })
  }

  return {
    /**
     * Likes or boosts a post in the name of one of our actors. Network first (a post of another server is fetched), then one
     * transaction. False where it was said before.
     * Problems: `sign-in-needed`, `forbidden`, `no-actor`, `not-found`, `not-a-post`, `not-public`, and those of `fedi.fetchObject`.
     */
    async react(who: Who | undefined, handle: string, kind: ReactionKind, objectUri: string): Promise<boolean> {
      const speaker = await speaking(who, handle)
      const what = await target(objectUri)
      return store.write(async (tx) => {
        // Of many at once one makes the row and speaks; the activity's id follows.
        const fresh = await tx.insert(t).values({ actor: handle, kind, object: what.uri, activity: '', at: clock.now() })
          .onConflictDoNothing().returning({ actor: t.actor })
        if (!fresh.length) return false
        const activity = await say(tx, handle, kind, what)
        await tx.update(t).set({ activity }).where(is(handle, kind, what.uri))
        if (uris.isLocal(what.uri)) await house.reactions.add(tx, { kind, post: what.uri, actor: uris.actor(handle), activity })
        await log(tx, who, speaker, kind, what.uri)
        return true
      })
    },

    /** Takes it back, without asking anybody. False where nothing was said. */
    async unreact(who: Who | undefined, handle: string, kind: ReactionKind, objectUri: string): Promise<boolean> {
      const speaker = await speaking(who, handle)
      return store.write(async (tx) => {
        const [said] = await tx.delete(t).where(is(handle, kind, objectUri)).returning({ activity: t.activity })
        if (!said) return false
        await fedi.undo(tx, { actor: handle, activity: said.activity })
        if (uris.isLocal(objectUri)) await house.reactions.takeBack(tx, uris.actor(handle), said.activity)
        await log(tx, who, speaker, `un${kind}`, objectUri)
        return true
      })
    },

    /**
     * A post of another server is gone: what we said about it goes too, and nobody needs to be told.
     * @param by who says so: it must be the author to whom we said it, for another user of the same server has no say.
     * Undefined: it is known that the post is gone.
     */
    async forget(tx: Db, objectUri: string, by?: string): Promise<void> {
      const said = await tx.select({ actor: t.actor, kind: t.kind, activity: t.activity }).from(t).where(eq(t.object, objectUri))
      for (const { kind, ...s } of said) {
        if (by !== undefined && !await wasToldTo(by, s.activity)) continue
        await tx.delete(t).where(is(s.actor, kind, objectUri))
        await fedi.undo(tx, { ...s, quiet: true })
      }
    },

    /** An actor of ours is gone, and has told everybody so: up to `limit` of its likes and boosts at a time. The number forgotten. */
    async leave(tx: Db, handle: string, limit: number): Promise<number> {
      const said = await tx.select().from(t).where(eq(t.actor, handle)).limit(limit)
      for (const s of said) {
        await tx.delete(t).where(is(handle, s.kind, s.object))
        await fedi.undo(tx, { actor: handle, activity: s.activity, quiet: true })
        if (uris.isLocal(s.object)) await house.reactions.takeBack(tx, uris.actor(handle), s.activity)
      }
      return said.length
    },

    /** Authors elsewhere of what an actor of ours likes and boosts: their servers count it. */
    async heard(tx: Db, handle: string, limit = 1000): Promise<string[]> {
      const { documents } = storeTables(store.kit)
      const said = await tx.select({ json: documents.json }).from(t).innerJoin(documents, eq(documents.id, t.activity)).where(eq(t.actor, handle)).limit(limit)
      const named = said.flatMap(({ json }) => { const { to, cc } = JSON.parse(json) as Json; return [...listOf(to), ...listOf(cc)] })
      return [...new Set(named.filter((a): a is string => typeof a === 'string' && !publicNames.has(a) && !uris.isLocal(a)))]
    },

    /** What these actors of ours have said about it. */
    async about(handles: readonly string[], objectUri: string): Promise<OwnReaction[]> {
      if (!handles.length) return []
      const rows = await store.read.select({ handle: t.actor, kind: t.kind, at: t.at }).from(t)
        .where(and(eq(t.object, objectUri), inArray(t.actor, [...handles].slice(0, 500))))
      return rows.sort((a, b) => a.at.getTime() - b.at.getTime())
    },
  }
}

/** Job kind: forgets what a gone actor of ours (`{ handle }`) liked and boosted, in many short writes. */
export const LEFT = 'talk.left'
const BATCH = 100
export const leftHandler = (store: Store, own: Pick<OwnReactions, 'leave'>): JobHandler => ({
  concurrency: 1,
  async run(job) {
    const { handle } = z.object({ handle: z.string() }).parse(job.payload)
    for (let n = BATCH; n === BATCH;) n = await store.write((tx) => own.leave(tx, handle, BATCH))
  },
})
export type OwnReactions = ReturnType<typeof ownReactions>
