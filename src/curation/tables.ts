import { tables } from '../store/kit.ts'

export const curationTables = tables((k) => {
  /** What somebody has reported, from here or (Flag) from another server. Of a remote reporter only the server is kept. */
  const reports = k.table('reports', {
    id: k.text('id').primaryKey(),
    /** The server that it came from; null: from here. */
    host: k.text('host'),
    /** The account that reported it here. */
    by: k.text('by'),
    /** ActivityPub ids that it is about. */
    subjects: k.json<string[]>('subjects').notNull(),
    /** The reporter's words, plain text. */
    words: k.text('words').notNull(),
    state: k.text('state').$type<'open' | 'acted' | 'dismissed'>().notNull().default('open'),
    created: k.instant('created').notNull(),
    decided: k.instant('decided'),
    decidedBy: k.text('decided_by'),
    why: k.text('why'),
  }, (t) => [k.index('reports_state').on(t.state, t.created, t.id)])
  /** What this instance does about a whole server, its subdomains included. */
  const domainPolicies = k.table('domain_policies', {
    /** Host name in lower case, in ASCII, without port. */
    host: k.text('host').primaryKey(),
    policy: k.text('policy').$type<'blocked'>().notNull(),
    why: k.text('why').notNull(),
    by: k.text('by').notNull(),
    at: k.instant('at').notNull(),
  })
  return { reports, domainPolicies }
})
