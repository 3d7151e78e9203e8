/** Budgets by key: a bucket that holds `burst` and fills by `perMinute`. In memory; forgets who has been quiet. */
import { LRUCache } from 'lru-cache'
import type { Rate } from '../fedi.ts'
import { MINUTE, type Clock } from '../../kernel/time.ts'

export function budget(clock: Clock, rate: Rate) {
  const kept = new LRUCache<string, { left: number; at: number }>({ max: 20_000 })
  const now = () => clock.now().getTime()
  function fill(key: string): { left: number; at: number } {
    const at = now()
    const old = kept.get(key)
    const left = old ? Math.min(rate.burst, old.left + (Math.max(0, at - old.at) / MINUTE) * rate.perMinute) : rate.burst
    const b = { left, at }
    kept.set(key, b)
    return b
  }
  return {
    /** Takes one; false when nothing is left. */
    take(key: string): boolean {
      const b = fill(key)
      if (b.left < 1) return false
      b.left--
      return true
    },
    /** Is nothing left? Takes nothing. */
    spent: (key: string): boolean => fill(key).left < 1,
  }
}
export type Budget = ReturnType<typeof budget>
