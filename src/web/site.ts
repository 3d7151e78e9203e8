import { getMeta } from '../store/meta.ts'
import type { Store } from '../store/store.ts'

/** What an instance says of itself on every page. */
export interface Site {
  name: string
  tagline: string
  /** `https://coops.example`, without a slash at the end */
  origin: string
  /** The actor that one follows to follow the whole directory: `@directory@coops.example` */
  handle: string
}

export interface SiteFacts { get(): Promise<Site>; /** After the settings were changed. */ forget(): void }

/** How long another process's change of the name may go unseen. */
const KEEP = 5000

/** Name and tagline from the instance's settings, kept for some seconds: they stand on every page. */
export function siteFacts(store: Store, origin: string, handleHost: string): SiteFacts {
  let known: Promise<Site> | undefined
  let until = 0
  const load = async (): Promise<Site> => {
    const [name, tagline] = await Promise.all([getMeta(store, 'name'), getMeta(store, 'tagline')])
    return { name: name || 'Toadlane', tagline: tagline ?? '', origin, handle: `@directory@${handleHost}` }
  }
  return {
    get() {
      const now = Date.now()
      if (!known || now > until) {
        until = now + KEEP
        const loading = known = load()
        loading.catch(() => { if (known === loading) known = undefined })
      }
      return known
    },
    forget() { known = undefined },
  }
}
