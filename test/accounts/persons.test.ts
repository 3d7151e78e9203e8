/** Public handles of accounts: the actor, its document, its life; and the pages. */
import { Person as VocabularyPerson } from '@fedify/vocab'
import { sql } from 'drizzle-orm'
import { Hono } from 'hono'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { commandLine, newPersonInput, type Who } from '../../src/accounts/model.ts'
import { personPages } from '../../src/accounts/person-pages.tsx'
import { accounts, type Accounts } from '../../src/accounts/service.ts'
import { contextLoader } from '../../src/fedi/contexts.ts'
import { fediTables } from '../../src/fedi/tables.ts'
import { Secret, sealer } from '../../src/kernel/seal.ts'
import type { Store } from '../../src/store/store.ts'
import { storeTables } from '../../src/store/tables.ts'
import { realHouse } from '../coops/real.ts'
import { engines } from '../engines.ts'
import { lostTerms } from '../fedi/expands.ts'
import { ORIGIN, post, testApp } from '../web/helpers.ts'

const keys = sealer(new Secret('a secret that is long enough for a test'))
const ada = { handle: 'ada', name: 'Ada L. <3', summary: 'Weaver of https://loom.example.\nAlso <b>bold</b>.', discoverable: false }

test.each([
  ['@Ada', 'ada'], [' ada ', 'ada'], ['a_b.c-d', 'a_b.c-d'],
])('the handle %j is %s', (text, handle) => expect(newPersonInput.parse({ ...ada, handle: text }).handle).toBe(handle))
test.each([['', 'handle'], ['adä', 'handle'], ['a b', 'handle'], ['.ada', 'handle'], ['ada-', 'handle'], ['x'.repeat(61), 'handle'], ['directory', 'handle'], ['Admin', 'handle'], ['a@b', 'handle']])('the handle %j is refused', (handle, field) =>
  expect(newPersonInput.safeParse({ ...ada, handle }).error?.issues[0]?.path).toEqual([field]))
test.each(['', '  ', 'a\nb', 'a\u202eb', '\u200b', 'x'.repeat(101), 'a\0b'])('the name %j is refused', (name) =>
  expect(newPersonInput.safeParse({ ...ada, name }).error?.issues[0]?.path).toEqual(['name']))

describe.each(engines)('persons on $engine', ({ fresh }) => {
  let store: Store, h: ReturnType<typeof realHouse>, people: Accounts, drafted: Accounts, app: Hono
  const gone: string[] = [], renamed: string[] = []
  const who: Record<string, Who> = {}
  const make = async (name: string, role: 'admin' | 'curator' | 'member' = 'member') => {
    const { id } = await people.create(commandLine, { email: `${name}@private.example`, name: `Private ${name}`, password: 'thirteen threads', role })
    return (who[name] = { by: `user:${id}`, role, editorOf: new Set(), userId: id })
  }
  beforeAll(async () => {
    store = await fresh()
    h = realHouse(store)
    people = accounts({
      store, clock: h.clock, origin: ORIGIN, sealer: keys, fedi: h.fedi, icon: (handle) => ({ url: `${ORIGIN}/swatch/${handle}.png`, mediaType: 'image/png' }),
      isTaken: async (handle) => handle === 'draft', onGone: async (_tx, p) => { gone.push(p.handle) }, onRenamed: async (_tx, p) => { renamed.push(p.name) },
    })
    /** As app.ts puts it together: the rooms above are asked. */
    drafted = accounts({ store, clock: h.clock, origin: ORIGIN, sealer: keys, fedi: h.fedi, isTaken: async (handle) => await h.coops.read.speaker(handle) !== undefined })
    app = testApp((a) => {
      a.use(async (c, next) => { c.set('who', who[c.req.header('x-who') ?? '']); await next() })
      a.route('/', personPages(people, { posts: async () => 'said so' }))
      a.get('/:at{@[^/]+}', (c) => c.text('somebody else', 404))
    }, { clock: h.clock })
    await h.coops.put(commandLine, { handle: 'stocksy', name: 'Stocksy', kind: 'cooperative' })
    for (const name of ['ada', 'bo', 'cy']) await make(name)
    await make('root', 'admin')
  }, 60_000)
  afterAll(async () => { await h.close(); await store.close() })

  const follower = 'https://social.example/users/eve'
  const follow = (handle: string) => store.write((tx) => tx.insert(fediTables(store.kit).followers).values({
    actor: handle, follower, inbox: `${follower}/inbox`, sharedInbox: 'https://social.example/inbox', state: 'accepted', followId: `${follower}/1`, since: h.clock.now(),
  }))
  const sent = async (): Promise<Record<string, any>[]> => {
    const jobs = await store.read.select().from(storeTables(store.kit).jobs)
    return Promise.all(jobs.map(async (j) => {
      const { a } = JSON.parse(j.payload) as { a: string }
      return JSON.parse((await h.fedi.documents.get(h.fedi.uris.activity(a)))!.json) as Record<string, any>
    }))
  }
  const get = async (path: string, as = '', headers: Record<string, string> = {}) => {
    const r = await app.request(ORIGIN + path, { headers: { accept: 'text/html', 'x-who': as, ...headers } })
    return { status: r.status, text: (await r.text()).replaceAll('\u2060', ''), location: r.headers.get('location') }
  }

  test('somebody takes a handle, once, and is an actor', async () => {
    expect(await people.takeHandle(who.ada, ada)).toMatchObject({ handle: 'ada', name: 'Ada L. <3', discoverable: false })
    await expect(people.takeHandle(who.ada, { ...ada, handle: 'ada2' })).rejects.toMatchObject({ code: 'has-handle', status: 409, field: 'handle' })
    expect(await people.person('ada')).toMatchObject({ userId: who.ada!.userId, name: 'Ada L. <3' })
    expect(await people.personOf(who.ada!.userId!)).toMatchObject({ handle: 'ada' })
    expect(await people.speaker('ada')).toEqual({ kind: 'person', id: null, userId: who.ada!.userId, handle: 'ada', name: 'Ada L. <3', open: true })
    expect(await people.countPersons()).toBe(1)
  })

  test('the document is a golden file, and tells nothing of the account', async () => {
    await h.fedi.routes().request(`${ORIGIN}/ap/actors/ada`, { headers: { accept: 'application/activity+json' } }) // makes its keys
    const served = await h.served('ada')
    const { publicKey: _, assertionMethod: __, ...document } = served
    await expect(`${JSON.stringify(document, null, 2)}\n`).toMatchFileSnapshot('golden/ada.json')
    expect(JSON.stringify(served)).not.toMatch(/private|user:/i)
    expect(await lostTerms(served)).toEqual([])
    const read = await VocabularyPerson.fromJsonLd(served, { contextLoader, documentLoader: contextLoader })
    expect([read.id?.href, read.preferredUsername, String(read.name), read.discoverable, read.indexable, read.manuallyApprovesFollowers]).toEqual([`${ORIGIN}/ap/actors/ada`, 'ada', 'Ada L. <3', false, false, false])
    expect(String(read.summary)).toBe('<p>Weaver of <a href="https://loom.example/">https://loom.example</a>.<br>Also &lt;b&gt;bold&lt;/b&gt;.</p>')
    expect((await read.getIcon({ contextLoader }))?.mediaType).toBe('image/png')
    expect((await read.getPublicKey({ contextLoader, documentLoader: contextLoader }))?.ownerId?.href).toBe(`${ORIGIN}/ap/actors/ada`)
  })

  test('WebFinger finds them, and leads to the page', async () => {
    const jrd = await (await h.fedi.routes().request(`${ORIGIN}/.well-known/webfinger?resource=acct:ada@coops.example`)).json() as { subject: string; links: { rel: string; href: string }[] }
    expect(jrd.subject).toBe('acct:ada@coops.example')
    expect(jrd.links.map((l) => l.href)).toEqual(expect.arrayContaining([`${ORIGIN}/ap/actors/ada`, `${ORIGIN}/people/ada`]))
  })

  test.each([['stocksy', 'handle-taken'], ['ada', 'handle-taken'], ['draft', 'handle-taken'], ['coops.example', 'handle-taken'], ['directory', 'invalid'], ['abuse', 'invalid'], ['no handle', 'invalid']])(
    '%s is not free, with the field named and nothing written', async (handle, code) => {
      await expect(people.takeHandle(who.bo, { ...ada, handle })).rejects.toMatchObject({ code, field: 'handle' })
      expect(await people.personOf(who.bo!.userId!)).toBeUndefined()
    })
  test.each(['listed', 'draft', 'in-review'] as const)('nor can a listing (%s) take a person\'s handle', async (status) => {
    const input = { handle: 'ada', name: 'Ada Co-op', kind: 'cooperative' } as const
    await expect(h.coops.put(commandLine, input, { status })).rejects.toMatchObject({ code: 'handle-taken', status: 409, field: 'handle' })
    expect(await h.coops.read.speaker('ada')).toBeUndefined()
  })
  test('a draft and a person at once: one of them has the handle', async () => {
    for (let n = 0; n < 5; n++) {
      const handle = `once${n}`
      await Promise.allSettled([drafted.takeHandle(who.bo, { ...ada, handle }), h.coops.put(commandLine, { handle, name: `Once ${n}`, kind: 'cooperative' }, { status: 'draft' })])
      const holders = [await people.person(handle), await h.coops.read.speaker(handle)].filter((x) => x !== undefined)
      expect(holders).toHaveLength(1)
      if (await people.person(handle)) await people.dropPerson(who.bo)
    }
  })

  test('nobody speaks for somebody else: not without an account, not from the command line', async () => {
    for (const act of [() => people.takeHandle(undefined, ada), () => people.changePerson(undefined, ada), () => people.dropPerson(undefined), () => people.takeHandle(commandLine, { ...ada, handle: 'free' }), () => people.dropPerson(commandLine)]) {
      await expect(act()).rejects.toMatchObject({ code: 'sign-in-needed', status: 401 })
    }
    await expect(people.changePerson(who.bo, ada)).rejects.toMatchObject({ code: 'no-handle', status: 404 })
    await expect(people.dropPerson(who.bo)).rejects.toMatchObject({ code: 'no-handle' })
    expect(await sent()).toEqual([])
  })

  test('two at once: one handle, one account', async () => {
    const both = await Promise.allSettled([people.takeHandle(who.bo, { ...ada, handle: 'twin' }), people.takeHandle(who.cy, { ...ada, handle: 'twin' }), people.takeHandle(who.bo, { ...ada, handle: 'twin2' })])
    expect(both.filter((r) => r.status === 'fulfilled').length).toBeGreaterThanOrEqual(1)
    expect((await store.read.rows<{ n: number }>(sql`select count(*) as n from persons where handle = 'twin'`))[0]!.n).toBeLessThanOrEqual(1)
    for (const name of ['bo', 'cy']) if (await people.personOf(who[name]!.userId!)) await people.dropPerson(who[name])
    expect(await people.countPersons()).toBe(1)
  })

  test('a change reaches followers; the same again does not', async () => {
    await follow('ada')
    expect(await people.changePerson(who.ada, { ...ada, name: 'Ada', discoverable: true })).toMatchObject({ changed: true })
    expect(await people.changePerson(who.ada, { ...ada, name: 'Ada', discoverable: true })).toMatchObject({ changed: false })
    expect(renamed).toEqual(['Ada'])
    const updates = (await sent()).filter((a) => a.type === 'Update')
    expect(updates).toMatchObject([{ actor: `${ORIGIN}/ap/actors/ada`, object: { type: 'Person', name: 'Ada', discoverable: true, indexable: true } }])
    await people.changePerson(who.ada, { ...ada, name: 'Ada', summary: 'x', discoverable: true })
    await people.changePerson(who.ada, { ...ada, name: 'Ada', discoverable: true })
    expect(renamed).toEqual(['Ada'])
    await expect(people.changePerson(who.ada, { ...ada, name: '' })).rejects.toMatchObject({ code: 'invalid', field: 'name' })
  })

  test('the public page: noindex unless they want to be found', async () => {
    const page = await get('/people/ada')
    expect(page.status).toBe(200)
    for (const part of ['<h1>Ada</h1>', '@ada@coops.example', 'https://loom.example/', 'said so', `<link rel="alternate" type="application/activity+json" href="${ORIGIN}/ap/actors/ada"`]) expect(page.text).toContain(part)
    expect(page.text).not.toContain('noindex')
    expect(page.text).not.toMatch(/Private ada|private\.example/)
    await people.changePerson(who.ada, { ...ada, name: 'Ada' })
    expect((await get('/people/ada')).text).toContain('<meta name="robots" content="noindex"')
    expect(await get('/@ada')).toMatchObject({ status: 302, location: '/people/ada' })
    expect(await get('/@ada@coops.example')).toMatchObject({ status: 302, location: '/people/ada' })
    expect((await get('/@stocksy')).text).toBe('somebody else')
    for (const path of ['/people/nobody', '/people/stocksy', '/people/ADA', '/people/%00', '/people/a%20b']) expect((await get(path)).status).toBe(404)
  })

  test('one\'s own page: sign-in needed, choose, see what is wrong, change, give up', async () => {
    for (const path of ['/account', '/account/handle/leave']) expect(await get(path)).toMatchObject({ status: 303, location: `/sign-in?next=${encodeURIComponent(path)}` })
    for (const path of ['/account/handle', '/account/person', '/account/handle/leave']) {
      expect((await post(app, path, { ...ada, discoverable: '' })).status).toBe(401)
      expect((await post(app, path, {}, { 'x-who': 'ada', origin: 'https://evil.example' })).status).toBe(403)
    }
    const send = async (path: string, fields: Record<string, string>) => {
      const r = await post(app, path, fields, { 'x-who': 'cy' })
      return { status: r.status, location: r.headers.get('location'), text: (await r.text()).replaceAll('\u2060', '') }
    }
    const empty = await get('/account', 'cy')
    for (const part of ['Private cy', 'cy@private.example', 'action="/account/handle"', 'action="/sign-out"']) expect(empty.text).toContain(part)
    expect((await get('/account/handle/leave', 'cy')).location).toBe('/account')
    const wrong = await send('/account/handle', { handle: 'Stocksy', name: 'Cy', summary: '<i>me</i>', discoverable: 'yes' })
    expect(wrong.status).toBe(409)
    expect(wrong.text).toMatch(/<title>Error: /)
    expect(wrong.text).toContain('value="Stocksy"')
    expect(wrong.text).toContain('&lt;i&gt;me&lt;/i&gt;')
    expect((await send('/account/handle', { handle: '', name: '' })).status).toBe(422)
    expect(await send('/account/handle', { handle: 'Cy', name: 'Cy', discoverable: 'yes' })).toMatchObject({ status: 303, location: '/account#person' })
    expect(await people.person('cy')).toMatchObject({ name: 'Cy', summary: '', discoverable: true })
    expect((await send('/account/person', { name: '' })).status).toBe(422)
    expect(await send('/account/person', { name: 'Cyan' })).toMatchObject({ status: 303 })
    expect(await people.person('cy')).toMatchObject({ name: 'Cyan', discoverable: false })
    const page = await get('/account', 'cy')
    expect(page.text).toContain('@cy@coops.example')
    expect(page.text).toContain('value="Cyan"')
    const leave = await get('/account/handle/leave', 'cy')
    expect(leave.text).toContain('name="handle" value="cy"')
    expect((await send('/account/handle/leave', { handle: 'other' })).status).toBe(303)
    expect(await people.person('cy')).toBeDefined()
    expect((await send('/account/handle/leave', { handle: 'cy' })).status).toBe(303)
    expect((await send('/account/handle/leave', { handle: 'cy' })).status).toBe(303) // pressed twice
    expect(await people.person('cy')).toBeUndefined()
    expect((await get('/people/cy')).status).toBe(410)
  })

  test('given up: tombstone, Delete to followers, the handle is nobody\'s for ever', async () => {
    await people.dropPerson(who.ada)
    expect(gone).toContain('ada')
    const deletes = (await sent()).filter((a) => a.type === 'Delete')
    expect(deletes).toMatchObject([{ actor: `${ORIGIN}/ap/actors/ada`, object: `${ORIGIN}/ap/actors/ada` }])
    const r = await h.fedi.routes().request(`${ORIGIN}/ap/actors/ada`, { headers: { accept: 'application/activity+json' } })
    expect(r.status).toBe(410)
    expect(await r.json()).toMatchObject({ type: 'Tombstone', formerType: 'Person' })
    expect((await h.fedi.routes().request(`${ORIGIN}/.well-known/webfinger?resource=acct:ada@coops.example`)).status).toBe(410)
    expect((await get('/people/ada')).status).toBe(410)
    expect(await h.fedi.followersCount('ada')).toBe(0)
    for (const name of ['ada', 'bo']) await expect(people.takeHandle(who[name], ada)).rejects.toMatchObject({ code: 'handle-taken', field: 'handle' })
    await expect(people.dropPerson(who.ada)).rejects.toMatchObject({ code: 'no-handle' })
    expect(await people.takeHandle(who.ada, { ...ada, handle: 'ada_again' })).toMatchObject({ handle: 'ada_again' })
  })

  test('an account that goes takes its actor along, in the same transaction', async () => {
    await follow('ada_again')
    const before = (await sent()).length
    await expect(people.remove(who.bo!, who.ada!.userId!)).rejects.toMatchObject({ code: 'forbidden' })
    expect(await people.person('ada_again')).toBeDefined()
    await people.remove(who.root!, who.ada!.userId!)
    expect(await people.person('ada_again')).toBeUndefined()
    expect((await h.fedi.actors.find('ada_again'))?.gone).toBe(true)
    expect((await sent()).slice(before)).toMatchObject([{ type: 'Delete', object: `${ORIGIN}/ap/actors/ada_again` }])
    expect((await store.read.rows<{ n: number }>(sql`select count(*) as n from persons`))[0]!.n).toBe(0)
  })

  test('given up: what told of them before goes too, whoever asks for it; the Delete is there to be delivered', async () => {
    await people.takeHandle(who.cy, { ...ada, handle: 'cy2', name: 'Cyan Q.' })
    await follow('cy2')
    await people.changePerson(who.cy, { ...ada, name: 'Cyan R.' })
    await people.changePerson(who.cy, { ...ada, name: 'Cyan S.' })
    const updates = (await sent()).filter((a) => a.actor === `${ORIGIN}/ap/actors/cy2` && a.type === 'Update')
    expect(updates).toHaveLength(2)
    await people.dropPerson(who.cy)
    for (const { id } of updates) {
      const r = await h.fedi.routes().request(id as string, { headers: { accept: 'application/activity+json' } })
      expect([r.status, (await r.json() as { formerType: string }).formerType]).toEqual([410, 'Update'])
    }
    expect(JSON.stringify(await store.read.select().from(storeTables(store.kit).documents))).not.toMatch(/Cyan [QRS]/)
    expect((await sent()).filter((a) => a.actor === `${ORIGIN}/ap/actors/cy2`)).toMatchObject([{ type: 'Delete', object: `${ORIGIN}/ap/actors/cy2` }])
  })
  test('nor does anything stay of an organisation that opted out', async () => {
    await h.coops.put(commandLine, { handle: 'loomco', name: 'Loom Q.', kind: 'cooperative', summary: 'Weavers.' }, { consent: 'yes' })
    await follow('loomco')
    await h.coops.put(commandLine, { handle: 'loomco', name: 'Loom R.', kind: 'cooperative' })
    const [update] = (await sent()).filter((a) => a.actor === `${ORIGIN}/ap/actors/loomco`)
    expect(update).toMatchObject({ type: 'Update', object: { name: 'Loom R.' } })
    await h.coops.optOut(commandLine, 'loomco', 'they asked')
    expect((await h.fedi.routes().request(update!.id as string, { headers: { accept: 'application/activity+json' } })).status).toBe(410)
    expect(JSON.stringify(await store.read.select().from(storeTables(store.kit).documents))).not.toMatch(/Loom [QR]|Weavers/)
    expect((await sent()).filter((a) => a.actor === `${ORIGIN}/ap/actors/loomco`)).toMatchObject([{ type: 'Delete' }])
  })

  test('the log says that an account did it, not which handle it has', async () => {
    const rows = (await store.read.select().from(storeTables(store.kit).audit)).filter((r) => r.action.startsWith('person.'))
    expect(new Set(rows.map((r) => r.action))).toEqual(new Set(['person.take', 'person.change', 'person.drop']))
    const told = JSON.stringify(rows).replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'ID') // an id may happen to spell a name
    expect(told).not.toMatch(/ada|Ada|cyan|loom/)
  })
})
