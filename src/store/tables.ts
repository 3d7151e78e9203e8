import { tables } from './kit.ts'

/** What the store itself keeps: settings, stored documents, the durable queue, keyed values and the audit log. */
export const storeTables = tables((k) => {
  /** Facts about the instance: its first origin, its name, what has been decided at set-up. */
  const meta = k.table('meta', {
    key: k.text('key').primaryKey(),
    value: k.text('value').notNull(),
  })
  /** Fedify's KvStore and other small keyed values with an end. `key` is a JSON array. */
  const keyValues = k.table('key_values', {
    key: k.text('key').primaryKey(),
    value: k.text('value').notNull(),
    expires: k.instant('expires'),
  }, (t) => [k.index('key_values_expires').on(t.expires)])
  /** Every local object's ActivityPub JSON, as it is served. `json` of a gone object is its Tombstone. */
  const documents = k.table('documents', {
    id: k.text('id').primaryKey(),
    json: k.text('json').notNull(),
    etag: k.text('etag').notNull(),
    revision: k.integer('revision').notNull(),
    changed: k.instant('changed').notNull(),
    gone: k.flag('gone').notNull().default(false),
  })
  /** Live jobs only: a finished one is deleted, a hopeless one moves to dead_letters. */
  const jobs = k.table('jobs', {
    id: k.serial('id'),
    kind: k.text('kind').notNull(),
    /** Jobs with the same key run one at a time, in the order of their making. */
    key: k.text('key'),
    /** Another job of its key was there before it: not worth a look until that one is gone. A hint that keeps claims quick. */
    behind: k.flag('behind').notNull().default(false),
    payload: k.text('payload').notNull(),
    due: k.instant('due').notNull(),
    attempts: k.integer('attempts').notNull().default(0),
    leased: k.instant('leased'),
    created: k.instant('created').notNull(),
    cause: k.text('cause'),
  }, (t) => [k.index('jobs_due').on(t.kind, t.behind, t.due, t.id), k.index('jobs_key').on(t.key, t.id)])
  const deadLetters = k.table('dead_letters', {
    id: k.integer('id').primaryKey(),
    kind: k.text('kind').notNull(),
    key: k.text('key'),
    payload: k.text('payload').notNull(),
    attempts: k.integer('attempts').notNull(),
    created: k.instant('created').notNull(),
    died: k.instant('died').notNull(),
    cause: k.text('cause').notNull(),
  }, (t) => [k.index('dead_letters_kind').on(t.kind, t.id)])
  /** Who did what to what, and why. Append-only; nothing personal beyond the account's id. */
  const audit = k.table('audit', {
    id: k.text('id').primaryKey(),
    at: k.instant('at').notNull(),
    /** `user:ID`, `cli`, `peer:HOST`, `system` */
    by: k.text('by').notNull(),
    action: k.text('action').notNull(),
    subject: k.text('subject').notNull(),
    before: k.json<unknown>('before'),
    after: k.json<unknown>('after'),
    why: k.text('why'),
  }, (t) => [k.index('audit_subject').on(t.subject, t.id)])
  return { meta, keyValues, documents, jobs, deadLetters, audit }
})
