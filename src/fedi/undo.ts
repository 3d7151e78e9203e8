/** Taking back what a local actor said: `Undo` to whoever got it, and neither document nor outbox has it any more. */
import type { Documents } from '../store/documents.ts'
import type { Db } from '../store/store.ts'
import type { Json } from './fedi.ts'
import { listOf } from './json.ts'
import type { Publisher } from './publish.ts'
import { PUBLIC, withoutContext } from './terms.ts'
import type { Uris } from './uris.ts'

export interface UndoHouse { documents: Documents; uris: Uris; publisher: Publisher }

export function undoing(house: UndoHouse) {
  const { uris, publisher } = house
  /** @param quiet nobody is told: what it was about is gone */
  return async function undo(tx: Db, a: { actor: string; activity: string; quiet?: boolean }): Promise<boolean> {
    const stored = await house.documents.get(a.activity)
    if (!stored || stored.gone) return false
    const { id, type, actor, object, to, cc } = withoutContext(JSON.parse(stored.json) as Json)
    if (actor !== uris.actor(a.actor) || typeof type !== 'string') return false
    await publisher.retract(tx, { actor: a.actor, activity: a.activity, type })
    if (a.quiet) return true
    const readers = [...listOf(to), ...listOf(cc)].filter((r): r is string => typeof r === 'string' && r !== PUBLIC)
    const list = uris.followers(a.actor)
    await publisher.publish(tx, {
      actor: a.actor,
      activity: { type: 'Undo', ...(to === undefined ? {} : { to }), ...(cc === undefined ? {} : { cc }), object: { id, type, actor, object } },
      to: { followers: readers.includes(list), actors: readers.filter((r) => r !== list) },
    })
    return true
  }
}
