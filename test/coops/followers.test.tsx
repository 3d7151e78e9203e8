/** Who sees who follows an organisation, and what its people can do about it: the service, and the page as a browser gets it. */
import { eq } from 'drizzle-orm'
import { Hono } from 'hono'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { commandLine, type Who } from '../../src/accounts/model.ts'
import { coopPages } from '../../src/coops/pages.tsx'
import type { Coops } from '../../src/coops/service.ts'
import { coops } from '../../src/coops/service.ts'
import { fediTables } from '../../src/fedi/tables.ts'
import { Problem } from '../../src/kernel/errors.ts'
import type { Store } from '../../src/store/store.ts'
import { storeTables } from '../../src/store/tables.ts'
import { engines } from '../engines.ts'
import { ORIGIN, post, testApp } from '../web/helpers.ts'
import { realHouse } from './real.ts'

const START = '2026-11-22T12:00:00Z'
const person = (name: string) => `https://social.example/users/${name}`
const problem = async (p: Promise<unknown>) => p.then(() => 'nothing', (e: unknown) => (e instanceof Problem ? `${e.status} ${e.code}` : e))

describe.each(engines)('followers of an organisation on $engine', ({ fresh }) => {
  let store: Store, h: ReturnType<typeof realHouse>, c: Coops, app: Hono, people: Record<string, Who>
  beforeEach(async () => {
    store = await fresh()
    h = realHouse(store, START)
    c = coops({ store, clock: h.clock, jobs: h.jobs, fedi: h.fedi })
    const { id } = await c.put(commandLine, { handle: 'loom', name: 'Loom', kind: 'cooperative' }, { consent: 'agreed' })
    await c.put(commandLine, { handle: 'shut', name: 'Shut', kind: 'cooperative' })
    people = {
      editor: { by: 'user:e', role: 'member', editorOf: new Set([id]), userId: 'e' }, admin: { by: 'user:a', role: 'admin', editorOf: new Set() },
      curator: { by: 'user:c', role: 'curator', editorOf: new Set() }, member: { by: 'user:m', role: 'member', editorOf: new Set() },
    }
    app = testApp((a) => {
      a.use(async (x, next) => { x.set('who', people[x.req.header('x-who') ?? '']); await next() })
      a.route('/', coopPages(c))
    }, { clock: h.clock })
  })
  afterEach(async () => { await h.close(); await store.close() })

  async function asks(...names: string[]): Promise<void> {
    const { followers, remoteActors } = fediTables(store.kit)
    await store.write(async (tx) => {
      for (const name of names) {
        const id = person(name)
        await tx.insert(followers).values({ actor: 'loom', follower: id, inbox: `${id}/inbox`, state: 'pending', followId: `${id}/f`, since: h.clock.now() })
        if (name !== 'unmet') await tx.insert(remoteActors).values({ id, handle: `${name}@social.example`, host: 'social.example', type: 'Person', name: `<b>${name}</b>`, url: `https://social.example/@${name}`, inbox: `${id}/inbox`, keys: [], document: '{}', fetched: h.clock.now() })
      }
    })
  }
  const answers = async () => {
    const rows = await store.read.select({ payload: storeTables(store.kit).jobs.payload }).from(storeTables(store.kit).jobs).orderBy(storeTables(store.kit).jobs.id)
    const all = await Promise.all(rows.map(async (r) => h.fedi.documents.get(h.fedi.uris.activity((JSON.parse(r.payload) as { a: string }).a))))
    return all.map((d) => JSON.parse(d!.json) as { type: string; object: { actor?: string } }).filter((a) => ['Accept', 'Reject'].includes(a.type)).map((a) => `${a.type} ${a.object.actor}`)
  }
  const audit = async () => (await store.read.select().from(storeTables(store.kit).audit).where(eq(storeTables(store.kit).audit.by, 'user:e')).orderBy(storeTables(store.kit).audit.id))
  const get = async (path: string, who = 'editor', headers: Record<string, string> = {}) => {
    const r = await app.request(ORIGIN + path, { headers: { accept: 'text/html', 'x-who': who, ...headers } })
    return { status: r.status, text: (await r.text()).replaceAll('\u2060', ''), location: r.headers.get('location') }
  }
  const press = async (path: string, form: Record<string, string>, who = 'editor') => {
    const r = await post(app, path, form, { 'x-who': who })
    expect(r.status).toBe(303)
    expect(r.headers.get('location')).toMatch(/^\/manage\/loom\/followers/)
    return get(r.headers.get('location')!, who, { cookie: r.headers.getSetCookie().map((x) => x.split(';')[0]).join('; ') })
  }

  test('only for its own people and admins: not for curators, members, visitors', async () => {
    await asks('ada')
    for (const who of [people.curator, people.member]) {
      const tries = [() => c.followers.overview(who, 'loom'), () => c.followers.list(who, 'loom', 'pending'), () => c.followers.accept(who, 'loom', person('ada')), () => c.followers.decline(who, 'loom', person('ada')), () => c.followers.remove(who, 'loom', person('ada')), () => c.followers.setApproval(who, 'loom', true)]
      for (const go of tries) expect(await problem(go())).toBe('403 forbidden')
    }
    expect(await problem(c.followers.list(undefined, 'loom', 'pending'))).toBe('401 sign-in-needed')
    for (const who of ['curator', 'member']) expect((await get('/manage/loom/followers', who)).status).toBe(403)
    expect(await get('/manage/loom/followers', '')).toMatchObject({ status: 303, location: expect.stringContaining('/sign-in') })
    for (const path of ['accept', 'decline', 'remove', 'approval']) expect((await post(app, `/manage/loom/followers/${path}`, { id: person('ada'), approve: 'yes' }, { 'x-who': 'curator' })).status).toBe(403)
    expect(await c.followers.overview(people.admin, 'loom')).toEqual({ accepted: 0, pending: 1, approves: false, open: true })
    expect((await get('/manage/loom', 'curator')).text).not.toContain('/manage/loom/followers')
    expect((await get('/manage/loom')).text).toContain('href="/manage/loom/followers"')
    for (const path of ['/co-ops/loom', '/co-ops/loom/changes']) expect((await get(path, 'curator')).text).not.toContain('ada')
    expect(await answers()).toEqual([])
  })

  test('switched on: the document says so, and it stays so when the listing is edited; the same again changes nothing', async () => {
    const said = async () => (JSON.parse((await h.fedi.documents.get(c.uri('loom')))!.json) as Record<string, unknown>).manuallyApprovesFollowers
    expect(await said()).toBe(false)
    expect([await c.followers.setApproval(people.editor, 'loom', true), await c.followers.setApproval(people.editor, 'loom', true)]).toEqual([true, false])
    await c.put(people.editor, { handle: 'loom', name: 'The Loom', kind: 'cooperative' })
    expect(await said()).toBe(true)
    expect((await h.fedi.actors.find('loom'))?.approves).toBe(true)
    expect(await problem(c.followers.setApproval(people.admin, 'shut', true))).toBe('409 not-open')
    expect((await audit()).map((a) => [a.action, a.after])).toContainEqual(['organisation.follower-approval', { on: true }])
  })

  test('accepted, declined, ended: told, and on record without a name', async () => {
    await asks('ada', 'bo', 'cy')
    const [ada, bo, cy] = ['ada', 'bo', 'cy'].map(person) as [string, string, string]
    expect([await c.followers.accept(people.editor, 'loom', ada), await c.followers.accept(people.editor, 'loom', ada), await c.followers.accept(people.editor, 'loom', person('nobody'))]).toEqual([true, false, false])
    expect([await c.followers.decline(people.editor, 'loom', bo), await c.followers.decline(people.editor, 'loom', ada)]).toEqual([true, false]) // who follows by now is not ended by a late "no"
    expect([await c.followers.remove(people.editor, 'loom', ada), await c.followers.remove(people.editor, 'loom', cy), await c.followers.remove(people.editor, 'loom', cy)]).toEqual([true, true, false])
    expect(await answers()).toEqual([`Accept ${ada}`, `Reject ${bo}`, `Reject ${ada}`, `Reject ${cy}`])
    expect(await c.followers.overview(people.editor, 'loom')).toMatchObject({ accepted: 0, pending: 0 })
    const entries = await audit()
    expect(entries.map((a) => a.action)).toEqual(['organisation.follower-accepted', 'organisation.follower-declined', 'organisation.follower-removed', 'organisation.follower-declined'])
    expect(entries.map((a) => a.after)).toEqual(Array.from({ length: 4 }, () => ({ host: 'social.example' })))
    expect(JSON.stringify(entries)).not.toMatch(/ada|\bbo\b|\bcy\b/)
  })

  test('switched off: who waits is accepted', async () => {
    await c.followers.setApproval(people.editor, 'loom', true)
    await asks('ada', 'bo')
    await c.followers.setApproval(people.editor, 'loom', false)
    expect(await c.followers.overview(people.editor, 'loom')).toMatchObject({ accepted: 2, pending: 0, approves: false })
    expect(await answers()).toEqual([`Accept ${person('ada')}`, `Accept ${person('bo')}`])
  })

  test('the page: requests with name, handle and server, and their answers; the switch; nothing of it is markup', async () => {
    expect((await get('/manage/loom/followers')).text).toContain('Nobody follows yet')
    expect((await press('/manage/loom/followers/approval', { approve: 'yes' })).text).toContain('From now on you approve each follower.')
    await asks('ada', 'bo', 'unmet')
    const { text } = await get('/manage/loom/followers')
    const rows = [...text.matchAll(/<tr><th scope="row">.*?<\/tr>/gs)].map((m) => m[0].replace(/<[^>]+>/g, '|').replace(/\|+/g, '|'))
    expect(rows.slice(0, 1)).toEqual(['|&lt;b&gt;ada&lt;/b&gt;|@ada@social.example|now|Accept|: &lt;b&gt;ada&lt;/b&gt;|Decline|: &lt;b&gt;ada&lt;/b&gt;|'])
    expect(rows[2]).toContain(`|Not known by name yet|${person('unmet')}|`)
    expect(text).toContain('href="https://social.example/@ada"')
    expect(text).toMatch(/requests wait/)

    expect((await press('/manage/loom/followers/accept', { id: person('ada') })).text).toMatch(/role="status".*Accepted\./s)
    expect((await press('/manage/loom/followers/decline', { id: person('bo') })).text).toContain('Declined.')
    expect((await press('/manage/loom/followers/decline', { id: person('bo') })).text).toContain('was not there any more')
    expect((await press('/manage/loom/followers/remove', { id: person('ada') })).text).toContain('Removed.')
    expect((await press('/manage/loom/followers/approval', { approve: 'no' })).text).toContain('so is everybody who was waiting')
    expect((await press('/manage/loom/followers/approval', { approve: 'no' })).text).toContain('Nothing was changed.')
    for (const [path, form] of [['accept', {}], ['accept', { id: 'x'.repeat(3000) }], ['approval', { approve: 'maybe' }]] as const) expect((await post(app, `/manage/loom/followers/${path}`, form, { 'x-who': 'editor' })).status).toBe(422)
    expect(await answers()).toEqual([`Accept ${person('ada')}`, `Reject ${person('bo')}`, `Reject ${person('ada')}`, `Accept ${person('unmet')}`])
  })

  test('by pages, each list for itself; odd addresses are the beginning', async () => {
    await c.followers.setApproval(people.editor, 'loom', true)
    const names = Array.from({ length: 65 }, (_, n) => `p${String(n).padStart(3, '0')}`)
    await asks(...names)
    const seen: string[] = []
    let path: string | undefined = '/manage/loom/followers?after=x'
    for (let pages = 0; path && pages < 9; pages++) {
      const { text } = await get(path)
      seen.push(...[...text.matchAll(/@(p\d+)@social/g)].map((m) => m[1]!))
      path = /<a class="btn quiet" href="([^"#]*)#requests" rel="next"/.exec(text)?.[1]?.replaceAll('&amp;', '&')
      if (path) expect(path).toContain('after=x')
    }
    expect(seen).toEqual(names)
    for (const q of ['?waiting=', '?waiting=%00', `?waiting=${'z'.repeat(3000)}`, '?after[]=1']) expect((await get(`/manage/loom/followers${q}`)).status).toBe(200)
  })

  test('a listing that cannot be followed says so', async () => {
    const { text } = await get('/manage/shut/followers', 'admin')
    expect(text).toContain('This listing cannot be followed')
    expect(text).not.toContain('action="/manage/shut/followers/approval"')
  })
})
