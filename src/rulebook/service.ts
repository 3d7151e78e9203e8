/** What can be done with levers. Versions are added, never changed: campaigns stand on the one they began with. */
import { allow, type Who } from '../accounts/model.ts'
import type { FigureInput, Organisation } from '../coops/model.ts'
import { Problem, problemsOf } from '../kernel/errors.ts'
import { newId } from '../kernel/ids.ts'
import type { Clock } from '../kernel/time.ts'
import { record } from '../store/audit.ts'
import type { Db, Store } from '../store/store.ts'
import { dayOf } from './dates.ts'
import { leverInput, ruleOf, type Body, type Lever, type LeverInput, type Rule } from './model.ts'
import { actionKey, bodyKey, digestOf, leverStore, type After, type Listed, type LeverRow } from './store.ts'

export type { After, Listed } from './store.ts'

export interface RulebookHouse {
  store: Store
  clock: Clock
  /** The organisation of a handle; the coops room answers (`coops.read.organisation`). */
  organisation(handle: string): Promise<LeverBody | undefined>
}
/** What the rulebook needs to know of an organisation. */
export type LeverBody = Pick<Organisation, 'id' | 'handle' | 'name' | 'status' | 'country' | 'locality' | 'region' | 'summary'>
export interface PutLever { outcome: 'created' | 'changed' | 'unchanged' | 'skipped'; id: string; version: number; reason?: string }

export function rulebook(house: RulebookHouse) {
  const { store, clock } = house
  const rows = leverStore(store)

  /** May they, for this body? Editors look after the rules of their own organisation; rules of law are the curators'. */
  async function permit(who: Who | undefined, body: Body): Promise<Who> {
    if (body.organisation === null) { allow(who, 'lever.edit'); return who }
    const organisation = await house.organisation(body.organisation)
    if (!organisation) throw new Problem('not-found', `there is no organisation ${body.organisation}`, { status: 422, field: 'organisation' })
    allow(who, 'lever.edit', organisation.id)
    return who
  }

  async function create(tx: Db, who: Who, body: Body, action: string, rule: Rule, number: number, checked: string | null): Promise<PutLever> {
    const id = newId(), at = clock.now()
    await rows.add(tx, { id, body: bodyKey(body), ...body, action, actionKey: actionKey(action), latest: number, created: at, changed: at })
    await rows.addVersion(tx, { lever: id, number, rule, digest: digestOf(rule), checked, by: who.by, at })
    await record(store, tx, clock, { by: who.by, action: 'lever.created', subject: id, after: { ...body, action, version: number } })
    return { outcome: 'created', id, version: number }
  }

  /** Another word on a lever that is there. `said`: the data's own number, if it has one. */
  async function amend(tx: Db, who: Who, old: LeverRow, rule: Rule, said: number | undefined, checked: string | null): Promise<PutLever> {
    const versions = await rows.versions(tx, old.id)
    const digest = digestOf(rule)
    const free = said !== undefined && !versions.some((v) => v.number === said)
    const same = versions.find((v) => v.digest === digest && (said === undefined || v.number === said)) ?? versions.find((v) => v.digest === digest)
    if (same && !free) return confirm(tx, who, old, same, checked)
    if (said !== undefined && !free && said < old.latest) {
      return { outcome: 'skipped', id: old.id, version: said,
        reason: `version ${said} is kept as it was, and version ${old.latest} came after it: hand in a newer one` }
    }
    const number = free ? said : old.latest + 1
    const at = clock.now()
    await rows.addVersion(tx, { lever: old.id, number, rule, digest, checked, by: who.by, at })
    await rows.setLatest(tx, old.id, Math.max(number, old.latest), at)
    await record(store, tx, clock, { by: who.by, action: 'lever.version', subject: old.id, before: { version: old.latest }, after: { version: number } })
    return { outcome: 'changed', id: old.id, version: number }
  }

  /** The same words: at most they were read again later. */
  async function confirm(tx: Db, who: Who, old: LeverRow, version: { number: number; checked: string | null }, checked: string | null): Promise<PutLever> {
    const answer = { id: old.id, version: version.number }
    if (checked === null || (version.checked !== null && version.checked >= checked)) return { outcome: 'unchanged', ...answer }
    await rows.setChecked(tx, old.id, version.number, checked)
    await record(store, tx, clock, { by: who.by, action: 'lever.checked', subject: old.id, before: { checked: version.checked },
      after: { version: version.number, checked } })
    return { outcome: 'changed', ...answer }
  }

  return {
    /**
     * One version of a lever, whole: what it leaves out is unknown. The lever is known by its body and action. The same content as
     * any version it has is 'unchanged'; other content is the next version, or the one whose number the data gives, and the old ones
     * stay. Problems: invalid, not-found (no such organisation; both 422), forbidden.
     */
    async put(who: Who | undefined, input: LeverInput): Promise<PutLever> {
      const parsed = leverInput.safeParse(input)
      if (!parsed.success) throw problemsOf(parsed.error)
      const l = parsed.data
      const body: Body = { organisation: l.organisation ?? null, scope: l.scope ?? null, country: l.country ?? null }
      return store.write(async (tx) => {
        const by = await permit(who, body)
        const old = await rows.find(tx, bodyKey(body), actionKey(l.action))
        const rule = ruleOf(l), checked = l.checked ?? null
        return old ? amend(tx, by, old, rule, l.version, checked) : create(tx, by, body, l.action, rule, l.version ?? 1, checked)
      })
    },

    /** Somebody read the source of the newest version again today, and it still says so. */
    async check(who: Who | undefined, id: string): Promise<PutLever> {
      return store.write(async (tx) => {
        const old = await rows.row(id, tx)
        if (!old) throw new Problem('not-found', 'there is no such lever', { status: 404 })
        const by = await permit(who, old)
        const newest = (await rows.versions(tx, id)).find((v) => v.number === old.latest)!
        return confirm(tx, by, old, newest, dayOf(clock.now()))
      })
    },

    read: {
      byId: (id: string): Promise<Lever | undefined> => rows.byId(id),
      /** With all versions, newest first. */
      ofOrganisation: (handle: string): Promise<Lever[]> => rows.ofOrganisation(handle),
      list: (q: { country?: string; limit: number; after?: After }): Promise<(Listed & { body: string; actionKey: string })[]> => rows.list(q),
      all: (limit: number, after?: string): Promise<Lever[]> => rows.all(limit, after),
      counts: () => rows.counts(),
      organisation: (handle: string): Promise<LeverBody | undefined> => house.organisation(handle),
      /** The newest, surest figure of a body's members: what percentages are taken of. */
      members: (handle: string): Promise<FigureInput | undefined> => rows.members(handle),
    },
  }
}
export type Rulebook = ReturnType<typeof rulebook>
