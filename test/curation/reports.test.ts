/** Reports over the wire, on the moderators' desk, and to other servers. */
import { asc } from 'drizzle-orm'
import { Hono } from 'hono'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Flag } from '@fedify/vocab'
import type { Who } from '../../src/accounts/model.ts'
import { reportPages } from '../../src/curation/pages.tsx'
import { PER_HOUR } from '../../src/curation/model.ts'
import { reports as makeReports, type Foreign, type Reports } from '../../src/curation/service.ts'
import { curationTables } from '../../src/curation/tables.ts'
import { reportWire } from '../../src/curation/wire.ts'
import { contextLoader } from '../../src/fedi/contexts.ts'
import { Secret, sealer } from '../../src/kernel/seal.ts'
import { HOUR, MINUTE } from '../../src/kernel/time.ts'
import type { Store } from '../../src/store/store.ts'
import { storeTables } from '../../src/store/tables.ts'
import { movingClock } from '../coops/house.ts'
import { engines } from '../engines.ts'
import { lostTerms } from '../fedi/expands.ts'
import { activity, makeInstance, makeRemote, post, until, type Instance, type Remote, type RemoteActorKeys } from '../fedi/instance.ts'
import { ORIGIN, post as send, testApp } from '../web/helpers.ts'

const people: Record<string, Who> = {
  admin: { by: 'user:a', role: 'admin', editorOf: new Set(), userId: 'a' }, curator: { by: 'user:c', role: 'curator', editorOf: new Set(), userId: 'c' },
  member: { by: 'user:m', role: 'member', editorOf: new Set(), userId: 'm' },
}

describe.each(engines)('reports on $engine', ({ fresh }) => {
  let store: Store, clock: ReturnType<typeof movingClock>, i: Instance, r: Remote, mod: RemoteActorKeys, desk: Reports, app: Hono
  const foreign = new Map<string, Foreign>()
  beforeEach(async () => {
    store = await fresh()
    clock = movingClock(new Date().toISOString())
    i = await makeInstance({ store, clock, handlers: [] })
    r = await makeRemote()
    mod = r.actor('actor', { type: 'Application' })
    desk = makeReports({
      store, clock, fedi: i.fedi, sealer: sealer(new Secret('a secret that is long enough for a test')),
      about: async (ids) => new Map(ids.filter((id) => id.endsWith('/coop')).map((id) => [id, { id, label: 'Coop & <Sons>', href: '/co-ops/coop' }])),
      foreign: async (id) => foreign.get(id),
    })
    reportWire(i.fedi, desk)
    app = testApp((a) => {
      a.use(async (c, next) => { c.set('who', people[c.req.header('x-who') ?? '']); await next() })
      a.route('/', reportPages(desk))
    }, { clock })
  }, 30_000)
  afterEach(async () => { await i.close(); await r.close(); foreign.clear() })

  const t = () => curationTables(store.kit).reports
  const all = () => store.read.select().from(t()).orderBy(asc(t().created), asc(t().id))
  const coop = () => i.fedi.uris.actor('coop')
  const arrived = () => until('the inbox to be worked off', async () => (await i.jobs.depth()).every((d) => d.kind !== 'inbox'))
  const flag = async (object: unknown, more: Record<string, unknown> = {}, by = mod) => {
    const a = activity(by.id, 'Flag', object, more)
    expect((await post(i.fedi.uris.sharedInbox, a, by, { date: clock.now() })).status).toBe(202)
    await arrived()
    return a
  }
  const get = async (path: string, who = 'curator') => {
    const answer = await app.request(ORIGIN + path, { headers: { accept: 'text/html', 'x-who': who } })
    return { status: answer.status, text: (await answer.text()).replaceAll('\u2060', ''), location: answer.headers.get('location') }
  }
  const decide = async (id: string, fields: Record<string, string>, who = 'curator') => {
    const answer = await send(app, `/admin/reports/${id}`, fields, { 'x-who': who })
    return { status: answer.status, text: await answer.text(), location: answer.headers.get('location') }
  }
  const audit = async () => (await store.read.select().from(storeTables(store.kit).audit).orderBy(asc(storeTables(store.kit).audit.id)))
  const later = (ms: number) => clock.set(new Date(clock.now().getTime() + ms).toISOString())

  test('Mastodon\'s Flag is one report: the server, the words, what is ours of it, and nobody\'s name', async () => {
    const note = i.fedi.uris.object('notes', '1')
    await flag([coop(), note, `${r.origin}/notes/9`], { content: '<b>rude</b> words', to: coop() })
    const [report, ...more] = await all()
    expect(more).toEqual([])
    expect(report).toMatchObject({ host: '127.0.0.1', by: null, subjects: [coop(), note], words: 'rude words', state: 'open', decided: null, decidedBy: null, why: null })
    expect(JSON.stringify(report)).not.toContain(mod.id)
    expect(r.posts()).toEqual([]) // a report is answered to nobody
  })
  test('Lemmy says why in summary, mbin in both; one thing or several', async () => {
    const bo = r.actor('bo')
    await flag(coop(), { summary: 'report this post' }, bo)
    await flag([coop()], { summary: 'dsaü', content: 'dsaü' }, bo)
    expect((await all()).map((x) => [x.words, x.subjects])).toEqual(expect.arrayContaining([['report this post', [coop()]], ['dsaü', [coop()]]]))
  })
  test('the same activity again, or many at once, is one report', async () => {
    const a = activity(mod.id, 'Flag', coop(), { content: 'once' })
    await Promise.all(Array.from({ length: 5 }, () => post(i.fedi.uris.sharedInbox, a, mod, { date: clock.now() })))
    await arrived()
    await store.write((tx) => desk.receive(tx, { activity: String(a.id), actor: mod.id, host: '127.0.0.1', words: 'once', subjects: [coop()] }))
    expect(await all()).toHaveLength(1)
  })
  test('a Flag of nothing of ours is none, nor is one with another\'s signature', async () => {
    await flag(`${r.origin}/notes/1`)
    const bo = r.actor('bo')
    expect((await post(i.fedi.uris.sharedInbox, activity(mod.id, 'Flag', coop()), bo, { date: clock.now() })).status).toBe(401)
    await arrived()
    expect(await all()).toEqual([])
  })

  test('taken back: an open one is closed, in whatever order; a decided one stays; another\'s word does not count', async () => {
    const bo = r.actor('bo')
    const open = await flag(coop(), { content: 'one' }), decided = await flag(coop(), { content: 'two' })
    const two = (await all()).find((x) => x.words === 'two')!
    await desk.decide(people.curator, two.id, { outcome: 'acted', why: 'talked to them' })
    const undo = async (a: unknown, by: RemoteActorKeys) => { await post(i.fedi.uris.sharedInbox, activity(by.id, 'Undo', a), by, { date: clock.now() }); await arrived() }
    await undo({ ...open, actor: bo.id }, bo)
    await undo(open, bo)
    expect((await all()).map((x) => x.state).sort()).toEqual(['acted', 'open'])
    await undo(open.id, mod) // some name it by its id alone
    await undo(decided, mod)
    expect((await all()).find((x) => x.words === 'one')).toMatchObject({ state: 'dismissed', decidedBy: 'peer:127.0.0.1', why: null })
    expect((await all()).find((x) => x.words === 'two')).toMatchObject({ state: 'acted', why: 'talked to them' })
    const early = activity(mod.id, 'Flag', coop(), { content: 'three' })
    await undo(early, mod)
    await post(i.fedi.uris.sharedInbox, early, mod, { date: clock.now() })
    await arrived()
    expect(await all()).toHaveLength(2)
    expect((await audit()).map((x) => x.action)).toEqual(['report.decide', 'report.withdrawn'])
  })

  test('a server has a share an hour; what is above it is dropped and counted', async () => {
    const one = (n: number, host: string) => store.write((tx) => desk.receive(tx, { activity: `https://${host}/${n}`, actor: `https://${host}/actor`, host, words: String(n), subjects: [coop()] }))
    const kept: boolean[] = []
    for (let n = 0; n < PER_HOUR + 3; n++) kept.push(await one(n, 'loud.example'))
    expect(kept.filter(Boolean)).toHaveLength(PER_HOUR)
    expect(desk.read.dropped()).toBe(3)
    expect(await one(1, 'quiet.example')).toBe(true)
    const [first] = await all()
    await desk.decide(people.curator, first!.id, { outcome: 'dismissed', why: 'spam' }) // deciding frees no share
    expect(await one(90, 'loud.example')).toBe(false)
    later(HOUR + MINUTE)
    expect(await one(91, 'loud.example')).toBe(true)
  })

  test('only for curators and admins', async () => {
    await flag(coop())
    const { id } = (await all())[0]!
    for (const path of ['/admin/reports', '/admin/reports/decided', `/admin/reports/${id}`, '/admin/reports/new?subject=1']) {
      expect(await get(path, '')).toMatchObject({ status: 303, location: `/sign-in?next=${encodeURIComponent(path)}` })
      expect((await get(path, 'member')).status).toBe(403)
    }
    for (const path of [`/admin/reports/${id}`, '/admin/reports/new?subject=1']) {
      expect((await send(app, path, { outcome: 'acted', why: 'x', words: 'x' })).status).toBe(401)
      expect((await send(app, path, { outcome: 'acted', why: 'x', words: 'x' }, { 'x-who': 'member' })).status).toBe(403)
      expect((await send(app, path, { outcome: 'acted', why: 'x', words: 'x' }, { 'x-who': 'admin', origin: 'https://evil.example' })).status).toBe(403)
    }
    expect((await all())[0]).toMatchObject({ state: 'open' })
    expect(await audit()).toEqual([])
  })

  test('an empty desk says so, and odd addresses are the beginning', async () => {
    for (const q of ['', '?after=x', `?after=999999999999999_${'a'.repeat(32)}`, '?after=1_%00', '?after=<script>']) expect((await get(`/admin/reports${q}`)).text).toContain('Nothing to decide')
    expect((await get('/admin/reports/decided')).text).toContain('Nothing was decided yet')
    for (const path of ['/admin/reports/x', `/admin/reports/${'0'.repeat(32)}`]) expect((await get(path)).status).toBe(404)
    expect((await decide('0'.repeat(32), { outcome: 'acted', why: 'x' })).status).toBe(404)
  })

  test('the desk: longest waiting first, page by page; others about the same are counted', async () => {
    for (let n = 0; n < 23; n++) {
      await store.write((tx) => desk.receive(tx, { activity: `https://a.example/${n}`, actor: 'https://a.example/actor', host: `h${n}.example`, words: `words ${n} <script>`, subjects: [coop(), ...(n === 22 ? Array.from({ length: 6 }, (_, k) => `${i.origin}/ap/notes/${k}`) : [])] }))
      if (n % 5) later(1000)
    }
    const seen: string[] = []
    let path: string | undefined = '/admin/reports', pages = 0
    for (; path && pages < 5; pages++) {
      const page = await get(path)
      seen.push(...[...page.text.matchAll(/words (\d+) &lt;script&gt;/g)].map((m) => m[1]!))
      path = /href="([^"]+)" rel="next"/.exec(page.text)?.[1]?.replaceAll('&amp;', '&')
    }
    expect(pages).toBe(2)
    expect([...seen].sort((a, b) => Number(a) - Number(b))).toEqual(Array.from({ length: 23 }, (_, n) => String(n)))
    expect(seen.at(-1)).toBe('22')
    const first = await get('/admin/reports')
    expect(first.text).toContain('Coop &amp; &lt;Sons&gt;')
    expect(first.text).toMatch(/<td class="n" data-col="Other reports about the same">22</)
    expect((await desk.list(people.curator, 'open', 50)).map((x) => x.others)).toEqual(Array.from({ length: 23 }, () => 22))
    const { id } = (await all()).at(-1)!
    const last = (await get(`/admin/reports/${id}`)).text
    expect(last.match(/\/ap\/notes\/\d/g)).toHaveLength(6)
    expect(await desk.read.open()).toBe(23)
  })

  test('decided once, with a reason, on record', async () => {
    await flag(coop(), { content: 'rude' })
    const { id } = (await all())[0]!
    const page = await get(`/admin/reports/${id}`)
    for (const part of ['rude', '127.0.0.1', 'Coop &amp; &lt;Sons&gt;', 'href="/co-ops/coop"', 'Who reported it there is not kept.']) expect(page.text).toContain(part)
    const empty = await decide(id, {})
    expect(empty.status).toBe(422)
    expect(empty.text).toMatch(/<title>Error: /)
    expect(await decide(id, { outcome: 'burned', why: 'x' })).toMatchObject({ status: 422 })
    expect(await decide(id, { outcome: 'acted', why: 'x'.repeat(1001) })).toMatchObject({ status: 422 })
    expect((await all())[0]).toMatchObject({ state: 'open' })
    later(MINUTE)
    expect(await decide(id, { outcome: 'acted', why: 'hid the <post>' })).toMatchObject({ status: 303, location: '/admin/reports' })
    expect((await all())[0]).toMatchObject({ state: 'acted', decided: clock.now(), decidedBy: 'user:c', why: 'hid the <post>' })
    expect(await audit()).toMatchObject([{ by: 'user:c', action: 'report.decide', subject: `report:${id}`, before: { state: 'open' }, after: { state: 'acted', subjects: [coop()] }, why: 'hid the <post>' }])
    const again = await decide(id, { outcome: 'dismissed', why: 'no' }, 'admin')
    expect(again.status).toBe(409)
    expect(again.text).toContain('hid the &lt;post&gt;')
    expect((await all())[0]).toMatchObject({ state: 'acted' })
    expect((await get('/admin/reports')).text).toContain('Nothing to decide')
    expect((await get('/admin/reports/decided')).text).toContain('Something was done')
  })

  test('two curators at once: one decision', async () => {
    await flag(coop())
    const { id } = (await all())[0]!
    const done = await Promise.allSettled([desk.decide(people.curator, id, { outcome: 'acted', why: 'a' }), desk.decide(people.admin, id, { outcome: 'dismissed', why: 'b' })])
    expect(done.map((d) => d.status).sort()).toEqual(['fulfilled', 'rejected'])
    expect(await audit()).toHaveLength(1)
  })

  describe('to another server', () => {
    const bad = () => ({ id: `${r.origin}/notes/1`, author: `${r.origin}/users/bad`, label: 'Bad: <b>words</b>', href: '/posts/p' })
    test('a Flag goes out in the instance\'s name, once', async () => {
      foreign.set('p', bad())
      const author = r.actor('bad')
      await i.fedi.lookupActor(author.id)
      const page = await get('/admin/reports/new?subject=p')
      expect(page.status).toBe(200)
      expect(page.text).toContain(`Report to ${r.host}`)
      expect(page.text).toContain('Bad: &lt;b&gt;words&lt;/b&gt;')
      const say = (words: string) => send(app, '/admin/reports/new?subject=p', { words }, { 'x-who': 'curator' })
      expect((await say('')).status).toBe(422)
      expect((await say('x'.repeat(5001))).status).toBe(422)
      const sent = await say('Threats,\nagain & again')
      expect([sent.status, sent.headers.get('location')]).toEqual([303, '/posts/p'])
      expect((await say('Threats,\nagain & again')).status).toBe(303)
      const delivered = await until('the Flag', () => r.posts()[0])
      expect(delivered.url).toBe('/inbox')
      const document = JSON.parse(delivered.body.toString()) as Record<string, unknown>
      const stable = JSON.stringify(document, null, 2).replaceAll(i.origin, 'https://coops.example').replaceAll(r.origin, 'https://social.example')
        .replace(/activities\/[0-9a-f-]{36}/, 'activities/ID').replace(/"published": "[^"]+"/, '"published": "2026-11-14T09:00:00.000Z"')
      await expect(`${stable}\n`).toMatchFileSnapshot('golden/flag.json')
      expect(document).toMatchObject({ type: 'Flag', actor: `${i.origin}/ap/actor`, object: [author.id, bad().id], content: 'Threats,\nagain & again' })
      expect(JSON.stringify(document)).not.toMatch(/user:c|curator/)
      expect(await lostTerms(document)).toEqual([])
      const read = await Flag.fromJsonLd(document, { contextLoader, documentLoader: contextLoader })
      expect([read.actorId?.href, read.objectIds.map((o) => o.href), String(read.content)]).toEqual([`${i.origin}/ap/actor`, [author.id, bad().id], 'Threats,\nagain & again'])
      // Nobody but its reader may have it.
      expect((await fetch(String(document.id), { headers: { accept: 'application/activity+json' } })).status).toBe(404)
      await until('nothing waits', async () => (await i.jobs.depth()).length === 0)
      expect(r.posts()).toHaveLength(1)
      expect(await all()).toMatchObject([{ host: null, by: 'c', subjects: [bad().id], state: 'acted', decidedBy: 'user:c', why: null }])
      expect(await audit()).toMatchObject([{ by: 'user:c', action: 'report.forward', after: { subject: bad().id, host: r.host } }])
      expect((await get('/admin/reports/decided')).text).toContain('Sent to its own server')
    })
    test('an author that was never met is found first', async () => {
      foreign.set('p', bad())
      r.actor('bad', { shared: false })
      expect(await desk.forward(people.admin, 'p', { words: 'rude' })).toMatchObject({ sent: true, host: r.host })
      expect((await until('the Flag', () => r.posts()[0])).url).toBe('/users/bad/inbox')
    })
    test('not what is ours, and not what is not there', async () => {
      foreign.set('ours', { ...bad(), id: i.fedi.uris.object('notes', '1') })
      for (const subject of ['ours', 'none', '']) {
        expect((await get(`/admin/reports/new?subject=${subject}`)).status).toBe(404)
        expect((await send(app, `/admin/reports/new?subject=${subject}`, { words: 'x' }, { 'x-who': 'admin' })).status).toBe(404)
      }
      expect(await all()).toEqual([])
      expect(await i.jobs.depth()).toEqual([])
    })
  })
})
