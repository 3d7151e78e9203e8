/** The one way out: kept-alive, bounded connections to addresses that were checked. */
import { isIP } from 'node:net'
import { Agent, buildConnector } from 'undici'
import { SECOND } from '../../kernel/time.ts'
import { guardedLookup, isPublicAddress, Refused } from './address.ts'

export const TIME_OUT = 10 * SECOND

export interface AgentOptions {
  allowPrivate: boolean
  /** Connections to one origin. */
  connections: number
  lookup?: Parameters<typeof guardedLookup>[1]
}

/** undici's agent with our connector. DNS answers and literal addresses are both checked at the moment of connecting. */
export function makeAgent(o: AgentOptions): Agent {
  const connect = buildConnector({
    timeout: TIME_OUT,
    lookup: guardedLookup(o.allowPrivate, o.lookup),
    autoSelectFamily: true,
  })
  return new Agent({
    connections: o.connections,
    pipelining: 1,
    keepAliveTimeout: 30 * SECOND,
    keepAliveMaxTimeout: 120 * SECOND,
    headersTimeout: TIME_OUT,
    bodyTimeout: TIME_OUT,
    maxHeaderSize: 16_384,
    connect(options, done) {
      const host = options.hostname.replace(/^\[|\]$/g, '')
      if (!o.allowPrivate && isIP(host) && !isPublicAddress(host)) return done(new Refused('a private address is not allowed'), null)
      connect(options, done)
    },
  })
}
