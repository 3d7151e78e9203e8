// A second process on a database: writes rows NAME-0 … in batches, as the command line does beside a server.
//   writer.process.ts URL NAME BATCHES ROWS-A-BATCH
import { openStore } from '../../src/store/open.ts'
import { setMeta } from '../../src/store/meta.ts'

const [url = '', name = '', batches = '1', rows = '1'] = process.argv.slice(2)
const store = await openStore(url, 'drizzle')
console.log('open')
for (let b = 0; b < Number(batches); b++) {
  await store.write(async (tx) => {
    for (let r = 0; r < Number(rows); r++) await setMeta(store, tx, `${name}-${b * Number(rows) + r}`, '')
  })
  if (b === 0) console.log('first')
}
await store.close()
console.log('done')
