/** Views of levers: cards, one lever with its versions, and the lists. */
import type { Child } from 'hono/jsx'
import { figureWord } from '../coops/activities.ts'
import type { FigureInput } from '../coops/model.ts'
import { byWhom, placeOf } from '../coops/view.ts'
import { makeUris } from '../fedi/uris.ts'
import { Away, Empty, FieldList, Note, Pagination, Say, Time, Timeline, Unknown, type Fact } from '../web/components.tsx'
import { AsideSection, ChoiceCards, Form, PageHead, Provenance, Section, Split, Versions, type ChoiceCardProps } from '../web/blocks.tsx'
import { country as countryName } from '../web/format.ts'
import { Layout, type Page } from '../web/page.tsx'
import { dayOf, firstDayOf, inYear } from './dates.ts'
import type { Lever, Rule, Version } from './model.ts'
import { blocksCollecting, FIELDS, isStale, knownAsOf, nextHandIn, thresholdFor, unknowns, type Field } from './rules.ts'
import type { LeverBody, Listed } from './service.ts'
import { capital, dayText, fieldNames, fieldText, seenText, thresholdText } from './words.ts'

/** "Never legal advice" stands on every page of a lever. */
export const NotAdvice = ({ page }: { page: Page }) => <Note icon="landmark"><b>{page.t('levers.notAdvice')}</b> {page.t('levers.notAdviceMore')}</Note>

/** What the swatch of an organisation is woven from. */
const actorUri = (page: Page, handle: string): string => makeUris(page.site.origin).actor(handle)
const today = (page: Page): string => dayOf(page.now)

function card(page: Page, l: { id: string; action: string; rule: Rule }, more: readonly Child[] = []): ChoiceCardProps {
  const blocked = blocksCollecting(l.rule, today(page))
  return {
    href: `/levers/${l.id}`, title: capital(l.action),
    lines: [l.rule.threshold ? thresholdText(page, l.rule.threshold) : <Unknown page={page} />, ...more],
    ...(blocked.length ? { blocked: page.t('levers.blocked', { fields: fieldNames(page, blocked) }) } : {}),
  }
}

/** An organisation's levers as cards, for its own page. Undefined where it has none. */
export const LeverCards = ({ page, levers }: { page: Page; levers: readonly Lever[] }) => (
  <><ChoiceCards items={levers.flatMap((l) => (l.versions[0] ? [card(page, { ...l, rule: l.versions[0].rule })] : []))} /><NotAdvice page={page} /></>
)

/** A body's name, with the place where it is a listed one. */
export const bodyName = (page: Page, l: { organisation: string | null; scope: string | null; name?: string | null }): string =>
  l.organisation ? [l.name ?? l.organisation, l.scope].filter(Boolean).join(', ') : capital(l.scope ?? '')

/* ── /levers ── */

export interface ListProps {
  page: Page
  items: readonly Listed[]
  counts: { levers: number; countries: readonly { country: string; levers: number }[] }
  /** The one that was chosen. */
  country?: string
  next?: string
  /** Not the first page. */
  onward: boolean
}

const Countries = ({ page, counts, country }: Pick<ListProps, 'page' | 'counts' | 'country'>) => (
  <nav class="countries" aria-label={page.t('levers.countries')}>
    <a class="chip" href="/levers" aria-current={country ? undefined : 'true'}>{page.t('levers.allCountries')}</a>
    {counts.countries.map((x) => ({ ...x, name: countryName(page.lang, x.country) })).sort((a, b) => a.name.localeCompare(b.name, page.lang)).map((x) => (
      <a class="chip" href={`/levers?country=${x.country}`} aria-current={x.country === country ? 'true' : undefined}>
        {page.t('levers.country', { country: x.name, count: x.levers })}
      </a>
    ))}
  </nav>
)

/** Runs of the same country, then of the same kind: rules of law apart from those of one body. */
function byCountry(items: readonly Listed[]): [string, Listed[]][] {
  const groups = new Map<string, Listed[]>()
  for (const l of items) groups.set(l.country ?? '', [...(groups.get(l.country ?? '') ?? []), l])
  return [...groups]
}

export const LeverList = (p: ListProps) => {
  const { page, counts, items } = p
  const { t } = page
  const home = p.country ? `/levers?country=${p.country}` : '/levers'
  return (
    <Layout page={page} title={t('levers.title')} current="/levers" dye="walnut" description={t('levers.lede')}
      canonical={home}>
      <PageHead page={page} title={t('levers.title')} lede={t('levers.lede')}>
        {counts.countries.length ? <Countries page={page} counts={counts} country={p.country} /> : null}
      </PageHead>
      <div class="wrap sect">
        <h2 class="vh">{t('levers.count', { count: counts.levers })}</h2>
        {items.length ? null : <Empty title={t('levers.empty')}><p>{t('levers.emptyHint')}</p></Empty>}
        {byCountry(items).map(([country, levers]) => (
          <section class="sect first" data-dye="walnut">
            <h2>{country ? countryName(page.lang, country) : t('levers.nowhere')}</h2>
            <ChoiceCards items={levers.map((l) => card(page, l, [<>{bodyName(page, l)}{l.organisation ? null : ` (${t('levers.law')})`}</>]))} />
          </section>
        ))}
        <Pagination page={page} {...(p.next ? { next: p.next } : {})} {...(p.onward ? { first: home } : {})} />
        <NotAdvice page={page} />
      </div>
    </Layout>
  )
}

/* ── /co-ops/{handle}/levers ── */

export interface RulebookProps { page: Page; body: LeverBody; levers: readonly Lever[]; law: readonly Listed[] }

export const BodyLevers = ({ page, body, levers, law }: RulebookProps) => {
  const { t } = page
  return (
    <Layout page={page} title={t('levers.of', { name: body.name })} current="/levers" dye="walnut" description={t('levers.ofLede')}>
      <PageHead page={page} swatch={actorUri(page, body.handle)} title={t('levers.of', { name: body.name })}
        lede={[placeOf(page, body), t('levers.ofLede')].filter(Boolean).join('. ')}
        crumbs={[{ href: '/', label: t('nav.directory') }, { href: `/co-ops/${body.handle}`, label: body.name }, { label: t('levers.rulebook') }]}>
        {levers.length ? <ChoiceCards items={levers.flatMap((l) => (l.versions[0] ? [card(page, { ...l, rule: l.versions[0].rule })] : []))} /> : null}
      </PageHead>
      <div class="wrap sect">
        {levers.length ? null : <Empty title={t('levers.none', { name: body.name })}><p>{t('levers.noneHint')}</p></Empty>}
        {law.length && body.country ? (
          <Section first title={t('levers.lawToo', { country: countryName(page.lang, body.country) })}>
            <p class="sub">{t('levers.lawTooHint')}</p>
            <ChoiceCards items={law.map((l) => card(page, l, [bodyName(page, l)]))} />
          </Section>
        ) : null}
        <NotAdvice page={page} />
      </div>
    </Layout>
  )
}

/* ── /levers/{id} ── */

export interface LeverProps { page: Page; lever: Lever; body?: LeverBody; members?: FigureInput; mayCheck: boolean }

const AgeWarning = ({ page, version }: { page: Page; version: Version }) => {
  const { t } = page
  if (!isStale(version, page.now)) return null
  const since = knownAsOf(version)
  if (since === undefined) return <Note warn><b>{t('levers.ageUnknown')}</b> {t('levers.ageUnknownText')}</Note>
  const age = Number(today(page).slice(0, 4)) - Number(since.slice(0, 4)) - (today(page).slice(5) < since.slice(5) ? 1 : 0)
  const seen = version.checked && firstDayOf(version.checked) === since ? version.checked : version.rule.sourceSeen
  return <Note warn><b>{t('levers.age', { age })}</b> {t('levers.ageText', { seen: seenText(page, seen) })}</Note>
}

const Blocked = ({ page, rule }: { page: Page; rule: Rule }) => {
  const { t } = page
  const fields = blocksCollecting(rule, today(page))
  if (!fields.length) return null
  const past = fields.includes('handIn.date') && nextHandIn(rule, today(page)).when === 'past'
  return (
    <Note warn>
      <b>{t('levers.blockedTitle')}.</b> {t('levers.blockedText', { fields: fieldNames(page, fields) })} {past ? t('levers.blockedPast') : null}
    </Note>
  )
}

const value = (page: Page, rule: Rule, field: Field): Child => fieldText(page, rule, field) ?? <Unknown page={page} />

function known(page: Page, rule: Rule): Fact[] {
  const missing = new Set<Field>(unknowns(rule))
  return FIELDS.map((f) => ({
    label: page.t(`levers.field.${f}`), value: fieldText(page, rule, f) !== null && missing.has(f)
      ? <>{fieldText(page, rule, f)} (<Unknown page={page} />)</> : value(page, rule, f),
    ...(f === 'deposit' && missing.has(f) ? { note: page.t('levers.unknownIsNotNone') } : {}),
  }))
}

/** Two neighbouring versions: the threshold always, and whatever else differs. */
const Side = ({ page, before, after, newest }: { page: Page; before: Version; after: Version; newest: boolean }) => {
  const { t } = page
  const seen = seenText(page, after.rule.sourceSeen)
  const changed = FIELDS.filter((f) => fieldText(page, before.rule, f) !== fieldText(page, after.rule, f))
  const rows = (v: Version) => [
    ...(['threshold', ...changed.filter((f) => f !== 'threshold')] as Field[])
      .map((f) => ({ label: t(`levers.field.${f}`), value: value(page, v.rule, f), changed: changed.includes(f) })),
    { label: t('levers.field.source'), value: <Away href={v.rule.sources[0] ?? ''} /> },
  ]
  return (
    <>
      {changed.length ? null : <p class="sub">{t('levers.sameRule')}</p>}
      <Versions before={{ title: t('levers.version', { number: before.number }), when: seenText(page, before.rule.sourceSeen), rows: rows(before) }}
        after={{ title: t('levers.version', { number: after.number }), when: newest ? `${seen}, ${t('levers.inForce')}` : seen, rows: rows(after) }} />
    </>
  )
}

const Arithmetic = ({ page, rule, members }: { page: Page; rule: Rule; members?: FigureInput }) => {
  const { t } = page
  const counted = rule.threshold?.unit ? undefined : members
  const needed = thresholdFor(rule.threshold, counted?.value)
  if (!rule.threshold || (rule.threshold.fixed !== undefined && !rule.threshold.orLowerByStatute && !rule.threshold.unlessStatutesDiffer)) return null
  return (
    <AsideSection title={t('levers.arithmetic')}>
      {needed ? (
        <p>
          <b class="num">{rule.threshold.fixed !== undefined || !counted
            ? t('levers.arithmeticFixed', { signatures: needed.signatures })
            : t('levers.arithmeticText', { signatures: needed.signatures, members: counted.value, kind: figureWord(t, counted.kind),
              year: counted.year === null ? '?' : String(counted.year) })}</b>
          <span class="src">{t(`levers.certainty.${needed.certainty}`)}</span>
          {counted && counted.confidence !== 'primary' && rule.threshold.fixed === undefined ? <span class="src">{t('levers.membersUncertain')}</span> : null}
        </p>
      ) : <p class="sub">{t('levers.noMembers')}</p>}
    </AsideSection>
  )
}

function dates(page: Page, version: Version): { title: Child; text?: Child }[] {
  const { t } = page
  const by = nextHandIn(version.rule, today(page))
  const why = { 'every-year': 'levers.handInEveryYear', 'before-meeting': 'levers.handInBefore', date: 'levers.handInOnce' } as const
  const items: { title: Child; text?: Child }[] = []
  if (by.when === 'day') items.push({ title: <>{t('levers.handInBy')}: <Time page={page} at={by.date} /></>, text: t(why[by.why]) })
  else if (by.when === 'past') items.push({ title: <Time page={page} at={by.date} />, text: t('levers.handInPast') })
  else items.push({ title: by.when === 'any-time' ? t('levers.handInAny') : <span class="unk">{t('levers.handInUnknown')}</span> })
  const since = knownAsOf(version)
  if (since !== undefined && !isStale(version, page.now)) {
    const stale = inYear(`--${since.slice(5)}`, Number(since.slice(0, 4)) + 1)
    items.push({ title: <Time page={page} at={stale} />, text: <>{t('levers.goesStale')}. {t('levers.goesStaleWhy')}</> })
  }
  return items
}

const Aside = ({ page, lever, version, members }: LeverProps & { version: Version }) => {
  const { t } = page
  const how = `${seenText(page, version.rule.sourceSeen)}, ${t(`coops.confidence.${version.rule.confidence}`)}`
  return (
    <>
      <AsideSection title={t('levers.dates')}><Timeline items={dates(page, version)} /></AsideSection>
      <Arithmetic page={page} rule={version.rule} {...(members ? { members } : {})} />
      <AsideSection title={t('levers.versions')}>
        <Timeline items={lever.versions.map((v, i) => ({
          title: t('levers.version', { number: v.number }), now: i === 0,
          text: t('levers.versionLine', { threshold: v.rule.threshold ? thresholdText(page, v.rule.threshold) : t('page.unknown'),
            seen: seenText(page, v.rule.sourceSeen), confidence: t(`coops.confidence.${v.rule.confidence}`) }),
        }))} />
        <p class="sub mt2">{t('levers.keeps')}</p>
      </AsideSection>
      <Provenance title={t('levers.provenance')} items={[
        ...version.rule.sources.map((s) => <><Away href={s} /><span class="src">{how}</span></>),
        <Say t={t} k="levers.writtenDown" values={{ who: byWhom(page, version.by) }} parts={{ date: <Time page={page} at={version.at} /> }} />,
        ...(version.checked ? [<Say t={t} k="levers.readAgain" parts={{ date: <>{dayText(page, version.checked)}</> }} />] : []),
      ]} />
    </>
  )
}

function crumbs(page: Page, lever: Lever, body?: LeverBody): { href?: string; label: string }[] {
  const here = { label: capital(lever.action) }
  if (body) return [{ href: `/co-ops/${body.handle}`, label: body.name }, { href: `/co-ops/${body.handle}/levers`, label: page.t('levers.rulebook') }, here]
  const country = lever.country ? [{ href: `/levers?country=${lever.country}`, label: countryName(page.lang, lever.country) }] : []
  return [{ href: '/levers', label: page.t('nav.levers') }, ...country, here]
}

export const LeverPage = (p: LeverProps) => {
  const { page, lever, body } = p
  const { t } = page
  const version = lever.versions[0]!
  const name = bodyName(page, { ...lever, name: body?.name ?? null })
  const title = `${capital(lever.action)}: ${name}`
  return (
    <Layout page={page} title={title} current="/levers" dye="walnut"
      description={version.rule.threshold ? `${title}. ${thresholdText(page, version.rule.threshold)}` : title}>
      <PageHead page={page} title={capital(lever.action)} {...(body ? { swatch: actorUri(page, body.handle) } : {})}
        lede={[name, lever.organisation ? null : t('levers.law'), lever.country && countryName(page.lang, lever.country)].filter(Boolean).join(', ')}
        crumbs={crumbs(page, lever, body)}>
        <AgeWarning page={page} version={version} />
        <Blocked page={page} rule={version.rule} />
      </PageHead>
      <Split label={t('levers.provenance')} aside={<Aside {...p} version={version} />}>
        {lever.versions.length > 1 ? (
          <Section first title={t('levers.changed')}>{lever.versions.slice(0, -1)
            .map((after, i) => <Side page={page} before={lever.versions[i + 1]!} after={after} newest={i === 0} />)}</Section>
        ) : null}
        <Section first={lever.versions.length === 1} title={t('levers.known')}>
          <FieldList items={known(page, version.rule)} />
          {version.rule.note ? <div class="mt3"><h3 class="kvh">{t('levers.field.note')}</h3><p dir="auto">{version.rule.note}</p></div> : null}
          <NotAdvice page={page} />
        </Section>
        {p.mayCheck ? <Form action={`/levers/${lever.id}/check`} submit={t('levers.check')} /> : null}
      </Split>
    </Layout>
  )
}
