/** People's addresses and documents' ids lead to each other, on the whole house. */
import path from 'node:path'
import type { Hono } from 'hono'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { commandLine, type Who } from '../../src/accounts/model.ts'
import { makeApp, makeHouse, type House } from '../../src/app.ts'
import { readConfig } from '../../src/config.ts'
import { scratch } from '../engines.ts'

const ORIGIN = 'https://directory.coops.example'
const MASTODON = 'application/activity+json, application/ld+json; profile="https://www.w3.org/ns/activitystreams", text/html;q=0.1'
const BROWSER = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8'

describe('negotiation', () => {
  let house: House, app: Hono, post: string, article: string, rosa: Who
  beforeAll(async () => {
    const folder = scratch('negotiation')
    house = await makeHouse(readConfig({
      TOADLANE_ORIGIN: ORIGIN, TOADLANE_HANDLE_HOST: 'coops.example', DATABASE_URL: `sqlite:${path.join(folder, 'a.db')}`,
      TOADLANE_SECRET: 'a secret of more than thirty-two characters', PORT: '8000',
    }, folder))
    await house.begin()
    await house.organisations.put(commandLine, { handle: 'stocksy', name: 'Stocksy', kind: 'cooperative' }, { consent: 'their board' })
    await house.organisations.put(commandLine, { handle: 'quiet', name: 'Quiet', kind: 'cooperative' })
    post = (await house.talk.publish(commandLine, 'stocksy', { text: 'Hello' })).id
    article = (await house.talk.publish(commandLine, 'stocksy', { text: 'Once upon a time', title: 'How we began' })).id
    const { id } = await house.accounts.create(commandLine, { email: 'rosa@private.example', name: 'R', password: 'thirteen threads', role: 'member' })
    rosa = { by: `user:${id}`, role: 'member', editorOf: new Set(), userId: id }
    await house.accounts.takeHandle(rosa, { handle: 'rosa', name: 'Rosa', summary: '', discoverable: true })
    app = makeApp(house)
  }, 60_000)
  afterAll(() => house?.close())
  const get = (at: string, accept: string) => app.request(ORIGIN + at, { headers: { accept } })
  const pairs = (): [string, string][] => [
    ['/', '/ap/actors/directory'], ['/about', '/ap/actor'], [`/posts/${post}`, `/ap/notes/${post}`], [`/posts/${article}`, `/ap/notes/${article}`],
    ['/co-ops/stocksy', '/ap/actors/stocksy'], ['/co-ops/quiet', '/ap/actors/quiet'], ['/people/rosa', '/ap/actors/rosa'],
  ]

  test('a page, asked for as a document, sends to the id; the id, asked for as a page, back', async () => {
    for (const [page, id] of pairs()) {
      for (const accept of ['application/activity+json', 'application/ld+json; profile="https://www.w3.org/ns/activitystreams"', MASTODON]) {
        const r = await get(page, accept)
        expect([page, r.status, r.headers.get('location'), r.headers.get('vary')]).toEqual([page, 303, ORIGIN + id, 'Accept'])
      }
      const document = await get(id, MASTODON)
      expect([document.status, (await document.json() as { id: string }).id]).toEqual([200, ORIGIN + id])
      const back = await get(id, BROWSER)
      expect([back.status, back.headers.get('location')]).toEqual([303, ORIGIN + page])
    }
  })

  test('a page names its document in a header and in itself', async () => {
    for (const [page, id] of pairs()) {
      const r = await get(page, BROWSER)
      expect([page, r.status, r.headers.get('vary')]).toEqual([page, 200, expect.stringContaining('Accept') as string])
      expect(r.headers.get('link')).toBe(`<${ORIGIN}${id}>; rel="alternate"; type="application/activity+json"`)
      expect(await r.text()).toContain(`<link rel="alternate" type="application/activity+json" href="${ORIGIN}${id}"`)
    }
    expect((await get('/talk', BROWSER)).headers.get('link')).toBeNull()
    expect((await get('/', '*/*')).status).toBe(200)
  })

  test('the short addresses, with and without the host', async () => {
    for (const at of ['/@rosa', '/@rosa@coops.example']) expect((await get(at, MASTODON)).headers.get('location')).toBe(`${ORIGIN}/ap/actors/rosa`)
    for (const at of ['/@stocksy', '/@stocksy@coops.example']) expect((await get(at, MASTODON)).headers.get('location')).toBe(`${ORIGIN}/ap/actors/stocksy`)
    const to = async (at: string) => (await get(at, BROWSER)).headers.get('location')
    expect([await to('/@stocksy'), await to('/@directory'), await to('/@directory.coops.example')]).toEqual(['/co-ops/stocksy', '/', '/about'])
    expect((await get('/@directory', MASTODON)).headers.get('location')).toBe(`${ORIGIN}/ap/actors/directory`)
  })

  test('what is not there is not there for either, and what is gone is gone', async () => {
    for (const at of ['/co-ops/nobody', `/posts/${post.replace(/.$/, '0')}x`, '/posts/nothing']) {
      expect([(await get(at, MASTODON)).status, (await get(at, BROWSER)).status]).toEqual([404, 404])
    }
    const brief = (await house.talk.publish(commandLine, 'stocksy', { text: 'Brief' })).id
    await house.talk.remove(commandLine, brief)
    expect((await get(`/posts/${brief}`, MASTODON)).headers.get('location')).toBe(`${ORIGIN}/ap/notes/${brief}`)
    expect([(await get(`/ap/notes/${brief}`, MASTODON)).status, (await get(`/posts/${brief}`, BROWSER)).status]).toEqual([410, 410])
  })

  test('the organisation\'s page shows pinned posts first, and NodeInfo counts posts and answers apart', async () => {
    await house.talk.pins.pin(commandLine, post)
    await house.talk.reply(commandLine, 'stocksy', post, { text: 'And another thing' })
    const text = await (await get('/co-ops/stocksy', BROWSER)).text()
    expect(text).toMatch(/Shown first[^]*Hello[^]*How we began/)
    expect(text).not.toContain('And another thing')
    expect(await (await get('/nodeinfo/2.1', 'application/json')).json()).toMatchObject({ usage: { localPosts: 2, localComments: 1 } })
    expect(await (await get('/ap/actors/stocksy/featured', MASTODON)).json()).toMatchObject({ totalItems: 1, orderedItems: [{ id: `${ORIGIN}/ap/notes/${post}`, type: 'Note' }] })
  })

  test('the rooms know of each other: a renamed person\'s posts say so, and no draft takes their handle', async () => {
    const said = await house.talk.publish(rosa, 'rosa', { text: 'Hello' })
    await house.accounts.changePerson(rosa, { name: 'Rosa L.', summary: '', discoverable: true })
    expect((await house.talk.read.byId(said.id))?.authorName).toBe('Rosa L.')
    await expect(house.organisations.put(commandLine, { handle: 'rosa', name: 'Rosa Ltd', kind: 'cooperative' }, { status: 'draft' })).rejects.toMatchObject({ code: 'handle-taken', status: 409, field: 'handle' })
    await expect(house.talk.edit({ by: 'user:a', role: 'admin', editorOf: new Set(), userId: 'a' }, said.id, { text: 'x' })).rejects.toMatchObject({ status: 403 })
    await house.organisations.put(commandLine, { handle: 'sketch', name: 'Sketch', kind: 'cooperative' }, { status: 'draft' })
    await house.accounts.dropPerson(rosa)
    const again = (handle: string) => house.accounts.takeHandle(rosa, { handle, name: 'Rosa', summary: '', discoverable: true })
    await expect(again('sketch')).rejects.toMatchObject({ code: 'handle-taken' })
    await house.organisations.optOut(commandLine, 'sketch', 'they asked')
    await expect(again('sketch')).rejects.toMatchObject({ code: 'handle-taken' })
  })
})
