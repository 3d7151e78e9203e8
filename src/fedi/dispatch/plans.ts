/**
 * What an inbound activity means, by its type: what has to be settled with the network first, what fedi itself does inside the
 * transaction, and under which keys a room may have more to do. WIRE.md section 5 as a table.
 */
import { Problem } from '../../kernel/errors.ts'
import type { Jobs } from '../../store/jobs.ts'
import type { Db } from '../../store/store.ts'
import type { LocalActors } from '../actors.ts'
import type { Json } from '../fedi.ts'
import type { FollowBook } from '../follows.ts'
import { MOVE, namesBack } from '../move.ts'
import { idOf, isObject, listOf, originOf, sameOrigin } from '../json.ts'
import type { Publisher } from '../publish.ts'
import type { RemoteActors } from '../remote.ts'
import { ACTOR_TYPES } from '../remote-shape.ts'
import type { Uris } from '../uris.ts'
import { Dropped, isAuthor, isOwnWord, resolve, stateAtOrigin, type Resolved, type Sources } from './authority.ts'
import type { StoneBook } from './stones.ts'
import { isVote } from './vote.ts'

export interface Act { id: string; type: string; actor: string; raw: Json }

export interface Plan extends Resolved {
  /** Of a Delete: its server says so too, whoever the author is. */
  forServer?: true
  /** Keys under which rooms may have registered, the most special first. */
  keys: string[]
  /** Fedi's own part. It may know better what it was (`keys`), or end it there (no keys). */
  effect?(tx: Db): Promise<{ keys: string[] } | void>
}

export interface PlanHouse {
  uris: Uris
  sources: Sources
  follows: FollowBook
  stones: StoneBook
  jobs: Jobs
  remote: RemoteActors
  actors: LocalActors
  publisher: Publisher
  /** Has a room asked for this type, with or without a type of object? */
  wants(type: string): boolean
  afterCommit(hook: () => void): void
  /** Its document or keys have changed: what is cached of it no longer counts. */
  actorChanged(id: string): void
}

const typeOf = (object: unknown): string | undefined => (isObject(object) && typeof object.type === 'string' ? object.type : undefined)
const keysFor = (type: string, object: unknown): string[] => {
  const inner = typeOf(object)
  if (inner === undefined) return [type]
  return ACTOR_TYPES.has(inner) ? [`${type}/Actor`, `${type}/${inner}`, type] : [`${type}/${inner}`, type]
}

/** Names a thing and carries none of it: an id, with its type and terms of others' (`toad:revision`) at most. */
const isReference = (v: unknown): boolean =>
  idOf(v) !== undefined && (!isObject(v) || Object.keys(v).every((k) => k === 'id' || k === 'type' || k === '@context' || k.includes(':')))

export function plans(house: PlanHouse): (a: Act) => Promise<Plan> {
  const { uris, sources, follows, stones, remote, actors, publisher } = house

  /** A Follow, its Undo and a Block are words about one thing: the last of them counts, in whatever order they come. */
  const followOf = (target: string): string => `follow ${target}`

  async function notUndone(tx: Db, a: Act): Promise<void> {
    if (await stones.any(tx, [a.id], a.actor)) throw new Dropped('undone before it came')
  }

  async function follow(a: Act): Promise<Plan> {
    const target = idOf(a.raw.object)
    if (target === undefined || !uris.isLocal(target)) throw new Dropped('a Follow of somebody else')
    const signer = await remote.get(a.actor)
    const handle = uris.handleOf(target)
    const echo = { id: a.id, type: 'Follow', actor: a.actor, object: target }
    const answer = (tx: Db, by: string, type: 'Accept' | 'Reject') =>
      publisher.publish(tx, { actor: by, activity: { type, to: [a.actor], object: echo }, to: { inboxes: [signer.inbox] }, inOutbox: false })
    return {
      object: target, objectId: target, keys: ['Follow'],
      async effect(tx) {
        await notUndone(tx, a)
        if (await stones.order(tx, followOf(target), a.actor, a.raw.published) === -1) throw new Dropped('it has said something else since')
        const actor = handle === undefined ? undefined : await actors.find(handle, tx)
        if (!actor?.open || actor.gone || actor.owner === 'instance') {
          await answer(tx, uris.instanceHandle, 'Reject')
          return { keys: [] }
        }
        const shared = signer.sharedInbox ? { sharedInbox: signer.sharedInbox } : {}
        const state = await follows.addFollower(tx, { actor: actor.handle, follower: a.actor, inbox: signer.inbox, followId: a.id, waits: actor.approves, ...shared })
        if (state === 'pending') return { keys: [] } // nothing has come of it yet
        await answer(tx, actor.handle, 'Accept')
      },
    }
  }

  /** The undone activity is the signer's own: embedded, or fetched from its server where an id is all there is. */
  async function undo(a: Act): Promise<Plan> {
    const id = idOf(a.raw.object)
    if (id !== undefined && !sameOrigin(id, a.actor)) throw new Dropped('an Undo of another server’s activity')
    const named = isObject(a.raw.object) && typeOf(a.raw.object) ? a.raw.object : undefined
    if (named && (!isOwnWord(named, a.actor) || !isAuthor(named, a.actor))) throw new Dropped('an Undo of another’s activity')
    const object: unknown = named ?? id
    if (object === undefined) throw new Dropped('an Undo of nothing')
    const target = named && typeOf(named) === 'Follow' ? idOf(named.object) : undefined
    const handle = target === undefined ? undefined : uris.handleOf(target)
    return {
      object, ...(id === undefined ? {} : { objectId: id }),
      keys: keysFor('Undo', object),
      async effect(tx) {
        const was = id !== undefined && await follows.removeFollow(tx, a.actor, id)
        if (target !== undefined && handle !== undefined) {
          // Misskey and Lemmy name another id here than in the Follow, so whom it is of must do. But who has asked again since, and
          // undoes the Follow before that, stays: the times say so, or else that the one named did come.
          const order = await stones.order(tx, followOf(target), a.actor, a.raw.published)
          const isIt = order === undefined ? id === undefined || !(await stones.came(tx, id)) : order === 1
          if (!was && isIt) await follows.removeFollower(tx, handle, a.actor)
        }
        if (was) return { keys: ['Undo/Follow', 'Undo'] }
        if (id !== undefined) await stones.set(tx, id, a.actor)
      },
    }
  }

  async function answered(a: Act): Promise<Plan> {
    const id = idOf(a.raw.object)
    const embedded = isObject(a.raw.object) ? a.raw.object : undefined
    const state = a.type === 'Accept' ? 'accepted' as const : 'rejected' as const
    // Ours by its id; or, from servers that change ids, a Follow of this very actor by one of ours.
    const isOurs = id !== undefined && uris.isLocal(id)
    const asked = isOurs ? await follows.byActivity(id) : undefined
    const named = !isOurs && typeOf(embedded) === 'Follow' && idOf(embedded?.object) === a.actor ? uris.handleOf(idOf(embedded?.actor) ?? '') : undefined
    const handle = asked?.target === a.actor ? asked.handle : named
    if (handle === undefined) {
      const found = await other(a)
      if (found.keys[0] === `${a.type}/Follow`) throw new Dropped('an answer to a Follow that is not its, or not the last')
      return found
    }
    return {
      object: { id, type: 'Follow', actor: uris.actor(handle), object: a.actor }, ...(id === undefined ? {} : { objectId: id }),
      keys: [`${a.type}/Follow`],
      async effect(tx) {
        if (!(await follows.answer(tx, handle, a.actor, state, isOurs ? id : undefined))) throw new Dropped('an answer to what nobody asked')
      },
    }
  }

  async function block(a: Act): Promise<Plan> {
    const target = idOf(a.raw.object)
    const handle = target === undefined ? undefined : uris.handleOf(target)
    if (handle === undefined) throw new Dropped('a Block of somebody else')
    return {
      object: target, ...(target === undefined ? {} : { objectId: target }), keys: ['Block'],
      async effect(tx) {
        if (await stones.order(tx, followOf(target!), a.actor, a.raw.published) !== -1) await follows.removeFollower(tx, handle, a.actor)
      },
    }
  }

  /** A report names an account and any number of its posts at once (Mastodon). What is ours of them counts, by id. */
  async function flag(a: Act): Promise<Plan> {
    const ids = listOf(a.raw.object).map(idOf).filter((id): id is string => id !== undefined && uris.isLocal(id))
    if (!ids.length) throw new Dropped('a Flag of nothing of ours')
    return { object: ids, keys: ['Flag'], effect: (tx) => notUndone(tx, a) }
  }

  async function remove(a: Act): Promise<Plan> {
    const id = idOf(a.raw.object)
    if (id === undefined) throw new Dropped('a Delete of nothing')
    if (id === a.actor) {
      return {
        object: a.raw.object, objectId: id, keys: ['Delete/Actor'],
        async effect(tx) {
          await stones.set(tx, id, a.actor)
          await remote.markGone(id, tx)
          await follows.removeEverywhere(tx, id)
          house.afterCommit(() => house.actorChanged(id))
        },
      }
    }
    if (!sameOrigin(id, a.actor)) throw new Dropped('a Delete of another server’s object')
    // The actor of a server itself may take down what stands there; another user of it may not. Anybody can call itself an
    // Application (bots do), so it is the server's word only when the server says the same of the object.
    const forServer = (await remote.known(a.actor))?.type === 'Application' && await stateAtOrigin(sources, id) !== 'there'
    const former = isObject(a.raw.object) ? (a.raw.object.formerType ?? a.raw.object.type) : undefined
    return {
      object: a.raw.object, objectId: id, ...(forServer ? { forServer: true as const } : {}), keys: [...(typeof former === 'string' && former !== 'Tombstone' ? [`Delete/${former}`] : []), 'Delete'],
      async effect(tx) {
        await stones.set(tx, id, a.actor)
        if (forServer) await stones.set(tx, id, new URL(id).origin)
      },
    }
  }

  /** A collection's owner tells what is in it: ids, perhaps of other servers and perhaps many. The room decides what to fetch, and when. */
  async function listed(a: Act): Promise<Plan> {
    const key = a.type === 'Update' ? 'Update/Listed' : a.type
    return house.wants(key) ? { object: a.raw.object, keys: [key], effect: (tx) => notUndone(tx, a) } : { object: undefined, keys: [] }
  }

  /** Create and Update: the author's own, and not deleted before. */
  async function made(a: Act): Promise<Plan> {
    const id = idOf(a.raw.object)
    const inner = typeOf(a.raw.object)
    if (a.type === 'Update' && idOf(a.raw.target) !== undefined && listOf(a.raw.object).every(isReference)) return listed(a)
    if (a.type === 'Update' && (id === a.actor || (inner !== undefined && ACTOR_TYPES.has(inner)))) {
      if (id !== a.actor) throw new Dropped('an Update of another actor')
      const fresh = await remote.refresh(a.actor)
      house.actorChanged(a.actor)
      return { object: fresh.document, objectId: a.actor, keys: ['Update/Actor'] }
    }
    if (!house.wants(a.type)) return { object: undefined, keys: [] }
    const found = await resolve(a.raw.object, a.actor, true, sources)
    if (!isObject(found.object) || uris.isLocal(found.objectId ?? '') || !isAuthor(found.object, a.actor)) {
      throw new Dropped(`a ${a.type} of another’s object`)
    }
    return {
      // A vote is no comment, whoever would like to have it.
      ...found, keys: isVote(found.object, uris.isLocal) ? [`${a.type}/Vote`] : keysFor(a.type, found.object),
      async effect(tx) {
        const origin = found.objectId === undefined ? undefined : originOf(found.objectId)
        if (await stones.any(tx, [found.objectId, a.id], a.actor) || (origin !== undefined && await stones.any(tx, [found.objectId], origin))) {
          throw new Dropped('deleted before it came')
        }
      },
    }
  }

  /** The old account says where it went, the new one that it is the same: both must. What follows from it is a job's work. */
  async function moved(a: Act): Promise<Plan> {
    const to = idOf(a.raw.target)
    if (idOf(a.raw.object) !== a.actor) throw new Dropped('a Move of another')
    if (to === undefined || to === a.actor || !URL.canParse(to) || uris.isLocal(to)) throw new Dropped('a Move to nowhere else')
    if (!(await follows.isWanted(a.actor)) && !house.wants('Move')) return { object: undefined, keys: [] }
    const target = await remote.keep(await sources.fetched(to))
    if (target.id !== to || !namesBack(target.document, a.actor)) throw new Dropped('a Move that the new account knows nothing of')
    // What the old one says of itself now is kept. It moves all the same where its server is away by now.
    const old = await sources.fetched(a.actor).then((document) => remote.keep(document)).catch((e: unknown) => { if (!(e instanceof Problem)) throw e })
    if (old) house.actorChanged(a.actor)
    const said = `move ${to}`
    return {
      object: target.document, objectId: to, keys: ['Move'],
      async effect(tx) {
        await notUndone(tx, a)
        if (await stones.any(tx, [said], a.actor)) return { keys: [] } // who followed the old one again since has meant it
        await stones.set(tx, said, a.actor)
        if (await follows.isWanted(a.actor)) await house.jobs.add(tx, MOVE, { key: `move ${a.actor}`, payload: { from: a.actor, to } })
      },
    }
  }

  async function other(a: Act): Promise<Plan> {
    if (!house.wants(a.type)) return { object: undefined, keys: [] }
    const special = house.wants(`${a.type}/`)
    const found = await resolve(a.raw.object, a.actor, special, sources)
    return { ...found, keys: keysFor(a.type, found.object), effect: (tx) => notUndone(tx, a) }
  }

  const byType: Readonly<Record<string, (a: Act) => Promise<Plan>>> = {
    Follow: follow,
    Undo: undo,
    Accept: answered,
    Reject: answered,
    Block: block,
    Flag: flag,
    Move: moved,
    Delete: remove,
    Create: made,
    Update: made,
    Add: listed,
    Remove: listed,
  }
  return (a) => (Object.hasOwn(byType, a.type) ? byType[a.type]! : other)(a)
}
