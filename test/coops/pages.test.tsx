/** Organisations' pages as a browser gets them, on the real services. */
import { readFileSync } from 'node:fs'
import type { Hono } from 'hono'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { commandLine, type Who } from '../../src/accounts/model.ts'
import { inputFrom, numberOf, valuesOf } from '../../src/coops/form.ts'
import { inputOf, profileAfter, type OrganisationInput } from '../../src/coops/model.ts'
import { coopPages } from '../../src/coops/pages.tsx'
import { leverPages } from '../../src/rulebook/pages.tsx'
import { LeverCards } from '../../src/rulebook/views.tsx'
import type { LeverInput } from '../../src/rulebook/model.ts'
import type { Store } from '../../src/store/store.ts'
import { translator } from '../../src/web/words.ts'
import { engines } from '../engines.ts'
import { post, testApp } from '../web/helpers.ts'
import { realHouse } from './real.ts'

const data = JSON.parse(readFileSync('test/data/directory.json', 'utf8')) as { organisations: OrganisationInput[]; memberships: { organisation: string; federation: string }[]; levers: LeverInput[] }
const people: Record<string, Who> = { curator: { by: 'user:c', role: 'curator', editorOf: new Set() }, member: { by: 'user:m', role: 'member', editorOf: new Set() } }

describe('pages', () => {
  let store: Store, h: ReturnType<typeof realHouse>, app: Hono
  beforeAll(async () => {
    store = await engines[0]!.fresh()
    h = realHouse(store, '2026-11-22T09:00:00Z')
    for (const o of data.organisations) await h.coops.put(commandLine, o, o.handle === 'stocksy' ? { consent: 'their board', source: 'a list' } : { source: 'a list' })
    for (const m of data.memberships) await h.coops.putMembership(commandLine, m)
    for (const l of data.levers) await h.levers.put(commandLine, l)
    people.editor = { by: 'user:e', role: 'member', editorOf: new Set([(await h.coops.read.organisation('fonterra'))!.id]) }
    app = testApp((a) => {
      a.use(async (c, next) => { c.set('who', people[c.req.header('x-who') ?? '']); await next() })
      a.route('/', coopPages(h.coops, {
        posts: async (_, o) => <p>Posts of {o.name}</p>,
        levers: async (page, o) => { const levers = await h.levers.read.ofOrganisation(o.handle); return levers.length ? <LeverCards page={page} levers={levers} /> : undefined },
      }))
      a.route('/', leverPages(h.levers))
    })
  })
  afterAll(async () => { await h.close(); await store.close() })

  const get = async (path: string, who = '', headers: Record<string, string> = {}) => {
    const r = await app.request(`https://coops.example${path}`, { headers: { accept: 'text/html', 'x-who': who, ...headers } })
    return { status: r.status, text: (await r.text()).replaceAll('\u2060', ''), location: r.headers.get('location'), headers: r.headers }
  }
  const send = async (path: string, fields: Record<string, string>, who = 'curator') => {
    const r = await post(app, path, fields, { 'x-who': who })
    return { status: r.status, text: (await r.text()).replaceAll('\u2060', ''), location: r.headers.get('location') }
  }

  test('the list shows each once, by name, and goes on by key', async () => {
    const names: string[] = []
    for (let path: string | undefined = '/', pages = 0; path && pages < 10; pages++) {
      const { text, status } = await get(path)
      expect(status).toBe(200)
      names.push(...[...text.matchAll(/<h3[^>]*><a href="\/co-ops\/([^"]+)"/g)].map((m) => m[1]!))
      path = /href="([^"]+)" rel="next"/.exec(text)?.[1]?.replaceAll('&amp;', '&')
    }
    expect(names).toHaveLength(41)
    expect(new Set(names).size).toBe(41)
  })
  test('it can be narrowed by address; what makes no sense is left out', async () => {
    expect((await get('/?country=fi')).text.match(/class="card pad co"/g)).toHaveLength(3)
    expect((await get('/?kind=mutual')).text.match(/class="card pad co"/g)).toHaveLength(3)
    expect((await get('/?activity=energy&country=US')).text.match(/class="card pad co"/g)?.length).toBeGreaterThan(2)
    expect((await get('/?country=FI&kind=ally')).text).toContain('No co-op fits this choice')
    for (const odd of ['/?after=x', '/?after=%00_a', '/?country=ZZ', '/?kind=<script>', '/?activity=%00', `/?after=${'9'.repeat(700)}`]) expect((await get(odd)).status).toBe(200)
  })

  test('an unclaimed listing says so, and offers nothing to follow', async () => {
    const { text, status } = await get('/co-ops/nationwide')
    expect(status).toBe(200)
    expect(text).toContain('Nobody from Nationwide Building Society has agreed to this listing')
    expect(text).not.toContain('@nationwide@coops.example')
    expect(text).toContain('<link rel="alternate" type="application/activity+json" href="https://coops.example/ap/actors/nationwide"')
    expect(text).toContain('16,000,000')
    expect(text).toContain('james4nationwide.co.uk')
    expect(text).not.toContain('Posts of')
    expect(text).toContain('Special general meeting')
    expect(text).toContain('Check with the society’s secretary.')
  })
  test('one that agreed shows its address, who consented, and its posts', async () => {
    const { text } = await get('/co-ops/stocksy')
    expect(text).toContain('@stocksy@coops.example')
    expect(text).toContain('their board')
    expect(text).toContain('Posts of Stocksy United')
    expect(text).not.toContain('has agreed to this listing')
    expect(text).not.toContain('/manage/stocksy')
    expect((await get('/co-ops/stocksy', 'curator')).text).toContain('/manage/stocksy')
  })
  test('memberships up to the global federation, and a federation\'s members', async () => {
    const { text } = await get('/co-ops/co-op-group')
    expect(text).toMatch(/Co-operatives UK<?.* belongs to <a href="\/co-ops\/ica">International Cooperative Alliance/s)
    expect((await get('/co-ops/ica')).text).toContain('/co-ops/mondragon')
  })
  test('addresses for people and for servers', async () => {
    expect(await get('/@stocksy')).toMatchObject({ status: 302, location: '/co-ops/stocksy' })
    expect(await get('/@stocksy@coops.example')).toMatchObject({ status: 302, location: '/co-ops/stocksy' })
    expect((await get('/co-ops/stocksy')).headers.get('vary')).toMatch(/Accept/)
    for (const path of ['/co-ops/nobody', "/co-ops/'%20or%201=1", '/co-ops/nobody/changes', '/co-ops/nobody/levers', '/levers/nothing']) expect((await get(path)).status).toBe(404)
  })

  const form = async (handle: string, extra: Record<string, string> = {}) => {
    const o = (await h.coops.read.organisation(handle))!
    const values = valuesOf(o)
    return { revision: String(o.revision), ...Object.fromEntries(Object.entries(values).map(([k, v]) => [k, String(v)])), ...extra }
  }
  test('the form as it stands changes nothing', async () => {
    const t = translator('en')
    for (const { handle } of data.organisations) {
      const o = (await h.coops.read.organisation(handle))!
      const read = inputFrom(handle, valuesOf(o), t)
      expect(read.ok && read.input).toEqual({ handle, ...profileAfter(inputOf(handle, o)) })
    }
    expect(await send('/manage/rei', await form('rei'))).toMatchObject({ status: 303, location: '/co-ops/rei' })
    expect((await h.coops.read.organisation('rei'))!.revision).toBe(1)
  })
  test('what can be no handle is not there', async () => {
    for (const path of ['/co-ops/%00', '/co-ops/A%20B', '/manage/%00']) expect(await get(path, 'curator'), path).toMatchObject({ status: 404 })
  })
  test('whoever saves what was read before another change is asked first, and may then mean it', async () => {
    const mine = await form('migros', { locality: 'Basel' })
    expect(await send('/manage/migros', await form('migros', { summary: 'Changed by another.' }))).toMatchObject({ status: 303 })
    const asked = await send('/manage/migros', mine)
    expect(asked).toMatchObject({ status: 409 })
    expect(asked.text).toContain('Somebody changed this listing')
    expect(asked.text).toContain('value="Basel"')
    expect((await h.coops.read.organisation('migros'))!).toMatchObject({ summary: 'Changed by another.', revision: 2 })
    const { revision } = /name="revision" value="(?<revision>\d+)"/.exec(asked.text)!.groups as { revision: string }
    expect(await send('/manage/migros', { ...mine, revision })).toMatchObject({ status: 303 })
    expect((await h.coops.read.organisation('migros'))!).toMatchObject({ locality: 'Basel', revision: 3 })
  })
  test('an edit makes a revision, which the history shows and takes back', async () => {
    expect(await send('/manage/fonterra', await form('fonterra', { summary: 'Milk.', 'figure.kind': 'Members', 'figure.value': '8,000', 'figure.year': '2025', why: 'annual report' }), 'editor')).toMatchObject({ status: 303 })
    const changes = await get('/co-ops/fonterra/changes')
    expect(changes.text).toMatch(/<del>Dairy co-operative owned by farmers\.<\/del>.*<ins>Milk\.<\/ins>.*8,000 members/s)
    expect(changes.text).toContain('annual report')
    expect(changes.text).not.toContain('restore')
    expect((await get('/co-ops/fonterra/changes', 'editor')).text).toContain('/co-ops/fonterra/changes/1/restore')
    expect(await send('/co-ops/fonterra/changes/1/restore', {}, 'editor')).toMatchObject({ status: 303 })
    expect(await h.coops.read.organisation('fonterra')).toMatchObject({ revision: 3, summary: 'Dairy co-operative owned by farmers.' })
    expect((await h.coops.read.byHandle('fonterra'))!.figures.map((f) => f.value)).toEqual([10500])
  })
  test('what is wrong is said at its field, and nothing typed is lost', async () => {
    const { status, text } = await send('/manage/rei', await form('rei', { name: '', website: 'rei', founded: '12', languages: 'english language!', latitude: '95', longitude: '1', 'links.1.label': 'Shop', 'links.1.url': 'x', 'figure.kind': 'members', 'figure.value': 'lots', summary: '<b>kept</b>' }))
    expect(status).toBe(422)
    expect(text).toContain('<title>Error: ')
    for (const field of ['name', 'website', 'founded', 'languages', 'latitude', 'links-1-url', 'figure-value']) {
      expect(text).toContain(`href="#f-${field}"`)
      expect(text).toContain(`id="f-${field}-error"`)
    }
    expect(text).toContain('&lt;b&gt;kept&lt;/b&gt;')
    expect(text).toContain('value="english language!"')
    expect((await h.coops.read.organisation('rei'))!.revision).toBe(1)
  })
  test('only who may', async () => {
    expect((await get('/manage/rei')).status).toBe(303)
    expect((await get('/manage/rei', 'member')).status).toBe(403)
    expect((await get('/manage/rei', 'editor')).status).toBe(403)
    expect((await send('/manage/rei', await form('rei', { summary: 'x' }), 'editor')).status).toBe(403)
    expect((await send('/co-ops/rei/changes/1/restore', {}, 'member')).status).toBe(403)
    expect((await send('/manage/fonterra/consent', { basis: 'we say so' }, 'editor')).status).toBe(403)
    expect((await get('/manage/fonterra/standing', 'editor')).text).not.toContain('name="basis"')
    expect((await post(app, '/manage/rei', await form('rei'), { 'x-who': 'curator' }, 'https://evil.example')).status).toBe(403)
  })
  test('agreement, status and the yearly question', async () => {
    expect((await send('/manage/rei/consent', {})).text).toContain('id="f-basis-error"')
    expect(await send('/manage/rei/consent', { basis: 'their letter of 2 May' })).toMatchObject({ status: 303 })
    expect((await get('/co-ops/rei')).text).toContain('@rei@coops.example')
    expect((await send('/manage/rei/confirm', {})).status).toBe(422)
    expect(await send('/manage/rei/confirm', { answer: 'true' })).toMatchObject({ status: 303 })
    expect((await send('/manage/rei/status', { status: 'suspended', why: '' })).status).toBe(422)
    expect(await send('/manage/rei/status', { status: 'suspended', why: 'a complaint' })).toMatchObject({ status: 303 })
    expect((await get('/co-ops/rei')).status).toBe(404)
    expect((await get('/co-ops/rei/levers')).status).toBe(404)
    expect((await get('/co-ops/rei', 'curator')).text).toContain('Only you and other editors see this page')
    expect((await send('/manage/rei/status', { status: 'draft', why: 'x' })).status).toBe(409)
    await send('/manage/rei/status', { status: 'listed', why: 'settled' })
  })
  test('a figure can be withdrawn', async () => {
    const [figure] = (await h.coops.read.byHandle('migros'))!.figures
    expect((await get('/manage/migros', 'curator')).text).toContain(`/manage/migros/figures/${figure!.id}/withdraw`)
    expect(await send(`/manage/migros/figures/${figure!.id}/withdraw`, {})).toMatchObject({ status: 303, location: '/manage/migros' })
    expect((await h.coops.read.byHandle('migros'))!.figures).toEqual([])
  })
  test('who opted out is gone', async () => {
    await h.coops.optOut(commandLine, 'vancity', 'they asked')
    expect((await get('/co-ops/vancity')).status).toBe(410)
    expect((await get('/co-ops/vancity/changes')).status).toBe(410)
    expect((await get('/levers?country=CA')).text).not.toContain('ancity')
  })
  test('no page has styles or scripts of its own, and every word is a word', async () => {
    for (const path of ['/', '/co-ops/nationwide', '/co-ops/stocksy', '/co-ops/fonterra/changes', '/levers', '/co-ops/nationwide/levers']) {
      const { text } = await get(path, 'curator')
      expect(text).not.toMatch(/<script|\sstyle=|\son\w+=|undefined|\[object|NaN/)
      expect(text).not.toMatch(/>(coops|levers)\.[a-z]/i)
    }
    for (const lang of ['es', 'de']) expect((await get(`/co-ops/nationwide?lang=${lang}`)).text).toContain(`<html lang="${lang}"`)
  })

  describe('levers', () => {
    const leverOf = async (handle: string, action: string) => (await h.levers.read.ofOrganisation(handle)).find((l) => l.action === action)!.id
    test('the list is complete, page by page, and by country', async () => {
      const ids = new Set<string>()
      for (let path: string | undefined = '/levers', pages = 0; path && pages < 10; pages++) {
        const { text } = await get(path)
        for (const m of text.matchAll(/href="\/levers\/([0-9a-f-]{36})"/g)) ids.add(m[1]!)
        expect(text).toContain('This is not legal advice.')
        path = /href="([^"]+)" rel="next"/.exec(text)?.[1]?.replaceAll('&amp;', '&')
      }
      expect(ids.size).toBe((await h.levers.read.counts()).levers)
      expect((await get('/levers?country=ch')).text.match(/href="\/levers\/[0-9a-f-]{36}"/g)).toHaveLength(3)
      for (const odd of ['/levers?after=x', `/levers?after=${Buffer.from('{}').toString('base64url')}`, `/levers?after=${Buffer.from('{"country":"\\u0000","body":"","action":""}').toString('base64url')}`, '/levers?country=zz']) expect((await get(odd)).status).toBe(200)
    })
    test('versions beside each other, what is unknown, what blocks, how old', async () => {
      const { text } = await get(`/levers/${await leverOf('nationwide', 'resolution at the annual meeting')}`)
      expect(text).toMatch(/Version 1.*<del>4 April of every year, meeting: July<\/del>.*Version 2.*<ins>31 March of every year, meeting: July<\/ins>/s)
      expect(text).toContain('Signatures could all be void while this is unknown: How to sign.')
      expect(text).toContain('500 words')
      expect(text).toContain('Hand in by: <time datetime="2027-03-31"')
      expect(text).toContain('This is not legal advice.')
      expect(text.match(/class="unk"/g)!.length).toBeGreaterThan(8)
      const old = await get(`/levers/${await leverOf('coop-ch', 'rival list for the regional council')}`)
      expect(old.text).toContain('6 years old.')
      expect(old.text).toContain('The newest source is from 2020.')
      expect(old.text).toMatch(/150,000 of 2,500,000 members \(2020\)/)
    })
    test('who has read the source again says so', async () => {
      const id = await leverOf('coop-ch', 'rival list for the regional council')
      expect((await get(`/levers/${id}`)).text).not.toContain('/check')
      expect((await send(`/levers/${id}/check`, {}, 'member')).status).toBe(403)
      expect(await send(`/levers/${id}/check`, {})).toMatchObject({ status: 303 })
      expect((await get(`/levers/${id}`)).text).not.toContain('years old.')
    })
    test('one body\'s levers, and the law of its country beside them', async () => {
      const { text } = await get('/co-ops/nationwide/levers')
      expect(text).toContain('How members move Nationwide Building Society')
      expect(text).toContain('Rules of law in United Kingdom')
      expect((await get('/co-ops/stocksy/levers')).text).toContain('Nobody has written down yet how members move Stocksy United')
    })
  })
})

test('numbers as people type them', () => {
  expect(['16,000,000', '16 000 000', '16.000.000', "16'000'000", '12.5', '12,5', '-3', '1200'].map(numberOf)).toEqual([16e6, 16e6, 16e6, 16e6, 12.5, 12.5, -3, 1200])
  for (const t of ['', 'many', '1,2,3', '1.2.3', '0x10', '1e9']) expect(numberOf(t)).toBeNaN()
})
