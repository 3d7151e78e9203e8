/** The network as an import may use it: through the guards that fedi has, because an address in a command may have come from anywhere. */
import { checkUrl } from '../fedi/net/address.ts'
import { makeAgent } from '../fedi/net/agent.ts'
import { Problem } from '../kernel/errors.ts'

export function networkFor(allowPrivate: boolean) {
  return {
    agent: makeAgent({ allowPrivate, connections: 1 }),
    check(url: string): URL {
      try { return checkUrl(url, allowPrivate) } catch (e) { throw new Problem('unreachable', `${url}: ${(e as Error).message}`, { field: 'file', cause: e }) }
    },
  }
}
