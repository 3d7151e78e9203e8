/** Why a post to an inbox is turned away: the status for the sender and a few words for the log, neither naming a person. */
export class Refusal extends Error {
  readonly status: 400 | 401 | 403 | 404 | 405 | 408 | 410 | 413 | 415 | 429 | 503
  /** Seconds until it is worth another try. */
  readonly retryAfter: number | undefined
  constructor(status: Refusal['status'], why: string, retryAfter?: number) {
    super(why)
    this.name = 'Refusal'
    this.status = status
    this.retryAfter = retryAfter
  }
}
