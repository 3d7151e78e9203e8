/** Creating, changing and restoring a listing's description: what import, forms and API come down to. */
import { allow, type Who } from '../accounts/model.ts'
import { Problem, problemsOf } from '../kernel/errors.ts'
import { newId } from '../kernel/ids.ts'
import { record } from '../store/audit.ts'
import type { Db } from '../store/store.ts'
import { differences, stable } from './diff.ts'
import type { CoopsHouse, Listings } from './listing.ts'
import { basis, mergeFigures, organisationInput, profileAfter, type FigureInput, type OrganisationInput, type Profile, type Status } from './model.ts'
import { columnsOf, digestOf, type Row } from './store.ts'

export interface PutOptions {
  /** The basis on which the organisation has agreed: makes an unclaimed listing a consented one. */
  consent?: string
  /** Where it comes from, when it is an import or a mirror: kept as the reason, never announced, and never over a listing that runs itself. */
  source?: string
  /** Why, for the history. */
  why?: string
  /** The revision that the change was made on: another one by now is Problem `changed-meanwhile` (409), so that nobody undoes what they have not seen. */
  revision?: number
  /** Of a new listing; default `listed`. */
  status?: Extract<Status, 'draft' | 'in-review' | 'listed'>
}
export interface Put { outcome: 'created' | 'changed' | 'unchanged' | 'skipped'; id: string; reason?: string }

export function putting(house: CoopsHouse, l: Listings) {
  const { store, clock } = house

  function newRow(input: OrganisationInput, profile: Profile, who: Who, o: PutOptions, agreed: string | undefined): Row {
    const now = clock.now()
    return {
      id: newId(), handle: input.handle, ...columnsOf(profile), status: o.status ?? 'listed',
      standing: agreed === undefined ? 'unclaimed' : 'consented', consentBasis: agreed ?? null, consentBy: agreed === undefined ? null : who.by,
      consentAt: agreed === undefined ? null : now, approvesFollowers: false, revision: 1, created: now, changed: now, confirmed: now, gone: null, goneReason: null,
    }
  }

  async function create(tx: Db, who: Who, input: OrganisationInput, o: PutOptions, agreed: string | undefined): Promise<Put> {
    allow(who, 'organisation.list')
    const refused = await l.rows.optOut(tx, input)
    if (refused) return { outcome: 'skipped', id: '', reason: `asked on ${refused.at.toISOString().slice(0, 10)} not to be listed: ${refused.reason}` }
    // A draft gets no actor yet, so fedi does not refuse its handle: whoever has it now or had it once keeps it all the same.
    if (await house.fedi.actors.taken(input.handle)) {
      throw new Problem('handle-taken', `the handle ${input.handle} is taken; handles are never given again`, { status: 409, field: 'handle' })
    }
    const profile = profileAfter(input)
    const row = newRow(input, profile, who, o, agreed)
    const { add } = mergeFigures([], input.figures ?? [])
    await l.create(tx, row, add, who.by, o.why ?? o.source ?? null, o.source !== undefined)
    await record(store, tx, clock, {
      by: who.by, action: 'organisation.created', subject: row.id,
      after: { handle: row.handle, name: row.name, ...(agreed ? { standing: 'consented', basis: agreed } : {}) },
      ...whyOf(o),
    })
    return { outcome: 'created', id: row.id }
  }

  async function change(tx: Db, who: Who, input: OrganisationInput, o: PutOptions, agreed: string | undefined, old: Row): Promise<Put> {
    allow(who, 'organisation.edit', old.id)
    if (o.revision !== undefined && o.revision !== old.revision) {
      throw new Problem('changed-meanwhile', 'somebody changed this listing meanwhile: look at its history, then save again to put this in its place', { status: 409 })
    }
    const profile = profileAfter(input, old.profile)
    const figures = input.figures?.length ? await l.rows.figures(old.id, tx) : []
    const { add, supersede } = mergeFigures(figures, input.figures ?? [])
    const agrees = agreed !== undefined && old.standing === 'unclaimed'
    const described = digestOf(profile) !== old.digest || add.length > 0
    if (!described && !agrees) return { outcome: 'unchanged', id: old.id }
    if (o.source !== undefined && old.standing === 'claimed') return { outcome: 'skipped', id: old.id, reason: 'the organisation keeps its own listing' }
    const set: Partial<Row> = agrees ? { standing: 'consented', consentBasis: agreed, consentBy: who.by, consentAt: clock.now(), confirmed: clock.now() } : {}
    if (described) {
      const standing = input.figures?.length ? figures : await l.rows.figures(old.id, tx)
      await l.revise(tx, old, { profile, figures: standing, add, supersede, by: who.by, why: o.why ?? o.source ?? null, set, quiet: o.source !== undefined })
    } else await l.save(tx, old, set, o.source !== undefined)
    await audit(tx, who, old, profile, add, o, agrees ? agreed : undefined)
    return { outcome: 'changed', id: old.id }
  }

  async function audit(tx: Db, who: Who, old: Row, profile: Profile, add: readonly FigureInput[], o: PutOptions, agreed?: string): Promise<void> {
    const diff = differences(old.profile, profile)
    const side = (s: 'before' | 'after') => Object.fromEntries(diff.map((d) => [d.field, d[s]]))
    await record(store, tx, clock, {
      by: who.by, action: 'organisation.changed', subject: old.id, before: { ...side('before'), ...(agreed ? { standing: old.standing } : {}) },
      after: { ...side('after'), ...(add.length ? { figures: add } : {}), ...(agreed ? { standing: 'consented', basis: agreed } : {}) }, ...whyOf(o),
    })
  }

  const whyOf = (o: PutOptions) => (o.why ?? o.source) === undefined ? {} : { why: o.why ?? o.source ?? '' }

  return {
    /**
     * Creates or changes the organisation with this handle. The same again is 'unchanged' and writes nothing. 'skipped' says why:
     * an opt-out, or an import over a listing that runs itself. Problems: invalid (422), handle-taken (409), forbidden.
     */
    async put(who: Who | undefined, input: OrganisationInput, o: PutOptions = {}): Promise<Put> {
      const parsed = organisationInput.safeParse(input)
      if (!parsed.success) throw problemsOf(parsed.error)
      const agreed = o.consent === undefined ? undefined : checkBasis(o.consent)
      if (agreed !== undefined) allow(who, 'organisation.consent')
      if (!who) throw new Problem('sign-in-needed', 'sign in to do this', { status: 401 })
      return store.write(async (tx) => {
        const old = await l.rows.byHandle(parsed.data.handle, tx)
        if (old?.gone) return { outcome: 'skipped', id: old.id,
          reason: `asked on ${old.gone.toISOString().slice(0, 10)} not to be listed: ${old.goneReason ?? ''}` }
        return old ? change(tx, who, parsed.data, o, agreed, old) : create(tx, who, parsed.data, o, agreed)
      })
    },

    /** As it was at that revision, as a new revision: history is never rewritten. */
    async restore(who: Who | undefined, handle: string, number: number, why: string): Promise<Put> {
      return store.write(async (tx) => {
        const old = await l.expect(tx, handle)
        allow(who, 'organisation.edit', old.id)
        const then = await l.rows.snapshot(tx, old.id, number)
        if (!then) throw new Problem('not-found', `${handle} has no revision ${number}`, { status: 404, field: 'revision' })
        const figures = await l.rows.figures(old.id, tx)
        const profile = profileAfter({ handle, ...then.profile })
        const kept = new Set(then.figures.map(stable))
        const plain = figures.map(({ id: _, added: __, superseded: ___, ...f }) => stable(f))
        const supersede = figures.filter((_, i) => !kept.has(plain[i]!))
        const add = then.figures.filter((f) => !plain.includes(stable(f)))
        if (digestOf(profile) === old.digest && !add.length && !supersede.length) return { outcome: 'unchanged', id: old.id }
        await l.revise(tx, old, { profile, figures, add, supersede, by: who.by, why, quiet: false })
        await record(store, tx, clock, {
          by: who.by, action: 'organisation.restored', subject: old.id, before: { revision: old.revision }, after: { revision: old.revision + 1, as: number }, why,
        })
        return { outcome: 'changed', id: old.id }
      })
    },

    /** A figure that should not stand: it stays on record as superseded. */
    async withdrawFigure(who: Who | undefined, handle: string, figure: string, why: string): Promise<Put> {
      return store.write(async (tx) => {
        const old = await l.expect(tx, handle)
        allow(who, 'organisation.edit', old.id)
        const figures = await l.rows.figures(old.id, tx)
        const supersede = figures.filter((f) => f.id === figure)
        if (!supersede.length) throw new Problem('not-found', `${handle} has no such figure`, { status: 404, field: 'figure' })
        await l.revise(tx, old, { profile: old.profile, figures, add: [], supersede, by: who.by, why, quiet: false })
        await record(store, tx, clock, { by: who.by, action: 'organisation.figure-withdrawn', subject: old.id, before: supersede[0], why })
        return { outcome: 'changed', id: old.id }
      })
    },
  }
}

/** The basis of an agreement: what was said, where, when. Problem when it is empty or too long. */
export function checkBasis(text: string): string {
  const parsed = basis.safeParse(text)
  if (!parsed.success) throw new Problem('invalid', `the basis of the consent ${parsed.error.issues[0]?.message ?? 'is not valid'}`,
    { status: 422, field: 'consent' })
  return parsed.data
}
