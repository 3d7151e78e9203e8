/**
 * The durable queue, in the same database and transaction as the state that caused a job.
 *
 * - At least once: a job is deleted after it succeeded, so a killed process repeats it. Handlers are idempotent by
 *   stable ids (of activities, of mails).
 * - A lease says "somebody works on it until then"; what is overdue is claimed again. Who lost his lease can no longer
 *   put the job off or bury it: `attempts`, which grows with each claim, tells the claims apart.
 * - Jobs with the same `key`, of whatever kind, run one at a time, in the order in which they were made.
 * - A failed job comes back later; one that is hopeless becomes a dead letter, which people can read and replay.
 */
import { and, count, desc, eq, gt, inArray, isNotNull, isNull, lt, min, or, sql } from 'drizzle-orm'
import { Problem } from '../kernel/errors.ts'
import { DAY, HOUR, MINUTE, SECOND, type Clock } from '../kernel/time.ts'
import type { Db, Store } from './store.ts'
import { storeTables } from './tables.ts'

export interface Job { id: number; kind: string; key: string | null; payload: unknown; attempts: number; created: Date }
export interface NewJob { payload: unknown; key?: string; due?: Date }
export interface DeadLetter { id: number; kind: string; key: string | null; payload: unknown; attempts: number; created: Date; died: Date; cause: string }
export interface Depth { kind: string; waiting: number; delayed: number; running: number; oldest: Date | null; dead: number }

/** Waits before attempt 2, 3, …: seconds at first, then hours; three days and a bit in all, then a dead letter. */
export const RETRY_AFTER: readonly number[] = [10 * SECOND, MINUTE, 5 * MINUTE, 20 * MINUTE, HOUR, 2 * HOUR, 4 * HOUR, 8 * HOUR, 14 * HOUR, 20 * HOUR, DAY]
export const LEASE = 60 * SECOND
const CHUNK = 2000 // jobs in one insert, which is one parameter whatever their number

/** The wait before the next attempt in ms, spread by ±20 % so that what failed together does not come back together; undefined: hopeless. */
export function retryDelay(attempts: number, random: () => number = Math.random, schedule = RETRY_AFTER): number | undefined {
  const base = schedule[attempts - 1]
  return base === undefined ? undefined : Math.round(base * (0.8 + 0.4 * random()))
}

/** A row as both engines give it to raw SQL: instants in ms. */
interface Row { id: number; kind: string; key: string | null; payload: string; attempts: number; created: number }

export function jobQueue(store: Store, clock: Clock) {
  const { jobs: t, deadLetters: dead } = storeTables(store.kit)
  const postgres = store.engine === 'postgres'
  const listeners = new Set<(kind?: string) => void>()
  const wake = (kind?: string) => { for (const f of listeners) f(kind) }

  /** All in one statement and one parameter: a fan-out to 100,000 inboxes stays cheap. Numbered in the order of the list. */
  async function addMany(tx: Db, kind: string, list: readonly NewJob[]): Promise<void> {
    const now = clock.now().getTime()
    for (let i = 0; i < list.length; i += CHUNK) {
      const rows = JSON.stringify(list.slice(i, i + CHUNK).map((j) => [j.key ?? null, JSON.stringify(j.payload), (j.due?.getTime() ?? now)]))
      await tx.rows(postgres
        ? sql`insert into jobs (kind, key, payload, due, created) select ${kind}, value->>0, value->>1, to_timestamp((value->>2)::double precision / 1000), to_timestamp(${now}::double precision / 1000)
            from json_array_elements(${rows}::json) with ordinality as list(value, n) order by n`
        : sql`insert into jobs (kind, key, payload, due, created) select ${kind}, value->>0, value->>1, value->>2, ${now} from json_each(${rows}) order by json_each.key`)
    }
    if (list.length) store.afterCommit(() => wake(kind))
  }

  /**
   * One statement claims. On PostgreSQL rows that another worker holds are skipped, and a job whose key is running is left
   * even when that one has the higher number (of two transactions, the later number may be committed first).
   */
  async function claim(kind: string, limit: number): Promise<Job[]> {
    if (limit <= 0) return []
    const at = clock.now()
    const now = sql.param(at, t.due)
    const until = sql.param(new Date(at.getTime() + LEASE), t.leased)
    const busy = postgres ? sql`and not exists (select 1 from jobs r where r.key = j.key and r.id <> j.id and r.leased >= ${now})` : sql``
    const rows = await store.auto.rows<Row>(sql`
      with ready as materialized (
        select id from jobs j where kind = ${kind} and due <= ${now} and (leased is null or leased < ${now})
          and (key is null or (not exists (select 1 from jobs e where e.key = j.key and e.id < j.id) ${busy}))
        order by due, id limit ${limit} ${postgres ? sql`for update skip locked` : sql``})
      update jobs set leased = ${until}, attempts = attempts + 1 from ready where jobs.id = ready.id
      returning jobs.id, jobs.kind, jobs.key, jobs.payload, jobs.attempts, jobs.created`)
    return rows.sort((a, b) => a.id - b.id).map((r) => ({ ...r, payload: JSON.parse(r.payload) as unknown, created: new Date(r.created) }))
  }
  /** The job, as long as this claim of it holds. */
  const mine = (job: Job) => and(eq(t.id, job.id), eq(t.attempts, job.attempts))

  return {
    clock,
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
        const [row] = await tx.update(t).set({ due, leased: null, cause, attempts: counts ? job.attempts : Math.max(0, job.attempts - 1) }).where(mine(job)).returning({ id: t.id })
        // What waits behind it in the same order would only be looked at in vain until then.
        if (row && job.key !== null) await tx.update(t).set({ due }).where(and(eq(t.key, job.key), gt(t.id, job.id), lt(t.due, due)))
      })
    },
    /** Hopeless: kept as a dead letter with its cause. What had been put off together with it is due now. */
    async bury(job: Job, cause: string): Promise<void> {
      await store.write(async (tx) => {
        const [row] = await tx.delete(t).where(mine(job)).returning()
        if (!row) return
        await tx.insert(dead).values({ id: row.id, kind: row.kind, key: row.key, payload: row.payload, attempts: row.attempts, created: row.created, died: clock.now(), cause })
        if (row.key !== null) await tx.update(t).set({ due: clock.now() }).where(and(eq(t.key, row.key), isNull(t.leased), eq(t.due, row.due)))
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
      const [row] = await store.read.select({ due: min(t.due) }).from(t).where(and(inArray(t.kind, [...kinds]), or(isNull(t.leased), lt(t.leased, clock.now()))))
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
    /** Puts a dead letter back into the queue, behind what waits there, with all its attempts before it. Problem `not-found` (404). */
    async replay(id: number): Promise<void> {
      await store.write(async (tx) => {
        const [row] = await tx.delete(dead).where(eq(dead.id, id)).returning()
        if (!row) throw new Problem('not-found', `no dead letter ${id}`, { status: 404 })
        // A new number: with the old one it would overtake a job of its key that is running.
        await tx.insert(t).values({ kind: row.kind, key: row.key, payload: row.payload, due: clock.now(), created: row.created })
        store.afterCommit(() => wake(row.kind))
      })
    },
    /** Deletes dead letters that died before `before`; gives their number. */
    async forget(before: Date): Promise<number> {
      return (await store.write((tx) => tx.delete(dead).where(lt(dead.died, before)).returning({ id: dead.id }))).length
    },
    /** Calls back when this process has added jobs, after their commit; other processes' are found by polling. */
    onAdded(f: (kind?: string) => void): () => void { listeners.add(f); return () => listeners.delete(f) },
    wake,
  }
}
export type Jobs = ReturnType<typeof jobQueue>
