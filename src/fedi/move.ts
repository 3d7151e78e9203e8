/**
 * An account that we follow has moved (Move, as Mastodon and others send it; FEP-7628): where the new one names the old one back
 * (`alsoKnownAs`), each of ours that follows the old one follows the new one instead. Each with a Follow and an Undo of its own,
 * in batches, by a job.
 */
import { and, asc, eq, ne } from 'drizzle-orm'
import { z } from 'zod'
import { Problem } from '../kernel/errors.ts'
import type { Db, Store } from '../store/store.ts'
import type { JobHandler } from '../store/workers.ts'
import { newId } from '../kernel/ids.ts'
import type { LocalActors } from './actors.ts'
import type { FollowBook } from './follows.ts'
import { idOf, listOf } from './json.ts'
import type { Json } from './fedi.ts'
import { bareHost } from './net/address.ts'
import type { Publisher } from './publish.ts'
import type { RemoteActors } from './remote.ts'
import { fediTables } from './tables.ts'
import type { Uris } from './uris.ts'

/** Payload: { from, to }. */
export const MOVE = 'move'
const BATCH = 50

/** Does the document say that it was known by this id before? */
export const namesBack = (document: Json, id: string): boolean => listOf(document.alsoKnownAs).slice(0, 100).some((v) => idOf(v) === id)

export interface MoveHouse {
  store: Store
  uris: Uris
  actors: LocalActors
  remote: RemoteActors
  follows: FollowBook
  publisher: Publisher
  isBlocked(host: string): boolean
}

export function movingHandler(house: MoveHouse): JobHandler {
  const { store, uris, follows, publisher } = house
  const { following: t } = fediTables(store.kit)

  async function one(tx: Db, handle: string, old: { target: string; activity: string }, to: { id: string; inbox: string }): Promise<void> {
    const known = await follows.find(handle, to.id, tx)
    if (!known) {
      const id = uris.activity(newId())
      await follows.request(tx, handle, to.id, id)
      await publisher.publish(tx, { actor: handle, activity: { id, type: 'Follow', to: [to.id], object: to.id }, to: { inboxes: [to.inbox] } })
    }
    await follows.forget(tx, handle, old.target)
    const follow = { id: old.activity, type: 'Follow', actor: uris.actor(handle), object: old.target }
    await publisher.publish(tx, { actor: handle, activity: { type: 'Undo', to: [old.target], object: follow }, to: { actors: [old.target] } })
  }

  return {
    concurrency: 1,
    async run(job, signal) {
      const { from, to } = z.object({ from: z.string(), to: z.string() }).parse(job.payload)
      if (uris.isLocal(to) || house.isBlocked(bareHost(new URL(to)))) return
      let target
      try { target = await house.remote.get(to) } catch (e) {
        if (e instanceof Problem && e.status < 500) return // gone again, or refused
        throw e
      }
      if (!namesBack(target.document, from)) return // not any more
      for (let more = true; more && !signal.aborted;) {
        more = await store.write(async (tx) => {
          const rows = await tx.select().from(t).where(and(eq(t.target, from), ne(t.state, 'rejected'))).orderBy(asc(t.actor)).limit(BATCH)
          for (const row of rows) {
            const actor = await house.actors.find(row.actor, tx)
            if (actor?.open && !actor.gone) await one(tx, row.actor, row, target)
            else await follows.forget(tx, row.actor, from)
          }
          return rows.length === BATCH
        })
      }
    },
  }
}
