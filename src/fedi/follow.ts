/** Our own Follows: asked, taken back. */
import { newId } from '../kernel/ids.ts'
import { Problem } from '../kernel/errors.ts'
import { DAY, type Clock } from '../kernel/time.ts'
import type { Db, Store } from '../store/store.ts'
import type { FollowState, RemoteActor } from './fedi.ts'
import type { FollowBook } from './follows.ts'
import type { Publisher } from './publish.ts'
import type { RemoteActors } from './remote.ts'
import type { Uris } from './uris.ts'

const ASK_AGAIN = DAY

export interface FollowHouse { store: Store; clock: Clock; uris: Uris; remote: RemoteActors; follows: FollowBook; publisher: Publisher }

export function followings(house: FollowHouse) {
  const { store, uris, follows, publisher } = house
  return {
    async follow(by: { handle: string }, actorUri: string, also?: (tx: Db) => Promise<void>): Promise<{ state: FollowState; actor: RemoteActor }> {
      if (uris.isLocal(actorUri)) throw new Problem('local', 'that is an actor of this server', { status: 422 })
      const { keys: _, fetched: __, gone: ___, ...actor } = await house.remote.get(actorUri)
      const state = await store.write(async (tx): Promise<FollowState> => {
        const old = await follows.find(by.handle, actor.id, tx)
        if (old?.state === 'accepted') return old.state
        // Some approve by hand, after days; but a Follow that was lost on the way must not stay lost.
        if (old?.state === 'requested' && house.clock.now().getTime() - old.since.getTime() < ASK_AGAIN) return old.state
        const id = uris.activity(newId())
        await follows.request(tx, by.handle, actor.id, id)
        const activity = { id, type: 'Follow', to: [actor.id], object: actor.id }
        await publisher.publish(tx, { actor: by.handle, activity, to: { inboxes: [actor.inbox] } })
        await also?.(tx)
        return 'requested'
      })
      return { state, actor }
    },
    async unfollow(by: { handle: string }, actorUri: string, also?: (tx: Db) => Promise<void>): Promise<void> {
      await store.write(async (tx) => {
        const old = await follows.find(by.handle, actorUri, tx)
        if (!old) return
        await follows.forget(tx, by.handle, actorUri)
        const follow = { id: old.activity, type: 'Follow', actor: uris.actor(by.handle), object: actorUri }
        await publisher.publish(tx, { actor: by.handle, activity: { type: 'Undo', to: [actorUri], object: follow }, to: { actors: [actorUri] } })
        await also?.(tx)
      })
    },
  }
}
