/** A person as ActivityPub shows it (WIRE.md section 3). Pure: fedi adds id, inbox, keys and context. */
import type { Json } from '../fedi/fedi.ts'
import { TOADLANE } from '../fedi/terms.ts'
import { plainToHtml } from '../kernel/text.ts'
import type { Person } from './model.ts'

export const personPath = (handle: string): string => `/people/${handle}`

export interface PersonDocumentOptions {
  origin: string
  /** A PNG or JPEG of this actor (Mastodon shows no SVG). */
  icon?: (handle: string) => { url: string; mediaType: string } | undefined
}

/** What they chose to say in public, and no more: neither the account's name nor its address. */
export function personDocument(p: Person, o: PersonDocumentOptions): Json {
  const icon = o.icon?.(p.handle)
  return {
    type: 'Person',
    name: p.name,
    summary: plainToHtml(p.summary),
    url: `${o.origin}${personPath(p.handle)}`,
    ...(icon ? { icon: { type: 'Image', mediaType: icon.mediaType, url: icon.url } } : {}),
    attachment: [],
    manuallyApprovesFollowers: false,
    discoverable: p.discoverable,
    indexable: p.discoverable,
    generator: { type: 'Application', name: 'Toadlane', implements: [{ type: 'Link', href: TOADLANE, name: 'Toadlane directory' }] },
  }
}
