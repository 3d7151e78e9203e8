/**
 * Keeps what has been verified: a row under the activity's unique key and a job, in one transaction. Activities that arrive
 * together share it. Only then does the sender get its 202.
 */
import { createHash } from 'node:crypto'
import { inArray, lt, sql } from 'drizzle-orm'
import { getLogger } from '@logtape/logtape'
import type { Clock } from '../../kernel/time.ts'
import type { Jobs } from '../../store/jobs.ts'
import type { Db, Store } from '../../store/store.ts'
import type { Json } from '../fedi.ts'
import { idOf, isObject, sameOrigin } from '../json.ts'
import { fediTables } from '../tables.ts'
import { Refusal } from './refusal.ts'

const log = getLogger(['toadlane', 'fedi', 'inbox'])

export const INBOX = 'inbox'
const BATCH = 200
/** More than this waiting for the database, and senders are told to come back. */
const FULL = 2000

/** Ids are kept as hashes: the id of a vote names its voter. */
export const hashed = (text: string | Uint8Array): string => createHash('sha256').update(text).digest('base64url')

/** One to be kept: under a key that comes once, with a job in its thread. */
export interface Arrival { unique: string; thread: string; body: Uint8Array; payload: Json }
interface Waiting { arrival: Arrival; done: (isNew: boolean) => void; fail: (e: unknown) => void }

/** Whom a Follow, the Undo of one, or a Block is about. */
function followedBy(raw: Json): string | undefined {
  if (raw.type === 'Follow' || raw.type === 'Block') return idOf(raw.object)
  return raw.type === 'Undo' && isObject(raw.object) && raw.object.type === 'Follow' ? idOf(raw.object.object) : undefined
}

/**
 * What must be dealt with in the order of its coming: a Create, its Updates and its Delete; a Like and its Undo; all that one actor
 * says about following another. All else runs side by side, so that one object whose server is away holds up nothing else.
 */
function threadOf(id: string, raw: Json): string {
  const followed = followedBy(raw)
  if (followed !== undefined) return `${idOf(raw.actor)} ${followed}`
  const object = idOf(raw.object)
  return object !== undefined && sameOrigin(object, id) ? object : id
}

/** An activity that is its actor's word. @param addressed handle of the personal inbox that it came to */
export const ownWord = (id: string, raw: Json, body: Uint8Array, addressed: string | undefined): Arrival =>
  ({ unique: id, thread: `in ${hashed(threadOf(id, raw))}`, body, payload: { raw, ...(addressed ? { to: addressed } : {}) } })

/**
 * What somebody else passed on, unproved: that there may be something at its origin. Its key is another than the activity's own,
 * and so is its thread: whatever it says, the activity itself can still come, and waits for nothing.
 */
export interface Hint {
  id: string
  type: 'Create' | 'Update' | 'Delete'
  actor: string
  /** Id of what it is about, on the actor's server. */
  object: string
  /** Host that passed it on, and pays for what is fetched. */
  by: string
}
export const hearsay = (hint: Hint, body: Uint8Array, addressed: string | undefined): Arrival => ({
  unique: `forwarded ${hint.type} ${hint.object} ${hint.id}`, thread: `hint ${hashed(hint.object)}`, body,
  payload: { hint, ...(addressed ? { to: addressed } : {}) },
})

export function intake(store: Store, clock: Clock, jobs: Jobs) {
  const t = fediTables(store.kit).received
  let waiting: Waiting[] = []
  let busy = false

  async function keep(batch: readonly Waiting[]): Promise<Set<Waiting>> {
    const first = new Map<string, Waiting>()
    for (const w of batch) {
      const id = hashed(w.arrival.unique)
      if (!first.has(id)) first.set(id, w)
    }
    return store.write(async (tx) => {
      // One statement and one parameter, however many came together.
      const now = clock.now().getTime()
      const rows = JSON.stringify([...first].map(([id, w]) => [id, hashed(w.arrival.body)]))
      const kept = await tx.rows<{ id: string }>(store.engine === 'postgres'
        ? sql`insert into received (id, body, at)
            select value->>0, value->>1, to_timestamp(${now}::double precision / 1000) from json_array_elements(${rows}::json)
            on conflict do nothing returning id`
        : sql`insert into received (id, body, at) select value->>0, value->>1, ${now} from json_each(${rows}) where true
            on conflict do nothing returning id`)
      const fresh = kept.map((k) => first.get(k.id)!)
      if (fresh.length < first.size) await count(tx, new Map([...first].filter(([, w]) => !fresh.includes(w))))
      await jobs.addMany(tx, INBOX, fresh.map(({ arrival: a }) => ({ key: a.thread, payload: a.payload })))
      return new Set(fresh)
    })
  }

  /** The first body under an id is the one that counts; whoever sends another is at least counted (HOSTILE.md 41). */
  async function count(tx: Db, again: ReadonlyMap<string, Waiting>): Promise<void> {
    const rows = await tx.select({ id: t.id, body: t.body }).from(t).where(inArray(t.id, [...again.keys()]))
    const others = rows.filter((r) => hashed(again.get(r.id)!.arrival.body) !== r.body).length
    if (others) log.info('{count} came under the id of an earlier activity, with another body', { count: others })
  }

  async function drain(): Promise<void> {
    busy = true
    try {
      while (waiting.length) {
        const batch = waiting.splice(0, BATCH)
        try {
          const fresh = await keep(batch)
          for (const w of batch) w.done(fresh.has(w))
        } catch (e) { for (const w of batch) w.fail(e) }
      }
    } finally { busy = false }
  }

  return {
    /** Resolves once it is committed: true for a new activity, false for one that has been here. */
    keep(arrival: Arrival): Promise<boolean> {
      if (waiting.length >= FULL) throw new Refusal(503, 'too much at a time', { retryAfter: 30 })
      return new Promise((done, fail) => {
        waiting.push({ arrival, done, fail })
        if (!busy) { busy = true; setImmediate(() => void drain()) }
      })
    },
    /** Forgets ids that nobody sends again. */
    sweep: (before: Date) => store.auto.delete(t).where(lt(t.at, before)).then(() => {}),
  }
}
export type Intake = ReturnType<typeof intake>
