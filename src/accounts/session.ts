import type { Context, MiddlewareHandler } from 'hono'
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

async function identify(c: Context, accounts: Accounts): Promise<void> {
  const { headers, response } = await accounts.auth.api.getSession({ headers: cookieOnly(c), returnHeaders: true })
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
