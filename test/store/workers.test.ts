import { Problem } from '../../src/kernel/errors.ts'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { pause } from '../../src/kernel/time.ts'
import { failure } from '../../src/store/failures.ts'
import { jobQueue, LEASE, type Job, type Jobs } from '../../src/store/jobs.ts'
import { openStore } from '../../src/store/open.ts'
import type { Store } from '../../src/store/store.ts'
import { storeTables } from '../../src/store/tables.ts'
import { GiveUp, PutOff, startWorkers, TryLater, type JobHandler, type WorkerOptions, type Workers } from '../../src/store/workers.ts'
import { engines } from '../engines.ts'
import { movingClock } from './clock.ts'
import { run as runProcess } from './process.ts'

describe.each(engines)('workers on $engine', ({ fresh, place }) => {
  let store: Store, jobs: Jobs, clock: ReturnType<typeof movingClock>
  const running: Workers[] = []
  beforeEach(async () => { store = await fresh(); clock = movingClock(); jobs = jobQueue(store, clock) })
  afterEach(async () => {
    for (const w of running.splice(0)) await w.stop()
    await store.close()
  })
  const add = (kind: string, ...payloads: unknown[]) => store.write((tx) => jobs.addMany(tx, kind, payloads.map((payload) => ({ payload }))))
  const start = (handlers: Record<string, JobHandler | JobHandler['run']>, options: WorkerOptions = {}, queue = jobs) => {
    const made = Object.fromEntries(Object.entries(handlers).map(([k, h]) => [k, typeof h === 'function' ? { concurrency: 4, run: h } : h]))
    const workers = startWorkers(store, queue, made, { poll: 10, ...options })
    running.push(workers)
    return workers
  }
  const until = async (f: () => boolean | Promise<boolean>) => { while (!await f()) await pause(5) }
  const rows = () => store.read.select().from(storeTables(store.kit).jobs)
  const empty = async () => (await rows()).length === 0

  test('run what is there and what comes, and take it out of the queue', async () => {
    const ran: unknown[] = []
    await add('a', 1, 2, 3)
    start({ a: async (job) => { ran.push(job.payload) } })
    await until(empty)
    await add('a', 4)
    await until(empty)
    expect(ran).toEqual([1, 2, 3, 4])
  })
  test('go on for ever, however the ends of jobs fall', async () => {
    let ran = 0
    start({ a: async () => { if (++ran % 3) await pause(ran % 4) } })
    for (let n = 1; n <= 150; n++) {
      await add('a', ...Array(n % 4).keys())
      await pause(n % 3)
    }
    await until(empty)
    expect(ran).toBe(225)
  })
  test('find what another process has added', async () => {
    const ran: unknown[] = []
    start({ a: async (job) => { ran.push(job.payload) } })
    await pause(30)
    await jobQueue(store, clock).add(store.auto, 'a', { payload: 1 }) // another queue: it does not nudge ours
    await until(empty)
    expect(ran).toEqual([1])
  })
  test('run as many side by side as the kind allows, each kind by itself', async () => {
    const now = { a: 0, b: 0 }, most = { a: 0, b: 0 }
    const work = (k: 'a' | 'b', concurrency: number): JobHandler => ({ concurrency, async run() { most[k] = Math.max(most[k], ++now[k]); await pause(5); now[k]-- } })
    await add('a', ...Array(30).keys())
    await add('b', ...Array(30).keys())
    start({ a: work('a', 3), b: work('b', 7) })
    await until(empty)
    expect(most).toEqual({ a: 3, b: 7 })
  })
  test('run those of one key in order, one at a time, without waiting for the next look', async () => {
    const order: Record<string, number[]> = { x: [], y: [], z: [] }
    const now = new Set<string>()
    await store.write((tx) => jobs.addMany(tx, 'a', Array.from({ length: 90 }, (_, n) => ({ payload: n, key: 'xyz'[n % 3]! }))))
    start({ a: async (job) => {
      expect(now).not.toContain(job.key)
      now.add(job.key!)
      await pause(1)
      order[job.key!]!.push(job.payload as number)
      now.delete(job.key!)
    } }, { poll: 60_000 }) // by polling alone this would take half an hour
    await until(empty)
    for (const [i, key] of ['x', 'y', 'z'].entries()) expect(order[key]).toEqual(Array.from({ length: 30 }, (_, n) => n * 3 + i))
  })
  test('try again by the schedule, and bury in the end, with the reason', async () => {
    const attempts: number[] = []
    await add('a', 1)
    start({ a: async (job) => { attempts.push(job.attempts); throw new Error(`refused ${job.attempts}`) } }, { retryAfter: [1000, 2000] })
    await until(() => attempts.length === 1)
    await until(async () => (await rows())[0]!.leased === null)
    expect((await rows())[0]).toMatchObject({ attempts: 1, cause: 'refused 1' })
    for (const n of [2, 3]) {
      clock.advance(3000)
      jobs.wake() // workers look at a standing queue every five seconds of their own time
      await until(() => attempts.length === n)
      await until(async () => !(await rows()).some((r) => r.leased !== null))
    }
    expect(attempts).toEqual([1, 2, 3])
    expect(await jobs.deadLetters()).toMatchObject([{ kind: 'a', payload: 1, attempts: 3, cause: 'refused 3' }])
  })
  test('heed GiveUp, PutOff and TryLater', async () => {
    const attempts: Record<string, number[]> = { never: [], later: [], off: [] }
    await add('a', 'never', 'later', 'off')
    start({ a: async (job) => {
      const name = job.payload as string
      attempts[name]!.push(job.attempts)
      if (name === 'never') throw new GiveUp('gone for good')
      if (attempts[name]!.length < 3) throw name === 'later' ? new TryLater(60_000, 'come back') : new PutOff(60_000, 'busy')
    } })
    for (const n of [1, 2, 3]) {
      await until(() => attempts.later!.length === n && attempts.off!.length === n)
      await until(async () => !(await rows()).some((r) => r.leased !== null))
      if (n < 3) expect(await rows()).toMatchObject([{ due: new Date(clock.now().getTime() + 60_000) }, { due: new Date(clock.now().getTime() + 60_000) }])
      clock.advance(60_000)
      jobs.wake()
    }
    await until(empty)
    expect(attempts).toEqual({ never: [1], later: [1, 2, 3], off: [1, 1, 1] })
    expect(await jobs.deadLetters()).toMatchObject([{ payload: 'never', cause: 'gone for good', attempts: 1 }])
  })
  test('a job that lost the race for its rows comes back soon, and its attempt does not count', async () => {
    const attempts: number[] = []
    await add('a', 1)
    start({ a: async (job) => { if (attempts.push(job.attempts) < 3) throw new Problem('busy', 'others change the same things', { status: 503 }) } }, { retryAfter: [] })
    for (const n of [1, 2]) {
      await until(() => attempts.length === n)
      await until(async () => !(await rows()).some((r) => r.leased !== null))
      clock.advance(2000)
      jobs.wake()
    }
    await until(empty)
    expect(attempts).toEqual([1, 1, 1])
    expect(await jobs.deadLetters()).toEqual([])
  })
  test('a poison job ends as a dead letter while the others go on', async () => {
    const ran: unknown[] = []
    await add('a', ...Array.from({ length: 50 }, (_, n) => n))
    start({ a: async (job) => { if (job.payload === 7) throw new TypeError('poison'); ran.push(job.payload) } }, { retryAfter: [] })
    await until(empty)
    expect(ran).toHaveLength(49)
    expect(await jobs.deadLetters()).toMatchObject([{ payload: 7, cause: 'poison' }])
  })
  test('a job that ends its process each time ends as a dead letter too', async () => {
    await add('a', 'bomb')
    for (let crash = 0; crash < 3; crash++) { await jobs.claim('a', 1); clock.advance(LEASE + 1) } // and nothing more is heard of it
    let ran = 0
    start({ a: async () => { ran++ } }, { retryAfter: [1, 1] })
    await until(empty)
    expect(ran).toBe(0)
    expect(await jobs.deadLetters()).toMatchObject([{ payload: 'bomb', cause: expect.stringContaining('the process ended') as string }])
  })
  test('stop waits for what runs, and claims no more', async () => {
    let began = 0, ended = 0
    await add('a', ...Array(20).keys())
    const workers = start({ a: { concurrency: 2, async run() { began++; await pause(30); ended++ } } })
    await until(() => began === 2)
    await workers.stop()
    expect([began, ended]).toEqual([2, 2])
    await pause(30)
    expect(began).toBe(2)
    expect((await rows()).filter((r) => r.leased !== null)).toEqual([])
    expect(await rows()).toHaveLength(18)
  })
  test('what does not end in time is told to, and goes back into the queue uncounted', async () => {
    let began = false
    await add('a', 1)
    const workers = start({ a: (_job, signal) => new Promise((_, fail) => { began = true; signal.addEventListener('abort', () => fail(new Error('stopping'))) }) })
    await until(() => began)
    await workers.stop(1)
    expect(await rows()).toMatchObject([{ payload: '1', attempts: 0, leased: null, due: clock.now() }])
  })
  test('an outage of the database loses nothing and doubles nothing', async () => {
    const down = new Set<string>()
    const gone = (what: string) => { if (down.has(what)) throw failure(Object.assign(new Error('no space'), { code: 'SQLITE_FULL' })) }
    const shaky: Jobs = {
      ...jobs,
      claim: async (...a) => { gone('claim'); return jobs.claim(...a) },
      done: async (...a) => { gone('done'); return jobs.done(...a) },
    }
    const ran: Job[] = []
    await add('a', 1)
    down.add('done')
    start({ a: async (job) => { ran.push(job) } }, {}, shaky)
    await until(() => ran.length === 1)
    down.add('claim')
    await add('a', 2)
    await pause(50)
    expect(await rows()).toHaveLength(2)
    down.clear()
    await until(empty)
    expect(ran.map((j) => j.payload)).toEqual([1, 2])
  })
  test('kill -9 of a worker in the middle of its work, three times: every job has run, none is lost', { timeout: 120_000 }, async () => {
    const at = await place()
    const own = await openStore(at, 'drizzle')
    const queue = jobQueue(own, { now: () => new Date() })
    const jobsTable = storeTables(own.kit).jobs
    await own.write((tx) => queue.addMany(tx, 'effect', Array.from({ length: 2000 }, (_, n) => ({ payload: n, key: n % 4 ? undefined : `key-${n % 40}` }))))
    for (let kills = 0; kills < 3; kills++) {
      const worker = runProcess('worker.process.ts', at)
      await worker.said('ran 200')
      worker.process.kill('SIGKILL')
      expect((await worker.ended).signal).toBe('SIGKILL')
      expect(await own.read.$count(jobsTable)).toBeGreaterThan(0)
      if (own.engine === 'postgres') await own.auto.update(jobsTable).set({ leased: new Date(0) }) // instead of waiting for the leases to run out
    }
    const last = runProcess('worker.process.ts', at)
    await last.said('empty')
    expect(await own.read.$count(jobsTable)).toBe(0)
    expect(await own.read.$count(storeTables(own.kit).deadLetters)).toBe(0)
    const ran = (await own.read.select().from(storeTables(own.kit).meta)).filter((r) => r.key.startsWith('ran-'))
    expect(ran).toHaveLength(2000)
    await own.close()
  })
})
