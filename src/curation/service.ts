/** Reports: what other servers and our own curators think a moderator should see. One call is one transaction. */
import { createHmac } from 'node:crypto'
import { getLogger } from '@logtape/logtape'
import { allow, type Who } from '../accounts/model.ts'
import type { Fedi } from '../fedi/fedi.ts'
import { Problem, problemsOf } from '../kernel/errors.ts'
import type { Sealer } from '../kernel/seal.ts'
import { move } from '../kernel/states.ts'
import { HOUR, type Clock } from '../kernel/time.ts'
import { record } from '../store/audit.ts'
import type { Db, Store } from '../store/store.ts'
import { flagOf } from './document.ts'
import { decisionInput, forwardInput, PER_HOUR, reportMoves, type Report } from './model.ts'
import { reportStore, type After } from './store.ts'

export type { After } from './store.ts'

const log = getLogger(['toadlane', 'curation'])

/** What a report is about, as a page shows it. */
export interface Subject { id: string; label: string; /** Its page here; null where it has none. */ href: string | null }
/** Something of another server that is shown here. */
export interface Foreign { id: string; /** Its author's id. */ author: string; label: string; /** Its page here. */ href: string }

export interface ReportHouse {
  store: Store
  clock: Clock
  fedi: Pick<Fedi, 'publish' | 'uris' | 'knownActor'>
  /** For keyed hashes: the id of a report must not tell who sent it. */
  sealer: Pick<Sealer, 'subkey'>
  /** Names and pages of things of ours, by ActivityPub id; what is not known is left out. app.ts asks the rooms. */
  about(ids: readonly string[]): Promise<Map<string, Subject>>
  /** A post of another server, by its id here. */
  foreign(id: string): Promise<Foreign | undefined>
}

/** A report that came over the wire. */
export interface Flagged { activity: string; actor: string; host: string; words: string; subjects: string[] }

/** With how many other reports name one of the same things. */
export interface Listed extends Report { about: Subject[]; others: number }

export function reports(house: ReportHouse) {
  const { store, clock, fedi } = house
  const rows = reportStore(store)
  const key = house.sealer.subkey('reports')
  const idOf = (...parts: string[]): string => createHmac('sha256', key).update(JSON.stringify(parts)).digest('hex').slice(0, 32)
  let dropped = 0

  async function shown(list: readonly Report[]): Promise<Listed[]> {
    const ids = [...new Set(list.flatMap((r) => r.subjects))]
    const [known, counts] = await Promise.all([house.about(ids), rows.about(ids)])
    return list.map((r) => ({
      ...r, about: r.subjects.map((id) => known.get(id) ?? { id, label: id, href: null }),
      others: Math.max(0, ...r.subjects.map((id) => (counts.get(id) ?? 1) - 1)),
    }))
  }
  async function expect(id: string, db: Db = store.read): Promise<Report> {
    const report = await rows.byId(id, db)
    if (!report) throw new Problem('not-found', 'there is no such report', { status: 404 })
    return report
  }

  /** What may be reported to its own server. Problem `not-found` (404), also for what is ours: that is decided here. */
  async function reportable(who: Who | undefined, subject: string): Promise<Foreign> {
    allow(who, 'report.decide')
    const found = await house.foreign(subject)
    if (!found || fedi.uris.isLocal(found.id)) throw new Problem('not-found', 'there is no such post of another server', { status: 404 })
    return found
  }

  return {
    /**
     * A Flag. Of its sender only the server is kept. The same activity is one report, however often it comes; more than
     * a server's share in an hour are dropped and counted (HOSTILE.md 47).
     */
    async receive(tx: Db, f: Flagged): Promise<boolean> {
      if (!f.subjects.length) return false
      if (await rows.ofHost(tx, f.host, new Date(clock.now().getTime() - HOUR)) >= PER_HOUR) {
        store.afterCommit(() => {
          dropped++
          log.warn('a report of {host} was dropped: more than {most} in an hour ({dropped} dropped since the start)', { host: f.host, most: PER_HOUR, dropped })
        })
        return false
      }
      return rows.add(tx, {
        id: idOf(f.actor, f.activity), host: f.host, by: null, subjects: f.subjects, words: f.words, state: 'open', created: clock.now(),
        decided: null, decidedBy: null, why: null,
      })
    },

    /** The sender takes it back: an open one is closed, one that was decided stays as it is. */
    async withdraw(tx: Db, f: Pick<Flagged, 'activity' | 'actor' | 'host'>): Promise<boolean> {
      const report = await rows.byId(idOf(f.actor, f.activity), tx)
      if (report?.state !== 'open') return false
      await rows.change(tx, report.id, { state: 'dismissed', decided: clock.now(), decidedBy: `peer:${f.host}`, why: null })
      await record(store, tx, clock, { by: `peer:${f.host}`, action: 'report.withdrawn', subject: `report:${report.id}`, before: { state: 'open' }, after: { state: 'dismissed' } })
      return true
    },

    /** Open ones, the longest waiting first; or decided ones, newest first. Page by passing the last as `after`. */
    async list(who: Who | undefined, what: 'open' | 'decided', limit: number, after?: After): Promise<Listed[]> {
      allow(who, 'report.decide')
      return shown(await rows[what](limit, after))
    },
    async one(who: Who | undefined, id: string): Promise<Listed> {
      allow(who, 'report.decide')
      return (await shown([await expect(id)]))[0]!
    },

    /** Problems: `invalid` (422), `wrong-state` (409, somebody has decided it already). */
    async decide(who: Who | undefined, id: string, input: unknown): Promise<void> {
      allow(who, 'report.decide')
      const checked = decisionInput.safeParse(input)
      if (!checked.success) throw problemsOf(checked.error)
      const { outcome, why } = checked.data
      await store.write(async (tx) => {
        const old = await expect(id, tx)
        const state = move('report', reportMoves, old.state, outcome)
        await rows.change(tx, id, { state, decided: clock.now(), decidedBy: who.by, why })
        await record(store, tx, clock, { by: who.by, action: 'report.decide', subject: `report:${id}`, before: { state: old.state }, after: { state, subjects: old.subjects }, why })
      })
    },

    reportable,
    /**
     * Tells the author's server: a Flag by the instance actor (WIRE.md 3), so that no person of ours is named. Kept here as a
     * report that was acted on. The same words about the same thing are sent once.
     */
    async forward(who: Who | undefined, subject: string, input: unknown): Promise<{ id: string; host: string; sent: boolean }> {
      const thing = await reportable(who, subject)
      const checked = forwardInput.safeParse(input)
      if (!checked.success) throw problemsOf(checked.error)
      const { words } = checked.data
      const author = await fedi.knownActor(thing.author)
      const host = new URL(thing.author).host
      const id = idOf('forward', thing.id, words)
      const sent = await store.write(async (tx) => {
        const at = clock.now()
        const fresh = await rows.add(tx, {
          id, host: null, by: who!.userId ?? null, subjects: [thing.id], words, state: 'acted', created: at, decided: at, decidedBy: who!.by, why: null,
        })
        if (!fresh) return false
        await fedi.publish(tx, {
          actor: fedi.uris.instanceHandle, activity: flagOf({ author: thing.author, object: thing.id, words }), inOutbox: false,
          to: author ? { inboxes: [author.sharedInbox ?? author.inbox] } : { actors: [thing.author] },
        })
        await record(store, tx, clock, { by: who!.by, action: 'report.forward', subject: `report:${id}`, after: { subject: thing.id, host } })
        return true
      })
      return { id, host, sent }
    },

    read: {
      open: (): Promise<number> => rows.count('open'),
      /** Over the budget of their servers, since this process began. */
      dropped: (): number => dropped,
    },
  }
}
export type Reports = ReturnType<typeof reports>
