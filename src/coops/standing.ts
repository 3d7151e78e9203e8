/** Agreement, status, freshness, evidence and opting out: what is decided about a listing, beside its description. */
import { allow, type Action, type Who } from '../accounts/model.ts'
import { problemsOf, Problem } from '../kernel/errors.ts'
import { newId } from '../kernel/ids.ts'
import { mayMove, move } from '../kernel/states.ts'
import { record } from '../store/audit.ts'
import { FADES, monthsBefore, standingMoves, statusMoves } from './life.ts'
import { DOCUMENTS, type CoopsHouse, type Listings } from './listing.ts'
import { evidenceInput, optOutKeys, profileAfter, type EvidenceInput, type Standing, type Status } from './model.ts'
import { checkBasis } from './put.ts'
import { columnsOf, type Row } from './store.ts'

export function standings(house: CoopsHouse, l: Listings) {
  const { store, clock, fedi } = house

  /** The same standing on the same basis again changes nothing. */
  async function stand(who: Who | undefined, handle: string, to: Exclude<Standing, 'unclaimed'>, why: string): Promise<boolean> {
    const text = checkBasis(why)
    return store.write(async (tx) => {
      const old = await l.expect(tx, handle)
      allow(who, 'organisation.consent', old.id)
      if (old.standing === to && old.consentBasis === text) return false
      if (old.standing !== to) move('listing', standingMoves, old.standing, to)
      const now = clock.now()
      await l.save(tx, old, { standing: to, consentBasis: text, consentBy: who.by, consentAt: now, confirmed: now })
      await record(store, tx, clock, {
        by: who.by, action: 'organisation.standing', subject: old.id, before: { standing: old.standing, basis: old.consentBasis },
        after: { standing: to, basis: text }, why: text,
      })
      return true
    })
  }

  async function setStatus(who: Who | undefined, handle: string, to: Status, why: string, action: Action = 'organisation.status'): Promise<boolean> {
    return store.write(async (tx) => {
      const old = await l.expect(tx, handle)
      allow(who, action, old.id)
      if (old.status === to) return false
      move('listing', statusMoves, old.status, to)
      await l.save(tx, old, { status: to })
      await record(store, tx, clock, {
        by: who.by, action: 'organisation.status', subject: old.id, before: { status: old.status }, after: { status: to }, why,
      })
      return true
    })
  }

  return {
    /** It has agreed; its federation acts for it. `why` is the basis: what was agreed, where, when. False when that is known already. */
    async consent(who: Who | undefined, handle: string, why: string): Promise<boolean> {
      const row = await l.expect(store.read, handle)
      if (row.standing === 'claimed') throw new Problem('wrong-state', `${handle} runs its listing itself`, { status: 409, field: 'handle' })
      return stand(who, handle, 'consented', why)
    },
    /** It runs itself from now on. `why`: how it was proved. */
    claim: (who: Who | undefined, handle: string, why: string): Promise<boolean> => stand(who, handle, 'claimed', why),
    /** It does not run itself any longer, and its federation acts for it again. `why`: the basis. Who ends the agreement itself opts out. */
    release: (who: Who | undefined, handle: string, why: string): Promise<boolean> => stand(who, handle, 'consented', why),

    setStatus: (who: Who | undefined, handle: string, to: Status, why: string): Promise<boolean> => setStatus(who, handle, to, why),

    /** The yearly question: all true still, changed (the change itself is a `put`), or closed for good (goes to the archive). */
    async confirmFresh(who: Who | undefined, handle: string, answer: 'true' | 'changed' | 'closed'): Promise<void> {
      await store.write(async (tx) => {
        const old = await l.expect(tx, handle)
        allow(who, 'organisation.confirm', old.id)
        const status: Status = answer === 'closed' && mayMove(statusMoves, old.status, 'archived') ? 'archived' : old.status
        const now = clock.now()
        if (status === old.status) await l.rows.change(tx, old.id, { confirmed: now })
        else await l.save(tx, old, { status, confirmed: now })
        await record(store, tx, clock, { by: who.by, action: 'organisation.confirmed', subject: old.id,
          before: { confirmed: old.confirmed, status: old.status }, after: { answer, status } })
      })
    },

    /** Somebody looked; who is taken from `who`, when from the clock. */
    async addEvidence(who: Who | undefined, handle: string, input: EvidenceInput): Promise<string> {
      const parsed = evidenceInput.safeParse(input)
      if (!parsed.success) throw problemsOf(parsed.error)
      const { kind, url = null, note = null } = parsed.data
      return store.write(async (tx) => {
        const row = await l.expect(tx, handle)
        // Its own word about itself is the editor's to give; everything else is seen by others.
        allow(who, kind === 'self-declared' ? 'organisation.edit' : 'evidence.record', row.id)
        const id = newId()
        await l.rows.addEvidence(tx, { id, organisation: row.id, kind, url, note, by: who.by, at: clock.now(), withdrawn: null })
        await record(store, tx, clock, { by: who.by, action: 'evidence.recorded', subject: row.id, after: { id, kind, url, note } })
        return id
      })
    },
    async withdrawEvidence(who: Who | undefined, handle: string, id: string, why: string): Promise<void> {
      await store.write(async (tx) => {
        const row = await l.expect(tx, handle)
        allow(who, 'evidence.record', row.id)
        if (!await l.rows.withdrawEvidence(tx, row.id, id, clock.now())) throw new Problem('not-found', `${handle} has no such evidence`,
          { status: 404, field: 'evidence' })
        await record(store, tx, clock, { by: who.by, action: 'evidence.withdrawn', subject: row.id, before: { id }, why })
      })
    },

    /**
     * It does not want to be listed. All that was said about it goes, history included; page and id answer 410 for ever; imports
     * and mirrors skip it by handle, registration, and name in its country. The handle is never given again.
     */
    async optOut(who: Who | undefined, handle: string, reason: string): Promise<void> {
      await store.write(async (tx) => {
        const old = await l.expect(tx, handle)
        allow(who, 'organisation.remove', old.id)
        const now = clock.now()
        const keys = optOutKeys({ handle, name: old.name, country: old.country, registrations: old.profile.registrations })
        if ((await fedi.actors.find(handle))?.owner === `organisation:${old.id}`) await fedi.actors.bury(tx, handle)
        await l.rows.addOptOut(tx, keys, { organisation: old.id, reason, at: now })
        await l.rows.empty(tx, old.id)
        if (old.kind === 'federation') await house.jobs.add(tx, DOCUMENTS, { payload: { federation: old.id } })
        const set = {
          ...columnsOf(profileAfter({ handle, name: handle, kind: old.kind })), status: 'archived' as const, standing: 'unclaimed' as const,
          consentBasis: null, consentBy: null, consentAt: null, gone: now, goneReason: reason, changed: now,
        }
        await l.rows.change(tx, old.id, set)
        await l.tell(tx, { ...old, ...set }, old, false)
        await record(store, tx, clock, { by: who.by, action: 'organisation.opted-out', subject: old.id, before: { handle }, why: reason })
      })
    },

    /** Archives listings that nobody has confirmed for three years; up to `limit` at a time. Returns how many, so that the caller goes on. */
    async archiveFaded(who: Who | undefined, limit = 100): Promise<number> {
      const faded = await l.rows.faded(monthsBefore(clock.now(), FADES.archived), limit)
      for (const { handle } of faded) await setStatus(who, handle, 'archived', `not confirmed for ${FADES.archived} months`)
      return faded.length
    },
  }
}
