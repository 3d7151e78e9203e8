/** What the instance says of itself. */
import { Hono } from 'hono'
import { raw } from 'hono/html'
import type { Child } from 'hono/jsx'
import { may, type Who } from '../accounts/model.ts'
import { plainToHtml } from '../kernel/text.ts'
import { Facts } from '../web/components.tsx'
import { html, Layout, pageOf, type Key, type Page } from '../web/page.tsx'
import { number } from '../web/format.ts'
import type { Site } from './actors.ts'
import { FEDERATION } from './federation-pages.tsx'

export interface Counts { organisations: number; countries: number; levers: number; posts: number }
export interface AboutHouse {
  /** ActivityPub id of the instance. */
  uri?: string
  site(): Promise<Site>
  counts(): Promise<Counts>
  software: { name: string; version: string }
  /** How to follow the directory. */
  follow?: (page: Page) => Child
  /** Further pages of those who look after the instance, for whoever asks. */
  desks?(who: Who | undefined): readonly { href: string; label: Key }[]
}

interface AboutProps { page: Page; site: Site; counts: Counts; software: AboutHouse['software']; /** Looks after deliveries. */ minder: boolean; desks: readonly { href: string; label: Key }[]; follow?: Child; uri?: string | undefined }
const About = ({ page, site, counts, software, minder, desks, follow, uri }: AboutProps) => {
  const { t } = page
  return (
    <Layout page={page} title={t('about.title', { name: site.name })} current="/about" dye="teal" description={site.tagline} alternate={uri}>
      <div class="wrap sect stack">
        <h1>{site.name}</h1>
        <p class="lede">{site.tagline}</p>
        <Facts items={[
          { label: t('about.organisations', { n: counts.organisations }), value: number(page.lang, counts.organisations) },
          { label: t('about.countries', { n: counts.countries }), value: number(page.lang, counts.countries) },
          { label: t('about.levers', { n: counts.levers }), value: number(page.lang, counts.levers) },
          { label: t('about.posts', { n: counts.posts }), value: number(page.lang, counts.posts) },
        ]} />
        {site.about ? <div class="prose">{raw(plainToHtml(site.about))}</div> : null}
        <section class="stack prose">
          <h2>{t('about.whatTitle')}</h2>
          <p>{t('about.what')}</p>
          <h2>{t('about.followTitle')}</h2>
          <p>{t('about.follow')}</p>
          <p><code>{page.site.handle}</code></p>
          {follow}
          <h2>{t('about.standingTitle')}</h2>
          <p>{t('about.unclaimed')}</p>
          <p>{t('about.consented')}</p>
          <p>{t('about.claimed')}</p>
          <h2>{t('about.leverTitle')}</h2>
          <p>{t('about.lever')}</p>
          {site.contact ? <><h2>{t('about.contactTitle')}</h2><div>{raw(plainToHtml(site.contact))}</div></> : null}
          {minder ? <p><a href={FEDERATION}>{t('federation.link')}</a></p> : null}
          {desks.map((d) => <p><a href={d.href}>{t(d.label, { name: site.name })}</a></p>)}
          <p class="sub small">{t('about.software', { name: software.name, version: software.version })}</p>
        </section>
      </div>
    </Layout>
  )
}

export function aboutPages(house: AboutHouse): Hono {
  return new Hono().get('/about', async (c) => {
    const [site, counts] = await Promise.all([house.site(), house.counts()])
    return html(c, <About page={pageOf(c)} site={site} counts={counts} software={house.software} minder={may(c.get('who'), 'delivery.manage')}
      desks={house.desks?.(c.get('who')) ?? []} follow={house.follow?.(pageOf(c))} uri={house.uri} />)
  })
}
