import { tables } from '../store/kit.ts'

/** What federation keeps: our actors and their keys, what they said and to whom, and what is known of the others. */
export const fediTables = tables((k) => {
  /** Every handle that was ever given. A row is never deleted, so a handle is never given again. */
  const localActors = k.table('local_actors', {
    handle: k.text('handle').primaryKey(),
    id: k.text('id').notNull(),
    /** `organisation:UUID`, `directory`, `instance` */
    owner: k.text('owner').notNull(),
    /** false: a document only – no WebFinger, inbox, key, followers */
    open: k.flag('open').notNull(),
    gone: k.flag('gone').notNull().default(false),
    /** Its people look at each follower first (`manuallyApprovesFollowers`). */
    approves: k.flag('approves').notNull().default(false),
    made: k.instant('made').notNull(),
  }, (t) => [k.uniqueIndex('local_actors_id').on(t.id), k.index('local_actors_owner').on(t.owner)])

  /** Key pairs, made when they are first needed. The private half is sealed with the instance secret. */
  const actorKeys = k.table('actor_keys', {
    /** Handle of the local actor. */
    actor: k.text('actor').notNull(),
    /** `rsa` (public: SPKI PEM) or `ed25519` (public: multibase) */
    kind: k.text('kind').notNull(),
    public: k.text('public').notNull(),
    /** JWE over PKCS #8 DER; its record id is `HANDLE KIND` */
    private: k.text('private').notNull(),
    made: k.instant('made').notNull(),
  }, (t) => [k.primaryKey({ name: 'actor_keys_pk', columns: [t.actor, t.kind] })])

  /** Every activity of ours by its object, so that what a deleted object leaves behind can be found. Listed ones make the outbox. */
  const outbox = k.table('outbox', {
    serial: k.serial('serial'),
    actor: k.text('actor').notNull(),
    activity: k.text('activity').notNull(),
    type: k.text('type').notNull(),
    object: k.text('object'),
    listed: k.flag('listed').notNull(),
    published: k.instant('published').notNull(),
  }, (t) => [k.index('outbox_actor').on(t.actor, t.listed, t.serial), k.index('outbox_object').on(t.object)])

  const followers = k.table('followers', {
    /** Handle of the local actor. */
    actor: k.text('actor').notNull(),
    follower: k.text('follower').notNull(),
    inbox: k.text('inbox').notNull(),
    sharedInbox: k.text('shared_inbox'),
    /** `accepted`, or `pending` while the actor's people have not looked */
    state: k.text('state').notNull(),
    /** Id of the Follow, which an Undo may name. */
    followId: k.text('follow_id').notNull(),
    since: k.instant('since').notNull(),
  }, (t) => [
    k.primaryKey({ name: 'followers_pk', columns: [t.actor, t.follower] }),
    k.index('followers_follower').on(t.follower), k.index('followers_inbox').on(t.inbox), k.index('followers_shared').on(t.sharedInbox),
  ])

  const following = k.table('following', {
    /** Handle of the local actor. */
    actor: k.text('actor').notNull(),
    target: k.text('target').notNull(),
    /** `requested`, `accepted`, `rejected` */
    state: k.text('state').notNull(),
    /** Id of our Follow. */
    activity: k.text('activity').notNull(),
    since: k.instant('since').notNull(),
  }, (t) => [k.primaryKey({ name: 'following_pk', columns: [t.actor, t.target] }), k.index('following_target').on(t.target, t.state)])

  const remoteActors = k.table('remote_actors', {
    id: k.text('id').primaryKey(),
    /** `name@host`, once the host's WebFinger has confirmed it */
    handle: k.text('handle'),
    host: k.text('host').notNull(),
    type: k.text('type').notNull(),
    name: k.text('name').notNull(),
    url: k.text('url'),
    inbox: k.text('inbox').notNull(),
    sharedInbox: k.text('shared_inbox'),
    /** [{ id, kind, pem | multibase }] as its own document lists them */
    keys: k.json<RemoteKey[]>('keys').notNull(),
    document: k.text('document').notNull(),
    /** Its server says that it understands our terms (FEP-844e). */
    toadlane: k.flag('toadlane').notNull().default(false),
    fetched: k.instant('fetched').notNull(),
    gone: k.instant('gone'),
  }, (t) => [
    k.index('remote_actors_host').on(t.host, t.id), k.index('remote_actors_handle').on(t.handle), k.index('remote_actors_fetched').on(t.fetched),
  ])

  /** How other servers fare: circuit and the kind of signature that works. */
  const hosts = k.table('hosts', {
    /** Host, with its port where it is not the scheme's own. */
    host: k.text('host').primaryKey(),
    lastSuccess: k.instant('last_success'),
    lastFailure: k.instant('last_failure'),
    /** Failures in a row. */
    failures: k.integer('failures').notNull().default(0),
    openUntil: k.instant('open_until'),
    /** `rfc9421` or `cavage` */
    signature: k.text('signature'),
    /** Name and version, as its NodeInfo says. */
    software: k.text('software'),
    /** When its NodeInfo was last asked for. */
    softwareAt: k.instant('software_at'),
  })

  /** The unique key of inbound activities: one effect each. Hashed, because the id of a vote names its voter. */
  const received = k.table('received', {
    id: k.text('id').primaryKey(),
    body: k.text('body').notNull(),
    at: k.instant('at').notNull(),
  }, (t) => [k.index('received_at').on(t.at)])

  /** Remote ids (hashed) that were deleted or undone, perhaps before they came: what comes later is ignored. */
  const stones = k.table('stones', {
    id: k.text('id').notNull(),
    /** Hash of the actor who deleted it: another's word does not count. */
    by: k.text('by').notNull(),
    at: k.instant('at').notNull(),
  }, (t) => [k.primaryKey({ name: 'stones_pk', columns: [t.id, t.by] }), k.index('stones_at').on(t.at)])

  return { localActors, actorKeys, outbox, followers, following, remoteActors, hosts, received, stones }
})

/** A public key of a remote actor, as text. `pem` for publicKey, `multibase` for assertionMethod (FEP-521a). */
export interface RemoteKey { id: string; pem?: string; multibase?: string }
