/** Hashtags in what people write here: a link in the words, a `Hashtag` in the document (Mastodon finds posts by them). */
import type { Json } from '../fedi/fedi.ts'

/** Further ones in one post are words like others. */
const MOST = 20
/** A letter among letters, digits and `_`: `#123` is a number. Not inside a word, an address or a character reference. */
const TAG = /(?<![\p{L}\p{N}_/&#])#([\p{L}\p{N}_]{0,100}\p{L}[\p{L}\p{N}_]{0,100})/gu

export const tagHref = (origin: string, name: string): string => `${origin}/talk?tag=${encodeURIComponent(name.toLowerCase())}`

/**
 * The HTML of a plain text (kernel/text.ts) with its hashtags linked, and their Tag objects, each once. Links stay as they are.
 * `@name@host` is not looked up: nobody is written to who was not asked for (WIRE.md 4).
 */
export function withHashtags(html: string, origin: string): { html: string; tag: Json[] } {
  const found = new Map<string, Json>()
  const linked = html.split(/(<a [^>]*>[^]*?<\/a>|<[^>]+>)/).map((part) => (part.startsWith('<') ? part : part.replace(TAG, (whole: string, name: string) => {
    const key = name.toLowerCase(), href = tagHref(origin, name)
    if (!found.has(key)) {
      if (found.size >= MOST) return whole
      found.set(key, { type: 'Hashtag', href, name: `#${name}` })
    }
    return `<a href="${href}" class="mention hashtag" rel="tag">#${name}</a>`
  }))).join('')
  return { html: linked, tag: [...found.values()] }
}
