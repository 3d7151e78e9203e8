import { Section } from '../web/blocks.tsx'
import { Empty, Table, Time, type Column } from '../web/components.tsx'
import { number } from '../web/format.ts'
import type { Page } from '../web/page.tsx'
import type { FollowedDirectory } from './service.ts'

/** The directories that ours follows, and how much of each is kept here: a section of the page of federation. */
export const Directories = ({ page, directories }: { page: Page; directories: readonly FollowedDirectory[] }) => {
  const { t, lang } = page
  const columns: Column<FollowedDirectory>[] = [
    { label: t('peers.directory'), cell: (d) => <a class="long" href={d.actor} rel="noopener nofollow">{d.name ?? d.actor}</a> },
    { label: t('peers.state'), cell: (d) => t(`peers.${d.state}`) },
    { label: t('peers.mirrored'), number: true, cell: (d) => number(lang, d.mirrored) },
    { label: t('peers.changed'), cell: (d) => (d.changed ? <Time page={page} at={d.changed} as="ago" /> : t('federation.never')) },
  ]
  return (
    <Section id="directories" title={t('peers.title')}>
      {directories.length ? <Table caption={t('peers.caption')} columns={columns} rows={directories} />
        : <Empty title={t('peers.none')}><p>{t('peers.noneHint')}</p></Empty>}
    </Section>
  )
}
