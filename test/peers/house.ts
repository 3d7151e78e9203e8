/** The room of peers alone: a book of documents in place of the network, jobs that are run in whatever order one likes. */
import { optOutKeys } from '../../src/coops/model.ts'
import type { Following, Json, RemoteActor } from '../../src/fedi/fedi.ts'
import { fediTables } from '../../src/fedi/tables.ts'
import { makeUris } from '../../src/fedi/uris.ts'
import { Problem } from '../../src/kernel/errors.ts'
import { peers } from '../../src/peers/service.ts'
import { peerTables } from '../../src/peers/tables.ts'
import { PutOff } from '../../src/store/workers.ts'
import { jobQueue } from '../../src/store/jobs.ts'
import type { Store } from '../../src/store/store.ts'
import { storeTables } from '../../src/store/tables.ts'
import { movingClock, ORIGIN } from '../coops/house.ts'

export const PEER = 'https://peer.example'
export const DIRECTORY = `${PEER}/ap/actors/directory`
export const MEMBERS = `${DIRECTORY}/members`
export const thing = (name: string) => `${PEER}/ap/actors/${name}`
export const organisation = (name: string, more: Json = {}): Json =>
  ({ id: thing(name), type: 'Organization', additionalType: 'toad:Cooperative', name: `The ${name}`, url: `${PEER}/co-ops/${name}`, attributedTo: DIRECTORY, ...more })

export function peersHouse(store: Store) {
  const clock = movingClock()
  const jobs = jobQueue(store, clock)
  const { following } = fediTables(store.kit)
  const { mirrored, mirroredListings } = peerTables(store.kit)
  /** What other servers serve: a document, 'gone' (410) or 'away' (no answer); else 404. */
  const web = new Map<string, Json | 'gone' | 'away'>()
  const asked: string[] = []
  /** Actors as they were read before: their servers may serve another document by now. */
  const kept = new Map<string, Json>()
  /** Requests that may still be caused. */
  const budget = { left: Infinity }
  const optedOut = new Set<string>()
  const blocked = new Set<string>()
  web.set(DIRECTORY, { id: DIRECTORY, type: 'Group', name: 'Peer', 'toad:members': MEMBERS, 'toad:calls': `${DIRECTORY}/calls` })
  const follows = (db: typeof store.read, actor: string) => db.select().from(following).then((rows) => rows.filter((r) => r.target === actor && r.state === 'accepted'))
  const fetchObject = async (id: string): Promise<Json> => {
    asked.push(id)
    const found = web.get(id)
    if (found === 'away') throw new Problem('unreachable', 'away', { status: 502 })
    if (found === 'gone') throw new Problem('gone', 'gone', { status: 410 })
    if (!found) throw new Problem('not-found', 'unknown', { status: 404 })
    return structuredClone(found)
  }
  const actorOf = (document: Json): RemoteActor => {
    const id = String(document.id)
    return { id, host: 'peer.example', type: String(document.type), name: 'Peer', inbox: `${id}/inbox`, toadlane: document.generator !== 'another', document }
  }
  const room = peers({
    store, clock, jobs,
    fedi: {
      uris: makeUris(ORIGIN),
      fetchObject,
      async knownActor(id) {
        const document = kept.get(id) ?? web.get(id)
        return typeof document === 'object' ? actorOf(document) : undefined
      },
      async refreshActor(id) {
        const document = await fetchObject(id)
        kept.set(id, document)
        return actorOf(document)
      },
      async causedBy(_actor, work) {
        if (budget.left < 1) throw new PutOff(1000, 'enough')
        budget.left--
        return work()
      },
      isFollowed: async (tx, actor) => (await follows(tx, actor)).length > 0,
      following: async () => (await store.read.select().from(following)).map((r): Following => ({ handle: r.actor, actor: r.target, state: r.state as 'accepted', since: r.since })),
    },
    optedOut: async (traits) => optOutKeys(traits).some((k) => optedOut.has(k)), isBlocked: (host) => blocked.has(host),
  })
  const handlers = room.handlers()

  return {
    ...room, clock, jobs, web, asked, read: kept, budget, optedOut, blocked,
    /** An actor of ours follows another. */
    follow: (target = DIRECTORY, actor = 'directory', state = 'accepted') =>
      store.write(async (tx) => { await tx.insert(following).values({ actor, target, state, activity: `${ORIGIN}/f`, since: clock.now() }).onConflictDoUpdate({ target: [following.actor, following.target], set: { state } }) }),
    unfollow: () => store.write((tx) => tx.delete(following)),
    say: (type: 'Add' | 'Update' | 'Remove', named: { id: string; revision?: number }[], directory = DIRECTORY, target = MEMBERS) =>
      store.write((tx) => room.heard(tx, { type, directory, target, named })),
    in: (f: (tx: typeof store.read) => Promise<void>) => store.write(f),
    /** Runs up to `most` jobs; those that fail are due again later. How many ran. */
    async work(most = Infinity): Promise<number> {
      let ran = 0
      for (let again = true; again && ran < most;) {
        again = false
        for (const kind of Object.keys(handlers)) {
          for (const job of await jobs.claim(kind, Math.min(10, most - ran))) {
            again = true
            ran++
            try {
              await handlers[kind]!.run(job, new AbortController().signal)
              await jobs.done([job.id])
            } catch (e) { await jobs.retry(job, 1000, String(e)) }
          }
        }
      }
      return ran
    },
    /** Names of what is kept. */
    kept: async () => (await store.read.select({ id: mirrored.id }).from(mirrored)).map((r) => r.id.split('/').at(-1)!).sort(),
    row: async (id: string) => (await store.read.select().from(mirrored)).find((r) => r.id === id),
    listings: async () => Object.fromEntries((await store.read.select().from(mirroredListings)).map((r) => [r.id.split('/').at(-1)!, `${r.gone ? '-' : '+'}${r.revision}`])),
    waiting: () => store.read.$count(storeTables(store.kit).jobs),
    later(ms: number) { clock.set(new Date(clock.now().getTime() + ms).toISOString()) },
    async empty() {
      await store.write(async (tx) => {
        for (const t of [mirrored, mirroredListings, following, storeTables(store.kit).jobs]) await tx.delete(t as typeof mirrored)
      })
      web.clear()
      web.set(DIRECTORY, { id: DIRECTORY, type: 'Group', name: 'Peer', 'toad:members': MEMBERS, 'toad:calls': `${DIRECTORY}/calls` })
      asked.length = 0
      kept.clear()
      budget.left = Infinity
      optedOut.clear()
    },
  }
}
export type PeersHouse = ReturnType<typeof peersHouse>
