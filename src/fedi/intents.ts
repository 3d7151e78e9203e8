/**
 * Where people act on what they see elsewhere: link templates in WebFinger. FEP-3b86 (Activity Intents) names one for each kind of
 * act; before it there was OStatus's "subscribe", which Mastodon and its kin have for everything. Pure.
 */
import type { Home, Json, LinkTemplate } from './fedi.ts'
import { isObject, listOf } from './json.ts'
import { checkUrl } from './net/address.ts'

export const SUBSCRIBE = 'http://ostatus.org/schema/1.0/subscribe'
const FEP_3B86 = 'https://w3id.org/fep/3b86/'
/** The relation of an intent: `intentRel('Follow')`. */
export const intentRel = (name: string): string => FEP_3B86 + name

/** Longer ones lead nowhere that a browser would go. */
const MAX = 2000

/** The templates of a JRD that are of use here; of each relation the first. Some servers call the template `href`. */
export function templatesOf(jrd: Json): LinkTemplate[] {
  const found = new Map<string, string>()
  for (const link of listOf(jrd.links)) {
    if (!isObject(link) || typeof link.rel !== 'string') continue
    const rel = link.rel.toLowerCase()
    if (rel !== SUBSCRIBE && !rel.startsWith(FEP_3B86)) continue
    const template = link.template ?? link.href
    if (typeof template === 'string' && template.length <= MAX && !found.has(rel)) found.set(rel, template)
  }
  return [...found].map(([rel, template]) => ({ rel, template }))
}

/** Percent-encoded as FEP-3b86 section 3.3 asks: everything but the unreserved characters of RFC 3986. */
const encode = (value: string): string => encodeURIComponent(value).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)

/**
 * A template with its places filled; what is not known becomes empty (FEP-3b86 section 3.2). Undefined where none of the `needed`
 * places is in it: the other side would not learn what it is about.
 */
export function filled(template: string, values: Readonly<Record<string, string>>, needed: readonly string[]): string | undefined {
  let known = false
  const text = template.replace(/\{([^{}]*)\}/g, (_, name: string) => {
    if (needed.includes(name)) known = true
    return Object.hasOwn(values, name) ? encode(values[name]!) : ''
  })
  return known && !/[{}]/.test(text) ? text : undefined
}

export interface Wish {
  /** Name of the intent in FEP-3b86: `Follow`, `Like`, `Announce`, `Create`. */
  intent: string
  /** ActivityPub id of what it is about; of a `Create` what it answers. */
  object: string
  /** Where one comes from, for templates that lead back. */
  back: string
}

/**
 * The address at which this person goes on, or undefined. The wanted intent comes first, then OStatus, then the intent that only
 * shows the object. Whatever the template says, it leads to the host that the person has named, or to the server of the actor
 * which that host names as the account; by https, and with no name or password in it.
 */
export function wayOn(home: Home, wish: Wish, allowPrivate: boolean): URL | undefined {
  const { object, back } = wish
  const values = { object, uri: object, inReplyTo: wish.intent === 'Create' ? object : '', type: wish.intent === 'Create' ? 'Note' : '', 'on-success': back, 'on-cancel': back }
  const ways: [rel: string, needed: string[]][] = [
    [intentRel(wish.intent), wish.intent === 'Create' ? ['inReplyTo'] : ['object', 'uri']], [SUBSCRIBE, ['uri', 'object']], [intentRel('Object'), ['object', 'uri']],
  ]
  const hosts = new Set([home.host, ...(home.self && URL.canParse(home.self) ? [new URL(home.self).host] : [])])
  for (const [rel, needed] of ways) {
    const link = home.links.find((l) => l.rel === rel.toLowerCase())
    const text = link && filled(link.template, values, needed)
    if (text === undefined) continue
    let url: URL
    try { url = checkUrl(text, allowPrivate) } catch { continue }
    if (hosts.has(url.host)) return url
  }
  return undefined
}
