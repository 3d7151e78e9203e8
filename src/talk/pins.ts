/** What an organisation shows first: its `featured` collection, told to followers by Add and Remove as Mastodon does. */
import type { Who } from '../accounts/model.ts'
import type { Fedi, Json } from '../fedi/fedi.ts'
import { PUBLIC } from '../fedi/terms.ts'
import { Problem } from '../kernel/errors.ts'
import type { Clock } from '../kernel/time.ts'
import { record } from '../store/audit.ts'
import type { Db, Store } from '../store/store.ts'
import { PINS_MAX, subjectOf, type Post } from './model.ts'
import type { PostStore } from './store.ts'

export interface PinHouse {
  store: Store
  clock: Clock
  fedi: Fedi
  posts: PostStore
  /** Our own post, if this account may edit it. Problem otherwise. */
  mine(who: Who | undefined, id: string): Promise<Post>
}

export function pins(house: PinHouse) {
  const { store, clock, fedi, posts } = house

  const tell = (tx: Db, type: 'Add' | 'Remove', speaker: string, post: Pick<Post, 'uri'>) => fedi.publish(tx, {
    actor: speaker, to: 'followers', inOutbox: false,
    activity: { type, to: [PUBLIC], cc: [fedi.uris.followers(speaker)], object: post.uri, target: fedi.uris.featured(speaker) },
  })

  async function set(who: Who | undefined, id: string, on: boolean): Promise<boolean> {
    await house.mine(who, id)
    return store.write(async (tx) => {
      const post = await posts.rowById(id, tx)
      if (!post || post.speaker === null || post.state !== 'public') throw new Problem('not-found', 'this post is not there', { status: 404 })
      if ((post.pinned !== null) === on) return false
      if (on && (post.inReplyTo !== null || post.visibility !== 'public')) throw new Problem('not-pinned', 'answers and unlisted posts are not shown first', { status: 409 })
      if (on && (await posts.pinned(post.speaker, tx)).length >= PINS_MAX) {
        throw new Problem('too-many-pins', `at most ${PINS_MAX} posts are shown first; take another one back before`, { status: 409 })
      }
      await posts.change(tx, id, { pinned: on ? clock.now() : null })
      await tell(tx, on ? 'Add' : 'Remove', post.speaker, post)
      await record(store, tx, clock, { by: who!.by, action: on ? 'post.pin' : 'post.unpin', subject: subjectOf(post) })
      return true
    })
  }

  return {
    /** Shows it first; false where it is already. At most five: Problem `too-many-pins` (409). */
    pin: (who: Who | undefined, id: string) => set(who, id, true),
    unpin: (who: Who | undefined, id: string) => set(who, id, false),
    /** The documents of a local actor's `featured` collection. */
    async featured(handle: string): Promise<Json[]> {
      const rows = await posts.pinned(handle)
      const found = await Promise.all(rows.map((r) => posts.documentOf(store.read, r.uri)))
      return found.filter((x): x is Json => x !== undefined)
    },
  }
}
