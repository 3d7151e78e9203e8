/** Why a post to an inbox is turned away: the status for the sender and a few words for the log, neither naming a person. */
export class Refusal extends Error {
  readonly status: 400 | 401 | 403 | 404 | 405 | 408 | 410 | 413 | 415 | 429 | 503
  /** Seconds until it is worth another try. */
  readonly retryAfter: number | undefined
  /** The body was not read to its end: the connection ends with the answer, or the rest of it would pass for the next request. */
  readonly unread: boolean
  constructor(status: Refusal['status'], why: string, o: { retryAfter?: number; unread?: boolean } = {}) {
    super(why)
    this.name = 'Refusal'
    this.status = status
    this.retryAfter = o.retryAfter
    this.unread = o.unread ?? false
  }
}
