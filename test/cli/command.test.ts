import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Command } from 'commander'
import { beforeAll, describe, expect, test } from 'vitest'
import { makeProgram } from '../../src/cli/program.ts'
import { readConfig } from '../../src/config.ts'
import { root, world, type World } from './world.ts'

const DATA = path.join(root, 'test/data/directory.json')

function leaves(c: Command, trail: string[] = []): string[][] {
  return c.commands.filter((x) => x.name() !== 'help').flatMap((x) => (x.commands.length ? leaves(x, [...trail, x.name()]) : [[...trail, x.name()]]))
}
const commands = leaves(makeProgram({} as never, '0', async () => {}))

describe('help and wrong use', () => {
  test('there are the commands that the documents name', () => {
    expect(commands.map((c) => c.join(' '))).toEqual([
      'serve', 'worker', 'setup', 'doctor', 'import', 'export', 'sample', 'backup', 'restore', 'rebase', 'user create', 'user role', 'user editor', 'user password', 'user list',
      'org show', 'org publish', 'org consent', 'org opt-out', 'follow', 'peers block', 'peers unblock', 'peers blocks', 'deliveries',
    ])
  })
  test.each(commands)('%s %s: help with --json, whatever the settings', async (...command) => {
    const w = world({ PORT: 'nonsense' })
    const r = await w.toadlane([...command.filter((c): c is string => typeof c === 'string'), '--help'])
    expect(r).toMatchObject({ code: 0, err: '' })
    expect(r.out).toContain('--json')
  })
  test.each([
    [['frobnicate'], /unknown command 'frobnicate'/], [['import'], /missing required argument 'file'/], [['export', '--format', 'xml'], /Allowed choices are toadlane, csv/],
    [['import', 'x', '--format', 'sea'], /Allowed choices are auto, toadlane, csv/], [['import', 'no-such-file.csv'], /there is no file no-such-file.csv/], [['import', '.'], /is a folder/],
    [['import', DATA, '--map', 'none.json'], /--map: there is no file/], [['import', DATA, '--encoding', 'ebcdic'], /--encoding is one of/], [['import', DATA, '--consent', ' '], /--consent needs/],
    [['deliveries', 'replay'], /which one/], [['deliveries', '--limit', '0'], /whole number/], [['org', 'publish', 'x'], /required option '--text/], [['serve', 'more'], /too many arguments/],
    [['user', 'create', 'a@b.example', '--role', 'king'], /Allowed choices are admin, curator, member/], [['user', 'create', 'a@b.example'], /no terminal to ask/], [['setup'], /--name is needed/],
  ])('%j is wrong use: one sentence, exit 2', async (args, message) => {
    const r = await world().toadlane(args)
    expect(r.code).toBe(2)
    expect(r.err).toMatch(/^toadlane: /)
    expect(r.err).toMatch(message)
    expect(r.out).toBe('')
  })
  test('unusable settings are one sentence and exit 2, and with --json also JSON', async () => {
    const r = await world({ PORT: 'nonsense' }).toadlane(['user', 'list', '--json'])
    expect(r).toMatchObject({ code: 2, err: expect.stringMatching(/^toadlane: PORT .*\n$/), json: { error: { code: 'settings' } } })
    expect(await world().toadlane(['worker'])).toMatchObject({ code: 2, err: expect.stringContaining('needs PostgreSQL') })
  })
})

describe('an instance filled from the real data', () => {
  let w: World
  beforeAll(async () => { w = world() })

  test('the dry run says what the real run then does; the report ends with the totals', async () => {
    const dry = await w.toadlane(['import', DATA, '--dry-run', '--json'])
    expect(dry).toMatchObject({ code: 0, json: { dryRun: true, created: 148, failed: 0 } })
    expect(await w.toadlane(['org', 'show', 'stocksy'])).toMatchObject({ code: 1, err: 'toadlane: there is no organisation stocksy\n' })
    const real = await w.toadlane(['import', DATA, '--json'])
    expect(real.code).toBe(0)
    expect(Object.keys(real.json).slice(-5)).toEqual(['created', 'changed', 'unchanged', 'skipped', 'failed'])
    expect(real.json).toEqual({ ...dry.json, dryRun: false })
    const again = await w.toadlane(['import', DATA])
    expect(again.out).toContain('0 created, 0 changed, 148 unchanged, 0 skipped, 0 failed')
  }, 60_000)

  test('an unclaimed listing cannot post; one that has agreed can', async () => {
    expect(await w.toadlane(['org', 'publish', 'stocksy', '--text', 'Hello'])).toMatchObject({ code: 1, err: expect.stringMatching(/nobody from Stocksy.* has agreed/) })
    expect((await w.toadlane(['org', 'consent', 'stocksy', '--basis', 'by letter of 3 May', '--json'])).json).toMatchObject({ changed: true, standing: 'consented' })
    const r = await w.toadlane(['org', 'publish', 'stocksy', '--text', 'Hello\nworld', '--lang', 'en', '--json'])
    expect(r.json).toMatchObject({ id: expect.any(String), uri: expect.stringMatching(/^http:\/\/localhost:8799\/ap\/notes\//) })
    const shown = await w.toadlane(['org', 'show', 'stocksy'])
    expect(shown.out).toMatch(/standing +consented \(by letter of 3 May; \d{4}-/)
    expect((await w.toadlane(['org', 'show', 'nationwide', '--json'])).json).toMatchObject({ organisation: { name: 'Nationwide Building Society' }, figures: [{ value: 16_000_000 }], levers: expect.any(Array) })
  })

  test('a bad row: told with line, field and reason, exit 1, and the rest is in', async () => {
    writeFileSync(path.join(w.folder, 'list.csv'), 'Company;Town;Colour\nAlpha;Leeds;red\n;York;blue\nBeta;"open;x\nGamma;Hull;green\n')
    writeFileSync(path.join(w.folder, 'map.json'), JSON.stringify({ name: 'Company', locality: 'Town', kind: '=cooperative' }))
    const r = await w.toadlane(['import', 'list.csv', '--map', 'map.json'])
    expect(r.code).toBe(1)
    expect(r.err).toContain('line 3: name: must be given\n')
    expect(r.err).toContain('line 4: a quote that opens here is never closed\n')
    expect(r.out).toBe('note: the column "Colour" is not used\n2 created, 0 changed, 0 unchanged, 0 skipped, 2 failed\n')
    const json = await w.toadlane(['import', 'list.csv', '--map', 'map.json', '--json'])
    expect(json.out.split('\n')).toHaveLength(4) // two problems, the report, the end
    expect(json.out.split('\n').slice(0, 2).map((l) => (JSON.parse(l) as { problem: { line: number } }).problem.line)).toEqual([3, 4])
    expect((await w.toadlane(['import', '-', '--json'], { input: '{"type":"organisation","handle":"piped","name":"Piped","kind":"ally"}\n\n{}\n' })).json).toMatchObject({ file: '-', created: 1, failed: 1 })
  })

  test('a file that cannot be read at all: refused, exit 1', async () => {
    writeFileSync(path.join(w.folder, 'latin.csv'), Buffer.from('name,kind\nCaf\xe9,cooperative\n', 'latin1'))
    expect(await w.toadlane(['import', 'latin.csv'])).toMatchObject({ code: 1, err: expect.stringContaining('line 2: byte 0xe9 is not UTF-8') })
    expect(await w.toadlane(['import', 'latin.csv', '--encoding', 'windows-1252', '--json'])).toMatchObject({ code: 0, json: { created: 1 } })
    expect(await w.toadlane(['org', 'show', 'cafe'])).toMatchObject({ code: 0, out: expect.stringContaining('Café') })
    expect(await w.toadlane(['import', 'http://127.0.0.1:9/list.csv'])).toMatchObject({ code: 1, err: expect.stringContaining('not allowed') })
  })

  test('what is exported fills another instance, which then exports the same', async () => {
    const b = world()
    for (const format of ['toadlane', 'csv']) {
      const out = path.join(w.folder, `all.${format}`)
      expect((await w.toadlane(['export', '--format', format, '--out', out, '--json'])).json).toMatchObject({ format, bytes: statSync(out).size })
    }
    expect((await b.toadlane(['import', path.join(w.folder, 'all.csv'), '--json'])).json).toMatchObject({ failed: 0 })
    expect((await b.toadlane(['import', path.join(w.folder, 'all.toadlane'), '--json'])).json).toMatchObject({ failed: 0, sections: { organisation: { created: 0, changed: 0 }, lever: { created: 102 } } })
    const records = (text: string) => text.split('\n').filter((l) => !/^"(from|exported)"/.test(l)).map((l) => l.replace(/,$/, '').replace('"standing":"consented"', '"standing":"unclaimed"'))
    expect(records((await b.toadlane(['export'])).out).toSorted()).toEqual(records(readFileSync(path.join(w.folder, 'all.toadlane'), 'utf8')).toSorted())
    expect(readdirSync(w.folder).filter((f) => f.endsWith('.part'))).toEqual([])
    expect(await w.toadlane(['export', '--out', path.join(w.folder, 'all.csv')])).toMatchObject({ code: 2, err: expect.stringContaining('--force') })
    expect(await w.toadlane(['export', '--out', path.join(w.folder, 'all.csv'), '--force'])).toMatchObject({ code: 0 })
    expect(await w.toadlane(['export', '--out', 'no/such/folder/x'])).toMatchObject({ code: 1, err: expect.stringContaining('cannot be written (ENOENT)') })
  }, 60_000)

  test('queue and peers, where there is nothing yet', async () => {
    expect(await w.toadlane(['peers'])).toMatchObject({ code: 0, out: 'no other server is known yet\n' })
    expect((await w.toadlane(['deliveries', '--json'])).json).toMatchObject({ queue: expect.any(Array) })
    expect((await w.toadlane(['deliveries', '--failed', '--json'])).json).toEqual({ failed: [] })
    expect((await w.toadlane(['deliveries', 'replay', 'all', '--json'])).json).toEqual({ replayed: 0 })
    expect(await w.toadlane(['deliveries', 'replay', '7'])).toMatchObject({ code: 1, err: 'toadlane: no dead letter 7\n' })
    expect(await w.toadlane(['follow', 'https://127.0.0.1/x'])).toMatchObject({ code: 1 })
    expect(await w.toadlane(['follow', 'https://x.example/y', '--as', 'nobody'])).toMatchObject({ code: 1, err: expect.stringContaining('nobody is no actor here') })
  })
})

test('what was given up is listed, and put back into the queue', async () => {
  const w = world()
  await w.toadlane(['peers'])
  const { openStore } = await import('../../src/store/open.ts')
  const { jobQueue } = await import('../../src/store/jobs.ts')
  const store = await openStore(w.env.DATABASE_URL!, path.join(root, 'drizzle'))
  const jobs = jobQueue(store, { now: () => new Date() })
  for (const n of [1, 2, 3]) await store.write((tx) => jobs.add(tx, 'deliver', { payload: { secret: 'not for logs' }, key: `host-${n}.example` }))
  for (const job of await jobs.claim('deliver', 3)) await jobs.bury(job, 'answered 410\u001b[2J')
  const listed = await w.toadlane(['deliveries', '--failed'])
  expect(listed.out).toMatch(/1 +deliver .* host-1.example +answered 410·\[2J/)
  const { failed } = (await w.toadlane(['deliveries', '--failed', '--limit', '2', '--json'])).json as { failed: { id: number }[] }
  expect(failed.map((f) => f.id)).toEqual([3, 2])
  expect(JSON.stringify(failed)).not.toContain('not for logs')
  expect(((await w.toadlane(['deliveries', '--failed', '--before', '2', '--json'])).json as { failed: { id: number }[] }).failed.map((f) => f.id)).toEqual([1])
  expect((await w.toadlane(['deliveries', 'replay', '3', '--json'])).json).toEqual({ replayed: 1 })
  expect((await w.toadlane(['deliveries', 'replay', 'all', '--json'])).json).toEqual({ replayed: 2 })
  expect((await w.toadlane(['deliveries', '--json'])).json).toMatchObject({ queue: [{ kind: 'deliver', waiting: 3, dead: 0 }] })
  await store.close()
})

test('other servers are listed with all that is known of them', async () => {
  const w = world()
  await w.toadlane(['peers'])
  const { openStore } = await import('../../src/store/open.ts')
  const { jobQueue } = await import('../../src/store/jobs.ts')
  const { fediTables } = await import('../../src/fedi/tables.ts')
  const store = await openStore(w.env.DATABASE_URL!, path.join(root, 'drizzle'))
  const at = new Date('2026-11-22T12:00:00Z')
  await store.write(async (tx) => {
    await tx.insert(fediTables(store.kit).hosts).values([
      { host: 'a.example', lastSuccess: at, signature: 'rfc9421', software: 'mastodon 4.5.1', softwareAt: at },
      { host: 'b.example', lastFailure: at, failures: 7, openUntil: new Date('2999-01-01T00:00:00Z') },
      ...Array.from({ length: 450 }, (_, n) => ({ host: `h${n}.example`, failures: 1 })),
    ])
    await jobQueue(store, { now: () => at }).add(tx, 'deliver', { payload: {}, key: 'https://b.example/users/ada/inbox' })
  })
  const { out } = await w.toadlane(['peers'])
  expect(out).toMatch(/^SERVER +STATE +REACHED +FAILED +WAITING +SINCE +SIGNATURE +SOFTWARE\na.example +well +2026-11-22 12:00 +never +0 +rfc9421 +mastodon 4.5.1\nb.example +resting until 2999-01-01 00:00 +never +2026-11-22 12:00 +1 +2026-11-22 12:00\n/)
  expect(out).not.toContain('ada')
  const { peers } = (await w.toadlane(['peers', '--json'])).json as { peers: unknown[] }
  expect(peers).toHaveLength(452)
  expect(peers[0]).toEqual({ host: 'a.example', lastSuccess: at.toISOString(), lastFailure: null, failures: 0, openUntil: null, signature: 'rfc9421', software: 'mastodon 4.5.1', softwareAt: at.toISOString(), waiting: 0, oldest: null })
  expect(peers[1]).toMatchObject({ waiting: 1, oldest: at.toISOString() })
  await store.close()
})

describe('accounts', () => {
  test('are made, listed and changed; the password comes on standard input only', async () => {
    const w = world()
    expect(await w.toadlane(['setup', '--name', 'Co-ops of Kent', '--tagline', 'Here', '--email', 'Admin@Example.org', '--admin-name', 'A. Min', '--password-stdin', '--json'], { input: 'a long enough password\n' }))
      .toMatchObject({ code: 0, json: { name: 'Co-ops of Kent', admin: { email: expect.stringMatching(/admin@example.org/i) } } })
    expect(await w.toadlane(['setup', '--contact', 'post@kent.example', '--json'])).toMatchObject({ code: 0, json: { changed: ['contact'] } })
    expect(await w.toadlane(['user', 'create', 'two@example.org', '--name', 'Two', '--role', 'curator', '--password-stdin'], { input: 'another long password' })).toMatchObject({ code: 0 })
    expect(await w.toadlane(['user', 'create', 'two@example.org', '--name', 'Two', '--password-stdin'], { input: 'another long password' })).toMatchObject({ code: 1, err: expect.stringContaining('there is an account') })
    expect(await w.toadlane(['user', 'create', 'x@example.org', '--name', 'X', '--password-stdin'], { input: 'short' })).toMatchObject({ code: 1, err: expect.stringContaining('password') })
    expect(await w.toadlane(['user', 'create', 'x@example.org', '--name', 'X', '--password-stdin'], { input: '\n' })).toMatchObject({ code: 2, err: expect.stringContaining('standard input is empty') })
    const accounts = async () => ((await w.toadlane(['user', 'list', '--json'])).json.accounts as { email: string; role: string }[]).map((a) => `${a.email} ${a.role}`)
    expect(await accounts()).toEqual(['admin@example.org admin', 'two@example.org curator'])
    expect(await w.toadlane(['user', 'role', 'admin@example.org', 'member'])).toMatchObject({ code: 1, err: expect.stringContaining('only admin') })
    expect(await w.toadlane(['user', 'role', 'two@example.org', 'admin'])).toMatchObject({ code: 0 })
    expect(await accounts()).toEqual(['admin@example.org admin', 'two@example.org admin'])
    expect(await w.toadlane(['user', 'password', 'two@example.org', '--password-stdin'], { input: 'yet another password' })).toMatchObject({ code: 0 })
    expect(await w.toadlane(['user', 'password', 'nobody@example.org', '--password-stdin'], { input: 'yet another password' })).toMatchObject({ code: 1, err: expect.stringContaining('there is no account') })
  })

  test('are made editors of an organisation and no longer; an organisation goes at its own wish and stays away', async () => {
    const w = world()
    const csv = path.join(w.folder, 'one.csv')
    writeFileSync(csv, 'handle,name,kind,country\nkentbikes,Kent Bikes,cooperative,GB\n')
    expect(await w.toadlane(['import', csv])).toMatchObject({ code: 0 })
    await w.toadlane(['user', 'create', 'ed@example.org', '--name', 'Ed', '--password-stdin'], { input: 'a long enough password' })
    const edits = async () => ((await w.toadlane(['user', 'list', '--json'])).json.accounts as { editorOf: string[] }[]).map((a) => a.editorOf.length)
    expect(await w.toadlane(['user', 'editor', 'nobody@example.org', 'kentbikes'])).toMatchObject({ code: 1, err: expect.stringContaining('there is no account') })
    expect(await w.toadlane(['user', 'editor', 'ed@example.org', 'nothing'])).toMatchObject({ code: 1, err: 'toadlane: there is no organisation nothing\n' })
    expect(await edits()).toEqual([0])
    expect((await w.toadlane(['user', 'editor', 'ed@example.org', 'kentbikes', '--json'])).json).toMatchObject({ email: 'ed@example.org', handle: 'kentbikes', editor: true, changed: true })
    expect((await w.toadlane(['user', 'editor', 'ed@example.org', 'kentbikes', '--json'])).json).toMatchObject({ editor: true, changed: false })
    expect(await edits()).toEqual([1])
    expect(await w.toadlane(['user', 'editor', 'ed@example.org', 'kentbikes', '--revoke'])).toMatchObject({ code: 0, out: expect.stringContaining('no longer') })
    expect((await w.toadlane(['user', 'editor', 'ed@example.org', 'kentbikes', '--revoke', '--json'])).json).toMatchObject({ editor: false, changed: false })
    expect(await edits()).toEqual([0])

    expect(await w.toadlane(['org', 'opt-out', 'kentbikes', '--why', ' '])).toMatchObject({ code: 1, err: 'toadlane: --why: say why, in a few words\n' })
    expect(await w.toadlane(['org', 'show', 'kentbikes'])).toMatchObject({ code: 0 })
    expect((await w.toadlane(['org', 'opt-out', 'kentbikes', '--why', 'their letter of 3 May', '--json'])).json).toEqual({ handle: 'kentbikes', optedOut: true, why: 'their letter of 3 May' })
    expect(await w.toadlane(['org', 'show', 'kentbikes'])).toMatchObject({ code: 1, err: expect.stringContaining('not to be listed') })
    expect((await w.toadlane(['org', 'opt-out', 'kentbikes', '--why', 'again'])).code).toBe(1)
    expect((await w.toadlane(['import', csv, '--json'])).json).toMatchObject({ created: 0, skipped: 1 })
  })
})

describe('samples', () => {
  test('fill an empty instance, never become actors, and go without a trace', async () => {
    const w = world()
    await w.toadlane(['setup', '--name', 'X', '--email', 'a@b.example', '--password-stdin'], { input: 'a long enough password\n' })
    const before = await count(w)
    const put = await w.toadlane(['sample', '--json'])
    expect(put).toMatchObject({ code: 0, json: { created: 11, unchanged: 0 } })
    expect((await w.toadlane(['sample', '--json'])).json).toMatchObject({ created: 0, unchanged: 11 })
    expect((await w.toadlane(['org', 'show', 'sample-riders', '--json'])).json).toMatchObject({ open: false, organisation: { standing: 'unclaimed', activities: ['food delivery', 'sample'] }, memberships: [{ handle: 'sample-federation' }] })
    expect((await w.toadlane(['sample', '--remove', '--json'])).json).toEqual({ removed: 11 })
    expect(await count(w)).toEqual(before)
    expect((await w.toadlane(['sample', '--remove', '--json'])).json).toEqual({ removed: 0 })
    expect((await w.toadlane(['sample', '--json'])).json).toMatchObject({ created: 11 })
    await w.toadlane(['import', '-'], { input: '{"type":"organisation","handle":"real","name":"Real","kind":"ally"}\n{}' })
    expect(await w.toadlane(['sample'])).toMatchObject({ code: 1, err: expect.stringContaining('for an empty instance') })
    expect((await w.toadlane(['sample', '--remove', '--json'])).json).toEqual({ removed: 11 })
    expect((await w.toadlane(['org', 'show', 'real'])).code).toBe(0)
  })
})

/** Rows of the tables that samples touch. */
async function count(w: World): Promise<number[]> {
  const { default: Database } = await import('better-sqlite3')
  const db = new Database(w.env.DATABASE_URL!.slice('sqlite:'.length), { readonly: true })
  try {
    return ['organisations', 'organisation_revisions', 'organisation_figures', 'memberships', 'levers', 'lever_versions', 'documents', 'local_actors', 'opt_outs', 'jobs']
      .map((t) => (db.prepare(`select count(*) as n from ${t}`).get() as { n: number }).n)
  } finally { db.close() }
}

describe('moving to another origin', () => {
  const other = { TOADLANE_ORIGIN: 'https://coops.example' }
  test('rewrites every id while nothing was delivered, and is refused afterwards', async () => {
    const w = world()
    await w.toadlane(['import', DATA, '--consent', 'agreed'])
    const { uri } = (await w.toadlane(['org', 'publish', 'stocksy', '--text', 'See http://localhost:8799/co-ops/stocksy', '--json'])).json
    expect(await w.toadlane(['org', 'show', 'stocksy'], { env: other })).toMatchObject({ code: 2, err: expect.stringContaining('rebase') })
    expect(await w.toadlane(['rebase', '--json'], { env: other })).toMatchObject({ code: 0, json: { from: 'http://localhost:8799', to: 'https://coops.example', changed: true } })
    expect((await w.toadlane(['rebase', '--json'], { env: other })).json).toMatchObject({ changed: false })
    expect((await w.toadlane(['org', 'show', 'stocksy'])).code).toBe(2)

    const { default: Database } = await import('better-sqlite3')
    const db = new Database(w.env.DATABASE_URL!.slice('sqlite:'.length))
    const documents = db.prepare('select id, json, etag from documents').all() as { id: string; json: string; etag: string }[]
    const { etagOf } = await import('../../src/store/documents.ts')
    for (const d of documents) {
      expect(d.id).toMatch(/^https:\/\/coops\.example\//)
      expect(d.etag).toBe(etagOf(d.json))
      if (!d.id.includes('/notes/') && !d.id.includes('/activities/')) expect(d.json).not.toContain('localhost')
    }
    const actor = JSON.parse(documents.find((d) => d.id.endsWith('/actors/stocksy'))!.json) as Record<string, unknown>
    expect(actor).toMatchObject({ id: 'https://coops.example/ap/actors/stocksy', inbox: 'https://coops.example/ap/actors/stocksy/inbox' })
    expect(documents.map((d) => d.id)).toContain((uri as string).replace('http://localhost:8799', 'https://coops.example'))
    expect(db.prepare("select handle from local_actors where owner = 'instance'").all()).toEqual([{ handle: 'coops.example' }])
    expect((db.prepare('select count(*) as n from local_actors').get() as { n: number }).n).toBe(43)

    db.prepare("insert into followers (actor, follower, inbox, state, follow_id, since) values ('stocksy', 'https://x.example/y', 'https://x.example/inbox', 'accepted', 'f', 1)").run()
    db.close()
    expect(await w.toadlane(['rebase'])).toMatchObject({ code: 1, err: expect.stringContaining('follow actors of this instance') })
  }, 60_000)
})

describe('doctor', () => {
  test('says what is missing on a new instance without making anything, and what is wrong', async () => {
    const w = world()
    const fresh = await w.toadlane(['doctor', '--json'])
    expect(fresh).toMatchObject({ code: 0, json: { failed: 0 } })
    expect(readdirSync(w.folder)).toEqual([])
    await w.toadlane(['import', DATA])
    const r = await w.toadlane(['doctor', '--json'])
    const states = Object.fromEntries((r.json.checks as { check: string; state: string }[]).map((c) => [c.check, c.state]))
    expect(states).toEqual({ node: 'ok', origin: 'note', secret: 'ok', disk: expect.any(String), database: 'ok', accounts: 'note', queue: 'ok', reports: 'ok', clock: 'ok', server: 'note', mail: 'note' })
    const { chmodSync } = await import('node:fs')
    chmodSync(readConfig(w.env, root).secretFile, 0o644)
    const open = await w.toadlane(['doctor'])
    expect(open).toMatchObject({ code: 1, out: expect.stringMatching(/FAIL {2}secret .*chmod 600/) })
  })
})
