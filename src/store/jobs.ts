/**
 * The durable queue, in the same database and transaction as the state that caused a job.
 *
 * - At least once: a job is deleted after it succeeded, so a killed process repeats it. Handlers are idempotent by
 *   stable ids (of activities, of mails).
 * - A lease says "somebody works on it until then"; what is overdue is claimed again.
 * - Jobs with the same `key` run one at a time, in the order in which they were made.
 * - A failed job comes back later; one that is hopeless becomes a dead letter, which people can read and replay.
 */
import { and, asc, count, desc, eq, gt, inArray, isNotNull, isNull, lt, lte, min, or, sql } from 'drizzle-orm'
import { Problem } from '../kernel/errors.ts'
import { DAY, HOUR, MINUTE, SECOND, type Clock } from '../kernel/time.ts'
import type { Db, Store } from './store.ts'
import { storeTables } from './tables.ts'

export interface Job { id: number; kind: string; key: string | null; payload: unknown; attempts: number; created: Date }
export interface NewJob { payload: unknown; key?: string; due?: Date }
export interface DeadLetter { id: number; kind: string; key: string | null; payload: unknown; attempts: number; created: Date; died: Date; cause: string }
export interface Depth { kind: string; waiting: number; delayed: number; running: number; oldest: Date | null; dead: number }

/** Waits before attempt 2, 3, …: seconds at first, then hours; three days and a bit in all, then a dead letter. */
export const RETRY_AFTER = [10 * SECOND, MINUTE, 5 * MINUTE, 20 * MINUTE, HOUR, 2 * HOUR, 4 * HOUR, 8 * HOUR, 12 * HOUR, 20 * HOUR, DAY] as const
export const LEASE = 60 * SECOND
const CHUNK = 400 // rows an insert: below both engines' limits of parameters

/** The wait before the next attempt in ms, spread by ±20 % so that what failed together does not come back together. */
export function retryDelay(attempts: number, random: () => number = Math.random): number | undefined {
  const base = RETRY_AFTER[attempts - 1]
  return base === undefined ? undefined : Math.round(base * (0.8 + 0.4 * random()))
}

export function jobQueue(store: Store, clock: Clock) {
  const { jobs: t, deadLetters: dead } = storeTables(store.kit)
  const listeners = new Set<() => void>()
  const wake = () => { for (const f of listeners) f() }
  const read = (row: typeof t.$inferSelect): Job => ({ id: row.id, kind: row.kind, key: row.key, payload: JSON.parse(row.payload), attempts: row.attempts, created: row.created })

  async function addMany(tx: Db, kind: string, list: readonly NewJob[]): Promise<void> {
    const now = clock.now()
    for (let i = 0; i < list.length; i += CHUNK) {
      await tx.insert(t).values(list.slice(i, i + CHUNK).map((j) => ({
        kind, key: j.key ?? null, payload: JSON.stringify(j.payload), due: j.due ?? now, created: now,
      })))
    }
    if (list.length) setImmediate(wake)
  }

  /** One statement claims: on PostgreSQL rows that another worker holds are skipped, on SQLite there is one writer. */
  async function claim(kind: string, limit: number): Promise<Job[]> {
    if (limit <= 0) return []
    const now = sql.param(clock.now(), t.due)
    const until = sql.param(new Date(clock.now().getTime() + LEASE), t.leased)
    const lock = store.engine === 'postgres' ? sql`for update skip locked` : sql``
    const rows = await store.auto.rows<{ id: number | string }>(sql`
      update jobs set leased = ${until}, attempts = attempts + 1 where id in (
        select id from jobs j where kind = ${kind} and due <= ${now} and (leased is null or leased < ${now})
          and (key is null or not exists (select 1 from jobs e where e.key = j.key and e.id < j.id))
        order by due, id limit ${limit} ${lock})
      returning id`)
    if (!rows.length) return []
    const claimed = await store.read.select().from(t).where(inArray(t.id, rows.map((r) => Number(r.id)))).orderBy(asc(t.id))
    return claimed.map(read)
  }

  return {
    add: (tx: Db, kind: string, job: NewJob) => addMany(tx, kind, [job]),
    addMany,
    claim,
    /** Keeps what is still running from being claimed by others. */
    async renew(ids: readonly number[]): Promise<void> {
      if (ids.length) await store.auto.update(t).set({ leased: new Date(clock.now().getTime() + LEASE) }).where(inArray(t.id, [...ids]))
    },
    /** Succeeded: gone. Pass the transaction of the effect where there is one, and the effect happens exactly once. */
    async done(ids: readonly number[], tx: Db = store.auto): Promise<void> {
      if (ids.length) await tx.delete(t).where(inArray(t.id, [...ids]))
    },
    /** Failed, or put off (`counts: false`): due again after `delay` ms, with everything of the same key behind it. */
    async retry(job: Job, delay: number, cause: string, counts = true): Promise<void> {
      const due = new Date(clock.now().getTime() + delay)
      await store.write(async (tx) => {
        await tx.update(t).set({ due, leased: null, cause, attempts: counts ? job.attempts : Math.max(0, job.attempts - 1) }).where(eq(t.id, job.id))
        // What waits behind it in the same order would only be looked at in vain until then.
        if (job.key !== null) await tx.update(t).set({ due }).where(and(eq(t.key, job.key), gt(t.id, job.id), lt(t.due, due)))
      })
    },
    /** Hopeless: kept as a dead letter with its cause. */
    async bury(job: Job, cause: string): Promise<void> {
      await store.write(async (tx) => {
        const [row] = await tx.delete(t).where(eq(t.id, job.id)).returning()
        if (!row) return
        await tx.insert(dead).values({ id: row.id, kind: row.kind, key: row.key, payload: row.payload, attempts: row.attempts, created: row.created, died: clock.now(), cause })
        if (row.key !== null) await tx.update(t).set({ due: clock.now() }).where(and(eq(t.key, row.key), isNull(t.leased)))
      })
    },
    /** At the start of the only process on a SQLite file: whatever is leased was left by a process that is gone. */
    async reclaimAll(): Promise<void> { await store.auto.update(t).set({ leased: null }).where(isNotNull(t.leased)) },
    /** What waits for `key` is due now (a host has come back). */
    async hasten(key: string): Promise<void> {
      await store.auto.update(t).set({ due: clock.now() }).where(and(eq(t.key, key), isNull(t.leased), gt(t.due, clock.now())))
      wake()
    },
    /** When the next waiting job of these kinds falls due. */
    async nextDue(kinds: readonly string[]): Promise<Date | null> {
      const [row] = await store.read.select({ due: min(t.due) }).from(t).where(and(inArray(t.kind, [...kinds]), or(isNull(t.leased), lte(t.leased, clock.now()))))
      return row?.due ? new Date(row.due) : null
    },
    async depth(): Promise<Depth[]> {
      const now = clock.now()
      const [live, buried] = await Promise.all([
        store.read.select({
          kind: t.kind, all: count(),
          running: sql<number>`sum(case when ${t.leased} > ${sql.param(now, t.leased)} then 1 else 0 end)`,
          delayed: sql<number>`sum(case when ${t.due} > ${sql.param(now, t.due)} then 1 else 0 end)`,
          oldest: min(t.created),
        }).from(t).groupBy(t.kind),
        store.read.select({ kind: dead.kind, all: count() }).from(dead).groupBy(dead.kind),
      ])
      const kinds = [...new Set([...live, ...buried].map((r) => r.kind))].sort()
      return kinds.map((kind) => {
        const l = live.find((r) => r.kind === kind)
        const running = Number(l?.running ?? 0), delayed = Number(l?.delayed ?? 0)
        return { kind, running, delayed, waiting: (l?.all ?? 0) - running - delayed, oldest: l?.oldest ? new Date(l.oldest) : null, dead: buried.find((r) => r.kind === kind)?.all ?? 0 }
      })
    },
    /** Newest dead letters first; page by passing the last id as `before`. */
    async deadLetters(kind?: string, before?: number, limit = 50): Promise<DeadLetter[]> {
      const rows = await store.read.select().from(dead)
        .where(and(kind === undefined ? undefined : eq(dead.kind, kind), before === undefined ? undefined : lt(dead.id, before))).orderBy(desc(dead.id)).limit(limit)
      return rows.map((r) => ({ ...r, payload: JSON.parse(r.payload) as unknown }))
    },
    /** Puts a dead letter back into the queue with all its attempts before it. */
    async replay(id: number): Promise<void> {
      await store.write(async (tx) => {
        const [row] = await tx.delete(dead).where(eq(dead.id, id)).returning()
        if (!row) throw new Problem('not-found', `no dead letter ${id}`, { status: 404 })
        await tx.insert(t).values({ id: row.id, kind: row.kind, key: row.key, payload: row.payload, due: clock.now(), created: row.created })
      })
      wake()
    },
    /** Calls back when this process has added jobs; other processes' are found by polling. */
    onAdded(f: () => void): () => void { listeners.add(f); return () => listeners.delete(f) },
    wake,
  }
}
export type Jobs = ReturnType<typeof jobQueue>
