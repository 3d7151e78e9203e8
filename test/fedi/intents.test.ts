/** Link templates of WebFinger: which one is taken, how it is filled, and where it may lead; and our own. */
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { splitAddress } from '../../src/fedi/account.ts'
import { filled, intentRel, SUBSCRIBE, templatesOf, wayOn, type Wish } from '../../src/fedi/intents.ts'
import { engines } from '../engines.ts'
import { makeInstance, makeRemote, type Instance, type Remote } from './instance.ts'

const object = 'https://coops.example/ap/actors/stocksy?a=b&c=d'
const wish = (intent = 'Follow'): Wish => ({ intent, object, back: 'https://coops.example/co-ops/stocksy' })
const E = encodeURIComponent(object)
const home = (links: [string, string][], more: object = {}) => ({ host: 'home.social', self: 'https://home.social/users/ana', links: links.map(([rel, template]) => ({ rel: rel.toLowerCase(), template })), ...more })
const goes = (links: [string, string][], intent = 'Follow', allowPrivate = false, more: object = {}) => wayOn(home(links, more), wish(intent), allowPrivate)?.href

describe('which template', () => {
  const mastodon: [string, string] = [SUBSCRIBE, 'https://home.social/authorize_interaction?uri={uri}']
  const all: [string, string][] = [
    mastodon, [intentRel('Follow'), 'https://home.social/follow?id={object}'], [intentRel('Like'), 'https://home.social/like?id={object}'], [intentRel('Object'), 'https://home.social/see?id={object}'],
    [intentRel('Create'), 'https://home.social/write?to={inReplyTo}&text={content}&type={type}'],
  ]
  test.each([
    ['Follow', 'https://home.social/follow?id='], ['Like', 'https://home.social/like?id='], ['Announce', 'https://home.social/authorize_interaction?uri='],
  ])('%s: its own, else OStatus', (intent, begin) => expect(goes(all, intent)).toBe(begin + E))
  test('an answer names what it answers', () => expect(goes(all, 'Create')).toBe(`https://home.social/write?to=${E}&text=&type=Note`))
  test('a server whose Create answers nothing is asked by OStatus instead', () => expect(goes([mastodon, [intentRel('Create'), 'https://home.social/share?text={content}']], 'Create')).toBe(`https://home.social/authorize_interaction?uri=${E}`))
  test('only to look at it, where there is nothing else', () => expect(goes([[intentRel('Object'), 'https://home.social/see?id={object}']], 'Like')).toBe(`https://home.social/see?id=${E}`))
  test('nothing where nothing is offered', () => expect(goes([])).toBeUndefined())
  test('the way back is ours, and what is not known is empty', () => {
    expect(goes([[intentRel('Follow'), 'https://home.social/f?o={object}&ok={on-success}&no={on-cancel}&x={mystery}']]))
      .toBe(`https://home.social/f?o=${E}&ok=${encodeURIComponent(wish().back)}&no=${encodeURIComponent(wish().back)}&x=`)
  })
})

describe('where it may lead', () => {
  const to = (template: string, more: object = {}, allowPrivate = false) => goes([[intentRel('Follow'), template]], 'Follow', allowPrivate, more)
  test.each([
    ['another host', 'https://evil.example/?u={object}'], ['a host that begins alike', 'https://home.social.evil.example/?u={object}'], ['another port', 'https://home.social:8443/?u={object}'],
    ['the host as a user name', 'https://home.social@evil.example/?u={object}'], ['a user name', 'https://ana@home.social/?u={object}'], ['http', 'http://home.social/?u={object}'],
    ['script', 'javascript:alert(1)//{object}'], ['data', 'data:text/html,{object}'], ['no scheme', '//home.social/?u={object}'], ['a path', '/follow?u={object}'], ['another scheme', 'web+ap://home.social/{object}'],
    ['a place in the host', 'https://home.social{object}'], ['a place as the host', 'https://{object}/'], ['a host made of places', 'https://{mystery}evil.example/?u={object}'],
    ['no place', 'https://home.social/follow'], ['another place', 'https://home.social/follow?u={name}'], ['an operator', 'https://home.social/follow{?object}'], ['half a place', 'https://home.social/?u={object}&{x'],
    ['a back-slash', 'https:\\\\evil.example\\{object}'], ['private', 'https://127.0.0.1/?u={object}'], ['nonsense', '{object}'], ['nothing', ''],
  ])('not %s', (_, template) => expect(to(template)).toBeUndefined())
  test('not to a private address, even where that is the host', () => {
    for (const host of ['127.0.0.1', '[::1]', '[::]', '10.0.0.1', 'localhost', 'printer.local']) expect(to(`https://${host}/?u={object}`, { host, self: undefined }), host).toBeUndefined()
    expect(to('http://127.0.0.1:8002/?u={object}', { host: '127.0.0.1:8002' }, true)).toBe(`http://127.0.0.1:8002/?u=${E}`)
  })
  test('to the actor’s own server, where the address is another’s', () => {
    expect(to('https://social.home.example.org/?u={object}', { host: 'home.social', self: 'https://social.home.example.org/u/1' })).toBe(`https://social.home.example.org/?u=${E}`)
  })
  test('a bad one is passed over', () => {
    expect(goes([[intentRel('Follow'), 'javascript:{object}'], [SUBSCRIBE, 'https://home.social/a?uri={uri}']])).toBe(`https://home.social/a?uri=${E}`)
  })
  test('whatever the template and the value: to that host, or nowhere', () => {
    const piece = fc.oneof(fc.constantFrom('https://', 'http://', 'home.social', 'evil.example', '/', '@', ':', '?', '#', '\\', '{object}', '{uri}', '{x}', '..', '%2F', '\t', 'javascript:'), fc.string({ maxLength: 4 }))
    fc.assert(fc.property(fc.array(piece, { maxLength: 8 }), fc.webUrl(), (pieces, value) => {
      const url = wayOn(home([[SUBSCRIBE, pieces.join('')]]), { ...wish(), object: value }, false)
      if (url) expect([url.protocol, url.host, url.username]).toEqual(['https:', 'home.social', ''])
    }), { numRuns: 3000 })
  })
  test('a value cannot leave its place', () => {
    fc.assert(fc.property(fc.string({ unit: 'grapheme' }), (value) => {
      const at = new URL(filled('https://home.social/a?u={uri}&v=1', { uri: value.toWellFormed() }, ['uri'])!)
      expect([at.host, at.pathname, at.hash, at.searchParams.get('u'), at.searchParams.get('v')]).toEqual(['home.social', '/a', '', value.toWellFormed(), '1'])
    }))
  })
})

test('of a JRD: the first of each relation, whatever else is in it', () => {
  const links = [
    null, 'x', 7, { rel: 7 }, { rel: 'self', href: 'y' }, { rel: SUBSCRIBE, template: 5 }, { rel: SUBSCRIBE, template: 'first {uri}' }, { rel: SUBSCRIBE, template: 'second {uri}' },
    { rel: 'https://w3id.org/fep/3b86/Like', href: 'as href {object}' }, { rel: 'https://w3id.org/fep/3b86/Follow', template: 'x'.repeat(5000) },
  ]
  expect(templatesOf({ links })).toEqual([{ rel: SUBSCRIBE, template: 'first {uri}' }, { rel: 'https://w3id.org/fep/3b86/like', template: 'as href {object}' }])
  for (const odd of [undefined, null, 'x', {}, []]) expect(templatesOf({ links: odd })).toEqual([])
})

test.each([
  ['@ana@home.social', 'ana', 'home.social'], ['ana@HOME.social', 'ana', 'home.social'], ['acct:ana@home.social', 'ana', 'home.social'], [' @ana@home.social:8443 ', 'ana', 'home.social:8443'], ['@ana@bücher.example', 'ana', 'xn--bcher-kva.example'],
  ['@ana@home.social:443', 'ana', 'home.social'], ['ana@2130706433', 'ana', '127.0.0.1'],
])('an address: %s', (text, name, host) => expect(splitAddress(text)).toEqual({ name, host }))
test.each(['', 'ana', '@ana', '@@home.social', '@a@b@c', '@ana@home.social/x', '@ana@home.social?x', '@ana@home.social#x', '@ana@home.social\\x', 'https://home.social/@ana', '@ana@', '@ana@ho me', '@ana@[', 'javascript:x@y@z', '@ana@%00', `@${'a'.repeat(600)}@b.c`])('no address: %s', (text) => expect(splitAddress(text)).toBeUndefined())

describe('asked of other servers, and answered', () => {
  let i: Instance, r: Remote
  let jrd: unknown = {}
  beforeAll(async () => {
    i = await makeInstance({ store: await engines[0]!.fresh(), workers: false })
    r = await makeRemote()
    r.answer = (seen, res) => {
      if (!seen.url.startsWith('/.well-known/webfinger')) return false
      if (jrd === 'slow') return true
      if (jrd === undefined) res.writeHead(404).end()
      else res.writeHead(200, { 'content-type': 'application/jrd+json' }).end(typeof jrd === 'string' ? jrd : JSON.stringify(jrd))
      return true
    }
  })
  afterAll(async () => { await i?.close(); await r?.close() })
  const ask = (answer: unknown) => { jrd = answer; return i.fedi.home(`@ana@${r.host}`) }

  test('what it says', async () => {
    expect(await ask({ subject: 'x', links: [{ rel: 'self', type: 'application/activity+json', href: `${r.origin}/users/ana` }, { rel: SUBSCRIBE, template: `${r.origin}/a?uri={uri}` }] }))
      .toEqual({ host: r.host, self: `${r.origin}/users/ana`, links: [{ rel: SUBSCRIBE, template: `${r.origin}/a?uri={uri}` }] })
    expect(await ask({})).toEqual({ host: r.host, links: [] })
  })
  test('refused, never caught out', async () => {
    await expect(ask(undefined)).rejects.toMatchObject({ code: 'not-found' })
    await expect(ask('<html>')).rejects.toMatchObject({ code: 'bad-document' })
    await expect(ask({ links: Array.from({ length: 10_000 }, () => ({ rel: SUBSCRIBE, template: `${r.origin}/{uri}` })) })).rejects.toMatchObject({ code: 'bad-document' })
    await expect(ask(JSON.stringify({ pad: 'x'.repeat(300_000), links: [] }))).rejects.toMatchObject({ code: 'bad-document' })
    await expect(i.fedi.home('nobody')).rejects.toMatchObject({ code: 'lookup' })
    await expect(i.fedi.home('@x@127.0.0.1:1')).rejects.toMatchObject({ code: 'unreachable' })
    await expect(i.fedi.home(`@coop@${i.host}`)).rejects.toMatchObject({ code: 'refused' })
  })
  test('a server that never answers is not waited for', async () => {
    await expect(ask('slow')).rejects.toMatchObject({ code: 'unreachable', status: 504 })
  }, 20_000)
})

test('our own WebFinger names them, once each, and not for the server’s own actor', async () => {
  const i = await makeInstance({ store: await engines[0]!.fresh(), workers: false, listen: false })
  const intents = [{ rel: SUBSCRIBE, template: `${i.origin}/interact?uri={uri}` }, { rel: intentRel('Follow'), template: `${i.origin}/interact?uri={object}&intent=follow` }]
  const app = i.fedi.routes({ intents })
  const links = async (resource: string) => {
    const response = await app.request(`${i.origin}/.well-known/webfinger?resource=${encodeURIComponent(resource)}`)
    expect(response.status).toBe(200)
    return (await response.json() as { links: object[] }).links.filter((l) => 'template' in l)
  }
  expect(await links(`acct:coop@${i.host}`)).toEqual(intents)
  expect(await links(i.fedi.uris.actor('coop'))).toEqual(intents)
  expect(await links(`${i.origin}/`)).toEqual([intents[0]])
  expect(await links(i.fedi.uris.instanceActor)).toEqual([])
  await i.close()
})
