/** Inbound: Flag becomes a report, its Undo closes it. Fedi has checked signature and origin, and found the ids of ours. */
import type { Fedi, Inbound, Json } from '../fedi/fedi.ts'
import { idOf } from '../fedi/json.ts'
import { excerpt, plain, plainOf } from '../kernel/text.ts'
import type { Db } from '../store/store.ts'
import { SUBJECTS_MAX, WORDS_MAX } from './model.ts'
import type { Reports } from './service.ts'

const LONGEST_ID = 2048

/** Mastodon says why in `content`, Lemmy in `summary`, mbin in both; HTML or not, it is kept as text. */
export function wordsOf(raw: Json): string {
  for (const name of ['content', 'summary'] as const) {
    const said = raw[name]
    const text = typeof said === 'string' ? textOf(said.slice(0, 4 * WORDS_MAX)) : ''
    if (text) return excerpt(text, WORDS_MAX)
  }
  return ''
}
/** What has no markup is text already, with lines of its own. */
const textOf = (said: string): string => (/<[a-z/!?]|&#?\w+;/i.test(said) ? plainOf(said) : plain(said.replaceAll('\0', '')))

/** The things of ours that it names, each once. */
export const subjectsOf = (object: unknown): string[] =>
  [...new Set((Array.isArray(object) ? object : [object]).map(idOf).filter((id): id is string => id !== undefined && id.length <= LONGEST_ID))].slice(0, SUBJECTS_MAX)

/** Registers with the inbox. */
export function reportWire(fedi: Pick<Fedi, 'on'>, reports: Reports): void {
  fedi.on('Flag', async (tx, a) => {
    await reports.receive(tx, { activity: a.id, actor: a.actor, host: a.host, words: wordsOf(a.raw), subjects: subjectsOf(a.object) })
  })
  const undone = async (tx: Db, a: Inbound): Promise<void> => {
    if (a.objectId !== undefined) await reports.withdraw(tx, { activity: a.objectId, actor: a.actor, host: a.host })
  }
  fedi.on('Undo/Flag', undone)
  fedi.on('Undo', undone) // where only the id is named
}
