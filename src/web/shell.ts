/** What stands around every page: headers, request id, the page context, refusal of foreign forms, errors, assets, swatches. */
import { Hono, type Context, type MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { getCookie, setCookie } from 'hono/cookie'
import { Problem } from '../kernel/errors.ts'
import { systemClock, type Clock } from '../kernel/time.ts'
import { assetRoutes, loadAssets, type Assets } from './assets.ts'
import { refuseCrossSite } from './cross-site.ts'
import { notFound, onError } from './errors.tsx'
import { takeFlash } from './flash.ts'
import { requestId, securityHeaders } from './headers.ts'
import { firstFooter, firstNavigation, type FooterSection, type NavEntry } from './navigation.ts'
import type { SiteFacts } from './site.ts'
import { swatchRoutes } from './swatches.ts'
import { acceptedLanguages, dirOf, languages as ours, pickLanguage, translator } from './words.ts'

export interface ShellOptions {
  /** `https://coops.example`: the only place that forms may come from. */
  origin: string
  site: SiteFacts
  /** Default: read from beside this module. */
  assets?: Assets
  clock?: Clock
  nav?: readonly NavEntry[]
  footer?: readonly FooterSection[]
  /** Languages to offer; tests add PSEUDO_RTL. */
  languages?: readonly string[]
  /** Bytes that a posted form may have. Default 64 KiB. */
  formLimit?: number
}

export interface Shell {
  /** Puts the shell into the app. Routes mounted before it get none of it, routes after it all. */
  mount(app: Hono): void
}

/** An exact choice by `?lang=`, then the cookie of an earlier one, then what the browser asks for, then English. */
function chooseLanguage(c: Context, offered: readonly string[], secure: boolean): string {
  const asked = c.req.query('lang')
  if (asked !== undefined && offered.includes(asked)) {
    setCookie(c, 'lang', asked, { path: '/', sameSite: 'Lax', httpOnly: true, maxAge: 31_536_000, secure })
    return asked
  }
  const kept = getCookie(c, 'lang')
  if (kept !== undefined && offered.includes(kept)) return kept
  return pickLanguage(acceptedLanguages(c.req.header('accept-language')), offered) ?? 'en'
}

/** The query without `lang`, so that links to the other languages can add theirs. */
function queryOf(c: Context): string {
  const at = c.req.url.indexOf('?')
  if (at < 0) return ''
  const q = new URLSearchParams(c.req.url.slice(at))
  q.delete('lang')
  const text = q.toString()
  return text ? `?${text}` : ''
}

function pageContext(o: ShellOptions, assets: Assets): MiddlewareHandler {
  const { nav = firstNavigation, footer = firstFooter, languages = ours, clock = systemClock } = o
  const secure = o.origin.startsWith('https:')
  return async (c, next) => {
    const lang = chooseLanguage(c, languages, secure)
    const t = translator(lang)
    const site = await o.site.get()
    c.set('page', { lang, dir: dirOf(lang), t, site, path: c.req.path, query: queryOf(c), nav, footer, languages, assets, now: clock.now() })
    const said = c.req.method === 'GET' ? takeFlash(c, t) : undefined
    if (said !== undefined) c.set('page', { ...c.get('page'), flash: said })
    return next()
  }
}

export function shell(o: ShellOptions): Shell {
  const assets = o.assets ?? loadAssets()
  const limit = bodyLimit({
    maxSize: o.formLimit ?? 64 * 1024,
    onError: () => { throw new Problem('too-large', 'the form is larger than this address takes', { status: 413 }) },
  })
  return {
    mount(app) {
      app.use(requestId(), securityHeaders(o.origin))
      app.route('/', assetRoutes(assets))
      app.route('/', swatchRoutes())
      app.get('/favicon.ico', (c) => c.redirect(assets.icon, 302))
      app.use(pageContext(o, assets), refuseCrossSite(o.origin), limit)
      app.onError(onError)
      app.notFound(notFound)
    },
  }
}
