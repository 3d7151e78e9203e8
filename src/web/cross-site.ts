import type { MiddlewareHandler } from 'hono'
import { Problem } from '../kernel/errors.ts'

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE'])
/** What a form on somebody else's page can send without the browser asking us first (Fetch standard, CORS-safelisted). */
const FORM = /^(application\/x-www-form-urlencoded|multipart\/form-data|text\/plain)\b/

/**
 * Refuses forms that were not sent from a page of ours: Problem `cross-site` (403).
 *
 * A browser says where a form comes from: `Sec-Fetch-Site` (over https and on localhost) and `Origin`. Both must agree where
 * both are there; `Origin: null` (a sandboxed frame, a file) never does; a sibling domain is not us either. A form without any of the two comes
 * from no browser of the last years and is refused as well. What is no form (an ActivityPub inbox) needs a CORS preflight in a
 * browser, which we never grant, and is let through unless the browser itself says "cross-site".
 */
export function refuseCrossSite(origin: string): MiddlewareHandler {
  const refuse = () => new Problem('cross-site', `forms must be sent from ${origin}`, { status: 403 })
  return async (c, next) => {
    if (SAFE.has(c.req.method)) return next()
    const from = c.req.header('origin')
    const site = c.req.header('sec-fetch-site')
    const type = (c.req.header('content-type') ?? '').trim().toLowerCase()
    const isForm = type === '' || FORM.test(type)
    if (from !== undefined && from !== origin) throw refuse()
    if (site !== undefined && site !== 'same-origin' && site !== 'none') throw refuse()
    if (isForm && from === undefined && site === undefined) throw refuse()
    return next()
  }
}
