// Holds the lock of a server until it is killed.
import { lockDatabase } from '../../src/store/lock.ts'

lockDatabase(process.argv[2]!)
console.log('locked')
setInterval(() => {}, 1000)
