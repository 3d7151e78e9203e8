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
  /** Likes and boosts of our posts: one row an actor, post and kind. No name and no id of an actor stands here. */
  const reactions = k.table('reactions', {
    post: k.text('post').notNull().references(() => posts.id),
    kind: k.text('kind').$type<'like' | 'boost'>().notNull(),
    /** Keyed hash of the actor's id. */
    actor: k.text('actor').notNull(),
    /** Keyed hashes of the ids by which it was said, with spaces between: an Undo names one of them. */
    activities: k.text('activities').notNull(),
  }, (t) => [
    k.primaryKey({ name: 'reactions_pk', columns: [t.post, t.kind, t.actor] }),
    k.index('reactions_actor').on(t.actor),
  ])
  return { posts, reactions }
})
