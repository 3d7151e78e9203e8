/** How each other server fares: its circuit, and which kind of signature it takes. Kept in the database, so that a restart knows it. */
import { and, asc, eq, gt, gte, inArray, isNotNull, isNull, lt, lte, or, sql } from 'drizzle-orm'
import { LRUCache } from 'lru-cache'
import { getLogger } from '@logtape/logtape'
import { safeReason } from '../../kernel/errors.ts'
import { HOUR, MINUTE, SECOND, type Clock } from '../../kernel/time.ts'
import type { Jobs } from '../../store/jobs.ts'
import { prepared } from '../../store/prepared.ts'
import type { Db, Store } from '../../store/store.ts'
import { storeTables } from '../../store/tables.ts'
import type { HostHealth } from '../fedi.ts'
import type { SignatureKind } from '../net/sign.ts'
import { fediTables } from '../tables.ts'

const log = getLogger(['toadlane', 'fedi', 'hosts'])

/** Failures in a row until the circuit opens. */
export const LIMIT = 5
const LONGEST = 6 * HOUR
/** A probe that never comes back (a killed handler) stops holding the place after this. */
const PROBE = 30 * SECOND
const FRESH = 15 * SECOND
const SAVE = SECOND

/** The pause after the n-th failure in a row, in ms: one minute, doubling to six hours, spread by ±20 %. */
export function pauseAfter(failures: number, random: () => number = Math.random): number {
  if (failures < LIMIT) return 0
  return Math.round(Math.min(MINUTE * 2 ** (failures - LIMIT), LONGEST) * (0.8 + 0.4 * random()))
}

type Row = Omit<HostHealth, 'signature'> & { signature: string | null }
interface Kept { row: Row; read: number }

/** What the circuit says: go, or how long to wait in ms. */
export type Gate = { go: true } | { go: false; wait: number }

export function hostBook(store: Store, clock: Clock, jobs: Jobs) {
  const t = fediTables(store.kit).hosts
  const j = storeTables(store.kit).jobs
  const read = prepared('host', (db) => db.select().from(t).where(eq(t.host, sql.placeholder('host'))))
  const cache = new LRUCache<string, Kept>({ max: 5000 })
  const probing = new Map<string, number>()
  const blank = (host: string): Row => ({ host, lastSuccess: null, lastFailure: null, failures: 0, openUntil: null, signature: null, software: null, softwareAt: null })
  const now = () => clock.now().getTime()

  async function of(host: string): Promise<Row> {
    const kept = cache.get(host)
    if (kept && now() - kept.read < FRESH) return kept.row
    const [row] = await read(store.read, { host })
    const later = cache.get(host)
    if (later && later !== kept) return later.row // changed here while the database was asked
    const fresh = { ...(row ?? kept?.row ?? blank(host)), ...onItsWay.get(host), ...unsaved.get(host) }
    cache.set(host, { row: fresh, read: now() })
    return fresh
  }

  /** What is not in the database yet. Written together: a fan-out meets thousands of hosts in a second. */
  const unsaved = new Map<string, Partial<Row>>()
  let onItsWay = new Map<string, Partial<Row>>()
  let saving: NodeJS.Timeout | undefined

  async function save(): Promise<void> {
    clearTimeout(saving)
    saving = undefined
    if (!unsaved.size) return
    const list = [...unsaved]
    onItsWay = new Map([...onItsWay, ...list])
    unsaved.clear()
    // Only what has changed is written: other processes know other things.
    await store.write(async (tx) => {
      for (const [host, set] of list) await tx.insert(t).values({ ...blank(host), ...set }).onConflictDoUpdate({ target: t.host, set })
    }).catch((e: unknown) => log.warn('the state of {count} hosts was not kept: {reason}', { count: list.length, reason: safeReason(e) }))
    for (const [host, set] of list) if (onItsWay.get(host) === set) onItsWay.delete(host)
  }

  async function change(host: string, set: Partial<Row>): Promise<void> {
    const row = { ...(await of(host)), ...set }
    cache.set(host, { row, read: now() })
    unsaved.set(host, { ...unsaved.get(host), ...set })
    saving ??= setTimeout(() => void save(), SAVE).unref()
  }

  /** Everything that waits for the host is due now: it has come back. */
  async function hasten(host: string): Promise<void> {
    for (const scheme of ['https', 'http']) {
      const from = `${scheme}://${host}/`
      await store.auto.update(j).set({ due: clock.now() })
        .where(and(eq(j.kind, 'deliver'), gte(j.key, from), lt(j.key, `${from.slice(0, -1)}0`), isNull(j.leased), gt(j.due, clock.now())))
    }
    jobs.wake('deliver')
  }

  return {
    /** May something be sent? After a pause one probe goes first, and the rest waits for what it brings. */
    async gate(host: string): Promise<Gate> {
      const { openUntil } = await of(host)
      if (!openUntil) return { go: true }
      const wait = openUntil.getTime() - now()
      if (wait > 0) return { go: false, wait: wait + Math.round(Math.random() * 5 * SECOND) }
      const since = probing.get(host)
      if (since !== undefined && now() - since < PROBE) return { go: false, wait: 10 * SECOND }
      probing.set(host, now())
      return { go: true }
    },

    async success(host: string): Promise<void> {
      const row = await of(host)
      const wasOpen = row.openUntil !== null
      if (row.failures > 0 || wasOpen || !row.lastSuccess || now() - row.lastSuccess.getTime() >= MINUTE) {
        await change(host, { lastSuccess: clock.now(), failures: 0, openUntil: null })
      }
      probing.delete(host) // not before the circuit says the same
      if (wasOpen) {
        log.info('{host} is back', { host })
        await hasten(host)
      }
    },

    /** It could not be reached, or was broken itself. Failures of what was under way when the circuit opened count once. */
    async failure(host: string): Promise<void> {
      const row = await of(host)
      if (row.openUntil && !probing.has(host)) return
      const failures = row.failures + 1
      const pause = pauseAfter(failures)
      await change(host, { lastFailure: clock.now(), failures, openUntil: pause ? new Date(now() + pause) : null })
      probing.delete(host) // nor here: between the two a second one would slip through
      if (pause) log.info('{host} does not answer; nothing is sent for {minutes} min', { host, minutes: Math.round(pause / MINUTE) })
    },

    signatures: {
      async of(host: string): Promise<SignatureKind | undefined> {
        const { signature } = await of(host)
        return signature === 'rfc9421' || signature === 'cavage' ? signature : undefined
      },
      remember(host: string, kind: SignatureKind): void {
        if (cache.get(host)?.row.signature === kind) return
        void change(host, { signature: kind })
      },
    },

    /** What it says that it runs. */
    runs: (host: string, software: string): Promise<void> => change(host, { software }),
    /** Hosts that were reached and have not been asked what they run since `before`: from now on they have. */
    async unasked(tx: Db, before: Date, limit: number): Promise<string[]> {
      const rows = await tx.select({ host: t.host }).from(t)
        .where(and(isNotNull(t.lastSuccess), or(isNull(t.softwareAt), lte(t.softwareAt, before)))).orderBy(sql`${t.softwareAt} is not null`, asc(t.softwareAt), asc(t.host)).limit(limit)
      const hosts = rows.map((r) => r.host)
      if (hosts.length) await tx.update(t).set({ softwareAt: clock.now() }).where(inArray(t.host, hosts))
      return hosts
    },

    save,
    /** Hosts by name. */
    async list(after = '', limit = 100): Promise<HostHealth[]> {
      await save()
      const rows = await store.read.select().from(t).where(gt(t.host, after)).orderBy(asc(t.host)).limit(limit)
      return rows.map((r) => ({ ...r, signature: r.signature === 'rfc9421' || r.signature === 'cavage' ? r.signature : null }))
    },
    /** Forgets hosts that nothing has been sent to since. */
    async sweep(before: Date): Promise<void> {
      await store.auto.delete(t).where(and(or(isNull(t.lastSuccess), lt(t.lastSuccess, before)), or(isNull(t.lastFailure), lt(t.lastFailure, before))))
    },
  }
}
export type HostBook = ReturnType<typeof hostBook>
