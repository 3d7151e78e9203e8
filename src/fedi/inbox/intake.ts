/**
 * Keeps what has been verified: a row under the activity's unique key and a job, in one transaction. Activities that arrive
 * together share it. Only then does the sender get its 202.
 */
import { createHash } from 'node:crypto'
import { lt, sql } from 'drizzle-orm'
import type { Clock } from '../../kernel/time.ts'
import type { Jobs } from '../../store/jobs.ts'
import type { Store } from '../../store/store.ts'
import type { Json } from '../fedi.ts'
import { idOf, isObject, sameOrigin } from '../json.ts'
import { fediTables } from '../tables.ts'
import { Refusal } from './refusal.ts'

export const INBOX = 'inbox'
const BATCH = 200
/** More than this waiting for the database, and senders are told to come back. */
const FULL = 2000

/** Ids are kept as hashes: the id of a vote names its voter. */
export const hashed = (text: string | Uint8Array): string => createHash('sha256').update(text).digest('base64url')

export interface Arrival { id: string; raw: Json; body: Uint8Array; addressed?: string }
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
function threadOf({ id, raw }: Arrival): string {
  const followed = followedBy(raw)
  if (followed !== undefined) return `${idOf(raw.actor)} ${followed}`
  const object = idOf(raw.object)
  return object !== undefined && sameOrigin(object, id) ? object : id
}

export function intake(store: Store, clock: Clock, jobs: Jobs) {
  const t = fediTables(store.kit).received
  let waiting: Waiting[] = []
  let busy = false

  async function keep(batch: readonly Waiting[]): Promise<Set<Waiting>> {
    const first = new Map<string, Waiting>()
    for (const w of batch) {
      const id = hashed(w.arrival.id)
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
      await jobs.addMany(tx, INBOX, fresh.map(({ arrival: a }) => ({
        key: `in ${hashed(threadOf(a))}`, payload: { raw: a.raw, ...(a.addressed ? { to: a.addressed } : {}) },
      })))
      return new Set(fresh)
    })
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
