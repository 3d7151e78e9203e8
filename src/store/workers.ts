/**
 * Runs the queue: claims in batches, runs handlers side by side, deletes what succeeded in batches.
 * A handler that throws is retried by the schedule; `PutOff` comes back without counting; `GiveUp` is a dead letter at once.
 */
import { getLogger } from '@logtape/logtape'
import { Problem, safeReason } from '../kernel/errors.ts'
import { pause, SECOND } from '../kernel/time.ts'
import { RETRY_AFTER, retryDelay, type Job, type Jobs } from './jobs.ts'
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
  /** What a dead letter keeps of the payload: for what must not outlive its job. Default: all of it. */
  remains?(payload: unknown): unknown
  /**
   * Runs one job. Must be idempotent. `signal` says that the process is ending: who stops then is not counted as failed.
   * Gives `done` where it has taken the job out of the queue itself, in the transaction of its effect.
   */
  run(job: Job, signal: AbortSignal): Promise<void | 'done'>
}

export interface WorkerOptions {
  /** How often other processes' jobs are looked for, in ms. */
  poll?: number
  /** The waits before attempts 2, 3, … in ms. */
  retryAfter?: readonly number[]
}

export interface Workers { /** Stops claiming and waits for what runs, up to `ms`; what is left stays in the queue. */ stop(ms?: number): Promise<void> }

/** Says once that something fails and once that it works again, not each second of an outage. */
function outage(what: string) {
  let since: string | undefined
  return {
    failed(e: unknown): void {
      const reason = safeReason(e)
      if (reason !== since) log.error('{what}: {reason}', { what, reason })
      since = reason
    },
    works(): void {
      if (since !== undefined) log.info('{what}: works again', { what })
      since = undefined
    },
  }
}

/** Deletes finished jobs, many at a time. What cannot be deleted now stays claimed and is tried again. */
function finisher(jobs: Jobs, deleted: (batch: readonly Job[]) => void) {
  const finished: Job[] = []
  const trouble = outage('finished jobs cannot be taken out of the queue')
  let flushing: Promise<void> | undefined
  let again: NodeJS.Timeout | undefined
  async function run(): Promise<void> {
    try {
      while (finished.length) {
        const batch = finished.slice(0, 500)
        await jobs.done(batch.map((j) => j.id))
        finished.splice(0, batch.length)
        trouble.works()
        deleted(batch)
      }
    } catch (e) {
      trouble.failed(e)
      again ??= setTimeout(() => { again = undefined; void flush() }, SECOND)
    } finally { flushing = undefined }
  }
  // With nothing to do `run` would end, and clear `flushing`, before it is set: it would stay set for ever.
  const flush = (): Promise<void> => (finished.length ? (flushing ??= run()) : Promise.resolve())
  return {
    add(job: Job): void { finished.push(job); setImmediate(() => void flush()) },
    async end(): Promise<void> {
      while (flushing) await flushing
      await flush()
      clearTimeout(again)
    },
  }
}

export function startWorkers(store: Store, jobs: Jobs, handlers: Readonly<Record<string, JobHandler>>, options: WorkerOptions = {}): Workers {
  const { poll = 200, retryAfter = RETRY_AFTER } = options
  const stopping = new AbortController() // no more claims
  const killing = new AbortController() // handlers should end
  /** Claimed and not yet out of the queue: their leases are renewed. */
  const held = new Map<number, Job>()
  let busyAll = 0
  const nudges = new Map<string, () => void>()
  const nudge = (kind?: string) => { for (const [k, f] of nudges) if (kind === undefined || k === kind) f() }
  const finished = finisher(jobs, (batch) => {
    for (const job of batch) held.delete(job.id)
  })

  async function settle(job: Job, handler: JobHandler, e: unknown): Promise<void> {
    const reason = safeReason(e)
    if (killing.signal.aborted) return jobs.retry(job, 0, `stopped: ${reason}`, false)
    if (e instanceof PutOff) return jobs.retry(job, e.delay, reason, false)
    // Others were quicker at the same rows, time and again: nothing is wrong with the job.
    if (e instanceof Problem && e.code === 'busy') return jobs.retry(job, Math.round(SECOND * (0.1 + Math.random())), reason, false)
    const delay = e instanceof GiveUp ? undefined : retryDelay(job.attempts, Math.random, retryAfter)
    if (delay === undefined) {
      log.warn('{kind} {id} is given up after {attempts} attempts: {reason}', { kind: job.kind, id: job.id, attempts: job.attempts, reason })
      await jobs.bury(handler.remains ? { ...job, payload: handler.remains(job.payload) } : job, reason)
      return
    }
    log.debug('{kind} {id} failed ({reason}), again later', { kind: job.kind, id: job.id, reason })
    return jobs.retry(job, e instanceof TryLater ? Math.max(e.delay, 1) : delay, reason)
  }

  async function work(job: Job, handler: JobHandler): Promise<void> {
    try {
      // Each claim counts, so a job that takes its process down with it comes to an end too.
      if (job.attempts > retryAfter.length + 1) throw new GiveUp('the process ended each time it ran this job')
      if (await handler.run(job, killing.signal) === 'done') held.delete(job.id)
      else finished.add(job)
    } catch (e) {
      await settle(job, handler, e).catch((x: unknown) => log.error('{kind} {id} keeps its lease until it runs out: {reason}', { kind: job.kind, id: job.id, reason: safeReason(x) }))
      held.delete(job.id)
    }
  }

  async function loop(kind: string, handler: JobHandler): Promise<void> {
    const trouble = outage(`jobs of kind ${kind} cannot be claimed`)
    let busy = 0
    let seen: number | undefined
    let nudged = true
    let nextLook = 0
    let wake = () => {}
    const asked = () => { nudged = true; wake() }
    nudges.set(kind, asked)
    const free = () => handler.concurrency - busy
    const batch = Math.max(1, handler.concurrency >> 2)
    /** Many are claimed in one statement; a single free place can wait for its neighbours, or for the next tick. */
    const worthIt = () => busy === 0 || free() >= batch
    let ticked = false

    /** Claims and starts what fits; false when there was nothing to do. */
    async function look(): Promise<boolean> {
      const version = await store.version()
      // Nothing was committed since the last look and nothing falls due: an idle instance costs one pragma a tick.
      if (!nudged && version !== undefined && version === seen && Date.now() < nextLook) return false
      nudged = false
      seen = version
      const list = await jobs.claim(kind, free())
      for (const job of list) {
        busy++
        busyAll++
        held.set(job.id, job)
        void work(job, handler).finally(() => {
          busy--
          busyAll--
          if (worthIt()) asked()
        })
      }
      if (list.length) return true
      const due = await jobs.nextDue([kind])
      const wait = due ? due.getTime() - jobs.clock.now().getTime() : Infinity
      nextLook = Date.now() + Math.min(Math.max(wait, poll), 5 * SECOND)
      return false
    }

    while (!stopping.signal.aborted) {
      try {
        const now = free() > 0 && (ticked || worthIt())
        if (now) ticked = false
        if (now && await look()) continue
        trouble.works()
      } catch (e) {
        trouble.failed(e)
        await pause(SECOND, stopping.signal)
        nudged = true
        continue
      }
      if (nudged && worthIt()) continue
      await new Promise<void>((done) => {
        const timer = setTimeout(() => { ticked = true; done() }, poll)
        wake = () => { clearTimeout(timer); done() }
      })
    }
  }

  const unlisten = jobs.onAdded(nudge)
  const loops = Object.entries(handlers).map(([kind, handler]) => loop(kind, handler))
  const heart = outage('leases cannot be renewed')
  const heartbeat = setInterval(() => {
    Promise.all([jobs.renew([...held.keys()]), store.engine === 'postgres' ? jobs.tend() : undefined]).then(heart.works, heart.failed)
  }, 20 * SECOND)
  return {
    async stop(ms = 8 * SECOND) {
      stopping.abort()
      unlisten()
      nudge()
      await Promise.all(loops)
      for (const until = Date.now() + ms; busyAll > 0 && Date.now() < until;) await pause(10)
      killing.abort()
      for (const until = Date.now() + SECOND; busyAll > 0 && Date.now() < until;) await pause(10)
      await finished.end()
      clearInterval(heartbeat)
    },
  }
}
