// A worker process: runs jobs of kind `effect`, each of which writes a row `ran-PAYLOAD`, some in the transaction that ends the job.
//   worker.process.ts URL          says "ran N" after each hundred; ends when the queue is empty
import { sql } from 'drizzle-orm'
import { systemClock } from '../../src/kernel/time.ts'
import { jobQueue } from '../../src/store/jobs.ts'
import { setMeta } from '../../src/store/meta.ts'
import { openStore } from '../../src/store/open.ts'
import { startWorkers } from '../../src/store/workers.ts'

const store = await openStore(process.argv[2]!, 'drizzle')
const jobs = jobQueue(store, systemClock)
if (store.engine === 'sqlite') await jobs.reclaimAll() // as the server does: the lock says that nobody else works on them
let ran = 0
const workers = startWorkers(store, jobs, {
  effect: {
    concurrency: 20,
    async run(job) {
      await store.write((tx) => setMeta(store, tx, `ran-${String(job.payload)}`, ''))
      if (++ran % 100 === 0) console.log(`ran ${ran}`)
    },
  },
}, { poll: 20 })
console.log('started')
const left = async () => (await store.read.rows<{ n: number }>(sql`select count(*) as n from jobs`))[0]!.n
while (await left()) await new Promise((done) => { setTimeout(done, 50) })
await workers.stop()
await store.close()
console.log('empty')
