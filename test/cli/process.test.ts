/** The command as a process: from any folder, through a link, on Ctrl-C, and beside a server on the same database. */
import { spawn } from 'node:child_process'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { makeInstance, run, until } from '../wire/instances.ts'
import { root, world } from './world.ts'

/** The machine's own PATH, where `node` may be an older one. */
const PATH = (process.env.PATH ?? '').split(':').filter((p) => !p.includes('node_modules')).join(':')
const rows = (n: number, at = 0) => Array.from({ length: n }, (_, i) => JSON.stringify({ type: 'organisation', handle: `o-${i + at}`, name: `O ${i + at}`, kind: 'cooperative', summary: 'x'.repeat(500) })).join('\n')

beforeAll(async () => { // the bundle as the sources are now
  const r = await run(process.execPath, ['scripts/build.mjs'])
  expect(r.stderr).toBe('')
}, 120_000)

describe('bin/toadlane', () => {
  test('works from another folder through a link, and takes files from there', async () => {
    const w = world()
    const folder = path.join(w.folder, 'some where')
    mkdirSync(folder)
    const link = path.join(w.folder, 'toadlane')
    symlinkSync(path.join(root, 'bin/toadlane'), path.join(w.folder, 'first'))
    symlinkSync('first', link)
    writeFileSync(path.join(folder, 'list.csv'), 'name,kind\nAlpha,ally\n')
    const env = { ...w.env, PATH, HOME: w.folder }
    expect(await run(link, ['--version'], { cwd: folder, env })).toEqual({ code: 0, stdout: '0.1.0\n', stderr: '' })
    const r = await run(link, ['import', 'list.csv', '--json'], { cwd: folder, env })
    expect(r).toMatchObject({ code: 0, stderr: '' })
    expect(JSON.parse(r.stdout)).toMatchObject({ file: 'list.csv', created: 1 })
    expect(await run(link, ['export', '--format', 'csv', '--out', 'out.csv'], { cwd: folder, env })).toMatchObject({ code: 0 })
    expect((await run('head', ['-c', '6', path.join(folder, 'out.csv')])).stdout).toBe('handle')
    expect(await run(link, ['import', 'list.csv', '--nonsense'], { cwd: folder, env })).toMatchObject({ code: 2 })
  }, 60_000)

  test('whoever reads only the first lines is no fault', async () => {
    const w = world()
    const r = await run('sh', ['-c', `"${path.join(root, 'bin/toadlane')}" export | head -n 1`], { env: { ...w.env, PATH } })
    expect(r).toEqual({ code: 0, stdout: '{\n', stderr: '' })
  }, 60_000)
})

describe('an import', () => {
  test('ends behind its batch on Ctrl-C and says where it stood; again, it goes on', async () => {
    const w = world()
    const file = path.join(w.folder, 'list.jsonl')
    writeFileSync(file, rows(6000))
    const child = spawn(process.execPath, ['dist/cli.js', 'import', file, '--json'], { cwd: root, env: w.env, stdio: ['ignore', 'pipe', 'pipe'] })
    let out = ''
    child.stdout.on('data', (s: Buffer) => { out += s.toString() })
    const ended = new Promise<number | null>((done) => child.on('close', done))
    const { default: Database } = await import('better-sqlite3')
    const count = () => {
      try {
        const db = new Database(w.env.DATABASE_URL!.slice('sqlite:'.length), { readonly: true })
        try { return (db.prepare('select count(*) as n from organisations').get() as { n: number }).n } finally { db.close() }
      } catch { return 0 }
    }
    await until('the first rows', () => count() > 200)
    child.kill('SIGINT')
    expect(await ended).toBe(1)
    const first = JSON.parse(out.trim().split('\n').at(-1)!) as { created: number; stopped: { line: number } }
    expect(first.created).toBe(count())
    expect(first.created).toBeLessThan(6000)
    expect(first.stopped.line).toBe(first.created)
    expect((await w.toadlane(['import', file, '--json'])).json).toMatchObject({ created: 6000 - first.created, unchanged: first.created, failed: 0 })
  }, 120_000)

  test('beside a running server: both write, and the server goes on answering', async () => {
    const i = await makeInstance()
    try {
      await i.start()
      const file = path.join(i.folder, 'list.jsonl')
      writeFileSync(file, rows(1500))
      const waits: number[] = []
      let busy = true
      const asking = (async () => {
        while (busy) {
          const t = performance.now()
          expect((await fetch(`${i.origin}/ready`)).status).toBe(200)
          waits.push(performance.now() - t)
          await new Promise((r) => setTimeout(r, 20))
        }
      })()
      const r = await i.toadlane(['import', file, '--json'])
      busy = false
      await asking
      expect(JSON.parse(r.stdout.trim().split('\n').at(-1)!)).toMatchObject({ created: 1500, failed: 0 })
      expect(waits.length).toBeGreaterThan(5)
      expect((await fetch(`${i.origin}/co-ops/o-1499`)).status).toBe(200)
      const doctor = JSON.parse((await i.toadlane(['doctor', '--json'])).stdout) as { checks: { check: string; state: string }[] }
      expect(doctor.checks.filter((c) => ['server', 'address'].includes(c.check)).map((c) => c.state)).toEqual(['ok', 'ok'])
      expect(await i.toadlane(['serve'])).toMatchObject({ code: 2, stderr: expect.stringContaining('another Toadlane server') })
      expect(await i.toadlane(['rebase'])).toMatchObject({ code: 2, stderr: expect.stringContaining('another Toadlane server') })
    } finally { await i.remove() }
  }, 120_000)
})
