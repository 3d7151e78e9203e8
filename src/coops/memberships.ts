/** Who belongs to which federation, up to the global one. */
import { allow, type Who } from '../accounts/model.ts'
import { Problem, problemsOf } from '../kernel/errors.ts'
import { newId } from '../kernel/ids.ts'
import { move } from '../kernel/states.ts'
import { record } from '../store/audit.ts'
import type { Db } from '../store/store.ts'
import { membershipMoves } from './life.ts'
import type { CoopsHouse, Listings } from './listing.ts'
import { membershipInput, type MembershipInput } from './model.ts'
import type { Row } from './store.ts'

export function memberships(house: CoopsHouse, l: Listings) {
  const { store, clock } = house

  async function pair(tx: Db, input: { organisation: string; federation: string }): Promise<{ organisation: Row; federation: Row }> {
    const organisation = await l.expect(tx, input.organisation, 'organisation')
    const federation = await l.expect(tx, input.federation, 'federation')
    if (federation.kind !== 'federation') throw new Problem('not-a-federation', `${input.federation} is not a federation`,
      { status: 422, field: 'federation' })
    return { organisation, federation }
  }

  return {
    /**
     * Says that an organisation belongs to a federation, that this is confirmed, or that it has ended. What was confirmed or ended
     * by somebody is not touched by an input that does not say a state (an import). No circles: Problem `circle` (409).
     */
    async putMembership(who: Who | undefined, input: MembershipInput): Promise<{ outcome: 'created' | 'changed' | 'unchanged'; id: string }> {
      const parsed = membershipInput.safeParse(input)
      if (!parsed.success) throw problemsOf(parsed.error)
      const given = parsed.data
      return store.write(async (tx) => {
        const { organisation, federation } = await pair(tx, given)
        if (given.state === 'confirmed') allow(who, 'membership.confirm', federation.id)
        else allow(who, 'organisation.edit', organisation.id)
        const old = await l.rows.membership(tx, organisation.id, federation.id)
        if (old && given.state === undefined && old.state !== 'claimed') return { outcome: 'unchanged', id: old.id }
        const state = given.state ?? old?.state ?? 'claimed'
        if (old && old.state !== state) move('membership', membershipMoves, old.state, state)
        if (state !== 'ended' && await l.rows.isAbove(tx, organisation.id, federation.id)) {
          throw new Problem('circle', `${given.federation} belongs to ${given.organisation} already, directly or through others`,
            { status: 409, field: 'federation' })
        }
        const row = {
          id: old?.id ?? newId(), organisation: organisation.id, federation: federation.id, state,
          confidence: given.confidence ?? (given.state === 'confirmed' ? 'primary' : old?.confidence ?? 'unsure'),
          since: pick(given.since, old?.since), until: pick(given.until, old?.until), expires: pick(given.expires, old?.expires),
          source: pick(given.source, old?.source),
        }
        if (old && (Object.keys(row) as (keyof typeof row)[]).every((k) => row[k] === old[k])) return { outcome: 'unchanged', id: old.id }
        await l.rows.saveMembership(tx, { ...row, changed: clock.now() })
        await l.save(tx, organisation, {})
        await record(store, tx, clock, { by: who.by, action: 'membership.put', subject: organisation.id, before: old, after: row })
        return { outcome: old ? 'changed' : 'created', id: row.id }
      })
    },
  }
}

/** undefined leaves what is there; null empties it. */
const pick = <T>(given: T | null | undefined, old: T | null | undefined): T | null => (given === undefined ? old ?? null : given)
