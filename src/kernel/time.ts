/** Where the time comes from: everything that decides by time takes a Clock, so that tests can move it. */
export interface Clock { now(): Date }
export const systemClock: Clock = { now: () => new Date() }

export const SECOND = 1000
export const MINUTE = 60 * SECOND
export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR

const FIRST = Date.parse('0001-01-01T00:00:00.000Z'), LAST = Date.parse('9999-12-31T23:59:59.999Z')
/** The moment of a number that came from outside; undefined beyond the years 1–9999, which no column takes on both engines. @param ms since 1970 */
export const momentOf = (ms: number): Date | undefined => (ms >= FIRST && ms <= LAST ? new Date(ms) : undefined)

/** Ends with the signal, or after `ms`; never rejects. */
export const pause = (ms: number, signal?: AbortSignal): Promise<void> => new Promise((done) => {
  if (signal?.aborted) return done()
  const stop = () => { clearTimeout(timer); done() }
  const timer = setTimeout(() => { signal?.removeEventListener('abort', stop); done() }, ms)
  signal?.addEventListener('abort', stop, { once: true })
})
