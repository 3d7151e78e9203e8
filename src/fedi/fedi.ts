/**
 * What the rest of the house knows of federation: this file's types. `make.ts` builds it.
 * Fedi knows no noun: rooms hand it ActivityPub documents and register what they do with inbound activities.
 */
import type { Hono, MiddlewareHandler } from 'hono'
import type { Clock } from '../kernel/time.ts'
import type { Documents } from '../store/documents.ts'
import type { DeadLetter, Depth, Jobs } from '../store/jobs.ts'
import type { Db, Store } from '../store/store.ts'
import type { JobHandler } from '../store/workers.ts'
import type { Uris } from './uris.ts'

export type Json = Record<string, unknown>

/** What private keys are wrapped with (kernel/seal.ts fits). */
export interface Sealer {
  seal(purpose: string, recordId: string, bytes: Uint8Array): Promise<string>
  open(purpose: string, recordId: string, jwe: string): Promise<Uint8Array>
}

export interface FediOptions {
  store: Store
  clock: Clock
  jobs: Jobs
  /** `https://coops.example`, no slash at the end. */
  origin: string
  /** Host in `acct:` addresses; the origin's host (with its port) when not given. */
  handleHost?: string
  sealer: Sealer
  /** Development and tests: private addresses and plain http may be reached. */
  allowPrivate?: boolean
  /** Is this host (lower case, without port) blocked? Asked on every inbound request, fetch and delivery: must be fast. */
  isBlocked?: (host: string) => boolean
  /** "Authorized fetch": documents are given only to who signs the request. Default false. */
  signedFetch?: boolean
  /** Name and version for NodeInfo and the User-Agent. Default toadlane and the package's version. */
  software?: { name: string; version: string }
  /** Budgets of the inbox, for tests and measurements. */
  limits?: {
    receive?: ReceiveLimits
    verify?: VerifyLimits
    /** Requests that one host's activities may cause. */
    caused?: Rate
    /** Follower synchronisation: the wait before lists are compared, and between two readings of one; ms. */
    sync?: { settle?: number; again?: number }
  }
}
/** A bucket that holds `burst` and fills by `perMinute`. */
export interface Rate { burst: number; perMinute: number }
export interface ReceiveLimits {
  /** Refused posts of one client address, after which it is not listened to for a while. */
  refusals: Rate
  /** Accepted activities of one host. */
  perHost: Rate
  /** Of these, such as it passes on without proof: each may cause a fetch. */
  hints?: Rate
}
/** Actors fetched for their keys: from one client address, from one host, and in all (somebody may have many of both). */
export interface VerifyLimits { perClient: Rate; perHost: Rate; total: Rate }

export interface LocalActor { handle: string; id: string; owner: string; open: boolean; gone: boolean; /** Its people look at each follower first. */ approves: boolean; made: Date }

export interface RemoteActor {
  id: string
  /** `name@host`, where the host's WebFinger confirms it. */
  handle?: string
  host: string
  type: string
  name: string
  url?: string
  inbox: string
  sharedInbox?: string
  /** Its server says that it understands our terms (FEP-844e). */
  toadlane: boolean
  document: Json
}

export interface ActorPut {
  handle: string
  /** false: a document only (unclaimed): no WebFinger, inbox, key, followers. */
  open: boolean
  /** What the room knows: type, name, summary, url, icon, image, attachment, tag, toad:… – without id, inbox, keys. */
  document: Json
  /** Whose handle it is, for ever: `organisation:UUID`, `directory`, `instance`. */
  owner: string
  /** Its people look at each follower first (`manuallyApprovesFollowers`). Left out: as it was, at first not. */
  approves?: boolean
}

/** Whom an activity goes to. The parts add up; each inbox gets it once, shared inboxes merged, our own skipped. */
export type Audience = 'followers' | 'nobody' | { followers?: boolean; inboxes?: readonly string[]; actors?: readonly string[] }

export interface Publish {
  /** Handle of the local actor who speaks. */
  actor: string
  /** type, object, to, cc …; id, actor, published and @context are added when missing. */
  activity: Json
  to: Audience
  /** Shown in the actor's outbox collection. Default: Create and Announce yes, all else no. */
  inOutbox?: boolean
  /** Its document stays after delivery, so that `undo` knows whom it went to; false: it goes once its only reader has it, whatever it is about. Default: what is about an object of ours stays. */
  keep?: boolean
}

/** An inbound activity whose signature and authority are checked. */
export interface Inbound {
  id: string
  type: string
  /** The signer. */
  actor: string
  host: string
  /** Raw JSON: embedded and of the signer's own origin, or fetched from its own host. A string where it could not be had; of a Flag, the ids of ours. */
  object: unknown
  objectId?: string
  raw: Json
  /** Of a Delete: the object's server itself has taken it down, whoever its author is. */
  forServer?: true
  /** Local handle of the personal inbox it came to; undefined for the shared one. */
  addressed?: string
}
/** Runs inside one store.write: no network in here. Throwing repeats the job later; throwing a Problem drops the activity. */
export type InboundHandler = (tx: Db, a: Inbound) => Promise<void>

export type FollowState = 'requested' | 'accepted' | 'rejected'
/** `pending`: the actor's people have not looked yet. */
export type FollowerState = 'accepted' | 'pending'
/** Somebody who follows a local actor or asks to. Shown to that actor's own people and to nobody else. */
export interface Follower {
  id: string
  state: FollowerState
  since: Date
  host: string
  name: string
  /** `name@host`, where it is confirmed. */
  handle?: string
  url?: string
}
export interface Following { handle: string; actor: string; state: FollowState; since: Date }

/** What is known of another server, for `toadlane peers` and `doctor`. */
export interface HostHealth {
  host: string
  lastSuccess: Date | null
  lastFailure: Date | null
  /** Failures in a row. */
  failures: number
  /** The circuit is open until then: nothing is sent before. */
  openUntil: Date | null
  signature: 'rfc9421' | 'cavage' | null
  /** Name and version, as its NodeInfo says. */
  software: string | null
  /** When that was last asked for, with or without an answer. */
  softwareAt: Date | null
}

/** A link of a JRD that has a template in the place of an address (RFC 6415). */
export interface LinkTemplate { rel: string; template: string }

/** What the WebFinger of an account says of where its people act. */
export interface Home {
  /** Host of the account's address, with its port where it is not the scheme's own; in letters of ASCII. */
  host: string
  /** The account's actor, as that host names it. */
  self?: string
  links: LinkTemplate[]
}

export interface RoutesOptions {
  /** The human page of a stored document, where there is one: who asks for HTML is sent there. */
  humanPage?: (id: string) => string | undefined | Promise<string | undefined>
  /** Where our people act on what they see elsewhere (intents.ts): stands in the WebFinger of every actor that people act as, the subscribe template in the server's own too. */
  intents?: readonly LinkTemplate[]
  /** What a local actor shows first: the documents of its `featured` collection, embedded there. Default none. */
  featured?: (handle: string) => Promise<readonly Json[]>
  /** For NodeInfo. Default zeros. */
  usage?: () => Promise<NodeUsage>
  /** The instance's name and description in NodeInfo's metadata. */
  about?: () => Promise<{ name?: string; description?: string }>
  /** The client's address, for per-source budgets; default: the socket's, where @hono/node-server gives it. */
  clientAddress?: (request: Request, env: unknown) => string | undefined
}
export interface NodeUsage {
  users: number
  activeMonth?: number
  activeHalfyear?: number
  posts: number
  comments?: number
  openRegistrations?: boolean
}

export interface Fedi {
  readonly origin: string
  readonly handleHost: string
  readonly uris: Uris
  readonly documents: Documents
  readonly actors: {
    /**
     * Stores the document of a local actor in the caller's transaction; fedi adds @context, id, preferredUsername, webfinger,
     * inbox, outbox, followers, following, featured, endpoints, publicKey, assertionMethod, manuallyApprovesFollowers, published.
     * Nobody follows the instance actor (owner `instance`): whatever `approves` says, a Follow of it is rejected.
     * The same content again changes nothing. Another owner's handle, or a buried one: Problem `handle-taken` (409).
     * An Update to followers is the caller's to publish.
     */
    put(tx: Db, a: ActorPut): Promise<{ revision: number; changed: boolean }>
    /** Tombstone (410) and Delete to the followers; the handle stays taken for ever. */
    bury(tx: Db, handle: string): Promise<void>
    find(handle: string): Promise<LocalActor | undefined>
    /** Handles still free? A page's check before asking; `put` decides. */
    taken(handle: string): Promise<boolean>
  }
  /** Stores an object document (adds @context where missing). `document.id` must be under the origin: else Problem `foreign-id`. */
  putObject(tx: Db, document: Json & { id: string }): Promise<{ revision: number; changed: boolean }>
  /** Leaves a Tombstone served with 410. The Delete activity is the caller's to publish. */
  buryObject(tx: Db, id: string, formerType: string): Promise<void>
  /**
   * Stores the activity as a document of its own, lists it in the actor's outbox and enqueues one delivery an inbox, all in the
   * caller's transaction. Unknown or closed actor: Problem `no-actor` (409).
   */
  publish(tx: Db, p: Publish): Promise<{ id: string }>
  /** `Undo` of an activity that was published with `keep` or listed in the outbox, to whoever it went to. False where it is not there. `quiet`: nobody is told. */
  undo(tx: Db, a: { actor: string; activity: string; quiet?: boolean }): Promise<boolean>
  /**
   * A local actor follows a remote one; idempotent (asks again when it was rejected). Network first, then one transaction of its
   * own. `also` runs in it when something is really sent.
   */
  follow(by: { handle: string }, actorUri: string, also?: (tx: Db) => Promise<void>): Promise<{ state: FollowState; actor: RemoteActor }>
  /** Sends Undo(Follow) and forgets; nothing where none was. */
  unfollow(by: { handle: string }, actorUri: string, also?: (tx: Db) => Promise<void>): Promise<void>
  /** Ends, without a word, what binds our actors to those of hosts that `matches` names. Many short writes; not inside one. */
  cutOff(matches: (host: string) => boolean): Promise<{ followers: number; following: number }>
  /**
   * Does any local actor follow it? One that was asked and has not declined counts: what it sends since it has accepted goes another
   * way than its Accept, and is often quicker.
   */
  isFollowed(tx: Db, actorUri: string): Promise<boolean>
  /** Has this remote actor been deleted, as far as is known here? What of its waits in the queue has no effect any more. */
  isGone(tx: Db, actorUri: string): Promise<boolean>
  following(handle?: string): Promise<Following[]>
  /** What is between these of ours (a thousand at most) and one remote actor, by handle. */
  followingBetween(handles: readonly string[], actorUri: string): Promise<Following[]>
  followersCount(handle: string): Promise<number>
  /** For the actor's own people. */
  readonly followersOf: {
    counts(handle: string): Promise<Record<FollowerState, number>>
    /** By id; page by passing the last as `after`. */
    list(handle: string, state: FollowerState, after?: string, limit?: number): Promise<Follower[]>
    /** Sends the Accept. False where nobody of this id waits. */
    accept(tx: Db, handle: string, follower: string): Promise<boolean>
    /** Sends a Reject and forgets: declines who waits, ends who follows; only who is in that state, where one is named. What it was, or undefined where it was nothing. */
    reject(tx: Db, handle: string, follower: string, state?: FollowerState): Promise<FollowerState | undefined>
    /** Accepts everybody who waits: many of them by a job. */
    acceptWaiting(tx: Db, handle: string): Promise<void>
  }
  /** Ids of an actor's (accepted) followers, ascending; page by passing the last as `after`. */
  followers(handle: string, after?: string, limit?: number): Promise<string[]>
  /** Resolves `@name@host`, `acct:…` or a URL to a fetched, checked remote actor. Problem `not-found`, `not-an-actor`, `unreachable`, `forbidden-there`. */
  lookupActor(text: string): Promise<RemoteActor>
  /**
   * Where the people of an address act on what they see elsewhere, as its WebFinger says: at most six seconds and 128 KiB.
   * Problem `lookup` (no address), `not-found`, `refused`, `blocked`, `unreachable`, `forbidden-there`, `bad-document`.
   */
  home(address: string): Promise<Home>
  /** A remote actor as it is kept, without network. */
  knownActor(id: string): Promise<RemoteActor | undefined>
  /**
   * Safe, bounded, signed GET of a remote object; its id and origin are checked.
   * Problem `unreachable`, `forbidden-there`, `refused`, `blocked`, `gone` (410), `not-found`, `bad-document`.
   */
  fetchObject(id: string): Promise<Json>
  /** A remote actor, fetched anew and kept as it is now. Problems of `fetchObject`, and `not-an-actor`. */
  refreshActor(id: string): Promise<RemoteActor>
  /**
   * Requests of a job that a remote actor's activity has caused, within the budget of that actor's server, which the inbox shares:
   * throws PutOff where it is spent.
   */
  causedBy<T>(actor: string, work: () => Promise<T>): Promise<T>
  /**
   * What a room does with inbound activities: `Create/Note`, `Update/Note`, `Delete`, `Like` …; the more special key wins. Where
   * several rooms listen to one key they run in the order of their registration, in one transaction: a Problem of one drops it for all.
   * `Add`, `Remove`, and `Update/Listed` (an Update that names things of a `target` collection) are given as they came: nothing is
   * fetched, `object` holds ids or references that nobody has vouched for but the signer.
   * A vote on a question of ours is `Create/Vote` and nothing else (dispatch/vote.ts); nothing of it may be kept that names the voter.
   * Fedi does Follow, Undo/Follow, Accept/Follow, Reject/Follow, Block, Delete/Actor, Update/Actor itself and calls a handler of
   * that key afterwards.
   */
  on(key: string, handler: InboundHandler): void
  /** Actors, objects, collections, WebFinger, host-meta, NodeInfo, inboxes. Mount it in front; what it does not know falls through. */
  routes(o?: RoutesOptions): Hono
  /**
   * Who may read documents, by the signature of the request (signed-fetch mode, blocked servers). Mount it before everything that
   * answers documents, those of rooms included; pages for people, WebFinger, NodeInfo and the instance actor pass it.
   */
  guard(o?: Pick<RoutesOptions, 'clientAddress'>): MiddlewareHandler
  /** Job kinds `inbox`, `deliver`, `address`, and those of the background: `followers-sync`, `accept-waiting`, `move`, `software`. */
  handlers(): Record<string, JobHandler>
  readonly health: {
    /** Hosts by name; page by passing the last as `after`. */
    peers(after?: string, limit?: number): Promise<HostHealth[]>
    deliveries(): Promise<Depth | undefined>
    failed(before?: number, limit?: number): Promise<DeadLetter[]>
  }
  /** Comes round by the clock: forgets what has had its time (received ids, stones, strangers' keys, hosts), and asks some servers what they run. */
  sweep(): Promise<void>
  /** Closes kept-alive connections. */
  close(): Promise<void>
}
