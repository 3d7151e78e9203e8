/**
 * Runs the queue: claims in batches, runs handlers side by side, deletes what succeeded in batches.
 * A handler that throws is retried by the schedule; `PutOff` comes back without counting; `GiveUp` is a dead letter at once.
 */
import { getLogger } from '@logtape/logtape'
import { safeReason } from '../kernel/errors.ts'
import { pause, SECOND } from '../kernel/time.ts'
import { retryDelay, type Job, type Jobs } from './jobs.ts'
import type { Store } from './store.ts'

const log = getLogger(['toadlane', 'jobs'])

/** Not now: due again after `delay` ms, and the attempt does not count (an open circuit, a busy host). */
export class PutOff extends Error {
  readonly delay: number
  constructor(delay: number, why: string) { super(why); this.name = 'PutOff'; this.delay = delay }
}
/** Failed, and the other side said when to come back: due again after `delay` ms, and the attempt counts. */
export class TryLater extends Error {
  readonly delay: number
  constructor(delay: number, why: string) { super(why); this.name = 'TryLater'; this.delay = delay }
}
/** Never again: a dead letter at once. */
export class GiveUp extends Error {
  constructor(why: string) { super(why); this.name = 'GiveUp' }
}

export interface JobHandler {
  /** How many of this kind run side by side in this process. */
  concurrency: number
  /** Runs one job. Must be idempotent. */
  run(job: Job, signal: AbortSignal): Promise<void>
}

export interface Workers { /** Stops claiming and waits for what runs, up to `ms`; what is left stays in the queue. */ stop(ms?: number): Promise<void> }

export function startWorkers(store: Store, jobs: Jobs, handlers: Readonly<Record<string, JobHandler>>, poll = 200): Workers {
  const stopping = new AbortController() // no more claims
  const killing = new AbortController() // handlers should end
  const running = new Map<number, Job>()
  let finished: number[] = []
  let flushing: Promise<void> | undefined
  let nudge = () => {}

  const flush = (): Promise<void> => (flushing ??= (async () => {
    try {
      while (finished.length) {
        const batch = finished.splice(0, 500)
        await jobs.done(batch).catch((e: unknown) => log.error('finished jobs stay in the queue: {reason}', { reason: safeReason(e) }))
      }
    } finally { flushing = undefined }
  })())

  async function settle(job: Job, e: unknown): Promise<void> {
    const reason = safeReason(e)
    if (e instanceof PutOff) return jobs.retry(job, e.delay, reason, false)
    const delay = e instanceof GiveUp ? undefined : retryDelay(job.attempts)
    if (delay === undefined) {
      log.warn('{kind} {id} is given up after {attempts} attempts: {reason}', { kind: job.kind, id: job.id, attempts: job.attempts, reason })
      return jobs.bury(job, reason)
    }
    log.debug('{kind} {id} failed ({reason}), again later', { kind: job.kind, id: job.id, reason })
    return jobs.retry(job, e instanceof TryLater ? Math.max(e.delay, 1) : delay, reason)
  }

  async function work(job: Job, handler: JobHandler): Promise<void> {
    try {
      await handler.run(job, killing.signal)
      finished.push(job.id)
      setImmediate(() => void flush())
    } catch (e) {
      await settle(job, e).catch((x: unknown) => log.error('{kind} {id} keeps its lease until it runs out: {reason}', { kind: job.kind, id: job.id, reason: safeReason(x) }))
    } finally { running.delete(job.id) }
  }

  async function loop(kind: string, handler: JobHandler): Promise<void> {
    let busy = 0
    let seen: number | undefined
    let nudged = true
    let wake = () => {}
    const asked = () => { nudged = true; wake() }
    const before = nudge
    nudge = () => { before(); asked() }
    let nextLook = 0
    while (!stopping.signal.aborted) {
      try {
        const version = await store.version()
        // Nothing was committed since the last look and nothing falls due: an idle instance costs one pragma a tick.
        if (nudged || version === undefined || version !== seen || Date.now() >= nextLook) {
          nudged = false
          seen = version
          const list = await jobs.claim(kind, handler.concurrency - busy)
          for (const job of list) {
            busy++
            running.set(job.id, job)
            void work(job, handler).finally(() => { busy--; asked() })
          }
          nextLook = Date.now() + 5 * SECOND
          if (list.length) continue
          const due = await jobs.nextDue([kind])
          if (due) nextLook = Math.min(nextLook, Math.max(due.getTime(), Date.now() + poll))
        }
      } catch (e) {
        log.error('cannot claim {kind}: {reason}', { kind, reason: safeReason(e) })
        await pause(SECOND, stopping.signal)
      }
      if (nudged && busy < handler.concurrency) continue
      await new Promise<void>((done) => { wake = done; setTimeout(done, poll) })
    }
  }

  const unlisten = jobs.onAdded(() => nudge())
  const loops = Object.entries(handlers).map(([kind, handler]) => loop(kind, handler))
  const heartbeat = setInterval(() => { jobs.renew([...running.keys()]).catch(() => {}) }, 20 * SECOND)
  return {
    async stop(ms = 8 * SECOND) {
      stopping.abort()
      unlisten()
      nudge()
      await Promise.all(loops)
      const until = Date.now() + ms
      while (running.size && Date.now() < until) await pause(20)
      killing.abort()
      clearInterval(heartbeat)
      await flush()
      await flush()
    },
  }
}
