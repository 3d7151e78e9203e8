/**
 * Who follows an organisation and who asks to: for its own people. Others learn a number; curators, who look after the directory
 * and never speak for a co-op, do not see who.
 */
import { allow, type Who } from '../accounts/model.ts'
import type { Follower, FollowerState } from '../fedi/fedi.ts'
import { Problem } from '../kernel/errors.ts'
import { record } from '../store/audit.ts'
import { isOpen } from './life.ts'
import type { CoopsHouse, Listings } from './listing.ts'

export const FOLLOWERS_SHOWN = 30

export interface FollowerPage { rows: Follower[]; /** Pass it to get the following page. */ next?: string }
export interface FollowersOverview { accepted: number; pending: number; approves: boolean; /** Can be followed at all. */ open: boolean }

export function followersDesk(house: CoopsHouse, l: Listings) {
  const { store, clock, fedi } = house
  const host = (id: string): string | null => (URL.canParse(id) ? new URL(id).host : null)

  /** In the log stands which server's, never who. */
  async function decide(who: Who | undefined, handle: string, follower: string, verb: 'accept' | 'decline' | 'remove'): Promise<boolean> {
    return store.write(async (tx) => {
      const row = await l.expect(tx, handle)
      allow(who, 'follower.manage', row.id)
      let said = 'accepted'
      if (verb === 'accept') { if (!(await fedi.followersOf.accept(tx, handle, follower))) return false } else {
        const was = await fedi.followersOf.reject(tx, handle, follower, verb === 'decline' ? 'pending' : undefined)
        if (was === undefined) return false
        said = was === 'pending' ? 'declined' : 'removed'
      }
      await record(store, tx, clock, { by: who.by, action: `organisation.follower-${said}`, subject: row.id, after: { host: host(follower) } })
      return true
    })
  }

  return {
    async overview(who: Who | undefined, handle: string): Promise<FollowersOverview> {
      const row = await l.expect(store.read, handle)
      allow(who, 'follower.manage', row.id)
      return { ...await fedi.followersOf.counts(handle), approves: row.approvesFollowers, open: isOpen(row) }
    },
    /** By id. @param after the last one of the page before */
    async list(who: Who | undefined, handle: string, state: FollowerState, after?: string, limit = FOLLOWERS_SHOWN): Promise<FollowerPage> {
      const row = await l.expect(store.read, handle)
      allow(who, 'follower.manage', row.id)
      const found = await fedi.followersOf.list(handle, state, after, limit + 1)
      const rows = found.slice(0, limit)
      return { rows, ...(found.length > limit ? { next: rows.at(-1)?.id ?? '' } : {}) }
    },
    /** False where nobody of this id asks any more. */
    accept: (who: Who | undefined, handle: string, follower: string): Promise<boolean> => decide(who, handle, follower, 'accept'),
    /** They are told (Reject) and may ask again. False where nobody of this id asks any more. */
    decline: (who: Who | undefined, handle: string, follower: string): Promise<boolean> => decide(who, handle, follower, 'decline'),
    /** Ends a follower: they are told (Reject), get nothing any more, and may ask again. False where nobody of this id follows or asks. */
    remove: (who: Who | undefined, handle: string, follower: string): Promise<boolean> => decide(who, handle, follower, 'remove'),

    /**
     * From now on each follower is looked at first, or none is. Who follows already stays; when it ends, who waits is accepted.
     * False where it was so already. Problem `not-open` (409) for what cannot be followed.
     */
    async setApproval(who: Who | undefined, handle: string, on: boolean): Promise<boolean> {
      return store.write(async (tx) => {
        const old = await l.expect(tx, handle)
        allow(who, 'follower.manage', old.id)
        if (old.approvesFollowers === on) return false
        if (on && !isOpen(old)) throw new Problem('not-open', `${handle} cannot be followed`, { status: 409, field: 'handle' })
        await l.save(tx, old, { approvesFollowers: on })
        if (!on) await fedi.followersOf.acceptWaiting(tx, handle)
        await record(store, tx, clock, { by: who.by, action: 'organisation.follower-approval', subject: old.id, before: { on: !on }, after: { on } })
        return true
      })
    },
  }
}
export type FollowersDesk = ReturnType<typeof followersDesk>
