/**
 * What hostile posts cost: CPU each, memory, and requests to others, which must be none (HOSTILE.md 1-13, 18-22).
 * `npx tsx bench/hostile/run.ts`
 */
import 'temporal-polyfill/global'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { sha256, signRequest } from '../../src/fedi/net/sign.ts'
import { openStore } from '../../src/store/open.ts'
import { activity, makeInstance, makeRemote, note, post, rsa } from '../../test/fedi/instance.ts'
import { measure } from '../measure.ts'

const store = await openStore(`sqlite:${path.join(mkdtempSync(path.join(tmpdir(), 'bench-')), 'a.db')}`, 'drizzle')
const i = await makeInstance({ store, workers: false })
const r = await makeRemote()
const x = r.actor('x')
const url = `${i.origin}/ap/inbox`
const port = Number(new URL(url).port)
await post(url, activity(x.id, 'Create', note(x.id)), x) // known from here on
await post(url, activity(x.id, 'Create', note(x.id)), { keyId: x.keyId, key: rsa().privateKey }) // its one look for a new key is spent

const raw = (headers: Record<string, string>, body: string) =>
  Buffer.from(['POST /ap/inbox HTTP/1.1', ...Object.entries({ host: new URL(url).host, 'content-type': 'application/activity+json', 'content-length': String(Buffer.byteLength(body)), ...headers }).map(([k, v]) => `${k}: ${v}`), '', ''].join('\r\n') + body)
const signed = (body: string, key = x.key, date = new Date()) => raw(signRequest('cavage', { method: 'POST', url: new URL(url), digest: sha256(body), date, keyId: x.keyId, key }), body)
const create = JSON.stringify(activity(x.id, 'Create', note(x.id)))
const deep = (n: number) => `{"id":"${x.id}/1","type":"Create","actor":"${x.id}","object":${'['.repeat(n)}${']'.repeat(n)}}`
const forger = rsa().privateKey

const cases: [string, Buffer][] = [
  ['unsigned', raw({}, create)],
  ['unsigned, a context to be fetched', raw({}, JSON.stringify({ '@context': `${r.origin}/context`, id: `${x.id}/1`, type: 'Create', actor: x.id }))],
  ['unsigned, 800 deep', raw({}, deep(800))],
  ['unsigned, 1 MB', raw({}, 'x'.repeat(1_000_000))],
  ['gzip', raw({ 'content-encoding': 'gzip' }, 'x')],
  ['signed, two hours old', signed(create, x.key, new Date(Date.now() - 7.2e6))],
  ['signed, 100,000 deep', signed(deep(100_000))],
  ['signed, 1 MB of list', signed(`{"id":"${x.id}/1","type":"Create","actor":"${x.id}","to":[${'"https://a.example/u",'.repeat(45_000)}1]}`)],
  ['signed, 1 MB of string', signed(`{"id":"${x.id}/1","type":["Create"],"actor":"${x.id}","name":"${'x'.repeat(1_000_000)}"}`)],
  ['by another key', signed(create, forger)],
]
r.seen.length = 0
await i.app.request('/')
const before = process.memoryUsage().rss
for (const [what, request] of cases) {
  const big = request.length > 500_000
  const m = await measure(port, [request], { connections: big ? 4 : 16, depth: 1, seconds: 2 })
  console.log(`${what.padEnd(36)} ${(1000 / m.perCpuSecond).toFixed(3).padStart(8)} ms CPU each   ${JSON.stringify(m.statuses)}`)
}
console.log(`requests to others: ${r.seen.length}; memory ${Math.round(before / 1e6)} → ${Math.round(process.memoryUsage().rss / 1e6)} MB`)
await r.close()
await i.close()
process.exit(0)
