/** What the answer to a delivery means. Pure: the whole table is in one place. */
import { DAY, SECOND } from '../../kernel/time.ts'

export type Verdict =
  | { is: 'done' }
  /** The inbox is gone for good: whoever is behind it is no longer a follower. */
  | { is: 'gone' }
  /** By the schedule, or after the time that the other side named (ms). */
  | { is: 'again'; after?: number; why: string }
  | { is: 'hopeless'; why: string }

/** Statuses after which the other kind of signature is worth a try, where it is not known which one the host takes. */
const PLAIN = new Set([404, 405, 408, 410, 413, 425, 429, 503])
export const triesOtherSignature = (status: number, known: boolean): boolean =>
  known ? status === 400 || status === 401 || status === 403 : status >= 400 && !PLAIN.has(status)

/** Is the server itself in trouble, so that it counts against its circuit? A refusal shows that it lives. */
export const isTrouble = (status: number): boolean => status >= 500 && status !== 501

/** `Retry-After` as seconds or as a date (RFC 9110 section 10.2.3), between one second and a day. */
export function retryAfter(header: string | undefined, now: Date): number | undefined {
  if (!header) return undefined
  const ms = /^\d+$/.test(header.trim()) ? Number(header) * SECOND : Date.parse(header) - now.getTime()
  return Number.isFinite(ms) ? Math.min(Math.max(ms, SECOND), DAY) : undefined
}

/** @param attempts this one included */
export function verdict(status: number, attempts: number, after: number | undefined): Verdict {
  const why = `the inbox answered ${status}`
  if (status >= 200 && status < 300) return { is: 'done' }
  if (status === 410) return { is: 'gone' }
  if (status === 408 || status === 425 || status === 429 || isTrouble(status)) return { is: 'again', ...(after === undefined ? {} : { after }), why }
  // Our key may not have been reachable for them just then; a proxy may be misdirected for a while.
  if (status === 401 || status === 403) return attempts < 6 ? { is: 'again', why } : { is: 'hopeless', why }
  if (status === 400 || status === 404 || (status >= 300 && status < 400)) return attempts < 3 ? { is: 'again', why } : { is: 'hopeless', why }
  return { is: 'hopeless', why }
}
