/** Conversations as a browser gets them: what everybody sees, what those see who may do more, and what forms do. */
import type { Hono } from 'hono'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { commandLine } from '../../src/accounts/model.ts'
import type { Post } from '../../src/talk/model.ts'
import { engines } from '../engines.ts'
import { makeRemote, type Remote, type RemoteActorKeys } from '../fedi/instance.ts'
import { post } from '../web/helpers.ts'
import { talkInstance, type TalkInstance } from './house.ts'
import { say, talkSite } from './site.ts'

describe.each(engines)('on $engine', ({ fresh }) => {
  let i: TalkInstance, remote: Remote, app: Hono, ana: RemoteActorKeys, ben: RemoteActorKeys
  const blocked = new Set<string>()
  beforeAll(async () => {
    i = await talkInstance(await fresh(), { blocks: { isBlocked: (host) => blocked.has(host), keepHidden: async () => true } })
    remote = await makeRemote()
    app = talkSite(i)
    ana = remote.actor('ana')
    ben = remote.actor('ben')
  })
  afterAll(async () => { await i?.close(); await remote?.close() })
  beforeEach(async () => { await i.talk.moderation.setPolicy(commandLine, { replies: 'open' }) })

  const get = async (path: string, who = '') => {
    const r = await app.request(i.origin + path, { headers: { accept: 'text/html', 'x-who': who } })
    return { status: r.status, location: r.headers.get('location'), text: (await r.text()).replaceAll('\u2060', '').replace(/\s+/g, ' ') }
  }
  const send = async (path: string, fields: Record<string, string>, who = '') => {
    const r = await post(app, path, fields, { 'x-who': who }, i.origin)
    return { status: r.status, location: r.headers.get('location'), text: (await r.text()).replace(/\s+/g, ' ') }
  }
  const kept = async (uri: string): Promise<Post> => (await i.talk.read.byUri(uri))!

  test('a thread: nested, with the server of each answer, closed where it has a content note, and not in the list of posts', async () => {
    const root = await i.say('A question')
    const first = await say(i, ana, root.uri, '<p>First answer</p>')
    await say(i, ben, first, '<p>To the first</p>', { summary: 'Delicate' })
    const { text } = await get(`/posts/${root.id}`)
    expect(text).toMatch(/2 replies<\/h2>/)
    expect(text).toMatch(/<ol class="thread" role="list"><li id="p-[^"]+">.*First answer.*<ol class="thread" role="list">.*<details><summary>Delicate<\/summary>.*To the first/)
    expect(text).toContain(`Read it on ${remote.host}`)
    expect(text).not.toMatch(/name="as"|\/hide"/)
    const part = await get(`/posts/${(await kept(first)).id}`)
    expect(part.text).toMatch(/In reply to.*A question.*First answer.*1 reply<\/h2>.*To the first/)
    expect(part.text).toContain('<meta name="robots" content="noindex"')
    const list = await get('/talk')
    expect(list.text).toMatch(new RegExp(`<a href="/posts/${root.id}#replies">.*?2 replies</a>`))
    expect(list.text).not.toContain('First answer')
  })

  test('a long thread goes on on another page', async () => {
    const root = await i.say('Long')
    for (let n = 0; n < 103; n++) await i.talk.reply(commandLine, 'coop', root.id, { text: `number ${n}.` })
    const first = await get(`/posts/${root.id}`)
    expect(first.text).toContain('103 replies')
    const on = /href="(\/posts\/[^"]+\?after=[^"]+)#replies" rel="next"/.exec(first.text)![1]!
    const second = await get(on)
    for (const text of [first.text + second.text]) for (let n = 0; n < 103; n++) expect(text).toContain(`number ${n}.`)
    expect(second.text).not.toContain('rel="next"')
    for (const ms of ['999999999999999', '253402300800000']) { // in the year 33658, and 10000
      expect((await get(`/posts/${root.id}?after=${ms}_${root.id}`)).text).toContain('number 0.')
      expect((await get(`/talk?before=${ms}_${root.id}`)).text).toContain('Long')
      for (const part of ['replies', 'context']) expect((await i.document(`${root.uri}/${part}?after=${ms}_${root.id}`)).status).toBe(200)
    }
  })

  test('answering: a form for those who may, a choice of voices for who has several, errors in place', async () => {
    const root = await i.say('Answer me')
    const at = `/posts/${root.id}`
    expect((await get(at, 'member')).text).not.toContain('name="as"')
    expect((await get(at, 'editor')).text).toMatch(/<input type="hidden" name="as" value="coop"/)
    expect((await get(at, 'rosa')).text).toMatch(/<select[^>]* name="as".*Rosa.*Coop.*<\/select>/)
    expect((await get(at, 'admin')).text).toContain('value="coop"')
    const done = await send(`${at}/reply`, { as: 'rosa', text: 'Here I am' }, 'rosa')
    expect([done.status, done.location]).toEqual([303, expect.stringMatching(new RegExp(`^${at}#p-`))])
    expect((await get(at)).text).toMatch(/href="\/people\/rosa">Rosa<\/a>.*Here I am/)
    const empty = await send(`${at}/reply`, { as: 'rosa', text: '' }, 'rosa')
    expect([empty.status, /class="field wrong"/.test(empty.text)]).toEqual([422, true])
    expect((await send(`${at}/reply`, { as: 'coop', text: 'x' }, 'member')).status).toBe(403)
    expect((await send(`${at}/reply`, { as: 'coop', text: 'x' })).status).toBe(401)
    expect((await send(`${at}/reply`, { as: 'nobody', text: 'x' }, 'rosa')).status).toBe(404)
  })

  test('an article by form, its title edited; a hashtag leads to its posts', async () => {
    const made = await send('/manage/coop/posts', { title: 'The long story', text: 'About #Bread and #roses', language: 'en' }, 'editor')
    const { text } = await get(made.location!)
    expect(text).toMatch(/<p class="title" lang="en" dir="auto"><b>The long story<\/b>/)
    expect((await get(`${made.location}/edit`, 'editor')).text).toContain('value="The long story"')
    await send(`${made.location}/edit`, { title: 'The story', text: 'About #Bread' }, 'editor')
    expect((await get(`/talk?tag=bread`)).text).toMatch(/Posts with #bread.*The story/)
    expect((await get('/talk?tag=roses')).text).toContain('Nobody here has used #roses lately')
    expect((await get('/talk?tag=%22%3E%3Cscript%3E')).text).toContain('<h1>Talk</h1>')
    expect((await get('/talk?tag=b_ead')).text).toContain('Nobody here has used #b_ead lately')
  })

  test('pins by form', async () => {
    const one = await i.say('Pin me')
    expect((await get(`/posts/${one.id}`, 'editor')).text).toContain('Show first')
    expect((await send(`/posts/${one.id}/pin`, {}, 'editor')).status).toBe(303)
    expect((await get(`/posts/${one.id}`, 'editor')).text).toMatch(/Shown first.*No longer show first/)
    expect((await send(`/posts/${one.id}/pin`, {}, 'member')).status).toBe(403)
    expect((await send(`/posts/${one.id}/unpin`, {}, 'editor')).status).toBe(303)
    expect((await get(`/posts/${one.id}`)).text).not.toContain('Show first')
  })

  test('an answer of ours is edited and taken down at its own page', async () => {
    const root = await i.say('Mine')
    const mine = await i.talk.reply(commandLine, 'coop', root.id, { text: 'Too fast' })
    expect((await get(`/posts/${mine.id}`, 'editor')).text).toMatch(/\/edit".*\/remove"/)
    await send(`/posts/${mine.id}/edit`, { text: 'Slower' }, 'editor')
    expect((await get(`/posts/${root.id}`)).text).toContain('Slower')
    await send(`/posts/${mine.id}/remove`, {}, 'editor')
    expect((await get(`/posts/${mine.id}`)).status).toBe(410)
    expect((await get(`/posts/${root.id}`)).text).toContain('No replies yet')
  })

  test('curators: what waits, letting in, hiding with a reason, showing again, the policy; nobody else', async () => {
    const root = await i.say('Curated')
    expect((await send('/admin/talk', { replies: 'held' }, 'curator')).status).toBe(303)
    expect((await get('/admin/talk', 'curator')).text).toMatch(/value="held" checked/)
    const uri = await say(i, ana, root.uri, '<p>Let me in</p>', { summary: null })
    const stranger = remote.actor('stranger')
    const held = await say(i, stranger, root.uri, '<p>And me</p>')
    const { id } = await kept(held)
    expect((await kept(uri)).state).toBe('public') // was shown before
    expect((await get(`/posts/${root.id}`)).text).not.toContain('And me')
    expect([(await get(`/posts/${id}`)).status, (await get(`/posts/${id}`, 'member')).status, (await get(`/posts/${id}`, 'curator')).status]).toEqual([404, 404, 200])
    const desk = await get('/admin/talk', 'curator')
    expect(desk.text).toMatch(/Waiting<span class="num"> 1<\/span>.*And me.*Let in/)
    expect([(await get('/admin/talk', 'editor')).status, (await get('/admin/talk')).status, (await send('/admin/talk', { replies: 'open' }, 'editor')).status]).toEqual([403, 303, 403])
    expect((await send('/admin/talk', { replies: 'sometimes' }, 'curator')).status).toBe(422)
    expect(await send(`/posts/${id}/approve`, { back: 'held' }, 'curator')).toMatchObject({ status: 303, location: '/admin/talk' })
    expect((await get(`/posts/${root.id}`)).text).toContain('And me')
    expect((await get(`/posts/${root.id}`, 'curator')).text).toContain(`/posts/${id}/hide`)

    expect((await get(`/posts/${id}/hide`, 'curator')).text).toContain('Hide this post?')
    expect((await send(`/posts/${id}/hide`, { why: '' }, 'curator')).status).toBe(422)
    expect((await send(`/posts/${id}/hide`, { why: 'off topic' }, 'curator')).location).toBe(`/posts/${root.id}`)
    expect((await get(`/posts/${root.id}`)).text).not.toContain('And me')
    expect((await get('/admin/talk/hidden', 'curator')).text).toContain('And me')
    expect((await send(`/posts/${id}/show`, { back: 'hidden' }, 'curator')).location).toBe('/admin/talk/hidden')
    expect((await get(`/posts/${root.id}`)).text).toContain('And me')
    for (const path of [`/posts/${id}/hide`, `/posts/${id}/show`, `/posts/${id}/approve`]) {
      expect([(await send(path, { why: 'x' }, 'editor')).status, (await send(path, { why: 'x' })).status]).toEqual([403, 401])
    }
    expect((await get(`/posts/${root.id}/hide`, 'curator')).status).toBe(404)
  })

  test('curators: nothing of a blocked server is shown, and what the block hid can be hidden for good', async () => {
    const root = await i.say('Of a blocked one')
    const { id } = await kept(await say(i, ana, root.uri, '<p>Spam</p>'))
    await i.talk.moderation.hide(commandLine, id, { why: 'the block' })
    blocked.add('127.0.0.1')
    try {
      for (const path of [`/posts/${id}`, '/admin/talk/hidden']) {
        const { text } = await get(path, 'curator')
        expect([text.includes(`/posts/${id}/hide`), text.includes(`/posts/${id}/show`)]).toEqual([true, false])
      }
      const refused = await send(`/posts/${id}/show`, { back: 'hidden' }, 'curator')
      expect([refused.status, (await kept((await i.talk.read.byId(id))!.uri)).state]).toEqual([409, 'hidden'])
      expect(refused.text).toContain('The whole server of this post is blocked.')
      expect((await send(`/posts/${id}/hide`, { why: 'insults' }, 'curator')).status).toBe(303)
    } finally { blocked.clear() }
    expect((await get(`/posts/${id}`, 'curator')).text).toContain(`/posts/${id}/show`)
  })
})
