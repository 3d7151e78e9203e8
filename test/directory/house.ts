/** The rooms that lists go into and come out of, on a real store, with the actors of federation and without its network. */
import { coops, type CoopsHouse } from '../../src/coops/service.ts'
import { directory } from '../../src/directory/service.ts'
import { localActors } from '../../src/fedi/actors.ts'
import { keyRing } from '../../src/fedi/keys.ts'
import { makeUris } from '../../src/fedi/uris.ts'
import { sealer, Secret } from '../../src/kernel/seal.ts'
import { systemClock } from '../../src/kernel/time.ts'
import { rulebook } from '../../src/rulebook/service.ts'
import { documents } from '../../src/store/documents.ts'
import { jobQueue } from '../../src/store/jobs.ts'
import type { Store } from '../../src/store/store.ts'

export const ORIGIN = 'https://coops.example'

export function rooms(store: Store, more: Partial<CoopsHouse> = {}) {
  const clock = systemClock
  const uris = makeUris(ORIGIN)
  const stored = documents(store, clock)
  const keys = keyRing(store, clock, sealer(new Secret('x'.repeat(32))))
  const { bury, ...actors } = localActors({ store, clock, documents: stored, uris, handleHost: 'coops.example', keys })
  const fedi: CoopsHouse['fedi'] = {
    origin: ORIGIN, handleHost: 'coops.example', uris, documents: stored,
    actors: { ...actors, bury: async (tx, handle) => { await bury(tx, handle, 'Organization') } },
    publish: async () => { throw new Error('an import publishes nothing') },
    followersCount: async () => 0,
    followersOf: { counts: async () => ({ accepted: 0, pending: 0 }), list: async () => [], accept: async () => false, reject: async () => undefined, acceptWaiting: async () => {} },
  }
  const jobs = jobQueue(store, clock)
  const organisations = coops({ store, clock, jobs, fedi, ...more })
  const levers = rulebook({ store, clock, organisation: organisations.read.organisation })
  return { store, clock, jobs, fedi, organisations, levers, directory: directory({ store, clock, origin: ORIGIN, organisations, levers }) }
}
export type Rooms = ReturnType<typeof rooms>
