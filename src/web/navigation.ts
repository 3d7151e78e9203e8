import type { Key } from './words.ts'

/** An entry of the main navigation. Rooms hand theirs to the shell through app.ts, in the order in which they are shown. */
export interface NavEntry {
  href: string
  label: Key
  /** The dye of its underline: carries the meaning that the colour has all over the pages. */
  dye: Dye
}

export type Dye = 'indigo' | 'madder' | 'weld' | 'woad' | 'plum' | 'teal' | 'walnut'

/** What every instance has from the first day on. */
export const firstNavigation: readonly NavEntry[] = [
  { href: '/', label: 'nav.directory', dye: 'indigo' },
  { href: '/levers', label: 'nav.levers', dye: 'walnut' },
  { href: '/talk', label: 'nav.talk', dye: 'plum' },
  { href: '/about', label: 'nav.about', dye: 'teal' },
]

/** A heading of the footer with its links. `href` may be absolute. */
export interface FooterSection { heading: Key; links: readonly { href: string; label: Key; rel?: string }[] }

export const firstFooter: readonly FooterSection[] = [
  { heading: 'footer.find', links: [{ href: '/', label: 'nav.directory' }, { href: '/levers', label: 'nav.levers' }, { href: '/talk', label: 'nav.talk' }] },
  { heading: 'footer.host', links: [{ href: '/about', label: 'footer.about' }, { href: '/sign-in', label: 'nav.signIn' }] },
  {
    heading: 'footer.data', links: [
      { href: '/ap/actors/directory', label: 'footer.activitypub' },
      { href: '/.well-known/nodeinfo', label: 'footer.nodeinfo' },
    ],
  },
]
