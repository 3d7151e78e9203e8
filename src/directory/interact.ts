/**
 * Acting on what stands on another server, for people who come from there with its address: follow, like, boost.
 * Nothing is asked of anybody before the account has pressed a button, and then within a budget.
 */
import { LRUCache } from 'lru-cache'
import type { Who } from '../accounts/model.ts'
import type { Fedi, FollowState, Json, RemoteActor } from '../fedi/fedi.ts'
import { budget } from '../fedi/inbox/budget.ts'
import { ACTOR_TYPES } from '../fedi/remote-shape.ts'
import { Problem, problemsOf } from '../kernel/errors.ts'
import { cleanHtml } from '../kernel/text.ts'
import { MINUTE, pause, SECOND, type Clock } from '../kernel/time.ts'
import { record } from '../store/audit.ts'
import type { Db, Store } from '../store/store.ts'
import { allowActing, mayAct, told } from '../talk/acting.ts'
import { handleOf } from '../talk/inbound.ts'
import { postInput, type Post, type ReactionKind, type Speaker } from '../talk/model.ts'
import { targetFrom } from '../talk/own-reactions.ts'
import { postFrom } from '../talk/remote-post.ts'
import type { Talk } from '../talk/service.ts'
import { TooMany } from '../web/errors.tsx'
import { targetOf, type Here, type Target } from './target.ts'

export interface InteractHouse {
  store: Store
  clock: Clock
  fedi: Pick<Fedi, 'uris' | 'handleHost' | 'lookupActor' | 'knownActor' | 'fetchObject' | 'follow' | 'unfollow' | 'followingBetween'>
  talk: Pick<Talk, 'react' | 'unreact' | 'own' | 'read' | 'mayPost' | 'publish' | 'reply' | 'say'>
  /** Who acts under a handle. */
  speaker(handle: string): Promise<Speaker | undefined>
  /** As whom an account may act: what a page offers. */
  speakers(who: Who): Promise<Speaker[]>
  /** Development and tests: private addresses may be asked. */
  allowPrivate: boolean
}

/** What was found at an address: an actor, or a post. Its words are cleaned. */
export type Seen =
  | { kind: 'actor'; uri: string; name: string; handle?: string; host: string; page: string; html: string }
  | { kind: 'post'; uri: string; post: Post }

/** What one of ours has done about it already. */
export interface Done { handle: string; name: string; what: 'follow' | ReactionKind; state?: FollowState; since: Date }

/** Requests that an account may cause: looking up, and acting on what must be fetched. */
const BUDGET = { burst: 30, perMinute: 10 }
/** How long what was looked up is shown without being asked for again; in this process only. */
const REMEMBERED = 10 * MINUTE
/** For everything that one press of a button waits for. */
const PATIENCE = 20 * SECOND

/** A post of another server as the card shows it (talk/views.tsx). Nothing of it is kept. */
function shown(document: Json, author: RemoteActor | undefined, now: Date): Post {
  const { uri, author: by } = targetFrom(document)
  const words = postFrom(document, now)
  if (!words) throw new Problem('not-a-post', 'this is no post that one could like or boost', { status: 422 })
  return {
    ...words, id: '', uri, author: by, speaker: null, organisation: null, authorName: author?.name || new URL(by).host,
    authorHandle: author ? handleOf(author) : new URL(by).host, authorUrl: author?.url ?? null,
    text: null, thread: null, pinned: null, state: 'public', likes: 0, boosts: 0, replies: 0,
  }
}

const seenActor = (a: RemoteActor): Seen => ({
  kind: 'actor', uri: a.id, name: a.name, ...(a.handle ? { handle: `@${a.handle}` } : {}), host: a.host, page: a.url ?? a.id,
  html: typeof a.document.summary === 'string' ? cleanHtml(a.document.summary.slice(0, 20_000)) : '',
})

export function interact(house: InteractHouse) {
  const { store, clock, fedi, talk } = house
  const asked = budget(clock, BUDGET)
  /** What an account has looked up just now: shown again after each thing that it does with it, without asking again. */
  const recent = new LRUCache<string, Seen>({ max: 300, ttl: REMEMBERED })

  function spend(who: Who): void {
    if (!asked.take(who.by)) throw new TooMany(60, 'many look-ups in a short time')
  }
  /** Somebody waits in front of a page: what takes longer is "not reached". */
  async function inTime<R>(work: Promise<R>): Promise<R> {
    const over = new AbortController()
    const late = pause(PATIENCE, over.signal).then(() => { throw new Problem('unreachable', 'the other server did not answer in time', { status: 504 }) })
    late.catch(() => {})
    work.catch(() => {})
    try { return await Promise.race([work, late]) } finally { over.abort() }
  }

  const target = (text: string): Target => targetOf(text, { uris: fedi.uris, handleHost: fedi.handleHost, allowPrivate: house.allowPrivate })

  async function ours(at: Here): Promise<Seen | undefined> {
    if (at.here !== 'post') return undefined
    const post = await talk.read.byUri(at.uri)
    return post?.state === 'public' && post.speaker !== null ? { kind: 'post', uri: post.uri, post } : undefined
  }

  async function following(who: Who | undefined, handle: string): Promise<Speaker> {
    const speaker = await house.speaker(handle)
    allowActing(who, speaker, 'actor.follow')
    return speaker
  }
  const log = (who: Who | undefined, speaker: Speaker, action: string, object: string) => async (tx: Db): Promise<void> => {
    const { subject, server } = told(speaker, fedi.uris.actor(speaker.handle), object)
    await record(store, tx, clock, { by: who!.by, action, subject, after: { server } })
  }

  async function theirs(uri: string, actorFirst: boolean): Promise<Seen> {
    if (uri.startsWith('@') || await fedi.knownActor(uri)) return seenActor(await fedi.lookupActor(uri))
    if (actorFirst) {
      try { return seenActor(await fedi.lookupActor(uri)) } catch (e) {
        if (!(e instanceof Problem) || e.code !== 'not-an-actor') throw e
      }
    }
    const document = await fedi.fetchObject(uri)
    if (typeof document.type === 'string' && ACTOR_TYPES.has(document.type)) return seenActor(await fedi.lookupActor(String(document.id)))
    const { author } = targetFrom(document)
    const by = await fedi.lookupActor(author).catch(() => undefined)
    return { kind: 'post', uri: String(document.id), post: shown(document, by, clock.now()) }
  }

  async function fetched(uri: string): Promise<{ document: Json; author: RemoteActor }> {
    const document = await fedi.fetchObject(uri)
    return { document, author: await fedi.lookupActor(targetFrom(document).author) }
  }

  return {
    /** What the address is about, without asking anybody. Problem `target`, `nothing-of-ours`. */
    target,
    /** As whom this account may act, in the order in which they are offered. */
    speakers: async (who: Who | undefined): Promise<Speaker[]> =>
      (who ? (await house.speakers(who)).filter((s) => s.open && mayAct(who, s, 'actor.follow')) : []),

    /** Is there somebody here under the address of an actor of this server? */
    async member(at: Here): Promise<boolean> {
      const handle = fedi.uris.handleOf(at.uri)
      return handle !== undefined && (handle === fedi.uris.instanceHandle || await house.speaker(handle) !== undefined)
    },

    /** What is known of it here already, without asking anybody. */
    async known(who: Who, at: Target): Promise<Seen | undefined> {
      if (at.here) return ours(at)
      const just = recent.get(`${who.by} ${at.uri}`)
      if (just) return just
      const actor = await fedi.knownActor(at.uri)
      if (actor) return seenActor(actor)
      const post = await talk.read.byUri(at.uri)
      return post?.state === 'public' ? { kind: 'post', uri: post.uri, post } : undefined
    },

    /**
     * Asks the other server, for an account that may act as somebody. Problems: `sign-in-needed`, `forbidden`, `too-many`, and
     * those of Fedi.lookupActor and Fedi.fetchObject. @param actorFirst it is probably an actor: saves a request
     */
    async lookUp(who: Who | undefined, text: string, actorFirst = false): Promise<Seen> {
      if (!who) throw new Problem('sign-in-needed', 'sign in to do this', { status: 401 })
      const at = target(text)
      if (!(await this.speakers(who)).length) throw new Problem('forbidden', 'this account acts for nobody here', { status: 403 })
      if (at.here) {
        const seen = await ours(at)
        if (!seen) throw new Problem('nothing-of-ours', 'this server has no such post', { status: 404, field: 'uri' })
        return seen
      }
      spend(who)
      const seen = await inTime(theirs(at.uri, actorFirst))
      if (seen.kind === 'post') recent.set(`${who.by} ${seen.uri}`, seen) // actors are kept anyway
      return seen
    },

    /** What these of ours have done about it: they follow it, like it, boost it. */
    async done(speakers: readonly Speaker[], uri: string): Promise<Done[]> {
      const names = new Map(speakers.map((s) => [s.handle, s.name]))
      const found = await talk.own.about([...names.keys()], uri)
      const follows = await fedi.followingBetween([...names.keys()], uri)
      const nameOf = (handle: string): string => names.get(handle) ?? handle
      return [
        ...follows.map((f): Done => ({ handle: f.handle, name: nameOf(f.handle), what: 'follow', state: f.state, since: f.since })),
        ...found.map((r): Done => ({ handle: r.handle, name: nameOf(r.handle), what: r.kind, since: r.at })),
      ]
    },

    /** One of ours follows a remote actor. Problems as `react` has them, and `local`: those of one server do not follow each other. */
    async follow(who: Who | undefined, handle: string, actorUri: string): Promise<void> {
      const speaker = await following(who, handle)
      if (target(actorUri).here) throw new Problem('local', 'that is an actor of this server', { status: 422 })
      spend(who!)
      await inTime(fedi.follow({ handle }, actorUri, log(who, speaker, 'actor.follow', actorUri)))
    },
    async unfollow(who: Who | undefined, handle: string, actorUri: string): Promise<void> {
      await fedi.unfollow({ handle }, actorUri, log(who, await following(who, handle), 'actor.unfollow', actorUri))
    },

    /** Like or boost (talk/own-reactions.ts), within the budget. */
    async react(who: Who | undefined, handle: string, kind: ReactionKind, uri: string): Promise<void> {
      allowActing(who, await house.speaker(handle), 'actor.react')
      if (!target(uri).here) spend(who!)
      await inTime(talk.react(who, handle, kind, uri))
    },
    async unreact(who: Who | undefined, handle: string, kind: ReactionKind, uri: string): Promise<void> {
      await talk.unreact(who, handle, kind, uri)
    },

    /**
     * One of ours answers a post, or says something new where `uri` is empty. A post that is kept here lends its thread
     * (Talk.reply); any other is fetched, and its author mentioned and written to. Problems of Talk.publish and Talk.reply, and as
     * `lookUp` has them.
     */
    async answer(who: Who | undefined, handle: string, uri: string, input: unknown): Promise<Post> {
      if (uri === '') return talk.publish(who, handle, input)
      const speaker = await talk.mayPost(who, handle)
      const at = target(uri)
      const kept = await talk.read.byUri(at.uri)
      if (kept) return talk.reply(who, handle, kept.id, input)
      if (at.here) throw new Problem('nothing-of-ours', 'this server has no such post', { status: 404, field: 'uri' })
      const words = postInput.omit({ title: true }).safeParse(input)
      if (!words.success) throw problemsOf(words.error)
      spend(who!)
      const { document, author } = await inTime(fetched(at.uri))
      const { text, language } = words.data
      return store.write((tx) => talk.say(tx, {
        speaker, text, ...(language ? { language } : {}), inReplyTo: String(document.id), cc: [author.id], tag: [{ type: 'Mention', href: author.id, name: handleOf(author) }],
      }, who!.by))
    },
  }
}
export type Interact = ReturnType<typeof interact>
