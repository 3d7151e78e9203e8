/** The server in this process. */
import { readConfig } from '../../config.ts'
import type { Io } from '../io.ts'

/** Runs until a signal. `worker` needs PostgreSQL: StartRefused otherwise. */
export async function serve(io: Io, role: 'all' | 'worker'): Promise<undefined> {
  await import('temporal-polyfill/global') // before anything that imports Fedify
  const { runServer } = await import('../../server.ts')
  const config = readConfig(role === 'worker' ? { ...io.env, TOADLANE_ROLE: 'worker' } : io.env, io.root)
  process.exitCode = await runServer(config)
  return undefined
}
