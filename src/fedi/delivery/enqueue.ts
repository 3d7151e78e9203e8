/** Who gets an activity: one small job an inbox, in the transaction that caused it. The body is stored once, apart. */
import { and, eq, inArray, sql } from 'drizzle-orm'
import type { Clock } from '../../kernel/time.ts'
import type { Jobs } from '../../store/jobs.ts'
import type { Db, Store } from '../../store/store.ts'
import type { Audience, Json } from '../fedi.ts'
import { originOf } from '../json.ts'
import { fediTables } from '../tables.ts'
import type { Uris } from '../uris.ts'

export const DELIVER = 'deliver'
/** Finds the inbox of an actor that is not known yet, then delivers. */
export const ADDRESS = 'address'

export interface Parcel {
  activity: string
  /** Its document is dropped after delivery: it had one reader, and nobody may fetch it. */
  once: boolean
}
export interface ToAddress extends Parcel { actor: string }

/** Jobs are many: `{"a":"UUID"}` where the id is one of ours. */
export function writeParcel(uris: Uris, p: Parcel): Json {
  const base = uris.activity('')
  return { a: p.activity.startsWith(base) ? p.activity.slice(base.length) : p.activity, ...(p.once ? { o: 1 } : {}) }
}
export function readParcel(uris: Uris, payload: unknown): Parcel {
  const { a, o } = payload as { a: string; o?: number }
  return { activity: a.includes(':') ? a : uris.activity(a), once: o === 1 }
}

export interface EnqueueHouse { store: Store; clock: Clock; jobs: Jobs; uris: Uris }

export function enqueuer(house: EnqueueHouse) {
  const { store, jobs, uris } = house
  const { followers, remoteActors } = fediTables(store.kit)
  const target = sql<string>`coalesce(${followers.sharedInbox}, ${followers.inbox})`

  /** In the database alone: 100,000 followers never pass through this process. */
  const toFollowers = (tx: Db, handle: string, payload: Json): Promise<void> => jobs.addForEach(tx, DELIVER, payload, sql`
    select distinct ${target} from ${followers} where actor = ${handle} and state = 'accepted' and ${target} not like ${`${uris.origin}/%`}`)

  /** Inboxes of actors; those whose inbox is not known come back as `unknown`. */
  async function inboxesOf(tx: Db, actors: readonly string[], shared: boolean): Promise<{ inboxes: string[]; unknown: string[] }> {
    const remote = [...new Set(actors)].filter((a) => !uris.isLocal(a) && originOf(a))
    if (!remote.length) return { inboxes: [], unknown: [] }
    const rows = await tx.select({ id: remoteActors.id, inbox: remoteActors.inbox, sharedInbox: remoteActors.sharedInbox, gone: remoteActors.gone })
      .from(remoteActors).where(inArray(remoteActors.id, remote.slice(0, 500)))
    const found = new Set(rows.map((r) => r.id))
    return {
      inboxes: rows.filter((r) => r.gone === null).map((r) => (shared ? r.sharedInbox ?? r.inbox : r.inbox)),
      unknown: remote.filter((a) => !found.has(a)),
    }
  }

  /** @param passing nothing else refers to the activity: once its only reader has it, its document may go */
  return async function enqueue(tx: Db, handle: string, activity: string, to: Audience, passing: boolean): Promise<void> {
    if (to === 'nobody') return
    const a = to === 'followers' ? { followers: true } : to
    const { inboxes, unknown } = await inboxesOf(tx, a.actors ?? [], a.followers === true)
    const single = new Set([...(a.inboxes ?? []), ...inboxes].filter((i) => originOf(i) && !uris.isLocal(i)))
    const once = passing && !a.followers && single.size + unknown.length === 1
    const payload = writeParcel(uris, { activity, once })
    if (a.followers) {
      if (single.size) {
        const covered = await tx.selectDistinct({ inbox: target }).from(followers)
          .where(and(eq(followers.actor, handle), eq(followers.state, 'accepted'), inArray(target, [...single])))
        for (const c of covered) single.delete(c.inbox)
      }
      await toFollowers(tx, handle, payload)
    }
    await jobs.addMany(tx, DELIVER, [...single].map((inbox) => ({ key: inbox, payload })))
    await jobs.addMany(tx, ADDRESS, unknown.map((actor) => ({ key: actor, payload: { ...payload, actor } })))
  }
}
