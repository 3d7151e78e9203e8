/**
 * Where we may connect to. Requests to other servers are caused by strangers (a key id, an inbox, a link), so whatever is not
 * the public internet is refused: by the address that is really connected to, not by the name (DNS rebinding).
 */
import { lookup as resolve, type LookupAddress, type LookupOptions } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import ipaddr from 'ipaddr.js'

export class Refused extends Error {
  readonly code = 'ADDRESS_REFUSED'
  constructor(why: string) { super(why); this.name = 'Refused' }
}

/** Global unicast only. IPv4 in IPv6 clothes (mapped, NAT64, 6to4, Teredo) is never global: an honest host has an address of its own. */
export function isPublicAddress(address: string): boolean {
  if (!isIP(address)) return false
  const ip = ipaddr.parse(address.split('%')[0]!)
  if (ip.kind() === 'ipv4') return ip.range() === 'unicast'
  // 2000::/3 is all that has been given out; the special ranges inside it have names in ipaddr.js.
  return ip.range() === 'unicast' && (ip.toByteArray()[0]! & 0xe0) === 0x20
}

/**
 * The URL, if we may ask it: http(s), no user or password, and no address of a private network written into it. The URL parser
 * has already turned decimal, octal and short forms into dotted ones. Throws Refused.
 */
export function checkUrl(text: string, allowPrivate: boolean): URL {
  let url: URL
  try { url = new URL(text) } catch { throw new Refused('not a URL') }
  if (url.protocol !== 'https:' && !(allowPrivate && url.protocol === 'http:')) throw new Refused(`scheme ${url.protocol} is not allowed`)
  if (url.username || url.password) throw new Refused('a URL with a user name is not allowed')
  const host = bareHost(url)
  if (!host) throw new Refused('a URL without host is not allowed')
  if (allowPrivate) return url
  if (isIP(host)) {
    if (!isPublicAddress(host)) throw new Refused('a private address is not allowed')
  } else if (!host.includes('.') || /\.(localhost|local|internal|home\.arpa|onion|test|example|invalid)$/.test(host)) {
    throw new Refused('a name of no public host is not allowed')
  }
  return url
}

/** Host name without brackets, lower case, without final dots. */
export const bareHost = (url: URL): string => url.hostname.replace(/^\[|\]$/g, '').replace(/\.+$/, '').toLowerCase()

/**
 * `dns.lookup` (so the hosts file counts) that gives only public addresses, for the very connection that is being made: what
 * was checked is what is connected to.
 */
export function guardedLookup(allowPrivate: boolean, ask: typeof resolve = resolve): LookupFunction {
  return (hostname, options: LookupOptions, done) => {
    ask(hostname, { ...options, all: true }, (error: NodeJS.ErrnoException | null, found: LookupAddress[]) => {
      if (error) return done(error, '', 0)
      const good = allowPrivate ? found : found.filter((a) => isPublicAddress(a.address))
      const [first] = good
      if (!first) return done(new Refused(`${hostname} has no public address`), '', 0)
      if (options.all) return done(null, good)
      done(null, first.address, first.family)
    })
  }
}
