import { createHash } from 'node:crypto'
import { and, asc, desc, eq, gt, inArray, isNull, ne, sql, type SQL } from 'drizzle-orm'
import { inserter, prepared, updater } from '../store/prepared.ts'
import type { Db, Store } from '../store/store.ts'
import {
  membersFigure, nameKey, optOutKeys, type Evidence, type Figure, type FigureInput, type Kind, type Membership, type MembershipState,
  type Organisation, type Profile, type Revision, type Snapshot, type Standing, type Status,
} from './model.ts'
import { coopTables } from './tables.ts'

export type Row = ReturnType<typeof coopTables>['organisations']['$inferSelect']

/** Equal profiles have equal digests: `profileAfter` has put their keys into one order. */
export const digestOf = (profile: Profile): string => createHash('sha256').update(JSON.stringify(profile)).digest('base64url').slice(0, 27)

/** The columns that repeat the profile for lists and searches. */
export const columnsOf = (p: Profile) => ({
  profile: p, digest: digestOf(p), name: p.name, nameKey: nameKey(p.name), kind: p.kind, ownership: p.ownership, isPlatform: p.isPlatform,
  activity: p.activities[0] ?? null, country: p.country, locality: p.locality,
  latitude: p.coordinates?.latitude ?? null, longitude: p.coordinates?.longitude ?? null,
})

export const organisationOf = (r: Row): Organisation => ({
  ...r.profile, id: r.id, handle: r.handle, status: r.status, standing: r.standing, revision: r.revision,
  consent: r.consentBasis !== null && r.consentAt !== null ? { basis: r.consentBasis, by: r.consentBy ?? 'system', at: r.consentAt } : null,
  created: r.created, changed: r.changed, confirmed: r.confirmed,
})

/** A federation it belongs to. */
export interface MemberOf extends Membership { federation: string; handle: string; name: string }
/** One step of the trail upwards: who belongs to whom, `depth` 1 being the organisation's own memberships. */
export interface Step { depth: number; from: string; handle: string; name: string; state: MembershipState; confidence: string }

/** Where a list goes on: the last one shown. */
export interface After { nameKey: string; id: string }
export interface ListQuery { limit: number; after?: After; country?: string; kind?: Kind; activity?: string; platforms?: boolean; standing?: Standing }
export interface ListItem {
  id: string; handle: string; name: string; nameKey: string; kind: Kind; ownership: Organisation['ownership']; isPlatform: boolean
  activities: string[]; summary: string | null; country: string | null; locality: string | null; standing: Standing; confirmed: Date
  members: FigureInput | null
}

/** Trails and circles are looked for so far up; no movement has more levels. */
const HIGHEST = 12

export function coopStore(store: Store) {
  const { organisations: o, organisationFigures: f, organisationRevisions: r, organisationEvidence: e, memberships: m, optOuts } = coopTables(store.kit)
  const federation = { id: m.id, state: m.state, confidence: m.confidence, since: m.since, until: m.until, expires: m.expires, source: m.source,
    federation: m.federation, handle: o.handle, name: o.name }
  /** In lists and counts: listed, not faded. */
  const shown = (cutoff: Date): SQL => and(eq(o.status, 'listed'), gt(o.confirmed, cutoff))!

  // The statements of an import's every row.
  const findHandle = prepared('organisation_by_handle', (db) => db.select().from(o).where(eq(o.handle, sql.placeholder('handle'))))
  const findFigures = prepared('figures_standing', (db) => db.select().from(f).where(and(eq(f.organisation, sql.placeholder('id')), isNull(f.superseded)))
    .orderBy(asc(f.id)))
  const findOptOut = prepared('opt_out', (db) => db.select({ reason: optOuts.reason, at: optOuts.at }).from(optOuts)
    .where(eq(optOuts.key, sql.placeholder('key'))))
  const anyOptOut = prepared('opt_out_any', (db) => db.select({ key: optOuts.key }).from(optOuts).limit(1))
  const findMemberOf = prepared('member_of', (db) => db.select(federation).from(m).innerJoin(o, eq(o.id, m.federation))
    .where(and(eq(m.organisation, sql.placeholder('id')), isNull(o.gone), ne(m.state, sql.placeholder('without')))).orderBy(asc(o.nameKey)))
  const addRow = inserter('organisation_add', o), saveRow = updater('organisation_save', o, o.id), addFigure = inserter('figure_add', f),
    addRevision = inserter('revision_add', r)

  return {
    async byHandle(handle: string, db: Db = store.read): Promise<Row | undefined> {
      return (await findHandle(db, { handle }))[0]
    },
    async byId(id: string, db: Db = store.read): Promise<Row | undefined> {
      return (await db.select().from(o).where(eq(o.id, id)))[0]
    },
    add: addRow,
    change: async (tx: Db, id: string, set: Partial<typeof o.$inferInsert>): Promise<void> => { await tx.update(o).set(set).where(eq(o.id, id)) },
    /** The whole row, by its id. */
    save: saveRow,

    addRevision,
    /** Newest first; page by passing the last number as `before`. */
    async revisions(id: string, limit = 50, before?: number): Promise<Revision[]> {
      const rows = await store.read.select().from(r)
        .where(and(eq(r.organisation, id), before === undefined ? undefined : sql`${r.number} < ${before}`)).orderBy(desc(r.number)).limit(limit)
      return rows.map(({ organisation: _, ...rest }) => rest)
    },
    async snapshot(db: Db, id: string, number: number): Promise<Snapshot | undefined> {
      return (await db.select({ snapshot: r.snapshot }).from(r).where(and(eq(r.organisation, id), eq(r.number, number))))[0]?.snapshot
    },

    /** Those that stand, as they were added. */
    async figures(id: string, db: Db = store.read): Promise<Figure[]> {
      return (await findFigures(db, { id })).map(({ organisation: _, ...rest }) => rest)
    },
    async pastFigures(id: string): Promise<Figure[]> {
      const rows = await store.read.select().from(f).where(and(eq(f.organisation, id), sql`${f.superseded} is not null`)).orderBy(desc(f.id)).limit(200)
      return rows.map(({ organisation: _, ...rest }) => rest)
    },
    async addFigures(tx: Db, rows: readonly (typeof f.$inferSelect)[]): Promise<void> { for (const row of rows) await addFigure(tx, row) },
    async supersedeFigures(tx: Db, ids: readonly string[], at: Date): Promise<void> {
      if (ids.length) await tx.update(f).set({ superseded: at }).where(inArray(f.id, [...ids]))
    },

    async evidence(id: string, db: Db = store.read): Promise<Evidence[]> {
      const rows = await db.select().from(e).where(eq(e.organisation, id)).orderBy(desc(e.id))
      return rows.map(({ organisation: _, ...rest }) => rest)
    },
    addEvidence: async (tx: Db, row: typeof e.$inferInsert): Promise<void> => { await tx.insert(e).values(row) },
    /** True when it stood until now. */
    async withdrawEvidence(tx: Db, organisation: string, id: string, at: Date): Promise<boolean> {
      return (await tx.update(e).set({ withdrawn: at }).where(and(eq(e.organisation, organisation), eq(e.id, id), isNull(e.withdrawn)))
        .returning({ id: e.id })).length > 0
    },

    /** Federations it belongs to, by name; ended ones only with `ended`. */
    memberOf(id: string, db: Db = store.read, ended = false): Promise<MemberOf[]> {
      return findMemberOf(db, { id, without: ended ? '' : 'ended' })
    },
    /** Its members, by name, for a federation's page. */
    members(id: string, limit: number, after?: After): Promise<{ handle: string; name: string; nameKey: string; id: string; state: MembershipState }[]> {
      return store.read.select({ handle: o.handle, name: o.name, nameKey: o.nameKey, id: o.id, state: m.state }).from(m)
        .innerJoin(o, eq(o.id, m.organisation))
        .where(and(eq(m.federation, id), ne(m.state, 'ended'), eq(o.status, 'listed'),
          after && sql`(${o.nameKey}, ${o.id}) > (${after.nameKey}, ${after.id})`))
        .orderBy(asc(o.nameKey), asc(o.id)).limit(limit)
    },
    async membership(tx: Db, organisation: string, fed: string): Promise<typeof m.$inferSelect | undefined> {
      return (await tx.select().from(m).where(and(eq(m.organisation, organisation), eq(m.federation, fed))))[0]
    },
    async saveMembership(tx: Db, row: typeof m.$inferInsert): Promise<void> {
      await tx.insert(m).values(row).onConflictDoUpdate({ target: [m.organisation, m.federation], set: row })
    },
    /** Ids of members, ascending: whose documents name the federation. */
    async memberIds(db: Db, fed: string, after = '', limit = 200): Promise<string[]> {
      const rows = await db.select({ id: m.organisation }).from(m).where(and(eq(m.federation, fed), gt(m.organisation, after)))
        .orderBy(asc(m.organisation)).limit(limit)
      return rows.map((x) => x.id)
    },
    /** The way up to the global federation, level by level; a federation reached twice stands where it is nearest. */
    async trail(id: string, db: Db = store.read): Promise<Step[]> {
      const rows = await db.rows<{ depth: number | string; from: string; handle: string; name: string; state: MembershipState; confidence: string }>(sql`
        with recursive up(depth, organisation, federation) as (
          select 1, m.organisation, m.federation from memberships m where m.organisation = ${id} and m.state <> 'ended'
          union
          select up.depth + 1, m.organisation, m.federation from up join memberships m on m.organisation = up.federation
            where m.state <> 'ended' and up.depth < ${HIGHEST})
        select up.depth, f.handle as "from", o.handle, o.name, m.state, m.confidence from up
          join organisations o on o.id = up.federation and o.gone is null join organisations f on f.id = up.organisation
          join memberships m on m.organisation = up.organisation and m.federation = up.federation
        order by up.depth, o.name_key`)
      const seen = new Set<string>()
      return rows.filter((x) => { const k = `${x.from} ${x.handle}`; return !seen.has(k) && seen.add(k) }).map((x) => ({ ...x, depth: Number(x.depth) }))
    },
    /** Is `above` the organisation itself, or somewhere over it? */
    async isAbove(tx: Db, above: string, id: string): Promise<boolean> {
      if (above === id) return true
      const rows = await tx.rows<{ found: number }>(sql`
        with recursive up(federation) as (
          select federation from memberships where organisation = ${id} and state <> 'ended'
          union select m.federation from up join memberships m on m.organisation = up.federation where m.state <> 'ended')
        select 1 as found from up where federation = ${above} limit 1`)
      return rows.length > 0
    },

    /** Why nobody with such a handle, name or registration may be listed; undefined where nobody opted out. */
    async optOut(tx: Db, who: Parameters<typeof optOutKeys>[0]): Promise<{ reason: string; at: Date } | undefined> {
      if (!(await anyOptOut(tx, {})).length) return undefined
      for (const key of optOutKeys(who)) { const [found] = await findOptOut(tx, { key }); if (found) return found }
      return undefined
    },
    async addOptOut(tx: Db, keys: readonly string[], row: Omit<typeof optOuts.$inferInsert, 'key'>): Promise<void> {
      await tx.insert(optOuts).values(keys.map((key) => ({ key, ...row }))).onConflictDoNothing()
    },
    /** All that was said about it. The row itself stays, as the tombstone; so do others' memberships in it, which are shown no more. */
    async empty(tx: Db, id: string): Promise<void> {
      await tx.delete(r).where(eq(r.organisation, id))
      await tx.delete(f).where(eq(f.organisation, id))
      await tx.delete(e).where(eq(e.organisation, id))
      await tx.delete(m).where(eq(m.organisation, id))
    },

    /** Listed and not faded, by name; goes on after the key of the last one. */
    async list(q: ListQuery, cutoff: Date): Promise<ListItem[]> {
      const rows = await store.read.select().from(o).where(and(
        shown(cutoff),
        q.country === undefined ? undefined : eq(o.country, q.country), q.kind === undefined ? undefined : eq(o.kind, q.kind),
        q.activity === undefined ? undefined : eq(o.activity, q.activity), q.platforms ? eq(o.isPlatform, true) : undefined,
        q.standing === undefined ? undefined : eq(o.standing, q.standing),
        q.after && sql`(${o.nameKey}, ${o.id}) > (${q.after.nameKey}, ${q.after.id})`,
      )).orderBy(asc(o.nameKey), asc(o.id)).limit(q.limit)
      if (!rows.length) return []
      const figures = await store.read.select().from(f).where(and(inArray(f.organisation, rows.map((x) => x.id)), isNull(f.superseded))).orderBy(asc(f.id))
      return rows.map((x) => ({
        id: x.id, handle: x.handle, name: x.name, nameKey: x.nameKey, kind: x.kind, ownership: x.ownership, isPlatform: x.isPlatform,
        activities: x.profile.activities, summary: x.profile.summary, country: x.country, locality: x.locality, standing: x.standing, confirmed: x.confirmed,
        members: membersFigure(figures.filter((y) => y.organisation === x.id)) ?? null,
      }))
    },
    /** Any status, by handle: for exports, rebases and the desk. */
    all: (limit: number, after = '', db: Db = store.read): Promise<Row[]> =>
      db.select().from(o).where(and(gt(o.handle, after), isNull(o.gone))).orderBy(asc(o.handle)).limit(limit),
    async counts(cutoff: Date): Promise<{ organisations: number; countries: number; platforms: number; open: number }> {
      const [row] = await store.read.select({
        organisations: sql<number>`count(*)`, countries: sql<number>`count(distinct ${o.country})`,
        platforms: sql<number>`coalesce(sum(case when ${o.isPlatform} then 1 else 0 end), 0)`,
        open: sql<number>`coalesce(sum(case when ${o.standing} <> 'unclaimed' then 1 else 0 end), 0)`,
      }).from(o).where(shown(cutoff))
      return { organisations: Number(row?.organisations ?? 0), countries: Number(row?.countries ?? 0), platforms: Number(row?.platforms ?? 0),
        open: Number(row?.open ?? 0) }
    },
    /** Countries of the listed ones, with how many. */
    async countries(cutoff: Date): Promise<{ country: string; organisations: number }[]> {
      const rows = await store.read.select({ country: o.country, organisations: sql<number>`count(*)` }).from(o)
        .where(and(shown(cutoff), sql`${o.country} is not null`)).groupBy(o.country).orderBy(asc(o.country))
      return rows.map((x) => ({ country: x.country!, organisations: Number(x.organisations) }))
    },
    /** Listed ones not confirmed since: due for the archive. */
    async faded(cutoff: Date, limit: number): Promise<{ id: string; handle: string }[]> {
      return store.read.select({ id: o.id, handle: o.handle }).from(o)
        .where(and(eq(o.status, 'listed'), sql`${o.confirmed} <= ${sql.param(cutoff, o.confirmed)}`))
        .orderBy(asc(o.confirmed)).limit(limit)
    },
    async byStatus(): Promise<Record<Status, number>> {
      const rows = await store.read.select({ status: o.status, n: sql<number>`count(*)` }).from(o).where(isNull(o.gone)).groupBy(o.status)
      const of = (s: Status) => Number(rows.find((x) => x.status === s)?.n ?? 0)
      return { draft: of('draft'), 'in-review': of('in-review'), listed: of('listed'), suspended: of('suspended'), archived: of('archived') }
    },
  }
}
export type CoopStore = ReturnType<typeof coopStore>
