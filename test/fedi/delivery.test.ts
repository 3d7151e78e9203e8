/** Delivery to servers that behave badly, each in its own way. */
import { eq } from 'drizzle-orm'
import type { ServerResponse } from 'node:http'
import { afterEach, describe, expect, test } from 'vitest'
import { LIMIT, pauseAfter } from '../../src/fedi/delivery/hosts.ts'
import { retryAfter, verdict } from '../../src/fedi/delivery/verdict.ts'
import { fediTables } from '../../src/fedi/tables.ts'
import { DAY, HOUR, MINUTE, SECOND, type Clock } from '../../src/kernel/time.ts'
import { storeTables } from '../../src/store/tables.ts'
import { engines } from '../engines.ts'
import { makeInstance, makeRemote, note, PUBLIC, until, type Instance, type InstanceOptions, type Remote, type Seen } from './instance.ts'

const [sqlite] = engines
let close: (() => Promise<void>)[] = []
afterEach(async () => { for (const c of close.reverse()) await c(); close = [] })

async function house(o: Partial<InstanceOptions> = {}, store = sqlite!): Promise<{ i: Instance; r: Remote }> {
  const i = await makeInstance({ store: await store.fresh(), ...o })
  const r = await makeRemote()
  close.push(() => i.close(), () => r.close())
  return { i, r }
}
/** Followers of `coop`, by their inboxes. */
async function follow(i: Instance, ...followers: { inbox: string; shared?: string }[]): Promise<void> {
  const { followers: t } = fediTables(i.store.kit)
  await i.store.write((tx) => tx.insert(t).values(followers.map((f, n) => ({ actor: 'coop', follower: `${f.inbox}#${n}`, inbox: f.inbox, sharedInbox: f.shared ?? null, state: 'accepted', followId: `f${n}`, since: new Date() }))))
}
let n = 0
const say = (i: Instance, to: Parameters<Instance['fedi']['publish']>[1]['to'] = 'followers') => i.store.write((tx) => i.fedi.publish(tx, { actor: 'coop', to, activity: { type: 'Create', to: [PUBLIC], object: note(i.fedi.uris.actor('coop'), { content: `${++n}` }) } }))
const queued = async (i: Instance) => (await i.jobs.depth()).find((d) => d.kind === 'deliver')
const left = async (i: Instance) => { const d = await queued(i); return (d?.waiting ?? 0) + (d?.delayed ?? 0) + (d?.running ?? 0) }
const words = (s: Seen) => (JSON.parse(String(s.body)) as { object: { content: string } }).object.content
const always = (r: Remote, how: (res: ServerResponse, s: Seen) => void) => { r.answer = (s, res) => { if (s.method !== 'POST') return false; how(res, s); return true } }

describe.each(engines)('enqueueing on $engine', (engine) => {
  test('one job an inbox: shared ones merged, our own left out, nobody twice', async () => {
    const { i, r } = await house({ workers: false }, engine)
    await follow(i, { inbox: `${r.origin}/a`, shared: `${r.origin}/inbox` }, { inbox: `${r.origin}/b`, shared: `${r.origin}/inbox` }, { inbox: `${r.origin}/c` }, { inbox: i.fedi.uris.inbox('coop'), shared: i.fedi.uris.sharedInbox })
    const { id } = await say(i, { followers: true, inboxes: [`${r.origin}/inbox`, `${r.origin}/d`, i.fedi.uris.sharedInbox, 'nonsense'], actors: ['https://unknown.example/u', i.fedi.uris.actor('shut')] })
    const { jobs } = storeTables(i.store.kit)
    const rows = await i.store.read.select({ kind: jobs.kind, key: jobs.key, payload: jobs.payload }).from(jobs)
    const uuid = id.slice(i.fedi.uris.activity('').length)
    expect(rows.sort((a, b) => a.key!.localeCompare(b.key!))).toEqual([
      { kind: 'deliver', key: `${r.origin}/c`, payload: `{"a":"${uuid}"}` }, { kind: 'deliver', key: `${r.origin}/d`, payload: `{"a":"${uuid}"}` }, { kind: 'deliver', key: `${r.origin}/inbox`, payload: `{"a":"${uuid}"}` },
      { kind: 'address', key: 'https://unknown.example/u', payload: `{"a":"${uuid}","actor":"https://unknown.example/u"}` },
    ])
  })
  test('what goes out is in order for each inbox, signed, and whole', async () => {
    const { i, r } = await house({}, engine)
    await follow(i, { inbox: `${r.origin}/inbox` })
    for (let k = 0; k < 30; k++) await say(i)
    await until('the deliveries', () => r.posts().length >= 30)
    const order = r.posts().map(words).map(Number)
    expect(order).toEqual([...order].sort((a, b) => a - b))
    expect(new Set(order).size).toBe(30)
    const one = r.posts()[0]!
    expect(one.headers).toMatchObject({ 'content-type': 'application/activity+json', host: r.host })
    expect(one.headers['signature-input']).toContain(`keyid="${i.fedi.uris.mainKey('coop')}"`)
    await until('an empty queue', async () => (await left(i)) === 0)
  })
  test('an actor that was never met is found first', async () => {
    const { i, r } = await house({}, engine)
    const x = r.actor('x')
    await say(i, { actors: [x.id] })
    await until('the delivery', () => r.posts().find((s) => s.url === '/users/x/inbox'))
  })
})

describe('answers', () => {
  test.each([
    [200, 1, 'done'], [202, 9, 'done'], [410, 1, 'gone'], [500, 1, 'again'], [502, 11, 'again'], [429, 1, 'again'], [408, 1, 'again'], [401, 1, 'again'], [401, 6, 'hopeless'], [403, 6, 'hopeless'],
    [404, 1, 'again'], [404, 3, 'hopeless'], [400, 3, 'hopeless'], [301, 3, 'hopeless'], [405, 1, 'hopeless'], [413, 1, 'hopeless'], [422, 1, 'hopeless'], [501, 1, 'hopeless'],
  ])('%i at attempt %i is %s', (status, attempts, is) => { expect(verdict(status, attempts, undefined).is).toBe(is) })
  test('Retry-After, in both forms and within bounds', () => {
    const now = new Date('2026-01-01T00:00:00Z')
    expect([retryAfter('120', now), retryAfter('Thu, 01 Jan 2026 01:00:00 GMT', now), retryAfter('0', now), retryAfter('99999999', now), retryAfter('soon', now), retryAfter(undefined, now)])
      .toEqual([2 * MINUTE, HOUR, SECOND, DAY, undefined, undefined])
  })
  test('pauses grow from a minute to six hours', () => {
    const at = (f: number) => pauseAfter(f, () => 0.5) / MINUTE
    expect([at(LIMIT - 1), at(LIMIT), at(LIMIT + 1), at(LIMIT + 4), at(LIMIT + 20)]).toEqual([0, 1, 2, 16, 360])
  })

  test('410: whoever is behind the inbox is no follower any more', async () => {
    const { i, r } = await house()
    await follow(i, { inbox: `${r.origin}/a`, shared: `${r.origin}/inbox` }, { inbox: `${r.origin}/b`, shared: `${r.origin}/inbox` }, { inbox: `${r.origin}/kept` })
    always(r, (res, s) => { res.writeHead(s.url === '/inbox' ? 410 : 202).end() })
    await say(i)
    await until('the end of it', async () => (await left(i)) === 0 && r.posts().length >= 2)
    expect(await i.fedi.followers('coop')).toEqual([`${r.origin}/kept#2`])
    expect(await i.fedi.health.failed()).toEqual([])
  })
  test('429 with Retry-After: not before then, and the circuit stays closed', async () => {
    const { i, r } = await house()
    let first = true
    always(r, (res) => { if (first) { first = false; res.writeHead(429, { 'retry-after': '1' }).end() } else res.writeHead(202).end() })
    const begun = Date.now()
    await say(i, { inboxes: [`${r.origin}/inbox`] })
    await until('the second try', () => r.posts().length === 2)
    expect(Date.now() - begun).toBeGreaterThanOrEqual(990)
    expect((await i.fedi.health.peers())[0]).toMatchObject({ failures: 0 })
  })
  test('500, a reset and an end without answer are tried again', async () => {
    const { i, r } = await house({ retryAfter: [50, 50, 50, 50, 50] })
    let k = 0
    always(r, (res) => {
      k++
      if (k === 1) res.writeHead(500).end()
      else if (k === 2) res.writeHead(500).end() // the same knock, signed the other way
      else if (k === 3) res.socket!.resetAndDestroy()
      else if (k === 4) res.socket!.end()
      else res.writeHead(202).end()
    })
    await say(i, { inboxes: [`${r.origin}/inbox`] })
    await until('the last try', () => k >= 5)
    await until('an empty queue', async () => (await left(i)) === 0)
    expect((await i.fedi.health.peers())[0]).toMatchObject({ failures: 0 })
  })
  test('405 is a dead letter at once, which can be replayed', async () => {
    const { i, r } = await house()
    let status = 405
    always(r, (res) => { res.writeHead(status).end() })
    await say(i, { inboxes: [`${r.origin}/inbox`] })
    const [letter] = await until('the dead letter', async () => { const d = await i.fedi.health.failed(); return d.length ? d : undefined })
    expect(letter).toMatchObject({ kind: 'deliver', key: `${r.origin}/inbox`, attempts: 1, cause: 'the inbox answered 405' })
    status = 202
    await i.jobs.replay(letter!.id)
    await until('the replay', async () => r.posts().length >= 2 && (await left(i)) === 0)
  })
  test('a server that knows only the old way of signing is found out once', async () => {
    const { i, r } = await house()
    always(r, (res, s) => { res.writeHead(s.headers['signature-input'] ? 401 : 202).end() })
    for (let k = 0; k < 3; k++) {
      await say(i, { inboxes: [`${r.origin}/inbox`] })
      await until('the delivery', async () => (await left(i)) === 0)
    }
    expect(r.posts().map((s) => s.headers['signature-input'] === undefined)).toEqual([false, true, true, true])
    await until('the memory of it', async () => (await i.fedi.health.peers())[0]?.signature === 'cavage')
    // And when it has learnt the new way and forgotten the old one:
    always(r, (res, s) => { res.writeHead(s.headers['signature-input'] ? 202 : 401).end() })
    await say(i, { inboxes: [`${r.origin}/inbox`] })
    await until('the change of mind', async () => (await i.fedi.health.peers())[0]?.signature === 'rfc9421')
  })
  test('307 is followed once, with a signature for where it leads; 302 is not', async () => {
    const { i, r } = await house({ retryAfter: [20, 20] })
    always(r, (res, s) => { if (s.url === '/old') res.writeHead(307, { location: '/new' }).end(); else if (s.url === '/moved') res.writeHead(302, { location: '/new' }).end(); else res.writeHead(202).end() })
    await say(i, { inboxes: [`${r.origin}/old`] })
    await until('the second hop', () => r.posts().map((s) => s.url).join() === '/old,/new')
    await say(i, { inboxes: [`${r.origin}/moved`] })
    await until('the dead letter', async () => (await i.fedi.health.failed()).length === 1)
    expect(r.posts().filter((s) => s.url === '/new')).toHaveLength(1)
  })
  test('an endless answer is cut off and counts by its status', async () => {
    const { i, r } = await house()
    always(r, (res) => { res.writeHead(202); const more = () => { if (!res.destroyed) { res.write('x'.repeat(65536)); setTimeout(more, 5) } }; more() })
    await say(i, { inboxes: [`${r.origin}/inbox`] })
    await until('the end of it', async () => r.posts().length === 1 && (await left(i)) === 0)
    expect(await i.fedi.health.failed()).toEqual([])
  })
  test('a server that says nothing is let go after ten seconds; others are served meanwhile', async () => {
    const { i, r } = await house()
    const good = await makeRemote()
    close.push(() => good.close())
    always(r, () => {})
    await say(i, { inboxes: [`${r.origin}/inbox`] })
    await until('the silence', () => r.posts().length === 1)
    for (let k = 0; k < 5; k++) await say(i, { inboxes: [`${good.origin}/inbox`] })
    await until('the others', () => good.posts().length === 5, 5000)
    await until('the time-out', async () => (await i.fedi.health.peers()).find((p) => p.host === r.host)?.failures === 1, 15_000)
  })
  test('blocked hosts and what has been taken back get nothing', async () => {
    const { i, r } = await house({ workers: false, fedi: { isBlocked: (host) => host === '127.0.0.1' } })
    await say(i, { inboxes: [`${r.origin}/inbox`] })
    i.startWorkers()
    await until('an empty queue', async () => (await left(i)) === 0)
    expect(r.posts()).toEqual([])
    const { i: j, r: q } = await house({ workers: false })
    const id = j.fedi.uris.object('notes', 'oops')
    await j.store.write((tx) => j.fedi.publish(tx, { actor: 'coop', to: { inboxes: [`${q.origin}/inbox`] }, activity: { type: 'Create', to: [PUBLIC], object: { id, type: 'Note', content: 'oops' } } }))
    await j.store.write((tx) => j.fedi.buryObject(tx, id, 'Note'))
    j.startWorkers()
    await until('an empty queue', async () => (await left(j)) === 0)
    expect(q.posts()).toEqual([])
  })
  test('a private address is a dead letter, not a request', async () => {
    const { i, r } = await house({ fedi: { allowPrivate: false } })
    await say(i, { inboxes: [`${r.origin}/inbox`, 'https://127.0.0.1/inbox'] })
    await until('the dead letters', async () => (await i.fedi.health.failed()).length === 2)
    expect(r.seen).toEqual([])
  })
  test('a document for one reader goes when that reader has it', async () => {
    const { i, r } = await house()
    const { id } = await i.store.write((tx) => i.fedi.publish(tx, { actor: 'coop', to: { inboxes: [`${r.origin}/inbox`] }, activity: { type: 'Accept', object: { type: 'Follow', id: `${r.origin}/f`, actor: `${r.origin}/u` } } }))
    await until('the delivery', async () => r.posts().length === 1 && (await left(i)) === 0)
    expect(await i.fedi.documents.get(id)).toBeUndefined()
  })
})

describe.each(engines)('the circuit on $engine', (engine) => {
  test('opens after five failures, lets one through after its pause, and then the rest at once', async () => {
    let offset = 0
    const clock: Clock = { now: () => new Date(Date.now() + offset) }
    const { i, r } = await house({ clock, retryAfter: Array.from({ length: 20 }, () => 10) }, engine)
    let up = false
    always(r, (res) => { if (up) res.writeHead(202).end(); else res.socket!.destroy() })
    for (let k = 0; k < 12; k++) await say(i, { inboxes: [`${r.origin}/inbox${k}`] })
    const open = await until('the open circuit', async () => (await i.fedi.health.peers()).find((p) => p.openUntil !== null))
    expect(open.failures).toBe(LIMIT)
    await until('all put off', async () => { const d = await queued(i); return d && d.waiting === 0 && d.running === 0 })
    const tried = r.posts().length
    expect(tried).toBeLessThan(LIMIT + 10)
    await new Promise((done) => setTimeout(done, 300))
    expect(r.posts().length).toBe(tried)
    // Not up yet: one probe, and a longer pause.
    offset += open.openUntil!.getTime() - clock.now().getTime() + 20 * SECOND
    const longer = await until('the probe', async () => (await i.fedi.health.peers()).find((p) => p.failures === LIMIT + 1))
    expect(longer.openUntil!.getTime()).toBeGreaterThan(clock.now().getTime() + MINUTE)
    expect(r.posts().length).toBe(tried + 1)
    up = true
    offset += longer.openUntil!.getTime() - clock.now().getTime() + 20 * SECOND
    await until('everything', async () => (await left(i)) === 0)
    expect((await i.fedi.health.peers())[0]).toMatchObject({ failures: 0, openUntil: null })
    expect(new Set(r.posts().slice(tried + 1).map((s) => s.url)).size).toBe(12)
  })
  test('what waited for three days behind it is a dead letter', async () => {
    let offset = 0
    const clock: Clock = { now: () => new Date(Date.now() + offset) }
    const { i, r } = await house({ clock, workers: false }, engine)
    const { hosts } = fediTables(i.store.kit)
    await say(i, { inboxes: [`${r.origin}/inbox`] })
    offset = 4 * DAY
    await i.store.write((tx) => tx.insert(hosts).values({ host: r.host, failures: 9, openUntil: new Date(clock.now().getTime() + HOUR) }).onConflictDoUpdate({ target: hosts.host, set: { failures: 9 } }))
    i.startWorkers()
    await until('the dead letter', async () => (await i.fedi.health.failed()).length === 1)
    expect(r.seen).toEqual([])
    expect(await i.store.read.select().from(hosts).where(eq(hosts.host, r.host))).toHaveLength(1)
  })
})
