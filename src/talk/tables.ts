import { coopTables } from '../coops/tables.ts'
import { tables } from '../store/kit.ts'

export const talkTables = tables((k) => {
  const { organisations } = coopTables(k)
  /** Posts of our organisations, and of remote actors that this instance follows. `uri` is the ActivityPub id. */
  const posts = k.table('posts', {
    id: k.text('id').primaryKey(),
    uri: k.text('uri').notNull().unique(),
    author: k.text('author').notNull(),
    authorName: k.text('author_name').notNull(),
    authorHandle: k.text('author_handle').notNull(),
    authorUrl: k.text('author_url'),
    organisation: k.text('organisation').references(() => organisations.id),
    organisationHandle: k.text('organisation_handle'),
    text: k.text('text'),
    html: k.text('html').notNull(),
    note: k.text('note'),
    language: k.text('language'),
    url: k.text('url'),
    published: k.instant('published').notNull(),
    updated: k.instant('updated'),
    state: k.text('state').$type<'public' | 'removed'>().notNull().default('public'),
  }, (t) => [
    k.index('posts_latest').on(t.state, t.published, t.id),
    k.index('posts_organisation').on(t.organisation, t.published, t.id),
    k.index('posts_author').on(t.author),
  ])
  return { posts }
})
