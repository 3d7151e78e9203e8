/** The history of a listing: every revision with what it changed. */
import { Away, Pagination, Say } from '../web/components.tsx'
import { Column, Form, PageHead } from '../web/blocks.tsx'
import { country as countryName } from '../web/format.ts'
import { Layout, type Page } from '../web/page.tsx'
import { isKey } from '../web/words.ts'
import { figureWord } from './activities.ts'
import { differences, stable, type Difference } from './diff.ts'
import type { FigureInput, Organisation, Revision, Snapshot } from './model.ts'
import { Signed } from './signed.tsx'
import { valueOf } from './view.ts'

export interface ChangesProps {
  page: Page
  organisation: Pick<Organisation, 'handle' | 'name' | 'revision'>
  uri: string
  /** Newest first; one more than is shown, so that the last shown has something to differ from. */
  revisions: readonly Revision[]
  shown: number
  mayRestore: boolean
  next?: string
}

const figureText = (page: Page, f: FigureInput): string =>
  [`${valueOf(page, f)} ${figureWord(page.t, f.kind)}`, f.year, f.source, page.t(`coops.confidence.${f.confidence}`)].filter((x) => x !== null).join(', ')

/** What a field held, in words. */
function told(page: Page, field: string, value: unknown): string {
  const { t } = page
  if (value === null || value === '' || (Array.isArray(value) && !value.length)) return t('coops.changes.nothing')
  if (field === 'country' && typeof value === 'string') return countryName(page.lang, value)
  const key = `coops.${field}.${String(value)}`
  if ((field === 'kind' || field === 'ownership') && isKey(key)) return t(key)
  if (typeof value === 'boolean') return t(value ? 'coops.yes' : 'coops.no')
  if (Array.isArray(value)) return value.map((v: unknown) => (typeof v === 'object' && v !== null ? Object.values(v).join(' ') : String(v))).join('; ')
  return typeof value === 'object' ? Object.values(value).join(', ') : String(value)
}

/** Figures that came and went, one a line. */
function figureDifferences(page: Page, before: Snapshot, after: Snapshot): { before: string[]; after: string[] } {
  const was = new Set(before.figures.map(stable)), is = new Set(after.figures.map(stable))
  return {
    before: before.figures.filter((f) => !is.has(stable(f))).map((f) => figureText(page, f)),
    after: after.figures.filter((f) => !was.has(stable(f))).map((f) => figureText(page, f)),
  }
}

const labelOf = (page: Page, field: string): string => {
  const key = `coops.edit.${field}`
  return isKey(key) ? page.t(key) : field
}

const Differences = ({ page, before, after }: { page: Page; before: Snapshot; after: Snapshot }) => {
  const { t } = page
  const fields: (Difference & { was: string; is: string })[] = differences(before.profile, after.profile)
    .map((d) => ({ ...d, was: told(page, d.field, d.before), is: told(page, d.field, d.after) }))
  const figures = figureDifferences(page, before, after)
  if (!fields.length && !figures.before.length && !figures.after.length) return <p class="sub">{t('coops.changes.none')}</p>
  const nothing = t('coops.changes.nothing')
  return (
    <table class="tbl">
      <caption class="vh">{t('coops.changes.caption')}</caption>
      <thead>
        <tr><th scope="col">{t('coops.changes.field')}</th><th scope="col">{t('coops.changes.before')}</th><th scope="col">{t('coops.changes.after')}</th></tr>
      </thead>
      <tbody>
        {fields.map((d) => (
          <tr>
            <th scope="row">{labelOf(page, d.field)}</th>
            <td data-col={t('coops.changes.before')}><del>{d.was}</del></td>
            <td data-col={t('coops.changes.after')}><ins>{d.is}</ins></td>
          </tr>
        ))}
        {figures.before.length || figures.after.length ? (
          <tr>
            <th scope="row">{t('coops.profile.figures')}</th>
            <td data-col={t('coops.changes.before')}>{figures.before.length ? figures.before.map((x) => <p><del>{x}</del></p>) : nothing}</td>
            <td data-col={t('coops.changes.after')}>{figures.after.length ? figures.after.map((x) => <p><ins>{x}</ins></p>) : nothing}</td>
          </tr>
        ) : null}
      </tbody>
    </table>
  )
}

export const Changes = (p: ChangesProps) => {
  const { page, organisation: o } = p
  const { t } = page
  const base = `/co-ops/${o.handle}`
  return (
    <Layout page={page} title={t('coops.changes.title', { name: o.name })} current="/" unlisted>
      <PageHead page={page} swatch={p.uri} title={t('coops.changes.title', { name: o.name })} lede={t('coops.changes.lede')}
        crumbs={[{ href: '/', label: t('nav.directory') }, { href: base, label: o.name }, { label: t('coops.profile.changes') }]} />
      <Column>
        {p.revisions.slice(0, p.shown).map((r, i) => {
          const earlier = p.revisions[i + 1]
          return (
            <section class={i ? 'sect' : 'sect first'} id={`r${r.number}`}>
              <h2>{t('coops.changes.revision', { number: r.number })}</h2>
              <p class="sub"><Signed page={page} by={r.by} at={r.at} minute /></p>
              {r.why ? <p><Say t={t} k="coops.changes.why" parts={{ why: <Away href={r.why}>{r.why}</Away> }} /></p> : null}
              {earlier ? <Differences page={page} before={earlier.snapshot} after={r.snapshot} /> : r.number === 1 ? <p>{t('coops.changes.first')}</p> : null}
              {p.mayRestore && r.number !== o.revision ? <Form action={`${base}/changes/${r.number}/restore`} submit={t('coops.changes.restore')} /> : null}
            </section>
          )
        })}
        <Pagination page={page} {...(p.next ? { next: p.next } : {})} label={t('coops.changes.earlier')} />
      </Column>
    </Layout>
  )
}
