/** The job behind the inbox: one verified activity, one effect. Network first, then one transaction with the end of the job in it. */
import { z } from 'zod'
import { getLogger } from '@logtape/logtape'
import { Problem, safeReason } from '../../kernel/errors.ts'
import { MINUTE, SECOND, type Clock } from '../../kernel/time.ts'
import type { Documents } from '../../store/documents.ts'
import type { Jobs } from '../../store/jobs.ts'
import type { Store } from '../../store/store.ts'
import { PutOff, type JobHandler } from '../../store/workers.ts'
import type { Fetcher } from '../fetch.ts'
import type { InboundHandler, Json } from '../fedi.ts'
import { budget } from '../inbox/budget.ts'
import { idOf } from '../json.ts'
import { bareHost } from '../net/address.ts'
import { Dropped, type Sources } from './authority.ts'
import { plans, type Plan, type PlanHouse } from './plans.ts'

const log = getLogger(['toadlane', 'fedi', 'dispatch'])

export interface DispatchHouse extends Omit<PlanHouse, 'sources' | 'wants' | 'afterCommit'> {
  store: Store
  clock: Clock
  jobs: Jobs
  documents: Documents
  fetch: Fetcher
  isBlocked(host: string): boolean
}

/** Would another try end the same way? A server that does not answer, or a database that is busy, may do better later. */
const isFinal = (e: unknown): boolean => e instanceof Problem && (e.status < 500 || e.code === 'bad-document')

const payload = z.object({ raw: z.looseObject({ id: z.string(), type: z.string() }), to: z.string().optional() })

/** The handlers that rooms have registered. */
export function register() {
  const handlers = new Map<string, InboundHandler>()
  return {
    on(key: string, handler: InboundHandler): void {
      if (handlers.has(key)) throw new Error(`two rooms want ${key}`)
      handlers.set(key, handler)
    },
    /** `Create`: with or without a type of object. `Create/`: only with one. */
    wants: (type: string): boolean => [...handlers.keys()].some((k) => k === type || k.startsWith(type.endsWith('/') ? type : `${type}/`)),
    find: (keys: readonly string[]): InboundHandler | undefined => keys.map((k) => handlers.get(k)).find((h) => h !== undefined),
  }
}
export type Register = ReturnType<typeof register>

export function inboxHandler(house: DispatchHouse, rooms: Register): JobHandler {
  const { store, jobs, documents, uris } = house
  /** Fetches that one host's activities may cause, in all and at the same time: slow ones must not hold up everybody. */
  const fetches = budget(house.clock, { burst: 120, perMinute: 60 })
  const underWay = new Map<string, number>()

  function sourcesFor(host: string): Sources {
    return {
      isLocal: uris.isLocal,
      async ours(id): Promise<Json | undefined> {
        const stored = await documents.get(id)
        return stored && !stored.gone ? JSON.parse(stored.json) as Json : undefined
      },
      async fetched(id) {
        const busy = underWay.get(host) ?? 0
        if (busy >= 4) throw new PutOff(2 * SECOND, 'enough is being fetched for one server')
        if (!fetches.take(host)) throw new PutOff(MINUTE, 'too many fetches for one server')
        underWay.set(host, busy + 1)
        try { return await house.fetch.object(id) } finally {
          const left = (underWay.get(host) ?? 1) - 1
          if (left > 0) underWay.set(host, left)
          else underWay.delete(host)
        }
      },
    }
  }

  /** What is wrong for good is dropped; what may pass is thrown, and the queue comes back to it. */
  async function planned(a: { id: string; type: string; actor: string; raw: Json }, host: string): Promise<Plan | undefined> {
    try {
      return await plans({ ...house, afterCommit: store.afterCommit, wants: rooms.wants, sources: sourcesFor(host) })(a)
    } catch (e) {
      if (e instanceof Dropped) log.debug('{type} of {host} dropped: {reason}', { type: a.type, host, reason: e.message })
      else if (isFinal(e)) log.debug('{type} of {host} dropped: {reason}', { type: a.type, host, reason: safeReason(e) })
      else throw e
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
    async run(job) {
      const { raw, to } = payload.parse(job.payload)
      const actor = idOf(raw.actor)
      if (actor === undefined) return undefined
      const host = bareHost(new URL(actor))
      if (house.isBlocked(host)) return undefined
      const plan = await planned({ id: raw.id, type: raw.type, actor, raw }, host)
      if (!plan) return undefined
      try {
        await inTurn(() => store.write(async (tx) => {
          const better = await plan.effect?.(tx)
          const handler = rooms.find(better?.keys ?? plan.keys)
          if (handler) {
            await handler(tx, {
              id: raw.id, type: raw.type, actor, host, raw, object: plan.object,
              ...(plan.objectId === undefined ? {} : { objectId: plan.objectId }), ...(to === undefined ? {} : { addressed: to }),
            })
          } else if (!plan.effect) log.debug('{type} of {host}: nothing to do', { type: raw.type, host })
          await jobs.done([job.id], tx) // with the effect, or not at all
        }))
        return 'done'
      } catch (e) {
        if (!(e instanceof Dropped) && !isFinal(e)) throw e
        log.debug('{type} of {host} dropped: {reason}', { type: raw.type, host, reason: safeReason(e) })
        return undefined
      }
    },
  }
}
