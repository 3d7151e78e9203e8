/**
 * Text and HTML. People write plain text here: no HTML in, paragraphs and line breaks kept, addresses become links.
 * HTML from other servers goes through an allow-list before anyone sees it.
 */
import { LinkifyIt } from 'linkify-it'
import sanitizeHtml from 'sanitize-html'
import { Problem } from './errors.ts'

/** The text itself; NUL is a Problem (`nul-in-text`, 422): PostgreSQL cannot store it and nobody means it. */
export function noNul(text: string, field?: string): string {
  if (text.includes('\0')) throw new Problem('nul-in-text', 'a text must not contain the character NUL (U+0000)', { status: 422, field })
  return text
}

/** For text nodes and quoted attributes. */
export const escapeHtml = (text: string): string =>
  text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;')
const unescapeHtml = (html: string): string =>
  html.replace(/&quot;/g, '"').replace(/&gt;/g, '>').replace(/&lt;/g, '<').replace(/&amp;/g, '&')

/**
 * The one shape of a plain text: `\n` line ends, no control characters, no spaces at the ends of lines, blank lines single,
 * none at the ends. Lone surrogates become U+FFFD. Throws for NUL.
 */
export function plain(text: string): string {
  return noNul(text).toWellFormed()
    .replace(/\r\n?|[\u0085\u2028\u2029]/g, '\n').replace(/\t/g, ' ')
    .replace(/[\u0001-\u0009\u000b-\u001f\u007f-\u009f]/g, '')
    .replace(/ *\n */g, '\n').replace(/\n{3,}/g, '\n\n').replace(/^[ \n]+/, '').replace(/[ \n]+$/, '')
}

const linkify = new LinkifyIt({ fuzzyLink: true }).add('ftp:', null).add('//', null)
/** `README.md` and the like are files, though their endings are countries. */
const FILE = /^[^/]+\.(cc|md|pl|py|rs|sh|so)$/i

interface Link { start: number; end: number; href: string }
/** Web and mail addresses in a text, in order, with absolute `https:`, `http:` or `mailto:` targets. */
export function linksIn(text: string): Link[] {
  const found: Link[] = []
  for (const m of linkify.match(text) ?? []) {
    const bare = m.schema === ''
    if (bare && FILE.test(m.text)) continue
    const href = bare ? `https://${m.text}` : m.url
    if (!URL.canParse(href) || !/^(https?|mailto):$/.test(new URL(href).protocol)) continue
    found.push({ start: m.index, end: m.lastIndex, href: new URL(href).href })
  }
  return found
}

export interface PlainOptions {
  /** Give links `rel="nofollow noopener"`: for what strangers write. */
  nofollow?: boolean
}

/** One line of plain text as HTML: everything escaped, addresses linked. The text of a link is what was typed. */
function lineToHtml(line: string, rel: string): string {
  let html = '', at = 0
  for (const { start, end, href } of linksIn(line)) {
    html += `${escapeHtml(line.slice(at, start))}<a href="${escapeHtml(href)}"${rel}>${escapeHtml(line.slice(start, end))}</a>`
    at = end
  }
  return html + escapeHtml(line.slice(at))
}

/**
 * Plain text as HTML: blank lines part paragraphs, line ends become `<br>`, web and mail addresses become links; nothing in
 * the input is taken as HTML. Empty text gives ''. Throws Problem `nul-in-text`.
 */
export function plainToHtml(text: string, options: PlainOptions = {}): string {
  const rel = options.nofollow ? ' rel="nofollow noopener"' : ''
  const clean = plain(text)
  if (clean === '') return ''
  return clean.split('\n\n').map((p) => `<p>${p.split('\n').map((l) => lineToHtml(l, rel)).join('<br>')}</p>`).join('')
}

/** Elements whose content is never text for people; it goes with them. */
const MUTE = ['script', 'style', 'textarea', 'option', 'noscript', 'template', 'iframe', 'noembed', 'noframes', 'xmp', 'plaintext', 'title', 'svg', 'math', 'object', 'select']

const HEADING: sanitizeHtml.Transformer = () => ({ tagName: 'p', attribs: {} })
const CLEAN: sanitizeHtml.IOptions = {
  allowedTags: ['p', 'br', 'a', 'span', 'strong', 'b', 'em', 'i', 'u', 's', 'del', 'code', 'pre', 'blockquote', 'ul', 'ol', 'li'],
  nonTextTags: MUTE,
  allowedAttributes: { a: ['href', 'rel', 'class'], span: ['class'] },
  // The microformats by which the fediverse marks mentions, hashtags and shortened links.
  allowedClasses: { a: ['mention', 'hashtag', 'u-url', 'url'], span: ['h-card', 'mention', 'ellipsis', 'invisible'] },
  allowedSchemes: ['http', 'https', 'mailto'],
  allowedSchemesByTag: {},
  allowProtocolRelative: false,
  disallowedTagsMode: 'discard',
  nestingLimit: 32,
  exclusiveFilter: (frame) => frame.tag === 'p' && frame.text.trim() === '',
  transformTags: {
    h1: HEADING, h2: HEADING, h3: HEADING, h4: HEADING, h5: HEADING, h6: HEADING,
    div: 'p',
    a: (tagName, { href, class: names }) => {
      const attribs: Record<string, string> = { rel: 'nofollow noopener noreferrer' }
      if (href !== undefined && URL.canParse(href)) attribs.href = new URL(href).href // a relative address would point at ourselves
      if (names !== undefined) attribs.class = names
      return { tagName, attribs }
    },
  },
}

/**
 * HTML from outside, cut down to an allow-list: text, paragraphs, lists, quotes, code and links to http, https and mailto.
 * No images, styles, scripts or ids. Links are `nofollow noopener noreferrer`. NUL is dropped (it came from outside: lenient in).
 * Cleaned until cleaning changes nothing, so that no reader can understand the result otherwise than we did (a paragraph inside
 * a paragraph closes the outer one); what does not settle is shown as text.
 */
export function cleanHtml(html: string): string {
  let before = sanitizeHtml(html.replaceAll('\0', '').toWellFormed(), CLEAN)
  for (let n = 0; n < 4; n++) {
    const after = sanitizeHtml(before, CLEAN)
    if (after === before) return after
    before = after
  }
  return sanitizeHtml(before, { allowedTags: [], nonTextTags: MUTE }) // escaped text
}

/** The text of HTML: blocks become paragraphs, `<br>` and list items lines. Never contains markup; not escaped. */
export function plainOf(html: string): string {
  const clean = cleanHtml(html)
    .replace(/<pre>([^]*?)<\/pre>/g, (_, code: string) => `<p>${code.replace(/\n/g, '<br />')}</p>`)
    .replace(/[\t ]*[\r\n]+[\t ]*/g, ' ')
    .replace(/<br \/>/g, '\n')
    .replace(/<\/?(?:p|blockquote|ul|ol)>/g, '\n\n')
    .replace(/<li>/g, '\n')
    .replace(/<[^>]*>/g, '')
  return plain(unescapeHtml(clean))
}

/** The first `max` characters (code points), cut at a word where one ends near, with an ellipsis when something was cut. */
export function excerpt(text: string, max: number): string {
  const points = [...text]
  if (points.length <= max) return text
  const cut = points.slice(0, Math.max(1, max - 1)).join('')
  const word = cut.replace(/\s+\S*$/, '')
  return `${(word.length > cut.length * 0.6 ? word : cut).trimEnd()}…`
}
