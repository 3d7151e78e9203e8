import { createHash } from 'node:crypto'
import { and, asc, desc, eq, inArray, isNull, or, sql, type SQL } from 'drizzle-orm'
import { stable } from '../coops/diff.ts'
import { membersFigure, type FigureInput } from '../coops/model.ts'
import { coopTables } from '../coops/tables.ts'
import { inserter, prepared } from '../store/prepared.ts'
import type { Db, Store } from '../store/store.ts'
import type { Body, Lever, Rule, Version } from './model.ts'
import { ruleTables } from './tables.ts'

export type LeverRow = ReturnType<typeof ruleTables>['levers']['$inferSelect']
export type VersionRow = ReturnType<typeof ruleTables>['leverVersions']['$inferSelect']

export const digestOf = (rule: Rule): string => createHash('sha256').update(stable(rule)).digest('base64url').slice(0, 27)
const plain = (text: string): string => text.normalize('NFKC').toLowerCase().replace(/\s+/gu, ' ').trim()
/** Whom it moves, as one text that compares and sorts (organisations before rules of law): two spellings of one kind of body in one country are one body. */
export const bodyKey = (b: Body): string => (b.organisation ? `organisation ${b.organisation}${b.scope ? ` ${plain(b.scope)}` : ''}`
  : `statute ${b.country} ${plain(b.scope ?? '')}`)
export const actionKey = (action: string): string => plain(action)

/** A lever in a list: its newest version only. */
export interface Listed extends Body { id: string; action: string; latest: number; rule: Rule; checked: string | null; name: string | null }
/** Where a list goes on: the last one shown. */
export interface After { country: string; body: string; action: string }

export function leverStore(store: Store) {
  const { levers: l, leverVersions: v } = ruleTables(store.kit)
  const { organisations: o, organisationFigures: f } = coopTables(store.kit)
  const find = prepared('lever_find', (db) => db.select().from(l).where(and(eq(l.body, sql.placeholder('body')), eq(l.actionKey, sql.placeholder('action')))))
  const findVersions = prepared('lever_versions', (db) => db.select().from(v).where(eq(v.lever, sql.placeholder('lever'))).orderBy(desc(v.number)))
  const addLever = inserter('lever_add', l), addVersion = inserter('lever_version_add', v)

  const versionOf = ({ lever: _, digest: __, ...rest }: VersionRow): Version => rest
  const leverOf = (row: LeverRow, versions: readonly VersionRow[]): Lever =>
    ({ id: row.id, organisation: row.organisation, scope: row.scope, country: row.country, action: row.action, versions: versions.map(versionOf) })

  /** Rules of law, and those of bodies that are listed for everybody. */
  const shown: SQL = or(isNull(l.organisation), and(inArray(o.status, ['listed', 'archived']), isNull(o.gone)))!
  const listed = { id: l.id, organisation: l.organisation, scope: l.scope, country: l.country, action: l.action, latest: l.latest, rule: v.rule,
    checked: v.checked, name: o.name, body: l.body, actionKey: l.actionKey }
  const newest = (where: SQL | undefined) => store.read.select(listed).from(l)
    .innerJoin(v, and(eq(v.lever, l.id), eq(v.number, l.latest))).leftJoin(o, eq(o.handle, l.organisation)).where(where)

  return {
    find: async (db: Db, body: string, action: string): Promise<LeverRow | undefined> => (await find(db, { body, action }))[0],
    versions: (db: Db, lever: string): Promise<VersionRow[]> => findVersions(db, { lever }),
    add: addLever,
    addVersion,
    setLatest: async (tx: Db, id: string, latest: number, changed: Date): Promise<void> => {
      await tx.update(l).set({ latest, changed }).where(eq(l.id, id))
    },
    setChecked: async (tx: Db, id: string, number: number, checked: string): Promise<void> => {
      await tx.update(v).set({ checked }).where(and(eq(v.lever, id), eq(v.number, number)))
    },
    row: async (id: string, db: Db = store.read): Promise<LeverRow | undefined> => (await db.select().from(l).where(eq(l.id, id)))[0],
    async byId(id: string): Promise<Lever | undefined> {
      const [row] = await store.read.select().from(l).where(eq(l.id, id))
      return row && leverOf(row, await findVersions(store.read, { lever: id }))
    },
    async ofOrganisation(handle: string): Promise<Lever[]> {
      const rows = await store.read.select().from(l).where(eq(l.organisation, handle)).orderBy(asc(l.actionKey))
      if (!rows.length) return []
      const versions = await store.read.select().from(v).where(inArray(v.lever, rows.map((r) => r.id))).orderBy(desc(v.number))
      return rows.map((r) => leverOf(r, versions.filter((x) => x.lever === r.id)))
    },
    /** By country, then body, then action. */
    list(q: { country?: string; limit: number; after?: After }): Promise<(Listed & { body: string; actionKey: string })[]> {
      const country = sql`coalesce(${l.country}, '')`
      return newest(and(
        shown, q.country === undefined ? undefined : eq(l.country, q.country),
        q.after && sql`(${country}, ${l.body}, ${l.actionKey}) > (${q.after.country}, ${q.after.body}, ${q.after.action})`,
      )).orderBy(asc(country), asc(l.body), asc(l.actionKey)).limit(q.limit)
    },
    /** Every lever with all its versions, by id: for exports. */
    async all(limit: number, after = ''): Promise<Lever[]> {
      const rows = await store.read.select().from(l).where(sql`${l.id} > ${after}`).orderBy(asc(l.id)).limit(limit)
      if (!rows.length) return []
      const versions = await store.read.select().from(v).where(inArray(v.lever, rows.map((r) => r.id))).orderBy(desc(v.number))
      return rows.map((r) => leverOf(r, versions.filter((x) => x.lever === r.id)))
    },
    /** How many members a body has, as the newest and surest figure says. */
    async members(handle: string): Promise<FigureInput | undefined> {
      const figure = { kind: f.kind, value: f.value, unit: f.unit, year: f.year, source: f.source, confidence: f.confidence }
      return membersFigure(await store.read.select(figure).from(f)
        .innerJoin(o, eq(o.id, f.organisation)).where(and(eq(o.handle, handle), isNull(f.superseded))).orderBy(asc(f.id)))
    },
    async counts(): Promise<{ levers: number; countries: { country: string; levers: number }[] }> {
      const rows = await store.read.select({ country: l.country, levers: sql<number>`count(*)` }).from(l).leftJoin(o, eq(o.handle, l.organisation))
        .where(shown).groupBy(l.country).orderBy(asc(l.country))
      const countries = rows.flatMap((r) => (r.country === null ? [] : [{ country: r.country, levers: Number(r.levers) }]))
      return { levers: rows.reduce((n, r) => n + Number(r.levers), 0), countries }
    },
  }
}
export type LeverStore = ReturnType<typeof leverStore>
