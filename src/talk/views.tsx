import { raw } from 'hono/html'
import { personPath } from '../accounts/document.ts'
import { Icon, Swatch, Time } from '../web/components.tsx'
import type { Page } from '../web/page.tsx'
import type { Counts, Post } from './model.ts'

const hostOf = (uri: string): string => (URL.canParse(uri) ? new URL(uri).host : uri)

/** Where its author is shown: here, or on their own server. */
export const homeOf = (post: Post): string => (post.speaker === null ? post.authorUrl ?? post.author
  : post.organisation ? `/co-ops/${post.speaker}` : post.speaker === 'directory' ? '/' : personPath(post.speaker))

/** “3 likes, 1 boost”, or nothing. */
const counted = ({ t, lang }: Page, { likes, boosts }: Counts): string => {
  const parts = [...(likes ? [t('talk.likes', { count: likes })] : []), ...(boosts ? [t('talk.boosts', { count: boosts })] : [])]
  return new Intl.ListFormat(lang, { type: 'unit', style: 'short' }).format(parts)
}

/** One post: who, where from, the words, when. What came from another server stands on a teal edge and says so. */
export const PostCard = ({ page, post, whole, headed = true }: { page: Page; post: Post; whole?: boolean; headed?: boolean }) => {
  const { t } = page
  const home = homeOf(post)
  const words = <div class="words prose" lang={post.language ?? undefined} dir="auto">{raw(post.html)}</div>
  return (
    <article class={post.speaker ? 'card pad post' : 'card pad post remote'} data-dye={post.speaker ? 'plum' : 'teal'}>
      <header class="row">
        <Swatch uri={post.author} size={40} />
        <p>
          {headed ? <b><a href={home} rel={post.speaker ? undefined : 'noopener nofollow'}>{post.authorName}</a></b> : <b>{post.authorName}</b>}<br />
          <span class="sub small">{post.authorHandle}</span>
        </p>
      </header>
      {post.note ? <details><summary>{post.note}</summary>{words}</details> : words}
      <footer class="row small sub">
        {whole ? <Time page={page} at={post.published} as="minute" /> : <a href={`/posts/${post.id}`}><Time page={page} at={post.published} as="ago" /></a>}
        {post.updated ? <span>{t('talk.edited')} <Time page={page} at={post.updated} as="minute" /></span> : null}
        {post.likes || post.boosts ? <span>{counted(page, post)}</span> : null}
        {post.speaker ? null : (
          <a href={post.url ?? post.uri} rel="noopener nofollow"><Icon name="external-link" />{t('talk.original', { host: hostOf(post.uri) })}</a>
        )}
      </footer>
    </article>
  )
}

export const PostList = ({ page, posts, headed }: { page: Page; posts: readonly Post[]; headed?: boolean }) => (
  <ul class="posts stack" role="list">{posts.map((post) => <li><PostCard page={page} post={post} headed={headed} /></li>)}</ul>
)
