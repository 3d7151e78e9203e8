/**
 * Votes: a Note with a name and no words, in reply to a question of ours (WIRE.md 4 and 9). Told apart before any room sees them, for
 * what somebody voted is nobody's business: it must not pass for a comment, nor be kept.
 */
import { idOf, isObject, listOf } from '../json.ts'

/** Without words: nothing, or markup around nothing (snac sends `<br>`). */
const isEmpty = (html: unknown): boolean =>
  html === undefined || html === null || (typeof html === 'string' && html.replace(/<[^>]*>|&nbsp;|&#160;|\s/g, '') === '')

/** @param isOurs is the id one of this server's? */
export function isVote(object: unknown, isOurs: (id: string) => boolean): boolean {
  if (!isObject(object) || object.type !== 'Note' || typeof object.name !== 'string' || object.name === '') return false
  const words = [object.content, ...(isObject(object.contentMap) ? Object.values(object.contentMap) : [])]
  const [question] = listOf(object.inReplyTo).map(idOf)
  return words.every(isEmpty) && question !== undefined && isOurs(question)
}
