import { tables } from '../store/kit.ts'
import type { Confidence, EvidenceKind, Kind, MembershipState, Ownership, Profile, Snapshot, Standing, Status } from './model.ts'

export const coopTables = tables((k) => {
  /**
   * One row an organisation, for ever. `profile` is the truth; the columns from `name` to `longitude` repeat of it what lists
   * and searches need. After an opt-out the row stays as a tombstone (`gone`), emptied.
   */
  const organisations = k.table('organisations', {
    id: k.text('id').primaryKey(),
    handle: k.text('handle').notNull().unique(),
    profile: k.json<Profile>('profile').notNull(),
    /** Of `profile`: equal digests, equal profiles. */
    digest: k.text('digest').notNull(),
    name: k.text('name').notNull(),
    nameKey: k.text('name_key').notNull(),
    kind: k.text('kind').$type<Kind>().notNull(),
    ownership: k.text('ownership').$type<Ownership>(),
    isPlatform: k.flag('is_platform').notNull(),
    /** The main one. */
    activity: k.text('activity'),
    country: k.text('country'),
    locality: k.text('locality'),
    latitude: k.real('latitude'),
    longitude: k.real('longitude'),
    status: k.text('status').$type<Status>().notNull(),
    standing: k.text('standing').$type<Standing>().notNull(),
    consentBasis: k.text('consent_basis'),
    consentBy: k.text('consent_by'),
    consentAt: k.instant('consent_at'),
    /** Its people look at each follower first. */
    approvesFollowers: k.flag('approves_followers').notNull().default(false),
    revision: k.integer('revision').notNull(),
    created: k.instant('created').notNull(),
    changed: k.instant('changed').notNull(),
    confirmed: k.instant('confirmed').notNull(),
    gone: k.instant('gone'),
    goneReason: k.text('gone_reason'),
  }, (t) => [
    k.index('organisations_name').on(t.status, t.nameKey, t.id),
    k.index('organisations_country').on(t.status, t.country, t.nameKey, t.id),
  ])
  const organisation = () => k.text('organisation').notNull().references(() => organisations.id, { onDelete: 'cascade' })

  const revisions = k.table('organisation_revisions', {
    organisation: organisation(),
    number: k.integer('number').notNull(),
    at: k.instant('at').notNull(),
    by: k.text('by').notNull(),
    why: k.text('why'),
    snapshot: k.json<Snapshot>('snapshot').notNull(),
  }, (t) => [k.primaryKey({ columns: [t.organisation, t.number] })])

  /** Statements of numbers: never overwritten. What was replaced or withdrawn is `superseded`. */
  const figures = k.table('organisation_figures', {
    id: k.text('id').primaryKey(),
    organisation: organisation(),
    kind: k.text('kind').notNull(),
    value: k.real('value').notNull(),
    unit: k.text('unit'),
    year: k.integer('year'),
    source: k.text('source'),
    confidence: k.text('confidence').$type<Confidence>().notNull(),
    added: k.instant('added').notNull(),
    superseded: k.instant('superseded'),
  }, (t) => [k.index('organisation_figures_of').on(t.organisation, t.id)])

  const evidence = k.table('organisation_evidence', {
    id: k.text('id').primaryKey(),
    organisation: organisation(),
    kind: k.text('kind').$type<EvidenceKind>().notNull(),
    url: k.text('url'),
    note: k.text('note'),
    by: k.text('by').notNull(),
    at: k.instant('at').notNull(),
    withdrawn: k.instant('withdrawn'),
  }, (t) => [k.index('organisation_evidence_of').on(t.organisation, t.id)])

  const memberships = k.table('memberships', {
    id: k.text('id').primaryKey(),
    organisation: organisation(),
    federation: k.text('federation').notNull().references(() => organisations.id, { onDelete: 'cascade' }),
    state: k.text('state').$type<MembershipState>().notNull(),
    confidence: k.text('confidence').$type<Confidence>().notNull(),
    since: k.text('since'),
    until: k.text('until'),
    expires: k.text('expires'),
    source: k.text('source'),
    changed: k.instant('changed').notNull(),
  }, (t) => [k.uniqueIndex('memberships_pair').on(t.organisation, t.federation), k.index('memberships_federation').on(t.federation, t.state)])

  /** By what an opted-out organisation is known again when somebody lists it anew (see `optOutKeys`). */
  const optOuts = k.table('opt_outs', {
    key: k.text('key').primaryKey(),
    organisation: organisation(),
    reason: k.text('reason').notNull(),
    at: k.instant('at').notNull(),
  }, (t) => [k.index('opt_outs_organisation').on(t.organisation)])

  return { organisations, organisationRevisions: revisions, organisationFigures: figures, organisationEvidence: evidence, memberships, optOuts }
})
