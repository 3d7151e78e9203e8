import { tables } from '../store/kit.ts'
import type { Rule } from './model.ts'

export const ruleTables = tables((k) => {
  /**
   * One way in which the members of a body move it. `organisation` is a handle, and no reference: handles are for ever, and a
   * rule outlives the listing of its society. `body` is the organisation, or country and scope, in one text that compares.
   */
  const levers = k.table('levers', {
    id: k.text('id').primaryKey(),
    body: k.text('body').notNull(),
    organisation: k.text('organisation'),
    scope: k.text('scope'),
    country: k.text('country'),
    action: k.text('action').notNull(),
    actionKey: k.text('action_key').notNull(),
    /** Number of the version in force, as far as known: the highest. */
    latest: k.integer('latest').notNull(),
    created: k.instant('created').notNull(),
    changed: k.instant('changed').notNull(),
  }, (t) => [
    k.uniqueIndex('levers_identity').on(t.body, t.actionKey),
    k.index('levers_organisation').on(t.organisation),
    k.index('levers_country').on(t.country, t.body, t.actionKey),
  ])
  /** Versions are added, never changed; only `checked` moves, when somebody reads the source again. */
  const versions = k.table('lever_versions', {
    lever: k.text('lever').notNull().references(() => levers.id, { onDelete: 'cascade' }),
    number: k.integer('number').notNull(),
    rule: k.json<Rule>('rule').notNull(),
    /** Of `rule`: equal digests, equal rules. */
    digest: k.text('digest').notNull(),
    checked: k.text('checked'),
    by: k.text('by').notNull(),
    at: k.instant('at').notNull(),
  }, (t) => [k.primaryKey({ columns: [t.lever, t.number] })])
  return { levers, leverVersions: versions }
})
