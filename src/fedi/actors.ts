/** Local actors: whose handle it is, the document that is served, and its keys. */
import { and, eq, inArray, sql } from 'drizzle-orm'
import { isHandle } from '../kernel/ids.ts'
import { Problem } from '../kernel/errors.ts'
import type { Clock } from '../kernel/time.ts'
import type { Documents } from '../store/documents.ts'
import { inserter, prepared } from '../store/prepared.ts'
import type { Db, Store } from '../store/store.ts'
import { actorDocument, keyProperties } from './actor-document.ts'
import type { ActorPut, Json, LocalActor } from './fedi.ts'
import type { KeyRing } from './keys.ts'
import { fediTables } from './tables.ts'
import { inContext } from './terms.ts'
import type { Uris } from './uris.ts'

/** Handles in one read. */
const CHUNK = 250

export interface ActorsHouse { store: Store; clock: Clock; documents: Documents; uris: Uris; handleHost: string; keys: KeyRing }

export function localActors(house: ActorsHouse) {
  const { store, clock, documents, uris, keys } = house
  const t = fediTables(store.kit).localActors
  // Both are part of every change of an actor: an import of 100,000 runs them as often.
  const findRow = prepared('local_actor_find', (db) => db.select().from(t).where(eq(t.handle, sql.placeholder('handle'))))
  const addRow = inserter('local_actor_add', t)

  async function find(handle: string, db: Db = store.read): Promise<LocalActor | undefined> {
    return (await findRow(db, { handle }))[0]
  }

  /** The row of the handle: there already, or taken now. */
  async function claim(tx: Db, a: ActorPut): Promise<LocalActor> {
    const old = await find(a.handle, tx)
    // Nobody needs to follow the instance itself; servers that read the document do not even ask.
    const approves = a.owner === 'instance' || (a.approves ?? old?.approves ?? false)
    if (!old) {
      if (!isHandle(a.handle)) {
        const why = `${a.handle} is no handle: lower-case letters, digits and _, with . and - between`
        throw new Problem('handle', why, { status: 422, field: 'handle' })
      }
      if (a.handle === uris.instanceHandle && a.owner !== 'instance') throw taken(a.handle)
      const row: LocalActor = { handle: a.handle, id: uris.actor(a.handle), owner: a.owner, open: a.open, gone: false, approves, made: clock.now() }
      await addRow(tx, row)
      return row
    }
    if (old.owner !== a.owner || old.gone) throw taken(a.handle)
    if (old.open && !a.open) {
      throw new Problem('stays-open', `${a.handle} has been an actor that others follow; it can be buried, not closed`, { status: 409 })
    }
    if (old.open !== a.open || old.approves !== approves) await tx.update(t).set({ open: a.open, approves }).where(eq(t.handle, a.handle))
    return { ...old, open: a.open, approves }
  }
  const taken = (handle: string) =>
    new Problem('handle-taken', `the handle ${handle} is taken; handles are never given again`, { status: 409, field: 'handle' })

  return {
    find,
    /** Is the handle gone to somebody, now or ever? */
    async taken(handle: string): Promise<boolean> {
      return handle === uris.instanceHandle || (await find(handle)) !== undefined
    },

    /** Those of the handles that are open actors and not gone. In few reads, however many are asked for. */
    async open(handles: readonly string[]): Promise<string[]> {
      const found: string[] = []
      for (let at = 0; at < handles.length; at += CHUNK) {
        const rows = await store.read.select({ handle: t.handle }).from(t).where(and(inArray(t.handle, handles.slice(at, at + CHUNK)), eq(t.open, true), eq(t.gone, false)))
        found.push(...rows.map((r) => r.handle))
      }
      return found
    },

    async put(tx: Db, a: ActorPut): Promise<{ revision: number; changed: boolean }> {
      const row = await claim(tx, a)
      const pair = row.open ? await keys.publicKeys(row.handle, tx) : undefined
      const document = actorDocument(uris, house.handleHost, {
        handle: row.handle, open: row.open, approves: row.approves, document: a.document, made: row.made, ...(pair ? { keys: pair } : {}),
      })
      return documents.put(tx, row.id, document)
    },

    /** Leaves a Tombstone; the caller publishes the Delete first, while there is somebody to speak. */
    async bury(tx: Db, handle: string, formerType: string): Promise<void> {
      await tx.update(t).set({ gone: true }).where(eq(t.handle, handle))
      await documents.bury(tx, uris.actor(handle), formerType)
    },

    /**
     * Makes the keys of an open actor where there are none and puts them into its document. Outside any transaction.
     * True when the stored document has them now.
     */
    async arm(handle: string): Promise<boolean> {
      const actor = await find(handle)
      if (!actor?.open || actor.gone) return false
      const pair = await keys.ensure(handle)
      return store.write(async (tx) => {
        const stored = await documents.get(actor.id)
        if (!stored || stored.gone) return false
        const document = JSON.parse(stored.json) as Json
        if (!document.publicKey) await documents.put(tx, actor.id, inContext({ ...document, ...keyProperties(uris, handle, pair) }))
        return true
      })
    },
  }
}
export type LocalActors = ReturnType<typeof localActors>
