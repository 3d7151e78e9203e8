/** The admin's page of federation as a browser gets it, on the real queue and the real book of hosts. */
import { asc } from 'drizzle-orm'
import { Hono } from 'hono'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Who } from '../../src/accounts/model.ts'
import { federation, SHOWN, withoutNames } from '../../src/directory/federation.ts'
import { federationPages } from '../../src/directory/federation-pages.tsx'
import { aboutPages } from '../../src/directory/pages.tsx'
import type { HostHealth } from '../../src/fedi/fedi.ts'
import { fediTables } from '../../src/fedi/tables.ts'
import { DAY, HOUR, MINUTE } from '../../src/kernel/time.ts'
import type { Store } from '../../src/store/store.ts'
import { storeTables } from '../../src/store/tables.ts'
import { realHouse } from '../coops/real.ts'
import { engines } from '../engines.ts'
import { ORIGIN, post, testApp } from '../web/helpers.ts'

const START = '2026-11-22T12:00:00Z'
const people: Record<string, Who> = {
  admin: { by: 'user:a', role: 'admin', editorOf: new Set() }, curator: { by: 'user:c', role: 'curator', editorOf: new Set() }, member: { by: 'user:m', role: 'member', editorOf: new Set() },
}
const inbox = (host: string) => `https://${host}/users/ada/inbox`

test('a cause names hosts, nobody', () => {
  expect(withoutNames('GET https://social.example:8443/users/ada?x=1 answered 404')).toBe('GET social.example:8443 answered 404')
  expect(withoutNames('@ada@social.example and acct:bo@b.example are gone')).toBe('social.example and b.example are gone')
  expect(withoutNames('the inbox answered 405')).toBe('the inbox answered 405')
  const start = Date.now()
  expect(withoutNames('a'.repeat(200_000)).length).toBeLessThan(1000)
  expect(Date.now() - start).toBeLessThan(200)
})

describe.each(engines)('federation on $engine', ({ fresh }) => {
  let store: Store, h: ReturnType<typeof realHouse>, app: Hono, all: ReturnType<typeof federation>
  beforeEach(async () => {
    store = await fresh()
    h = realHouse(store, START)
    all = federation({ store, clock: h.clock, jobs: h.jobs, fedi: h.fedi })
    app = testApp((a) => {
      a.use(async (c, next) => { c.set('who', people[c.req.header('x-who') ?? '']); await next() })
      a.route('/', federationPages(all))
      a.route('/', aboutPages({
        site: async () => ({ name: 'Common Thread', tagline: '', about: '', contact: '' }), software: { name: 'Toadlane', version: '1' },
        counts: async () => ({ organisations: 0, countries: 0, levers: 0, posts: 0 }),
      }))
    }, { clock: h.clock })
  })
  afterEach(async () => { await h.close(); await store.close() })

  const get = async (path: string, who = 'admin', headers: Record<string, string> = {}) => {
    const r = await app.request(ORIGIN + path, { headers: { accept: 'text/html', 'x-who': who, ...headers } })
    return { status: r.status, text: (await r.text()).replaceAll('\u2060', ''), location: r.headers.get('location') }
  }
  const send = (path: string, who = 'admin', headers: Record<string, string> = {}) => post(app, path, {}, { 'x-who': who, ...headers })
  /** Sends the form and shows the page that the browser goes to. */
  const press = async (path: string, who = 'admin') => {
    const r = await send(path, who)
    expect(r.status).toBe(303)
    return get(r.headers.get('location')!, who, { cookie: r.headers.getSetCookie().map((c) => c.split(';')[0]).join('; ') })
  }
  /** One dead letter a job, in the order of the list. */
  async function giveUp(jobs: { kind?: string; key?: string; payload?: unknown; cause?: string }[]): Promise<number[]> {
    const ids: number[] = []
    for (const { kind = 'deliver', key, payload = { a: 'x' }, cause = 'the inbox answered 405' } of jobs) {
      await store.write((tx) => h.jobs.add(tx, kind, { payload, ...(key ? { key } : {}) }))
      const [job] = await h.jobs.claim(kind, 1)
      await h.jobs.bury(job!, cause)
      ids.push(job!.id)
    }
    return ids
  }
  const dead = async () => (await h.jobs.deadLetters(undefined, undefined, 5000)).map((l) => l.id)
  const queued = () => store.read.select().from(storeTables(store.kit).jobs).orderBy(asc(storeTables(store.kit).jobs.id))
  const audit = () => store.read.select().from(storeTables(store.kit).audit).orderBy(asc(storeTables(store.kit).audit.id))
  const later = (ms: number) => h.clock.set(new Date(h.clock.now().getTime() + ms).toISOString())
  const addHosts = (hosts: (Partial<HostHealth> & { host: string })[]) =>
    store.write(async (tx) => { await tx.insert(fediTables(store.kit).hosts).values(hosts) })

  test('only for an admin', async () => {
    const [id] = await giveUp([{ key: inbox('a.example') }])
    expect(await get('/admin/federation', '')).toMatchObject({ status: 303, location: '/sign-in?next=%2Fadmin%2Ffederation' })
    expect((await get('/admin/federation', '', { accept: 'application/json' })).status).toBe(401)
    for (const who of ['curator', 'member']) expect((await get('/admin/federation', who)).status).toBe(403)
    for (const path of ['/admin/federation/again', `/admin/federation/${id}/again`, `/admin/federation/${id}/forget`]) {
      expect((await send(path, '')).status).toBe(401)
      for (const who of ['curator', 'member']) expect((await send(path, who)).status).toBe(403)
      expect((await send(path, 'admin', { origin: 'https://evil.example' })).status).toBe(403)
      expect((await app.request(ORIGIN + path, { method: 'POST', headers: { 'x-who': 'admin', 'content-type': 'application/x-www-form-urlencoded' } })).status).toBe(403)
      expect((await get(path)).status).toBe(404)
    }
    expect(await dead()).toEqual([id])
    expect(await queued()).toEqual([])
    expect(await audit()).toEqual([])
    for (const act of [all.overview(undefined), all.hosts(undefined), all.letters(undefined), all.sendAgain(undefined, id!), all.sendAllAgain(undefined), all.forget(undefined, id!)]) {
      await expect(act).rejects.toMatchObject({ code: 'sign-in-needed' })
    }
  })

  test('the way there stands on the page about, for who may', async () => {
    expect((await get('/about')).text).toContain('href="/admin/federation"')
    for (const who of ['', 'curator', 'member']) expect((await get('/about', who)).text).not.toContain('/admin/federation')
  })

  test('a new instance says that there is nothing, and odd addresses are the beginning', async () => {
    for (const q of ['', '?after=<script>', '?before=x', '?before=-1', '?after=%00', `?before=${'9'.repeat(40)}`]) {
      const { status, text } = await get(`/admin/federation${q}`)
      expect(status).toBe(200)
      expect(text).toContain('No other server is known yet')
      expect(text).toContain('Nothing was given up')
      expect(text).not.toContain('<form method="post" action="/admin')
    }
    for (const path of ['/admin/federation/x/again', '/admin/federation/1e9/forget', '/admin/federation/-1/again']) expect((await send(path)).status).toBe(404)
  })

  test('what waits, and since when', async () => {
    await store.write((tx) => h.jobs.addMany(tx, 'deliver', ['a.example', 'a.example', 'b.example'].map((host) => ({ key: inbox(host), payload: { a: 'x' } }))))
    await store.write((tx) => h.jobs.add(tx, 'deliver', { key: inbox('a.example.org'), payload: { a: 'x' } }))
    later(2 * HOUR)
    await store.write((tx) => h.jobs.add(tx, 'inbox', { payload: { raw: {} } }))
    await store.write((tx) => h.jobs.add(tx, 'address', { payload: {}, due: new Date(h.clock.now().getTime() + HOUR) }))
    await h.jobs.claim('deliver', 1)
    expect(await all.overview(people.admin)).toEqual({
      outgoing: { waiting: 5, running: 1, delayed: 1, oldest: new Date(START) }, incoming: { waiting: 1, running: 0, delayed: 0, oldest: h.clock.now() }, dead: 0,
    })
    await addHosts([{ host: 'a.example' }, { host: 'c.example' }])
    expect((await all.hosts(people.admin)).rows).toMatchObject([{ host: 'a.example', waiting: 2, oldest: new Date(START) }, { host: 'c.example', waiting: 0, oldest: null }])
    const { text } = await get('/admin/federation')
    expect(text).toContain('deliveries wait<')
    expect(text).toContain('activity from elsewhere waits<')
    expect(text).toContain('1 under way, 1 put off until later')
    expect(text).toMatch(/The oldest: <time[^>]*>2 hours ago</)
  })

  test('how each server fares, by name and page by page', async () => {
    const now = h.clock.now().getTime()
    await addHosts([
      { host: 'well.example', lastSuccess: new Date(now - 3 * MINUTE), signature: 'rfc9421' },
      { host: 'ill.example:8443', lastSuccess: new Date(now - 9 * DAY), lastFailure: new Date(now - HOUR), failures: 7, openUntil: new Date(now + 5 * MINUTE), signature: 'cavage', software: '<b>mastodon</b> 4.5', softwareAt: new Date(now - DAY) },
    ])
    const { text } = await get('/admin/federation')
    const rows = [...text.matchAll(/<tr><th scope="row">.*?<\/tr>/gs)].map((m) => m[0].replace(/<[^>]+>/g, '|').replace(/\|+/g, '|'))
    expect(rows).toHaveLength(2)
    expect(rows[0]).toBe('|ill.example:8443|last week|1 hour ago|7|22 November 2026 at 12:05 UTC|0|draft-cavage-12|&lt;b&gt;mastodon&lt;/b&gt; 4.5|Asked |yesterday|')
    expect(rows[1]).toBe('|well.example|3 minutes ago|never|0|not paused|0|RFC 9421|Unknown|')

    await addHosts(Array.from({ length: 2 * SHOWN }, (_, n) => ({ host: `h${String(n).padStart(3, '0')}.example` })))
    const seen: string[] = []
    let path: string | undefined = '/admin/federation?before=5'
    for (let pages = 0; path && pages < 9; pages++) {
      const page = await get(path)
      seen.push(...[...page.text.matchAll(/<th scope="row"><b[^>]*>([^<]+)/g)].map((m) => m[1]!))
      path = /href="([^"]+)" rel="next"/.exec(page.text)?.[1]?.replaceAll('&amp;', '&')
      if (path) expect(path).toContain('before=5') // the other list stays where it is
    }
    expect(seen).toHaveLength(2 * SHOWN + 2)
    expect(seen).toEqual([...new Set(seen)].sort())
  })

  test('what was given up, with its cause and without names', async () => {
    await giveUp([
      { key: inbox('a.example') },
      { kind: 'address', payload: { actor: 'https://b.example/users/bo', a: 'y' }, cause: 'https://b.example/users/bo answered 404' },
      { kind: 'inbox', key: 'in 8d1f', payload: { raw: { actor: 'https://c.example/users/cy', content: 'private' } }, cause: 'not for us' },
      { kind: 'documents', cause: '<i>odd</i>' },
    ])
    later(2 * DAY)
    const { text } = await get('/admin/federation')
    for (const words of ['Delivery to a.example', 'the inbox answered 405', 'Looking for an inbox at b.example', 'b.example answered 404', 'Something from another server', 'Other work (documents)', '&lt;i&gt;odd', '2 days ago']) {
      expect(text).toContain(words)
    }
    for (const secret of ['ada', '/users/', 'private', '8d1f', '<i>']) expect(text).not.toContain(secret)
    expect(text.indexOf('Other work')).toBeLessThan(text.indexOf('Delivery to a.example'))
  })

  test('page by page, newest first', async () => {
    const ids = await giveUp(Array.from({ length: SHOWN + 3 }, () => ({})))
    const first = await all.letters(people.admin)
    expect(first.rows.map((l) => l.id)).toEqual(ids.toReversed().slice(0, SHOWN))
    const page = await get('/admin/federation')
    const next = /href="([^"]+)" rel="next"/.exec(page.text)![1]!.replaceAll('&amp;', '&')
    const second = await get(next)
    expect(second.text.match(/\/forget\?before=/g)).toHaveLength(3)
    expect(second.text).toContain('Back to the start of the list')
    expect(second.text).not.toContain('rel="next"')
    expect((await send(`/admin/federation/${ids[0]}/forget?before=${ids[3]}`)).headers.get('location')).toBe(`/admin/federation?before=${ids[3]}`)
    expect((await get('/admin/federation?before=1')).text).toContain('The list ends before this')
  })

  test('one is sent again: as if it were new, and signed for', async () => {
    const [id, other] = await giveUp([{ key: inbox('a.example'), payload: { a: 'mine' } }, { key: inbox('b.example') }])
    later(9 * DAY)
    const page = await press(`/admin/federation/${id}/again`)
    expect(page.text).toContain('In the queue again.')
    expect(page.text).not.toContain('Delivery to a.example')
    expect(await dead()).toEqual([other])
    expect(await h.jobs.claim('deliver', 5)).toMatchObject([{ kind: 'deliver', key: inbox('a.example'), payload: { a: 'mine' }, attempts: 1, created: h.clock.now() }])
    expect(await audit()).toMatchObject([{ by: 'user:a', action: 'delivery.send-again', subject: `dead-letter:${id}`, before: { kind: 'deliver', host: 'a.example', attempts: 1, cause: 'the inbox answered 405' } }])
    expect(JSON.stringify(await audit())).not.toContain('ada')
    expect((await press(`/admin/federation/${id}/again`)).text).toContain('That was not there any more')
    expect(await audit()).toHaveLength(1)
    expect(await queued()).toHaveLength(1)
  })

  test('one is forgotten, and comes back never', async () => {
    const [id, other] = await giveUp([{ key: inbox('a.example') }, {}])
    expect((await press(`/admin/federation/${id}/forget`)).text).toContain('Forgotten.')
    expect(await dead()).toEqual([other])
    expect(await queued()).toEqual([])
    expect(await audit()).toMatchObject([{ by: 'user:a', action: 'delivery.forget', subject: `dead-letter:${id}`, before: { host: 'a.example' } }])
    expect((await press(`/admin/federation/${id}/forget`)).text).toContain('That was not there any more')
  })

  test('all are sent again in batches, the oldest first, not more than one call may', async () => {
    const ids = await giveUp(Array.from({ length: 230 }, (_, n) => ({ key: inbox(`h${n % 3}.example`), payload: { a: String(n) } })))
    expect(await all.sendAllAgain(people.admin, 120)).toEqual({ sent: 120, left: 110 })
    expect(await dead()).toEqual(ids.slice(120).toReversed())
    expect(await audit()).toMatchObject([{ after: { count: 100, from: ids[0], to: ids[99] } }, { after: { count: 20, from: ids[100], to: ids[119] } }])
    expect((await press('/admin/federation/again')).text).toContain('110 are in the queue again.')
    expect((await queued()).map((job) => JSON.parse(job.payload) as unknown)).toEqual(Array.from({ length: 230 }, (_, n) => ({ a: String(n) })))
    expect(await audit()).toHaveLength(4)
    expect((await press('/admin/federation/again')).text).toContain('Nothing was given up.')
    expect(await audit()).toHaveLength(4)
  })

  test('two at once send each of them once', async () => {
    await giveUp(Array.from({ length: 60 }, (_, n) => ({ payload: { a: String(n) } })))
    const done = await Promise.all([all.sendAllAgain(people.admin), all.sendAllAgain(people.admin)])
    expect(done[0].sent + done[1].sent).toBe(60)
    expect(await queued()).toHaveLength(60)
    expect(await dead()).toEqual([])
  })
})
