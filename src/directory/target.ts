/** What an address that somebody comes with is about: something here, or something on another server. Pure: nothing is asked. */
import { splitAddress } from '../fedi/account.ts'
import { checkUrl } from '../fedi/net/address.ts'
import type { Uris } from '../fedi/uris.ts'
import { Problem } from '../kernel/errors.ts'

/** An actor or a post of this server, by its ActivityPub id. */
export interface Here { here: 'actor' | 'post'; uri: string; /** Its page, a path of ours. */ page: string }
/** On another server: `@name@host`, or a web address. `host` in letters of ASCII, with its port where it has one. */
export interface There { here: false; uri: string; host: string }
export type Target = Here | There

export interface Ground { uris: Uris; handleHost: string; allowPrivate: boolean }

const MAX = 1500

const bad = (cause?: unknown): Problem => new Problem('target', 'give an address like @name@host, or a web address that begins with https://', { status: 422, field: 'uri', cause })
const none = (): Problem => new Problem('nothing-of-ours', 'this server has no actor and no post at that address', { status: 404, field: 'uri' })

/** The page of an actor of ours. */
export const actorPage = (uris: Uris, handle: string): string =>
  (handle === 'directory' ? '/' : handle === uris.instanceHandle ? '/about' : `/@${encodeURIComponent(handle)}`)

function ours(url: URL, { uris }: Ground): Here {
  const text = url.origin + url.pathname
  const actor = uris.handleOf(text) ?? /^\/(?:co-ops\/|@)([^/@]+)\/?$/.exec(url.pathname)?.[1]
  if (actor) return { here: 'actor', uri: uris.actor(actor), page: actorPage(uris, actor) }
  if (url.pathname === '/') return { here: 'actor', uri: uris.actor('directory'), page: '/' }
  const post = /^\/(?:posts|ap\/notes)\/([0-9a-f-]{1,60})\/?$/i.exec(url.pathname)?.[1]
  if (post) return { here: 'post', uri: uris.object('notes', post), page: `/posts/${post}` }
  throw none()
}

/**
 * Reads `@name@host`, `acct:name@host` or an http(s) address. Throws Problem `target` (422) for what is neither: another scheme,
 * a user name in it, the address of a private network; `nothing-of-ours` (404) for an address here that is no actor and no post.
 */
export function targetOf(text: string, ground: Ground): Target {
  const { uris, handleHost, allowPrivate } = ground
  const typed = text.trim()
  if (!typed || typed.length > MAX || /[\p{Cc}\\\s]/u.test(typed)) throw bad()
  const address = splitAddress(typed)
  if (address) {
    if (address.host === handleHost || address.host === uris.host) {
      const handle = address.name.toLowerCase()
      return { here: 'actor', uri: uris.actor(handle), page: actorPage(uris, handle) }
    }
    try { checkUrl(`https://${address.host}/`, allowPrivate) } catch (e) { throw bad(e) }
    return { here: false, uri: `@${address.name}@${address.host}`, host: address.host }
  }
  if (!/^https?:\/\//i.test(typed)) throw bad()
  let url: URL
  try { url = new URL(typed) } catch (e) { throw bad(e) }
  if (url.origin === uris.origin && !url.username && !url.password) return ours(url, ground)
  try { checkUrl(typed, allowPrivate) } catch (e) { throw bad(e) }
  return { here: false, uri: typed, host: url.host }
}
