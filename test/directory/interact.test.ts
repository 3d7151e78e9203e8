/** /interact as a browser sees it: what it asks of others and when, who may, what happens, and where it leads (never away). */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { fediTables } from '../../src/fedi/tables.ts'
import { commandLine } from '../../src/accounts/model.ts'
import { storeTables } from '../../src/store/tables.ts'
import { activity, note, post as send, type RemoteActorKeys } from '../fedi/instance.ts'
import { engines } from '../engines.ts'
import { interactHouse, type InteractHouse } from './interact-house.ts'

const enc = encodeURIComponent

describe.each(engines)('on $engine', ({ engine, place }) => {
  let i: InteractHouse, ana: RemoteActorKeys
  beforeAll(async () => {
    i = await interactHouse(engine === 'postgres' ? await place() : undefined)
    ana = i.remote.actor('ana', { shared: false, document: { summary: '<p>Weaves <script>alert(1)</script><a href="javascript:x">and spins</a></p>' } })
    i.remote.answer = (seen, res) => {
      if (!seen.url.startsWith('/.well-known/webfinger')) return false
      const resource = new URL(seen.url, i.remote.origin).searchParams.get('resource')
      if (resource !== `acct:ana@${i.remote.host}`) res.writeHead(404).end()
      else res.writeHead(200, { 'content-type': 'application/jrd+json' }).end(JSON.stringify({ subject: resource, links: [{ rel: 'self', type: 'application/activity+json', href: ana.id }] }))
      return true
    }
  }, 60_000)
  afterAll(() => i?.close())
  beforeEach(async () => { await i.settled(); i.remote.seen.length = 0 })

  let accounts = 0
  /** An account of its own, so that no test uses up another's budget. */
  const theirs = (more: Record<string, unknown> = {}) => {
    const n = note(ana.id, { url: `${i.remote.origin}/@ana/${++accounts}`, ...more })
    i.remote.documents.set(new URL(n.id).pathname, n)
    return n.id
  }
  const sent = async () => { await i.settled(); return i.remote.posts().map((s) => JSON.parse(s.body.toString()) as Record<string, unknown>) }
  const audit = () => i.house.store.read.select().from(storeTables(i.house.store.kit).audit)
  const following = () => i.house.fedi.following()

  test('opening it asks nobody, whoever opens it', async () => {
    const uris = [ana.id, theirs(), `@ana@${i.remote.host}`, `acct:ana@${i.remote.host}`, 'https://social.coop/@ana']
    const look = async (at: string, uri: string, more: string, who: string) => {
      const r = await i.get(`${at}${enc(uri)}${more}`, who)
      expect(r.status, at + uri).toBe(200)
      expect(r.text).toContain(uri.includes('social.coop') ? 'social.coop' : i.remote.host)
      expect(r.headers.get('cache-control')).toBe('no-store')
    }
    for (const uri of uris) for (const who of ['', 'eve']) await look('/interact?uri=', uri, '&intent=follow', who)
    for (const at of ['/authorize_interaction?uri=', '/interact?acct=']) for (const who of ['ada', 'max']) await look(at, ana.id, '', who)
    for (const more of ['&intent=announce', '&intent=nonsense', '&as=stocksy', '&as=%00', '&intent=create&content=%00x']) await look('/interact?uri=', ana.id, more, 'eve')
    expect(i.remote.seen).toEqual([])
    expect(await following()).toEqual([])
  })

  test.each([
    '//evil.net', '/\\evil.net', 'https:evil.net', 'javascript:alert(1)', 'data:text/html,<script>', 'ftp://evil.net/', 'https://user@evil.net/', 'file:///etc/passwd', '"><script>alert(1)</script>', 'x'.repeat(4000),
  ])('refused without asking, and led nowhere: %j', async (uri) => {
    for (const who of ['', 'ada', 'eve']) for (const at of ['/interact', '/authorize_interaction']) {
      const r = await i.get(`${at}?uri=${enc(uri)}`, who)
      expect([r.status, r.location]).toEqual([422, null])
      expect(r.text).not.toContain('<script>')
      expect(r.text).not.toMatch(/(href|action)="(\/\/|\/\\|https?:evil|javascript:|data:|ftp:)/i)
      const next = /href="\/sign-in\?next=([^"]*)"/.exec(r.text)?.[1]
      if (next) expect(new URL(decodeURIComponent(next), i.origin).origin).toBe(i.origin)
    }
    for (const [path, fields] of [['/interact', { uri }], ['/interact/follow', { uri, as: 'stocksy' }], ['/interact/like', { uri, as: 'stocksy' }], ['/interact/boost', { uri, as: 'stocksy' }]] as const) {
      const r = await i.post(path, fields, 'eve')
      expect(r.status, path).toBe(422)
      expect(r.location).toBeNull()
    }
    for (const path of ['/interact/unfollow', '/interact/unlike', '/interact/unboost']) {
      const r = await i.post(path, { uri, as: 'stocksy' }, 'eve')
      if (r.location !== null) expect(r.location).toMatch(/^\/interact\?uri=/)
    }
    expect(i.remote.seen).toEqual([])
    expect(await sent()).toEqual([])
  })

  test('signed out: the way to sign in, and back to the same page and nowhere else', async () => {
    const at = `/interact?uri=${enc(`${ana.id}?author=1&x=2`)}&intent=follow`
    const r = await i.get(at)
    expect(r.text).not.toContain('<form method="post" action="/interact')
    const next = decodeURIComponent(/class="btn" href="\/sign-in\?next=([^"]*)"/.exec(r.text)![1]!.replaceAll('&amp;', '&'))
    expect(new URL(next, i.origin).searchParams.get('uri')).toBe(`${ana.id}?author=1&x=2`)
    expect(next).toMatch(/^\/interact\?.*&intent=follow$/)
    const signedIn = await i.post('/sign-in', { email: 'eve@coops.example', password: 'a long enough password', next })
    expect([signedIn.status, signedIn.location]).toEqual([303, next])
    for (const path of ['/interact', '/interact/follow', '/interact/like', '/interact/unboost']) expect((await i.post(path, { uri: ana.id, as: 'stocksy' })).status).toBe(401)
    expect(i.remote.seen).toEqual([])
  })

  test('who acts for nobody sees why, and can ask nobody', async () => {
    const r = await i.get(`/interact?uri=${enc(ana.id)}`, 'max')
    expect(r.text).toContain('Your account acts for nobody here')
    expect(r.text).toContain('href="/account#person">Choose a public handle')
    expect(r.text).not.toContain('action="/interact')
    expect((await i.post('/interact', { uri: ana.id }, 'max')).status).toBe(403)
    for (const verb of ['follow', 'unfollow', 'like', 'unlike', 'boost', 'unboost']) {
      for (const [who, as, status] of [['max', 'stocksy', 403], ['eve', 'resonate', 403], ['eve', 'directory', 403], ['eve', 'nobody', 404], ['two', 'shy', 409]] as const) {
        expect((await i.post(`/interact/${verb}`, { uri: ana.id, as }, who)).status, `${verb} ${who} ${as}`).toBe(status === 403 ? 403 : status === 409 || status === 404 ? 422 : status)
      }
    }
    expect(i.remote.seen).toEqual([])
    expect(await following()).toEqual([])
  })

  test('forms of other sites are refused', async () => {
    for (const path of ['/interact', '/interact/follow', '/interact/like', '/interact/unlike']) {
      for (const headers of [{ origin: 'https://evil.net' }, { origin: 'null' }, { 'sec-fetch-site': 'cross-site' }] as Record<string, string>[]) expect((await i.post(path, { uri: ana.id, as: 'stocksy' }, 'eve', headers)).status).toBe(403)
      expect((await i.get(path === '/interact' ? '/interact' : path, 'eve')).status).toBe(path === '/interact' ? 200 : 404)
    }
    expect(i.remote.seen).toEqual([])
  })

  test('looked up, followed, shown as followed, and given up', async () => {
    const looked = await i.post('/interact', { uri: `@ana@${i.remote.host}`, intent: 'follow' }, 'eve')
    expect(looked.status).toBe(200)
    for (const part of ['Name of ana', `@ana@${i.remote.host}`, 'Weaves', 'In the name of Stocksy']) expect(looked.text).toContain(part)
    expect(looked.text).not.toMatch(/<script|javascript:/)
    expect(looked.text).toContain(`name="uri" value="${ana.id}"`)
    expect(await sent()).toEqual([])

    const done = await i.post('/interact/follow', { uri: ana.id, as: 'stocksy' }, 'eve')
    expect([done.status, done.location]).toEqual([303, `/interact?uri=${enc(ana.id)}&as=stocksy`])
    const [follow, ...others] = await sent()
    expect(others).toEqual([])
    expect(follow).toMatchObject({ type: 'Follow', actor: i.house.fedi.uris.actor('stocksy'), object: ana.id })
    i.remote.seen.length = 0
    expect((await i.get(done.location!, 'eve')).text).toContain('has asked to follow; no answer yet')
    expect((await send(`${i.origin}/ap/inbox`, activity(ana.id, 'Accept', follow), ana).catch(() => undefined))?.status).toBeUndefined() // nobody listens here
    await i.house.store.write((tx) => tx.update(fediTables(i.house.store.kit).following).set({ state: 'accepted' }))
    const after = await i.get(done.location!, 'eve')
    expect(after.text).toContain('follows it')
    expect(after.text).toContain('Stop following')
    expect(after.text).not.toContain('formaction="/interact/follow"')
    expect(i.remote.seen).toEqual([]) // known, and shown without asking
    await i.post('/interact/follow', { uri: ana.id, as: 'stocksy' }, 'eve')
    expect(await sent()).toEqual([])
    await i.house.store.write((tx) => tx.update(fediTables(i.house.store.kit).following).set({ state: 'rejected' }))
    const rejected = (await i.get(done.location!, 'eve')).text
    expect([rejected.includes('is not among its followers'), rejected.includes('Clear this entry'), rejected.includes('Stop following'), rejected.includes('formaction="/interact/follow"')]).toEqual([true, true, false, true])
    await i.house.store.write((tx) => tx.update(fediTables(i.house.store.kit).following).set({ state: 'accepted' }))

    expect((await i.post('/interact/unfollow', { uri: ana.id, as: 'stocksy' }, 'eve')).status).toBe(303)
    expect(await sent()).toEqual([expect.objectContaining({ type: 'Undo', object: expect.objectContaining({ type: 'Follow', object: ana.id }) })])
    expect(await following()).toEqual([])
    const log = (await audit()).filter((a) => a.action.startsWith('actor.')).map((a) => [a.action, a.subject])
    expect(log).toEqual([['actor.follow', i.house.fedi.uris.actor('stocksy')], ['actor.unfollow', i.house.fedi.uris.actor('stocksy')]])
    expect(JSON.stringify((await audit()).filter((a) => a.action.startsWith('actor.')))).not.toContain('users/ana')
  })

  test('a post: its words cleaned, behind its note; liked and boosted by one of several, and back', async () => {
    const uri = theirs({ content: '<p onclick="x">Good <img src=x onerror=alert(1)>words</p>', summary: 'About <b>food</b>', sensitive: true })
    const looked = await i.post('/interact', { uri, intent: 'like' }, 'two')
    expect(looked.status).toBe(200)
    for (const part of ['Name of ana', '<summary>About &lt;b&gt;food&lt;/b&gt;</summary>', 'Good', 'formaction="/interact/like"', 'formaction="/interact/boost"', 'Resonate (@resonate)', 'Stocksy (@stocksy)']) expect(looked.text).toContain(part)
    expect(looked.text).not.toMatch(/onclick|onerror|<img src="?x/)
    expect(looked.text.indexOf('formaction="/interact/like"')).toBeLessThan(looked.text.indexOf('formaction="/interact/boost"'))
    for (const verb of ['like', 'boost']) expect((await i.post(`/interact/${verb}`, { uri, as: 'resonate' }, 'two')).location).toBe(`/interact?uri=${enc(uri)}&as=resonate`)
    expect((await sent()).map((a) => [a.type, a.actor])).toEqual([['Like', i.house.fedi.uris.actor('resonate')], ['Announce', i.house.fedi.uris.actor('resonate')]])
    i.remote.seen.length = 0
    const page = await i.get(`/interact?uri=${enc(uri)}&as=resonate`, 'two')
    expect(page.text).toContain('likes it')
    expect(page.text).toContain('has boosted it')
    expect((await i.get(`/interact?uri=${enc(uri)}`, 'eve')).text).not.toContain('likes it') // another organisation's
    expect(i.remote.seen).toEqual([])
    for (const verb of ['unlike', 'unboost']) await i.post(`/interact/${verb}`, { uri, as: 'resonate' }, 'two')
    expect((await sent()).map((a) => a.type)).toEqual(['Undo', 'Undo'])
    expect((await i.get(`/interact?uri=${enc(uri)}`, 'two')).text).not.toContain('likes it')
  })

  test('answered, in one’s own name too; its author is mentioned and written to, and it stands in its words on our page', async () => {
    const uri = theirs()
    const opened = await i.get(`/interact?uri=${enc(uri)}&intent=create&content=${enc('Dear <b>Ana</b>')}`, 'rosa')
    expect(opened.text).toContain('name="text" value="Dear &lt;b&gt;Ana&lt;/b&gt;"')
    const looked = await i.post('/interact', { uri, intent: 'create', text: 'Dear <b>Ana</b>' }, 'rosa')
    expect(looked.text).toMatch(/<details open=""><summary>Reply/)
    expect(looked.text).toContain('Dear &lt;b&gt;Ana&lt;/b&gt;</textarea>')
    expect(looked.text).toContain('In the name of Rosa')
    const said = await i.post('/interact/answer', { uri, as: 'rosa', text: 'Dear Ana, yes' }, 'rosa')
    expect([said.status, said.location]).toEqual([303, expect.stringMatching(/^\/posts\/[0-9a-f-]{36}$/)])
    expect((await i.get(said.location!)).text).toContain('Dear Ana, yes')
    expect(await sent()).toEqual([expect.objectContaining({
      type: 'Create', actor: i.house.fedi.uris.actor('rosa'), cc: expect.arrayContaining([ana.id]),
      object: expect.objectContaining({ type: 'Note', inReplyTo: uri, tag: [expect.objectContaining({ type: 'Mention', href: ana.id, name: `@ana@${i.remote.host}` })] }),
    })])
    i.remote.seen.length = 0
    for (const [who, as, status] of [['rosa', 'stocksy', 403], ['ada', 'rosa', 403], ['max', 'rosa', 403], ['', 'rosa', 401]] as const) {
      expect((await i.post('/interact/answer', { uri, as, text: 'No' }, who)).status, `${who} ${as}`).toBe(status)
    }
    const empty = await i.post('/interact/answer', { uri, as: 'rosa', text: '' }, 'rosa')
    expect(empty.status).toBe(422)
    expect((await i.post('/interact/answer', { uri: 'javascript:x', as: 'rosa', text: 'Keep these words' }, 'rosa')).text).toContain('Keep these words</textarea>')
    expect((await i.post('/interact/answer', { uri: `${i.remote.origin}/nothing`, as: 'rosa', text: 'Keep these words' }, 'rosa')).text).toContain('Keep these words</textarea>')
    expect(await sent()).toEqual([])
  })

  test('the desks are found, and lead back to pages that exist', async () => {
    for (const [desk, who, back] of [['directory', 'ada', '/'], ['rosa', 'rosa', '/people/rosa'], ['stocksy', 'eve', '/manage/stocksy']] as const) {
      const r = await i.get(`/manage/${desk}/posts`, who)
      expect(r.status).toBe(200)
      expect(/<nav[^>]*class="crumbs?"[\s\S]*?<\/nav>/.exec(r.text)?.[0], desk).toContain(`href="${back}"`)
      expect((await i.get(back, who)).status, back).toBe(200)
    }
    const link = 'href="/manage/directory/posts">Write as Toadlane'
    expect((await i.get('/about', 'ada')).text).toContain(link)
    expect((await i.get('/about', 'eve')).text).not.toContain(link)
    expect((await i.get('/account', 'rosa')).text).toContain('href="/manage/rosa/posts"')
    expect((await i.get('/account', 'eve')).text).not.toContain('/posts"')
  })

  test('a person’s page: followed from elsewhere; its owner is led to where it is changed', async () => {
    const uri = i.house.fedi.uris.actor('rosa')
    const [other, own] = [await i.get('/people/rosa'), await i.get('/people/rosa', 'rosa')]
    expect(other.text).toContain(`name="object" value="${uri}"`)
    expect([other.text.includes('/account#person'), own.text.includes('/account#person')]).toEqual([false, true])
    expect((await i.get('/people/rosa', 'eve')).text).not.toContain('/account#person')
    const at = { object: uri, intent: 'Follow', account: `@eve@${new URL(i.origin).host}` }
    const way = `/sign-in?next=${enc(`/interact?uri=${enc(uri)}`)}`
    expect((await i.post('/remote', at)).text).toContain(`href="${way}"`)
    expect((await i.post('/remote', at, 'eve')).text).not.toContain('/sign-in?next')
  })

  test('something new, with words that another page has given, which one sees first', async () => {
    const opened = await i.get(`/interact?uri=&intent=create&content=${enc('Read this: https://weave.example/')}`, 'eve')
    expect(opened.text).toContain('Read this: https://weave.example/</textarea>')
    expect(await sent()).toEqual([])
    const said = await i.post('/interact/answer', { as: 'stocksy', text: 'Read this' }, 'eve')
    expect((await i.get(said.location!)).text).toContain('Read this')
    expect((await i.get(`/interact?intent=create&content=x`)).text).toContain('/sign-in?next=%2Finteract%3Fintent%3Dcreate')
  })

  test('a person’s likes: the log does not say whose handle it is; who leaves takes them along', async () => {
    const uri = theirs()
    const ours = await i.house.talk.publish(commandLine, 'stocksy', { text: 'To be liked' })
    const before = (await audit()).length
    for (const [verb, at] of [['follow', ana.id], ['like', uri], ['boost', uri], ['like', ours.uri]] as const) expect((await i.post(`/interact/${verb}`, { uri: at, as: 'rosa' }, 'rosa')).status).toBe(303)
    expect((await audit()).slice(before).map((a) => a.subject)).toEqual(['person', 'person', 'person', 'person'])
    expect(JSON.stringify((await audit()).slice(before).map((a) => [a.before, a.after, a.why]))).not.toContain('rosa')
    await i.settled()
    const boost = i.remote.posts().map((s) => JSON.parse(s.body.toString()) as { id: string; type: string }).find((a) => a.type === 'Announce')!
    expect((await i.app.request(boost.id)).status).toBe(200)
    expect((await i.house.talk.read.byId(ours.id))!.likes).toBe(1)
    await i.house.accounts.dropPerson({ by: `user:${i.rosa}`, role: 'member', editorOf: new Set(), userId: i.rosa })
    await i.settled()
    expect(await i.house.talk.own.about(['rosa'], uri)).toEqual([])
    expect((await i.app.request(boost.id)).status).toBe(410)
    expect((await i.house.talk.read.byId(ours.id))!.likes).toBe(0)
    expect((await i.get(`/interact?uri=${enc(uri)}`, 'rosa')).text).toContain('acts for nobody')
  })

  test('the address of a post’s page will do', async () => {
    const uri = theirs()
    const page = `${i.remote.origin}/@ana/page`
    i.remote.documents.set('/@ana/page', i.remote.documents.get(new URL(uri).pathname))
    expect((await i.post('/interact', { uri: page }, 'eve')).text).toContain(`name="uri" value="${uri}"`)
  })

  test('what is of this server leads to its page, and is not asked for', async () => {
    const post = await i.house.talk.publish(commandLine, 'stocksy', { text: 'Ours' })
    await i.settled()
    for (const [uri, page] of [
      [`${i.origin}/ap/actors/stocksy`, '/@stocksy'], [`@stocksy@${new URL(i.origin).host}`, '/@stocksy'], [`${i.origin}/co-ops/stocksy`, '/@stocksy'], [i.origin, '/'], [`${i.origin}/ap/actor`, '/about'], [post.uri, `/posts/${post.id}`],
    ] as const) {
      expect((await i.get(`/interact?uri=${enc(uri)}`)).location, uri).toBe(page)
      if (uri === post.uri) continue
      for (const r of [await i.get(`/interact?uri=${enc(uri)}`, 'eve'), await i.post('/interact', { uri }, 'eve')]) {
        expect([r.status, r.text.includes('You belong to this directory'), r.text.includes(`href="${page}"`)], uri).toEqual([200, true, true])
      }
    }
    expect((await i.get(`/interact?uri=${enc('@nobody@' + new URL(i.origin).host)}`, 'eve')).location).toBe('/@nobody')
    const shown = await i.get(`/interact?uri=${enc(post.uri)}`, 'eve')
    expect(shown.text).toContain('formaction="/interact/like"')
    expect((await i.post('/interact/follow', { uri: i.house.fedi.uris.actor('resonate'), as: 'stocksy' }, 'eve')).status).toBe(422)
    await i.post('/interact/like', { uri: post.uri, as: 'stocksy' }, 'eve')
    expect((await i.get(`/posts/${post.id}`)).text).toContain('1 like')
    expect((await i.get(`/posts/${post.id}`)).text).not.toContain('/interact?')
    expect((await i.get(`/posts/${post.id}`, 'eve')).text).toContain(`href="/interact?uri=${enc(post.uri)}"`)
    expect((await i.get(`/interact?uri=${enc(`${i.origin}/posts/nope`)}`, 'eve')).status).toBe(422)
    expect((await i.get(`/interact?uri=${enc(`${i.origin}/sign-out`)}`, 'eve')).status).toBe(422)
    expect(await sent()).toEqual([])
    expect(i.remote.seen).toEqual([])
  })

  test.each([
    ['unreachable', () => 'http://127.0.0.1:1/users/x', 'did not answer'], ['not there', () => `${i.remote.origin}/nothing`, 'does not know it'], ['not public', () => theirs({ to: [`${ana.id}/followers`] }), 'not for everybody'],
    ['a list', () => { i.remote.documents.set('/list', { id: `${i.remote.origin}/list`, type: 'OrderedCollection', totalItems: 1 }); return `${i.remote.origin}/list` }, 'no post'],
    ['a web page', () => { i.remote.documents.set('/odd', 'x'); return `${i.remote.origin}/odd` }, 'cannot be read'], ['no such name', () => `@nobody@${i.remote.host}`, 'does not know it'],
    ['a vote', () => theirs({ content: undefined, name: 'Yes' }), 'no post'],
  ])('said plainly: %s', async (_, uri, words) => {
    const r = await i.post('/interact', { uri: uri() }, 'ada')
    expect(r.status).toBe(422)
    expect(r.text).toContain(words)
    expect(r.text).toMatch(/<title>Error: /)
    expect(r.text).toContain('Look it up again')
    expect(r.text).not.toContain('Nothing has been fetched yet')
    expect(r.text).toMatch(/<input(?=[^>]* name="uri")(?=[^>]* value="[^"]+")(?![^>]* type="hidden")/)
    expect(await sent()).toEqual([])
  })
  test('said plainly: not an actor, and gone', async () => {
    expect((await i.post('/interact/follow', { uri: theirs(), as: 'directory' }, 'ada')).text).toContain('nobody at this address')
    i.remote.answer = ((before) => (r, res, req) => { if (r.url === '/gone') { res.writeHead(410).end(); return true } return before(r, res, req) })(i.remote.answer)
    expect((await i.post('/interact', { uri: `${i.remote.origin}/gone` }, 'ada')).text).toContain('has been deleted')
  })

  test('an account has a budget, of requests to others and of nothing else', async () => {
    let status = 200
    for (let n = 0; n < 45 && status !== 429; n++) status = (await i.post('/interact', { uri: `${i.remote.origin}/nothing` }, 'two')).status
    expect(status).toBe(429)
    const asked = i.remote.seen.length
    for (const path of ['/interact/follow', '/interact/like', '/interact']) expect((await i.post(path, { uri: ana.id, as: 'stocksy' }, 'two')).status).toBe(429)
    expect(i.remote.seen.length).toBe(asked)
    expect((await i.get(`/interact?uri=${enc(ana.id)}`, 'two')).status).toBe(200)
    expect((await i.post('/interact', { uri: ana.id }, 'ada')).status).toBe(200)
  })
})
