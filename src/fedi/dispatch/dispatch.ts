/** The job behind the inbox: one verified activity, one effect. Network first, then one transaction with the end of the job in it. */
import { z } from 'zod'
import { getLogger } from '@logtape/logtape'
import { Problem, safeReason } from '../../kernel/errors.ts'
import type { Clock } from '../../kernel/time.ts'
import type { Documents } from '../../store/documents.ts'
import type { Job, Jobs } from '../../store/jobs.ts'
import type { Store } from '../../store/store.ts'
import { PutOff, type JobHandler } from '../../store/workers.ts'
import type { Fetcher } from '../fetch.ts'
import type { InboundHandler, Json } from '../fedi.ts'
import type { Caused } from '../caused.ts'
import type { Hint } from '../inbox/intake.ts'
import { plain } from '../inbox/lenient.ts'
import { idOf, listOf, originOf } from '../json.ts'
import { bareHost } from '../net/address.ts'
import { Dropped, type Sources } from './authority.ts'
import { hinted } from './hints.ts'
import { plans, type Act, type Plan, type PlanHouse } from './plans.ts'
import { isVote } from './vote.ts'

const log = getLogger(['toadlane', 'fedi', 'dispatch'])

export interface DispatchHouse extends Omit<PlanHouse, 'sources' | 'wants' | 'afterCommit'> {
  store: Store
  clock: Clock
  jobs: Jobs
  documents: Documents
  fetch: Fetcher
  caused: Caused
  isBlocked(host: string): boolean
}

/** Would another try end the same way? A server that does not answer, or a database that is busy, may do better later. */
const isFinal = (e: unknown): boolean => e instanceof Problem && (e.status < 500 || e.code === 'bad-document')

const activity = z.looseObject({ id: z.string(), type: z.string() })
const hint = z.object({ id: z.string(), type: z.enum(['Create', 'Update', 'Delete']), actor: z.string(), object: z.string(), by: z.string() })
const payload = z.object({ raw: activity.optional(), hint: hint.optional(), to: z.string().optional() })

/** A hint that cannot be looked up is worth a few tries, not three days of them. */
const HINT_TRIES = 4

/** The handlers that rooms have registered. Several may listen to one key: they run in the order of their registration, in one transaction. */
export function register() {
  const handlers = new Map<string, InboundHandler[]>()
  return {
    on(key: string, handler: InboundHandler): void {
      handlers.set(key, [...(handlers.get(key) ?? []), handler])
    },
    /** `Create`: with or without a type of object. `Create/`: only with one. */
    wants: (type: string): boolean => [...handlers.keys()].some((k) => k === type || k.startsWith(type.endsWith('/') ? type : `${type}/`)),
    /** Those of the first key that anybody listens to; none where nobody does. */
    find: (keys: readonly string[]): readonly InboundHandler[] => keys.map((k) => handlers.get(k)).find((h) => h !== undefined) ?? [],
  }
}
export type Register = ReturnType<typeof register>

export function inboxHandler(house: DispatchHouse, rooms: Register): JobHandler {
  const { store, jobs, documents, uris } = house

  function sourcesFor(host: string): Sources {
    return {
      isLocal: uris.isLocal,
      async ours(id): Promise<Json | undefined> {
        const stored = await documents.get(id)
        return stored && !stored.gone ? JSON.parse(stored.json) as Json : undefined
      },
      fetched: async (id) => plain(await house.caused(host, () => house.fetch.object(id))),
    }
  }

  const isBlocked = (id: string | undefined): boolean => id !== undefined && originOf(id) !== undefined && house.isBlocked(bareHost(new URL(id)))

  /** What it is, and what it means; undefined for nothing. What is wrong for good is dropped; what may pass is thrown, and the queue comes back to it. */
  async function planned(a: Act, host: string, how: (plan: (a: Act) => Promise<Plan>, h: PlanHouse) => Promise<Plan>): Promise<Plan | undefined> {
    const h: PlanHouse = { ...house, afterCommit: store.afterCommit, wants: rooms.wants, sources: sourcesFor(host) }
    try {
      const [object, ...more] = listOf(a.raw.object)
      if (!more.length && isBlocked(idOf(object))) throw new Dropped('of a blocked server')
      return await how(plans(h), h)
    } catch (e) {
      if (e instanceof Dropped) log.debug('{type} of {host} dropped: {reason}', { type: a.type, host, reason: e.message })
      else if (isFinal(e)) log.debug('{type} of {host} dropped: {reason}', { type: a.type, host, reason: safeReason(e) })
      else throw e
      return undefined
    }
  }

  async function understood(job: Job, read: z.infer<typeof payload>): Promise<{ a: Act; host: string; plan: Plan } | undefined> {
    const found: Hint | undefined = read.hint
    const raw: Json | undefined = found ? { ...found } : read.raw
    const actor = idOf(raw?.actor)
    if (!raw || actor === undefined || isBlocked(actor) || (found && house.isBlocked(found.by))) return undefined
    const a: Act = { id: String(raw.id), type: String(raw.type), actor, raw }
    const host = bareHost(new URL(actor))
    if (!found) {
      const plan = await planned(a, host, (make) => make(a))
      return plan && { a, host, plan }
    }
    try {
      const plan = await planned(a, found.by, (make, h) => hinted(h, make, found, house.clock.now().getTime() - job.created.getTime()))
      return plan && { a: { ...a, raw: { id: a.id, type: a.type, actor, object: found.object } }, host, plan }
    } catch (e) {
      if (e instanceof PutOff || job.attempts < HINT_TRIES) throw e
      log.debug('a hint of {host} came to nothing: {reason}', { host: found.by, reason: safeReason(e) })
      return undefined
    }
  }

  /**
   * Effects take turns, as they would have to on SQLite: on PostgreSQL, sixteen at once lose their races against each other six times
   * out of seven. What takes long, the network, has come before.
   */
  let tail: Promise<unknown> = Promise.resolve()
  function inTurn<T>(f: () => Promise<T>): Promise<T> {
    const run = tail.then(f)
    tail = run.catch(() => {})
    return run
  }

  return {
    concurrency: 16,
    /** Of a vote nothing is kept that says who voted what: it is not tried again by hand. Nor is a hint, which is worth nothing by then. */
    remains(kept) {
      const { raw, hint } = payload.safeParse(kept).data ?? {}
      return hint || (raw && listOf(raw.object).some((o) => isVote(o, uris.isLocal))) ? {} : kept
    },
    async run(job) {
      const read = payload.parse(job.payload)
      const known = await understood(job, read)
      if (!known) return
      const { a, host, plan } = known
      try {
        await inTurn(() => store.write(async (tx) => {
          const better = await plan.effect?.(tx)
          const listeners = rooms.find(better?.keys ?? plan.keys)
          for (const listener of listeners) {
            await listener(tx, {
              ...a, host, object: plan.object,
              ...(plan.objectId === undefined ? {} : { objectId: plan.objectId }), ...(plan.forServer ? { forServer: plan.forServer } : {}), ...(read.to === undefined ? {} : { addressed: read.to }),
            })
          }
          if (!listeners.length && !plan.effect) log.debug('{type} of {host}: nothing to do', { type: a.type, host })
          await jobs.done([job.id], tx) // with the effect, or not at all
        }))
        return 'done'
      } catch (e) {
        if (!(e instanceof Dropped) && !isFinal(e)) throw e
        log.debug('{type} of {host} dropped: {reason}', { type: a.type, host, reason: safeReason(e) })
      }
    },
  }
}
