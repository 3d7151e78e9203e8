import { randomBytes } from 'node:crypto'
import type { MiddlewareHandler } from 'hono'

/** Nothing from anywhere else, no script at all, no style but our sheet: what got past the cleaning of text can do nothing. */
export const CONTENT_SECURITY_POLICY = [
  "default-src 'none'", "style-src 'self'", "img-src 'self' data:", "font-src 'self'", "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'",
].join('; ')

/** Headers that every answer carries, whatever made it. One that a route has set itself stays. */
export function securityHeaders(origin: string): MiddlewareHandler {
  const fixed: [string, string][] = [
    ['Content-Security-Policy', CONTENT_SECURITY_POLICY],
    ['X-Content-Type-Options', 'nosniff'],
    ['X-Frame-Options', 'DENY'],
    ['Referrer-Policy', 'strict-origin-when-cross-origin'],
    ['Permissions-Policy', 'camera=(), geolocation=(), microphone=(), payment=(), usb=()'],
    ['Cross-Origin-Opener-Policy', 'same-origin'],
  ]
  if (origin.startsWith('https:')) fixed.push(['Strict-Transport-Security', 'max-age=31536000'])
  return async (c, next) => {
    await next()
    for (const [name, value] of fixed) if (!c.res.headers.has(name)) c.res.headers.set(name, value)
  }
}

/** Letters and digits that nobody mixes up when reading a reference out on the phone. */
const LETTERS = '23456789abcdefghjkmnpqrstuvwxyz'
const newReference = (): string => [...randomBytes(8)].map((b) => LETTERS[b % LETTERS.length]).join('')

/** A short reference for each request: in the answer's `X-Request-Id`, on the page of a 500 and in the log line. */
export const requestId = (): MiddlewareHandler => async (c, next) => {
  const reference = newReference()
  c.set('requestId', reference)
  await next()
  c.res.headers.set('X-Request-Id', reference)
}
