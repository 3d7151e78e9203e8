/** Queries of reports and of policies about servers. */
import { and, asc, desc, eq, gt, sql } from 'drizzle-orm'
import { newId } from '../kernel/ids.ts'
import { getMeta, setMeta } from '../store/meta.ts'
import type { Db, Store } from '../store/store.ts'
import type { DomainPolicy, Report, ReportState } from './model.ts'
import { curationTables } from './tables.ts'

/** Where a page goes on: the last report shown. */
export interface After { created: Date; id: string }

export function reportStore(store: Store) {
  const { reports: t } = curationTables(store.kit)
  const at = (a: After, order: 'older' | 'newer') => {
    const key = sql`(${sql.param(a.created, t.created)}, ${a.id})`
    return order === 'older' ? sql`(${t.created}, ${t.id}) < ${key}` : sql`(${t.created}, ${t.id}) > ${key}`
  }
  return {
    /** False where a report of that id is there already. */
    async add(tx: Db, row: Report): Promise<boolean> {
      return (await tx.insert(t).values(row).onConflictDoNothing().returning({ id: t.id })).length > 0
    },
    async byId(id: string, db: Db = store.read): Promise<Report | undefined> { return (await db.select().from(t).where(eq(t.id, id)))[0] },
    async change(tx: Db, id: string, set: Pick<Report, 'state' | 'decided' | 'decidedBy' | 'why'>): Promise<void> {
      await tx.update(t).set(set).where(eq(t.id, id))
    },
    /** Those that have waited longest first. */
    open: (limit: number, after?: After): Promise<Report[]> => store.read.select().from(t)
      .where(and(eq(t.state, 'open'), after && at(after, 'newer'))).orderBy(asc(t.created), asc(t.id)).limit(limit),
    /** Newest first. Each state by its own part of the index, then together. */
    async decided(limit: number, after?: After): Promise<Report[]> {
      const of = (state: ReportState) => store.read.select().from(t).where(and(eq(t.state, state), after && at(after, 'older')))
        .orderBy(desc(t.created), desc(t.id)).limit(limit)
      const rows = [...await of('acted'), ...await of('dismissed')]
      return rows.sort((a, b) => b.created.getTime() - a.created.getTime() || (a.id < b.id ? 1 : -1)).slice(0, limit)
    },
    async count(state: ReportState): Promise<number> { return store.read.$count(t, eq(t.state, state)) },
    /** Reports of a server since then. */
    async ofHost(db: Db, host: string, since: Date): Promise<number> {
      let n = 0
      for (const state of ['open', 'acted', 'dismissed'] as const) n += await db.$count(t, and(eq(t.state, state), gt(t.created, since), eq(t.host, host)))
      return n
    },
    /** How many reports name each of these. */
    async about(subjects: readonly string[]): Promise<Map<string, number>> {
      if (!subjects.length) return new Map()
      const each = store.engine === 'postgres' ? sql`jsonb_array_elements_text(${t.subjects}) as s(value)` : sql`json_each(${t.subjects}) as s`
      const rows = await store.read.rows<{ subject: string; n: number }>(sql`
        select s.value as subject, count(*) as n from ${t}, ${each}
        where s.value in (${sql.join(subjects.map((s) => sql`${s}`), sql`, `)}) group by s.value`)
      return new Map(rows.map((r) => [r.subject, Number(r.n)]))
    },
  }
}

const MARK = 'policies'

export function policyStore(store: Store) {
  const { domainPolicies: t } = curationTables(store.kit)
  return {
    async find(host: string, db: Db = store.read): Promise<DomainPolicy | undefined> { return (await db.select().from(t).where(eq(t.host, host)))[0] },
    async put(tx: Db, row: DomainPolicy): Promise<void> { await tx.insert(t).values(row).onConflictDoUpdate({ target: t.host, set: row }) },
    async drop(tx: Db, host: string): Promise<void> { await tx.delete(t).where(eq(t.host, host)) },
    /** By host; page by passing the last as `after`. */
    list: (limit: number, after = ''): Promise<DomainPolicy[]> => store.read.select().from(t).where(gt(t.host, after)).orderBy(asc(t.host)).limit(limit),
    /** Changes whenever the list does. */
    mark: (): Promise<string | undefined> => getMeta(store, MARK),
    /** With each change. */
    setMark: (tx: Db): Promise<void> => setMeta(store, tx, MARK, newId()),
    async hosts(): Promise<Set<string>> { return new Set((await store.read.select({ host: t.host }).from(t)).map((r) => r.host)) },
  }
}
