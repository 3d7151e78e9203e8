/** The job that finds an actor's inbox before the delivery: for actors that were named but never met. */
import { z } from 'zod'
import { Problem } from '../../kernel/errors.ts'
import type { Jobs } from '../../store/jobs.ts'
import type { Store } from '../../store/store.ts'
import { GiveUp, type JobHandler } from '../../store/workers.ts'
import type { RemoteActors } from '../remote.ts'
import { DELIVER } from './enqueue.ts'

const payload = z.looseObject({ actor: z.string() })

export function addressHandler(house: { store: Store; jobs: Jobs; remote: RemoteActors }): JobHandler {
  return {
    concurrency: 8,
    async run(job) {
      const { actor, ...parcel } = payload.parse(job.payload)
      let inbox: string
      try { ({ inbox } = await house.remote.get(actor)) } catch (e) {
        if (e instanceof Problem && (e.status < 500 || e.code === 'bad-document')) throw new GiveUp(e.message)
        throw e
      }
      // The delivery and the end of this job are one change: a repeat adds no second one.
      await house.store.write(async (tx) => {
        await house.jobs.add(tx, DELIVER, { key: inbox, payload: parcel })
        await house.jobs.done([job.id], tx)
      })
      return 'done'
    },
  }
}
