/**
 * Follower synchronisation, as it comes in (FEP-8fcf): with what a remote actor sends, its server says which of ours it takes for
 * followers. Where that is not what we think, a job reads its list and both sides are brought together: what it does not list it
 * does not send to us, so we do not follow it; whom it lists and we know nothing of, it is told to forget.
 */
import { and, eq, inArray } from 'drizzle-orm'
import { LRUCache } from 'lru-cache'
import { getLogger } from '@logtape/logtape'
import { z } from 'zod'
import { Problem, safeReason } from '../../kernel/errors.ts'
import { newId } from '../../kernel/ids.ts'
import { MINUTE, SECOND, type Clock } from '../../kernel/time.ts'
import type { Jobs } from '../../store/jobs.ts'
import type { Db, Store } from '../../store/store.ts'
import { storeTables } from '../../store/tables.ts'
import type { JobHandler } from '../../store/workers.ts'
import type { LocalActors } from '../actors.ts'
import type { Json } from '../fedi.ts'
import type { Fetcher } from '../fetch.ts'
import type { FollowBook } from '../follows.ts'
import { budget } from '../inbox/budget.ts'
import { idOf, isObject, listOf, sameOrigin } from '../json.ts'
import { bareHost } from '../net/address.ts'
import type { Publisher } from '../publish.ts'
import type { RemoteActors } from '../remote.ts'
import { fediTables } from '../tables.ts'
import type { Uris } from '../uris.ts'
import { digestOf, readSync } from './digest.ts'

const log = getLogger(['toadlane', 'fedi', 'sync'])

/** Payload: { actor, url }. Key: one at a time for an actor. */
export const FOLLOWERS_SYNC = 'followers-sync'
/** What is under way between us – an Accept, an Undo – has so long to arrive before the lists are compared. */
export const SETTLE = 15 * SECOND
/** The same actor's list is read no more often. */
export const AGAIN = 10 * MINUTE
const PAGES = 10
/** Said in one go to whoever lists more than we know of; the rest the next time. */
const TOLD = 20
/** Of those that are listed and not held here, so many are looked up. */
const STRANGERS = 1000

export interface SyncHouse {
  store: Store
  clock: Clock
  jobs: Jobs
  uris: Uris
  actors: LocalActors
  follows: FollowBook
  publisher: Publisher
  remote: RemoteActors
  fetch: Fetcher
  isBlocked(host: string): boolean
  /** For tests, in ms. */
  settle?: number
  again?: number
}

const payload = z.object({ actor: z.string(), url: z.string() })

export function synchronization(house: SyncHouse) {
  const { store, clock, jobs, uris, follows, publisher } = house
  const { following } = fediTables(store.kit)
  const { jobs: j } = storeTables(store.kit)
  const again = house.again ?? AGAIN
  /** When an actor's list was last asked for. */
  const asked = new LRUCache<string, number>({ max: 10_000 })
  const perHost = budget(clock, { burst: 30, perMinute: 6 })
  const now = () => clock.now().getTime()

  /** Our accepted followings of the actor, with the ids of our Follows. */
  const held = (actor: string, db: Db = store.read): Promise<{ handle: string; activity: string }[]> =>
    db.select({ handle: following.actor, activity: following.activity }).from(following).where(and(eq(following.target, actor), eq(following.state, 'accepted')))

  /**
   * What the other server's list has of `ours`, and the first of those ids under our origin that it has beside; undefined where it
   * could not be read whole: half a list is none. However long it is, only so much of it is kept.
   */
  async function listed(url: string, actor: string, ours: ReadonlySet<string>): Promise<{ ours: Set<string>; strangers: Set<string> } | undefined> {
    const list = { ours: new Set<string>(), strangers: new Set<string>() }
    let next: unknown = url
    for (let page = 0; next !== undefined; page++) {
      if (page > PAGES) return undefined
      let found: Json
      if (typeof next === 'string') {
        if (!sameOrigin(next, actor)) return undefined
        found = (await house.fetch.document(next)).document
      } else if (isObject(next)) found = next
      else return undefined
      if (typeof found.type !== 'string' || !/^(Ordered)?Collection(Page)?$/.test(found.type)) return undefined
      for (const item of [...listOf(found.items), ...listOf(found.orderedItems)]) {
        const id = idOf(item)
        if (id === undefined) continue
        if (ours.has(id)) list.ours.add(id)
        else if (list.strangers.size < STRANGERS && uris.handleOf(id) !== undefined) list.strangers.add(id)
      }
      next = found.first ?? found.next
    }
    return list
  }

  /** Handles of those among the ids who are open actors here and do not follow it: a few. */
  async function strangers(target: string, ids: ReadonlySet<string>): Promise<string[]> {
    const open = await house.actors.open([...ids].flatMap((id) => uris.handleOf(id) ?? []))
    const held = new Set((await follows.between(open, target)).filter((f) => f.state === 'accepted').map((f) => f.handle))
    return open.filter((handle) => !held.has(handle)).slice(0, TOLD)
  }

  /** One transaction: what they do not list goes; whom they list beside, they are told. */
  async function settle(actor: { id: string; inbox: string }, unlisted: readonly { handle: string; activity: string }[], strangers: readonly string[]): Promise<void> {
    if (!unlisted.length && !strangers.length) return
    const { forgotten, undone } = await store.write(async (tx) => {
      // Only what was held before the list was read, by the same Follow: a new one may have been accepted since.
      const gone = unlisted.length ? await tx.delete(following).where(and(
        eq(following.target, actor.id), eq(following.state, 'accepted'), inArray(following.activity, unlisted.map((f) => f.activity)),
      )).returning({ handle: following.actor }) : []
      let undone = 0
      for (const handle of strangers) {
        const local = await house.actors.find(handle, tx)
        if (!local?.open || local.gone) continue
        const known = await follows.find(handle, actor.id, tx)
        if (known?.state === 'accepted') continue
        // Their list costs them little: nothing that is said because of it stays here once it has arrived.
        const say = (activity: Json) => publisher.publish(tx, { actor: handle, activity: { to: [actor.id], ...activity }, to: { inboxes: [actor.inbox] }, keep: false })
        if (known?.state === 'requested') {
          // They have accepted, and we have not heard of it: asked once more, they say so again.
          const again = uris.activity(newId())
          await follows.request(tx, handle, actor.id, again)
          await say({ id: again, type: 'Follow', object: actor.id })
        } else {
          const follow = { id: known?.activity ?? uris.activity(newId()), type: 'Follow', actor: local.id, object: actor.id }
          await say({ type: 'Undo', object: follow })
          undone++
        }
      }
      return { forgotten: gone.length, undone }
    })
    const { host } = new URL(actor.id)
    if (forgotten || undone) log.info('followers at {host} were put right: {forgotten} forgotten here, {undone} there', { host, forgotten, undone })
  }

  const handler: JobHandler = {
    concurrency: 2,
    async run(job) {
      const { actor: id, url } = payload.parse(job.payload)
      const at = new URL(id)
      if (house.isBlocked(bareHost(at))) return
      try {
        if (!(await follows.isWanted(id))) return
        const before = await held(id)
        const actor = await house.remote.get(id)
        if (actor.gone) return
        const theirs = await listed(url, id, new Set(before.map((f) => uris.actor(f.handle))))
        if (theirs) await settle(actor, before.filter((f) => !theirs.ours.has(uris.actor(f.handle))), await strangers(actor.id, theirs.strangers))
        else log.debug('the list of {host} is not whole', { host: at.host })
      } catch (e) {
        // The next thing that they send says again what they think.
        if (!(e instanceof Problem) || e.code === 'busy') throw e
        log.debug('the list of {host} could not be read: {reason}', { host: at.host, reason: safeReason(e) })
      }
    },
  }

  return {
    handler,
    /**
     * A signed header has come with an activity of this actor. What does not belong to the actor's own server, and what agrees with
     * us, has no effect; nor what one says whom none of ours follows or has asked to follow: to such an actor we owe nothing. What
     * differs is looked into, not at once and not often.
     */
    async heard(actor: { id: string; followers?: string }, header: string): Promise<void> {
      const said = readSync(header)
      if (!said || said.collectionId !== actor.followers || !sameOrigin(said.collectionId, actor.id) || !sameOrigin(said.url, actor.id)) return
      if ((asked.get(actor.id) ?? -Infinity) + again > now()) return
      if (digestOf((await held(actor.id)).map((f) => uris.actor(f.handle))) === said.digest) return
      if (!(await follows.isWanted(actor.id))) return
      if (!perHost.take(new URL(actor.id).host)) return
      asked.set(actor.id, now())
      const key = `${FOLLOWERS_SYNC} ${actor.id}`
      await store.write(async (tx) => {
        const [waiting] = await tx.select({ id: j.id }).from(j).where(eq(j.key, key)).limit(1) // of another process
        if (!waiting) await jobs.add(tx, FOLLOWERS_SYNC, { key, payload: { actor: actor.id, url: said.url }, due: new Date(now() + (house.settle ?? SETTLE)) })
      })
    },
  }
}
export type Synchronization = ReturnType<typeof synchronization>
