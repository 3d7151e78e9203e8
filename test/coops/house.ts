/** What the rooms' tests stand on: a store, a clock that moves, and a recorder in place of federation. */
import { vi } from 'vitest'
import type { ActorPut, LocalActor, Publish } from '../../src/fedi/fedi.ts'
import { makeUris } from '../../src/fedi/uris.ts'
import { Problem } from '../../src/kernel/errors.ts'
import { documents } from '../../src/store/documents.ts'
import { jobQueue } from '../../src/store/jobs.ts'
import type { Db, Store } from '../../src/store/store.ts'
import type { Change, CoopsHouse } from '../../src/coops/service.ts'

export const ORIGIN = 'https://coops.example'

export function movingClock(start = '2026-11-14T09:00:00.000Z') {
  let at = new Date(start)
  return { now: () => at, set(to: string) { at = new Date(to) } }
}

/** Remembers what it was called with; refuses what federation refuses (another's handle, closing an actor). */
export function recorder(store: Store, clock: { now(): Date }, followers = 0) {
  const uris = makeUris(ORIGIN)
  const stored = documents(store, clock)
  const actors = new Map<string, LocalActor>()
  const puts: ActorPut[] = [], published: Publish[] = [], buried: string[] = []
  const fedi: CoopsHouse['fedi'] = {
    origin: ORIGIN, handleHost: 'coops.example', uris, documents: stored,
    actors: {
      async put(tx: Db, a: ActorPut) {
        const old = actors.get(a.handle)
        if (old && (old.owner !== a.owner || old.gone)) throw new Problem('handle-taken', 'taken', { status: 409, field: 'handle' })
        if (old?.open && !a.open) throw new Problem('stays-open', 'stays open', { status: 409 })
        actors.set(a.handle, { handle: a.handle, id: uris.actor(a.handle), owner: a.owner, open: a.open, gone: false, approves: false, made: clock.now() })
        puts.push(a)
        return stored.put(tx, uris.actor(a.handle), { id: uris.actor(a.handle), ...a.document })
      },
      async bury(tx: Db, handle: string) { actors.get(handle)!.gone = true; buried.push(handle); await stored.bury(tx, uris.actor(handle), 'Organization') },
      async find(handle: string) { return actors.get(handle) },
      async taken(handle: string) { return actors.has(handle) },
    },
    async publish(_tx: Db, p: Publish) { published.push(p); return { id: `${ORIGIN}/ap/activities/${published.length}` } },
    followersCount: vi.fn(async () => followers),
    followersOf: { counts: async () => ({ accepted: followers, pending: 0 }), list: async () => [], accept: async () => true, reject: async () => 'accepted', acceptWaiting: async () => {} },
  }
  return { fedi, puts, published, buried, actors }
}

export function testHouse(store: Store, o: { followers?: number } = {}) {
  const clock = movingClock()
  const jobs = jobQueue(store, clock)
  const changes: Change[] = []
  const r = recorder(store, clock, o.followers)
  const house: CoopsHouse = { store, clock, jobs, fedi: r.fedi, async onChange(_tx, change) { changes.push(change) } }
  return { house, clock, jobs, changes, ...r }
}
