/** What is read: actor, note, WebFinger against a bare Hono hello in the same process. `npx tsx bench/get/run.ts` */
import 'temporal-polyfill/global'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { openStore } from '../../src/store/open.ts'
import { makeInstance } from '../../test/fedi/instance.ts'
import { get, measure, row } from '../measure.ts'

const store = await openStore(`sqlite:${path.join(mkdtempSync(path.join(tmpdir(), 'bench-')), 'a.db')}`, 'drizzle')
const i = await makeInstance({ store, workers: false })
const port = Number(new URL(i.origin).port)
const { Hono } = await import('hono')
const { serve } = await import('@hono/node-server')
const hello = new Hono()
hello.get('/hello', (c) => c.text('hello'))
const helloPort = port + 1
const server = serve({ fetch: hello.fetch, port: helloPort, hostname: '127.0.0.1' })
await store.write((tx) => i.fedi.putObject(tx, { id: i.fedi.uris.object('notes', '1'), type: 'Note', content: '<p>Hello</p>', attributedTo: i.fedi.uris.actor('coop') }))
const accept = { accept: 'application/activity+json' }
const first = await fetch(i.fedi.uris.actor('coop'), { headers: accept })
const etag = first.headers.get('etag')!
for (let round = 0; round < 3; round++) {
  const floor = (await measure(helloPort, [get('/hello', helloPort)])).perCpuSecond
  row('Hono hello', floor, floor)
  for (const [what, path_, headers] of [
    ['actor', '/ap/actors/coop', accept], ['actor, 304', '/ap/actors/coop', { ...accept, 'if-none-match': etag }], ['note', '/ap/notes/1', accept],
    ['WebFinger', `/.well-known/webfinger?resource=acct:coop@${i.host}`, {}], ['outbox', '/ap/actors/coop/outbox', accept],
  ] as const) row(what, (await measure(port, [get(path_, port, headers)])).perCpuSecond, floor)
  console.log()
}
server.close()
await i.close()
process.exit(0)
