import fc from 'fast-check'
import { expect, test } from 'vitest'
import { momentOf } from '../../src/kernel/time.ts'

test('a moment is one of the years 1 to 9999, whatever number comes', () => {
  fc.assert(fc.property(fc.oneof(fc.double(), fc.integer(), fc.maxSafeInteger()), (ms) => {
    const at = momentOf(ms)
    if (at) expect([at.getTime() === Math.trunc(ms), /^\d{4}-/.test(at.toISOString()), at.getUTCFullYear() > 0]).toEqual([true, true, true])
  }))
  expect([momentOf(Date.UTC(9999, 11, 31)), momentOf(0), momentOf(Date.parse('0001-01-01T00:00:00Z'))].every(Boolean)).toBe(true)
  expect([Date.UTC(10_000, 0), Date.parse('0000-12-31T00:00:00Z'), -8.64e15, 8.64e15, 1e300, NaN, Infinity].map(momentOf).every((m) => m === undefined)).toBe(true)
})
