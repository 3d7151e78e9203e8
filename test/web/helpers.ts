import { Hono } from 'hono'
import type { Page } from '../../src/web/page.tsx'
import { loadAssets } from '../../src/web/assets.ts'
import { firstFooter, firstNavigation } from '../../src/web/navigation.ts'
import { shell, type ShellOptions } from '../../src/web/shell.ts'
import type { Site } from '../../src/web/site.ts'
import { dirOf, languages, translator } from '../../src/web/words.ts'

export const ORIGIN = 'https://coops.example'
export const site: Site = { name: 'Common Thread', tagline: 'Atlantic co-op federation', origin: ORIGIN, handle: '@directory@coops.example' }
export const assets = loadAssets()

/** A page context for rendering a view without an app. */
export const testPage = (more: Partial<Page> & { lang?: string } = {}): Page => {
  const lang = more.lang ?? 'en'
  return { lang, dir: dirOf(lang), t: translator(lang), site, path: '/', query: '', nav: firstNavigation, footer: firstFooter, languages, assets, now: new Date('2026-11-22T12:00:00Z'), ...more }
}

/** An app with the shell around whatever the test mounts. */
export function testApp(routes: (app: Hono) => void, o: Partial<ShellOptions> = {}): Hono {
  const origin = o.origin ?? ORIGIN
  const app = new Hono()
  shell({ origin, site: { get: () => Promise.resolve({ ...site, origin }), forget() {} }, assets, ...o }).mount(app)
  routes(app)
  return app
}

/** Sends a form as a browser would from a page of the origin. */
export const post = (app: Hono, path: string, fields: Record<string, string> | [string, string][], headers: Record<string, string> = {}, origin = ORIGIN) =>
  app.request(origin + path, { method: 'POST', body: new URLSearchParams(fields), headers: { origin, accept: 'text/html', ...headers } })
