import type { Context } from 'hono'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import { isKey, type Key, type T } from './words.ts'

const NAME = 'flash'

/** Says something on the page that the browser is redirected to. The cookie holds a key of the catalogue, never free text. */
export function flash(c: Context, key: Key, values: Record<string, string | number> = {}): void {
  const value = Buffer.from(JSON.stringify([key, values])).toString('base64url')
  setCookie(c, NAME, value, { path: '/', httpOnly: true, sameSite: 'Lax', maxAge: 60, secure: isSecure(c) })
}

/** What the page before had to say, once. */
export function takeFlash(c: Context, t: T): string | undefined {
  const cookie = getCookie(c, NAME)
  if (!cookie) return undefined
  deleteCookie(c, NAME, { path: '/', secure: isSecure(c) })
  try {
    const [key, values] = JSON.parse(Buffer.from(cookie, 'base64url').toString()) as [unknown, Record<string, unknown> | undefined]
    if (typeof key !== 'string' || !isKey(key)) return undefined
    const safe = Object.entries(values ?? {}).filter((e): e is [string, string | number] => ['string', 'number'].includes(typeof e[1]))
    return t(key, Object.fromEntries(safe))
  } catch {
    return undefined
  }
}

const isSecure = (c: Context): boolean => c.get('page')?.site.origin.startsWith('https:') ?? false
