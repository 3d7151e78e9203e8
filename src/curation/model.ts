/** Reports and what is done about whole servers: types and rules. Pure. */
import { isIP } from 'node:net'
import { z } from 'zod'
import { Problem } from '../kernel/errors.ts'
import type { Moves } from '../kernel/states.ts'
import { plain } from '../kernel/text.ts'

export type ReportState = 'open' | 'acted' | 'dismissed'
/** A decision stands: what comes up later about the same thing is a report of its own. */
export const reportMoves: Moves<ReportState> = { open: ['acted', 'dismissed'], acted: [], dismissed: [] }

export interface Report {
  id: string
  /** The server that it came from; null: from here. Who reported it there is not kept. */
  host: string | null
  /** The account that reported it here. */
  by: string | null
  /** ActivityPub ids that it is about. */
  subjects: string[]
  /** Plain text. */
  words: string
  state: ReportState
  created: Date
  decided: Date | null
  /** As in the audit log; `peer:HOST` where the reporter took it back. */
  decidedBy: string | null
  why: string | null
}

/** Longest words of a report that are kept, and most things that one report is about. */
export const WORDS_MAX = 5000
export const SUBJECTS_MAX = 50
/** Reports that one server may send in an hour. */
export const PER_HOUR = 30

const WHY = 'say why, in a few words'
const reason = (max: number, missing?: string) => z.string().transform((s, ctx) => {
  try { return plain(s) } catch { ctx.addIssue({ code: 'custom', message: 'holds a NUL character' }); return z.NEVER }
}).pipe(z.string().min(1, missing).max(max))

/** What a curator decides, and why: the reason is for those who come after. */
export const decisionInput = z.object({ outcome: z.enum(['acted', 'dismissed']), why: reason(1000, WHY) })
export type Decision = z.infer<typeof decisionInput>

/** What is sent to another server about something of its own. */
export const forwardInput = z.object({ words: reason(WORDS_MAX) })

export const blockInput = z.object({ why: reason(500, WHY) })

export interface DomainPolicy { host: string; policy: 'blocked'; why: string; by: string; at: Date }

const LABELS = /^[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)+$/

/**
 * A host as policies know it: lower case, internationalised names as punycode (WHATWG URL), no port, no final dot. Takes what
 * people have at hand: `Bad.Example`, `*.bad.example`, `https://bad.example/about`, `@name@bad.example`.
 * Problem `host` (422): no host, a whole top-level domain, or one of `own` (or above it: that would block ourselves).
 */
export function hostOf(text: string, own: readonly string[]): string {
  const refused = (why: string): Problem => new Problem('host', why, { status: 422, field: 'host' })
  const typed = text.trim().replace(/^@?[^@\s/]*@(?=[^@]+$)/, '').replace(/^\*\./, '')
  const url = `${/^https?:\/\//i.test(typed) ? '' : 'https://'}${typed}`
  if (!typed || /[\s\p{Cc}]/u.test(typed) || !URL.canParse(url)) throw refused('that is no server: give its host name, such as bad.example')
  const host = new URL(url).hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '')
  if (!isIP(host)) {
    if (!host.includes('.')) throw refused(`${host || 'that'} is no server by itself: give its whole host name, such as bad.example`)
    if (host.length > 253 || !LABELS.test(host)) throw refused('that is no server: give its host name, such as bad.example')
  }
  if (own.some((o) => o === host || o.endsWith(`.${host}`))) throw refused('that would block this instance itself')
  return host
}

/** Is the host, or a domain above it, in the list? Asked on every request: some look-ups in a Set. */
export function covers(blocked: ReadonlySet<string>, host: string): boolean {
  if (!blocked.size) return false
  for (let rest = host; ;) {
    if (blocked.has(rest)) return true
    const dot = rest.indexOf('.')
    if (dot < 0) return false
    rest = rest.slice(dot + 1)
  }
}
