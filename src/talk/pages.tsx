/** What people see of talk: the latest posts, one post with its thread, and the desk where an organisation's people write. */
import { Hono } from 'hono'
import type { Context } from 'hono'
import type { Child } from 'hono/jsx'
import { z } from 'zod'
import { may } from '../accounts/model.ts'
import { Problem } from '../kernel/errors.ts'
import { momentOf } from '../kernel/time.ts'
import { Crumbs, Empty, ErrorSummary, Field, Pagination } from '../web/components.tsx'
import { flash } from '../web/flash.ts'
import { formProblem, formValues, type FormValues } from '../web/forms.ts'
import { html, Layout, pageOf, type Page } from '../web/page.tsx'
import { tagHref } from './hashtags.ts'
import { POST_MAX, TITLE_MAX, type Post, type Speaker } from './model.ts'
import { One } from './post-view.tsx'
import type { Talk } from './service.ts'
import { branches } from './thread.ts'
import { homeOf, PostCard, PostList } from './views.tsx'

const SHOWN = 20
/** Answers on a page of a thread. */
const ANSWERS = 100
const cursor = z.string().regex(/^\d{1,15}_[0-9a-f-]{36}$/).transform((s, ctx) => {
  const [ms, id] = s.split('_') as [string, string]
  const published = momentOf(Number(ms))
  if (published) return { published, id }
  ctx.addIssue('no cursor')
  return z.NEVER
}).optional().catch(undefined)
export const cursorOf = (c: Context, name: string) => cursor.parse(c.req.query(name))
export const cursorAt = (post: Post): string => `${post.published.getTime()}_${post.id}`
const next = (path: string, posts: readonly Post[]) => {
  const last = posts.at(-1)
  return posts.length === SHOWN && last ? `${path}${path.includes('?') ? '&' : '?'}before=${cursorAt(last)}` : undefined
}

const Latest = ({ page, posts, tag }: { page: Page; posts: readonly Post[]; tag?: string }) => {
  const { t } = page
  const title = tag === undefined ? t('talk.title') : t('talk.tagged', { tag })
  const path = tag === undefined ? '/talk' : `/talk?tag=${encodeURIComponent(tag)}`
  return (
    <Layout page={page} title={title} current="/talk" dye="plum" description={t('talk.lede')} canonical={path} unlisted={tag !== undefined}>
      <div class="wrap sect stack">
        {tag === undefined ? null : <Crumbs page={page} items={[{ href: '/talk', label: t('talk.title') }, { label: title }]} />}
        <h1>{title}</h1>
        <p class="lede">{t('talk.lede')}</p>
        {posts.length ? <PostList page={page} posts={posts} />
          : tag === undefined ? <Empty title={t('talk.empty')}><p>{t('talk.emptyHint')}</p></Empty> : <Empty title={t('talk.noTagged', { tag })} />}
        <Pagination page={page} next={next(path, posts)} />
      </div>
    </Layout>
  )
}

interface WriteProps { page: Page; title: string; back: { href: string; label: string }; button: string; /** Ask for a title: where there is one, or may be. */ titled: boolean; values?: FormValues; problem?: Problem; posts?: readonly Post[] }
const Write = ({ page, title, back, button, titled, values, problem, posts }: WriteProps) => (
  <Layout page={page} title={title} current="/talk" dye="plum" problem={problem} unlisted>
    <div class="wrap sect stack">
      <Crumbs page={page} items={[back, { label: title }]} />
      <h1>{title}</h1>
      {problem ? <ErrorSummary page={page} problem={problem} /> : null}
      <form method="post" class="stack narrow">
        {titled ? <Field page={page} name="title" label={page.t('talk.heading')} hint={page.t('talk.headingHint')} required={false} maxlength={TITLE_MAX} values={values} problem={problem} /> : null}
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

/** The post of the address. What waits or was hidden is there for curators only. */
export async function findPost(c: Context, talk: Talk): Promise<Post> {
  const post = await talk.read.byId(c.req.param('id') ?? '')
  if (post?.state === 'removed') throw new Problem('post-gone', 'this post was taken down', { status: 410 })
  if (!post || (post.state !== 'public' && !may(c.get('who'), 'comment.moderate'))) throw new Problem('not-found', 'there is no such post', { status: 404 })
  return post
}

export function talkPages(talk: Talk, extras: PostExtras = {}): Hono {
  const app = new Hono()

  const mine = async (c: Context, action: 'post.edit' | 'post.remove'): Promise<Post> => {
    const post = await findPost(c, talk)
    if (!c.get('who')) throw new Problem('sign-in-needed', 'sign in to do this', { status: 401 })
    if (!(await talk.mayChange(c.get('who'), post, action))) throw new Problem('forbidden', 'this account may not change this post', { status: 403 })
    return post
  }

  app.get('/talk', async (c) => {
    const asked = c.req.query('tag')?.toLowerCase()
    const tag = asked !== undefined && /^[\p{L}\p{N}_]{1,201}$/u.test(asked) ? asked : undefined
    const posts = tag === undefined ? await talk.read.latest(SHOWN, cursorOf(c, 'before')) : await talk.read.tagged(tagHref(pageOf(c).site.origin, tag), SHOWN, cursorOf(c, 'before'))
    return html(c, <Latest page={pageOf(c)} posts={posts} {...(tag === undefined ? {} : { tag })} />)
  })

  async function one(c: Context, post: Post, values?: FormValues, problem?: Problem) {
    const who = c.get('who')
    const root = post.thread ?? post.id, begins = root === post.id
    // A part of a thread begins when its post was said; the whole may be long.
    const from = cursorOf(c, 'after') ?? (begins ? undefined : { published: post.published, id: '' })
    const [answered, rows, edit, remove, voices, acts] = await Promise.all([
      post.inReplyTo === null ? undefined : talk.read.byUri(post.inReplyTo), talk.read.thread(root, ['public'], ANSWERS + 1, from),
      talk.mayChange(who, post, 'post.edit'), talk.mayChange(who, post, 'post.remove'), post.state === 'public' ? talk.voices(who, post) : [], extras.acts?.(c, post),
    ])
    const answers = rows.slice(0, ANSWERS), last = answers.at(-1)
    return html(c, <One page={pageOf(c)} post={post} {...(answered?.state === 'public' ? { answered } : {})} replies={branches(answers, begins ? undefined : post.uri)}
      next={rows.length > ANSWERS && last ? `/posts/${post.id}?after=${cursorAt(last)}#replies` : undefined} voices={voices} acts={acts} values={values} problem={problem}
      may={{ edit: edit && post.text !== null, remove, pin: edit && post.inReplyTo === null && post.visibility === 'public', moderate: may(who, 'comment.moderate'), show: !talk.moderation.isBlocked(post) }} />, problem?.status ?? 200)
  }
  app.get('/posts/:id', async (c) => one(c, await findPost(c, talk)))
  app.post('/posts/:id/reply', async (c) => {
    const post = await findPost(c, talk)
    const values = await formValues(c)
    let reply: Post
    try {
      reply = await talk.reply(c.get('who'), String(values.as ?? ''), post.id, { text: values.text ?? '' })
    } catch (e) {
      return one(c, post, values, formProblem(e))
    }
    flash(c, 'talk.replied')
    return c.redirect(`/posts/${post.thread ?? post.id}#p-${reply.id}`, 303)
  })

  app.get('/manage/:handle/posts', async (c) => {
    const page = pageOf(c)
    const speaker = await talk.mayPost(c.get('who'), c.req.param('handle'))
    return html(c, <Desk page={page} kind={speaker.kind} name={speaker.name} handle={speaker.handle} open={speaker.open} why={speaker.why} posts={await talk.read.ofSpeaker(speaker.handle, SHOWN)} />)
  })
  app.post('/manage/:handle/posts', async (c) => {
    const page = pageOf(c)
    const handle = c.req.param('handle')
    const speaker = await talk.mayPost(c.get('who'), handle)
    const values = await formValues(c)
    try {
      const post = await talk.publish(c.get('who'), handle, { text: values.text, language: values.language || undefined, title: values.title || undefined })
      flash(c, 'talk.published')
      return c.redirect(`/posts/${post.id}`, 303)
    } catch (e) {
      const problem = formProblem(e)
      return html(c, <Desk page={page} kind={speaker.kind} name={speaker.name} handle={handle} open={speaker.open} why={speaker.why} values={values} problem={problem} posts={[]} />, problem.status)
    }
  })

  const editView = (page: Page, post: Post, values: FormValues, problem?: Problem) => (
    <Write page={page} title={page.t('talk.editTitle')} back={{ href: `/posts/${post.id}`, label: page.t('talk.post') }} button={page.t('talk.save')} titled={post.kind === 'article'} values={values} problem={problem} />
  )
  app.get('/posts/:id/edit', async (c) => {
    const post = await mine(c, 'post.edit')
    return html(c, editView(pageOf(c), post, { text: post.text ?? '', language: post.language ?? '', title: post.title ?? '' }))
  })
  app.post('/posts/:id/edit', async (c) => {
    const post = await mine(c, 'post.edit')
    const values = await formValues(c)
    try {
      await talk.edit(c.get('who'), post.id, { text: values.text, language: values.language || undefined, title: values.title || undefined })
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

  for (const verb of ['pin', 'unpin'] as const) {
    app.post(`/posts/:id/${verb}`, async (c) => {
      const post = await mine(c, 'post.edit')
      await talk.pins[verb](c.get('who'), post.id)
      flash(c, verb === 'pin' ? 'talk.pinDone' : 'talk.unpinDone')
      return c.redirect(`/posts/${post.id}`, 303)
    })
  }
  return app
}

interface DeskProps { page: Page; kind: Speaker['kind']; name: string; handle: string; open: boolean; why?: string; posts: readonly Post[]; values?: FormValues; problem?: Problem }
/** Where an organisation's people write; a listing that nobody has agreed to says why it cannot post. */
const Desk = ({ page, kind, name, handle, open, why, posts, values, problem }: DeskProps) => {
  const back = { href: kind === 'directory' ? '/' : `/${kind === 'person' ? 'people' : 'manage'}/${handle}`, label: name }
  const title = page.t('talk.writeAs', { name })
  if (open) return <Write page={page} title={title} back={back} button={page.t('talk.publish')} titled posts={posts} values={values} problem={problem} />
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
