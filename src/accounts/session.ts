import type { Context, MiddlewareHandler } from 'hono'
import { Problem } from '../kernel/errors.ts'
import type { Role, Who } from './model.ts'
import type { Accounts } from './service.ts'

declare module 'hono' {
  interface ContextVariableMap {
    /** Who asks; undefined when nobody is signed in. Services check it with `allow`. */
    who: Who | undefined
  }
}

/** Who asks, by the session cookie. Requests without one cost nothing; an unknown or expired one is nobody. */
export function session(accounts: Accounts): MiddlewareHandler {
  return async (c, next) => {
    if ((c.req.header('cookie') ?? '').includes(SESSION_COOKIE)) await identify(c, accounts)
    return next()
  }
}

/** Part of the cookie's name, with or without `__Secure-` in front. */
export const SESSION_COOKIE = 'toadlane.session_token='

/**
 * The session, prolonged when it is time for that. Where the database takes no writes (a full disk) the session is good as it
 * stands; where it does not answer at all: Problem `unavailable` (503).
 */
async function readSession(c: Context, { auth }: Accounts) {
  const ask = (query?: { disableRefresh: true }) => auth.api.getSession({ headers: cookieOnly(c), query, returnHeaders: true })
  try { return await ask() } catch { /* better-auth has logged it, and keeps the cause to itself */ }
  try { return await ask({ disableRefresh: true }) } catch (cause) {
    throw new Problem('unavailable', 'sessions cannot be read just now', { status: 503, cause })
  }
}

async function identify(c: Context, accounts: Accounts): Promise<void> {
  const { headers, response } = await readSession(c, accounts)
  forwardCookies(c, headers)
  if (!response) return
  const { id, name, role } = response.user
  const editorOf = new Set(await accounts.read.organisationsOf(id))
  c.set('who', { by: `user:${id}`, role: role as Role, editorOf, userId: id })
  c.set('viewer', { name, role })
}

/** Everything else of a request (address, browser) would end up in the sessions table. */
export const cookieOnly = (c: Context): Headers => new Headers({ cookie: c.req.header('cookie') ?? '' })

/** What better-auth wants to set or clear, on our answer. */
export function forwardCookies(c: Context, from: Headers): void {
  for (const cookie of from.getSetCookie()) c.header('Set-Cookie', cookie, { append: true })
}
