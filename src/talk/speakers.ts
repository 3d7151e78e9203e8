/** Who may speak with whose voice. */
import { allow, may, type Action, type Who } from '../accounts/model.ts'
import { Problem } from '../kernel/errors.ts'
import type { Speaker } from './model.ts'

export type Speech = Extract<Action, 'post.publish' | 'post.edit' | 'post.remove'>

/**
 * An organisation's editors speak for it; a person is its own account and nobody else's, whatever their role; the directory is for
 * admins. What may not stay there, curators take down, whoever said it.
 */
export function maySpeak(who: Who | undefined, speaker: Pick<Speaker, 'kind' | 'id' | 'userId'>, action: Speech): who is Who {
  if (!who) return false
  if (who.role === 'system') return true
  if (action === 'post.remove' && may(who, 'comment.moderate')) return true
  if (speaker.kind === 'directory') return may(who, 'directory.speak')
  if (speaker.kind === 'person') return speaker.userId !== undefined && who.userId === speaker.userId
  return may(who, action, speaker.id ?? undefined)
}

/** Passes, or throws Problem `sign-in-needed` (401) or `forbidden` (403). */
export function allowSpeech(who: Who | undefined, speaker: Pick<Speaker, 'kind' | 'id' | 'userId'>, action: Speech): asserts who is Who {
  if (maySpeak(who, speaker, action)) return
  if (speaker.kind === 'organisation') allow(who, action, speaker.id ?? undefined)
  if (!who) throw new Problem('sign-in-needed', 'sign in to do this', { status: 401 })
  throw new Problem('forbidden', `this account may not do this (${action})`, { status: 403 })
}
