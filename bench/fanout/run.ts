/**
 * One post to many inboxes: how long enqueueing takes, and how many deliveries a CPU second makes, beside the RSA-2048 rate of
 * this machine. The sinks run in another process, on 127.1.x.y. `npx tsx bench/fanout/run.ts [INBOXES]`
 */
import 'temporal-polyfill/global'
import { spawn } from 'node:child_process'
import { generateKeyPairSync, sign } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fediTables } from '../../src/fedi/tables.ts'
import { openStore } from '../../src/store/open.ts'
import { makeInstance, note, PUBLIC } from '../../test/fedi/instance.ts'

const N = Number(process.argv[2] ?? 2000)
const database = process.env.DATABASE_URL ?? `sqlite:${path.join(mkdtempSync(path.join(tmpdir(), 'bench-')), 'a.db')}`
const SINK = `const http=require('http');const s=http.createServer((q,r)=>{q.resume();q.on('end',()=>{r.writeHead(202);r.end()})});s.keepAliveTimeout=60000;s.listen(0,'0.0.0.0',()=>console.log(s.address().port))`
const sink = spawn(process.execPath, ['-e', SINK], { stdio: ['ignore', 'pipe', 'inherit'] })
const [line] = await once(sink.stdout!, 'data') as [Buffer]
const port = Number(String(line))
const cpuNow = () => { const u = process.cpuUsage(); return (u.user + u.system) / 1e6 }

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
let at = cpuNow()
for (let n = 0; n < 2000; n++) sign('sha256', Buffer.from(`${n}`.repeat(60)), privateKey)
const floor = 2000 / (cpuNow() - at)
console.log(`RSA-2048 sign: ${Math.round(floor)} /cpu-s`)

const store = await openStore(database, 'drizzle')
const i = await makeInstance({ store, workers: false, listen: false })
const { followers } = fediTables(store.kit)
const address = (n: number) => `http://127.1.${(n >> 8) & 255}.${n & 255}:${port}/inbox`
const publish = () => store.write((tx) => i.fedi.publish(tx, { actor: 'coop', to: 'followers', activity: { type: 'Create', to: [PUBLIC], cc: [i.fedi.uris.followers('coop')], object: note(i.fedi.uris.actor('coop'), { content: 'x'.repeat(500) }) } }))
const follow = async (from: number, to: number) => {
  for (let n = from; n < to; n += 400) {
    const rows = Array.from({ length: Math.min(400, to - n) }, (_, k) => ({ actor: 'coop', follower: `https://f.example/${n + k}`, inbox: address(n + k), sharedInbox: null, state: 'accepted', followId: `${n + k}`, since: new Date() }))
    await store.write((tx) => tx.insert(followers).values(rows))
  }
}
await follow(0, N)
await (await i.app.request('/ap/actors/coop', { headers: { accept: 'application/activity+json' } })).text() // its keys
for (let round = 0; round < 3; round++) {
  const begun = performance.now()
  await publish()
  const enqueued = performance.now() - begun
  at = cpuNow()
  const wall = performance.now()
  i.startWorkers()
  while ((await i.fedi.health.deliveries().then((d) => (d ? d.waiting + d.running + d.delayed : 0))) > 0) await new Promise((r) => setTimeout(r, 100))
  const rate = N / (cpuNow() - at)
  console.log(`${N} deliveries: enqueued in ${enqueued.toFixed(1)} ms (${(enqueued * 1000 / N).toFixed(2)} µs each); ${Math.round(rate)} /cpu-s = ${(rate / floor).toFixed(2)} of the signing rate; ${Math.round(N / ((performance.now() - wall) / 1000))} /s`)
  await i.stopWorkers()
}
await follow(N, 100_000)
for (let round = 0; round < 2; round++) {
  const begun = performance.now()
  await publish()
  const ms = performance.now() - begun
  console.log(`100,000 followers enqueued in ${ms.toFixed(0)} ms (${(ms / 100).toFixed(2)} µs each)`)
}
console.log(`memory: ${Math.round(process.memoryUsage().rss / 1e6)} MB`)
sink.kill()
await i.close()
process.exit(0)
