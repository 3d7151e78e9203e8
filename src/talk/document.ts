import { plainToHtml } from '../kernel/text.ts'
import type { Post } from './model.ts'

export const PUBLIC = 'https://www.w3.org/ns/activitystreams#Public'

/** A post as an ActivityStreams Note (WIRE.md section 4). `updated` is sent only once there has been an edit. */
export function noteOf(post: Pick<Post, 'uri' | 'author' | 'text' | 'language' | 'published' | 'updated'>, at: { followers: string; page: string }): Record<string, unknown> & { id: string } {
  const content = plainToHtml(post.text ?? '')
  return {
    id: post.uri,
    type: 'Note',
    attributedTo: post.author,
    content,
    ...(post.language ? { contentMap: { [post.language]: content } } : {}),
    published: post.published.toISOString(),
    ...(post.updated ? { updated: post.updated.toISOString() } : {}),
    to: [PUBLIC],
    cc: [at.followers],
    url: at.page,
  }
}
