/** "From your own server": whom we ask, what we believe, and that nobody is sent anywhere by it. */
import type { ServerResponse } from 'node:http'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { commandLine } from '../../src/accounts/model.ts'
import { intentRel, SUBSCRIBE } from '../../src/fedi/intents.ts'
import { interactHouse, type InteractHouse } from './interact-house.ts'

let i: InteractHouse, post: { id: string; uri: string }, stocksy: string, client = 0
let answer: (resource: string, res: ServerResponse) => void
const jrd = (links: object[], more: object = {}) => (answer = (resource, res) => { res.writeHead(200, { 'content-type': 'application/jrd+json' }).end(JSON.stringify({ subject: resource, links, ...more })) })
beforeAll(async () => {
  i = await interactHouse()
  post = await i.house.talk.publish(commandLine, 'stocksy', { text: 'Come and weave' })
  stocksy = i.house.fedi.uris.actor('stocksy')
  i.remote.answer = (seen, res) => {
    if (!seen.url.startsWith('/.well-known/webfinger')) return false
    answer(new URL(seen.url, i.remote.origin).searchParams.get('resource')!, res)
    return true
  }
}, 60_000)
afterAll(() => i?.close())
beforeEach(() => { i.remote.seen.length = 0; client++ })

const account = () => `@ana@${i.remote.host}`
/** Each from an address of its own, so that no test uses up another's budget. */
const go = (fields: Record<string, string>, headers: Record<string, string> = {}) => i.post('/remote', { object: stocksy, intent: 'Follow', account: account(), ...fields }, '', { 'x-forwarded-for': `93.184.${client}.1`, ...headers })
const links = (text: string) => [...text.matchAll(/<main[^]*<\/main>/g)].flatMap(([main]) => [...main.matchAll(/href="([^"]*)"/g)].map((m) => m[1]!.replaceAll('&amp;', '&')))
const away = (text: string) => links(text).filter((l) => !l.startsWith('/') && !l.startsWith('#') && !l.startsWith(i.origin))
const mastodon = () => ({ rel: SUBSCRIBE, template: `${i.remote.origin}/authorize_interaction?uri={uri}` })

test('the form stands on what is ours: organisations that agreed, posts, the directory', async () => {
  const value = (at: string) => i.get(at).then((r) => /action="\/remote"[^]*?name="object" value="([^"]*)"/.exec(r.text)?.[1])
  expect(await value('/co-ops/stocksy')).toBe(stocksy)
  expect(await value(`/posts/${post.id}`)).toBe(post.uri)
  expect(await value('/about')).toBe(i.house.fedi.uris.actor('directory'))
  expect(await value('/co-ops/shy')).toBeUndefined()
  expect(i.remote.seen).toEqual([])
})

test('the way is a link with the host spelled out, on a page of ours; one request, and nothing of it kept', async () => {
  jrd([mastodon(), { rel: intentRel('Follow'), template: `${i.remote.origin}/follow?who={object}&back={on-success}` }])
  const r = await go({})
  expect([r.status, r.location]).toEqual([200, null])
  expect(r.headers.get('refresh')).toBeNull()
  expect(away(r.text)).toEqual([`${i.remote.origin}/follow?who=${encodeURIComponent(stocksy)}&back=${encodeURIComponent(`${i.origin}/@stocksy`)}`])
  expect(r.text).toContain(`Go on to ${i.remote.host}`)
  expect(r.text).toContain('rel="noopener noreferrer nofollow"')
  expect(r.headers.get('cache-control')).toBe('no-store')
  expect(r.headers.getSetCookie()).toEqual([])
  expect(i.remote.seen.filter((s) => s.method === 'GET').map((s) => s.url)).toEqual([`/.well-known/webfinger?resource=${encodeURIComponent(`acct:ana@${i.remote.host}`)}`])
  expect(await i.house.fedi.knownActor(`${i.remote.origin}/users/ana`)).toBeUndefined()
})

test.each([['Like', 'like'], ['Announce', 'boost'], ['Create', 'write']])('a post: %s', async (intent, path) => {
  jrd([mastodon(), { rel: intentRel('Like'), template: `${i.remote.origin}/like?o={object}` }, { rel: intentRel('Announce'), template: `${i.remote.origin}/boost?o={object}` }, { rel: intentRel('Create'), template: `${i.remote.origin}/write?o={inReplyTo}` }])
  expect(away((await go({ object: post.uri, intent })).text)).toEqual([`${i.remote.origin}/${path}?o=${encodeURIComponent(post.uri)}`])
})
test('a server like Mastodon does all of it at one address', async () => {
  jrd([mastodon()])
  for (const intent of ['Like', 'Announce', 'Create']) expect(away((await go({ object: post.uri, intent })).text)).toEqual([`${i.remote.origin}/authorize_interaction?uri=${encodeURIComponent(post.uri)}`])
})

test('a server that offers nothing: the address to copy', async () => {
  jrd([])
  const r = await go({})
  expect(r.status).toBe(200)
  expect(r.text).toContain(`<code>@stocksy@${new URL(i.origin).host}</code>`)
  expect(away(r.text)).toEqual([])
  expect((await go({ object: post.uri, intent: 'Like' })).text).toContain(`<code>${post.uri}</code>`)
})

describe('templates that lead elsewhere are no way', () => {
  test.each([
    ['another host', 'https://evil.net/?u={uri}'], ['script', 'javascript:alert(1)//{uri}'], ['data', 'data:text/html,{uri}'], ['no host', '//evil.net/{uri}'], ['a user name', () => `http://x@${i.remote.host}/{uri}`], ['another port', 'http://127.0.0.1:1/{uri}'],
    ['ours', () => `${i.origin}/sign-out?{uri}`], ['no place', () => `${i.remote.origin}/x`], ['a place in the host', () => `http://{x}evil.net/{uri}`], ['markup', () => `${i.remote.origin}"><script>alert(1)</script>{uri}`], ['of a wrong kind', 7],
  ])('%s', async (_, template) => {
    jrd([{ rel: SUBSCRIBE, template: typeof template === 'function' ? template() : template }, { rel: intentRel('Follow'), template: typeof template === 'function' ? template() : template }])
    const r = await go({})
    expect([r.status, r.location]).toEqual([200, null])
    expect(r.text).toContain('does not say where')
    expect(away(r.text)).toEqual([])
    expect(r.text).not.toContain('<script>')
  })
})

describe('what the other server may answer', () => {
  test.each([
    ['nothing there', (res: ServerResponse) => { res.writeHead(404).end() }, 'does not know it'], ['an error', (res: ServerResponse) => { res.writeHead(500).end() }, 'did not answer'], ['no JSON', (res: ServerResponse) => { res.writeHead(200).end('<html>') }, 'cannot be read'],
    ['10,000 links', (res: ServerResponse) => { res.writeHead(200).end(JSON.stringify({ links: Array.from({ length: 10_000 }, () => mastodon()) })) }, 'cannot be read'],
    ['5 MB', (res: ServerResponse) => { res.on('error', () => {}); res.writeHead(200).end(Buffer.alloc(5_000_000, 32)) }, 'cannot be read'],
    ['a redirect to us', (res: ServerResponse) => { res.writeHead(302, { location: `${i.origin}/ap/actors/stocksy` }).end() }, 'cannot be asked'], ['a redirect without end', (res: ServerResponse) => { res.writeHead(302, { location: `${i.remote.origin}/.well-known/webfinger?resource=acct:x@y.z` }).end() }, 'cannot be asked'],
    ['a redirect to a file', (res: ServerResponse) => { res.writeHead(302, { location: 'file:///etc/passwd' }).end() }, 'cannot be asked'], ['a broken connection', (res: ServerResponse) => { res.destroy() }, 'did not answer'],
  ])('%s', async (_, how, words) => {
    answer = (_resource, res) => how(res)
    const r = await go({})
    expect([r.status, r.location]).toEqual([422, null])
    expect(r.text).toContain(words)
    expect(r.text).toContain('By hand') // one can always go on
    expect(i.remote.seen.length).toBeLessThanOrEqual(4)
  })
  test('nothing at all, for ever', async () => {
    answer = () => {}
    const r = await go({})
    expect([r.status, r.text.includes('did not answer')]).toEqual([422, true])
  }, 20_000)
})

test.each(['', 'ana', '@ana', 'https://social.coop/@ana', '@a@b@c', '@ana@ho st', '@ana@host/x', 'javascript:alert(1)', '@ana@[', `@ana@${'x'.repeat(2000)}`, '<script>@x.y'])('no account: %j asks nobody', async (typed) => {
  const r = await go({ account: typed })
  expect(r.status).toBe(422)
  expect(r.text).not.toContain('<script>')
  expect(i.remote.seen).toEqual([])
})
test('an account of this server is told to sign in', async () => {
  const r = await go({ account: `@eve@${new URL(i.origin).host}` })
  expect(r.status).toBe(422)
  expect(r.text).toContain('Sign in here instead')
})

test.each(['', 'https://evil.net/x', 'javascript:alert(1)', '//evil.net', '@ana@evil.net'])('only for what is ours: %j', async (object) => {
  expect((await go({ object })).status).toBe(404)
  expect((await i.get(`/remote?object=${encodeURIComponent(object)}`)).status).toBe(404)
  expect(i.remote.seen).toEqual([])
})
test('not for who has not agreed, what was taken down, or what is not there', async () => {
  const gone = await i.house.talk.publish(commandLine, 'stocksy', { text: 'Soon gone' })
  await i.house.talk.remove(commandLine, gone.id)
  for (const object of [i.house.fedi.uris.actor('shy'), i.house.fedi.uris.actor('nobody'), i.house.fedi.uris.instanceActor, gone.uri, i.house.fedi.uris.object('notes', 'x')]) {
    expect((await go({ object })).status, object).toBe(404)
  }
  expect(i.remote.seen).toEqual([])
})

test('a link makes nobody be asked, and a form of another site is refused', async () => {
  jrd([mastodon()])
  expect((await i.get(`/remote?object=${encodeURIComponent(stocksy)}&account=${encodeURIComponent(account())}&intent=Follow`)).status).toBe(200)
  for (const headers of [{ origin: 'https://evil.net' }, { origin: 'null' }, { 'sec-fetch-site': 'cross-site' }] as Record<string, string>[]) expect((await go({}, headers)).status).toBe(403)
  const bare = await i.app.request(`${i.origin}/remote`, { method: 'POST', body: new URLSearchParams({ object: stocksy, intent: 'Follow', account: account() }) })
  expect(bare.status).toBe(403)
  expect(i.remote.seen).toEqual([])
})

test('one address has a budget; a host has one, whoever asks', async () => {
  jrd([mastodon()])
  let status = 200, n = 0
  for (; n < 40 && status === 200; n++) status = (await go({})).status
  expect(status).toBe(429)
  const asked = i.remote.seen.length
  expect((await go({})).status).toBe(429)
  expect(i.remote.seen.length).toBe(asked)
  let other = 200
  for (let m = 0; m < 60 && other === 200; m++) other = (await go({}, { 'x-forwarded-for': `93.185.${m}.1` })).status
  expect(other).toBe(429)
  expect((await go({ account: '@ana@127.0.0.1:1' }, { 'x-forwarded-for': '93.186.0.1' })).status).toBe(422) // another host is asked still
})
