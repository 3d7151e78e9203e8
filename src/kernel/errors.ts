/** An expected refusal: what a person, a peer or a script did wrong, in words that name the field and the reason. */
export interface ProblemDetails {
  /** HTTP status that fits; pages and the API use it as it is. Default 400. */
  status?: number
  /** The field or option at fault, in the sender's own naming. */
  field?: string
  /** Further problems of the same submission. */
  others?: Problem[]
  cause?: unknown
}

/**
 * Thrown by models and services; pages, inbox, import and command line each show it in their own way.
 * `code` is stable and machine-readable (`handle-taken`); `message` is one English sentence for logs and scripts.
 */
export class Problem extends Error {
  readonly code: string
  readonly status: number
  readonly field: string | undefined
  readonly others: readonly Problem[]
  constructor(code: string, message: string, details: ProblemDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.name = 'Problem'
    this.code = code
    this.status = details.status ?? 400
    this.field = details.field
    this.others = details.others ?? []
  }
}

/** A start that cannot succeed whatever one retries (bad setting, foreign origin, newer schema): one sentence, exit 2. */
export class StartRefused extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'StartRefused'
  }
}

/** Zod's issues as Problems, one a field, in the order of the form. `path` joins with dots: `figures.0.value`. */
export function problemsOf(error: { issues: readonly { path: readonly PropertyKey[]; message: string }[] }): Problem {
  const list = error.issues.map((i) => new Problem('invalid', i.message, { status: 422, field: i.path.map(String).join('.') || undefined }))
  const [first = new Problem('invalid', 'not valid', { status: 422 }), ...others] = list
  return new Problem(first.code, first.message, { status: 422, field: first.field, others })
}

/**
 * What may be logged of a failure. Drizzle's message holds the statement's parameters (names, addresses) and PostgreSQL's
 * `detail` the offending row, so only the driver's own code and message are taken.
 */
export function safeReason(e: unknown): string {
  if (!(e instanceof Error)) return String(e)
  const cause = e.cause
  if (e.name === 'DrizzleQueryError' || /^Failed query/.test(e.message)) {
    return cause instanceof Error ? `database: ${codeOf(cause) ?? ''} ${cause.message}`.trim() : 'database: failed query'
  }
  const code = codeOf(e) ?? (cause instanceof Error ? codeOf(cause) : undefined)
  return code ? `${e.message} (${code})` : e.message
}

/** The driver's or system's code on an error or anywhere in its causes: `SQLITE_FULL`, `40001`, `ECONNREFUSED`. */
export function codeOf(e: unknown): string | undefined {
  for (let at = e, n = 0; at instanceof Error && n < 5; at = at.cause, n++) {
    const code = (at as { code?: unknown }).code
    if (typeof code === 'string') return code
  }
  return undefined
}
