/** A Note, Article or Page of another server as it is kept here: cleaned, bounded, or nothing. Pure. */
import { z } from 'zod'
import { PUBLIC } from '../fedi/terms.ts'
import { languageTag } from '../kernel/languages.ts'
import { cleanHtml, plainOf, plainToHtml } from '../kernel/text.ts'
import type { RemotePost } from './inbound.ts'

const HTML_MAX = 100_000 // characters of somebody else's post that are kept
const TITLE_MAX = 300
const URI_MAX = 2048
const publicNames = new Set([PUBLIC, 'as:Public', 'Public'])

/** Types that are posts. Lemmy's Page is an article that may be a link with a title and nothing else. */
export const POST_TYPES = ['Note', 'Article', 'Page'] as const

/** A single value or an array, strings or objects with an id, as other servers write them. */
const references = z.unknown().optional().transform((v): unknown[] => (v === undefined || v === null ? [] : Array.isArray(v) ? v : [v]))
  .transform((list) => list.flatMap((v) => (typeof v === 'string' ? [v] : typeof v === 'object' && v !== null && 'id' in v && typeof v.id === 'string' ? [v.id] : [])))

const text = z.string().optional().catch(undefined)
const instant = z.string().refine((s) => !Number.isNaN(Date.parse(s))).transform((s) => new Date(s)).optional().catch(undefined)
const hrefs = (v: unknown): string[] => (Array.isArray(v) ? v : [v]).map((x: unknown) => (typeof x === 'object' && x !== null && 'href' in x ? x.href : x))
  .filter((x): x is string => typeof x === 'string' && /^https?:\/\//.test(x) && x.length <= URI_MAX && URL.canParse(x))
/** `url` may be a string, a Link, or several of them: the first that is a web page. */
const pageUrl = z.unknown().optional().transform((v) => hrefs(v)[0])
/** What a Page points at: Lemmy's `attachment` of type Link. Images and the like are not loaded and not named. */
const links = z.unknown().optional().transform((v) => (Array.isArray(v) ? v : [v])
  .filter((x: unknown) => typeof x === 'object' && x !== null && 'type' in x && x.type === 'Link').flatMap(hrefs))

const note = z.object({
  id: z.string().max(URI_MAX),
  type: z.string(),
  content: text,
  contentMap: z.record(z.string(), z.string()).optional().catch(undefined),
  name: text,
  summary: text,
  sensitive: z.boolean().optional().catch(undefined),
  mediaType: text,
  published: instant,
  updated: instant,
  url: pageUrl,
  attachment: links,
  to: references,
  cc: references,
  inReplyTo: references,
  context: references,
})

/** Is it for everybody? What is not is never kept here, and no longer where it was. */
export const isPublic = (object: unknown): boolean => {
  const parsed = z.object({ to: references, cc: references }).safeParse(object)
  return parsed.success && [...parsed.data.to, ...parsed.data.cc].some((r) => publicNames.has(r))
}

const isEmpty = (html: string): boolean => html.replace(/<br\s*\/?>|<\/?p>|\s/g, '') === ''
const shortened = (uris: readonly string[]): string | null => { const [first] = uris; return first !== undefined && first.length <= URI_MAX ? first : null }

/**
 * A post as we keep it, or undefined for what is not a public post: a private message, a vote (`name` and no words; some servers
 * put `<br>` there, WIRE.md 9), something without content.
 * @param now keeps a post from the future from standing on top for ever
 */
export function postFrom(object: unknown, now: Date): RemotePost | undefined {
  const parsed = note.safeParse(object)
  if (!parsed.success) return undefined
  const o = parsed.data
  const inTo = o.to.some((r) => publicNames.has(r))
  if (!inTo && !o.cc.some((r) => publicNames.has(r))) return undefined
  const isArticle = o.type !== 'Note'
  const title = isArticle ? plainOf(o.name?.slice(0, 4 * TITLE_MAX) ?? '').replace(/\s+/g, ' ').slice(0, TITLE_MAX).trim() || null : null
  const [language, mapped] = Object.entries(o.contentMap ?? {})[0] ?? []
  const source = (o.content ?? mapped ?? '').slice(0, HTML_MAX)
  const words = o.mediaType === 'text/plain' ? plainToHtml(source.replaceAll('\0', '')) : cleanHtml(source)
  const link = o.type === 'Page' ? o.attachment[0] : undefined
  const html = (isEmpty(words) ? '' : words) + (link === undefined ? '' : plainToHtml(link, { nofollow: true }))
  if (html === '' && title === null) return undefined
  const published = o.published && o.published < now ? o.published : now
  return {
    uri: o.id, kind: isArticle ? 'article' : 'note', title, html,
    // An article's summary is its lead on many blogs; a content note is what says so.
    note: isArticle && o.sensitive !== true ? null : o.summary?.trim().slice(0, 500) || null,
    language: language === undefined ? null : languageTag(language) ?? null, url: o.url ?? null,
    published, updated: o.updated ?? null, inReplyTo: shortened(o.inReplyTo), context: shortened(o.context), visibility: inTo ? 'public' : 'unlisted',
  }
}
