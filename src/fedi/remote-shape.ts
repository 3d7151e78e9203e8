/** A remote actor from its raw document: lenient in shape, strict in what belongs to whom. Pure. */
import { z } from 'zod'
import type { Json, RemoteActor } from './fedi.ts'
import { isObject, listOf, originOf, sameOrigin } from './json.ts'
import type { RemoteKey } from './tables.ts'
import { TOADLANE } from './terms.ts'

export const ACTOR_TYPES = new Set(['Person', 'Organization', 'Group', 'Service', 'Application'])
const MAX_KEYS = 10
/** Of what an application implements, as many are looked at. */
const MAX_IMPLEMENTS = 100
/** FEP-844e, written out, as a server without a context of its own may. */
const IMPLEMENTS = 'https://w3id.org/fep/844e/implements'

const shape = z.looseObject({
  id: z.string().max(2048),
  type: z.string(),
  inbox: z.string().max(2048),
  preferredUsername: z.string().max(500).optional().catch(undefined),
  name: z.string().optional().catch(undefined),
})

const publicKey = z.object({ id: z.string().max(2048), owner: z.string().optional(), publicKeyPem: z.string().max(16_384) })
const multikey = z.object({
  id: z.string().max(2048), type: z.literal('Multikey'), controller: z.string().optional(), publicKeyMultibase: z.string().max(4096),
})

/** Keys that the actor's own document lists as its own; a key that names another owner, or lies elsewhere, is none of its. */
function keysOf(document: Json, id: string): RemoteKey[] {
  const keys: RemoteKey[] = []
  for (const raw of listOf(document.publicKey).slice(0, MAX_KEYS)) {
    const k = publicKey.safeParse(raw)
    if (k.success && sameOrigin(k.data.id, id) && (k.data.owner ?? id) === id) keys.push({ id: k.data.id, pem: k.data.publicKeyPem })
  }
  for (const raw of listOf(document.assertionMethod).slice(0, MAX_KEYS)) {
    const k = multikey.safeParse(raw)
    if (k.success && sameOrigin(k.data.id, id) && (k.data.controller ?? id) === id) keys.push({ id: k.data.id, multibase: k.data.publicKeyMultibase })
  }
  return keys
}

/** `url` may be a string, a Link, or several: the first that is a web page. */
function pageOf(url: unknown): string | undefined {
  for (const u of listOf(url)) {
    const href = isObject(u) ? u.href : u
    if (typeof href === 'string' && originOf(href)) return href
  }
  return undefined
}

/** A list as JSON-LD may write it, `{ "@list": […] }` included. */
const plainList = (value: unknown): unknown[] => listOf(value).flatMap((v) => (isObject(v) && '@list' in v ? listOf(v['@list']) : [v]))

/**
 * Does its server say that it understands our terms (FEP-844e)? Read from the actor's `generator`, or from the actor itself where
 * it is the application: links, nodes with an id, or plain strings; one or several; with or without a slash or hash at the end.
 */
export function understandsUs(document: Json): boolean {
  const applications = [...plainList(document.generator), document].filter(isObject)
  return applications.slice(0, 10).some((a) => plainList(a.implements ?? a[IMPLEMENTS] ?? a['fep:implements']).slice(0, MAX_IMPLEMENTS).some((feature) => {
    const name = isObject(feature) ? (feature.href ?? feature.id ?? feature['@id']) : feature
    return typeof name === 'string' && name.replace(/[/#]+$/, '') === TOADLANE
  }))
}

/**
 * The actor that the document describes, or undefined where it is none: another type, no inbox, an inbox on another server
 * (deliveries to a victim's address are not ours to make). A shared inbox elsewhere is left out.
 */
export function actorFrom(document: Json): (RemoteActor & { keys: RemoteKey[]; username?: string }) | undefined {
  const parsed = shape.safeParse(document)
  if (!parsed.success || !ACTOR_TYPES.has(parsed.data.type)) return undefined
  const { id, type, inbox, name, preferredUsername } = parsed.data
  if (!sameOrigin(id, inbox)) return undefined
  const shared = isObject(document.endpoints) ? document.endpoints.sharedInbox : undefined
  const url = pageOf(document.url)
  return {
    id, type, inbox, host: new URL(id).host, document,
    name: (name?.trim() || preferredUsername || id).slice(0, 500),
    ...(preferredUsername ? { username: preferredUsername } : {}),
    ...(url ? { url } : {}),
    ...(typeof shared === 'string' && shared.length <= 2048 && sameOrigin(shared, id) ? { sharedInbox: shared } : {}),
    toadlane: understandsUs(document),
    keys: keysOf(document, id),
  }
}
