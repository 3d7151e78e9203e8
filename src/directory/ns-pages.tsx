/** The vocabulary for people: the same list that `/ns` gives machines. Its words are English, as the terms themselves are. */
import { Hono } from 'hono'
import { vocabulary, type Term } from '../fedi/http/ns.ts'
import { TOAD } from '../fedi/terms.ts'
import { PageHead } from '../web/blocks.tsx'
import { Table, type Column } from '../web/components.tsx'
import { html, Layout, pageOf, type Page } from '../web/page.tsx'

const Name = ({ name }: { name: string | undefined }) => (name === undefined ? <>–</> : <code>{name}</code>)

const Vocabulary = ({ page }: { page: Page }) => {
  const { t } = page
  const columns: Column<Term>[] = [
    { label: t('ns.term'), cell: (x) => <code id={x.name}>toad:{x.name}</code> },
    { label: t('ns.meaning'), cell: (x) => <span lang="en" dir="ltr">{x.comment}</span> },
    { label: t('ns.domain'), cell: (x) => <Name name={x.domain} /> },
    { label: t('ns.range'), cell: (x) => <Name name={x.range} /> },
    { label: t('ns.sub'), cell: (x) => <Name name={x.sub} /> },
  ]
  return (
    <Layout page={page} title={t('ns.title')} alternate={`${page.site.origin}/ns`}>
      <PageHead page={page} title={t('ns.title')} lede={t('ns.lede')} />
      <div class="wrap sect stack">
        <p><code>{TOAD}</code></p>
        <Table caption={t('ns.caption')} columns={columns} rows={vocabulary} />
      </div>
    </Layout>
  )
}

export const nsPages = (): Hono => new Hono().get('/ns', (c) => html(c, <Vocabulary page={pageOf(c)} />))
