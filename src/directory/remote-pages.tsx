/** "From your own server": the small form on what is ours, and the page that tells the way. See docs/adr/0017. */
import { Hono, type Context } from 'hono'
import { z } from 'zod'
import { Problem } from '../kernel/errors.ts'
import type { Post } from '../talk/model.ts'
import { clientAddress } from '../web/address.ts'
import { Column } from '../web/blocks.tsx'
import { Crumbs, ErrorSummary, Field, Icon, Note, Say } from '../web/components.tsx'
import { readForm, type FormValues } from '../web/forms.ts'
import { html, Layout, pageOf, type Page } from '../web/page.tsx'
import { INTERACT } from './interact-pages.tsx'
import { otherServer } from './other-server.ts'
import { WISHES, type Remote, type Thing, type Way, type Wished } from './remote.ts'

export const REMOTE = '/remote'

const fields = z.object({ object: z.string().max(2000), intent: z.enum(WISHES), account: z.string().max(1000) })

interface FormProps { page: Page; /** ActivityPub id of what it is about. */ object: string; wishes: readonly Wished[]; values?: FormValues; problem?: Problem }
/** One field, and a button for each thing one can do. */
export const RemoteForm = ({ page, object, wishes, values, problem }: FormProps) => (
  <form method="post" action={REMOTE} novalidate class="form">
    <input type="hidden" name="object" value={object} />
    <Field page={page} name="account" label={page.t('remote.account')} hint={page.t('remote.accountHint')} inputmode="email" maxlength={300} required values={values} problem={problem} />
    <p class="row">
      {wishes.map((w, n) => <button class={n ? 'btn quiet' : 'btn'} name="intent" value={w}>{page.t(`remote.do.${w}`)}</button>)}
    </p>
  </form>
)

/** What can be done with something of ours from elsewhere. */
export const wishesFor = (kind: Thing['kind']): readonly Wished[] => (kind === 'actor' ? ['Follow'] : ['Like', 'Announce', 'Create'])

/** For the page of an actor of ours, beside its address. */
export const followFromElsewhere = (page: Page, uri: string) => <RemoteForm page={page} object={uri} wishes={wishesFor('actor')} />

/** Under a post: for people of other servers, folded in; for those who act for somebody here, the way to `interact`. */
export const actFromElsewhere = (c: Context, post: Post, interact: string | undefined) => {
  const page = pageOf(c)
  return (
    <>
      {interact ? <p><a class="btn quiet small" href={`${interact}?uri=${encodeURIComponent(post.uri)}`}>{page.t('interact.link')}</a></p> : null}
      {post.speaker !== null && post.state === 'public' ? (
        <details class="narrow"><summary>{page.t('remote.details')}</summary><RemoteForm page={page} object={post.uri} wishes={wishesFor('post')} /></details>
      ) : null}
    </>
  )
}

/** How to do it without a way: every server has a search field. */
const ByHand = ({ page, thing }: { page: Page; thing: Thing }) => (
  <section class="stack">
    <h2>{page.t('remote.byHand')}</h2>
    <p>{page.t(thing.kind === 'actor' ? 'remote.byHandActor' : 'remote.byHandPost')}</p>
    <p><code>{thing.address ?? thing.uri}</code></p>
  </section>
)

interface ViewProps { page: Page; thing: Thing; wish: Wished; way?: Way; values?: FormValues; problem?: Problem; wishes: readonly Wished[]; signedIn: boolean }
const View = ({ page, signedIn, thing, wish, way, values, problem, wishes }: ViewProps) => {
  const { t } = page
  const title = t(`remote.title.${wish}`, { name: thing.name })
  return (
    <Layout page={page} title={title} dye="plum" problem={problem} unlisted>
      <Column>
        <Crumbs page={page} items={[{ href: thing.page, label: thing.kind === 'actor' ? thing.name : t('remote.post', { name: thing.name }) }, { label: t('remote.fromOwn') }]} />
        <ErrorSummary page={page} problem={problem} labels={{ account: t('remote.account') }}>
          {problem?.code === 'account-here' && !signedIn ? <p><a href={`/sign-in?next=${encodeURIComponent(`${INTERACT}?uri=${encodeURIComponent(thing.uri)}`)}`}>{t('remote.member')}</a></p> : null}
        </ErrorSummary>
        <h1>{title}</h1>
        {way?.url ? (
          <>
            <p class="lede"><Say t={t} k="remote.leaving" parts={{ host: <code>{way.url.host}</code> }} /></p>
            <p><a class="btn" href={way.url.href} rel="noopener noreferrer nofollow"><span>{t('remote.go', { host: way.url.host })}</span><Icon name="arrow-right" /></a></p>
            <p class="sub">{t('remote.check')}</p>
            <p class="sub small"><code>{way.url.href}</code></p>
          </>
        ) : way ? (
          <Note><p><Say t={t} k="remote.noWay" parts={{ host: <code>{way.host}</code> }} /></p></Note>
        ) : (
          <RemoteForm page={page} object={thing.uri} wishes={[wish, ...wishes.filter((w) => w !== wish)]} values={values} problem={problem} />
        )}
        {way?.url ? null : <ByHand page={page} thing={thing} />}
      </Column>
    </Layout>
  )
}

export function remotePages(remote: Remote, o: { /** Trusted proxies in front. */ trustProxy: number }): Hono {
  const wishOf = (thing: Thing, asked: string | undefined): Wished => {
    const known = wishesFor(thing.kind)
    return known.find((w) => w === asked) ?? known[0]!
  }
  const answer = (c: Context, p: Omit<ViewProps, 'page' | 'wishes' | 'signedIn'>) => {
    c.header('Cache-Control', 'no-store')
    return html(c, <View page={pageOf(c)} signedIn={c.get('who') !== undefined} wishes={wishesFor(p.thing.kind)} {...p} />, p.problem ? 422 : 200)
  }

  return new Hono()
    // After going back in the browser, or from a link: the form alone. Asks nobody.
    .get(REMOTE, async (c) => {
      const thing = await remote.thing(c.req.query('object') ?? '')
      return answer(c, { thing, wish: wishOf(thing, c.req.query('intent')) })
    })
    .post(REMOTE, async (c) => {
      const form = await readForm(c, fields)
      const thing = await remote.thing(typeof form.values.object === 'string' ? form.values.object : '')
      const wish = wishOf(thing, typeof form.values.intent === 'string' ? form.values.intent : undefined)
      if (!form.ok) return answer(c, { thing, wish, values: form.values, problem: form.problem })
      try {
        return await answer(c, { thing, wish, way: await remote.way(clientAddress(c, o.trustProxy), form.value.account, wish, thing) })
      } catch (e) {
        // What is wrong with another server is no fault of ours: said in words, with the form to try again.
        if (!(e instanceof Problem)) throw e
        const problem = otherServer(e, 'account')
        if (problem.status !== 422) throw e
        return answer(c, { thing, wish, values: form.values, problem })
      }
    })
}
