/** Ends what binds our actors to those of blocked servers. No word is sent: nothing goes to such a server. */
import { and, asc, eq, inArray, sql } from 'drizzle-orm'
import type { Db, Store } from '../store/store.ts'
import { bareHost } from './net/address.ts'
import { fediTables } from './tables.ts'

/** Rows looked at in one read, and with that deleted in one write. */
const BATCH = 500

export interface Cut { followers: number; following: number }

/** The host of an actor, as `isBlocked` is asked for it; undefined of what is no URL. */
export const hostOfActor = (id: string): string | undefined => (URL.canParse(id) ? bareHost(new URL(id)) : undefined)

export function cutter(store: Store) {
  const { followers, following } = fediTables(store.kit)
  type Bond = { ours: string; theirs: string }

  /** By key and in short writes: a server with 100,000 followers holds up nobody (HOSTILE.md 44). */
  async function sweep(page: (after: Bond) => Promise<Bond[]>, end: (tx: Db, ours: string, theirs: string[]) => Promise<unknown>, matches: (host: string) => boolean): Promise<number> {
    let ended = 0
    for (let after: Bond | undefined = { ours: '', theirs: '' }; after;) {
      const rows: Bond[] = await page(after)
      const byOurs = new Map<string, string[]>()
      for (const { ours, theirs } of rows) {
        const host = hostOfActor(theirs)
        if (host !== undefined && matches(host)) byOurs.set(ours, [...(byOurs.get(ours) ?? []), theirs])
      }
      if (byOurs.size) await store.write(async (tx) => { for (const [ours, theirs] of byOurs) await end(tx, ours, theirs) })
      for (const theirs of byOurs.values()) ended += theirs.length
      after = rows.length === BATCH ? rows.at(-1) : undefined
    }
    return ended
  }

  return {
    /** Of every local actor. Idempotent; not inside a transaction. */
    async cutOff(matches: (host: string) => boolean): Promise<Cut> {
      return {
        followers: await sweep(
          (after) => store.read.select({ ours: followers.actor, theirs: followers.follower }).from(followers)
            .where(sql`(${followers.actor}, ${followers.follower}) > (${after.ours}, ${after.theirs})`).orderBy(asc(followers.actor), asc(followers.follower)).limit(BATCH),
          (tx, ours, theirs) => tx.delete(followers).where(and(eq(followers.actor, ours), inArray(followers.follower, theirs))), matches),
        following: await sweep(
          (after) => store.read.select({ ours: following.actor, theirs: following.target }).from(following)
            .where(sql`(${following.actor}, ${following.target}) > (${after.ours}, ${after.theirs})`).orderBy(asc(following.actor), asc(following.target)).limit(BATCH),
          (tx, ours, theirs) => tx.delete(following).where(and(eq(following.actor, ours), inArray(following.target, theirs))), matches),
      }
    },
  }
}
