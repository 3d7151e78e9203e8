/** A person of ours gives up their public handle: those who have their words hear of it, and then the words go from here. */
import { z } from 'zod'
import type { Fedi } from '../fedi/fedi.ts'
import { PUBLIC } from '../fedi/terms.ts'
import type { Jobs } from '../store/jobs.ts'
import type { Db, Store } from '../store/store.ts'
import type { JobHandler } from '../store/workers.ts'
import type { PostsByAuthor } from './authors.ts'

const BURY = 'talk.bury'
const BATCH = 100
/** Servers of people who were answered and do not follow: more than anybody talks to. */
const ANSWERED = 1000

export function farewells(house: { store: Store; jobs: Pick<Jobs, 'add'>; fedi: Pick<Fedi, 'publish' | 'uris'>; posts: PostsByAuthor; /** Actors elsewhere whose posts it likes. (Followers, and whom it follows, get their Delete with the burial.) */ liked?(tx: Db, handle: string): Promise<readonly string[]> }) {
  const { store, jobs, fedi, posts } = house
  return {
    /** In the transaction in which the actor goes, before it is buried. Followers get their Delete with the burial. */
    async leave(tx: Db, handle: string): Promise<void> {
      const author = fedi.uris.actor(handle)
      const actors = [...new Set([...await posts.answered(tx, author, ANSWERED), ...await house.liked?.(tx, handle) ?? []])]
      if (actors.length) await fedi.publish(tx, { actor: handle, activity: { type: 'Delete', to: [PUBLIC], object: author }, to: { actors }, inOutbox: false })
      await jobs.add(tx, BURY, { key: `${BURY} ${handle}`, payload: { author } })
    },
    /** An organisation of ours has gone, and its actor with it: its words go too. */
    forget: (tx: Db, handle: string): Promise<void> => jobs.add(tx, BURY, { key: `${BURY} ${handle}`, payload: { author: fedi.uris.actor(handle) } }),
    handlers: (): Record<string, JobHandler> => ({
      [BURY]: {
        concurrency: 1,
        async run(job) {
          const { author } = z.object({ author: z.string() }).parse(job.payload)
          for (let n = BATCH; n === BATCH;) n = await store.write((tx) => posts.bury(tx, author, BATCH))
        },
      },
    }),
  }
}
