/**
 * Likes and boosts of our own public posts. They are counted and no more: who they came from is nobody's business, so an actor and
 * its activity are kept as keyed hashes – enough to count each once, to take it back, and to forget an actor that is gone.
 *
 * What an actor has said about a post is the set of its likes less the set of those it took back. Sets have no order, so neither
 * order nor repetition of what arrives changes the count; a taking back that comes first is kept by fedi (dispatch/stones.ts).
 */
import { createHmac } from 'node:crypto'
import type { Fedi } from '../fedi/fedi.ts'
import type { Sealer } from '../kernel/seal.ts'
import type { Db, Store } from '../store/store.ts'
import type { ReactionKind } from './model.ts'
import { reactionStore } from './reaction-store.ts'

export interface ReactionHouse {
  store: Store
  fedi: Pick<Fedi, 'isGone'>
  sealer: Pick<Sealer, 'subkey'>
  /** Our own public post of that ActivityPub id; its id here. */
  oursByUri(uri: string, tx: Db): Promise<string | undefined>
}

export function reactions(house: ReactionHouse) {
  const rows = reactionStore(house.store)
  const key = house.sealer.subkey('reactions')
  const hidden = (id: string): string => createHmac('sha256', key).update(id).digest('hex').slice(0, 32)

  return {
    /** An actor likes or boosts a post of ours, by the activity of that id. Anything else than a public post of ours: no effect. */
    async add(tx: Db, r: { kind: ReactionKind; post: string; actor: string; activity: string }): Promise<void> {
      const post = await house.oursByUri(r.post, tx)
      if (post === undefined || await house.fedi.isGone(tx, r.actor)) return
      await rows.add(tx, { post, kind: r.kind, actor: hidden(r.actor) }, hidden(r.activity))
    },
    /** An actor takes back one activity of its own, whatever that was. */
    takeBack: (tx: Db, actor: string, activity: string): Promise<void> => rows.takeBack(tx, hidden(actor), hidden(activity)),
    /** The same where the activity has no id: all that the actor has said of this kind about this post. */
    async takeBackAll(tx: Db, r: { kind: ReactionKind; post: string; actor: string }): Promise<void> {
      const post = await house.oursByUri(r.post, tx)
      if (post !== undefined) await rows.drop(tx, { post, kind: r.kind, actor: hidden(r.actor) })
    },
    /** A post of ours is taken down. */
    dropPost: rows.dropPost,
    /** An actor is gone: up to `limit` of its likes and boosts at a time. The number forgotten. */
    dropActor: (tx: Db, actor: string, limit: number): Promise<number> => rows.dropActor(tx, hidden(actor), limit),
  }
}
export type Reactions = ReturnType<typeof reactions>
