/** An instance with talk on it: real federation over a socket, one organisation that may post, and the pages' addresses. */
import { Hono } from 'hono'
import { commandLine } from '../../src/accounts/model.ts'
import { coopTables } from '../../src/coops/tables.ts'
import { sealer, Secret } from '../../src/kernel/seal.ts'
import { systemClock } from '../../src/kernel/time.ts'
import type { Store } from '../../src/store/store.ts'
import { startWorkers } from '../../src/store/workers.ts'
import { countedNotes } from '../../src/talk/counted.ts'
import type { Speaker } from '../../src/talk/model.ts'
import { talk as makeTalk, type TalkHouse } from '../../src/talk/service.ts'
import { talkWire } from '../../src/talk/wire.ts'
import { makeInstance, type InstanceOptions } from '../fedi/instance.ts'

/** Who speaks here: one of each kind, and a listing that may not. */
export const speakers: Readonly<Record<string, Speaker>> = {
  coop: { kind: 'organisation', id: '1', handle: 'coop', name: 'Coop', open: true },
  shut: { kind: 'organisation', id: '2', handle: 'shut', name: 'Shut', open: false, why: 'nobody has agreed' },
  rosa: { kind: 'person', id: null, userId: 'u1', handle: 'rosa', name: 'Rosa', open: true },
  directory: { kind: 'directory', id: null, handle: 'directory', name: 'The directory', open: true },
}

export async function talkInstance(store: Store, { blocks, ...o }: Partial<InstanceOptions> & Pick<TalkHouse, 'blocks'> = {}) {
  const instance = await makeInstance({ store, handlers: [], ...o, workers: false })
  const { fedi, jobs } = instance
  const at = new Date()
  await store.write((tx) => tx.insert(coopTables(store.kit).organisations).values({
    id: '1', handle: 'coop', profile: {} as never, digest: '', name: 'Coop', nameKey: 'coop', kind: 'cooperative', isPlatform: false,
    status: 'listed', standing: 'consented', revision: 1, created: at, changed: at, confirmed: at,
  }))
  const talk = makeTalk({
    store, clock: systemClock, fedi, sealer: sealer(new Secret('a secret of more than thirty-two characters')),
    ...(blocks ? { blocks } : {}),
    speaker: async (handle) => speakers[handle],
    speakersOf: async (who) => [...(who.userId === 'u1' ? [speakers.rosa!] : []), ...(who.editorOf.has('1') ? [speakers.coop!] : [])],
  })
  await store.write((tx) => fedi.actors.put(tx, { handle: 'directory', open: true, owner: 'directory', document: { type: 'Group', name: 'The directory' } }))
  await store.write((tx) => fedi.actors.put(tx, { handle: 'rosa', open: true, owner: 'person:u1', document: { type: 'Person', name: 'Rosa' } }))
  const handlers = { ...fedi.handlers(), ...talkWire({ fedi, jobs, store, talk, clock: systemClock }) }
  const workers = o.workers === false ? undefined : startWorkers(store, jobs, handlers, { poll: 20 })
  const app = new Hono()
  app.route('/', countedNotes(talk))
  app.route('/', fedi.routes({ featured: talk.pins.featured }))
  return {
    ...instance, talk, app, handlers,
    say: (text: string) => talk.publish(commandLine, 'coop', { text }),
    /** GET as a fediverse server does. */
    document: (id: string, more: Record<string, string> = {}) => app.request(id, { headers: { accept: 'application/activity+json', ...more } }),
    /** Until nothing that has arrived waits any more. */
    async settled() {
      for (;;) {
        const depth = await jobs.depth()
        if (depth.some((d) => d.dead)) throw new Error(`given up: ${JSON.stringify(depth)}`)
        if (depth.every((d) => d.waiting + d.delayed + d.running === 0)) return
        await new Promise((r) => setTimeout(r, 15))
      }
    },
    async close() {
      await workers?.stop(2000)
      await instance.close()
    },
  }
}
export type TalkInstance = Awaited<ReturnType<typeof talkInstance>>
