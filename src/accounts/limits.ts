/** Guessing passwords must be slow; being locked out by a stranger's guesses must not happen where one usually signs in. */
import { createHash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { MINUTE, type Clock } from '../kernel/time.ts'
import { TooMany } from '../web/errors.tsx'

const WINDOW = 15 * MINUTE
/** Tries in a window: from one address whatever the account, and for one account wherever from. */
export const TRIES = { address: 30, account: 10 } as const

interface Count { tries: number; until: number }

/**
 * Counts in memory (a restart forgets; each web process counts for itself). Account names are kept only as hashes.
 * An address that has signed in to an account before has a count of its own for it, which nobody else can use up.
 */
export function signInLimits(clock: Clock) {
  const counts = new LRUCache<string, Count>({ max: 50_000 })
  const known = new LRUCache<string, true>({ max: 10_000 })
  const short = (text: string): string => createHash('sha256').update(text).digest('base64url').slice(0, 22)
  const keys = (address: string, email: string) => {
    const account = short(email.trim().toLowerCase())
    const pair = `${account} ${address}`
    return { pair, list: [['address', `from ${address}`], ['account', known.has(pair) ? `known ${pair}` : `for ${account}`]] as const }
  }
  const read = (key: string): Count => {
    const now = clock.now().getTime()
    const count = counts.get(key)
    return count && count.until > now ? count : { tries: 0, until: now + WINDOW }
  }
  return {
    /** Counts one try before the password is looked at (so that many at once cannot slip through). Throws TooMany. */
    attempt(address: string, email: string): void {
      const { list } = keys(address, email)
      for (const [kind, key] of list) {
        const count = read(key)
        if (count.tries >= TRIES[kind]) throw new TooMany((count.until - clock.now().getTime()) / 1000)
      }
      for (const [, key] of list) {
        const count = read(key)
        counts.set(key, { ...count, tries: count.tries + 1 })
      }
    },
    /** The password was right: the account's count starts again, and the address is known from now on. */
    succeeded(address: string, email: string): void {
      const { pair, list } = keys(address, email)
      for (const [kind, key] of list) {
        const count = read(key)
        counts.set(key, { ...count, tries: kind === 'account' ? 0 : Math.max(0, count.tries - 1) })
      }
      known.set(pair, true)
    },
  }
}
export type SignInLimits = ReturnType<typeof signInLimits>

/** Passwords looked at side by side, and how many more may stand in line. */
const PARALLEL = 2, WAITING = 40

/**
 * Each look at a password takes 32 MB and a tenth of a second of a core, on purpose. Under a flood from many addresses the line
 * is kept short and the rest is told to come back (TooMany), so that pages go on being served.
 */
export function gate() {
  let running = 0
  const line: (() => void)[] = []
  return async <R>(work: () => Promise<R>): Promise<R> => {
    if (running >= PARALLEL) {
      if (line.length >= WAITING) throw new TooMany(10, 'many people are signing in just now')
      await new Promise<void>((go) => line.push(go)) // whoever ends hands its place over
    } else running++
    try { return await work() } finally {
      const next = line.shift()
      if (next) next()
      else running--
    }
  }
}
