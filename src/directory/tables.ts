import { tables } from '../store/kit.ts'

/** The directory's four collections (WIRE.md section 3). */
export type DirectoryCollection = 'members' | 'calls' | 'campaigns' | 'proposals'

export const directoryTables = tables((k) => {
  /** What the directory's collections list, and what its peers have been told of it. A row that is `gone` waits for its Remove. */
  const items = k.table('directory_items', {
    /** ActivityPub id. */
    id: k.text('id').primaryKey(),
    collection: k.text('collection').$type<DirectoryCollection>().notNull(),
    /** Grows with each change; mirrors order by it (`toad:revision`). */
    revision: k.integer('revision').notNull(),
    changed: k.instant('changed').notNull(),
    gone: k.flag('gone').notNull().default(false),
    /** The revision that peers know; 0: they have not heard of it. */
    told: k.integer('told').notNull().default(0),
    /** Something is to be told. */
    pending: k.flag('pending').notNull().default(true),
  }, (t) => [
    k.index('directory_items_page').on(t.collection, t.gone, t.changed, t.id),
    k.index('directory_items_pending').on(t.pending, t.id),
  ])
  /** What the directory tells people: singly while it is little, together once it is much. */
  const news = k.table('directory_news', {
    /** `opened HANDLE` or `announce OBJECT-ID`: said once. */
    id: k.text('id').primaryKey(),
    kind: k.text('kind').$type<'opened' | 'announce'>().notNull(),
    /** Handle of the organisation, or ActivityPub id of the object. */
    subject: k.text('subject').notNull(),
    at: k.instant('at').notNull(),
    /** When it was told; null: it waits for the digest. */
    said: k.instant('said'),
    /** Id here of the post that tells it, alone or with others; null for an Announce. */
    post: k.text('post'),
  }, (t) => [k.index('directory_news_said').on(t.said, t.at), k.index('directory_news_post').on(t.post), k.index('directory_news_subject').on(t.subject)])
  return { directoryItems: items, directoryNews: news }
})
