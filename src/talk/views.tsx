import { raw } from 'hono/html'
import type { Child } from 'hono/jsx'
import { personPath } from '../accounts/document.ts'
import { excerpt, plainOf } from '../kernel/text.ts'
import { Icon, Swatch, Tag, Time } from '../web/components.tsx'
import type { Page } from '../web/page.tsx'
import type { Counts, Post } from './model.ts'
import type { Branch } from './thread.ts'

export const hostOf = (uri: string): string => (URL.canParse(uri) ? new URL(uri).host : uri)

/** Where its author is shown: here, or on their own server. */
export const homeOf = (post: Post): string => (post.speaker === null ? post.authorUrl ?? post.author
  : post.organisation ? `/co-ops/${post.speaker}` : post.speaker === 'directory' ? '/' : personPath(post.speaker))

/** Its title, or its first words. */
export const opening = (post: Post): string => post.title ?? excerpt(plainOf(post.note ?? post.html).replace(/\s+/g, ' ').trim(), 60)

/** “3 likes, 1 boost”, or nothing. */
const counted = ({ t, lang }: Page, { likes, boosts }: Counts): string => {
  const parts = [...(likes ? [t('talk.likes', { count: likes })] : []), ...(boosts ? [t('talk.boosts', { count: boosts })] : [])]
  return new Intl.ListFormat(lang, { type: 'unit', style: 'short' }).format(parts)
}

export interface CardProps {
  page: Page
  post: Post
  /** On the post's own page: the moment in full, no link to itself. */
  whole?: boolean
  headed?: boolean
  /** What this reader can do with it. */
  actions?: Child
}
/** One post: who, where from, the words, when. What came from another server stands on a teal edge and says so. */
export const PostCard = ({ page, post, whole, headed = true, actions }: CardProps) => {
  const { t } = page
  const home = homeOf(post)
  const words = post.html ? <div class="words prose" lang={post.language ?? undefined} dir="auto">{raw(post.html)}</div> : null
  return (
    <article class={post.speaker ? 'card pad post' : 'card pad post remote'} data-dye={post.speaker ? 'plum' : 'teal'}>
      <header class="row">
        <Swatch uri={post.author} size={40} />
        <p>
          {headed ? <b><a href={home} rel={post.speaker ? undefined : 'noopener nofollow'}>{post.authorName}</a></b> : <b>{post.authorName}</b>}<br />
          <bdi class="sub small long" dir="ltr">{post.authorHandle}</bdi>
        </p>
        {post.pinned ? <Tag dye="plum">{t('talk.pinned')}</Tag> : null}
      </header>
      {post.title ? <p class="title" lang={post.language ?? undefined} dir="auto"><b>{whole ? post.title : <a href={`/posts/${post.id}`}>{post.title}</a>}</b></p> : null}
      {post.note ? <details><summary>{post.note}</summary>{words}</details> : words}
      <footer class="row small sub">
        {whole ? <Time page={page} at={post.published} as="minute" /> : <a href={`/posts/${post.id}`}><Time page={page} at={post.published} as="ago" /></a>}
        {post.updated ? <span>{t('talk.edited')} <Time page={page} at={post.updated} as="minute" /></span> : null}
        {post.replies && !whole ? <a href={`/posts/${post.id}#replies`}><Icon name="message-circle" />{t('talk.replies', { count: post.replies })}</a> : null}
        {post.likes || post.boosts ? <span>{counted(page, post)}</span> : null}
        {post.speaker || !/^https?:\/\//.test(post.url ?? post.uri) ? null : (
          <a href={post.url ?? post.uri} rel="noopener nofollow"><Icon name="external-link" />{t('talk.original', { host: hostOf(post.uri) })}</a>
        )}
        {actions}
      </footer>
    </article>
  )
}

export const PostList = ({ page, posts, headed }: { page: Page; posts: readonly Post[]; headed?: boolean }) => (
  <ul class="posts stack" role="list">{posts.map((post) => <li><PostCard page={page} post={post} headed={headed} /></li>)}</ul>
)

/** Answers under what they answer, on a running stitch. */
export const Thread = ({ page, branches, actions }: { page: Page; branches: readonly Branch[]; actions?: (post: Post) => Child }) => (
  <ol class="thread" role="list">
    {branches.map((b) => (
      <li id={`p-${b.post.id}`}>
        <PostCard page={page} post={b.post} actions={actions?.(b.post)} />
        {b.replies.length ? <Thread page={page} branches={b.replies} actions={actions} /> : null}
      </li>
    ))}
  </ol>
)
