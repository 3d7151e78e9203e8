import { coopTables } from '../coops/tables.ts'
import { tables } from '../store/kit.ts'

export const talkTables = tables((k) => {
  const { organisations } = coopTables(k)
  /** Posts of our organisations, and of remote actors that this instance follows. `uri` is the ActivityPub id. */
  const posts = k.table('posts', {
    id: k.text('id').primaryKey(),
    uri: k.text('uri').notNull().unique(),
    kind: k.text('kind').$type<'note' | 'article'>().notNull().default('note'),
    /** Of an article. */
    title: k.text('title'),
    author: k.text('author').notNull(),
    /** Handle of the local actor who says it: an organisation, a person or the directory; null for what came from elsewhere. */
    speaker: k.text('speaker'),
    authorName: k.text('author_name').notNull(),
    authorHandle: k.text('author_handle').notNull(),
    authorUrl: k.text('author_url'),
    /** Where the speaker is an organisation. */
    organisation: k.text('organisation').references(() => organisations.id),
    text: k.text('text'),
    html: k.text('html').notNull(),
    note: k.text('note'),
    language: k.text('language'),
    url: k.text('url'),
    published: k.instant('published').notNull(),
    updated: k.instant('updated'),
    /** ActivityPub id of what it answers, kept here or not. */
    inReplyTo: k.text('in_reply_to'),
    /** Id here of the first post of its thread; its own for one that begins a thread. */
    thread: k.text('thread'),
    /** The conversation's `context` (FEP-7888), as its own server names it. */
    context: k.text('context'),
    /** `unlisted`: for everybody who finds it, not in lists (answers by the instance itself). */
    visibility: k.text('visibility').$type<'public' | 'unlisted'>().notNull().default('public'),
    /** Since when its organisation shows it first (`featured`). */
    pinned: k.instant('pinned'),
    /** `held`: waits for a moderator; `hidden`: one has taken it from view here. */
    state: k.text('state').$type<'public' | 'held' | 'hidden' | 'removed'>().notNull().default('public'),
  }, (t) => [
    k.index('posts_speaker').on(t.speaker, t.published, t.id),
    k.index('posts_thread').on(t.thread, t.published, t.id),
    k.index('posts_reply').on(t.inReplyTo, t.published, t.id),
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
  /** Likes and boosts by actors of ours of posts kept elsewhere or here: so that they can be taken back. */
  const ownReactions = k.table('own_reactions', {
    /** Handle of the local actor. */
    actor: k.text('actor').notNull(),
    kind: k.text('kind').$type<'like' | 'boost'>().notNull(),
    /** ActivityPub id of the object. */
    object: k.text('object').notNull(),
    /** Id of our Like or Announce. */
    activity: k.text('activity').notNull(),
    at: k.instant('at').notNull(),
  }, (t) => [k.primaryKey({ name: 'own_reactions_pk', columns: [t.actor, t.kind, t.object] })])
  return { posts, reactions, ownReactions }
})
