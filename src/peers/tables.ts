import { tables } from '../store/kit.ts'

export const peerTables = tables((k) => {
  /** Things of other directories, as their own servers serve them. Read-only here: only the origin changes or deletes. */
  const mirrored = k.table('mirrored', {
    /** ActivityPub id. */
    id: k.text('id').primaryKey(),
    host: k.text('host').notNull(),
    /** ActivityStreams type, and what it is in our domain (`toad:Cooperative` …). */
    type: k.text('type').notNull(),
    additionalType: k.text('additional_type'),
    name: k.text('name').notNull(),
    url: k.text('url'),
    document: k.text('document').notNull(),
    fetched: k.instant('fetched').notNull(),
  }, (t) => [k.index('mirrored_host').on(t.host, t.id)])
  /** By which directory a thing is listed, and at which revision it was taken. A thing that no directory lists any more goes. */
  const listings = k.table('mirrored_listings', {
    /** The directory's actor. */
    directory: k.text('directory').notNull(),
    id: k.text('id').notNull(),
    collection: k.text('collection').notNull(),
    revision: k.integer('revision').notNull(),
    changed: k.instant('changed').notNull(),
    /** Removed at that revision: an older Add that comes late brings it back no more. */
    gone: k.flag('gone').notNull().default(false),
  }, (t) => [k.primaryKey({ name: 'mirrored_listings_pk', columns: [t.directory, t.id] }), k.index('mirrored_listings_id').on(t.id, t.gone)])
  return { mirrored, mirroredListings: listings }
})
