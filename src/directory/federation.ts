/**
 * How federation fares, for whoever looks after the instance: what waits, how other servers are, what was given up.
 * One call that changes something is one transaction (sending all again: one a batch), with its entry in the audit log.
 * Of other people it shows hosts only, never a name or the path of an address.
 */
import { and, asc, count, desc, eq, gt, gte, lt, lte, min, or } from 'drizzle-orm'
import { allow, type Who } from '../accounts/model.ts'
import { ADDRESS, DELIVER } from '../fedi/delivery/enqueue.ts'
import type { Fedi, HostHealth } from '../fedi/fedi.ts'
import { INBOX } from '../fedi/inbox/intake.ts'
import { Problem } from '../kernel/errors.ts'
import type { Clock } from '../kernel/time.ts'
import { record } from '../store/audit.ts'
import type { DeadLetter, Depth, Jobs } from '../store/jobs.ts'
import type { Db, Store } from '../store/store.ts'
import { storeTables } from '../store/tables.ts'

export interface FederationHouse { store: Store; clock: Clock; jobs: Jobs; fedi: { health: Pick<Fedi['health'], 'peers'> } }

/** What waits: all of it, how much of that is under way or put off until later, and since when the oldest has been there. */
export interface Queue { waiting: number; running: number; delayed: number; oldest: Date | null }
export interface Overview { outgoing: Queue; incoming: Queue; dead: number }
/** `waiting`: deliveries to this host. */
export interface HostRow extends HostHealth { waiting: number; oldest: Date | null }
export interface LetterRow {
  id: number
  kind: 'deliver' | 'address' | 'inbox' | 'other'
  /** The job's own kind. */
  job: string
  /** Whom it was for; null where it was for nobody else. */
  host: string | null
  cause: string
  attempts: number
  created: Date
  died: Date
}
/** `next`: pass it to get the following page. */
export interface Paged<R, K> { rows: R[]; next?: K }

export const SHOWN = 30
/** Sent again in one transaction, and by one call. */
export const BATCH = 100
export const MOST = 1000

const KINDS = { [DELIVER]: 'deliver', [ADDRESS]: 'address', [INBOX]: 'inbox' } as const
const hostOf = (url: unknown): string | null => (typeof url === 'string' && URL.canParse(url) ? new URL(url).host || null : null)
/** Addresses in a cause may name people: only their host is kept. */
export const withoutNames = (cause: string): string =>
  cause.slice(0, 500).replace(/\bhttps?:\/\/[^\s"'<>)]+/gi, (url) => hostOf(url) ?? '…').replace(/(?:acct:)?@?[^\s@:/"'<>()]+@([a-z0-9][a-z0-9.-]*)/gi, '$1')

function rowOf(l: DeadLetter): LetterRow {
  const kind = Object.hasOwn(KINDS, l.kind) ? KINDS[l.kind as keyof typeof KINDS] : 'other'
  const host = kind === 'deliver' ? hostOf(l.key) : kind === 'address' ? hostOf((l.payload as { actor?: unknown } | null)?.actor) : null
  return { id: l.id, kind, job: l.kind, host, cause: withoutNames(l.cause), attempts: l.attempts, created: l.created, died: l.died }
}

/** Several kinds of job as one queue. */
function together(depth: readonly Depth[], kinds: readonly string[]): Queue {
  const of = depth.filter((d) => kinds.includes(d.kind))
  const sum = (f: (d: Depth) => number) => of.reduce((n, d) => n + f(d), 0)
  const oldest = of.flatMap((d) => (d.oldest ? [d.oldest.getTime()] : []))
  return { waiting: sum((d) => d.waiting + d.running + d.delayed), running: sum((d) => d.running), delayed: sum((d) => d.delayed), oldest: oldest.length ? new Date(Math.min(...oldest)) : null }
}

export function federation(house: FederationHouse) {
  const { store, clock, jobs, fedi } = house
  const { jobs: j, deadLetters: dead } = storeTables(store.kit)

  /** Deliveries to a host; their key is the inbox, and `0` comes right after `/`. */
  async function waitingFor(host: string): Promise<{ waiting: number; oldest: Date | null }> {
    const ranges = ['https', 'http'].map((scheme) => and(gte(j.key, `${scheme}://${host}/`), lt(j.key, `${scheme}://${host}0`)))
    const [row] = await store.read.select({ waiting: count(), oldest: min(j.created) }).from(j).where(and(eq(j.kind, DELIVER), or(...ranges)))
    return { waiting: row?.waiting ?? 0, oldest: row?.oldest ? new Date(row.oldest) : null }
  }

  async function find(tx: Db, id: number): Promise<LetterRow> {
    const [row] = await tx.select().from(dead).where(eq(dead.id, id))
    if (!row) throw new Problem('not-found', `no dead letter ${id}`, { status: 404 })
    return rowOf({ ...row, payload: JSON.parse(row.payload) as unknown })
  }
  /** What the audit log keeps of it. */
  const told = ({ job, host, cause, attempts }: LetterRow) => ({ kind: job, host, cause, attempts })

  return {
    async overview(who: Who | undefined): Promise<Overview> {
      allow(who, 'delivery.manage')
      const depth = await jobs.depth()
      return { outgoing: together(depth, [DELIVER, ADDRESS]), incoming: together(depth, [INBOX]), dead: depth.reduce((n, d) => n + d.dead, 0) }
    },

    /** Hosts by name. @param after the last one of the page before */
    async hosts(who: Who | undefined, after?: string, limit = SHOWN): Promise<Paged<HostRow, string>> {
      allow(who, 'delivery.manage')
      const found = await fedi.health.peers(after, limit + 1)
      const rows = await Promise.all(found.slice(0, limit).map(async (h) => ({ ...h, ...await waitingFor(h.host) })))
      return { rows, ...(found.length > limit ? { next: rows.at(-1)?.host } : {}) }
    },

    /** What was given up, newest first. @param before the last one of the page before */
    async letters(who: Who | undefined, before?: number, limit = SHOWN): Promise<Paged<LetterRow, number>> {
      allow(who, 'delivery.manage')
      const found = await jobs.deadLetters(undefined, before, limit + 1)
      const rows = found.slice(0, limit).map(rowOf)
      return { rows, ...(found.length > limit ? { next: rows.at(-1)?.id } : {}) }
    },

    /** Back into the queue, with all its attempts before it. Problem `not-found` (404). */
    async sendAgain(who: Who | undefined, id: number): Promise<void> {
      allow(who, 'delivery.manage')
      await store.write(async (tx) => {
        const letter = await find(tx, id)
        await jobs.replay(id)
        await record(store, tx, clock, { by: who.by, action: 'delivery.send-again', subject: `dead-letter:${id}`, before: told(letter) })
      })
    },

    /**
     * The oldest first, so that what goes to one inbox keeps its order. At most `most` in one call, in batches that stand
     * each for itself; what is given up meanwhile waits for the next call. Gives how many, and how many there still are.
     */
    async sendAllAgain(who: Who | undefined, most = MOST): Promise<{ sent: number; left: number }> {
      allow(who, 'delivery.manage')
      const [newest] = await store.read.select({ id: dead.id }).from(dead).orderBy(desc(dead.id)).limit(1)
      let sent = 0
      for (let after = 0; newest && sent < most;) {
        const ids = await store.write(async (tx) => {
          const rows = await tx.select({ id: dead.id }).from(dead).where(and(gt(dead.id, after), lte(dead.id, newest.id)))
            .orderBy(asc(dead.id)).limit(Math.min(BATCH, most - sent))
          for (const { id } of rows) await jobs.replay(id)
          const [first, last] = [rows[0], rows.at(-1)]
          if (first && last) await record(store, tx, clock, { by: who.by, action: 'delivery.send-all-again', subject: 'dead-letters', after: { count: rows.length, from: first.id, to: last.id } })
          return rows.map((r) => r.id)
        })
        const last = ids.at(-1)
        if (last === undefined) break
        sent += ids.length
        after = last
      }
      return { sent, left: await store.read.$count(dead) }
    },

    /** Deletes it for good. Problem `not-found` (404). */
    async forget(who: Who | undefined, id: number): Promise<void> {
      allow(who, 'delivery.manage')
      await store.write(async (tx) => {
        const letter = await find(tx, id)
        await tx.delete(dead).where(eq(dead.id, id))
        await record(store, tx, clock, { by: who.by, action: 'delivery.forget', subject: `dead-letter:${id}`, before: told(letter) })
      })
    },
  }
}
export type Federation = ReturnType<typeof federation>
