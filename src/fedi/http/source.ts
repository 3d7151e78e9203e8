/** From where a request comes, for budgets by source. */
import type { Context } from 'hono'
import type { RoutesOptions } from '../fedi.ts'
import { isPublicAddress } from '../net/address.ts'

/** The socket's address, unless it is a proxy's or this machine's: then nobody is held to account for others. */
function socketAddress(env: unknown): string | undefined {
  const address = (env as { incoming?: { socket?: { remoteAddress?: string } } } | undefined)?.incoming?.socket?.remoteAddress
  return address !== undefined && isPublicAddress(address.replace(/^::ffff:/, '')) ? address : undefined
}

export const addressFrom = (o: Pick<RoutesOptions, 'clientAddress'>) => (c: Context): string | undefined =>
  o.clientAddress ? o.clientAddress(c.req.raw, c.env) : socketAddress(c.env)
