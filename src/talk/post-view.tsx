/** A post's own page: what it answers, the post, what one can do with it, and the answers to it. */
import type { Child } from 'hono/jsx'
import type { Problem } from '../kernel/errors.ts'
import { Section } from '../web/blocks.tsx'
import { Crumbs, ErrorSummary, Field, Note, Pagination, Say, Select } from '../web/components.tsx'
import type { FormValues } from '../web/forms.ts'
import { Layout, type Page } from '../web/page.tsx'
import { POST_MAX, type Post, type Speaker } from './model.ts'
import type { Branch } from './thread.ts'
import { homeOf, hostOf, opening, PostCard, Thread } from './views.tsx'

export interface OneProps {
  page: Page
  post: Post
  /** The post that it answers, where that is here and shown. */
  answered?: Post
  replies: readonly Branch[]
  /** Where the thread goes on. */
  next?: string
  /** This reader may edit and take down the post; show it first; look after what came from elsewhere. */
  may: { edit: boolean; remove: boolean; pin: boolean; moderate: boolean; /** Its server is not blocked. */ show: boolean }
  /** In whose name this reader may answer; none: no form. */
  voices: readonly Speaker[]
  values?: FormValues
  problem?: Problem
  /** What rooms above put there. */
  acts?: Child
}

const Press = ({ action, label }: { action: string; label: string }) => <form method="post" action={action}><button class="btn quiet small">{label}</button></form>

/** Edit, take down, show first; hide, let in, show again. */
const Tools = ({ page, post, may }: Pick<OneProps, 'page' | 'post' | 'may'>) => {
  const at = `/posts/${post.id}`
  const tools = [
    ...(may.edit ? [<a class="btn quiet small" href={`${at}/edit`}>{page.t('talk.edit')}</a>] : []),
    ...(may.pin ? [<Press action={`${at}/${post.pinned ? 'unpin' : 'pin'}`} label={page.t(post.pinned ? 'talk.unpin' : 'talk.pin')} />] : []),
    ...(may.remove ? [<a class="btn quiet small" href={`${at}/remove`}>{page.t('talk.remove')}</a>] : []),
    ...(may.moderate && post.speaker === null && post.state === 'held' ? [<Press action={`${at}/approve`} label={page.t('talk.approve')} />] : []),
    ...(may.moderate && post.speaker === null && post.state === 'hidden' && may.show ? [<Press action={`${at}/show`} label={page.t('talk.show')} />] : []),
    ...(may.moderate && post.speaker === null && (post.state !== 'hidden' || !may.show) ? [<a class="btn quiet small" href={`${at}/hide`}>{page.t('talk.hide')}</a>] : []),
  ]
  return tools.length ? <div class="row">{tools}</div> : null
}

/** What it answers: the post itself where it is here, otherwise where it stands. */
const Answered = ({ page, post, answered }: Pick<OneProps, 'page' | 'post' | 'answered'>) => {
  if (post.inReplyTo === null) return null
  return (
    <div class="stack answered">
      <p class="sub">{answered ? page.t('talk.inReply')
        : /^https?:\/\//.test(post.inReplyTo) ? <Say t={page.t} k="talk.inReplyAway" parts={{ host: <a href={post.inReplyTo} rel="noopener nofollow">{hostOf(post.inReplyTo)}</a> }} /> : null}</p>
      {answered ? <PostCard page={page} post={answered} /> : null}
      {post.thread && post.thread !== post.id && post.thread !== answered?.id ? <p><a href={`/posts/${post.thread}`}>{page.t('talk.wholeThread')}</a></p> : null}
      <hr class="stitch" />
    </div>
  )
}

const ReplyForm = ({ page, post, voices, values, problem }: Pick<OneProps, 'page' | 'post' | 'voices' | 'values' | 'problem'>) => {
  const { t } = page
  const [only, ...more] = voices
  if (!only) return null
  return (
    <Section id="reply" title={t('talk.replyTitle', { name: post.authorName })}>
      {problem ? <ErrorSummary page={page} problem={problem} /> : null}
      <form method="post" action={`/posts/${post.id}/reply`} novalidate class="form narrow">
        {more.length
          ? <Select page={page} name="as" label={t('talk.replyAs')} options={voices.map((v) => ({ value: v.handle, label: v.name }))} values={values} problem={problem} />
          : <><input type="hidden" name="as" value={only.handle} /><p class="sub">{t('talk.replyAsOnly', { name: only.name })}</p></>}
        <Field page={page} name="text" type="area" rows={4} required label={t('talk.words')} hint={t('talk.replyHint', { max: POST_MAX })} values={values} problem={problem} />
        <p class="row"><button class="btn">{t('talk.reply')}</button></p>
      </form>
    </Section>
  )
}

export const One = (p: OneProps) => {
  const { page, post } = p
  const { t } = page
  const title = t('talk.by', { name: post.authorName, opening: opening(post) })
  const hideable = (reply: Post): Child => (p.may.moderate && reply.speaker === null
    ? <a href={`/posts/${reply.id}/hide`}>{t('talk.hide')}<span class="vh">: {t('talk.by', { name: reply.authorName, opening: opening(reply) })}</span></a> : null)
  return (
    <Layout page={page} title={title} current="/talk" dye="plum" problem={p.problem} alternate={post.uri} description={opening(post)}
      unlisted={!post.speaker || post.visibility !== 'public'}>
      <div class="wrap sect stack">
        <Crumbs page={page} items={[
          { href: '/talk', label: t('talk.title') }, ...(post.speaker ? [{ href: homeOf(post), label: post.authorName }] : []), { label: t('talk.post') },
        ]} />
        <h1 class="vh">{title}</h1>
        {post.state === 'held' ? <Note>{t('talk.isHeld')}</Note> : post.state === 'hidden' ? <Note>{t('talk.isHidden')}</Note> : null}
        <div class="posts stack">
          <Answered page={page} post={post} answered={p.answered} />
          <PostCard page={page} post={post} whole />
        </div>
        <Tools page={page} post={post} may={p.may} />
        {p.acts}
        <Section id="replies" dye="plum" title={p.replies.length ? t('talk.replies', { count: Math.max(post.replies, p.replies.length) }) : t('talk.noReplies')}>
          {p.replies.length ? <Thread page={page} branches={p.replies} actions={hideable} /> : null}
          <Pagination page={page} next={p.next} />
        </Section>
        {post.state === 'public' ? <ReplyForm page={page} post={post} voices={p.voices} values={p.values} problem={p.problem} /> : null}
      </div>
    </Layout>
  )
}
