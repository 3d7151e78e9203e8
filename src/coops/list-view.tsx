/** The directory's front page: one sentence, the numbers, the cards. */
import { Empty, Pagination, Select } from '../web/components.tsx'
import { Hero, Listing, Listings } from '../web/blocks.tsx'
import { country as countryName, number } from '../web/format.ts'
import { Layout, type Page } from '../web/page.tsx'
import { activityWord } from './activities.ts'
import { KINDS } from './model.ts'
import type { ListItem, ListQuery } from './service.ts'
import { figureLine, placeOf } from './view.ts'

export interface ListProps {
  page: Page
  items: readonly ListItem[]
  counts: { organisations: number; countries: number; platforms: number; open: number }
  countries: readonly { country: string; organisations: number }[]
  query: Omit<ListQuery, 'limit'>
  /** Path of the next page. */
  next?: string
  uri: (handle: string) => string
}

/** A federation's activity is "federation" too: the same word stands once. */
const onceEach = <T extends { text: string }>(tags: readonly T[]): T[] => tags.filter((tag, n) => tags.findIndex((x) => x.text === tag.text) === n)

const Card = ({ page, item, uri }: { page: Page; item: ListItem; uri: string }) => (
  <Listing href={`/co-ops/${item.handle}`} uri={uri} name={item.name} place={placeOf(page, item) || undefined} text={item.summary ?? undefined}
    tags={onceEach([
      ...item.activities.slice(0, 2).map((a) => ({ dye: 'indigo' as const, text: activityWord(page.t, a) })),
      ...(item.ownership ? [{ dye: 'walnut' as const, text: page.t(`coops.ownership.${item.ownership}`) }] : []),
      ...(item.kind === 'cooperative' ? [] : [{ text: page.t(`coops.kind.${item.kind}`) }]),
      ...(item.isPlatform ? [{ dye: 'woad' as const, text: page.t('coops.platform') }] : []),
    ])}
    foot={[
      ...(item.members ? [{ icon: 'users-round' as const, text: figureLine(page, item.members) }] : []),
      { ...(item.standing === 'unclaimed' ? {} : { icon: 'badge-check' as const }), text: page.t(`coops.standing.${item.standing}`) },
    ]} />
)

/** Choices in a form that changes the address: works without script, can be linked to. */
const Filter = ({ page, countries, query }: Pick<ListProps, 'page' | 'countries' | 'query'>) => {
  const { t } = page
  return (
    <details class="filter" open={Boolean(query.country ?? query.kind ?? query.platforms)}>
      <summary>{t('coops.list.filter')}</summary>
      <form method="get" action="/" class="form">
        <Select page={page} name="country" label={t('coops.list.country')} empty={t('coops.list.anyCountry')} values={{ country: query.country ?? '' }}
          options={countries.map((x) => ({ value: x.country, label: `${countryName(page.lang, x.country)} (${number(page.lang, x.organisations)})` }))} />
        <Select page={page} name="kind" label={t('coops.list.kind')} empty={t('coops.list.anyKind')} values={{ kind: query.kind ?? '' }}
          options={KINDS.map((k) => ({ value: k, label: t(`coops.kind.${k}`) }))} />
        <label class="check"><input type="checkbox" name="platforms" value="yes" checked={query.platforms} /><span>{t('coops.list.platformsOnly')}</span></label>
        {query.activity ? <input type="hidden" name="activity" value={query.activity} /> : null}
        <p class="row"><button class="btn quiet">{t('coops.list.show')}</button></p>
      </form>
    </details>
  )
}

export const List = (p: ListProps) => {
  const { page, counts, query } = p
  const { t } = page
  const chosen = Boolean(query.country ?? query.kind ?? query.activity ?? query.platforms)
  return (
    <Layout page={page} title={page.site.name} current="/" dye="indigo" description={page.site.tagline || t('coops.list.lede')} canonical="/"
      alternate={p.uri('directory')}>
      {query.after ? null : (
        <Hero title={t('coops.list.title')} lede={t('coops.list.lede')}
          figures={[
            { label: t('coops.list.organisations', { count: counts.organisations }), value: number(page.lang, counts.organisations) },
            { label: t('coops.list.countries', { count: counts.countries }), value: number(page.lang, counts.countries) },
            { label: t('coops.list.platforms', { count: counts.platforms }), value: number(page.lang, counts.platforms) },
            { label: t('coops.list.open', { count: counts.open }), value: number(page.lang, counts.open) },
          ]}>
          <p>{t('coops.list.follow')} <code>{page.site.handle}</code></p>
        </Hero>
      )}
      <div class="wrap sect">
        <h2>{chosen ? t('coops.list.filtered') : t('coops.list.heading', { count: counts.organisations })}</h2>
        {query.activity ? <p>{t('coops.list.activity', { activity: activityWord(t, query.activity) })}</p> : null}
        {counts.organisations ? <Filter page={page} countries={p.countries} query={query} /> : null}
        {p.items.length
          ? <Listings>{p.items.map((item) => <Card page={page} item={item} uri={p.uri(item.handle)} />)}</Listings>
          : (
            <Empty title={t(chosen ? 'coops.list.none' : 'coops.list.empty')}>
              <p>{chosen ? <a href="/">{t('coops.list.all')}</a> : t('coops.list.emptyHint')}</p>
            </Empty>
          )}
        <Pagination page={page} {...(p.next ? { next: p.next } : {})} {...(query.after ? { first: '/' } : {})} />
      </div>
    </Layout>
  )
}
