/** What people see of talk: the latest posts, one post, and the desk where an organisation's people write. */
import { Hono } from 'hono'
import type { Context } from 'hono'
import type { Child } from 'hono/jsx'
import { z } from 'zod'
import { Problem } from '../kernel/errors.ts'
import { plainOf } from '../kernel/text.ts'
import { Crumbs, Empty, ErrorSummary, Field, Pagination } from '../web/components.tsx'
import { flash } from '../web/flash.ts'
import { formProblem, formValues, type FormValues } from '../web/forms.ts'
import { html, Layout, pageOf, type Page } from '../web/page.tsx'
import { POST_MAX, type Post } from './model.ts'
import type { Talk } from './service.ts'
import { homeOf, PostCard, PostList } from './views.tsx'

const SHOWN = 20
const cursor = z.string().regex(/^\d{1,15}_[0-9a-f-]{36}$/).transform((s) => {
  const [ms, id] = s.split('_') as [string, string]
  return { published: new Date(Number(ms)), id }
})
const after = (c: Context) => cursor.optional().catch(undefined).parse(c.req.query('before'))
const next = (path: string, posts: readonly Post[]) => {
  const last = posts.at(-1)
  return posts.length === SHOWN && last ? `${path}?before=${last.published.getTime()}_${last.id}` : undefined
}
/** The first words of a post, for titles. */
const opening = (post: Post): string => {
  const text = plainOf(post.html).replace(/\s+/g, ' ').trim()
  return text.length > 60 ? `${text.slice(0, 60).replace(/\s+\S*$/, '')}…` : text
}

const Latest = ({ page, posts }: { page: Page; posts: readonly Post[] }) => (
  <Layout page={page} title={page.t('talk.title')} current="/talk" dye="plum" description={page.t('talk.lede')}>
    <div class="wrap sect stack">
      <h1>{page.t('talk.title')}</h1>
      <p class="lede">{page.t('talk.lede')}</p>
      {posts.length ? <PostList page={page} posts={posts} /> : <Empty title={page.t('talk.empty')}><p>{page.t('talk.emptyHint')}</p></Empty>}
      <Pagination page={page} next={next('/talk', posts)} />
    </div>
  </Layout>
)

const One = ({ page, post, mine, acts }: { page: Page; post: Post; mine: boolean; acts?: Child }) => (
  <Layout page={page} title={page.t('talk.by', { name: post.authorName, opening: opening(post) })} current="/talk" dye="plum"
    alternate={post.uri} description={opening(post)} unlisted={!post.speaker}>
    <div class="wrap sect stack">
      <Crumbs page={page} items={[
        { href: '/talk', label: page.t('talk.title') },
        ...(post.speaker ? [{ href: homeOf(post), label: post.authorName }] : []),
        { label: page.t('talk.post') },
      ]} />
      <h1 class="vh">{page.t('talk.by', { name: post.authorName, opening: opening(post) })}</h1>
      <PostCard page={page} post={post} whole />
      {mine ? (
        <p class="row">
          <a class="btn quiet small" href={`/posts/${post.id}/edit`}>{page.t('talk.edit')}</a>
          <a class="btn quiet small" href={`/posts/${post.id}/remove`}>{page.t('talk.remove')}</a>
        </p>
      ) : null}
      {acts}
    </div>
  </Layout>
)

interface WriteProps { page: Page; title: string; back: { href: string; label: string }; button: string; values?: FormValues; problem?: Problem; posts?: readonly Post[] }
const Write = ({ page, title, back, button, values, problem, posts }: WriteProps) => (
  <Layout page={page} title={title} current="/talk" dye="plum" problem={problem} unlisted>
    <div class="wrap sect stack">
      <Crumbs page={page} items={[back, { label: title }]} />
      <h1>{title}</h1>
      {problem ? <ErrorSummary page={page} problem={problem} /> : null}
      <form method="post" class="stack narrow">
        <Field page={page} name="text" type="area" rows={8} required label={page.t('talk.words')} hint={page.t('talk.wordsHint', { max: POST_MAX })} values={values} problem={problem} />
        <Field page={page} name="language" label={page.t('talk.language')} hint={page.t('talk.languageHint')} required={false} values={values} problem={problem} />
        <p><button class="btn">{button}</button></p>
      </form>
      {posts?.length ? <section class="stack"><h2>{page.t('talk.sofar')}</h2><PostList page={page} posts={posts} headed={false} /></section> : null}
    </div>
  </Layout>
)

const Remove = ({ page, post }: { page: Page; post: Post }) => (
  <Layout page={page} title={page.t('talk.removeTitle')} current="/talk" dye="plum" unlisted>
    <div class="wrap sect stack">
      <h1>{page.t('talk.removeTitle')}</h1>
      <p>{page.t('talk.removeWarning')}</p>
      <PostCard page={page} post={post} whole />
      <form method="post" class="row">
        <button class="btn dye" data-dye="madder">{page.t('talk.remove')}</button>
        <a class="btn quiet" href={`/posts/${post.id}`}>{page.t('talk.keep')}</a>
      </form>
    </div>
  </Layout>
)

/** What rooms above put on a post's page. */
export interface PostExtras { acts?: (c: Context, post: Post) => Promise<Child | undefined> }

export function talkPages(talk: Talk, extras: PostExtras = {}): Hono {
  const app = new Hono()

  const find = async (c: Context): Promise<Post> => {
    const post = await talk.read.byId(c.req.param('id') ?? '')
    if (!post) throw new Problem('not-found', 'there is no such post', { status: 404 })
    if (post.state === 'removed') throw new Problem('post-gone', 'this post was taken down', { status: 410 })
    return post
  }
  const mine = async (c: Context, action: 'post.edit' | 'post.remove'): Promise<Post> => {
    const post = await find(c)
    if (!c.get('who')) throw new Problem('sign-in-needed', 'sign in to do this', { status: 401 })
    if (!(await talk.mayChange(c.get('who'), post, action))) throw new Problem('forbidden', 'this account may not change this post', { status: 403 })
    return post
  }

  app.get('/talk', async (c) => html(c, <Latest page={pageOf(c)} posts={await talk.read.latest(SHOWN, after(c))} />))
  app.get('/posts/:id', async (c) => {
    const post = await find(c)
    return html(c, <One page={pageOf(c)} post={post} mine={await talk.mayChange(c.get('who'), post, 'post.edit')} acts={await extras.acts?.(c, post)} />)
  })

  app.get('/manage/:handle/posts', async (c) => {
    const page = pageOf(c)
    const speaker = await talk.mayPost(c.get('who'), c.req.param('handle'))
    return html(c, <Desk page={page} name={speaker.name} handle={speaker.handle} open={speaker.open} why={speaker.why} posts={await talk.read.ofSpeaker(speaker.handle, SHOWN)} />)
  })
  app.post('/manage/:handle/posts', async (c) => {
    const page = pageOf(c)
    const handle = c.req.param('handle')
    const speaker = await talk.mayPost(c.get('who'), handle)
    const values = await formValues(c)
    try {
      const post = await talk.publish(c.get('who'), handle, { text: values.text, language: values.language || undefined })
      flash(c, 'talk.published')
      return c.redirect(`/posts/${post.id}`, 303)
    } catch (e) {
      const problem = formProblem(e)
      return html(c, <Desk page={page} name={speaker.name} handle={handle} open={speaker.open} why={speaker.why} values={values} problem={problem} posts={[]} />, problem.status)
    }
  })

  const editView = (page: Page, post: Post, values: FormValues, problem?: Problem) => (
    <Write page={page} title={page.t('talk.editTitle')} back={{ href: `/posts/${post.id}`, label: page.t('talk.post') }} button={page.t('talk.save')} values={values} problem={problem} />
  )
  app.get('/posts/:id/edit', async (c) => {
    const post = await mine(c, 'post.edit')
    return html(c, editView(pageOf(c), post, { text: post.text ?? '', language: post.language ?? '' }))
  })
  app.post('/posts/:id/edit', async (c) => {
    const post = await mine(c, 'post.edit')
    const values = await formValues(c)
    try {
      await talk.edit(c.get('who'), post.id, { text: values.text, language: values.language || undefined })
    } catch (e) {
      const problem = formProblem(e)
      return html(c, editView(pageOf(c), post, values, problem), problem.status)
    }
    flash(c, 'talk.saved')
    return c.redirect(`/posts/${post.id}`, 303)
  })

  app.get('/posts/:id/remove', async (c) => html(c, <Remove page={pageOf(c)} post={await mine(c, 'post.remove')} />))
  app.post('/posts/:id/remove', async (c) => {
    const post = await mine(c, 'post.remove')
    await talk.remove(c.get('who'), post.id)
    flash(c, 'talk.removed')
    return c.redirect(homeOf(post), 303)
  })
  return app
}

interface DeskProps { page: Page; name: string; handle: string; open: boolean; why?: string; posts: readonly Post[]; values?: FormValues; problem?: Problem }
/** Where an organisation's people write; a listing that nobody has agreed to says why it cannot post. */
const Desk = ({ page, name, handle, open, why, posts, values, problem }: DeskProps) => {
  const back = { href: `/manage/${handle}`, label: name }
  const title = page.t('talk.writeAs', { name })
  if (open) return <Write page={page} title={title} back={back} button={page.t('talk.publish')} posts={posts} values={values} problem={problem} />
  return (
    <Layout page={page} title={title} current="/talk" dye="plum" unlisted>
      <div class="wrap sect stack">
        <Crumbs page={page} items={[back, { label: title }]} />
        <h1>{title}</h1>
        <Empty title={page.t('talk.closed')}><p>{why}</p></Empty>
      </div>
    </Layout>
  )
}
