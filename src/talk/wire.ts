/**
 * Inbound: what followed actors publish, what others answer to posts that are here, its changes and its end, and who likes and boosts
 * our posts. Anything else falls through without effect.
 */
import { z } from 'zod'
import type { Fedi, Inbound, Json } from '../fedi/fedi.ts'
import { idOf, isObject, listOf, sameOrigin } from '../fedi/json.ts'
import { Problem } from '../kernel/errors.ts'
import { DAY, type Clock } from '../kernel/time.ts'
import type { Jobs } from '../store/jobs.ts'
import type { Db, Store } from '../store/store.ts'
import type { JobHandler } from '../store/workers.ts'
import type { ReactionKind } from './model.ts'
import { isPublic, postFrom, POST_TYPES } from './remote-post.ts'
import type { Talk } from './service.ts'

const FORGET = 'talk.forget', LOOK = 'talk.look'
const BATCH = 200
/** For so long servers try to deliver what they have said. */
const RETRIED = 4 * DAY

export interface WireHouse { fedi: Fedi; jobs: Jobs; store: Store; talk: Talk; clock: Clock }

/** Misskey's emoji is a Like with `content`, others send EmojiReact: an emoji is a like (WIRE.md 9). */
const kinds: Readonly<Record<string, ReactionKind>> = { Like: 'like', EmojiReact: 'like', Announce: 'boost' }
const kindOf = (type: unknown): ReactionKind | undefined => (typeof type === 'string' && Object.hasOwn(kinds, type) ? kinds[type] : undefined)

/** Likes and boosts of our posts, and their taking back: by the id of the activity, or by what it was where it has none. */
function likes(house: WireHouse): void {
  const { fedi, talk } = house
  const said = async (tx: Db, a: Inbound): Promise<void> => {
    const kind = kindOf(a.type)
    if (kind && a.objectId) await talk.reactions.add(tx, { kind, post: a.objectId, actor: a.actor, activity: a.id })
    if (a.type === 'Announce') await handedOn(house, tx, a)
  }
  const undone = async (tx: Db, a: Inbound): Promise<void> => {
    if (a.objectId !== undefined) return talk.reactions.takeBack(tx, a.actor, a.objectId)
    if (!isObject(a.object)) return
    const kind = kindOf(a.object.type), post = idOf(a.object.object)
    if (kind && post !== undefined) await talk.reactions.takeBackAll(tx, { kind, post, actor: a.actor })
  }
  for (const type of Object.keys(kinds)) {
    fedi.on(type, said)
    fedi.on(`Undo/${type}`, undone)
  }
  fedi.on('Undo', undone) // where only the id is named
}

const PASSED_ON = new Set(['Create', 'Update', 'Delete'])
/**
 * A group that is followed hands on what its members say and do (FEP-1b12): `Announce` of their activity. It vouches for no word of it;
 * a job looks at the object at its own server and believes that.
 */
async function handedOn({ fedi, jobs }: WireHouse, tx: Db, a: Inbound): Promise<void> {
  const inner = isObject(a.raw.object) ? a.raw.object : undefined
  if (!inner || typeof inner.type !== 'string' || !PASSED_ON.has(inner.type)) return
  const id = idOf(inner.object)
  if (id === undefined || id.length > 2048 || fedi.uris.isLocal(id) || !/^https?:\/\//.test(id)) return
  if (!(await fedi.isFollowed(tx, a.actor)) || (await fedi.knownActor(a.actor))?.type !== 'Group') return
  await jobs.add(tx, LOOK, { payload: { id, by: a.actor } })
}

/** The one author of an object, on the object's own server. */
function authorOf(object: Json): string | undefined {
  const [author, ...more] = listOf(object.attributedTo).map(idOf)
  return author !== undefined && !more.length && sameOrigin(author, object.id) ? author : undefined
}

/** What a group handed on, as its own server has it now: kept, changed, or gone. */
function look({ fedi, store, talk, clock }: WireHouse): JobHandler {
  return {
    concurrency: 2,
    async run(job) {
      const { id, by } = z.object({ id: z.string(), by: z.string().optional() }).parse(job.payload)
      try {
        const found = await fedi.causedBy(by ?? id, async () => {
          const object = await fedi.fetchObject(id)
          const author = authorOf(object)
          const post = POST_TYPES.some((t) => t === object.type) ? postFrom(object, clock.now()) : undefined
          return post && author !== undefined ? { post, actor: await fedi.lookupActor(author) } : undefined
        })
        if (found) await store.write((tx) => talk.receive(tx, found.actor, found.post, true))
      } catch (e) {
        if (!(e instanceof Problem)) throw e
        if (e.code === 'gone') await store.write((tx) => talk.withdraw(tx, new URL(id).origin, id, true))
        else if (['unreachable', 'forbidden-there'].includes(e.code) && e.status >= 500) throw e // later, perhaps
      }
    },
  }
}

/** Registers with the inbox; the returned job handlers go into the house's queue. */
export function talkWire(house: WireHouse): Record<string, JobHandler> {
  const { fedi, jobs, store, talk } = house
  /** Create and Update alike: which of them came first says nothing. */
  async function said(tx: Db, a: Inbound): Promise<void> {
    const post = postFrom(a.object, house.clock.now())
    if (!post) {
      if (a.type === 'Update' && a.objectId !== undefined && !isPublic(a.object)) await talk.withdraw(tx, a.actor, a.objectId)
      return
    }
    // An Update that overtook its Create was said a while ago at most; edits of what was said long before are not news.
    const old = house.clock.now().getTime() - post.published.getTime() > RETRIED
    if (a.type === 'Update' && old && !(await talk.read.isKept(post.uri, tx))) return
    const author = await fedi.knownActor(a.actor)
    if (author) await talk.receive(tx, author, post)
  }
  for (const type of POST_TYPES) {
    fedi.on(`Create/${type}`, said)
    fedi.on(`Update/${type}`, said)
  }
  fedi.on('Undo/Create', async (tx, a) => {
    const id = isObject(a.object) ? idOf(a.object.object) : undefined
    if (id !== undefined) await talk.withdraw(tx, a.actor, id)
  })
  fedi.on('Delete', async (tx, a) => {
    if (!a.objectId) return
    const withdrawn = await talk.withdraw(tx, a.actor, a.objectId, a.forServer)
    await talk.own.forget(tx, a.objectId, withdrawn || a.forServer ? undefined : a.actor)
    await talk.reactions.takeBack(tx, a.actor, a.objectId) // an Announce is deleted by some instead of undone
  })
  likes(house)
  fedi.on('Update/Actor', async (tx, a) => {
    const author = await fedi.knownActor(a.actor)
    if (author) await talk.renamed(tx, author)
  })
  // An actor with 10,000 posts goes in many short writes, not in one long one (HOSTILE.md 44).
  fedi.on('Delete/Actor', (tx, a) => jobs.add(tx, FORGET, { payload: { author: a.actor } }))
  return {
    [LOOK]: look(house),
    [FORGET]: {
      concurrency: 1,
      async run(job) {
        const { author } = z.object({ author: z.string() }).parse(job.payload)
        for (let n = BATCH; n === BATCH;) n = await store.write((tx) => talk.removeOf(tx, author, BATCH))
        for (let n = BATCH; n === BATCH;) n = await store.write((tx) => talk.reactions.dropActor(tx, author, BATCH))
      },
    },
  }
}
