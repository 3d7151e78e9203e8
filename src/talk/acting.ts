/** As whom an account may follow, like and boost: as the organisations it edits, its own person, and for admins the directory. */
import { allow, may, type Action, type Who } from '../accounts/model.ts'
import { Problem } from '../kernel/errors.ts'
import type { Speaker } from './model.ts'

export type Acting = Extract<Action, 'actor.follow' | 'actor.react'>
export type Actor = Pick<Speaker, 'kind' | 'id' | 'userId'>

/** May they? A person is its own account and nobody else's, whatever their role. */
export function mayAct(who: Who | undefined, actor: Actor, action: Acting): who is Who {
  if (actor.kind === 'organisation') return may(who, action, actor.id ?? undefined)
  if (actor.kind === 'directory') return may(who, action)
  return who !== undefined && (who.role === 'system' || (actor.userId !== undefined && who.userId === actor.userId))
}

/**
 * What the audit log says of it: which of ours acted, and towards which server. Whose post or account it was is not for the log, nor
 * which handle an account has chosen for itself.
 */
export function told(actor: Speaker, uri: string, object: string): { subject: string; server: string } {
  return { subject: actor.kind === 'person' ? 'person' : uri, server: new URL(object).host }
}

/**
 * Passes, or throws Problem `sign-in-needed` (401), `forbidden` (403), or `no-actor` (409) where nobody can act as it now: an
 * organisation that has not agreed, or is suspended.
 */
export function allowActing(who: Who | undefined, actor: Speaker | undefined, action: Acting): asserts actor is Speaker {
  if (!who) throw new Problem('sign-in-needed', 'sign in to do this', { status: 401 })
  if (!actor) throw new Problem('no-actor', 'there is no actor of that name here', { status: 404, field: 'as' })
  if (!mayAct(who, actor, action)) {
    if (actor.kind === 'organisation') allow(who, action, actor.id ?? undefined)
    throw new Problem('forbidden', `this account may not do this (${action})`, { status: 403 })
  }
  if (!actor.open) throw new Problem('no-actor', actor.why ?? `${actor.handle} cannot act`, { status: 409, field: 'as' })
}
