/** Runs an instance in this process: what `npm start`, `toadlane serve` and `toadlane worker` do. */
import { serve } from '@hono/node-server'
import type { Server } from 'node:http'
import { configure, getConsoleSink, getJsonLinesFormatter, getLogger, getTextFormatter } from '@logtape/logtape'
import { makeApp, makeHouse, type House } from './app.ts'
import type { Config } from './config.ts'
import { safeReason, StartRefused } from './kernel/errors.ts'
import { MINUTE, SECOND } from './kernel/time.ts'
import { lockDatabase } from './store/lock.ts'
import { startWorkers } from './store/workers.ts'

/** A client that does not finish its headers or body in time is cut off (HOSTILE.md 9, 11). */
const LIMITS = { headersTimeout: 10 * SECOND, requestTimeout: 30 * SECOND, keepAliveTimeout: 65 * SECOND, connectionsCheckingInterval: 2 * SECOND, maxHeaderSize: 16_384 }
const STOP_WITHIN = 10 * SECOND

async function setUpLog(): Promise<void> {
  const pretty = process.stdout.isTTY
  const lowestLevel = process.env.TOADLANE_LOG === 'debug' ? 'debug' : 'info'
  await configure({
    sinks: { console: getConsoleSink({ formatter: pretty ? getTextFormatter({ timestamp: 'time' }) : getJsonLinesFormatter() }) },
    loggers: [
      { category: ['toadlane'], lowestLevel, sinks: ['console'] },
      // Fedify logs whole documents and key material at lower levels.
      { category: ['fedify'], lowestLevel: 'fatal', sinks: ['console'] },
      { category: ['logtape', 'meta'], lowestLevel: 'warning', sinks: ['console'] },
    ],
    reset: true,
  })
}

/** Listens, or says in words why not. */
function listen(app: ReturnType<typeof makeApp>, config: Config): Promise<Server> {
  return new Promise((done, fail) => {
    const server = serve({ fetch: app.fetch, port: config.port, hostname: config.host, serverOptions: LIMITS }, () => done(server)) as Server
    server.once('error', (e: NodeJS.ErrnoException) => {
      if (e.code === 'EADDRINUSE') fail(new StartRefused(`port ${config.port} on ${config.host} is in use by another program; choose one with PORT`))
      else if (e.code === 'EACCES') fail(new StartRefused(`port ${config.port} needs more rights than this program has; choose one above 1023 with PORT`))
      else if (e.code === 'EADDRNOTAVAIL' || e.code === 'ENOTFOUND') fail(new StartRefused(`HOST ${config.host} is no address of this machine`))
      else fail(e)
    })
  })
}

/** What comes round by the clock rather than by a cause. */
function housekeeping(house: House): NodeJS.Timeout {
  const log = getLogger(['toadlane', 'housekeeping'])
  return setInterval(() => {
    house.tidy().catch((e: unknown) => log.error('housekeeping failed: {reason}', { reason: safeReason(e) }))
  }, 10 * MINUTE)
}

/**
 * Starts and runs until a signal. Throws StartRefused when this start can never work.
 * Resolves with the process's exit code once everything has ended: requests in flight and running jobs are given ten seconds.
 */
export async function runServer(config: Config): Promise<number> {
  await setUpLog()
  const log = getLogger(['toadlane'])
  process.on('unhandledRejection', (e) => log.error('unhandled rejection: {reason}', { reason: safeReason(e) }))
  const begun = performance.now()
  const file = config.databaseUrl.startsWith('sqlite:') ? config.databaseUrl.slice('sqlite:'.length) : undefined
  let unlock = () => {}
  const house = await makeHouse(config, { beforeOpen: () => { if (file) unlock = lockDatabase(file) } })
  try {
    await house.begin()
    const web = config.role !== 'worker' ? await listen(makeApp(house), config) : undefined
    if (file) await house.jobs.reclaimAll() // the lock says that nobody else works on them
    const workers = config.role !== 'web' ? startWorkers(house.store, house.jobs, house.handlers) : undefined
    const timer = workers ? housekeeping(house) : undefined
    const took = Math.round(performance.now() - begun)
    console.log(web ? `Toadlane is at ${config.origin} (listening on ${config.host}:${config.port}, ${house.store.engine}, ready in ${took} ms)` : `Toadlane worker runs (${house.store.engine})`)
    const hint = await house.firstSteps()
    if (hint) console.log(hint)

    const signal = await new Promise<string>((done) => {
      for (const s of ['SIGTERM', 'SIGINT'] as const) process.once(s, () => done(s))
    })
    log.info('{signal}: finishing what runs', { signal })
    clearInterval(timer)
    const late = setTimeout(() => { log.warn('ended before everything had finished; what was queued goes on at the next start'); process.exit(0) }, STOP_WITHIN)
    late.unref()
    const closed = web ? new Promise<void>((done) => { web.close(() => done()); web.closeIdleConnections() }) : Promise.resolve()
    await Promise.all([closed, workers?.stop(STOP_WITHIN - 2 * SECOND)])
    return 0
  } finally {
    await house.close()
    unlock()
  }
}
