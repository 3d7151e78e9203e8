/** Is it alive, can it work, and how it fares: for supervisors, proxies and Prometheus. */
import { collectDefaultMetrics, Gauge, Registry } from '@prometheus-io/client'
import { timingSafeEqual } from 'node:crypto'
import { Hono, type Context } from 'hono'
import { getConnInfo } from '@hono/node-server/conninfo'
import type { Jobs } from './store/jobs.ts'
import type { Store } from './store/store.ts'

export interface HealthHouse {
  store: Store
  jobs: Jobs
  /** What moderators have to look at, and what was more than a server's share (see curation). */
  reports: { read: { open(): Promise<number>; dropped(): number } }
}

const same = (a: string, b: string): boolean => Buffer.byteLength(a) === Buffer.byteLength(b) && timingSafeEqual(Buffer.from(a), Buffer.from(b))

/** This machine itself, or somebody who knows TOADLANE_METRICS_TOKEN. A forwarded request comes from elsewhere, whatever its socket says. */
function mayRead(c: Context): boolean {
  const token = process.env.TOADLANE_METRICS_TOKEN
  if (token && same(c.req.header('authorization') ?? '', `Bearer ${token}`)) return true
  if (c.req.header('x-forwarded-for') || c.req.header('forwarded')) return false
  return /^(127\.|::1$|::ffff:127\.)/.test(getConnInfo(c).remote.address ?? '')
}

function metrics({ jobs, reports }: HealthHouse): Registry {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry, prefix: 'toadlane_' })
  new Gauge({
    name: 'toadlane_jobs', help: 'Jobs in the durable queue', labelNames: ['kind', 'state'], registers: [registry],
    async collect() {
      this.reset()
      for (const d of await jobs.depth()) {
        for (const state of ['waiting', 'delayed', 'running', 'dead'] as const) this.set({ kind: d.kind, state }, d[state])
      }
    },
  })
  new Gauge({
    name: 'toadlane_jobs_oldest_seconds', help: 'Age of the oldest job in the queue', labelNames: ['kind'], registers: [registry],
    async collect() {
      this.reset()
      for (const d of await jobs.depth()) this.set({ kind: d.kind }, d.oldest ? (Date.now() - d.oldest.getTime()) / 1000 : 0)
    },
  })
  new Gauge({ name: 'toadlane_reports_open', help: 'Reports that nobody has decided', registers: [registry], async collect() { this.set(await reports.read.open()) } })
  new Gauge({ name: 'toadlane_reports_dropped', help: 'Reports over the share of their servers, since this process began', registers: [registry], collect() { this.set(reports.read.dropped()) } })
  return registry
}

export function healthRoutes(house: HealthHouse): Hono {
  const registry = metrics(house)
  return new Hono()
    .get('/health', (c) => c.text('ok'))
    .get('/ready', async (c) => {
      try {
        await Promise.all([house.store.ping(), house.jobs.nextDue(['deliver'])])
        return c.json({ ready: true })
      } catch {
        return c.json({ ready: false, reason: 'the database does not answer' }, 503)
      }
    })
    .get('/metrics', async (c) => {
      if (!mayRead(c)) return c.text('only from this machine, or with TOADLANE_METRICS_TOKEN', 403)
      return c.text(await registry.metrics(), 200, { 'content-type': registry.contentType })
    })
}
