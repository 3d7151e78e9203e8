/** From what a room knows of an actor to the document that is served (WIRE.md 3). Pure. */
import type { Json } from './fedi.ts'
import { inContext } from './terms.ts'
import type { Uris } from './uris.ts'

export interface PublicKeys { rsaPem: string; ed25519: string }

export interface ActorShape {
  handle: string
  open: boolean
  /** Each follower is looked at first. */
  approves?: boolean
  document: Json
  made: Date
  /** Absent until they are first needed. */
  keys?: PublicKeys
}

/** What fedi itself decides; a room's own words on these are overruled. */
const ours = [
  '@context', 'id', 'preferredUsername', 'webfinger', 'inbox', 'outbox', 'followers', 'following', 'featured', 'endpoints', 'publicKey', 'assertionMethod',
  'manuallyApprovesFollowers',
]

export function keyProperties(uris: Uris, handle: string, keys: PublicKeys): Json {
  const id = uris.actor(handle)
  return {
    publicKey: { id: uris.mainKey(handle), owner: id, publicKeyPem: keys.rsaPem },
    assertionMethod: [{ id: uris.ed25519Key(handle), type: 'Multikey', controller: id, publicKeyMultibase: keys.ed25519 }],
  }
}

/** The whole document, `@context` first. A closed actor has neither inbox nor key nor address: nobody can follow it or speak as it. */
export function actorDocument(uris: Uris, handleHost: string, a: ActorShape): Json {
  const known: Json = { ...a.document }
  for (const name of ours) delete known[name]
  const { type, ...rest } = known
  const id = uris.actor(a.handle)
  if (!a.open) return inContext({ id, type, ...rest })
  return inContext({
    id, type,
    preferredUsername: a.handle,
    webfinger: `${a.handle}@${handleHost}`,
    inbox: uris.inbox(a.handle),
    outbox: uris.outbox(a.handle),
    followers: uris.followers(a.handle),
    following: uris.following(a.handle),
    featured: uris.featured(a.handle),
    endpoints: { sharedInbox: uris.sharedInbox },
    manuallyApprovesFollowers: a.approves ?? false,
    published: a.made.toISOString(),
    ...rest,
    ...(a.keys ? keyProperties(uris, a.handle, a.keys) : {}),
  })
}
