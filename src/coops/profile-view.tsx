/** An organisation's own page. */
import type { Child } from 'hono/jsx'
import { Away, Facts, Icon, KV, Note, Say, Table, Tag, Time, type Fact } from '../web/components.tsx'
import { AsideSection, ProfileHead, Provenance, Section, Split } from '../web/blocks.tsx'
import { language } from '../web/format.ts'
import { Layout, type Page } from '../web/page.tsx'
import { activityWord, figureWord } from './activities.ts'
import { rankedFigures, type Figure } from './model.ts'
import type { Whole } from './service.ts'
import { Signed } from './signed.tsx'
import { placeOf, valueOf } from './view.ts'

export interface ProfileProps {
  page: Page
  whole: Whole
  uri: string
  address: string
  /** Of a federation: the first of its members. */
  members: readonly { handle: string; name: string }[]
  mayEdit: boolean
  mayPost: boolean
  /** Sections of rooms above. */
  levers?: Child
  posts?: Child
  follow?: Child
}

/** Facts that lists show large: the newest figure of each kind, and since when. */
function headline(page: Page, w: Whole): Fact[] {
  const newest = new Map<string, Figure>()
  for (const f of rankedFigures(w.figures)) if (!newest.has(f.kind)) newest.set(f.kind, f)
  const facts: Fact[] = [...newest.values()].slice(0, 3).map((f) => ({
    label: figureWord(page.t, f.kind), value: valueOf(page, f),
    note: [f.year === null ? page.t('coops.figure.noYear') : String(f.year), page.t(`coops.confidence.${f.confidence}`)].join(', '),
  }))
  if (w.organisation.founded) facts.push({ label: page.t('coops.profile.since'), value: w.organisation.founded.slice(0, 4) })
  return facts
}

const Notes = ({ page, w }: { page: Page; w: Whole }) => {
  const { t } = page
  const o = w.organisation
  return (
    <>
      {w.visible ? null : <Note warn>{t('coops.profile.hidden', { status: t(`coops.status.${o.status}`) })}</Note>}
      {o.status === 'archived' ? <Note warn>{t('coops.profile.archived')}</Note> : null}
      {w.freshness === 'fresh' || o.status === 'archived' ? null : (
        <Note warn>
          <Say t={t} k={w.freshness === 'due' ? 'coops.profile.due' : 'coops.profile.lapsed'} parts={{ date: <Time page={page} at={o.confirmed} /> }} />
        </Note>
      )}
      {o.standing === 'unclaimed' ? (
        <Note>
          <p>{t('coops.profile.unclaimed', { name: o.name, directory: page.site.name })}</p>
          <p>{t('coops.profile.isItYours')} <a href="/about">{t('coops.profile.contact')}</a></p>
        </Note>
      ) : null}
    </>
  )
}

const Source = ({ source, page }: { source: string | null; page: Page }) =>
  (source === null ? <>{page.t('coops.figure.noSource')}</> : <Away href={source} />)

const Figures = ({ page, figures }: { page: Page; figures: readonly Figure[] }) => {
  const { t } = page
  return (
    <Table caption={t('coops.profile.figuresCaption')} rows={figures} columns={[
      { label: t('coops.figure.kind'), cell: (f) => figureWord(t, f.kind) },
      { label: t('coops.figure.value'), number: true, cell: (f) => valueOf(page, f) },
      { label: t('coops.figure.year'), cell: (f) => (f.year === null ? t('coops.figure.noYear') : String(f.year)) },
      { label: t('coops.figure.source'), cell: (f) => <Source page={page} source={f.source} /> },
      { label: t('coops.figure.confidence'), cell: (f) => t(`coops.confidence.${f.confidence}`) },
    ]} />
  )
}

const Memberships = ({ page, w }: { page: Page; w: Whole }) => {
  const { t } = page
  const higher = w.trail.filter((s) => s.depth > 1)
  return (
    <>
      <ul class="plainlist" role="list">
        {w.memberships.map((m) => (
          <li>
            <a href={`/co-ops/${m.handle}`}>{m.name}</a>
            <span class="src">
              {m.now === 'confirmed' && m.expires ? <Say t={t} k="coops.membership.until" parts={{ date: <Time page={page} at={m.expires} /> }} />
                : t(`coops.membership.${m.now}`)}
              {m.since ? `, ${m.since}` : ''}{m.until ? `–${m.until}` : ''}, {t(`coops.confidence.${m.confidence}`)}
            </span>
          </li>
        ))}
      </ul>
      {higher.length ? (
        <>
          <h3 class="kvh mt3">{t('coops.profile.trail')}</h3>
          <ul class="plainlist" role="list">
            {higher.map((s) => {
              const below = w.trail.find((x) => x.handle === s.from)?.name ?? s.from
              const federation = <a href={`/co-ops/${s.handle}`}>{s.name}</a>
              return <li><Say t={t} k="coops.membership.belongs" parts={{ name: <>{below}</>, federation }} /></li>
            })}
          </ul>
        </>
      ) : null}
    </>
  )
}

function glance(page: Page, w: Whole): Fact[] {
  const { t, lang } = page
  const o = w.organisation
  const town = [o.postcode, o.locality].filter(Boolean).join(' ')
  const facts: (Fact | null)[] = [
    o.website ? { label: t('coops.field.website'), value: <Away href={o.website} rel="noopener" /> } : null,
    { label: t('coops.fact.kind'), value: t(`coops.kind.${o.kind}`) },
    o.ownership ? { label: t('coops.fact.owned'), value: t(`coops.ownership.${o.ownership}`) } : null,
    o.legalForm ? { label: t('coops.fact.legalForm'), value: o.legalForm } : null,
    o.address || o.postcode ? { label: t('coops.fact.place'), value: [o.address, town].filter(Boolean).join(', ') } : null,
    o.founded ? { label: t('coops.fact.founded'), value: <Time page={page} at={o.founded} /> } : null,
    ...o.registrations.map((r) => ({ label: t('coops.fact.registered'), value: t('coops.fact.registration', { number: r.number, scheme: r.scheme }) })),
    o.languages.length ? { label: t('coops.fact.languages'), value: o.languages.map((l) => language(lang, l)).join(', ') } : null,
    o.fediverse ? { label: t('coops.fact.fediverse'), value: /^https?:/.test(o.fediverse) ? <Away href={o.fediverse} rel="noopener me" />
      : <bdi dir="ltr">{o.fediverse}</bdi> } : null,
    ...o.links.map((l) => ({ label: l.label, value: <Away href={l.url} /> })),
  ]
  return facts.filter((f) => f !== null)
}

const Evidence = ({ page, w }: { page: Page; w: Whole }) => {
  const { t } = page
  if (!w.evidence.length) return <p class="sub">{t('coops.profile.noEvidence')}</p>
  return (
    <ul class="plainlist" role="list">
      {w.evidence.map((e) => (
        <li>
          {e.url ? <Away href={e.url}>{t(`coops.evidence.${e.kind}`)}</Away> : t(`coops.evidence.${e.kind}`)}{e.note ? `: ${e.note}` : ''}
          <span class="src"><Signed page={page} by={e.by} at={e.at} />{e.withdrawn ? ` (${t('coops.evidence.withdrawn')})` : ''}</span>
        </li>
      ))}
    </ul>
  )
}

function provenance(page: Page, w: Whole): Child[] {
  const { t } = page
  const o = w.organisation
  const day = (at: Date) => ({ date: <Time page={page} at={at} /> })
  const agreed = o.standing === 'claimed' ? 'coops.profile.claimed' : 'coops.profile.consented'
  return [
    <Say t={t} k="coops.profile.listed" values={{ who: t('coops.by.directory') }} parts={day(o.created)} />,
    ...(o.consent ? [<Say t={t} k={agreed} values={{ basis: o.consent.basis }} parts={day(o.consent.at)} />] : []),
    <Say t={t} k="coops.profile.changed" parts={day(o.changed)} />,
    // That somebody listed it is no confirmation.
    ...(o.confirmed > o.created ? [<Say t={t} k="coops.profile.confirmed" parts={day(o.confirmed)} />] : []),
    ...o.sources.map((s) => <Away href={s} />),
  ]
}

const Paragraphs = ({ text }: { text: string }) => (
  <div class="lede mt2" dir="auto">
    {text.split(/\n\n+/).map((p) => <p>{p.split('\n').flatMap((line, i) => (i ? [<br />, line] : [line]))}</p>)}
  </div>
)

export const Profile = (p: ProfileProps) => {
  const { page, whole: w } = p
  const { t } = page
  const o = w.organisation
  const place = placeOf(page, o)
  const seen = w.evidence.find((e) => e.withdrawn === null && e.kind !== 'self-declared')
  const facts = headline(page, w)
  return (
    <Layout page={page} title={o.name} current="/" dye="indigo" alternate={p.uri} description={o.summary?.slice(0, 200)} unlisted={!w.visible}>
      <ProfileHead page={page} uri={p.uri} name={o.name}
        facts={[
          ...(place ? [{ icon: 'map-pin' as const, text: place }] : []),
          { ...(o.standing === 'unclaimed' ? {} : { icon: 'badge-check' as const }), text: t(`coops.standing.${o.standing}`) },
          ...(seen ? [{ icon: 'shield-check' as const, text: <>{t(`coops.evidence.${seen.kind}`)}, <Time page={page} at={seen.at} /></> }] : []),
          ...(w.open ? [{ text: <bdi class="handle" dir="ltr">{p.address}</bdi> }] : []),
        ]}
        actions={<>
          {w.open ? <button class="btn" type="button" popovertarget="follow"><Icon name="rss" />{t('coops.profile.follow')}</button> : null}
          {o.website ? <a class="btn quiet" href={o.website} rel="noopener">{t('coops.profile.website')}</a> : null}
          {p.mayPost ? <a class="btn quiet" href={`/manage/${o.handle}/posts`}><Icon name="message-circle" />{t('coops.profile.write')}</a> : null}
          {p.mayEdit ? <a class="btn quiet" href={`/manage/${o.handle}`}><Icon name="pencil" />{t('coops.profile.edit')}</a> : null}
        </>} />
      {w.open ? (
        <div id="follow" popover="auto" class="menu"><p>{t('coops.profile.followHow')}</p><p><bdi class="handle" dir="ltr">{p.address}</bdi></p>{p.follow}</div>
      ) : null}
      <Split label={t('coops.profile.about')} aside={<>
        <AsideSection title={t('coops.profile.glance')}><KV items={glance(page, w)} /></AsideSection>
        <AsideSection title={t('coops.profile.evidence')}><Evidence page={page} w={w} /></AsideSection>
        <Provenance title={t('coops.profile.provenance')} items={provenance(page, w)}
          links={[{ href: `/co-ops/${o.handle}/changes`, label: t('coops.profile.changes') }]} />
      </>}>
        <Notes page={page} w={w} />
        {o.summary ? <Paragraphs text={o.summary} /> : null}
        <p class="row mt2">
          {o.activities.map((a) => <Tag dye="indigo">{activityWord(t, a)}</Tag>)}
          {o.ownership ? <Tag dye="walnut">{t(`coops.ownership.${o.ownership}`)}</Tag> : null}
          {o.isPlatform ? <Tag dye="woad">{t('coops.platform')}</Tag> : null}
        </p>
        {facts.length ? <Facts items={facts} /> : null}
        {p.levers ? (
          <Section id="levers" dye="walnut" title={t('coops.profile.levers')} all={{ href: `/co-ops/${o.handle}/levers`, label: t('coops.profile.leversAll') }}>
            {p.levers}
          </Section>
        ) : null}
        {p.posts ? <Section id="posts" dye="plum" title={t('coops.profile.posts')}>{p.posts}</Section> : null}
        {w.memberships.length ? <Section id="memberships" title={t('coops.profile.memberships')}><Memberships page={page} w={w} /></Section> : null}
        {p.members.length ? (
          <Section id="members" title={t('coops.profile.members')}>
            <ul class="plainlist" role="list">{p.members.map((m) => <li><a href={`/co-ops/${m.handle}`}>{m.name}</a></li>)}</ul>
          </Section>
        ) : null}
        {w.figures.length ? <Section id="figures" title={t('coops.profile.figures')}><Figures page={page} figures={w.figures} /></Section> : null}
      </Split>
    </Layout>
  )
}

