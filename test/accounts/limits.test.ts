import { expect, test } from 'vitest'
import { gate, signInLimits, TRIES } from '../../src/accounts/limits.ts'
import { TooMany } from '../../src/web/errors.tsx'

test('the gate: two at a time, the rest in line, too many are told to come back; a failure gives its place free', async () => {
  const inTurn = gate()
  let at = 0, most = 0
  const work = async (fail: boolean) => {
    most = Math.max(most, ++at)
    await new Promise((done) => setTimeout(done, 5))
    at--
    if (fail) throw new Error('wrong')
    return 'right'
  }
  const results = await Promise.allSettled(Array.from({ length: 50 }, (_, n) => inTurn(() => work(n % 3 === 0))))
  const refused = results.filter((r) => r.status === 'rejected' && r.reason instanceof TooMany)
  expect([most, at, refused.length]).toEqual([2, 0, 8])
  expect(await inTurn(() => work(false))).toBe('right')
})

test('tries count before the answer is known, in parallel too, and one account\'s trouble is not another\'s', () => {
  let now = 0
  const limits = signInLimits({ now: () => new Date(now) })
  const tries = (address: string, email: string, times: number) => { let passed = 0; for (let n = 0; n < times; n++) try { limits.attempt(address, email); passed++ } catch { /* refused */ } return passed }
  expect(tries('a', 'ada@x.example', 20)).toBe(TRIES.account)
  expect(tries('b', 'ADA@x.example ', 1)).toBe(0)
  expect(tries('b', 'eve@x.example', 1)).toBe(1)
  expect(tries('a', 'eve@x.example', 1)).toBe(1)
  now += 15 * 60_000 + 1
  expect(tries('b', 'ada@x.example', 1)).toBe(1)
  limits.succeeded('b', 'ada@x.example')
  expect(tries('z', 'ada@x.example', 20)).toBe(TRIES.account)
  expect(tries('b', 'ada@x.example', 20)).toBe(TRIES.account)
})
