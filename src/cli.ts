/** The command `toadlane`: bin/toadlane starts the bundle of this with the caller's folder in TOADLANE_CWD. */
import path from 'node:path'
import { safeReason } from './kernel/errors.ts'
import { run } from './cli/run.ts'

// Whoever reads our output may stop reading (`| head`): that is no fault of theirs.
process.stdout.on('error', (e: NodeJS.ErrnoException) => { if (e.code === 'EPIPE') process.exit(0) })
let code = 1
try {
  code = await run(process.argv.slice(2), {
    folder: process.env.TOADLANE_CWD ?? process.cwd(),
    root: path.resolve(import.meta.dirname, '..'),
    env: process.env, stdin: process.stdin, stdout: process.stdout, stderr: process.stderr,
  })
} catch (e) {
  process.stderr.write(`toadlane: ${safeReason(e)}\n`)
}
// Kept-alive connections must not hold the command back; what is written goes out first.
process.stdout.write('', () => process.stderr.write('', () => process.exit(code)))
