/** Where the time comes from: everything that decides by time takes a Clock, so that tests can move it. */
export interface Clock { now(): Date }
export const systemClock: Clock = { now: () => new Date() }

export const SECOND = 1000
export const MINUTE = 60 * SECOND
export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR

/** Ends with the signal, or after `ms`; never rejects. */
export const pause = (ms: number, signal?: AbortSignal): Promise<void> => new Promise((done) => {
  if (signal?.aborted) return done()
  const stop = () => { clearTimeout(timer); done() }
  const timer = setTimeout(() => { signal?.removeEventListener('abort', stop); done() }, ms)
  signal?.addEventListener('abort', stop, { once: true })
})
