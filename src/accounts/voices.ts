/** As whom an account may act towards other servers: organisations it edits, its own person, and for admins the directory. */
import { allow, may, type Action, type Who } from './model.ts'
import { Problem } from '../kernel/errors.ts'

/** An actor of this instance that somebody acts as. */
export interface Voice {
  handle: string
  name: string
  kind: 'organisation' | 'person' | 'directory'
  /** Of an organisation: its id. */
  organisation?: string
  /** Of a person: the account whose actor it is. */
  account?: string
}

export type VoiceAction = Extract<Action, 'actor.follow' | 'actor.react'>

/** May they act as this one? A person's actor is its own account's and nobody else's, admins included. */
export function mayAs(who: Who | undefined, action: VoiceAction, voice: Voice): who is Who {
  if (voice.kind !== 'person') return may(who, action, voice.organisation)
  return who !== undefined && (who.role === 'system' || (voice.account !== undefined && who.userId === voice.account))
}

/** Passes, or throws as `allow` does: Problem `sign-in-needed` (401) or `forbidden` (403). */
export function allowAs(who: Who | undefined, action: VoiceAction, voice: Voice): asserts who is Who {
  if (voice.kind !== 'person' || !who) return allow(who, action, voice.organisation)
  if (!mayAs(who, action, voice)) throw new Problem('forbidden', `this account may not do this (${action})`, { status: 403 })
}
