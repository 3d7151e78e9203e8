/** What can be done with organisations. Each call is one transaction: state, document, deliveries and audit together. */
import { z } from 'zod'
import { isHandle } from '../kernel/ids.ts'
import type { Db } from '../store/store.ts'
import type { JobHandler } from '../store/workers.ts'
import { followersDesk } from './followers.ts'
import { FADES, freshness, isOpen, isVisible, membershipNow, monthsBefore, type Freshness } from './life.ts'
import { DOCUMENTS, listings, type CoopsHouse } from './listing.ts'
import { memberships } from './memberships.ts'
import { rankedFigures, type Evidence, type Figure, type Known, type MembershipState, type Organisation } from './model.ts'
import { putting } from './put.ts'
import { standings } from './standing.ts'
import { organisationOf, type After, type ListItem, type ListQuery, type MemberOf, type Step } from './store.ts'

export type { After, ListItem, ListQuery, MemberOf, Step } from './store.ts'
export type { Change, CoopsHouse } from './listing.ts'
export type { Put, PutOptions } from './put.ts'

/** Everything that the page of an organisation shows. */
export interface Whole {
  organisation: Organisation
  freshness: Freshness
  /** May be followed, posts. */
  open: boolean
  /** For everybody; else only for those who may edit it. */
  visible: boolean
  figures: Figure[]
  evidence: Evidence[]
  /** `now` is the state today: a confirmation that has run out counts as claimed. */
  memberships: (MemberOf & { now: MembershipState })[]
  trail: Step[]
}
export interface Gone { handle: string; at: Date; reason: string }

export function coops(house: CoopsHouse) {
  const { store, clock } = house
  const l = listings(house)
  const { rows } = l
  const lapsed = () => monthsBefore(clock.now(), FADES.lapsed)

  async function whole(handle: string): Promise<Whole | undefined> {
    if (!isHandle(handle)) return undefined
    const row = await rows.byHandle(handle)
    if (!row || row.gone) return undefined
    const now = clock.now(), today = now.toISOString().slice(0, 10)
    const [figures, evidence, belongs, trail] = await Promise.all([
      rows.figures(row.id), rows.evidence(row.id), rows.memberOf(row.id, store.read, true), rows.trail(row.id),
    ])
    return {
      organisation: organisationOf(row), freshness: freshness(row.confirmed, now), open: isOpen(row), visible: isVisible(row.status),
      figures: rankedFigures(figures), evidence, memberships: belongs.map((m) => ({ ...m, now: membershipNow(m, today) })), trail,
    }
  }

  return {
    ...putting(house, l), ...standings(house, l), ...memberships(house, l),
    followers: followersDesk(house, l),

    /** ActivityPub id of an organisation: what its swatch is woven from. */
    uri: (handle: string): string => house.fedi.uris.actor(handle),
    /** `@stocksy@coops.example`: what one searches for to follow it. */
    address: (handle: string): string => `@${handle}@${house.fedi.handleHost}`,

    /** Writes documents anew, by handle after `after`; returns where to go on, or undefined at the end. After a rebase or a change of terms. */
    async rewriteDocuments(after = '', limit = 100): Promise<string | undefined> {
      return store.write(async (tx) => {
        const page = await rows.all(limit, after, tx)
        for (const row of page) await l.rewrite(tx, row)
        return page.length < limit ? undefined : page.at(-1)?.handle
      })
    },

    /** Job kinds of this room. */
    handlers(): Record<string, JobHandler> {
      return {
        [DOCUMENTS]: {
          concurrency: 1,
          async run(job) {
            const { federation } = z.object({ federation: z.string() }).parse(job.payload)
            for (let after: string | undefined = ''; after !== undefined;) {
              const from: string = after
              after = await store.write(async (tx) => {
                const ids = await rows.memberIds(tx, federation, from, 100)
                for (const id of ids) { const row = await rows.byId(id, tx); if (row && !row.gone) await l.rewrite(tx, row) }
                return ids.length < 100 ? undefined : ids.at(-1)
              })
            }
          },
        },
      }
    },

    read: {
      /** With everything; undefined where there is none, or it has opted out (see `gone`). Whether it is for everybody, `visible` says. */
      byHandle: whole,
      async organisation(handle: string): Promise<Organisation | undefined> {
        const row = await rows.byHandle(handle)
        return row && !row.gone ? organisationOf(row) : undefined
      },
      async byId(id: string): Promise<Organisation | undefined> {
        const row = await rows.byId(id)
        return row && !row.gone ? organisationOf(row) : undefined
      },
      async gone(handle: string): Promise<Gone | undefined> {
        if (!isHandle(handle)) return undefined
        const row = await rows.byHandle(handle)
        return row?.gone ? { handle, at: row.gone, reason: row.goneReason ?? '' } : undefined
      },
      /** Has one with such a handle, name or registration asked not to be listed? */
      optedOut: async (known: Known, db: Db = store.read): Promise<boolean> => (await rows.optOut(db, known)) !== undefined,
      /** May it post, and if not, why not. */
      async speaker(handle: string): Promise<{ kind: 'organisation'; id: string; handle: string; name: string; open: boolean; why?: string } | undefined> {
        const row = await rows.byHandle(handle)
        if (!row || row.gone) return undefined
        const who = { kind: 'organisation' as const, id: row.id, handle, name: row.name, open: isOpen(row) }
        if (who.open) return who
        const why = row.standing === 'unclaimed' ? `nobody from ${row.name} has agreed to be listed: it cannot post`
          : `${handle} is ${row.status}: it cannot post`
        return { ...who, why }
      },
      list: (q: ListQuery): Promise<ListItem[]> => rows.list(q, lapsed()),
      counts: () => rows.counts(lapsed()),
      countries: () => rows.countries(lapsed()),
      byStatus: rows.byStatus,
      revisions: rows.revisions,
      pastFigures: rows.pastFigures,
      members: (id: string, limit: number, after?: After) => rows.members(id, limit, after),
      /** Any status, by handle, with figures, evidence and memberships: for exports. */
      async all(limit: number, after = ''): Promise<Whole[]> {
        const page = await rows.all(limit, after)
        return (await Promise.all(page.map((r) => whole(r.handle)))).filter((w) => w !== undefined)
      },
    },
  }
}
export type Coops = ReturnType<typeof coops>
