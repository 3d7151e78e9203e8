import type { Context } from 'hono'
import type { FooterSection, NavEntry } from './navigation.ts'
import type { Site } from './site.ts'
import type { T } from './words.ts'

/** What every view needs to know about this request; made by the shell's middleware, read with `pageOf`. */
export interface Page {
  lang: string
  dir: 'ltr' | 'rtl'
  t: T
  site: Site
  /** Path of the request, without query. */
  path: string
  /** Query of the request without `lang`, beginning with `?`, or ''. */
  query: string
  /** Who is signed in, as far as a page shows it. */
  who?: { name: string; role: string }
  /** "Saved." and the like, after the redirect that followed a form. */
  flash?: string
  nav: readonly NavEntry[]
  footer: readonly FooterSection[]
  languages: readonly string[]
  assets: { css: string; preload: readonly string[]; icon: string }
  now: Date
}

declare module 'hono' {
  interface ContextVariableMap {
    /** Everything of the page but `who`, which a later middleware finds out. */
    page: Omit<Page, 'who'>
    /** Who is signed in, for showing only; what they may do is decided by the services. */
    viewer: Page['who']
    requestId: string
  }
}

/** The page context of this request. The shell's middleware must have run. */
export function pageOf(c: Context): Page {
  const page = c.get('page')
  if (!page) throw new Error('no page context: the shell is not mounted in front of this route')
  const who = c.get('viewer')
  return who ? { ...page, who } : page
}
