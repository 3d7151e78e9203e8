/**
 * What other directories list, kept as their servers serve it (WIRE.md sections 5 and 7). Read-only here: only the origin changes or
 * deletes. Nothing of it ever enters our own collections or is announced: those are written by our own rooms alone.
 *
 * A directory's word is an id and a revision. What it names is fetched from its own server, whichever that is, and that is believed
 * (FEP-fe34); a revision that is known is never fetched again.
 */
import { z } from 'zod'
import { getLogger } from '@logtape/logtape'
import { allow, type Who } from '../accounts/model.ts'
import { isAuthor } from '../fedi/dispatch/authority.ts'
import type { Fedi, FollowState, Json, RemoteActor } from '../fedi/fedi.ts'
import { bareHost } from '../fedi/net/address.ts'
import { Problem, safeReason } from '../kernel/errors.ts'
import type { Clock } from '../kernel/time.ts'
import type { Jobs } from '../store/jobs.ts'
import type { Db, Store } from '../store/store.ts'
import type { JobHandler } from '../store/workers.ts'
import { collectionOf, COLLECTIONS, isNews, isOlder, stateOf, thingFrom, traitsOf, type Collection, type Named, type Traits } from './model.ts'
import { peerStore } from './store.ts'

const log = getLogger(['toadlane', 'peers'])

export interface PeerHouse {
  store: Store
  clock: Clock
  jobs: Pick<Jobs, 'add' | 'addMany'>
  fedi: Pick<Fedi, 'uris' | 'knownActor' | 'isFollowed' | 'fetchObject' | 'refreshActor' | 'causedBy' | 'following'>
  /** Has an organisation with these traits asked not to be listed here? */
  optedOut(traits: Traits): Promise<boolean>
  /** Is nothing taken from this host (without port)? */
  isBlocked?(host: string): boolean
}

/** Fetches one thing. */
const MIRROR = 'peers.mirror'
/** A directory whose collections we did not know: its document is read first. */
const ASK = 'peers.ask'
/** Drops what a directory listed that is followed no more. */
const FORGET = 'peers.forget'
/** Looks over everything that is kept for what has opted out here. */
const OPTED_OUT = 'peers.opted-out'
const BATCH = 100

/** What a followed directory says: these stand in that collection of its, or do not any more. */
export interface Heard { type: 'Add' | 'Update' | 'Remove'; directory: string; target: string; named: readonly Named[] }

/** A directory that ours follows. */
export interface FollowedDirectory {
  actor: string
  name: string | null
  state: FollowState
  /** Things that it lists and that are kept here. */
  mirrored: number
  /** When the newest of what was heard changed. */
  changed: Date | null
}

const collection = z.enum(COLLECTIONS)
const named = z.object({ id: z.string(), revision: z.number().optional(), changed: z.coerce.date().optional() })
const toMirror = named.extend({ directory: z.string(), collection: collection.optional() })
const toAsk = z.object({ type: z.enum(['Add', 'Update', 'Remove']), directory: z.string(), target: z.string(), named: z.array(named) })
const toForget = z.object({ directory: z.string() })

/** Gone at its own server, or never to be had from it. */
const isGone = (e: unknown): boolean => e instanceof Problem && (e.code === 'gone' || e.code === 'not-found')
const isFinal = (e: unknown): boolean => e instanceof Problem && (e.status < 500 || e.code === 'bad-document')

const withoutNothing = ({ id, revision, changed }: z.infer<typeof named>): Named =>
  ({ id, ...(revision === undefined ? {} : { revision }), ...(changed === undefined ? {} : { changed }) })

export function peers(house: PeerHouse) {
  const { store, clock, jobs, fedi } = house
  const rows = peerStore(store)

  async function apply(tx: Db, said: Heard, place: Collection): Promise<void> {
    const others = said.named.filter((n) => !fedi.uris.isLocal(n.id)) // ours come back to us from whoever mirrors us
    const known = await rows.words(tx, said.directory, others.map((n) => n.id))
    if (said.type === 'Remove') {
      for (const n of others) {
        const revision = n.revision ?? known.get(n.id)?.revision ?? 0
        await rows.say(tx, { directory: said.directory, id: n.id, collection: place, revision, gone: true, changed: n.changed ?? clock.now() })
      }
      return
    }
    const fresh = others.filter((n) => n.revision === undefined || isNews({ revision: n.revision, gone: false }, known.get(n.id)))
    await jobs.addMany(tx, MIRROR, fresh.map((n) => ({ key: `mirror ${n.id}`, payload: { ...n, directory: said.directory, collection: place } })))
  }

  /** Keeps the thing as the directory's word and its own server have it, unless newer ones are known. */
  async function keep(tx: Db, directory: string, said: Named & { collection?: Collection }, document: Json | undefined): Promise<void> {
    const thing = document && thingFrom(document, said.collection)
    const place = said.collection ?? thing?.collection
    if (place === undefined) return // something that a directory told its readers of, and no thing of ours
    const revision = said.revision ?? thing?.revision ?? 0
    const wanted = document && thing && !(place === 'members' && await house.optedOut(traitsOf(document))) ? thing : undefined
    const changed = said.changed ?? thing?.updated ?? clock.now()
    // What is not kept is remembered as gone at that revision: it is not fetched again for the same word.
    const now = await rows.say(tx, { directory, id: said.id, collection: place, revision, gone: !wanted, changed })
    if (!wanted || now.gone) return
    const old = await rows.document(tx, said.id)
    if (!old || !isOlder(wanted, stateOf(old))) await rows.keep(tx, wanted, clock.now())
  }

  async function mirror(said: z.infer<typeof toMirror>): Promise<void> {
    const { directory } = said
    const wants = async (tx: Db): Promise<boolean> => {
      if (!await rows.directoryFollows(tx, directory)) return false
      const known = (await rows.words(tx, directory, [said.id])).get(said.id)
      if (said.revision !== undefined) return isNews({ revision: said.revision, gone: false }, known)
      return said.collection !== undefined || !known // an Announce says nothing of changes
    }
    if (!await wants(store.read)) return
    let document: Json | undefined
    try { document = await fedi.causedBy(directory, () => fedi.fetchObject(said.id)) } catch (e) {
      if (!isGone(e)) {
        if (!isFinal(e)) throw e
        log.debug('a thing that a directory lists is not to be had: {reason}', { reason: safeReason(e) })
        return
      }
    }
    await store.write(async (tx) => {
      if (!await wants(tx)) return
      // The address may have led to another id: that one is listed by nobody.
      if (document === undefined || document.id !== said.id || document.type === 'Tombstone') {
        if (said.collection) await keep(tx, directory, { ...withoutNothing(said), collection: said.collection }, undefined)
        if (document === undefined || document.type === 'Tombstone') await rows.dropThing(tx, said.id)
      } else await keep(tx, directory, { ...withoutNothing(said), ...(said.collection ? { collection: said.collection } : {}) }, document)
    })
  }

  /** Does anybody here still follow whose word it was? What it only listed wants our directory to follow it; its own posts want anybody. */
  async function forget(directory: string, signal: AbortSignal): Promise<void> {
    for (let after: string | undefined = ''; after !== undefined;) {
      if (signal.aborted) throw new Error('to be gone on with')
      const from: string = after
      after = await store.write(async (tx) => {
        if (await rows.directoryFollows(tx, directory)) return undefined
        const byAnybody = await fedi.isFollowed(tx, directory)
        const page = await rows.listingsOf(tx, directory, from, BATCH)
        const gone: string[] = []
        for (const { id, collection } of page) {
          const document = byAnybody && collection !== 'members' ? await rows.document(tx, id) : undefined
          if (!document || !isAuthor(document, directory)) gone.push(id)
        }
        await rows.forget(tx, directory, gone)
        return page.length < BATCH ? undefined : page.at(-1)!.id
      })
    }
  }

  async function lookOver(signal: AbortSignal): Promise<void> {
    for (let after: string | undefined = ''; after !== undefined;) {
      if (signal.aborted) throw new Error('to be gone on with')
      const from: string = after
      after = await store.write(async (tx) => {
        const page = await rows.things(tx, from, BATCH)
        for (const { id, document } of page) if (await house.optedOut(traitsOf(document))) await rows.dropThing(tx, id)
        return page.length < BATCH ? undefined : page.at(-1)!.id
      })
    }
  }

  const left = (tx: Db, actor: string): Promise<void> => jobs.add(tx, FORGET, { key: `forget ${actor}`, payload: { directory: actor } })

  return {
    /** Add, Update and Remove of a directory that ours follows; of anybody else, or on anything but its own collections: no effect. */
    async heard(tx: Db, said: Heard): Promise<void> {
      if (!said.named.length || !await rows.directoryFollows(tx, said.directory)) return
      const directory = await fedi.knownActor(said.directory)
      const place = directory && collectionOf(directory.document, said.target)
      if (place) return apply(tx, said, place)
      // It may have begun to list things after we last read its document.
      await jobs.add(tx, ASK, { key: `ask ${said.directory}`, payload: said })
    },
    /** A directory that ours follows tells its readers of something: it may be a thing of ours. */
    async announced(tx: Db, directory: string, id: string): Promise<void> {
      if (fedi.uris.isLocal(id) || !await rows.directoryFollows(tx, directory)) return
      const known = await fedi.knownActor(directory)
      if (!known?.toadlane || known.type !== 'Group' || (await rows.words(tx, directory, [id])).has(id)) return
      await jobs.add(tx, MIRROR, { key: `mirror ${id}`, payload: { id, directory } })
    },
    /** Somebody whom this instance follows publishes or changes a thing of one of our kinds. */
    async published(tx: Db, author: string, document: Json): Promise<void> {
      const thing = thingFrom(document)
      if (!thing || !await fedi.isFollowed(tx, author)) return
      await keep(tx, author, { id: thing.id, collection: thing.collection }, document)
    },
    /** The new document of an actor; kept where it is mirrored. */
    async refreshed(tx: Db, id: string, document: Json): Promise<void> {
      const old = await rows.document(tx, id)
      const thing = old && thingFrom(document, 'members')
      if (!old || !thing || isOlder(thing, stateOf(old))) return
      if (await house.optedOut(traitsOf(document))) await rows.dropThing(tx, id)
      else await rows.keep(tx, thing, clock.now())
    },
    /** Its author has deleted it, or the server on which it stands (`forServer`: fedi has asked that server). */
    async deleted(tx: Db, by: string, id: string, forServer = false): Promise<void> {
      const document = await rows.document(tx, id)
      if (document && (forServer || isAuthor(document, by))) await rows.dropThing(tx, id)
    },
    /** The actor is gone, or follows from here end: what counted by its word goes, in batches. */
    left,
    /** Somebody has asked not to be listed here. */
    async someoneOptedOut(tx: Db): Promise<void> { await jobs.add(tx, OPTED_OUT, { payload: {} }) },

    /** Now and then: drops what was listed by those whom nobody here follows any more, however the follow ended, and what stands on blocked servers, whoever lists it. */
    async tidy(): Promise<void> {
      for (let at = await rows.directoryAfter(''); at !== undefined; at = await rows.directoryAfter(at)) {
        const directory = at
        await store.write(async (tx) => {
          if (!await rows.directoryFollows(tx, directory) && !await fedi.isFollowed(tx, directory)) await left(tx, directory)
        })
      }
      for (let at = await rows.hostAfter(''); at !== undefined; at = await rows.hostAfter(at)) {
        const host = at
        if (!house.isBlocked?.(bareHost(new URL(`https://${host}`)))) continue
        for (let n = BATCH; n === BATCH;) n = await store.write((tx) => rows.dropOf(tx, host, BATCH))
      }
    },

    /** Job kinds of this room. */
    handlers(): Record<string, JobHandler> {
      return {
        // Mostly one server's things: it is asked for few at a time.
        [MIRROR]: { concurrency: 4, run: (job) => mirror(toMirror.parse(job.payload)) },
        [ASK]: {
          concurrency: 2,
          async run(job) {
            const { named, ...said } = toAsk.parse(job.payload)
            const placeIn = (actor: RemoteActor | undefined) => (actor?.id === said.directory ? collectionOf(actor.document, said.target) : undefined)
            // Another job may have refreshed it already. It is kept as it is now, so that what comes next is not asked about again.
            let place = placeIn(await fedi.knownActor(said.directory))
            if (!place) {
              try { place = placeIn(await fedi.causedBy(said.directory, () => fedi.refreshActor(said.directory))) } catch (e) {
                if (isFinal(e)) return
                throw e
              }
            }
            if (!place) return
            await store.write(async (tx) => {
              if (await rows.directoryFollows(tx, said.directory)) await apply(tx, { ...said, named: named.map(withoutNothing) }, place)
            })
          },
        },
        [FORGET]: { concurrency: 1, run: (job, signal) => forget(toForget.parse(job.payload).directory, signal) },
        [OPTED_OUT]: { concurrency: 1, run: (_job, signal) => lookOver(signal) },
      }
    },

    /** The directories that ours follows, and what is mirrored of each. */
    async directories(who: Who | undefined): Promise<FollowedDirectory[]> {
      allow(who, 'delivery.manage')
      const [followed, numbers] = await Promise.all([fedi.following('directory'), rows.numbers()])
      const rowsOf = await Promise.all(followed.map(async ({ actor, state }) => {
        const known = await fedi.knownActor(actor)
        // A co-op of another Toadlane is followed for its posts: it lists nothing.
        if (known && (known.type !== 'Group' || !known.toadlane)) return []
        return [{ actor, name: known?.name ?? null, state, mirrored: numbers.get(actor)?.mirrored ?? 0, changed: numbers.get(actor)?.changed ?? null }]
      }))
      return rowsOf.flat()
    },
  }
}
export type Peers = ReturnType<typeof peers>
