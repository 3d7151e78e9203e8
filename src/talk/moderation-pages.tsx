/** The curators' pages of talk: what waits, what was hidden, who may answer; and hiding with a reason. */
import { Hono } from 'hono'
import type { Context } from 'hono'
import { may } from '../accounts/model.ts'
import { Problem } from '../kernel/errors.ts'
import { ManageHead, Section } from '../web/blocks.tsx'
import { Choices, Crumbs, Empty, ErrorSummary, Field, Pagination } from '../web/components.tsx'
import { flash } from '../web/flash.ts'
import { readForm, type FormValues } from '../web/forms.ts'
import { html, Layout, pageOf, type Page } from '../web/page.tsx'
import { replyPolicies, type Post, type ReplyPolicy } from './model.ts'
import { policyInput, reasonInput } from './moderation.ts'
import { cursorAt, cursorOf, findPost } from './pages.tsx'
import type { Talk } from './service.ts'
import { hostOf, opening, PostCard } from './views.tsx'

export const MODERATION = '/admin/talk'
const HIDDEN = `${MODERATION}/hidden`
const SHOWN = 20

/** A screen reader hears which one a button is for. */
const Which = ({ page, post }: { page: Page; post: Post }) => <span class="vh">: {page.t('talk.by', { name: post.authorName, opening: opening(post) })}</span>

/** What a blocked server's post can be is hidden: for as long as the block lasts, or for good. */
const Tools = ({ page, post, blocked }: { page: Page; post: Post; blocked: boolean }) => (
  <div class="row">
    {blocked ? null : <form method="post" action={`/posts/${post.id}/${post.state === 'held' ? 'approve' : 'show'}`}>
      <input type="hidden" name="back" value={post.state === 'held' ? 'held' : 'hidden'} />
      <button class="btn small">{page.t(post.state === 'held' ? 'talk.approve' : 'talk.show')}<Which page={page} post={post} /></button>
    </form>}
    {post.state === 'held' || blocked ? <a class="btn quiet small" href={`/posts/${post.id}/hide`}>{page.t('talk.hide')}<Which page={page} post={post} /></a> : null}
    {post.thread && post.thread !== post.id ? <a href={`/posts/${post.thread}`}>{page.t('talk.wholeThread')}<Which page={page} post={post} /></a> : null}
  </div>
)

interface ListProps { page: Page; what: 'held' | 'hidden'; posts: readonly Post[]; isBlocked: (post: Post) => boolean; held: number; policy: ReplyPolicy; next?: string | undefined; first?: string | undefined; values?: FormValues; problem?: Problem }
const List = ({ page, what, posts, isBlocked, held, policy, next, first, values, problem }: ListProps) => {
  const { t } = page
  return (
    <Layout page={page} title={t('talk.moderation.title')} current="/about" dye="plum" problem={problem} unlisted>
      <ManageHead page={page} title={t('talk.moderation.title')} status={t('talk.moderation.lede')} crumbs={[{ href: '/about', label: t('nav.about') }, { label: t('talk.moderation.title') }]}
        tabs={[{ href: MODERATION, label: t('talk.moderation.held'), count: held }, { href: HIDDEN, label: t('talk.moderation.hidden') }]} />
      <div class="wrap">
        {problem ? <ErrorSummary page={page} problem={problem} /> : null}
        <Section title={t(`talk.moderation.${what}`)}>
          {posts.length
            ? <ul class="posts stack" role="list">{posts.map((post) => <li class="stack"><PostCard page={page} post={post} /><Tools page={page} post={post} blocked={isBlocked(post)} /></li>)}</ul>
            : <Empty title={t(`talk.moderation.none.${what}`)} />}
          <Pagination page={page} next={next} first={first} />
        </Section>
        <Section id="policy" title={t('talk.moderation.policy')}>
          <form method="post" action={MODERATION} novalidate class="form narrow">
            <Choices page={page} name="replies" label={t('talk.moderation.who')} values={values ?? { replies: policy }} problem={problem}
              options={replyPolicies.map((value) => ({ value, label: t(`talk.moderation.policy.${value}`), hint: t(`talk.moderation.policyHint.${value}`) }))} />
            <p class="row"><button class="btn">{t('talk.moderation.save')}</button></p>
          </form>
        </Section>
      </div>
    </Layout>
  )
}

const Hide = ({ page, post, values, problem }: { page: Page; post: Post; values?: FormValues; problem?: Problem }) => {
  const { t } = page
  return (
    <Layout page={page} title={t('talk.hideTitle')} current="/talk" dye="plum" problem={problem} unlisted>
      <div class="wrap sect stack">
        <Crumbs page={page} items={[{ href: `/posts/${post.id}`, label: t('talk.post') }, { label: t('talk.hideTitle') }]} />
        <h1>{t('talk.hideTitle')}</h1>
        {problem ? <ErrorSummary page={page} problem={problem} /> : null}
        <p>{t('talk.hideWarning', { host: hostOf(post.uri) })}</p>
        <div class="posts"><PostCard page={page} post={post} whole /></div>
        <form method="post" novalidate class="form narrow">
          <Field page={page} name="why" label={t('talk.hideWhy')} hint={t('talk.hideWhyHint')} required maxlength={500} values={values} problem={problem} />
          <p class="row"><button class="btn dye" data-dye="madder">{t('talk.hide')}</button><a class="btn quiet" href={`/posts/${post.id}`}>{t('talk.keep')}</a></p>
        </form>
      </div>
    </Layout>
  )
}

/** Pages of whoever may `comment.moderate`: the service refuses everybody else. */
export function moderationPages(talk: Talk): Hono {
  const app = new Hono()
  const { moderation } = talk

  async function list(c: Context, what: 'held' | 'hidden', values?: FormValues, problem?: Problem) {
    const who = c.get('who'), from = cursorOf(c, 'before'), path = what === 'held' ? MODERATION : HIDDEN
    const held = await moderation.countHeld(who)
    const [found, policy] = await Promise.all([moderation[what](who, SHOWN + 1, from), moderation.policy()])
    const posts = found.slice(0, SHOWN), last = posts.at(-1)
    return html(c, <List page={pageOf(c)} what={what} posts={posts} isBlocked={moderation.isBlocked} held={held} policy={policy} values={values} problem={problem}
      next={found.length > SHOWN && last ? `${path}?before=${cursorAt(last)}` : undefined} first={from ? path : undefined} />, problem?.status ?? 200)
  }
  app.get(MODERATION, (c) => list(c, 'held'))
  app.get(HIDDEN, (c) => list(c, 'hidden'))
  app.post(MODERATION, async (c) => {
    const form = await readForm(c, policyInput)
    if (!form.ok) return list(c, 'held', form.values, form.problem)
    await moderation.setPolicy(c.get('who'), form.value)
    flash(c, 'talk.moderation.saved')
    return c.redirect(MODERATION, 303)
  })

  /** A post of another server, for curators. */
  async function foreign(c: Context): Promise<Post> {
    const who = c.get('who')
    if (!who) throw new Problem('sign-in-needed', 'sign in to do this', { status: 401 })
    if (!may(who, 'comment.moderate')) throw new Problem('forbidden', 'this account may not do this (comment.moderate)', { status: 403 })
    const post = await findPost(c, talk)
    if (post.speaker !== null) throw new Problem('not-found', 'a post of this instance is taken down, not hidden', { status: 404 })
    return post
  }
  app.get('/posts/:id/hide', async (c) => html(c, <Hide page={pageOf(c)} post={await foreign(c)} />))
  app.post('/posts/:id/hide', async (c) => {
    const post = await foreign(c)
    const form = await readForm(c, reasonInput)
    if (!form.ok) return html(c, <Hide page={pageOf(c)} post={post} values={form.values} problem={form.problem} />, form.problem.status)
    await moderation.hide(c.get('who'), post.id, form.value)
    flash(c, 'talk.hidden')
    return c.redirect(post.state === 'held' ? MODERATION : `/posts/${post.thread ?? post.id}`, 303)
  })
  for (const verb of ['approve', 'show'] as const) {
    app.post(`/posts/:id/${verb}`, async (c) => {
      const post = await foreign(c)
      const back = (await c.req.parseBody()).back
      await moderation[verb](c.get('who'), post.id)
      flash(c, verb === 'approve' ? 'talk.approved' : 'talk.shown')
      return c.redirect(back === 'held' ? MODERATION : back === 'hidden' ? HIDDEN : `/posts/${post.id}`, 303)
    })
  }
  return app
}
