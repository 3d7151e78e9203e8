/**
 * The whole app in this process with a clock that stands still, as https://coops.example, and another server to speak with: what the
 * golden files are made of. Requests go into the app without a socket, deliveries to the other server over one.
 */
import { mkdtempSync } from 'node:fs'
import path from 'node:path'
import { inject, vi } from 'vitest'
import { makeApp, makeHouse, root } from '../../src/app.ts'
import { readConfig } from '../../src/config.ts'
import { sha256, signRequest } from '../../src/fedi/net/sign.ts'
import { startWorkers } from '../../src/store/workers.ts'
import { makeRemote, until, type RemoteActorKeys, type Seen } from '../fedi/instance.ts'

export const ORIGIN = 'https://coops.example'
export type Json = Record<string, any>

/** Minutes after the beginning, which is always the same; only `Date` is made to stand still, timers run. */
const at = (minute: number) => vi.setSystemTime(new Date(Date.UTC(2026, 10, 14, 9, minute)))

export async function stillInstance() {
  vi.useFakeTimers({ toFake: ['Date'] })
  at(0)
  const folder = mkdtempSync(path.join(inject('scratch'), 'still-'))
  const house = await makeHouse(readConfig({
    TOADLANE_ORIGIN: ORIGIN, TOADLANE_ALLOW_PRIVATE: '1', TOADLANE_SECRET: 'a secret of more than thirty-two characters',
    DATABASE_URL: `sqlite:${path.join(folder, 'a.db')}`,
  }, root))
  await house.begin()
  const app = makeApp(house)
  const workers = startWorkers(house.store, house.jobs, house.handlers, { poll: 20 })
  const remote = await makeRemote()
  const given = new Set<string>()
  return {
    house, remote, at,
    /** The other server's addresses, as the files have them. */
    masks: { [remote.origin]: 'https://social.example', [remote.host]: 'social.example' },
    /** GET as a fediverse server does. */
    get: (url: string, accept = 'application/activity+json') => app.request(url.startsWith('http') ? url : ORIGIN + url, { headers: { accept } }),
    async json(url: string, accept?: string): Promise<Json> { return await (await this.get(url, accept)).json() as Json },
    /** An activity of the other server, signed, into the shared inbox; its status. */
    async post(activity: Json, by: RemoteActorKeys): Promise<number> {
      const body = JSON.stringify(activity)
      const url = new URL(house.fedi.uris.sharedInbox)
      const signed = signRequest('cavage', { method: 'POST', url, digest: sha256(body), date: new Date(), keyId: by.keyId, key: by.key })
      return (await app.request(url, { method: 'POST', body, headers: { 'content-type': 'application/activity+json', ...signed } })).status
    },
    /**
     * The next delivery of this type that the other server gets or has got; each is given once, also where it came again: deliveries
     * are at least once, and a clock that is moved lets a lease run out.
     */
    async delivered(type: string): Promise<Json> {
      const read = (s: Seen) => JSON.parse(String(s.body)) as Json
      const isNew = (s: Seen) => s.method === 'POST' && read(s).type === type && !given.has(String(read(s).id))
      const found = read(await until(`a delivery of ${type}`, () => remote.seen.find(isNew)))
      given.add(String(found.id))
      return found
    },
    async close() {
      await workers.stop(2000)
      await house.close()
      await remote.close()
      vi.useRealTimers()
    },
  }
}
export type StillInstance = Awaited<ReturnType<typeof stillInstance>>
