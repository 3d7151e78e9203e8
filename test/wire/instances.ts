/** Real instances for tests: the built server as a process of its own, with its own database, secret, port and origin. */
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'

export const root = path.resolve(import.meta.dirname, '../..')

export const freePort = (): Promise<number> => new Promise((done, fail) => {
  const s = createServer().on('error', fail).listen(0, '127.0.0.1', () => {
    const { port } = s.address() as { port: number }
    s.close(() => done(port))
  })
})

/** Looks again every 25 ms until `look` gives something, and says what it waited for when the time is over. */
export async function until<T>(what: string, look: () => Promise<T | undefined | false | null> | T | undefined | false | null, ms = 20_000): Promise<T> {
  const end = Date.now() + ms
  for (;;) {
    const found = await look()
    if (found) return found
    if (Date.now() > end) throw new Error(`waited ${ms} ms in vain for ${what}`)
    await new Promise((r) => setTimeout(r, 25))
  }
}

export interface CommandResult { code: number | null; stdout: string; stderr: string }
export interface Instance {
  origin: string
  port: number
  folder: string
  env: NodeJS.ProcessEnv
  /** Starts the server (again) and waits until it is ready. */
  start(extra?: Record<string, string>): Promise<void>
  /** Ends it by a signal and waits until it is gone; the exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>
  /** Runs `toadlane …` against the same database, beside the server. */
  toadlane(args: string[], input?: string): Promise<CommandResult>
  /** GET as a fediverse server does. */
  activity(url: string): Promise<Response>
  log(): string
  /** Stops and deletes everything. */
  remove(): Promise<void>
}

export function run(command: string, args: string[], options: { cwd?: string; env?: NodeJS.ProcessEnv; input?: string | undefined } = {}): Promise<CommandResult> {
  return new Promise((done, fail) => {
    const child = spawn(command, args, { cwd: options.cwd ?? root, env: options.env ?? process.env, stdio: ['pipe', 'pipe', 'pipe'] })
    let stdout = '', stderr = ''
    child.stdout.setEncoding('utf8').on('data', (s: string) => { stdout += s })
    child.stderr.setEncoding('utf8').on('data', (s: string) => { stderr += s })
    child.on('error', fail).on('close', (code) => done({ code, stdout, stderr }))
    child.stdin.on('error', () => {}).end(options.input ?? '')
  })
}

/** Makes an instance, not yet started. `env` adds to or replaces its settings (`DATABASE_URL` for PostgreSQL). */
export async function makeInstance(env: Record<string, string> = {}): Promise<Instance> {
  const folder = mkdtempSync(path.join(tmpdir(), 'toadlane-instance-'))
  const port = Number(env.PORT ?? await freePort())
  const origin = env.TOADLANE_ORIGIN ?? `http://localhost:${port}`
  const settings: NodeJS.ProcessEnv = {
    PATH: process.env.PATH, HOME: folder, NODE_ENV: 'test', PORT: String(port), TOADLANE_ALLOW_PRIVATE: '1',
    DATABASE_URL: `sqlite:${path.join(folder, 'data', 'toadlane.db')}`, TOADLANE_SECRET_FILE: path.join(folder, 'config', 'secret'), ...env,
  }
  let child: ChildProcess | undefined
  let log = ''
  const instance: Instance = {
    origin, port, folder, env: settings,
    async start(extra = {}) {
      const mine = spawn(process.execPath, ['dist/main.js'], { cwd: root, env: { ...settings, ...extra }, stdio: ['ignore', 'pipe', 'pipe'] })
      child = mine
      const hear = (s: Buffer) => { log += s.toString() }
      mine.stdout.on('data', hear)
      mine.stderr.on('data', hear)
      await until(`${origin}/ready`, async () => {
        if (mine.exitCode !== null) throw new Error(`the server ended with ${mine.exitCode}:\n${log}`)
        return (await fetch(`http://127.0.0.1:${port}/ready`).catch(() => undefined))?.ok
      })
    },
    stop(signal = 'SIGTERM') {
      const mine = child
      child = undefined
      if (!mine || mine.exitCode !== null || mine.signalCode !== null) return Promise.resolve(mine?.exitCode ?? null)
      return new Promise((done) => { mine.once('close', (code) => done(code)); mine.kill(signal) })
    },
    toadlane: (args, input) => run(process.execPath, ['dist/cli.js', ...args], { env: settings, input }),
    activity: (url) => fetch(url, { headers: { accept: 'application/activity+json' }, redirect: 'manual' }),
    log: () => log,
    async remove() {
      await instance.stop('SIGKILL')
      rmSync(folder, { recursive: true, force: true })
    },
  }
  return instance
}
