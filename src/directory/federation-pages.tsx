/** The admin's page of federation: what waits, how other servers fare, and what was given up, which can be sent again. */
import { Hono } from 'hono'
import type { Context } from 'hono'
import type { Child } from 'hono/jsx'
import { z } from 'zod'
import type { Who } from '../accounts/model.ts'
import { Problem } from '../kernel/errors.ts'
import { PageHead, Section } from '../web/blocks.tsx'
import { Empty, Facts, Say, Table, Time, type Column } from '../web/components.tsx'
import { flash } from '../web/flash.ts'
import { number } from '../web/format.ts'
import { html, Layout, pageOf, type Page } from '../web/page.tsx'
import type { Federation, HostRow, LetterRow, Overview, Paged, Queue } from './federation.ts'

export const FEDERATION = '/admin/federation'
const SERVERS = 'servers', GIVEN_UP = 'given-up'
/** As specifications name them, in every language. */
const SIGNATURES = { rfc9421: 'RFC 9421', cavage: 'draft-cavage-12' } as const

/** Where in the two lists this is; what makes no sense is the beginning. */
interface Place { after?: string; before?: number }
const place = z.object({
  after: z.string().regex(/^[a-z0-9.:[\]-]{1,260}$/).optional().catch(undefined),
  before: z.string().regex(/^\d{1,15}$/).transform(Number).optional().catch(undefined),
})
const placeOf = (c: Context): Place => place.parse({ after: c.req.query('after'), before: c.req.query('before') })
const query = (p: Place): string => {
  const q = new URLSearchParams()
  if (p.after !== undefined) q.set('after', p.after)
  if (p.before !== undefined) q.set('before', String(p.before))
  return q.size ? `?${q}` : ''
}

/** On, and back to the start; the other list stays where it is. */
const More = ({ page, label, next, first }: { page: Page; label: string; next?: string; first?: string }) => (
  next || first ? (
    <nav class="more" aria-label={label}>
      {next ? <a class="btn quiet" href={next} rel="next">{page.t('page.more')}</a> : null}
      {first ? <a href={first}>{page.t('page.first')}</a> : null}
    </nav>
  ) : null
)

/** Nothing to worry about: it was not needed yet. */
const NotYet = ({ page }: { page: Page }) => <span class="sub">{page.t('page.unknown')}</span>
const Ago = ({ page, at }: { page: Page; at: Date }) => <Time page={page} at={at} as="ago" />
const Since = ({ page, at }: { page: Page; at: Date | null }) => (at ? <Say t={page.t} k="federation.oldest" parts={{ time: <Ago page={page} at={at} /> }} /> : null)

const queueNote = (page: Page, q: Queue): Child => (q.waiting ? (
  <><Since page={page} at={q.oldest} />{q.running || q.delayed ? <><br />{page.t('federation.split', { running: q.running, delayed: q.delayed })}</> : null}</>
) : null)

const Numbers = ({ page, overview: { outgoing, incoming, dead } }: { page: Page; overview: Overview }) => (
  <Facts items={[
    { label: page.t('federation.outgoing', { n: outgoing.waiting }), value: number(page.lang, outgoing.waiting), note: queueNote(page, outgoing) },
    { label: page.t('federation.incoming', { n: incoming.waiting }), value: number(page.lang, incoming.waiting), note: queueNote(page, incoming) },
    { label: page.t('federation.dead', { n: dead }), value: number(page.lang, dead) },
  ]} />
)

const Hosts = ({ page, hosts, at }: { page: Page; hosts: Paged<HostRow, string>; at: Place }) => {
  const { t, now } = page
  const columns: Column<HostRow>[] = [
    { label: t('federation.host'), cell: (h) => <b class="long">{h.host}</b> },
    { label: t('federation.reached'), cell: (h) => (h.lastSuccess ? <Ago page={page} at={h.lastSuccess} /> : t('federation.never')) },
    { label: t('federation.failed'), cell: (h) => (h.lastFailure ? <Ago page={page} at={h.lastFailure} /> : t('federation.never')) },
    { label: t('federation.failures'), number: true, cell: (h) => number(page.lang, h.failures) },
    { label: t('federation.paused'), cell: (h) => (h.openUntil && h.openUntil > now ? <Time page={page} at={h.openUntil} as="minute" /> : t('federation.notPaused')) },
    { label: t('federation.waiting'), cell: (h) => <span>{number(page.lang, h.waiting)}{h.oldest ? <><br /><span class="sub small"><Since page={page} at={h.oldest} /></span></> : null}</span> },
    { label: t('federation.signature'), cell: (h) => (h.signature ? SIGNATURES[h.signature] : <NotYet page={page} />) },
    { label: t('federation.software'), cell: (h) => h.software ?? <NotYet page={page} /> },
  ]
  return (
    <Section id={SERVERS} title={t('federation.hosts')}>
      {hosts.rows.length
        ? <Table caption={t('federation.hostsCaption')} columns={columns} rows={hosts.rows} />
        : <Empty title={t(at.after === undefined ? 'federation.noHosts' : 'federation.noMore')}>{at.after === undefined ? <p>{t('federation.noHostsHint')}</p> : null}</Empty>}
      <More page={page} label={t('federation.hosts')} next={hosts.next === undefined ? undefined : `${FEDERATION}${query({ ...at, after: hosts.next })}#${SERVERS}`}
        first={at.after === undefined ? undefined : `${FEDERATION}${query({ ...at, after: undefined })}#${SERVERS}`} />
    </Section>
  )
}

const whatOf = (page: Page, l: LetterRow): string => {
  if (l.kind === 'inbox') return page.t('federation.kind.inbox')
  if (l.kind === 'other' || l.host === null) return page.t('federation.kind.other', { kind: l.job })
  return page.t(`federation.kind.${l.kind}`, { host: l.host })
}

const Letters = ({ page, letters, at }: { page: Page; letters: Paged<LetterRow, number>; at: Place }) => {
  const { t } = page
  /** A screen reader hears which one a button is for. */
  const Do = ({ l, verb, label, quiet }: { l: LetterRow; verb: 'again' | 'forget'; label: string; quiet?: boolean }) => (
    <form method="post" action={`${FEDERATION}/${l.id}/${verb}${query(at)}`}>
      <button class={quiet ? 'btn ghost small' : 'btn quiet small'}>{label}<span class="vh">: {whatOf(page, l)} ({l.id})</span></button>
    </form>
  )
  const columns: Column<LetterRow>[] = [
    { label: t('federation.what'), cell: (l) => <b class="long">{whatOf(page, l)}</b> },
    { label: t('federation.cause'), cell: (l) => <span class="long">{l.cause}</span> },
    { label: t('federation.attempts'), number: true, cell: (l) => number(page.lang, l.attempts) },
    { label: t('federation.made'), cell: (l) => <Ago page={page} at={l.created} /> },
    { label: t('federation.died'), cell: (l) => <Ago page={page} at={l.died} /> },
    { label: t('federation.actions'), cell: (l) => <div class="row"><Do l={l} verb="again" label={t('federation.again')} /><Do l={l} verb="forget" label={t('federation.forget')} quiet /></div> },
  ]
  return (
    <Section id={GIVEN_UP} title={t('federation.letters')}>
      {letters.rows.length ? (
        <>
          <Table caption={t('federation.lettersCaption')} columns={columns} rows={letters.rows} />
          <form method="post" action={`${FEDERATION}/again`} class="mt2"><button class="btn">{t('federation.againAll')}</button></form>
        </>
      ) : <Empty title={t(at.before === undefined ? 'federation.noLetters' : 'federation.noMore')}>{at.before === undefined ? <p>{t('federation.noLettersHint')}</p> : null}</Empty>}
      <More page={page} label={t('federation.letters')} next={letters.next === undefined ? undefined : `${FEDERATION}${query({ ...at, before: letters.next })}#${GIVEN_UP}`}
        first={at.before === undefined ? undefined : `${FEDERATION}${query({ ...at, before: undefined })}#${GIVEN_UP}`} />
    </Section>
  )
}

interface ViewProps { page: Page; overview: Overview; hosts: Paged<HostRow, string>; letters: Paged<LetterRow, number>; at: Place; /** What other rooms have to say there. */ more?: Child }
const View = ({ page, overview, hosts, letters, at, more }: ViewProps) => (
  <Layout page={page} title={page.t('federation.title')} current="/about" dye="teal" unlisted>
    <PageHead page={page} title={page.t('federation.title')} lede={page.t('federation.lede')}
      crumbs={[{ href: '/about', label: page.t('nav.about') }, { label: page.t('federation.title') }]} />
    <div class="wrap">
      <Numbers page={page} overview={overview} />
      <Letters page={page} letters={letters} at={at} />
      <Hosts page={page} hosts={hosts} at={at} />
      {more}
    </div>
  </Layout>
)

type Extra = (page: Page, who: Who | undefined) => Promise<Child>
export interface FederationExtras { /** Blocked servers, read only. */ blocks?: Extra; /** Directories that are mirrored. */ directories?: Extra }

/** Pages of whoever may `delivery.manage`: the service refuses everybody else. */
export function federationPages(federation: Federation, extras: FederationExtras = {}): Hono {
  const app = new Hono()
  const back = (c: Context) => c.redirect(`${FEDERATION}${query(placeOf(c))}`, 303)
  /** Somebody else was quicker, or the button was pressed twice: nothing to be alarmed at. */
  const unlessGone = async (c: Context, done: 'federation.sent' | 'federation.forgotten', act: () => Promise<void>) => {
    try {
      await act()
      flash(c, done)
    } catch (e) {
      if (!(e instanceof Problem) || e.code !== 'not-found') throw e
      flash(c, 'federation.wasGone')
    }
    return back(c)
  }

  app.get(FEDERATION, async (c) => {
    const who = c.get('who'), at = placeOf(c)
    const overview = await federation.overview(who)
    const [hosts, letters] = await Promise.all([federation.hosts(who, at.after), federation.letters(who, at.before)])
    const page = pageOf(c)
    const [directories, blocks] = await Promise.all([extras.directories?.(page, who), extras.blocks?.(page, who)])
    return html(c, <View page={page} overview={overview} hosts={hosts} letters={letters} at={at} more={<>{directories}{blocks}</>} />)
  })
  app.post(`${FEDERATION}/again`, async (c) => {
    const { sent, left } = await federation.sendAllAgain(c.get('who'))
    flash(c, 'federation.sentAll', { sent, left })
    return back(c)
  })
  app.post(`${FEDERATION}/:id{[0-9]{1,15}}/again`, (c) => unlessGone(c, 'federation.sent', () => federation.sendAgain(c.get('who'), Number(c.req.param('id')))))
  app.post(`${FEDERATION}/:id{[0-9]{1,15}}/forget`, (c) => unlessGone(c, 'federation.forgotten', () => federation.forget(c.get('who'), Number(c.req.param('id')))))
  return app
}
