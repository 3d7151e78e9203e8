/** Where everything of ours stands (WIRE.md 2). Ids are made here and nowhere else; they never change once given. */

export interface Uris {
  readonly origin: string
  /** The origin's host, with its port where it is not the scheme's own. */
  readonly host: string
  /** The instance actor's handle: the host without port. */
  readonly instanceHandle: string
  readonly instanceActor: string
  readonly sharedInbox: string
  /** Id of a local actor; the instance's own handle gives the instance actor. */
  actor(handle: string): string
  inbox(handle: string): string
  outbox(handle: string): string
  followers(handle: string): string
  /** Those of them that are of the asking server (FEP-8fcf). */
  followersOf(handle: string): string
  following(handle: string): string
  featured(handle: string): string
  /** `object('notes', id)` → `ORIGIN/ap/notes/ID` */
  object(collection: string, id: string): string
  activity(id: string): string
  /** RSA key, as everybody knows it: a fragment, never a path (snac defers path-style key ids for ever, WIRE.md 9). */
  mainKey(handle: string): string
  /** Ed25519 key (FEP-521a Multikey). */
  ed25519Key(handle: string): string
  /** The handle of a local actor's id, or undefined for anything else. */
  handleOf(uri: string): string | undefined
  /** Is it under our origin? */
  isLocal(uri: string): boolean
}

/** `origin` without a slash at its end, as `new URL(…).origin` gives it. */
export function makeUris(origin: string): Uris {
  const at = new URL(origin)
  const base = at.origin
  const instanceHandle = at.hostname.replace(/^\[|\]$/g, '').replaceAll(':', '_')
  const actors = `${base}/ap/actors/`
  const actor = (handle: string) => (handle === instanceHandle ? `${base}/ap/actor` : actors + handle)
  return {
    origin: base,
    host: at.host,
    instanceHandle,
    instanceActor: `${base}/ap/actor`,
    sharedInbox: `${base}/ap/inbox`,
    actor,
    inbox: (handle) => `${actor(handle)}/inbox`,
    outbox: (handle) => `${actor(handle)}/outbox`,
    followers: (handle) => `${actor(handle)}/followers`,
    followersOf: (handle) => `${actor(handle)}/followers/synchronization`,
    following: (handle) => `${actor(handle)}/following`,
    featured: (handle) => `${actor(handle)}/featured`,
    object: (collection, id) => `${base}/ap/${collection}/${id}`,
    activity: (id) => `${base}/ap/activities/${id}`,
    mainKey: (handle) => `${actor(handle)}#main-key`,
    ed25519Key: (handle) => `${actor(handle)}#ed25519-key`,
    handleOf(uri) {
      if (uri === `${base}/ap/actor`) return instanceHandle
      if (!uri.startsWith(actors)) return undefined
      const rest = uri.slice(actors.length)
      return rest && !/[/?#]/.test(rest) ? rest : undefined
    },
    isLocal: (uri) => uri === base || uri.startsWith(`${base}/`),
  }
}
