import type { Clock } from '../../src/kernel/time.ts'

/** A clock that stands until it is moved. */
export function movingClock(start = '2026-11-14T09:00:00.000Z'): Clock & { advance(ms: number): void } {
  let at = Date.parse(start)
  return { now: () => new Date(at), advance(ms) { at += ms } }
}
