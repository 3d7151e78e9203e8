/** What an organisation does: words, or codes of the ESSGlobal lists (`ICA140`, `AM50`) for which we have words of our own. */
import { isKey, type T } from '../web/words.ts'

/** A code's words in the reader's language; anything else is words already. */
export function activityWord(t: T, activity: string): string {
  const key = `coops.activity.${activity}`
  return isKey(key) ? t(key) : activity
}

/** A figure's kind in words: the common ones are translated, others stand as they were written. */
export function figureWord(t: T, kind: string): string {
  const key = `coops.figure.${kind}`
  return isKey(key) ? t(key) : kind
}
