/**
 * How fast organisations are put: what an import of a long list comes down to.
 *   npx tsx bench/organisations.ts [rows=10000] [rows a transaction=200] [consent basis]
 *   BENCH_DATABASE=postgres://… for PostgreSQL; an empty database.
 */
import 'temporal-polyfill/global'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { commandLine } from '../src/accounts/model.ts'
import { coops } from '../src/coops/service.ts'
import { makeFedi } from '../src/fedi/make.ts'
import { sealer, Secret } from '../src/kernel/seal.ts'
import { systemClock as clock } from '../src/kernel/time.ts'
import { jobQueue } from '../src/store/jobs.ts'
import { openStore } from '../src/store/open.ts'

const [rows = 10_000, batch = 200] = process.argv.slice(2, 4).map(Number)
const consent = process.argv[4]
const store = await openStore(process.env.BENCH_DATABASE ?? `sqlite:${path.join(mkdtempSync(path.join(tmpdir(), 'bench-')), 'a.db')}`, 'drizzle')
const jobs = jobQueue(store, clock)
const fedi = makeFedi({ store, clock, jobs, origin: 'https://coops.example', sealer: sealer(new Secret('a secret of more than thirty-two characters')) })
const { put, read } = coops({ store, clock, jobs, fedi })

const row = (i: number, extra = '') => ({
  handle: `coop-${i}`, name: `Co-operative number ${i * 7919 % rows}`, kind: 'cooperative' as const, ownership: 'consumers' as const, isPlatform: i % 5 === 0, country: 'GB', locality: 'Rochdale',
  website: `https://coop${i}.example`, activities: ['retail', 'food'], summary: `A consumer co-operative of ${i} members that sells food and other things to its members.${extra}`,
  registrations: [{ scheme: 'companies-house', number: `R${i}` }], sources: ['https://example.org/data'],
  figures: [{ kind: 'members', value: 1000 + i, unit: null, year: 2024, source: 'https://example.org/x', confidence: 'primary' as const }],
})
for (const pass of ['create', 'same', 'change']) {
  const start = performance.now(), cpu = process.cpuUsage()
  for (let i = 0; i < rows; i += batch) {
    await store.write(async () => {
      for (let j = i; j < Math.min(i + batch, rows); j++) await put(commandLine, row(j, pass === 'change' ? ' Changed.' : ''), { source: 'bench', ...(consent ? { consent } : {}) })
    })
  }
  const { user, system } = process.cpuUsage(cpu)
  console.log(`${store.engine} ${pass}: ${Math.round(rows / ((performance.now() - start) / 1000))} rows/s, ${Math.round(rows / ((user + system) / 1e6))} a CPU second, ${Math.round(process.memoryUsage.rss() / 2 ** 20)} MiB`)
}
const timed = async (what: string, f: () => Promise<unknown>) => {
  const start = performance.now()
  for (let n = 0; n < 20; n++) await f()
  console.log(`${store.engine} ${what}: ${((performance.now() - start) / 20).toFixed(2)} ms`)
}
const [first] = await read.list({ limit: 25 })
const middle = { nameKey: 'co-operative number 5', id: first!.id }
await timed('first page of the list', () => read.list({ limit: 25 }))
await timed('a page from the middle', () => read.list({ limit: 25, after: middle }))
await timed('a page of one country', () => read.list({ limit: 25, country: 'GB', after: middle }))
await timed('one with everything', () => read.byHandle('coop-77'))
await timed('counts', () => read.counts())
await timed('countries', () => read.countries())
await fedi.close()
await store.close()
