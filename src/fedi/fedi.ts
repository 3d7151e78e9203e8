/**
 * What the rest of the house knows of federation: this file's types. `make.ts` builds it.
 * Fedi knows no noun: rooms hand it ActivityPub documents and register what they do with inbound activities.
 */
import type { Hono } from 'hono'
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
  /** Name and version for NodeInfo and the User-Agent. Default toadlane and the package's version. */
  software?: { name: string; version: string }
  /** Budgets of the inbox, for tests and measurements. */
  limits?: { receive?: ReceiveLimits; verify?: VerifyLimits }
}
/** A bucket that holds `burst` and fills by `perMinute`. */
export interface Rate { burst: number; perMinute: number }
export interface ReceiveLimits {
  /** Refused posts of one client address, after which it is not listened to for a while. */
  refusals: Rate
  /** Accepted activities of one host. */
  perHost: Rate
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
  /** Local handle of the personal inbox it came to; undefined for the shared one. */
  addressed?: string
}
/** Runs inside one store.write: no network in here. Throwing repeats the job later; throwing a Problem drops the activity. */
export type InboundHandler = (tx: Db, a: Inbound) => Promise<void>

export type FollowState = 'requested' | 'accepted' | 'rejected'
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
  software: string | null
}

export interface RoutesOptions {
  /** The human page of a stored document, where there is one: who asks for HTML is sent there. */
  humanPage?: (id: string) => string | undefined | Promise<string | undefined>
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
     * inbox, outbox, followers, following, featured, endpoints, publicKey, assertionMethod, published.
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
  /** A local actor follows a remote one; idempotent (asks again when it was rejected). Network first, then one transaction of its own. */
  follow(by: { handle: string }, actorUri: string): Promise<{ state: FollowState; actor: RemoteActor }>
  /** Sends Undo(Follow) and forgets; nothing where none was. */
  unfollow(by: { handle: string }, actorUri: string): Promise<void>
  /**
   * Does any local actor follow it? One that was asked and has not declined counts: what it sends since it has accepted goes another
   * way than its Accept, and is often quicker.
   */
  isFollowed(tx: Db, actorUri: string): Promise<boolean>
  /** Has this remote actor been deleted, as far as is known here? What of its waits in the queue has no effect any more. */
  isGone(tx: Db, actorUri: string): Promise<boolean>
  following(handle?: string): Promise<Following[]>
  followersCount(handle: string): Promise<number>
  /** Ids of an actor's followers, ascending; page by passing the last as `after`. */
  followers(handle: string, after?: string, limit?: number): Promise<string[]>
  /** Resolves `@name@host`, `acct:…` or a URL to a fetched, checked remote actor. Problem `not-found`, `not-an-actor`, `unreachable`. */
  lookupActor(text: string): Promise<RemoteActor>
  /** A remote actor as it is kept, without network. */
  knownActor(id: string): Promise<RemoteActor | undefined>
  /**
   * Safe, bounded, signed GET of a remote object; its id and origin are checked.
   * Problem `unreachable`, `refused`, `blocked`, `gone` (410), `not-found`, `bad-document`.
   */
  fetchObject(id: string): Promise<Json>
  /**
   * What a room does with inbound activities: `Create/Note`, `Update/Note`, `Delete`, `Like` …; the more special key wins.
   * Fedi does Follow, Undo/Follow, Accept/Follow, Reject/Follow, Block, Delete/Actor, Update/Actor itself and calls a handler of
   * that key afterwards.
   */
  on(key: string, handler: InboundHandler): void
  /** Actors, objects, collections, WebFinger, host-meta, NodeInfo, inboxes. Mount it in front; what it does not know falls through. */
  routes(o?: RoutesOptions): Hono
  /** Job kinds `inbox`, `deliver`, `address`. */
  handlers(): Record<string, JobHandler>
  readonly health: {
    /** Hosts by name; page by passing the last as `after`. */
    peers(after?: string, limit?: number): Promise<HostHealth[]>
    deliveries(): Promise<Depth | undefined>
    failed(before?: number, limit?: number): Promise<DeadLetter[]>
  }
  /** Forgets what has had its time: received ids, stones, strangers' keys, hosts. Once a day is enough. */
  sweep(): Promise<void>
  /** Closes kept-alive connections. */
  close(): Promise<void>
}
