/**
 * The durable queue, in the same database and transaction as the state that caused a job.
 *
 * - At least once: a job is deleted after it succeeded, so a killed process repeats it. Handlers are idempotent by
 *   stable ids (of activities, of mails).
 * - A lease says "somebody works on it until then"; what is overdue is claimed again. Who lost his lease can no longer
 *   put the job off or bury it: `attempts`, which grows with each claim, tells the claims apart.
 * - Jobs with the same `key`, of whatever kind, run one at a time, in the order in which they were made. All but the first
 *   are marked `behind`, so that a thousand of them waiting for a dead host cost a claim nothing.
 * - A failed job comes back later; one that is hopeless becomes a dead letter, which people can read and replay.
 */
import { and, count, desc, eq, gt, inArray, isNotNull, isNull, lt, lte, min, or, sql, type SQL } from 'drizzle-orm'
import { getLogger } from '@logtape/logtape'
import { Problem, safeReason } from '../kernel/errors.ts'
import { DAY, HOUR, MINUTE, SECOND, type Clock } from '../kernel/time.ts'
import { prepared } from './prepared.ts'
import type { Db, Store } from './store.ts'
import { storeTables } from './tables.ts'

const log = getLogger(['toadlane', 'jobs'])

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

  /** Found by their numbers: PostgreSQL would rather read the whole table when it believes an old count of its rows. */
  const among = (ids: SQL): SQL => (postgres ? sql`id = any(array(${ids}))` : sql`id in (${ids})`)
  /** Whatever is first of these keys now may be looked at, and those who run its kind are told: after the commit, where there is one. */
  async function promote(db: Db, keys: readonly string[]): Promise<void> {
    if (!keys.length) return
    const list = JSON.stringify(keys)
    const firsts = sql`select (select j.id from jobs j where j.key = k.value order by j.id limit 1) from ${postgres ? sql`json_array_elements_text(${list}::json) as k(value)` : sql`json_each(${list}) as k`}`
    const ready = await db.rows<{ kind: string }>(sql`update jobs set behind = ${false} where ${among(firsts)} and behind returning kind`)
    for (const kind of new Set(ready.map((r) => r.kind))) store.afterCommit(() => wake(kind))
  }
  /**
   * PostgreSQL: of two transactions at once, one may add behind a job that the other is taking out, and neither sees the other.
   * So each looks again after its commit: the later of the two sees both.
   */
  function lookAgain(keys: readonly string[]): void {
    if (postgres && keys.length) store.afterCommit(() => { promote(store.auto, keys).catch((e: unknown) => log.debug('not looked again: {reason}', { reason: safeReason(e) })) })
  }

  const waits = prepared('job_waits', (db) => db.select({ id: t.id }).from(t)
    .where(and(eq(t.kind, sql.placeholder('kind')), eq(t.behind, false), lte(t.due, sql`${sql.placeholder('due')}`), isNull(t.leased))).limit(1))

  /** `rows` gives key, payload, due, behind and an order. Numbered in that order. */
  async function insert(tx: Db, kind: string, rows: SQL): Promise<void> {
    const now = sql.param(clock.now(), t.created)
    const into = sql`insert into jobs (kind, key, payload, due, created, behind)
      select ${kind}, key, payload, coalesce(due, ${now}), ${now}, behind or exists (select 1 from jobs e where e.key = added.key) from (${rows}) as added order by place`
    if (postgres) lookAgain((await tx.rows<{ key: string }>(sql`with made as (${into} returning key, behind) select distinct key from made where behind`)).map((r) => r.key))
    else await tx.rows(into)
    store.afterCommit(() => wake(kind))
  }

  /** All in one statement and one parameter: a fan-out to 100,000 inboxes stays cheap. Numbered in the order of the list. */
  async function addMany(tx: Db, kind: string, list: readonly NewJob[]): Promise<void> {
    const keys = new Set<string>()
    for (let i = 0; i < list.length; i += CHUNK) {
      const rows = JSON.stringify(list.slice(i, i + CHUNK).map((j) => {
        const behind = j.key !== undefined && keys.size === keys.add(j.key).size
        return [j.key ?? null, JSON.stringify(j.payload), j.due?.getTime() ?? null, behind]
      }))
      await insert(tx, kind, postgres
        ? sql`select value->>0 as key, value->>1 as payload, to_timestamp((value->>2)::double precision / 1000) as due, (value->>3)::boolean as behind, place from json_array_elements(${rows}::json) with ordinality as list(value, place)`
        : sql`select value->>0 as key, value->>1 as payload, value->>2 as due, value->>3 as behind, list.key as place from json_each(${rows}) as list`)
    }
  }
  /** The same for keys that the database knows: none of them passes through this process. `keys` selects one column, each value once. */
  async function addForEach(tx: Db, kind: string, payload: unknown, keys: SQL): Promise<void> {
    const text = JSON.stringify(payload)
    await insert(tx, kind, postgres
      ? sql`select key, ${text}::text as payload, null::timestamptz as due, false as behind, key as place from (${keys}) as k(key)`
      : sql`with k(key) as (${keys}) select key, ${text} as payload, null as due, 0 as behind, key as place from k`)
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
        select id from jobs j where kind = ${kind} and behind = ${false} and due <= ${now} and (leased is null or leased < ${now})
          and (key is null or (not exists (select 1 from jobs e where e.key = j.key and e.id < j.id) ${busy}))
        order by due, id limit ${limit} ${postgres ? sql`for update skip locked` : sql``})
      update jobs set leased = ${until}, attempts = attempts + 1 where ${among(sql`select id from ready`)}
      returning id, kind, key, payload, attempts, created`)
    return rows.sort((a, b) => a.id - b.id).map((r) => ({ ...r, payload: JSON.parse(r.payload) as unknown, created: new Date(r.created) }))
  }
  const keysOf = (rows: readonly { key: string | null }[]): string[] => [...new Set(rows.map((r) => r.key).filter((k) => k !== null))]
  async function remove(tx: Db, ids: readonly number[]): Promise<void> {
    const keys = keysOf(await tx.delete(t).where(inArray(t.id, [...ids])).returning({ key: t.key }))
    // On PostgreSQL a transaction that reads the queue here would lose races to all that write to it meanwhile.
    if (!postgres || tx === store.auto) await promote(tx, keys)
    else lookAgain(keys)
  }
  /** The job, as long as this claim of it holds. */
  const mine = (job: Job) => and(eq(t.id, job.id), eq(t.attempts, job.attempts))

  return {
    clock,
    add: (tx: Db, kind: string, job: NewJob) => addMany(tx, kind, [job]),
    /**
     * Adds it unless one of its kind waits that falls due no later: for work that is found by looking, whatever called for it. On
     * PostgreSQL the one that waits may be claimed and done while this transaction is still open: look again now and then (`tidy`).
     */
    async addOnce(tx: Db, kind: string, job: NewJob & { due: Date }): Promise<void> {
      if (!(await waits(tx, { kind, due: t.due.mapToDriverValue(job.due) })).length) await addMany(tx, kind, [job])
    },
    addMany,
    addForEach,
    claim,
    /** Keeps what is still running from being claimed by others. */
    async renew(ids: readonly number[]): Promise<void> {
      if (ids.length) await store.auto.update(t).set({ leased: new Date(clock.now().getTime() + LEASE) }).where(inArray(t.id, [...ids]))
    },
    /** Succeeded: gone. Pass the transaction of the effect where there is one, and the effect happens exactly once. */
    async done(ids: readonly number[], tx?: Db): Promise<void> {
      if (!ids.length) return
      if (tx) await remove(tx, ids)
      else if (postgres) await remove(store.auto, ids) // two statements: what is added between them is seen by the second
      else await store.write((own) => remove(own, ids))
    },
    /** Failed, or put off (`counts: false`): due again after `delay` ms, and whatever is behind it waits for it. */
    async retry(job: Job, delay: number, cause: string, counts = true): Promise<void> {
      const due = new Date(clock.now().getTime() + delay)
      await store.auto.update(t).set({ due, leased: null, cause, attempts: counts ? job.attempts : Math.max(0, job.attempts - 1) }).where(mine(job))
    },
    /** Hopeless: kept as a dead letter with its cause, and the payload that the job is given with. */
    async bury(job: Job, cause: string): Promise<void> {
      await store.write(async (tx) => {
        const [row] = await tx.delete(t).where(mine(job)).returning()
        if (!row) return
        await tx.insert(dead).values({ id: row.id, kind: row.kind, key: row.key, payload: JSON.stringify(job.payload), attempts: row.attempts, created: row.created, died: clock.now(), cause })
        await promote(tx, keysOf([row]))
        lookAgain(keysOf([row]))
      })
    },
    /** For PostgreSQL, now and then: finds what is behind nothing any more, after a process ended between two statements. */
    async tend(): Promise<void> {
      await store.auto.rows(sql`update jobs set behind = ${false} where behind and not exists (select 1 from jobs e where e.key = jobs.key and e.id < jobs.id)`)
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
      const [row] = await store.read.select({ due: min(t.due) }).from(t).where(and(inArray(t.kind, [...kinds]), eq(t.behind, false), or(isNull(t.leased), lt(t.leased, clock.now()))))
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
    /** Puts a dead letter back into the queue as if it were new: behind what waits there, with all its attempts before it. Problem `not-found` (404). */
    async replay(id: number): Promise<void> {
      await store.write(async (tx) => {
        const [row] = await tx.delete(dead).where(eq(dead.id, id)).returning()
        if (!row) throw new Problem('not-found', `no dead letter ${id}`, { status: 404 })
        // A new number: with the old one it would overtake a job of its key that is running.
        const behind = row.key !== null && await tx.$count(t, eq(t.key, row.key)) > 0
        await tx.insert(t).values({ kind: row.kind, key: row.key, behind, payload: row.payload, due: clock.now(), created: clock.now() }) // its old age would have it given up at once
        lookAgain(keysOf([row]))
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
