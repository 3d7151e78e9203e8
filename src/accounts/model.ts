import { z } from 'zod'
import { Problem } from '../kernel/errors.ts'
import { HANDLE_MAX, isHandle, isReservedHandle } from '../kernel/ids.ts'
import { plain } from '../kernel/text.ts'
import type { By } from '../store/audit.ts'

/** What an account may do on this instance as a whole. Editing one organisation is apart from it: see `editorOf`. */
export const roles = ['admin', 'curator', 'member'] as const
export type Role = (typeof roles)[number]

/** Who asks. Services take it first and check it with `allow`; `by` goes into the audit log. */
export interface Who {
  readonly by: By
  /** `system` is the instance itself and the command line: may do everything. */
  readonly role: Role | 'system'
  /** Ids of the organisations whose editor this account is. */
  readonly editorOf: ReadonlySet<string>
  readonly userId?: string
}

const nobody: ReadonlySet<string> = new Set()
/** The instance acting by itself (jobs, clocks, answers to peers). */
export const system: Who = Object.freeze({ by: 'system', role: 'system', editorOf: nobody })
/** Whoever has a shell on the machine. */
export const commandLine: Who = Object.freeze({ by: 'cli', role: 'system', editorOf: nobody })

interface Rule { roles: readonly Role[]; editor: boolean }
const admins: Rule = { roles: ['admin'], editor: false }
const curators: Rule = { roles: ['admin', 'curator'], editor: false }
const curatorsAndEditors: Rule = { roles: ['admin', 'curator'], editor: true }

/**
 * Who may do what. `editor: true` also admits an editor of the organisation concerned.
 * A curator looks after the directory and never speaks for a co-op: hence no `post.publish`.
 */
const rules = {
  'organisation.list': curators, // make a listing, whoever it is about
  'organisation.edit': curatorsAndEditors,
  'organisation.confirm': curatorsAndEditors, // the yearly "still true"
  'organisation.consent': curators, // record that a co-op has agreed
  'organisation.status': curators, // suspend, archive, list again
  'organisation.remove': admins, // opt-out: a tombstone for ever
  'membership.confirm': curators,
  'evidence.record': curators,
  'lever.edit': curatorsAndEditors,
  'post.publish': { roles: ['admin'], editor: true },
  'post.edit': { roles: ['admin'], editor: true },
  'post.remove': curatorsAndEditors,
  'follower.manage': { roles: ['admin'], editor: true }, // who follows a co-op is its own business
  'actor.follow': { roles: ['admin'], editor: true }, // follow somebody on another server in its name
  'actor.react': { roles: ['admin'], editor: true }, // like, boost
  'report.decide': curators, // read, decide, and send on to the server concerned
  'domain.block': admins, // a whole other server
  'person.speak': { roles, editor: false }, // choose a public handle for oneself
  'directory.speak': admins, // post in the name of the directory itself
  'comment.moderate': curators, // answers from elsewhere: let in, hide, show; and who is let in at once
  'audit.read': curators,
  'account.manage': admins,
  'peer.manage': admins,
  'delivery.manage': admins,
  'instance.settings': admins,
} as const satisfies Record<string, Rule>

export type Action = keyof typeof rules
export const actions = Object.keys(rules) as Action[]

/** May they? For showing or hiding a button; whoever does the thing calls `allow`. */
export function may(who: Who | undefined, action: Action, organisationId?: string): who is Who {
  if (!who) return false
  if (who.role === 'system') return true
  const rule: Rule = rules[action]
  return rule.roles.includes(who.role) || (rule.editor && organisationId !== undefined && who.editorOf.has(organisationId))
}

/** Passes, or throws Problem `sign-in-needed` (401, nobody is signed in) or `forbidden` (403, not theirs to do). */
export function allow(who: Who | undefined, action: Action, organisationId?: string): asserts who is Who {
  if (!who) throw new Problem('sign-in-needed', 'sign in to do this', { status: 401 })
  if (!may(who, action, organisationId)) throw new Problem('forbidden', `this account may not do this (${action})`, { status: 403 })
}

export const PASSWORD_MIN = 12
export const PASSWORD_MAX = 200

/** Checked where an account is made or changed. `email` is kept in lower case; messages are keys of the word catalogue. */
export const emailInput = z.string().trim().toLowerCase().max(254).pipe(z.email())
export const passwordInput = z.string().min(PASSWORD_MIN).max(PASSWORD_MAX)
export const accountInput = z.object({
  email: emailInput,
  name: z.string().trim().min(1).max(100).regex(/^[^\p{Cc}]*$/u),
  password: passwordInput,
  role: z.enum(roles).default('member'),
}).refine((a) => a.password.toLowerCase() !== a.email, { path: ['password'], message: 'account.passwordIsEmail' })
export type AccountInput = z.input<typeof accountInput>

/** A member who speaks in public under a handle of their own (WIRE.md 3). Nothing of the account but its number is part of it. */
export interface Person {
  userId: string
  handle: string
  /** As everybody sees it; the account's own name is nobody's business. */
  name: string
  /** Plain text. */
  summary: string
  /** May be found by searching, here and elsewhere. */
  discoverable: boolean
  since: Date
}

const words = (min: number, max: number) => z.string().transform((s, ctx) => {
  try { return plain(s) } catch { ctx.addIssue({ code: 'custom', message: 'form.invalid' }); return z.NEVER }
}).pipe(z.string().min(min).max(max))
/** One line with something to see in it, and nothing that turns the writing around. */
const line = (max: number) => words(1, max)
  .refine((s) => /[\p{L}\p{N}\p{P}\p{S}]/u.test(s) && !/[\n\u202a-\u202e\u2066-\u2069]/.test(s), 'person.nameRule')

/** How a person shows themselves; changed as often as they like. */
export const personInput = z.object({ name: line(100), summary: words(0, 500).default(''), discoverable: z.boolean().default(false) })
/** The handle is chosen once. People write it with @ and capitals. */
export const handleInput = z.string().transform((s) => s.trim().replace(/^@/, '').toLowerCase())
  .pipe(z.string().min(1).max(HANDLE_MAX).refine(isHandle, 'person.handleRule').refine((h) => !isReservedHandle(h), 'person.handleReserved'))
export const newPersonInput = personInput.extend({ handle: handleInput })
export type PersonInput = z.input<typeof personInput>
export type NewPersonInput = z.input<typeof newPersonInput>

/** An account as the admin sees it: never a password, never a session. */
export interface Account { id: string; email: string; name: string; role: Role; created: Date; editorOf: readonly string[] }
