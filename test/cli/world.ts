/** A folder with an instance of its own, and the command line in this process. */
import path from 'node:path'
import { Readable, Writable } from 'node:stream'
import { run } from '../../src/cli/run.ts'
import { scratch } from '../engines.ts'

export const root = path.resolve(import.meta.dirname, '../..')

export interface Said { code: number; out: string; err: string; /** The last line of `out` as JSON. */ json: Record<string, any> }

class Heard extends Writable {
  text = ''
  override _write(chunk: Buffer, _: string, done: () => void): void { this.text += chunk.toString(); done() }
}

export function world(env: Record<string, string> = {}) {
  const folder = scratch('cli')
  const settings: Record<string, string> = {
    DATABASE_URL: `sqlite:${path.join(folder, 'data', 'toadlane.db')}`, TOADLANE_SECRET_FILE: path.join(folder, 'config', 'secret'), PORT: '8799', ...env,
  }
  return {
    folder, env: settings,
    /** Runs `toadlane ARGS`; `input` is what stands on standard input. */
    async toadlane(args: string[], o: { input?: string; env?: Record<string, string> } = {}): Promise<Said> {
      const stdout = new Heard(), stderr = new Heard()
      const code = await run(args, { folder, root, env: { ...settings, ...o.env }, stdin: Readable.from(o.input === undefined ? [] : [Buffer.from(o.input)]), stdout, stderr })
      return { code, out: stdout.text, err: stderr.text, get json() { return JSON.parse(stdout.text.trim().split('\n').at(-1) ?? '') as Record<string, any> } }
    },
  }
}
export type World = ReturnType<typeof world>
