/**
 * How fast what has been accepted by the inbox is dealt with: likes of one post, posts of a followed actor, follows (each with its
 * Accept delivered). The queue is filled first, then the workers start. `DATABASE_URL=postgres://… npx tsx bench/drain/run.ts [N]`
 */
import 'temporal-polyfill/global'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { Session } from 'node:inspector/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { sql } from 'drizzle-orm'
import { jobQueue } from '../../src/store/jobs.ts'
import { openStore } from '../../src/store/open.ts'
import { INBOX } from '../../src/fedi/inbox/intake.ts'
import { startWorkers } from '../../src/store/workers.ts'
import { activity, makeRemote, note } from '../../test/fedi/instance.ts'
import { talkInstance } from '../../test/talk/house.ts'

const N = Number(process.argv[2] ?? 2000)
const database = process.env.DATABASE_URL ?? `sqlite:${path.join(mkdtempSync(path.join(tmpdir(), 'bench-')), 'a.db')}`
const store = await openStore(database, 'drizzle')
const i = await talkInstance(store, { workers: false })
const jobs = jobQueue(store, i.jobs.clock)
const r = await makeRemote()
const people = Array.from({ length: 100 }, (_, n) => r.actor(`u${n}`))
for (const p of people) await i.fedi.lookupActor(p.id)
const [writer] = people
await i.fedi.follow({ handle: 'coop' }, writer!.id)
const { uri } = await i.say('Liked')
const coop = i.fedi.uris.actor('coop')
await store.auto.rows(sql`delete from jobs`)

const kinds: Record<string, (n: number) => { id: string }> = {
  likes: (n) => activity(people[n % 100]!.id, 'Like', uri),
  posts: () => activity(writer!.id, 'Create', note(writer!.id)),
  follows: (n) => activity(people[n % 100]!.id, 'Follow', coop),
}
const session = new Session()
session.connect()
for (const [name, make] of Object.entries(kinds)) {
  for (let k = 0; k < N; k += 500) {
    const list = Array.from({ length: Math.min(500, N - k) }, (_, n) => make(k + n))
    await store.write((tx) => jobs.addMany(tx, INBOX, list.map((a) => ({ key: `in ${a.id}`, payload: { raw: a } }))))
  }
  if (process.env.PROFILE) { await session.post('Profiler.enable'); await session.post('Profiler.start') }
  const before = process.cpuUsage(), begun = performance.now()
  const workers = startWorkers(store, i.jobs, i.handlers, { poll: 200 })
  const left = async () => Number((await store.read.rows<{ n: number }>(sql`select count(*) as n from jobs`))[0]!.n)
  while (await left()) await new Promise((done) => setTimeout(done, 25))
  const seconds = (performance.now() - begun) / 1000, used = process.cpuUsage(before)
  await workers.stop()
  if (process.env.PROFILE) writeFileSync(`${process.env.PROFILE}-${name}.json`, JSON.stringify((await session.post('Profiler.stop')).profile))
  const [dead] = await store.read.rows<{ n: number }>(sql`select count(*) as n from dead_letters`)
  console.log(`${store.engine} ${name}: ${Math.round(N / seconds)}/s, ${Math.round(N / ((used.user + used.system) / 1e6))} a CPU second of this process, ${dead!.n} given up`)
}
await i.close()
await r.close()
process.exit(0)
