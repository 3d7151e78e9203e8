import { Problem } from '../kernel/errors.ts'

/** What fedi says of another server, whose codes others use of things here. */
const CODES = new Set(['not-found', 'gone', 'refused', 'blocked', 'unreachable', 'forbidden-there', 'bad-document', 'not-an-actor', 'lookup', 'local'])

/**
 * A failure in asking another server, as the form shows it: in words of its own (`problem.other-CODE`), and as a refusal of the
 * form, since it is no fault of this server. Anything else stays as it is.
 */
export function otherServer(p: Problem, field?: string): Problem {
  return CODES.has(p.code) ? new Problem(`other-${p.code}`, p.message, { status: 422, field, cause: p.cause }) : p
}
