/** The rooms on the real federation, without network: nothing is listened to, nothing delivered. */
import { sealer, Secret } from '../../src/kernel/seal.ts'
import { makeFedi } from '../../src/fedi/make.ts'
import { jobQueue } from '../../src/store/jobs.ts'
import type { Store } from '../../src/store/store.ts'
import { coops } from '../../src/coops/service.ts'
import { rulebook } from '../../src/rulebook/service.ts'
import { movingClock, ORIGIN } from './house.ts'

export function realHouse(store: Store, start?: string) {
  const clock = movingClock(start)
  const jobs = jobQueue(store, clock)
  const fedi = makeFedi({ store, clock, jobs, origin: ORIGIN, sealer: sealer(new Secret('a secret of more than thirty-two characters')) })
  const organisations = coops({ store, clock, jobs, fedi, icon: (handle) => ({ url: `${ORIGIN}/swatch/${handle}.png`, mediaType: 'image/png' }) })
  const levers = rulebook({ store, clock, organisation: organisations.read.organisation })
  const served = async (handle: string): Promise<Record<string, unknown>> => JSON.parse((await fedi.documents.get(fedi.uris.actor(handle)))!.json) as Record<string, unknown>
  return { clock, jobs, fedi, coops: organisations, levers, served, close: () => fedi.close() }
}
