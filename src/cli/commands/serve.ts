/** The server in this process. */
import { configOf } from '../house.ts'
import type { Answer, Io } from '../io.ts'

/** Runs until a signal. `worker` needs PostgreSQL: StartRefused otherwise. */
export async function serve(io: Io, role: 'all' | 'worker'): Promise<Answer> {
  const config = configOf(role === 'worker' ? { ...io, env: { ...io.env, TOADLANE_ROLE: 'worker' } } : io)
  await import('temporal-polyfill/global') // before anything that imports Fedify
  const { runServer } = await import('../../server.ts')
  return { json: { ended: true }, code: await runServer(config) === 0 ? 0 : 1 }
}
