/** The two actors that speak for the instance itself: the directory that people and peers follow, and the one that signs our requests. */
import { plainToHtml } from '../kernel/text.ts'
import type { Fedi } from '../fedi/fedi.ts'
import { PUBLIC } from '../fedi/terms.ts'
import { getMeta } from '../store/meta.ts'
import type { Db, Store } from '../store/store.ts'
import { collectionIds } from './collections.ts'

/** How the instance calls itself, where nobody has said otherwise. */
export interface Site { name: string; tagline: string; about: string; contact: string }

export async function readSite(store: Store, db: Db = store.read): Promise<Site> {
  const get = async (key: string, otherwise: string) => (await getMeta(store, key, db)) ?? otherwise
  return {
    name: await get('name', 'Toadlane'), tagline: await get('tagline', 'A directory of platform co-operatives'),
    about: await get('about', ''), contact: await get('contact', ''),
  }
}

/** The directory as one that speaks (talk's Speaker), under the instance's name. */
export async function directorySpeaker(store: Store, db: Db = store.read): Promise<{ kind: 'directory'; id: null; handle: 'directory'; name: string; open: true }> {
  return { kind: 'directory', id: null, handle: 'directory', name: (await readSite(store, db)).name, open: true }
}

/** FEP-844e: how another Toadlane knows a directory that understands our terms. */
const IMPLEMENTS = { type: 'Link', href: 'https://w3id.org/toadlane/ns', name: 'Toadlane directory' }

/**
 * Stores both actors' documents as they should be now; unchanged ones are left alone. At every start, and when the name changes. Who
 * follows the directory is told of what has changed (a name, or what it understands since an upgrade): nobody fetches it anew for that.
 * The directory is a Group, so that Mastodon shows its badge; the instance actor an Application, readable without a
 * signature (FEP-d556), whose handle is the host without port.
 */
export async function ensureActors(store: Store, fedi: Fedi): Promise<void> {
  await store.write(async (tx) => {
    const site = await readSite(store, tx)
    const generator = { type: 'Application', name: 'Toadlane', implements: [IMPLEMENTS] }
    const put = await fedi.actors.put(tx, {
      handle: 'directory', open: true, owner: 'directory',
      document: {
        type: 'Group', additionalType: 'toad:Directory', name: site.name, summary: plainToHtml([site.tagline, site.about].filter(Boolean).join('\n\n')),
        url: `${fedi.origin}/`, discoverable: true, indexable: true, manuallyApprovesFollowers: false, generator, attachment: [],
        ...collectionIds(fedi.uris),
      },
    })
    if (put.changed && put.revision > 1) {
      const stored = await fedi.documents.get(fedi.uris.actor('directory'))
      if (stored) await fedi.publish(tx, { actor: 'directory', activity: { type: 'Update', to: [PUBLIC], cc: [fedi.uris.followers('directory')], object: JSON.parse(stored.json) as object }, to: 'followers' })
    }
    await fedi.actors.put(tx, {
      handle: fedi.uris.instanceHandle, open: true, owner: 'instance',
      document: {
        type: 'Application', name: site.name, summary: plainToHtml(site.tagline), url: `${fedi.origin}/about`,
        discoverable: false, indexable: false, manuallyApprovesFollowers: true, generator, attachment: [],
      },
    })
  })
}
