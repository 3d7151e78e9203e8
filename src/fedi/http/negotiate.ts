/** People's addresses for programs: who asks one for an ActivityPub document is sent to its id (WIRE.md 2), and the page says where that is. */
import type { MiddlewareHandler } from 'hono'

/** Asked for in so many words; `*`/`*` is a browser, a script or a robot, which get the page. Mastodon asks for it before HTML. */
const asksForActivity = (accept: string | undefined): boolean => /application\/(activity\+json|ld\+json)/i.test(accept ?? '')

/** As it may stand in a header: an id is kept as its own server wrote it, and nothing of it may end the field or begin another. */
function headerSafe(id: string): string | undefined {
  if (!URL.canParse(id)) return undefined
  const { href } = new URL(id)
  return href.replace(/[<>"'\\^`{|}\s]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`)
}

/**
 * In front of the pages. A document is an answer of 303 with the id; a page gets a `Link` header (RFC 8288) to the same.
 * @param idOf the id that belongs to a path, where there is one: asked on every GET, so a path that is none must cost nothing
 */
export function humanAddresses(idOf: (path: string) => string | undefined | Promise<string | undefined>): MiddlewareHandler {
  return async (c, next) => {
    if (c.req.method !== 'GET' && c.req.method !== 'HEAD') return next()
    const known = await idOf(c.req.path)
    const id = known === undefined ? undefined : headerSafe(known)
    if (id === undefined) return next()
    if (asksForActivity(c.req.header('accept'))) return new Response(null, { status: 303, headers: { location: id, vary: 'Accept' } })
    await next()
    if (c.res.status === 200 && /^text\/html/i.test(c.res.headers.get('content-type') ?? '')) {
      c.res.headers.append('link', `<${id}>; rel="alternate"; type="application/activity+json"`)
    }
  }
}
