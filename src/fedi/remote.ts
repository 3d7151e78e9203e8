/** Remote actors as we know them: fetched from their own id, kept, refreshed, forgotten when gone. */
import { and, eq, isNull, lt, notExists, sql } from 'drizzle-orm'
import { getLogger } from '@logtape/logtape'
import { Problem } from '../kernel/errors.ts'
import { DAY, type Clock } from '../kernel/time.ts'
import type { Db, Store } from '../store/store.ts'
import type { Json, RemoteActor } from './fedi.ts'
import type { Fetcher } from './fetch.ts'
import { actorFrom } from './remote-shape.ts'
import { fediTables, type RemoteKey } from './tables.ts'

export interface KnownActor extends RemoteActor { keys: RemoteKey[]; fetched: Date; gone: boolean }

const log = getLogger(['toadlane', 'fedi', 'actors'])

/** Older than this, an actor is fetched anew before it is shown or followed. */
const FRESH = DAY

export function remoteActors(store: Store, clock: Clock, fetch: Fetcher) {
  const tables = fediTables(store.kit)
  const t = tables.remoteActors
  const read = (row: typeof t.$inferSelect): KnownActor => ({
    id: row.id, host: row.host, type: row.type, name: row.name, inbox: row.inbox, document: JSON.parse(row.document) as Json,
    ...(row.handle ? { handle: row.handle } : {}), ...(row.url ? { url: row.url } : {}), ...(row.sharedInbox ? { sharedInbox: row.sharedInbox } : {}),
    toadlane: row.toadlane, keys: row.keys, fetched: row.fetched, gone: row.gone !== null,
  })

  async function known(id: string, db: Db = store.read): Promise<KnownActor | undefined> {
    const [row] = await db.select().from(t).where(eq(t.id, id))
    return row && read(row)
  }

  /** Keeps what the actor's own document says. Its inboxes as followers change with it. */
  async function keep(document: Json): Promise<KnownActor> {
    const a = actorFrom(document)
    if (!a) throw new Problem('not-an-actor', 'the document is no actor that can be spoken to', { status: 422 })
    const row = {
      host: a.host, type: a.type, name: a.name, url: a.url ?? null, inbox: a.inbox, sharedInbox: a.sharedInbox ?? null,
      toadlane: a.toadlane, keys: a.keys, document: JSON.stringify(a.document), fetched: clock.now(), gone: null,
    }
    return store.write(async (tx) => {
      const [old] = await tx.select({ handle: t.handle, inbox: t.inbox, sharedInbox: t.sharedInbox }).from(t).where(eq(t.id, a.id))
      // A handle was confirmed for the name it had then.
      const handle = old?.handle?.split('@')[0] === a.username ? old?.handle ?? null : null
      await tx.insert(t).values({ id: a.id, handle, ...row }).onConflictDoUpdate({ target: t.id, set: { handle, ...row } })
      if (old && (old.inbox !== a.inbox || old.sharedInbox !== row.sharedInbox)) {
        await tx.update(tables.followers).set({ inbox: a.inbox, sharedInbox: row.sharedInbox }).where(eq(tables.followers.follower, a.id))
      }
      return { ...a, ...(handle ? { handle } : {}), fetched: row.fetched, gone: false }
    })
  }

  /** Fetched from its id, and kept. A 410 there is remembered. */
  async function refresh(id: string): Promise<KnownActor> {
    try {
      return await keep(await fetch.object(id))
    } catch (e) {
      if (e instanceof Problem && e.code === 'gone') await markGone(id)
      throw e
    }
  }

  async function markGone(id: string, tx: Db = store.auto): Promise<void> {
    await tx.update(t).set({ gone: clock.now() }).where(and(eq(t.id, id), isNull(t.gone)))
  }

  return {
    known,
    keep,
    refresh,
    markGone,
    /** Known and fresh, or fetched now. Problem `blocked` (403), known or not. */
    async get(id: string): Promise<KnownActor> {
      fetch.refuseBlocked(id)
      const old = await known(id)
      if (old && !old.gone && clock.now().getTime() - old.fetched.getTime() < FRESH) return old
      try { return await refresh(id) } catch (e) {
        if (old && !old.gone && e instanceof Problem && ['unreachable', 'forbidden-there'].includes(e.code)) return old
        throw e
      }
    },
    /** The host's WebFinger has confirmed the name. The first actor to have it keeps it (HOSTILE.md 39). */
    async confirm(id: string, handle: string): Promise<boolean> {
      return store.write(async (tx) => {
        const [other] = await tx.select({ id: t.id }).from(t).where(and(eq(t.handle, handle), isNull(t.gone)))
        if (other && other.id !== id) {
          log.warn('{host} gives an address to a second actor; the first keeps it', { host: handle.slice(handle.lastIndexOf('@') + 1) })
          return false
        }
        await tx.update(t).set({ handle }).where(eq(t.id, id))
        return true
      })
    },
    /** Forgets those that nobody here follows or is followed by and that were not needed for a while: keys of passers-by. */
    async sweep(before: Date): Promise<void> {
      const { followers, following } = tables
      await store.auto.delete(t).where(and(
        lt(t.fetched, before),
        notExists(store.auto.select({ one: sql`1` }).from(followers).where(eq(followers.follower, t.id))),
        notExists(store.auto.select({ one: sql`1` }).from(following).where(eq(following.target, t.id))),
      ))
    },
  }
}
export type RemoteActors = ReturnType<typeof remoteActors>
