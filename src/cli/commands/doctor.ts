/** Looks the instance over: what is wrong, what is missing, and what to do about it. Changes nothing. */
import { existsSync } from 'node:fs'
import { stat, statfs } from 'node:fs/promises'
import net from 'node:net'
import path from 'node:path'
import { sql } from 'drizzle-orm'
import type { House } from '../../app.ts'
import { databaseFile, databaseName, type Config } from '../../config.ts'
import { codeOf, safeReason, StartRefused } from '../../kernel/errors.ts'
import { HOUR, SECOND } from '../../kernel/time.ts'
import { configOf, serverRuns, withHouse } from '../house.ts'
import { one, shown, type Answer, type Io } from '../io.ts'

type State = 'ok' | 'note' | 'fail'
interface Finding { check: string; state: State; text: string }
const MARK: Record<State, string> = { ok: 'ok  ', note: 'note', fail: 'FAIL' }
const ok = (check: string, text: string): Finding => ({ check, state: 'ok', text })
const note = (check: string, text: string): Finding => ({ check, state: 'note', text })
const fail = (check: string, text: string): Finding => ({ check, state: 'fail', text })

export async function doctor(io: Io): Promise<Answer> {
  const config = configOf(io) // unusable settings: one sentence and exit 2, as at a start
  const found: Finding[] = [node(), ...origin(config), await secret(config), await disk(config)]
  const file = databaseFile(config.databaseUrl)
  if (file !== undefined && !existsSync(file)) found.push(note('database', `${file} is not there yet: the first start makes it`))
  else found.push(...await withDatabase(io, config))
  found.push(await mail(config))
  const bad = found.filter((f) => f.state === 'fail').length, notes = found.filter((f) => f.state === 'note').length
  const sum = bad ? `${one(bad, 'check')} failed` : notes ? `in order, with ${one(notes, 'note')}` : 'all in order'
  const lines = found.map((f) => `${MARK[f.state]}  ${f.check.padEnd(11)} ${shown(f.text)}`)
  return { json: { checks: found, failed: bad, notes }, text: [...lines, sum].join('\n'), code: bad ? 1 : 0 }
}

function node(): Finding {
  const text = `${process.version}, Node-API ${process.versions.napi}`
  return Number(process.versions.napi) >= 10 ? ok('node', text) : fail('node', `${text}: Node 22.14 or newer is needed`)
}

function origin(config: Config): Finding[] {
  const elsewhere = config.handleHost !== new URL(config.origin).host
  const handles = elsewhere ? [ok('handles', `@name@${config.handleHost}; that host must send /.well-known/webfinger on to ${config.origin}`)] : []
  if (!config.named) {
    const why = 'only this machine can reach it. Set TOADLANE_ORIGIN before anything is published, for it becomes part of every id'
    return [note('origin', `${config.origin}: ${why}`), ...handles]
  }
  if (config.allowPrivate) return [note('origin', `${config.origin}, with TOADLANE_ALLOW_PRIVATE=1: for development only`), ...handles]
  return [ok('origin', config.origin), ...handles]
}

async function secret(config: Config): Promise<Finding> {
  if (config.secret) return ok('secret', 'given by TOADLANE_SECRET')
  try {
    const { mode, size } = await stat(config.secretFile)
    if (mode & 0o077) return fail('secret', `${config.secretFile} is open to other users: chmod 600`)
    return size ? ok('secret', `${config.secretFile}; keep a copy apart from the backups`) : fail('secret', `${config.secretFile} is empty`)
  } catch (e) {
    if (codeOf(e) === 'ENOENT') return note('secret', `${config.secretFile} is not there yet: the first start makes it`)
    return fail('secret', `${config.secretFile} cannot be read (${codeOf(e)})`)
  }
}

async function disk(config: Config): Promise<Finding> {
  const file = databaseFile(config.databaseUrl)
  if (file === undefined) return ok('disk', 'the database is on its own server')
  for (let folder = path.dirname(file); ; folder = path.dirname(folder)) {
    if (!existsSync(folder) && folder !== path.dirname(folder)) continue
    const s = await statfs(folder)
    const free = s.bavail * s.bsize, text = `${(free / 2 ** 30).toFixed(1)} GiB free at ${folder}`
    return free < 100 * 2 ** 20 ? fail('disk', text) : free < 2 ** 30 ? note('disk', text) : ok('disk', text)
  }
}

async function withDatabase(io: Io, config: Config): Promise<Finding[]> {
  const runs = await serverRuns(config)
  try {
    return await withHouse(io, async (house) => [
      await database(house, config), await admins(house), await queue(house), await reports(house), await clock(house), ...await reach(config, runs),
    ], { begin: false })
  } catch (e) {
    if (e instanceof StartRefused) return [fail('database', e.message)]
    return [fail('database', `${databaseName(config.databaseUrl)}: ${safeReason(e)}`)]
  }
}

async function database({ store }: House, config: Config): Promise<Finding> {
  const name = databaseName(config.databaseUrl)
  if (store.engine === 'postgres') {
    const [row] = await store.read.rows<{ v: string }>(sql`select current_setting('server_version') as v`)
    return ok('database', `${name}, PostgreSQL ${row?.v ?? ''}`)
  }
  const faults = (await store.read.rows<{ quick_check: string }>(sql`pragma quick_check(5)`)).map((r) => r.quick_check).filter((t) => t !== 'ok')
  const broken = await store.read.rows(sql`pragma foreign_key_check`)
  if (faults.length) return fail('database', `${name} is damaged: ${faults[0]}. Restore a backup`)
  return broken.length ? fail('database', `${name}: ${one(broken.length, 'reference')} to what is not there`) : ok('database', `${name}: sound`)
}

async function admins({ accounts }: House): Promise<Finding> {
  return await accounts.read.count() ? ok('accounts', 'there are some') : note('accounts', 'nobody can sign in yet: `toadlane setup` makes the first admin')
}

async function queue({ jobs, clock: time }: House): Promise<Finding> {
  const depth = await jobs.depth()
  const dead = depth.reduce((n, d) => n + d.dead, 0), waiting = depth.reduce((n, d) => n + d.waiting, 0), later = depth.reduce((n, d) => n + d.delayed, 0)
  const text = `${one(waiting, 'job')} waiting, ${later} for later, ${dead} given up`
  const stuck = depth.some((d) => d.waiting > 0 && d.oldest !== null && time.now().getTime() - d.oldest.getTime() > HOUR)
  if (stuck) return note('queue', `${text}; the oldest waits for more than an hour: is a server or worker running?`)
  return dead ? note('queue', `${text}: see \`toadlane deliveries --failed\``) : ok('queue', text)
}

async function reports(house: House): Promise<Finding> {
  const open = await house.reports.read.open()
  return open ? note('reports', `${one(open, 'report')} to decide at /admin/reports`) : ok('reports', 'none to decide')
}

/** Signatures carry the time; others refuse what is an hour off. */
async function clock({ store }: House): Promise<Finding> {
  const now = Date.now()
  if (store.engine === 'postgres') {
    const [row] = await store.read.rows<{ ms: number }>(sql`select (extract(epoch from clock_timestamp()) * 1000)::bigint as ms`)
    const off = Math.abs(Number(row?.ms ?? now) - now)
    return off > 5 * SECOND ? fail('clock', `this machine and the database's are ${Math.round(off / SECOND)} s apart`) : ok('clock', new Date(now).toISOString())
  }
  const [row] = await store.read.rows<{ last: number | null }>(sql`select max(changed) as last from documents`)
  const ahead = (row?.last ?? 0) - now
  const here = new Date(now).toISOString()
  return ahead > 60 * SECOND ? fail('clock', `it is ${here} here, and the newest document is ${Math.round(ahead / SECOND)} s from the future`) : ok('clock', here)
}

/** Does the server answer, by its own port and by its public address? */
async function reach(config: Config, runs: boolean | undefined): Promise<Finding[]> {
  const host = config.host === '0.0.0.0' || config.host === '::' ? '127.0.0.1' : config.host
  const local = await get(`http://${host.includes(':') ? `[${host}]` : host}:${config.port}/health`)
  if (local.status !== 200) {
    const text = `nothing of ours answers on port ${config.port} (${local.reason ?? `status ${local.status}`})`
    return [runs ? fail('server', `a server holds the database, but ${text}`) : note('server', `${text}: it is not running`)]
  }
  const account = `acct:directory@${config.handleHost}`
  const url = `${new URL(config.origin).protocol}//${config.handleHost}/.well-known/webfinger?resource=${encodeURIComponent(account)}`
  const finger = await get(url)
  const subject = (finger.json as { subject?: unknown } | undefined)?.subject
  const answer = finger.status === 200 ? 'answers with something else' : finger.status ? `answers ${finger.status}` : `cannot be reached (${finger.reason})`
  const skew = finger.date === undefined ? 0 : Math.abs(finger.date - Date.now())
  return [
    ok('server', `answers on port ${config.port}`),
    finger.status === 200 && subject === account ? ok('address', `others find ${account.slice(5)} at ${config.origin}`)
      : fail('address', `${url} ${answer}: others cannot find this instance`),
    ...(skew > 60 * SECOND ? [fail('clock', `the server at ${config.origin} and this machine are ${Math.round(skew / SECOND)} s apart`)] : []),
  ]
}

async function get(url: string): Promise<{ status: number; json?: unknown; reason?: string; date?: number }> {
  try {
    const r = await fetch(url, { signal: AbortSignal.timeout(5 * SECOND), headers: { accept: 'application/jrd+json, */*' } })
    const text = (await r.text()).slice(0, 100_000)
    const date = Date.parse(r.headers.get('date') ?? '')
    let json: unknown
    try { json = JSON.parse(text) } catch { /* then it is none */ }
    return { status: r.status, json, ...(Number.isNaN(date) ? {} : { date }) }
  } catch (e) { return { status: 0, reason: codeOf(e) ?? (e as Error).message } }
}

async function mail(config: Config): Promise<Finding> {
  if (!config.smtpUrl) return note('mail', 'none is sent: SMTP_URL is not set')
  const url = new URL(config.smtpUrl)
  const port = Number(url.port || (url.protocol === 'smtps:' ? 465 : 587))
  const reason = await new Promise<string | undefined>((done) => {
    const socket = net.connect({ host: url.hostname, port, timeout: 5 * SECOND })
    socket.once('connect', () => { socket.destroy(); done(undefined) })
    socket.once('timeout', () => { socket.destroy(); done('no answer') })
    socket.once('error', (e) => done(codeOf(e) ?? e.message))
  })
  return reason === undefined ? ok('mail', `${url.hostname}:${port} answers`) : fail('mail', `${url.hostname}:${port} cannot be reached (${reason})`)
}
