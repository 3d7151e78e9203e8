/** From an address to an actor, and back: what a host says of others is not believed. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { engines } from '../engines.ts'
import { makeInstance, makeRemote, type Instance, type Remote } from './instance.ts'

const [sqlite] = engines
let i: Instance, r: Remote, other: Remote
/** resource → JRD, on each of the two. */
const known = new Map<string, unknown>()
beforeAll(async () => {
  i = await makeInstance({ store: await sqlite!.fresh(), workers: false, listen: false })
  r = await makeRemote()
  other = await makeRemote()
  for (const x of [r, other]) {
    x.answer = (seen, res) => {
      const url = new URL(seen.url, x.origin)
      if (url.pathname !== '/.well-known/webfinger') return false
      const jrd = known.get(url.searchParams.get('resource')!)
      res.writeHead(jrd ? 200 : 404, { 'content-type': 'application/jrd+json' }).end(JSON.stringify(jrd))
      return true
    }
  }
})
afterAll(async () => { await i?.close(); await r?.close(); await other?.close() })
beforeEach(() => { known.clear() })

const says = (address: string, self: string, subject = address) => known.set(`acct:${address}`, {
  subject: `acct:${subject}`, links: [{ rel: 'http://webfinger.net/rel/profile-page', type: 'text/html', href: 'x' }, { rel: 'self', type: 'application/ld+json; profile="https://www.w3.org/ns/activitystreams"', href: self }],
})

test('an address, with and without its signs', async () => {
  const x = r.actor('plain')
  says(`plain@${r.host}`, x.id)
  for (const text of [`plain@${r.host}`, `@plain@${r.host}`, `acct:plain@${r.host}`, ` @plain@${r.host} `, x.id]) {
    expect(await i.fedi.lookupActor(text)).toMatchObject({ id: x.id, handle: `plain@${r.host}`, name: 'Name of plain', url: `${r.origin}/@plain` })
  }
})
test('a URL of a page that is the same actor’s', async () => {
  const x = r.actor('paged')
  r.documents.set('/@paged', r.documents.get('/users/paged'))
  expect((await i.fedi.lookupActor(`${r.origin}/@paged`)).id).toBe(x.id)
  expect((await i.fedi.knownActor(x.id))?.handle).toBeUndefined() // no WebFinger there: known, without an address
})
test('a host that lends its name to another’s actor is not believed without that other’s word', async () => {
  const x = other.actor('lent')
  says(`lent@${r.host}`, x.id, `lent@${other.host}`)
  expect((await i.fedi.lookupActor(`lent@${r.host}`)).handle).toBeUndefined()
  says(`lent@${other.host}`, x.id)
  expect((await i.fedi.lookupActor(`lent@${r.host}`)).handle).toBe(`lent@${other.host}`)
})
test('of two actors that claim one address, the first keeps it', async () => {
  const first = r.actor('first'), second = r.actor('second', { document: { preferredUsername: 'first' } })
  says(`first@${r.host}`, first.id)
  expect((await i.fedi.lookupActor(`first@${r.host}`)).handle).toBe(`first@${r.host}`)
  says(`first@${r.host}`, second.id)
  const later = await i.fedi.lookupActor(second.id)
  expect(later.handle).toBeUndefined()
  expect((await i.fedi.knownActor(first.id))?.handle).toBe(`first@${r.host}`)
})
test('what cannot be', async () => {
  const odd = [
    ['', 'lookup'], ['nobody', 'lookup'], ['ftp://a.example/', 'lookup'], ['javascript:alert(1)', 'lookup'], ['@a@b@c', 'lookup'], [`@nobody@${r.host}`, 'not-found'], [`${r.origin}/nothing`, 'not-found'],
    [i.fedi.uris.actor('coop'), 'local'], ['http://127.0.0.1:1/users/x', 'unreachable'],
  ] as const
  for (const [text, code] of odd) await expect(i.fedi.lookupActor(text), text).rejects.toMatchObject({ code })
  r.documents.set('/note', { id: `${r.origin}/note`, type: 'Note' })
  await expect(i.fedi.lookupActor(`${r.origin}/note`)).rejects.toMatchObject({ code: 'not-an-actor' })
  says(`us@${r.host}`, i.fedi.uris.actor('coop'))
  await expect(i.fedi.lookupActor(`us@${r.host}`)).rejects.toMatchObject({ code: 'local' })
})
test('an object is believed only about its own address', async () => {
  r.documents.set('/moved', { id: `${r.origin}/real`, type: 'Note', name: 'as told elsewhere' })
  r.documents.set('/real', { id: `${r.origin}/real`, type: 'Note', name: 'as it is' })
  expect(await i.fedi.fetchObject(`${r.origin}/moved`)).toMatchObject({ name: 'as it is' })
  r.documents.set('/liar', { id: `${other.origin}/real`, type: 'Note' })
  await expect(i.fedi.fetchObject(`${r.origin}/liar`)).rejects.toMatchObject({ code: 'bad-document' })
  r.documents.set('/loose', { type: 'Note' })
  await expect(i.fedi.fetchObject(`${r.origin}/loose`)).rejects.toMatchObject({ code: 'bad-document' })
  await expect(i.fedi.fetchObject(`${i.origin}/ap/actors/coop`)).rejects.toMatchObject({ code: 'refused' })
  await expect(i.fedi.fetchObject('file:///etc/passwd')).rejects.toMatchObject({ code: 'refused' })
})
