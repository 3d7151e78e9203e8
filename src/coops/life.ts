/** The life of a listing: which states follow which, and how an unconfirmed one fades. Pure. */
import type { Moves } from '../kernel/states.ts'
import type { MembershipState, Standing, Status } from './model.ts'

export const statusMoves: Moves<Status> = {
  draft: ['in-review', 'listed', 'archived'],
  'in-review': ['draft', 'listed', 'archived'],
  listed: ['in-review', 'suspended', 'archived'],
  suspended: ['listed', 'archived'],
  archived: ['in-review', 'listed'],
}

/**
 * An actor that others follow cannot be made a mere page again: servers keep what they know of it. So nothing leads back to
 * `unclaimed`; who ends an agreement opts out, which leaves a tombstone.
 */
export const standingMoves: Moves<Standing> = {
  unclaimed: ['consented', 'claimed'],
  consented: ['claimed'],
  claimed: ['consented'],
}

/** An ended membership may begin again. */
export const membershipMoves: Moves<MembershipState> = {
  claimed: ['confirmed', 'ended'],
  confirmed: ['claimed', 'ended'],
  ended: ['claimed', 'confirmed'],
}

/** Are its page and its document for everybody? */
export const isVisible = (status: Status): boolean => status === 'listed' || status === 'archived'

/** Can it be followed, and does it post: somebody there agreed, and it is listed? */
export const isOpen = (o: { status: Status; standing: Standing }): boolean => o.status === 'listed' && o.standing !== 'unclaimed'

/** `due`: a year without confirmation, shown so. `lapsed`: two, out of lists and counts. `archived`: three. */
export type Freshness = 'fresh' | 'due' | 'lapsed' | 'archived'
export const FADES = { due: 12, lapsed: 24, archived: 36 } as const

/** The same time of day so many months earlier (UTC); the day is kept within the month: a month before 31 March is 28 February. */
export function monthsBefore(now: Date, months: number): Date {
  const first = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - months, 1))
  const last = new Date(Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + 1, 0)).getUTCDate()
  return new Date(first.getTime() + (Math.min(now.getUTCDate(), last) - 1) * 86_400_000 + (now.getTime() % 86_400_000))
}

/** How fresh a listing is that was last confirmed then. The database's lists use the same limits through `monthsBefore`. */
export function freshness(confirmed: Date, now: Date): Freshness {
  if (confirmed <= monthsBefore(now, FADES.archived)) return 'archived'
  if (confirmed <= monthsBefore(now, FADES.lapsed)) return 'lapsed'
  return confirmed <= monthsBefore(now, FADES.due) ? 'due' : 'fresh'
}

/** A confirmed membership counts as claimed only, once its confirmation has run out. `today`: YYYY-MM-DD. */
export const membershipNow = (m: { state: MembershipState; expires: string | null }, today: string): MembershipState =>
  m.state === 'confirmed' && m.expires !== null && m.expires < today ? 'claimed' : m.state
