/**
 * Which transaction the running code stands in. It follows the call (AsyncLocalStorage), so that a service may call another
 * without handing anything on; what outlives its transaction fails loudly instead of landing in somebody else's.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { getLogger } from '@logtape/logtape'
import { Problem, safeReason } from '../kernel/errors.ts'
import { isLostRace, Misuse } from './failures.ts'
import type { Db, WriteOptions } from './store.ts'

const log = getLogger(['toadlane', 'store'])
/** No write lasts longer, in ms: whatever waits for the network inside one would stop the whole instance. */
export const WRITE_LIMIT = 30_000

export interface Running<C> {
  connection: C
  /** False from its end on. */
  open: boolean
  /** One for the transaction and all its savepoints: when it is over, none of them may touch the connection any more. */
  life: { over: boolean }
  /** 0 for the transaction itself, then its savepoints. */
  depth: number
  /** A statement in it failed: PostgreSQL takes no other one, so SQLite must not either. */
  doomed: unknown
  /** Lost a race anywhere inside: the whole must run again, even where somebody caught the error. */
  lost: unknown
  /** What to call once it is committed. */
  hooks: (() => void)[]
  /** Nested writes take turns: savepoints are a stack. */
  turn: Promise<unknown>
}

const ended = () => new Misuse('this code was started inside a transaction that has ended; await it, or start it outside')
/** What a write ends with when a statement of it failed, whoever caught that. An outage stays the outage. */
const failedBefore = (cause: unknown) => (cause instanceof Problem ? cause : new Misuse('a statement of this write has failed before, so nothing of it can be kept', { cause }))

/** `db` is what `fn` gets. `savepoint` runs SAVEPOINT, RELEASE and ROLLBACK TO on the connection. */
export function transactions<C>(db: () => Db, savepoint: (connection: C, text: string) => unknown) {
  const local = new AsyncLocalStorage<Running<C>>()

  const current = (): Running<C> | undefined => {
    const now = local.getStore()
    if (now && (!now.open || now.life.over)) throw ended()
    return now
  }

  async function inside<T>(mine: Running<C>, fn: (tx: Db) => Promise<T>): Promise<T> {
    try {
      const result = await local.run(mine, async () => await fn(db())) // a query that is returned begins when it is awaited: in here
      if (mine.doomed !== undefined) throw failedBefore(mine.doomed)
      await mine.turn // a nested write that nobody waited for
      return result
    } finally { mine.open = false }
  }

  const running = (connection: C, life: { over: boolean }, depth: number): Running<C> =>
    ({ connection, open: true, life, depth, doomed: undefined, lost: undefined, hooks: [], turn: Promise.resolve() })

  return {
    current,
    /** Runs `fn` in the transaction that the caller has begun on `connection`; gives its result and what to call after COMMIT. */
    async run<T>(connection: C, fn: (tx: Db) => Promise<T>, options: WriteOptions = {}): Promise<{ result: T; committed: () => void }> {
      const mine = running(connection, { over: false }, 0)
      const limit = options.limit ?? WRITE_LIMIT
      let timer: NodeJS.Timeout | undefined
      const late = new Promise<never>((_, fail) => {
        if (limit === Infinity) return
        timer = setTimeout(() => {
          mine.life.over = true
          fail(new Problem('write-too-long', `a write was given up after ${limit} ms: nothing was changed`, { status: 503 }))
        }, limit)
      })
      try {
        const result = await Promise.race([inside(mine, fn), late])
        if (mine.lost !== undefined) throw mine.lost
        return { result, committed: () => local.exit(() => { for (const hook of mine.hooks) call(hook) }) }
      } catch (e) {
        throw mine.lost ?? e
      } finally {
        mine.life.over = true
        clearTimeout(timer)
      }
    },
    /** A write inside a write: a savepoint, so that a failure that is caught leaves nothing of the inner one. */
    nested<T>(outer: Running<C>, fn: (tx: Db) => Promise<T>): Promise<T> {
      const mine = running(outer.connection, outer.life, outer.depth + 1)
      const name = `nested_${mine.depth}`
      const say = (text: string): unknown => {
        if (!outer.open || outer.life.over) throw ended()
        return savepoint(outer.connection, text)
      }
      const turn = outer.turn.then(async () => {
        if (outer.doomed !== undefined) throw failedBefore(outer.doomed)
        await say(`savepoint ${name}`)
        try {
          const result = await inside(mine, fn)
          await say(`release savepoint ${name}`)
          outer.hooks.push(...mine.hooks)
          return result
        } catch (e) {
          outer.lost ??= mine.lost ?? (isLostRace(e) ? e : undefined)
          if (!outer.life.over) {
            await say(`rollback to savepoint ${name}`)
            await say(`release savepoint ${name}`)
          }
          throw e
        }
      })
      outer.turn = turn.catch(() => {})
      return turn
    },
    /** Calls `hook` after the commit of the transaction around it, at once where there is none, never after a rollback. */
    afterCommit(hook: () => void): void {
      const now = current()
      if (now) now.hooks.push(hook)
      else call(hook)
    },
    failedBefore,
    outside: () => new Misuse('this is the handle of a store.write and works only inside of it'),
  }
}

function call(hook: () => void): void {
  try { hook() } catch (e) { log.error('what was to happen after a commit failed: {reason}', { reason: safeReason(e) }) }
}
