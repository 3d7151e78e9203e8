/** A process that only delivers: `node --import tsx deliver.process.ts DATABASE ORIGIN`. Killed without warning by kill.test.ts. */
import 'temporal-polyfill/global'
import { openStore } from '../../src/store/open.ts'
import { makeInstance } from './instance.ts'

const [database, origin] = process.argv.slice(2) as [string, string]
const store = await openStore(database, 'drizzle')
const i = await makeInstance({ store, origin, listen: false, workers: false })
await i.jobs.reclaimAll() // the only process on this database: what is leased was left behind
i.startWorkers()
console.log('ready')
process.on('SIGTERM', () => { void i.close().then(() => process.exit(0)) })
