/**
 * What every change of a listing has in common: find the row, write state, document and revision in the caller's
 * transaction, tell followers. Fedi comes first in each change, because it may refuse a handle: nothing is written then.
 */
import type { Fedi } from '../fedi/fedi.ts'
import { PUBLIC } from '../fedi/terms.ts'
import { Problem } from '../kernel/errors.ts'
import { newId } from '../kernel/ids.ts'
import type { Clock } from '../kernel/time.ts'
import type { Jobs } from '../store/jobs.ts'
import type { Db, Store } from '../store/store.ts'
import { translator } from '../web/words.ts'
import { organisationDocument, pageUrl, type DocumentOptions } from './document.ts'
import { isOpen, isVisible, membershipNow } from './life.ts'
import type { Figure, FigureInput, Profile, Snapshot, Standing, Status } from './model.ts'
import { columnsOf, coopStore, organisationOf, type MemberOf, type Row } from './store.ts'

/** What happened to an organisation, for rooms above (the directory's collections and announcements). */
export interface Change {
  /** `opened`: it became an actor; `closed`: it is none any more; `gone`: it opted out. */
  what: 'created' | 'changed' | 'opened' | 'closed' | 'gone'
  id: string
  handle: string
  name: string
  /** As it is now. */
  status: Status
  standing: Standing
  activities: readonly string[]
  /** It runs itself from this change on. */
  claimed: boolean
  /** Came with an import or a mirror: never announced one by one. */
  quiet: boolean
}

export interface CoopsHouse {
  store: Store
  clock: Clock
  jobs: Pick<Jobs, 'add'>
  fedi: Pick<Fedi, 'origin' | 'handleHost' | 'uris' | 'documents' | 'actors' | 'publish' | 'followersCount' | 'followersOf'>
  /** The instance's own language, in which documents have their labels. Default English. */
  lang?: string
  icon?: DocumentOptions['icon']
  /** Called in the transaction of each change. */
  onChange?: (tx: Db, change: Change) => Promise<void>
}

/** Job that writes the documents of a federation's members again, after its name has changed. Payload: { federation: id }. */
export const DOCUMENTS = 'coops.documents'

const plainFigure = ({ kind, value, unit, year, source, confidence }: FigureInput): FigureInput => ({ kind, value, unit, year, source, confidence })
export const snapshotOf = (profile: Profile, figures: readonly FigureInput[]): Snapshot => ({ profile, figures: figures.map(plainFigure) })

export function listings(house: CoopsHouse) {
  const { store, clock, fedi } = house
  const lang = house.lang ?? 'en'
  const rows = coopStore(store)
  const today = () => clock.now().toISOString().slice(0, 10)
  const options: DocumentOptions = { uris: fedi.uris, lang, t: translator(lang), ...(house.icon ? { icon: house.icon } : {}) }

  /** The row, or the Problem that says what became of it. */
  async function expect(db: Db, handle: string, field = 'handle'): Promise<Row> {
    const row = await rows.byHandle(handle, db)
    if (!row) throw new Problem('not-found', `there is no organisation ${handle}`, { status: 404, field })
    if (row.gone) throw new Problem('opted-out', `${handle} has asked not to be listed`, { status: 410, field })
    return row
  }

  /** What is served at the id of a listing that is not for everybody: that it is there, and no more. */
  const hidden = (row: Row, open: boolean) => ({
    type: 'Organization', name: row.handle, summary: '', url: pageUrl(fedi.origin, row.handle), attachment: [], 'toad:status': row.status,
    ...(open ? { discoverable: false, indexable: false, suspended: true } : { attributedTo: fedi.uris.actor('directory') }),
  })

  /** Stores the document as it should be after the change; an actor's followers get an Update when it says something else. False when it says the same. */
  async function writeDocument(tx: Db, row: Row, figures: readonly FigureInput[], memberships: readonly MemberOf[], before?: Row): Promise<boolean> {
    if (!isVisible(row.status) && !(before && isVisible(before.status))) return false // never shown yet
    // Once an actor, always an actor: what is suspended or archived keeps its inbox (see standingMoves).
    const open = isOpen(row) || (row.standing !== 'unclaimed' && (await fedi.actors.find(row.handle))?.open === true)
    const parts = { organisation: organisationOf(row), open, figures, memberships: memberships.map((m) => ({ ...m, state: membershipNow(m, today()) })) }
    const document = isVisible(row.status) ? organisationDocument(parts, options) : hidden(row, open)
    const { changed } = await fedi.actors.put(tx, { handle: row.handle, open, document, owner: `organisation:${row.id}`, approves: row.approvesFollowers })
    if (changed && open && before && before.standing !== 'unclaimed') await tellFollowers(tx, row.handle)
    return changed
  }

  async function tellFollowers(tx: Db, handle: string): Promise<void> {
    if (await fedi.followersCount(handle) === 0) return
    const id = fedi.uris.actor(handle)
    const stored = await fedi.documents.get(id)
    await fedi.publish(tx, {
      actor: handle, to: 'followers', inOutbox: false,
      activity: { type: 'Update', to: [PUBLIC], cc: [fedi.uris.followers(handle)], object: stored ? JSON.parse(stored.json) as object : id },
    })
  }

  const figureRow = (organisation: string, at: Date) => (f: FigureInput): Figure & { organisation: string } =>
    ({ id: newId(), organisation, ...plainFigure(f), added: at, superseded: null })

  /** Tells the rooms above what it means for them. */
  async function tell(tx: Db, row: Row, before: Row | undefined, quiet: boolean): Promise<void> {
    if (!house.onChange) return
    const now = isOpen(row), then = before ? isOpen(before) : false
    const what: Change['what'] = row.gone ? 'gone' : now && !then ? 'opened' : then && !now ? 'closed' : before ? 'changed' : 'created'
    await house.onChange(tx, {
      what, id: row.id, handle: row.handle, name: row.name, status: row.status, standing: row.standing, activities: row.profile.activities,
      claimed: row.standing === 'claimed' && before?.standing !== 'claimed', quiet,
    })
  }

  return {
    rows, expect, writeDocument, tell, figureRow,
    /** A change of everything but profile and figures: standing, status, confirmation. Document and hooks follow. */
    async save(tx: Db, before: Row, set: Partial<Row>, quiet = false): Promise<Row> {
      const row: Row = { ...before, ...set, changed: clock.now() }
      await writeDocument(tx, row, await rows.figures(row.id, tx), await rows.memberOf(row.id, tx), before)
      await rows.change(tx, row.id, { ...set, changed: row.changed })
      await tell(tx, row, before, quiet)
      return row
    },
    /** A new revision: profile and figures as they are from now on. `add` and `supersede` say what that means for the figures kept. */
    async revise(tx: Db, before: Row, change: {
      profile: Profile; figures: readonly Figure[]; add: readonly FigureInput[]; supersede: readonly Figure[]
      by: string; why: string | null; set?: Partial<Row>; quiet: boolean
    }): Promise<Row> {
      const at = clock.now()
      const row: Row = { ...before, ...change.set, ...columnsOf(change.profile), revision: before.revision + 1, changed: at }
      const added = change.add.map(figureRow(row.id, at))
      const dropped = new Set(change.supersede.map((f) => f.id))
      const figures = [...change.figures.filter((f) => !dropped.has(f.id)), ...added]
      await writeDocument(tx, row, figures, await rows.memberOf(row.id, tx), before)
      await rows.save(tx, row)
      await rows.supersedeFigures(tx, [...dropped], at)
      await rows.addFigures(tx, added)
      await rows.addRevision(tx, { organisation: row.id, number: row.revision, at, by: change.by, why: change.why,
        snapshot: snapshotOf(change.profile, figures) })
      if (before.kind === 'federation' && before.name !== row.name) await house.jobs.add(tx, DOCUMENTS, { payload: { federation: row.id } })
      await tell(tx, row, before, change.quiet)
      return row
    },
    /** A new listing. */
    async create(tx: Db, row: Row, figures: readonly FigureInput[], by: string, why: string | null, quiet: boolean): Promise<void> {
      const added = figures.map(figureRow(row.id, row.created))
      await writeDocument(tx, row, added, [])
      await rows.add(tx, row)
      await rows.addFigures(tx, added)
      await rows.addRevision(tx, { organisation: row.id, number: 1, at: row.created, by, why, snapshot: snapshotOf(row.profile, added) })
      await tell(tx, row, undefined, quiet)
    },
    /** The document anew from what is stored, without a word to followers: after a rebase, or when what it names has changed. Mirrors want to know. */
    async rewrite(tx: Db, row: Row): Promise<void> {
      if (await writeDocument(tx, row, await rows.figures(row.id, tx), await rows.memberOf(row.id, tx))) await tell(tx, row, row, true)
    },
  }
}
export type Listings = ReturnType<typeof listings>
