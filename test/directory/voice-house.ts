/** The rooms with the directory's voice on the real federation, with a clock that moves and jobs that are run by hand. */
import { organisationInput, type OrganisationInput } from '../../src/coops/model.ts'
import { coops } from '../../src/coops/service.ts'
import { directorySpeaker, ensureActors } from '../../src/directory/actors.ts'
import { directoryVoice } from '../../src/directory/voice.ts'
import { makeFedi } from '../../src/fedi/make.ts'
import { fediTables } from '../../src/fedi/tables.ts'
import type { Json } from '../../src/fedi/fedi.ts'
import { commandLine } from '../../src/accounts/model.ts'
import { sealer, Secret } from '../../src/kernel/seal.ts'
import { jobQueue } from '../../src/store/jobs.ts'
import type { Store } from '../../src/store/store.ts'
import { storeTables } from '../../src/store/tables.ts'
import { talk } from '../../src/talk/service.ts'
import { movingClock, ORIGIN } from '../coops/house.ts'

export { ORIGIN } from '../coops/house.ts'
export const actorOf = (handle: string) => `${ORIGIN}/ap/actors/${handle}`

export async function voiceHouse(store: Store, start = '2026-11-14T09:00:00.000Z') {
  const clock = movingClock(start)
  const jobs = jobQueue(store, clock)
  const seal = sealer(new Secret('a secret of more than thirty-two characters'))
  const fedi = makeFedi({ store, clock, jobs, origin: ORIGIN, sealer: seal, allowPrivate: true })
  const organisations = coops({ store, clock, jobs, fedi, onChange: (tx, change) => voice.changed(tx, change) })
  const posts = talk({ store, clock, fedi, sealer: seal, speaker: async (handle) => handle === 'directory' ? directorySpeaker(store) : organisations.read.speaker(handle) })
  const voice = directoryVoice({ store, clock, jobs, fedi, talk: posts, organisation: organisations.read.organisation })
  await ensureActors(store, fedi)
  await voice.begin()
  const handlers = { ...voice.handlers(), ...organisations.handlers() }
  const waiting = () => store.read.select({ kind: storeTables(store.kit).jobs.kind }).from(storeTables(store.kit).jobs)

  return {
    store, clock, jobs, fedi, organisations, talk: posts, voice, handlers,
    later(ms: number) { clock.set(new Date(clock.now().getTime() + ms).toISOString()) },
    put: (handle: string, more: Partial<OrganisationInput> = {}, o: Parameters<typeof organisations.put>[2] = {}) =>
      organisations.put(commandLine, organisationInput.parse({ handle, name: `The ${handle}`, kind: 'cooperative', ...more }), o),
    /** Runs what is due by the clock, until nothing is. */
    async work() {
      for (const kinds = Object.keys(handlers); ;) {
        let ran = 0
        for (const kind of kinds) {
          for (const job of await jobs.claim(kind, 10)) {
            await handlers[kind]!.run(job, new AbortController().signal)
            await jobs.done([job.id])
            ran++
          }
        }
        if (!ran) return
      }
    },
    /** How many jobs of a kind wait. */
    waiting: async (kind: string) => (await waiting()).filter((j) => j.kind === kind).length,
    /** Activities of ours of these types, in the order in which they were made. */
    async said(...types: string[]): Promise<Json[]> {
      const ids = await fedi.documents.ids(fedi.uris.activity(''), '', 100_000)
      const all = await Promise.all(ids.map((id) => fedi.documents.get(id)))
      return all.flatMap((r) => (r && !r.gone ? [JSON.parse(r.json) as Json] : [])).filter((a) => types.includes(String(a.type)))
    },
    /** An actor of another server that follows the directory. */
    async follower(host: string, o: { toadlane?: boolean; type?: string } = {}) {
      const { remoteActors, followers } = fediTables(store.kit)
      const id = `https://${host}/ap/actors/directory`
      const inbox = { inbox: `${id}/inbox`, sharedInbox: `https://${host}/ap/inbox` }
      await store.write(async (tx) => {
        await tx.insert(remoteActors).values({ id, host, type: o.type ?? 'Group', name: host, ...inbox, keys: [], document: '{}', toadlane: o.toadlane ?? true, fetched: clock.now() })
        await tx.insert(followers).values({ actor: 'directory', follower: id, ...inbox, state: 'accepted', followId: `${id}/follow`, since: clock.now() })
      })
      return inbox.sharedInbox
    },
    /** Inboxes to which something waits to be delivered, with the type of each. */
    async deliveries(): Promise<{ to: string; type: string }[]> {
      const { jobs: j } = storeTables(store.kit)
      const rows = await store.read.select({ key: j.key, payload: j.payload, kind: j.kind }).from(j).orderBy(j.id)
      const found: { to: string; type: string }[] = []
      for (const r of rows.filter((x) => x.kind === 'deliver')) {
        const { a } = JSON.parse(r.payload) as { a: string }
        const document = await fedi.documents.get(a.includes(':') ? a : fedi.uris.activity(a))
        found.push({ to: r.key!, type: String((JSON.parse(document!.json) as Json).type) })
      }
      return found
    },
    close: () => fedi.close(),
  }
}
export type VoiceHouse = Awaited<ReturnType<typeof voiceHouse>>
