/** Requests that other servers' activities cause: so many for each of those servers, and no more, whoever of the house makes them. */
import { MINUTE, SECOND, type Clock } from '../kernel/time.ts'
import { PutOff } from '../store/workers.ts'
import type { Rate } from './fedi.ts'
import { budget } from './inbox/budget.ts'

const RATE: Rate = { burst: 120, perMinute: 60 }
/** At the same time: slow ones must not hold up everybody. */
const AT_ONCE = 4

export function causedRequests(clock: Clock, rate: Rate = RATE) {
  const left = budget(clock, rate)
  const underWay = new Map<string, number>()

  /** @param host who has caused it (without port). Throws PutOff where that one has caused enough: the job comes back, and it does not count. */
  return async function caused<T>(host: string, work: () => Promise<T>): Promise<T> {
    const busy = underWay.get(host) ?? 0
    if (busy >= AT_ONCE) throw new PutOff(2 * SECOND, 'enough is being fetched for one server')
    if (!left.take(host)) throw new PutOff(MINUTE, 'too many fetches for one server')
    underWay.set(host, busy + 1)
    try { return await work() } finally {
      const now = (underWay.get(host) ?? 1) - 1
      if (now > 0) underWay.set(host, now)
      else underWay.delete(host)
    }
  }
}
export type Caused = ReturnType<typeof causedRequests>
