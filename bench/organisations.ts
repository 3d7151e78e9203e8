import 'temporal-polyfill/global'
import { mkdtempSync } from 'node:fs'
import { openStore } from '../src/store/open.ts'
import { coops } from '../src/coops/service.ts'
import { documents } from '../src/store/documents.ts'
import { jobQueue } from '../src/store/jobs.ts'
import { makeUris } from '../src/fedi/uris.ts'
import { localActors } from '../src/fedi/actors.ts'
import { commandLine } from '../src/accounts/model.ts'
import { systemClock as clock } from '../src/kernel/time.ts'
const url = process.env.URL_DB ?? 'sqlite:' + mkdtempSync('/tmp/bench-') + '/a.db'
const store = await openStore(url, 'drizzle')
const uris = makeUris('https://coops.example'), docs = documents(store, clock)
const keys = { publicKeys: async () => undefined, ensure: async () => { throw 1 } } as any
const actors = localActors({ store, clock, documents: docs, uris, handleHost: 'coops.example', keys })
const fedi = { origin: uris.origin, handleHost: 'coops.example', uris, documents: docs, actors: { ...actors, bury: async () => {} }, publish: async () => ({ id: '' }), followersCount: async () => 0 }
const c = coops({ store, clock, jobs: jobQueue(store, clock), fedi: fedi as any })
const N = Number(process.argv[2] ?? 10000), B = Number(process.argv[3] ?? 200), consent = process.argv[4]
const row = (i: number) => ({ handle: `coop-${i}`, name: `Co-operative number ${i}`, kind: 'cooperative' as const, ownership: 'consumers' as const, isPlatform: i % 5 === 0, country: 'GB', locality: 'Rochdale',
  website: `https://coop${i}.example`, activities: ['retail', 'food'], summary: `A consumer co-operative of ${i} members that sells food and other things to its members.`, registrations: [{ scheme: 'companies-house', number: `R${i}` }],
  figures: [{ kind: 'members', value: 1000 + i, year: 2024, source: 'https://example.org/x', confidence: 'primary' as const, unit: null }], sources: ['https://example.org/data'] })
for (const pass of ['create', 'same', 'change']) {
  const t = performance.now()
  for (let i = 0; i < N; i += B) await store.write(async () => { for (let j = i; j < i + B; j++) { const r = row(j); if (pass === 'change') r.summary += ' Changed.'; await c.put(commandLine, r, { source: 'bench', ...(consent ? { consent } : {}) }) } })
  console.log(store.engine, pass, Math.round(N / ((performance.now() - t) / 1000)), 'rows/s')
}
await store.close()
