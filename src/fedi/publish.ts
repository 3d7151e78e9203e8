/** What local actors say: stored as a document, listed in the outbox, handed to delivery – in the caller's transaction. */
import { and, desc, eq, lt } from 'drizzle-orm'
import { Problem } from '../kernel/errors.ts'
import { newId } from '../kernel/ids.ts'
import type { Clock } from '../kernel/time.ts'
import type { Documents } from '../store/documents.ts'
import type { Db, Store } from '../store/store.ts'
import { enqueuer } from './delivery/enqueue.ts'
import type { Jobs } from '../store/jobs.ts'
import type { LocalActors } from './actors.ts'
import type { Json, Publish } from './fedi.ts'
import { idOf } from './json.ts'
import { fediTables } from './tables.ts'
import { inContext } from './terms.ts'
import type { Uris } from './uris.ts'

export interface PublishHouse { store: Store; clock: Clock; jobs: Jobs; uris: Uris; documents: Documents; actors: LocalActors }

/** Shown in the outbox unless the caller says otherwise. */
const LISTED = new Set(['Create', 'Announce'])

export function publisher(house: PublishHouse) {
  const { store, clock, uris, documents } = house
  const t = fediTables(store.kit).outbox
  const enqueue = enqueuer(house)

  return {
    async publish(tx: Db, p: Publish): Promise<{ id: string }> {
      const actor = await house.actors.find(p.actor, tx)
      if (!actor || !actor.open || actor.gone) throw new Problem('no-actor', `${p.actor} cannot speak: it is no open actor here`, { status: 409 })
      const { '@context': _, id: given, type, actor: __, ...rest } = p.activity
      const id = typeof given === 'string' ? given : uris.activity(newId())
      if (typeof type !== 'string') throw new Problem('activity', 'an activity needs a type', { status: 500 })
      const activity: Json = { id, type, actor: actor.id, published: clock.now().toISOString(), ...rest }
      await documents.put(tx, id, inContext(activity))
      const object = idOf(activity.object)
      const listed = p.inOutbox ?? LISTED.has(type)
      // Those that carry an object of ours are found again when it is deleted.
      const kept = listed || (p.keep ?? (object !== undefined && uris.isLocal(object) && type !== 'Delete'))
      if (kept) {
        await tx.insert(t).values({ actor: p.actor, activity: id, type, object: object ?? null, listed, published: clock.now() })
      }
      await enqueue(tx, p.actor, id, p.to, !kept)
      return { id }
    },

    /** New words take the place of the old ones everywhere: in the Create that carried them, and no earlier Update is left. Nobody finds in the outbox what was corrected. */
    async putObject(tx: Db, document: Json & { id: string }): Promise<{ revision: number; changed: boolean }> {
      if (!uris.isLocal(document.id)) throw new Problem('foreign-id', 'only documents under this origin are kept here', { status: 500 })
      const put = await documents.put(tx, document.id, inContext(document))
      if (!put.changed || put.revision === 1) return put
      const earlier = await tx.delete(t).where(and(eq(t.object, document.id), eq(t.type, 'Update'))).returning({ activity: t.activity })
      for (const { activity } of earlier) await documents.bury(tx, activity, 'Update')
      const made = await tx.select({ activity: t.activity }).from(t).where(and(eq(t.object, document.id), eq(t.type, 'Create')))
      for (const { activity } of made) {
        const stored = await documents.get(activity)
        if (stored && !stored.gone) await documents.put(tx, activity, inContext({ ...JSON.parse(stored.json) as Json, object: document }))
      }
      return put
    },

    /** The object's words go from everywhere: its own document, and the activities that carried them. */
    async buryObject(tx: Db, id: string, formerType: string): Promise<void> {
      await documents.bury(tx, id, formerType)
      const rows = await tx.delete(t).where(eq(t.object, id)).returning({ activity: t.activity, type: t.type })
      for (const r of rows) await documents.bury(tx, r.activity, r.type)
    },

    /** An activity of ours is as good as never said: a Tombstone in its place, and out of the outbox. */
    async retract(tx: Db, a: { actor: string; activity: string; type: string }): Promise<void> {
      await documents.bury(tx, a.activity, a.type)
      await tx.delete(t).where(and(eq(t.actor, a.actor), eq(t.activity, a.activity)))
    },

    /** Newest first; page by passing the last serial as `before`. */
    async page(handle: string, before: number | undefined, limit: number): Promise<{ serial: number; activity: string }[]> {
      return store.read.select({ serial: t.serial, activity: t.activity }).from(t)
        .where(and(eq(t.actor, handle), eq(t.listed, true), before === undefined ? undefined : lt(t.serial, before)))
        .orderBy(desc(t.serial)).limit(limit)
    },
    count: (handle: string): Promise<number> => store.read.$count(t, and(eq(t.actor, handle), eq(t.listed, true))),
  }
}
export type Publisher = ReturnType<typeof publisher>
