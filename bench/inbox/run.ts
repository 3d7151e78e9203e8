/**
 * Signed Creates into the inbox, by raw sockets from another process: verified, kept and answered with 202. Beside it the floor
 * (RSA verify + JSON.parse of the same), Fedify's verifier alone with the key at hand, and what refusals cost.
 * `npx tsx bench/inbox/run.ts [N]`
 */
import 'temporal-polyfill/global'
import { verify } from 'node:crypto'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { verifyRequest, type KeyCache } from '@fedify/fedify/sig'
import { contextLoader } from '../../src/fedi/contexts.ts'
import { forFedify } from '../../src/fedi/inbox/fedify.ts'
import { sha256, signRequest, type SignatureKind } from '../../src/fedi/net/sign.ts'
import { openStore } from '../../src/store/open.ts'
import { activity, makeInstance, makeRemote, note, post } from '../../test/fedi/instance.ts'
import { measure, row } from '../measure.ts'

const N = Number(process.argv[2] ?? 6000)
const database = process.env.DATABASE_URL ?? `sqlite:${path.join(mkdtempSync(path.join(tmpdir(), 'bench-')), 'a.db')}`
const plenty = { burst: 1e9, perMinute: 1e9 }
const store = await openStore(database, 'drizzle')
const i = await makeInstance({ store, workers: false, fedi: { limits: { receive: { refusals: plenty, perHost: plenty } } } })
const r = await makeRemote()
const actors = Array.from({ length: 10 }, (_, n) => r.actor(`u${n}`))
const port = Number(new URL(i.origin).port)
const url = new URL(`${i.origin}/ap/inbox`)
for (const a of actors) await post(url.href, activity(a.id, 'Create', note(a.id)), a) // their keys are known from here on

interface Ready { raw: Buffer; body: string; headers: Record<string, string> }
async function ready(kind: SignatureKind, n: number): Promise<Ready> {
  const a = actors[n % actors.length]!
  const body = JSON.stringify(activity(a.id, 'Create', note(a.id, { content: `<p>${'Hello everybody. '.repeat(20)}</p>`, cc: [`${a.id}/followers`], tag: [{ type: 'Hashtag', name: '#coop', href: `${r.origin}/tags/coop` }] })))
  const headers = { 'content-type': 'application/activity+json', ...await signRequest(kind, { method: 'POST', url, digest: sha256(body), date: new Date(), keyId: a.keyId, key: a.key }) }
  const head = ['POST /ap/inbox HTTP/1.1', ...Object.entries(headers).map(([k, v]) => `${k}: ${v}`), `content-length: ${Buffer.byteLength(body)}`, '', ''].join('\r\n')
  return { raw: Buffer.from(head + body), body, headers }
}
const cpu = (f: () => void): number => { const b = process.cpuUsage(); f(); const u = process.cpuUsage(b); return (u.user + u.system) / 1e6 }

for (const kind of ['cavage', 'rfc9421'] as const) {
  const list = await Promise.all(Array.from({ length: N }, (_, n) => ready(kind, n)))
  const signature = Buffer.alloc(256, 1)
  const floor = N / cpu(() => { for (const x of list) { verify('sha256', Buffer.from(x.headers.signature!), actors[0]!.publicKey, signature); JSON.parse(x.body) } })
  row(`floor (RSA verify + parse)`, floor, floor)
  const offered = forFedify(actors[0]!.keyId, actors[0]!.id, actors[0]!.publicKey)
  const keyCache: KeyCache = { get: async () => offered, set: async () => {} }
  const own = list.filter((_, n) => n % actors.length === 0).slice(0, 400)
  const before = process.cpuUsage()
  let good = 0
  for (const x of own) if (await verifyRequest(new Request(url, { method: 'POST', headers: x.headers, body: x.body }), { keyCache, contextLoader, documentLoader: contextLoader })) good++
  const used = process.cpuUsage(before)
  row(`Fedify verifyRequest, key at hand (${good})`, own.length / ((used.user + used.system) / 1e6), floor)
  const m = await measure(port, list.map((x) => x.raw), { once: true, connections: 16, depth: 4 })
  row(`inbox, ${kind}`, m.perCpuSecond, floor)
  console.log(m.statuses)
}
const unsigned = Buffer.from(['POST /ap/inbox HTTP/1.1', 'host: x', 'content-type: application/activity+json', 'content-length: 2', '', '{}'].join('\r\n'))
const refusal = await measure(port, [unsigned], { connections: 16, depth: 1, seconds: 2 })
console.log(`unsigned: ${(1000 / refusal.perCpuSecond).toFixed(3)} ms CPU each`, refusal.statuses)
console.log(`memory: ${Math.round(process.memoryUsage().rss / 1e6)} MB; requests to the others: ${r.seen.length}`)
await r.close()
await i.close()
process.exit(0)
