import { eq, sql } from 'drizzle-orm'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { DAY, MINUTE, pause } from '../../src/kernel/time.ts'
import { jobQueue, LEASE, RETRY_AFTER, retryDelay, type Job, type Jobs } from '../../src/store/jobs.ts'
import { openStore } from '../../src/store/open.ts'
import type { Store } from '../../src/store/store.ts'
import { storeTables } from '../../src/store/tables.ts'
import { engines } from '../engines.ts'
import { movingClock } from './clock.ts'

describe.each(engines)('jobs on $engine', ({ engine, fresh, place }) => {
  let store: Store, jobs: Jobs, clock: ReturnType<typeof movingClock>
  beforeEach(async () => { store = await fresh(); clock = movingClock(); jobs = jobQueue(store, clock) })
  afterEach(async () => { await store.close() })
  const add = (kind: string, ...list: { payload?: unknown; key?: string; due?: Date }[]) =>
    store.write((tx) => jobs.addMany(tx, kind, list.map((j, n) => ({ payload: j.payload ?? n, ...j }))))
  const payloads = (list: readonly Job[]) => list.map((j) => j.payload)
  const count = () => store.read.$count(storeTables(store.kit).jobs)

  test('a job comes back as it went in', async () => {
    const payload = { text: 'ß "🐸" \u0000 \\u0000 \u2028', list: [1, null, { a: true }] }
    await add('mail', { payload, key: 'a"🐸' })
    expect(await jobs.claim('mail', 9)).toEqual([{ id: 1, kind: 'mail', key: 'a"🐸', payload, attempts: 1, created: clock.now() }])
  })
  test('is made with its cause, or not at all', async () => {
    await store.write(async (tx) => { await jobs.add(tx, 'k', { payload: 1 }); throw new Error('no') }).catch(() => {})
    expect(await count()).toBe(0)
    await jobs.add(store.auto, 'k', { payload: 1 })
    await jobs.addMany(store.auto, 'k', [])
    expect(await count()).toBe(1)
  })
  test('is claimed once, in the order of making, by kind', async () => {
    await add('a', ...Array.from({ length: 5 }, (_, n) => ({ payload: n })))
    await add('b', { payload: 'other' })
    expect(payloads(await jobs.claim('a', 2))).toEqual([0, 1])
    expect(payloads(await jobs.claim('a', 9))).toEqual([2, 3, 4])
    expect(await jobs.claim('a', 9)).toEqual([])
    expect(await jobs.claim('b', 0)).toEqual([])
    expect(payloads(await jobs.claim('b', 9))).toEqual(['other'])
  })
  test('many at once are numbered in the order of the list', async () => {
    await add('a', ...Array.from({ length: 5000 }, (_, n) => ({ payload: n, key: n % 2 ? `k${n}` : undefined })))
    expect(payloads(await jobs.claim('a', 9999))).toEqual(Array.from({ length: 5000 }, (_, n) => n))
  })
  test('one for each key that a query finds, without passing through here', async () => {
    const { meta } = storeTables(store.kit)
    await store.write((tx) => tx.insert(meta).values(['c', 'a', 'b'].map((key) => ({ key, value: key === 'c' ? 'no' : 'yes' }))))
    await add('a', { payload: 'before', key: 'b' })
    const heard: unknown[] = []
    jobs.onAdded((kind) => heard.push(kind))
    await store.write((tx) => jobs.addForEach(tx, 'a', { it: 'ß' }, sql`select ${meta.key} from ${meta} where value = ${'yes'}`))
    const list = await jobs.claim('a', 9)
    expect(list).toMatchObject([{ payload: 'before', key: 'b' }, { payload: { it: 'ß' }, key: 'a', created: clock.now() }])
    await jobs.done([list[0]!.id])
    expect(await jobs.claim('a', 9)).toMatchObject([{ payload: { it: 'ß' }, key: 'b' }])
    expect(heard).toContain('a')
  })
  test('one that is due later waits', async () => {
    await add('a', { payload: 'later', due: new Date(clock.now().getTime() + MINUTE) }, { payload: 'now' })
    expect(payloads(await jobs.claim('a', 9))).toEqual(['now'])
    expect(await jobs.nextDue(['a', 'b'])).toEqual(new Date(clock.now().getTime() + MINUTE))
    clock.advance(MINUTE)
    expect(payloads(await jobs.claim('a', 9))).toEqual(['later'])
    expect(await jobs.nextDue(['a'])).toBeNull()
  })
  test('done is gone; with the transaction of its effect or not at all', async () => {
    await add('a', {}, {})
    const [one, two] = await jobs.claim('a', 9)
    await store.write(async (tx) => { await jobs.done([one!.id], tx); throw new Error('no') }).catch(() => {})
    expect(await count()).toBe(2)
    await jobs.done([one!.id, two!.id])
    await jobs.done([])
    expect(await count()).toBe(0)
  })
  test('a lease that runs out is claimed again; a renewed one is not', async () => {
    await add('a', { payload: 'left' }, { payload: 'kept' })
    const [left, kept] = await jobs.claim('a', 9)
    clock.advance(LEASE - 1)
    await jobs.renew([kept!.id])
    expect(await jobs.claim('a', 9)).toEqual([])
    clock.advance(2)
    const again = await jobs.claim('a', 9)
    expect(again).toEqual([{ ...left!, attempts: 2 }])
    expect(await jobs.nextDue(['a'])).toBeNull()
  })
  test('who has lost the lease can no longer put the job off or bury it', async () => {
    await add('a', {})
    const [first] = await jobs.claim('a', 1)
    clock.advance(LEASE + 1)
    const [second] = await jobs.claim('a', 1)
    await jobs.retry(first!, 0, 'late')
    await jobs.bury(first!, 'late')
    expect(await jobs.claim('a', 1)).toEqual([]) // still the second one's
    await jobs.retry(second!, 0, 'mine')
    expect(await jobs.claim('a', 1)).toHaveLength(1)
  })
  test('after a crash of the only process everything can be claimed at once', async () => {
    await add('a', {}, { key: 'k' }, { key: 'k' })
    await jobs.claim('a', 9)
    await jobs.reclaimAll()
    expect(payloads(await jobs.claim('a', 9))).toEqual([0, 1])
  })

  describe('of one key', () => {
    test('run one at a time, in their order, across kinds; others pass', async () => {
      await add('a', { payload: 1, key: 'x' }, { payload: 2, key: 'x' }, { payload: 'y', key: 'y' }, { payload: 'none' })
      await add('b', { payload: 3, key: 'x' })
      const first = await jobs.claim('a', 9)
      expect(payloads(first)).toEqual([1, 'y', 'none'])
      expect(await jobs.claim('b', 9)).toEqual([])
      await jobs.done([first[0]!.id])
      const second = await jobs.claim('a', 9)
      expect(payloads(second)).toEqual([2])
      await jobs.done([second[0]!.id])
      expect(payloads(await jobs.claim('b', 9))).toEqual([3])
    })
    test('wait for the first when it is put off, and follow it', async () => {
      await add('a', { payload: 1, key: 'x' }, { payload: 2, key: 'x' }, { payload: 3, key: 'x', due: new Date(clock.now().getTime() + DAY) })
      const [first] = await jobs.claim('a', 9)
      await jobs.retry(first!, MINUTE, 'refused')
      await add('a', { payload: 4, key: 'x' })
      expect(await jobs.claim('a', 9)).toEqual([])
      clock.advance(MINUTE)
      const again = await jobs.claim('a', 9)
      expect(again).toEqual([{ ...first!, attempts: 2 }])
      await jobs.done([first!.id])
      expect(payloads(await jobs.claim('a', 9))).toEqual([2])
    })
    test('go on when the first is buried', async () => {
      await add('a', { payload: 1, key: 'x' }, { payload: 2, key: 'x' })
      const [first] = await jobs.claim('a', 9)
      await jobs.bury(first!, 'gone')
      expect(payloads(await jobs.claim('a', 9))).toEqual([2])
    })
    test('are due now when their host has come back', async () => {
      await add('a', { payload: 1, key: 'x' }, { payload: 2, key: 'y' })
      for (const job of await jobs.claim('a', 9)) await jobs.retry(job, DAY, 'down')
      await jobs.hasten('x')
      expect(payloads(await jobs.claim('a', 9))).toEqual([1])
    })
  })

  describe('that failed', () => {
    test('come back after their delay; a put-off does not count', async () => {
      await add('a', {})
      const [first] = await jobs.claim('a', 1)
      await jobs.retry(first!, MINUTE, 'down', false)
      clock.advance(MINUTE - 1)
      expect(await jobs.claim('a', 1)).toEqual([])
      clock.advance(1)
      const [again] = await jobs.claim('a', 1)
      expect(again!.attempts).toBe(1)
      await jobs.retry(again!, 0, 'down')
      expect((await jobs.claim('a', 1))[0]!.attempts).toBe(2)
    })
    test('and are hopeless become dead letters, listed newest first and page by page', async () => {
      await add('a', { key: 'x', payload: { secret: 1 } }, {}, {})
      await add('b', {})
      for (const job of [...await jobs.claim('a', 9), ...await jobs.claim('b', 9)]) await jobs.bury(job, `gone ${job.id}`)
      expect(await count()).toBe(0)
      expect((await jobs.deadLetters()).map((d) => d.id)).toEqual([4, 3, 2, 1])
      expect((await jobs.deadLetters('a', undefined, 2)).map((d) => d.id)).toEqual([3, 2])
      expect(await jobs.deadLetters('a', 2, 2)).toEqual([{ id: 1, kind: 'a', key: 'x', payload: { secret: 1 }, attempts: 1, created: clock.now(), died: clock.now(), cause: 'gone 1' }])
    })
    test('are replayed with all attempts before them, behind what waits', async () => {
      await add('a', { payload: 1, key: 'x' }, { payload: 2, key: 'x' })
      const [first] = await jobs.claim('a', 1)
      await jobs.bury(first!, 'gone')
      const [second] = await jobs.claim('a', 1)
      await jobs.replay(first!.id)
      expect(await jobs.claim('a', 1)).toEqual([]) // 2 is running, and the key runs one at a time
      await jobs.done([second!.id])
      expect(await jobs.claim('a', 1)).toMatchObject([{ payload: 1, attempts: 1, created: first!.created }])
      await expect(jobs.replay(first!.id)).rejects.toMatchObject({ code: 'not-found', status: 404 })
      expect(await jobs.deadLetters()).toEqual([])
    })
    test('and died long ago are forgotten', async () => {
      await add('a', {}, {})
      const [one, two] = await jobs.claim('a', 2)
      await jobs.bury(one!, 'x')
      clock.advance(DAY)
      await jobs.bury(two!, 'x')
      expect(await jobs.forget(clock.now())).toBe(1)
      expect((await jobs.deadLetters()).map((d) => d.id)).toEqual([two!.id])
    })
  })

  test('the depth by kind', async () => {
    await add('a', {}, {}, { due: new Date(clock.now().getTime() + MINUTE) })
    await add('b', {})
    await jobs.claim('a', 1)
    await jobs.bury((await jobs.claim('b', 1))[0]!, 'x')
    expect(await jobs.depth()).toEqual([
      { kind: 'a', waiting: 1, delayed: 1, running: 1, oldest: clock.now(), dead: 0 },
      { kind: 'b', waiting: 0, delayed: 0, running: 0, oldest: null, dead: 1 },
    ])
  })
  test('listeners hear of jobs after their commit, with the kind', async () => {
    const heard: (string | undefined)[] = []
    const stop = jobs.onAdded((kind) => heard.push(kind))
    await store.write(async (tx) => { await jobs.add(tx, 'a', { payload: 1 }); expect(heard).toEqual([]) })
    await store.write(async (tx) => { await jobs.add(tx, 'b', { payload: 1 }); throw new Error('no') }).catch(() => {})
    expect(heard).toEqual(['a'])
    stop()
    await jobs.add(store.auto, 'a', { payload: 1 })
    expect(heard).toEqual(['a'])
  })

  test('any interleaving keeps the order of each key, runs nothing twice at once and loses nothing', async () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant('add' as const), key: fc.constantFrom('x', 'y', undefined), later: fc.boolean() }),
      fc.record({ do: fc.constant('claim' as const), n: fc.integer({ min: 1, max: 3 }) }),
      fc.record({ do: fc.constantFrom('done' as const, 'retry' as const, 'put off' as const, 'bury' as const, 'renew' as const), which: fc.nat(9) }),
      fc.record({ do: fc.constant('replay' as const), which: fc.nat(9) }),
      fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(1, 1000, LEASE + 1) }),
    )
    await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60 }), async (steps) => {
      const { jobs: t, deadLetters } = storeTables(store.kit)
      await store.write(async (tx) => { await tx.delete(t); await tx.delete(deadLetters) })
      let made = 0
      const finished = new Set<number>()
      /** Claims that somebody holds, newest last; a claim that has run out stays here: its holder does not know. */
      const claims: { job: Job; until: number }[] = []
      const now = () => clock.now().getTime()
      const held = () => claims.filter((c) => c.until > now() && claims.findLast((d) => d.job.id === c.job.id) === c)
      for (const s of steps) {
        if (s.do === 'add') await add('k', { payload: made++, key: s.key, due: s.later ? new Date(now() + 1000) : undefined })
        else if (s.do === 'wait') clock.advance(s.ms)
        else if (s.do === 'claim') {
          const before = held()
          for (const job of await jobs.claim('k', s.n)) {
            expect(before.map((c) => c.job.id)).not.toContain(job.id) // nobody else works on it
            if (job.key !== null) {
              expect(held().filter((c) => c.job.key === job.key)).toEqual([]) // nor on another of its key
              const [first] = (await store.read.select().from(t)).filter((r) => r.key === job.key).sort((a, b) => a.id - b.id)
              expect(first!.id).toBe(job.id) // and it is the oldest
            }
            claims.push({ job, until: now() + LEASE })
          }
        } else if (s.do === 'replay') {
          const dead = await jobs.deadLetters()
          if (dead.length) await jobs.replay(dead[s.which % dead.length]!.id)
        } else if (claims.length) {
          const [claim] = claims.splice(s.which % claims.length, 1)
          const { job } = claim!
          if (s.do === 'done') { await jobs.done([job.id]); finished.add(job.payload as number) }
          if (s.do === 'retry') await jobs.retry(job, 500, 'x')
          if (s.do === 'put off') await jobs.retry(job, 500, 'x', false)
          if (s.do === 'bury') await jobs.bury(job, 'x')
          if (s.do === 'renew') { if (claim!.until > now()) { await jobs.renew([job.id]); claim!.until = now() + LEASE } claims.push(claim!) }
        }
      }
      const left = [...(await store.read.select().from(t)), ...(await store.read.select().from(deadLetters))].map((r) => JSON.parse(r.payload) as number)
      const all = Array.from({ length: made }, (_, n) => n)
      expect([...new Set([...left, ...finished])].sort((a, b) => a - b)).toEqual(all)
      expect(new Set(left).size).toBe(left.length) // and doubles nothing
    }), { numRuns: engine === 'sqlite' ? 150 : 40 })
  }, 120_000)

  test('two claimers at the same time never get the same job, nor two of one key', async () => {
    const at = await place()
    const stores = await Promise.all([openStore(at, 'drizzle'), openStore(at, 'drizzle')])
    const [first, ...rest] = stores.map((s) => jobQueue(s, clock))
    const all = [first!, ...rest]
    await stores[0].write((tx) => first!.addMany(tx, 'k', Array.from({ length: 600 }, (_, n) => ({ payload: n, key: n % 3 ? undefined : `key-${n % 15}` }))))
    const seen: number[] = []
    const running = new Set<string>()
    const claimer = async (queue: Jobs) => {
      for (let idle = 0; idle < 5;) {
        const list = await queue.claim('k', 7)
        for (const j of list) {
          if (j.key !== null) { expect(running).not.toContain(j.key); running.add(j.key) }
          seen.push(j.payload as number)
        }
        idle = list.length ? 0 : idle + 1
        for (const j of list) if (j.key !== null) running.delete(j.key)
        await queue.done(list.map((j) => j.id))
      }
    }
    await Promise.all([...all, ...all].map(claimer))
    expect(seen.sort((a, b) => a - b)).toEqual(Array.from({ length: 600 }, (_, n) => n))
    for (const s of stores) await s.close()
  })

  test('adding behind a job while another process takes that one out loses nothing', async () => {
    const at = await place()
    const stores = await Promise.all([openStore(at, 'drizzle'), openStore(at, 'drizzle')])
    const [here, there] = stores.map((s) => jobQueue(s, clock)) as [Jobs, Jobs]
    const done: number[] = []
    const adder = async (from: number) => {
      for (let n = from; n < from + 100; n++) {
        // a transaction that takes its time: what is taken out meanwhile, it does not see
        await stores[0].write(async (tx) => { await here.add(tx, 'k', { payload: n, key: `key-${n % 2}` }); await pause(n % 5) })
      }
    }
    const finisher = async () => {
      while (done.length < 300) {
        const list = await there.claim('k', 5)
        await there.done(list.map((j) => j.id))
        done.push(...list.map((j) => j.payload as number))
      }
    }
    await Promise.all([adder(0), adder(100), adder(200), finisher(), finisher()])
    expect(done.sort((a, b) => a - b)).toEqual(Array.from({ length: 300 }, (_, n) => n))
    for (const s of stores) await s.close()
  })
  test('a thousand behind a dead host are not looked at', async () => {
    const { jobs: t } = storeTables(store.kit)
    await add('a', ...Array.from({ length: 1000 }, (_, n) => ({ payload: n, key: 'dead' })))
    await add('a', { payload: 'late', key: 'dead' })
    expect(await store.read.$count(t, eq(t.behind, false))).toBe(1)
    const [head] = await jobs.claim('a', 5)
    await jobs.retry(head!, DAY, 'down')
    expect(await jobs.nextDue(['a'])).toEqual(new Date(clock.now().getTime() + DAY))
    await jobs.bury(head!, 'x')
    expect(await store.read.$count(t, eq(t.behind, false))).toBe(1)
    for (let n = 1; n < 5; n++) {
      let list = await jobs.claim('a', 5)
      while (!list.length) list = await jobs.claim('a', 5) // on PostgreSQL the next one steps forward after the commit
      expect(payloads(list)).toEqual([n])
      await store.write((tx) => jobs.done([list[0]!.id], tx))
    }
  })
})

test('retries take three days and a bit, spread by a fifth each way, then end', () => {
  const all = (random: () => number) => RETRY_AFTER.map((_, n) => retryDelay(n + 1, random)!)
  const sum = (list: number[]) => list.reduce((a, b) => a + b, 0)
  expect(sum(all(() => 0.5)) / DAY).toBeGreaterThan(3)
  expect(sum(all(() => 0.5)) / DAY).toBeLessThan(4)
  for (const [n, base] of RETRY_AFTER.entries()) {
    expect(retryDelay(n + 1, () => 0)).toBe(Math.round(base * 0.8))
    expect(retryDelay(n + 1, () => 0.999999)).toBeLessThanOrEqual(base * 1.2)
  }
  expect(all(() => 0.5)).toEqual([...all(() => 0.5)].sort((a, b) => a - b))
  expect(retryDelay(RETRY_AFTER.length + 1)).toBeUndefined()
  expect(retryDelay(2, () => 0.5, [1, 2])).toBe(2)
})
