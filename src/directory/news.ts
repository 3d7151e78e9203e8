/**
 * The directory speaks to people (WIRE.md section 3): a Note of its own for an organisation that has agreed or runs itself, an
 * Announce for what other rooms publish. At most five a day (UTC) go out singly; the rest waits and becomes one Note at the turn of
 * the day. Each thing is told once, imports and mirrors never.
 */
import { and, asc, eq, gte, isNull, lt, ne } from 'drizzle-orm'
import type { Change } from '../coops/service.ts'
import type { Organisation } from '../coops/model.ts'
import { isOpen, isVisible } from '../coops/life.ts'
import { pageUrl } from '../coops/document.ts'
import type { Fedi, Json } from '../fedi/fedi.ts'
import { PUBLIC } from '../fedi/terms.ts'
import { Problem } from '../kernel/errors.ts'
import { DAY, type Clock } from '../kernel/time.ts'
import type { Jobs } from '../store/jobs.ts'
import { getMeta, setMeta } from '../store/meta.ts'
import type { Db, Store } from '../store/store.ts'
import type { JobHandler } from '../store/workers.ts'
import type { Talk } from '../talk/service.ts'
import { directorySpeaker } from './actors.ts'
import { digest, lineOf, NAMED, single, type Language, type Line } from './news-words.ts'
import { directoryTables } from './tables.ts'

/** Notes and announces together. */
export const SINGLY = 5
/** Job that tells what waits and may be told now. */
export const NEWS = 'directory.news'
/** `2026-11-14 3`: so many have gone out singly on that day. */
const TODAY = 'directory.news'

export interface NewsHouse {
  store: Store
  clock: Clock
  jobs: Pick<Jobs, 'addOnce'>
  fedi: Pick<Fedi, 'origin' | 'handleHost' | 'uris' | 'documents' | 'publish'>
  talk: Pick<Talk, 'say' | 'reword' | 'takeDown'>
  /** As it stands now; undefined where it is not listed here at all. */
  organisation(handle: string): Promise<Organisation | undefined>
  language: Language
}

type News = ReturnType<typeof directoryTables>['directoryNews']['$inferSelect']
const dayOf = (at: Date): string => at.toISOString().slice(0, 10)

export function newsroom(house: NewsHouse) {
  const { store, clock, jobs, fedi, talk, language } = house
  const { lang } = language
  const t = directoryTables(store.kit).directoryNews
  const today = (): Date => new Date(`${dayOf(clock.now())}T00:00:00.000Z`)
  const home = `${fedi.origin}/`

  /** Keeps it for telling; nothing where it has been kept before, told or not. */
  async function keep(tx: Db, kind: News['kind'], subject: string): Promise<void> {
    const now = clock.now()
    const fresh = await tx.insert(t).values({ id: `${kind} ${subject}`, kind, subject, at: now }).onConflictDoNothing().returning({ id: t.id })
    if (fresh.length) await jobs.addOnce(tx, NEWS, { payload: {}, due: now })
  }

  async function left(tx: Db): Promise<number> {
    const [day, n] = (await getMeta(store, TODAY, tx) ?? '').split(' ')
    return SINGLY - (day === dayOf(clock.now()) ? Number(n) || 0 : 0)
  }

  /** An organisation that may be spoken of: it has agreed, and it is listed. */
  async function newcomer(handle: string): Promise<Organisation | undefined> {
    const o = await house.organisation(handle)
    return o && isOpen(o) ? o : undefined
  }
  const addressOf = (o: Organisation) => ({ actor: fedi.uris.actor(o.handle), address: `@${o.handle}@${fedi.handleHost}` })

  /** The line that a digest has for it; undefined where there is nothing to speak of any more. */
  async function lineFor(row: News): Promise<Line | undefined> {
    if (row.kind === 'opened') {
      const o = await newcomer(row.subject)
      return o && { name: o.name, page: pageUrl(fedi.origin, o.handle) }
    }
    const stored = await fedi.documents.get(row.subject)
    if (!stored || stored.gone) return undefined
    const { name, url } = JSON.parse(stored.json) as Json
    const page = typeof url === 'string' ? url : row.subject
    return { name: typeof name === 'string' && name.trim() ? name : page, page }
  }

  /** False where there is nothing to speak of any more. */
  async function tell(tx: Db, row: News): Promise<{ post: string | null } | undefined> {
    if (row.kind === 'announce') {
      if (!await lineFor(row)) return undefined
      const activity = { type: 'Announce', to: [PUBLIC], cc: [fedi.uris.followers('directory')], object: row.subject }
      await fedi.publish(tx, { actor: 'directory', activity, to: 'followers', inOutbox: true })
      return { post: null }
    }
    const o = await newcomer(row.subject)
    if (!o) return undefined
    const words = single({
      name: o.name, line: lineOf(o, language), page: pageUrl(fedi.origin, o.handle), ...(o.standing === 'claimed' ? { mention: addressOf(o) } : {}),
    }, language)
    return { post: (await talk.say(tx, { speaker: await directorySpeaker(store, tx), ...words, language: lang }, 'system')).id }
  }

  const said = (tx: Db, id: string, post: string | null) => tx.update(t).set({ said: clock.now(), post }).where(eq(t.id, id))

  /** The next one of today's, while there is room today. False when there is none to tell. */
  const nextSingle = (): Promise<boolean> => store.write(async (tx) => {
    const room = await left(tx)
    const [row] = await tx.select().from(t).where(and(isNull(t.said), gte(t.at, today()))).orderBy(asc(t.at), asc(t.id)).limit(1)
    if (!row) return false
    if (room <= 0) {
      await jobs.addOnce(tx, NEWS, { payload: {}, due: new Date(today().getTime() + DAY) })
      return false
    }
    const told = await tell(tx, row)
    if (!told) {
      await tx.delete(t).where(eq(t.id, row.id)) // it may come back, and is told then
      return true
    }
    await said(tx, row.id, told.post)
    await setMeta(store, tx, TODAY, `${dayOf(clock.now())} ${SINGLY - room + 1}`)
    return true
  })

  /** The words of a digest of these rows; undefined where nothing is left of it. */
  async function digestOf(rows: readonly News[]): Promise<string | undefined> {
    const lines: Line[] = []
    let seen = 0
    for (const row of rows) {
      if (lines.length === NAMED) break
      seen++
      const line = await lineFor(row)
      if (line) lines.push(line)
    }
    return lines.length ? digest(lines, rows.length - seen, home, language) : undefined
  }

  /** What has waited since yesterday or longer, in one Note. */
  const daily = (): Promise<void> => store.write(async (tx) => {
    const waits = and(isNull(t.said), lt(t.at, today()))
    const rows = await tx.select().from(t).where(waits).orderBy(asc(t.at), asc(t.id))
    if (!rows.length) return
    const html = await digestOf(rows)
    if (html === undefined) {
      await tx.delete(t).where(waits)
      return
    }
    const post = await talk.say(tx, { speaker: await directorySpeaker(store, tx), html, language: lang }, 'system')
    await tx.update(t).set({ said: clock.now(), post: post.id }).where(waits)
  })

  /** A post that somebody has taken down already is no trouble. */
  async function unlessGone(act: Promise<unknown>): Promise<void> {
    try { await act } catch (e) { if (!(e instanceof Problem) || e.code !== 'not-found') throw e }
  }

  /** What was told of it is taken back: alone, it is taken down; among others, they are told without it. It is not told again. */
  async function retract(tx: Db, kind: News['kind'], subject: string, why: string): Promise<void> {
    const [row] = await tx.select().from(t).where(eq(t.id, `${kind} ${subject}`))
    if (!row) return
    if (row.said === null) {
      await tx.delete(t).where(eq(t.id, row.id))
      return
    }
    if (row.post === null) return
    await tx.update(t).set({ post: null }).where(eq(t.id, row.id))
    const others = await tx.select().from(t).where(and(eq(t.post, row.post), ne(t.id, row.id))).orderBy(asc(t.at), asc(t.id))
    const html = others.length ? await digestOf(others) : undefined
    if (html !== undefined) await unlessGone(talk.reword(tx, row.post, { html, tag: [] }, 'system'))
    else await unlessGone(talk.takeDown(tx, row.post, 'system', why))
  }

  return {
    /** For CoopsHouse.onChange: after the change is written, in its transaction. */
    async changed(tx: Db, c: Change): Promise<void> {
      if (c.what === 'gone' || !isVisible(c.status)) await retract(tx, 'opened', c.handle, c.what === 'gone' ? 'it asked not to be listed' : `it is ${c.status}`)
      else if (!isOpen(c)) { if (c.what === 'closed') await forget(tx, c.handle) }
      else if (!c.quiet && (c.what === 'opened' || c.claimed)) await keep(tx, 'opened', c.handle)
    },
    /** For rooms above: this object of ours goes to whoever follows the directory, as an Announce today or in the digest. Once. */
    announce: (tx: Db, objectId: string): Promise<void> => keep(tx, 'announce', objectId),
    /** The object is gone: what waits is not told, a digest is told without it. Its Announce goes with the object (`buryObject`). */
    withdraw: (tx: Db, objectId: string): Promise<void> => retract(tx, 'announce', objectId, 'what it tells of is gone'),

    handler: (): JobHandler => ({
      concurrency: 1,
      async run() {
        await daily()
        while (await nextSingle());
      },
    }),
    /** Does anything wait that no job is going to tell? A net under `addOnce`. */
    async tend(): Promise<void> {
      await store.write(async (tx) => {
        const [row] = await tx.select({ at: t.at }).from(t).where(isNull(t.said)).orderBy(asc(t.at)).limit(1)
        if (!row) return
        const now = row.at < today() || await left(tx) > 0
        await jobs.addOnce(tx, NEWS, { payload: {}, due: now ? clock.now() : new Date(today().getTime() + DAY) })
      })
    },
  }

  /** What is archived is told no more, and what was told of it in its time may stand. */
  async function forget(tx: Db, handle: string): Promise<void> {
    await tx.delete(t).where(and(eq(t.id, `opened ${handle}`), isNull(t.said)))
  }
}
export type Newsroom = ReturnType<typeof newsroom>
