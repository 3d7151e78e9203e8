/** What a remote actor's own document says of its server, in whatever shape (FEP-844e). */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { actorFrom, understandsUs } from '../../src/fedi/remote-shape.ts'
import { TOADLANE } from '../../src/fedi/terms.ts'
import { fediTables } from '../../src/fedi/tables.ts'
import { eq } from 'drizzle-orm'
import { engines } from '../engines.ts'
import { makeInstance, makeRemote, type Instance, type Remote } from './instance.ts'

const rfc = { type: 'Link', href: 'https://datatracker.ietf.org/doc/html/rfc9421', name: 'RFC-9421' }
const app = (implementsThat: unknown) => ({ generator: { type: 'Application', implements: implementsThat } })

test.each<[string, Record<string, unknown>]>([
  ['as we write it', app([{ type: 'Link', href: TOADLANE, name: 'Toadlane directory' }])],
  ['among others', app([rfc, { href: TOADLANE }])],
  ['one for a list', app({ href: TOADLANE })],
  ['a plain string', app(TOADLANE)],
  ['strings', app([rfc.href, `${TOADLANE}#`])],
  ['a node with an id', app([{ id: `${TOADLANE}/` }])],
  ['a JSON-LD list', app({ '@list': [{ '@id': TOADLANE }] })],
  ['the term written out', { generator: { 'https://w3id.org/fep/844e/implements': [{ href: TOADLANE }] } }],
  ['several generators', { generator: ['https://a.example/app', { implements: [{ href: TOADLANE }] }] }],
  ['the application itself', { type: 'Application', implements: [{ href: TOADLANE }] }],
])('understands us: %s', (_, document) => { expect(understandsUs(document)).toBe(true) })

test.each<[string, Record<string, unknown>]>([
  ['nothing', {}],
  ['an address alone', { generator: TOADLANE }],
  ['another capability', app([rfc])],
  ['no link', app([{ name: TOADLANE }, 5, null, [TOADLANE]])],
  ['a name that begins so', app([`${TOADLANE}-else`, { href: `${TOADLANE}/more` }])],
  ['elsewhere in the document', { attachment: [{ implements: [TOADLANE] }], tag: { implements: TOADLANE } }],
])('does not: %s', (_, document) => { expect(understandsUs(document)).toBe(false) })

test('more than anybody implements is not looked through', () => {
  expect(understandsUs(app([...Array.from({ length: 500 }, () => rfc), { href: TOADLANE }]))).toBe(false)
  expect(actorFrom({ id: 'https://a.example/1', type: 'Person', inbox: 'https://a.example/1/in', ...app(TOADLANE) })?.toadlane).toBe(true)
})

describe.each(engines)('kept with the actor on $engine', ({ fresh }) => {
  let i: Instance, r: Remote
  beforeAll(async () => {
    i = await makeInstance({ store: await fresh(), workers: false, listen: false })
    r = await makeRemote()
  })
  afterAll(async () => { await i?.close(); await r?.close() })

  test('and changes with its document', async () => {
    const t = fediTables(i.store.kit).remoteActors
    const kept = async (id: string) => (await i.store.read.select({ toadlane: t.toadlane }).from(t).where(eq(t.id, id)))[0]?.toadlane
    const peer = r.actor('directory', { type: 'Group', document: app([{ href: TOADLANE }]) })
    const other = r.actor('alice')
    expect(await i.fedi.lookupActor(peer.id)).toMatchObject({ toadlane: true })
    expect(await i.fedi.lookupActor(other.id)).toMatchObject({ toadlane: false })
    expect([await kept(peer.id), await kept(other.id)]).toEqual([true, false])
    r.actor('directory', { type: 'Group' })
    r.documents.set('/@directory', r.documents.get('/users/directory'))
    await i.fedi.lookupActor(`${r.origin}/@directory`) // another address of it: fetched anew
    expect(await kept(peer.id)).toBe(false)
  })
})
