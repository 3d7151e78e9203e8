/** What moderators see: reports, what was done about them, and servers that are blocked. */
import type { Child } from 'hono/jsx'
import type { Problem } from '../kernel/errors.ts'
import { excerpt } from '../kernel/text.ts'
import { ManageHead, PageHead, Column, Form, Section } from '../web/blocks.tsx'
import { Choices, Empty, ErrorSummary, Field, KV, Pagination, Say, Table, Time, type Column as Col } from '../web/components.tsx'
import { number } from '../web/format.ts'
import type { FormValues } from '../web/forms.ts'
import { Layout, type Page } from '../web/page.tsx'
import { Prose } from '../web/prose.tsx'
import { WORDS_MAX, type DomainPolicy, type Report } from './model.ts'
import type { Foreign, Listed, Subject } from './service.ts'

export const REPORTS = '/admin/reports'
/** Things of a report that stand in the list; all are on its own page. */
const FEW = 3

const About = ({ subject }: { subject: Subject }) => (subject.href ? <a href={subject.href}><bdi>{subject.label}</bdi></a> : <bdi>{subject.label}</bdi>)

/** Each on a line of its own. */
const Lines = ({ items }: { items: readonly Child[] }) => <span class="long roomy">{items.map((x, n) => <>{n ? <br /> : null}{x}</>)}</span>

const fromWhere = (page: Page, r: Report): string => r.host ?? page.t('reports.here')

/** What became of it, in words. */
const Outcome = ({ page, report: r }: { page: Page; report: Report }) => {
  if (r.state === 'open') return <>{page.t('reports.state.open')}</>
  const how = r.decidedBy?.startsWith('peer:') ? page.t('reports.withdrawn', { host: r.decidedBy.slice(5) }) : r.host === null && r.why === null ? page.t('reports.forwarded') : page.t(`reports.state.${r.state}`)
  return <span>{how}{r.decided ? <><br /><span class="sub small"><Time page={page} at={r.decided} as="minute" /></span></> : null}</span>
}

interface ListProps { page: Page; what: 'open' | 'decided'; rows: readonly Listed[]; open: number; next?: string | undefined; first?: string | undefined }
export const List = ({ page, what, rows, open, next, first }: ListProps) => {
  const { t } = page
  const columns: Col<Listed>[] = [
    { label: t('reports.when'), cell: (r) => <a href={`${REPORTS}/${r.id}`}><Time page={page} at={r.created} as="minute" /></a> },
    { label: t('reports.from'), cell: (r) => <span class="long roomy">{fromWhere(page, r)}</span> },
    {
      label: t('reports.about'), cell: (r) => <Lines items={[
        ...r.about.slice(0, FEW).map((s) => <About subject={s} />), ...(r.about.length > FEW ? [t('reports.more', { count: r.about.length - FEW })] : []),
      ]} />,
    },
    { label: t('reports.words'), cell: (r) => <span class="long" dir="auto">{r.words ? excerpt(r.words, 160) : <span class="sub">{t('reports.noWords')}</span>}</span> },
    { label: t('reports.others'), number: true, cell: (r) => number(page.lang, r.others) },
    ...(what === 'decided' ? [{ label: t('reports.outcome'), cell: (r: Listed) => <Outcome page={page} report={r} /> }] : []),
  ]
  return (
    <Layout page={page} title={t('reports.title')} current="/about" dye="madder" unlisted>
      <ManageHead page={page} title={t('reports.title')} status={t('reports.lede')} crumbs={[{ href: '/about', label: t('nav.about') }, { label: t('reports.title') }]}
        tabs={[{ href: REPORTS, label: t('reports.tab.open'), count: open }, { href: `${REPORTS}/decided`, label: t('reports.tab.decided') }]} />
      <div class="wrap sect first">
        {rows.length ? <Table caption={t(`reports.caption.${what}`)} columns={columns} rows={rows} />
          : <Empty title={t(first ? 'reports.noMore' : `reports.none.${what}`)}>{first ? null : <p>{t(`reports.noneHint.${what}`)}</p>}</Empty>}
        <Pagination page={page} next={next} first={first} />
      </div>
    </Layout>
  )
}

interface OneProps { page: Page; report: Listed; values?: FormValues | undefined; problem?: Problem | undefined }
export const One = ({ page, report: r, values, problem }: OneProps) => {
  const { t } = page
  return (
    <Layout page={page} title={t('reports.one')} current="/about" dye="madder" problem={problem} unlisted>
      <PageHead page={page} title={t('reports.one')} crumbs={[{ href: '/about', label: t('nav.about') }, { href: REPORTS, label: t('reports.title') }, { label: t('reports.one') }]} />
      <Column>
        <ErrorSummary page={page} problem={problem} labels={{ outcome: t('reports.outcome'), why: t('reports.why') }} />
        <Section first title={t('reports.what')}>
          <KV items={[
            { label: t('reports.when'), value: <Time page={page} at={r.created} as="minute" /> },
            { label: t('reports.from'), value: <span class="long">{fromWhere(page, r)}</span>, ...(r.host === null ? {} : { note: t('reports.noName') }) },
            { label: t('reports.about'), value: <Lines items={r.about.map((s) => <About subject={s} />)} /> },
            { label: t('reports.others'), value: number(page.lang, r.others) },
          ]} />
        </Section>
        <Section title={t('reports.words')}>
          {r.words ? <blockquote><Prose text={r.words} /></blockquote> : <p class="sub">{t('reports.noWords')}</p>}
        </Section>
        {r.state === 'open' ? (
          <Section title={t('reports.decide')}>
            <p class="sub">{t('reports.decideHint')}</p>
            <Form action={`${REPORTS}/${r.id}`} submit={t('reports.submit')}>
              <Choices page={page} name="outcome" label={t('reports.outcome')} values={values} problem={problem}
                options={[{ value: 'acted', label: t('reports.acted'), hint: t('reports.actedHint') }, { value: 'dismissed', label: t('reports.dismissed'), hint: t('reports.dismissedHint') }]} />
              <Field page={page} name="why" type="area" rows={3} required label={t('reports.why')} hint={t('reports.whyHint')} values={values} problem={problem} />
            </Form>
          </Section>
        ) : (
          <Section title={t('reports.outcome')}>
            <p><Outcome page={page} report={r} /></p>
            {r.why ? <blockquote><Prose text={r.why} /></blockquote> : null}
          </Section>
        )}
      </Column>
    </Layout>
  )
}

interface ForwardProps { page: Page; thing: Foreign; subject: string; values?: FormValues | undefined; problem?: Problem | undefined }
export const Forward = ({ page, thing, subject, values, problem }: ForwardProps) => {
  const { t } = page
  const host = new URL(thing.author).host
  return (
    <Layout page={page} title={t('reports.new', { host })} current="/talk" dye="madder" problem={problem} unlisted>
      <PageHead page={page} title={t('reports.new', { host })} crumbs={[{ href: thing.href, label: thing.label }, { label: t('reports.new', { host }) }]} />
      <Column>
        <ErrorSummary page={page} problem={problem} labels={{ words: t('reports.newWords') }} />
        <p><Say t={t} k="reports.newLede" values={{ host }} parts={{ post: <a href={thing.href}><bdi>{thing.label}</bdi></a> }} /></p>
        <Form action={`${REPORTS}/new?subject=${encodeURIComponent(subject)}`} submit={t('reports.newSubmit', { host })} extra={<a href={thing.href}>{t('reports.cancel')}</a>}>
          <Field page={page} name="words" type="area" rows={5} required label={t('reports.newWords')} hint={t('reports.newHint', { max: WORDS_MAX })} values={values} problem={problem} />
        </Form>
      </Column>
    </Layout>
  )
}

/** On a post from another server, for those who may. */
export const ReportLink = ({ page, post }: { page: Page; post: { id: string; author: string } }) => (
  <p><a class="btn quiet small" href={`${REPORTS}/new?subject=${encodeURIComponent(post.id)}`}>{page.t('reports.new', { host: new URL(post.author).host })}</a></p>
)

/** Servers that are blocked, for the page of federation. It changes nothing there: blocking is the host's, by command line. */
export const Blocks = ({ page, policies, more }: { page: Page; policies: readonly DomainPolicy[]; more: boolean }) => {
  const { t } = page
  const columns: Col<DomainPolicy>[] = [
    { label: t('federation.host'), cell: (p) => <b class="long">{p.host}</b> },
    { label: t('reports.why'), cell: (p) => <span class="long" dir="auto">{p.why}</span> },
    { label: t('blocks.since'), cell: (p) => <Time page={page} at={p.at} /> },
  ]
  return (
    <Section id="blocked" title={t('blocks.title')}>
      {policies.length ? <Table caption={t('blocks.caption')} columns={columns} rows={policies} /> : <Empty title={t('blocks.none')}><p>{t('blocks.noneHint')}</p></Empty>}
      {more ? <p class="sub">{t('blocks.more')}</p> : null}
    </Section>
  )
}
