import type { Context } from 'hono'
import { raw } from 'hono/html'
import type { Child, PropsWithChildren } from 'hono/jsx'
import type { Problem } from '../kernel/errors.ts'
import { Flash, Icon, Mark } from './components.tsx'
import { language } from './format.ts'
import type { Page } from './context.ts'
import type { Dye, NavEntry } from './navigation.ts'

export { pageOf, type Page } from './context.ts'
export type { Site } from './site.ts'
export type { T, Key, Values } from './words.ts'

export type View = Child | string | Promise<unknown>

/** Answers with a whole document: doctype, headers of a page that is not to be kept by anybody in between. */
export function html(c: Context, view: View, status = 200): Response | Promise<Response> {
  c.header('Vary', 'Accept, Accept-Language, Cookie', { append: true })
  if (!c.res.headers.has('Cache-Control')) c.header('Cache-Control', c.get('viewer') ? 'private, no-store' : 'private, no-cache')
  return c.html(<>{raw('<!doctype html>')}{view}</> as unknown as string, status as 200)
}

export type LayoutProps = PropsWithChildren<{
  page: Page
  /** Without the site's name, which is added. */
  title: string
  /** The `href` of the navigation entry that this page belongs to. */
  current?: string
  /** ActivityPub id of the thing shown: `<link rel=alternate>`. */
  alternate?: string
  /** One sentence for search engines and link previews. */
  description?: string
  /** Path or address under which this page wants to be known; default: its path without query. */
  canonical?: string
  /** A refused form: "Error:" stands before the title, so that a screen reader says it first. */
  problem?: Problem
  /** Colour of the page's accents. */
  dye?: Dye
  /** Keeps search engines away: forms, errors, manage pages. */
  unlisted?: boolean
  /** Further elements of the head. */
  head?: Child
}>

/** The shell of every page: selvedge, masthead, main, colophon. */
export const Layout = (p: LayoutProps) => {
  const { page } = p
  const { t, site } = page
  const whole = p.title === site.name ? site.name : t('page.title', { title: p.title, site: site.name })
  return (
    <html lang={page.lang} dir={page.dir}>
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>{p.problem ? t('page.errorTitle', { title: whole }) : whole}</title>
        {p.description ? <meta name="description" content={p.description} /> : null}
        {p.unlisted ? <meta name="robots" content="noindex" /> : <link rel="canonical" href={new URL(p.canonical ?? page.path, site.origin).href} />}
        {p.alternate ? <link rel="alternate" type="application/activity+json" href={p.alternate} /> : null}
        <meta name="color-scheme" content="light dark" />
        {page.assets.preload.map((href) => <link rel="preload" href={href} as="font" type="font/woff2" crossorigin="anonymous" />)}
        <link rel="stylesheet" href={page.assets.css} />
        <link rel="icon" href={page.assets.icon} type="image/svg+xml" />
        {p.head}
      </head>
      <body>
        <a class="skip" href="#main">{t('page.skip')}</a>
        <div class="selvedge" aria-hidden="true"></div>
        <Masthead page={page} current={p.current} />
        <main id="main" tabindex={-1} data-dye={p.dye}>
          {page.flash ? <Flash>{page.flash}</Flash> : null}
          {p.children}
        </main>
        <Colophon page={page} />
      </body>
    </html>
  )
}

/** A language's name in itself, with a capital as the first word of a line has it. */
const ownName = (l: string): string => { const name = language(l, l); return name.charAt(0).toLocaleUpperCase(l) + name.slice(1) }

const langHref = (page: Page, lang: string): string => `${page.path}${page.query ? `${page.query}&` : '?'}lang=${lang}`

const Languages = ({ page }: { page: Page }) => (
  <ul role="list">
    {page.languages.map((l) => (
      <li><a href={langHref(page, l)} lang={l} hreflang={l} aria-current={l === page.lang ? 'true' : undefined}>{ownName(l)}</a></li>
    ))}
  </ul>
)

const SignOut = ({ page, small }: { page: Page; small?: boolean }) => (
  <form method="post" action="/sign-out"><button class={small ? 'btn quiet small' : 'btn quiet wide'}>{page.t('nav.signOut')}</button></form>
)

const Entry = ({ page, entry, current }: { page: Page; entry: NavEntry; current?: string }) => (
  <li><a href={entry.href} data-dye={entry.dye} aria-current={entry.href === current ? 'page' : undefined}>{page.t(entry.label)}</a></li>
)

/** Both menus are native popovers: they open without script. */
const Masthead = ({ page, current }: { page: Page; current?: string }) => {
  const { t, who } = page
  const signIn = page.path === '/sign-in' ? '/sign-in' : `/sign-in?next=${encodeURIComponent(page.path + page.query)}`
  return (
    <>
      <header class="mast">
        <div class="wrap">
          <a class="brand" href="/"><Mark /><span><b>{page.site.name}</b>{page.site.tagline ? <span>{page.site.tagline}</span> : null}</span></a>
          <nav class="primary" aria-label={t('nav.main')}>
            <ul role="list">{page.nav.map((entry) => <Entry page={page} entry={entry} current={current} />)}</ul>
          </nav>
          <div class="tools">
            <button class="btn ghost small hide-s" type="button" popovertarget="languages">
              <Icon name="languages" /><span class="vh">{t('nav.language')}: </span><span>{ownName(page.lang)}</span>
            </button>
            {who
              ? <div class="me hide-s"><a class="name" href="/account"><Icon name="user-round" /><span><span class="vh">{t('nav.account')}: </span>{who.name}</span></a><SignOut page={page} small /></div>
              : <a class="btn quiet small hide-s" href={signIn}>{t('nav.signIn')}</a>}
            <button class="btn quiet small burger" type="button" popovertarget="menu"><Icon name="menu" />{t('nav.menu')}</button>
          </div>
        </div>
      </header>
      <div id="languages" popover="auto" class="menu"><nav aria-label={t('nav.language')}><Languages page={page} /></nav></div>
      <div id="menu" popover="auto" class="menu">
        <nav aria-label={t('nav.menu')}>
          <ul role="list">
            {page.nav.map((entry) => <Entry page={page} entry={entry} current={current} />)}
            <li>{who ? <a href="/account">{t('nav.account')}</a> : <a href={signIn}>{t('nav.signIn')}</a>}</li>
            <li><a href="#speak">{t('nav.language')}</a></li>
          </ul>
        </nav>
        {who ? <><p class="sub small">{t('nav.signedInAs', { name: who.name })}</p><SignOut page={page} /></> : null}
      </div>
    </>
  )
}

const Colophon = ({ page }: { page: Page }) => {
  const { t, site } = page
  return (
    <footer class="colophon">
      <div class="wrap">
        <div class="cols">
          <div class="stack">
            <b class="brandfoot">{site.name}</b>
            {site.tagline ? <p class="sub">{site.tagline}</p> : null}
            <p class="sub">{t('footer.follow')} <code>{site.handle}</code></p>
          </div>
          {page.footer.map((s) => (
            <div>
              <h2>{t(s.heading)}</h2>
              <ul role="list">{s.links.filter((l) => !(page.who && l.href === '/sign-in')).map((l) => <li><a href={l.href} rel={l.rel}>{t(l.label)}</a></li>)}</ul>
            </div>
          ))}
        </div>
        <div class="base">
          <nav id="speak" aria-label={t('nav.language')} class="speak"><Languages page={page} /></nav>
          <p class="sub">{t('footer.software')}</p>
        </div>
      </div>
    </footer>
  )
}
