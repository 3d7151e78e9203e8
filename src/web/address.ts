import type { Context } from 'hono'
import ipaddr from 'ipaddr.js'

/** Only the server adapter puts the socket there; a test's request has none. */
interface NodeBindings { incoming?: { socket?: { remoteAddress?: string } } }

/**
 * The address a request comes from, as a key for counting: IPv4 whole, IPv6 by its /64 (what one household has).
 * `proxies`: how many trusted proxies stand in front and add to X-Forwarded-For; with 0 the header is not believed.
 */
export const clientAddress = (c: Context, proxies: number): string => addressOf(c.req.header('x-forwarded-for'), c.env, proxies)

/** The same for a request outside the shell: `forwarded` is its X-Forwarded-For, `env` what the server adapter hands on. */
export function addressOf(forwarded: string | null | undefined, env: unknown, proxies: number): string {
  const hops = (forwarded ?? '').split(',').map((s) => s.trim()).filter(Boolean)
  const socket = (env as NodeBindings | undefined)?.incoming?.socket?.remoteAddress
  const text = proxies > 0 && hops.length >= proxies ? hops.at(-proxies)! : socket
  return text === undefined ? 'unknown' : addressKey(text)
}

export function addressKey(text: string): string {
  try {
    const a = ipaddr.process(text) // IPv6-mapped IPv4 becomes IPv4
    return a.kind() === 'ipv4' ? a.toString() : `${(a as ipaddr.IPv6).parts.slice(0, 4).map((p) => p.toString(16)).join(':')}::/64`
  } catch {
    return 'unknown'
  }
}
