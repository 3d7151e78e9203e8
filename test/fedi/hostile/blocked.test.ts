/**
 * HOSTILE.md row 57: a server that is blocked, by every way it may take: straight, passed on, named, asked for, led to, delivered
 * to; and by every way of writing its name.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { signJsonLd } from '@fedify/fedify/sig'
import { contextLoader } from '../../../src/fedi/contexts.ts'
import { fediTables } from '../../../src/fedi/tables.ts'
import { activity, makeRemote, note, PUBLIC, type Remote, type RemoteActorKeys } from '../instance.ts'
import { dropped, hostileHouse, refused, type HostileHouse } from './house.ts'

const BLOCKED = /(^|\.)blocked\.localhost$/
let h: HostileHouse, b: Remote, z: RemoteActorKeys, isBlocked = (host: string) => BLOCKED.test(host) || host === '127.57.0.1'
const asked: string[] = []
beforeAll(async () => {
  h = await hostileHouse({ instance: { fedi: { isBlocked: (host) => { asked.push(host); return isBlocked(host) } } } })
  b = await makeRemote({ address: '127.57.0.1' })
  z = b.actor('z')
})
afterAll(async () => { await b?.close(); await h?.close() })
afterEach(() => { b.seen.length = 0; h.r.answer = () => {} })
/** Whatever it was, nobody there has heard of it. */
const unheard = () => expect(b.seen).toEqual([])

describe('row 57: a blocked server', () => {
  test.each([
    'http://blocked.localhost', 'http://BLOCKED.localhost', 'http://Blocked.LocalHost:8443', 'http://blocked.localhost.', 'http://sub.blocked.localhost', 'http://a.b.blocked.localhost:1', 'http://xn--nxa.blocked.localhost',
    'https://blocked.localhost', 'http://127.57.0.1', 'http://127.57.1', 'http://0x7f390001:81',
  ])('straight, as %s', async (origin) => {
    const id = `${origin}/users/z`
    expect(await h.outcome(() => h.send(activity(id, 'Create', note(id)), { keyId: `${id}#main-key`, key: z.key }))).toEqual(refused(403))
    expect(asked.every((host) => host === host.toLowerCase() && !/[:.]$|:\d+$/.test(host))).toBe(true) // as it is asked: lower case, no port, no dot
    unheard()
  })
  test.each(['http://notblocked.localhost', 'http://blocked.localhost.example.org'])('but not %s, which only looks like it', async (origin) => {
    const id = `${origin}/users/z`
    expect((await h.outcome(() => h.send(activity(id, 'Create', note(id)), { keyId: `${id}#main-key`, key: z.key }))).status).toBe(401)
  })

  test('by an Announce, Like or Create of who is not: what is there is not asked for', async () => {
    b.documents.set('/notes/1', { id: `${b.origin}/notes/1`, type: 'Note', attributedTo: h.x.id, content: 'x', to: [PUBLIC] })
    const there = `${b.origin}/notes/1`
    for (const a of [
      activity(h.x.id, 'Announce', there), activity(h.x.id, 'Announce', activity(z.id, 'Create', note(z.id))), activity(h.x.id, 'Like', there), activity(h.x.id, 'Create', there), h.create({ id: there }), activity(h.x.id, 'Update', there), h.create({ attributedTo: z.id }),
      activity(h.x.id, 'Add', there, { target: `${b.origin}/featured` }), activity(h.x.id, 'Move', h.x.id, { target: z.id }), activity(h.x.id, 'Undo', activity(z.id, 'Follow', h.i.fedi.uris.actor('coop'))),
    ]) {
      const o = await h.outcome(() => h.send(a))
      expect([o.status, o.effect.filter((e) => e !== 'received +1'), o.outbound.filter((at) => !at.startsWith('GET /users/x'))], a.type).toEqual([202, [], []])
      unheard()
    }
  })
  test('passed on by a relay, with the signature of its author in it', async () => {
    const key = await crypto.subtle.importKey('pkcs8', new Uint8Array(z.key.export({ type: 'pkcs8', format: 'der' })), { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }, true, ['sign'])
    for (const a of [activity(z.id, 'Create', note(z.id)), await signJsonLd(activity(z.id, 'Create', note(z.id)), key, new URL(z.keyId), { contextLoader }), { ...activity(z.id, 'Create', note(z.id)), proof: { type: 'DataIntegrityProof', cryptosuite: 'eddsa-jcs-2022', verificationMethod: `${z.id}#ed`, proofValue: 'z1' } }]) {
      const o = await h.outcome(() => h.send(a))
      expect([[401, 403].includes(o.status), o.effect, o.outbound]).toEqual([true, [], []])
      unheard()
    }
  })
  test('an answer to something there is kept as who wrote it, and what it answers is not asked for', async () => {
    const o = await h.outcome(() => h.send(h.create({ inReplyTo: `${b.origin}/notes/1`, quoteUrl: `${b.origin}/notes/1`, tag: [{ type: 'Mention', href: z.id }] })))
    expect([o.status, o.outbound]).toEqual([202, []])
    unheard()
  })
  test('looked up, followed, fetched, or led to', async () => {
    for (const text of [z.id, `@z@${b.host}`]) await expect(h.i.fedi.lookupActor(text), text).rejects.toMatchObject({ code: 'blocked' })
    await expect(h.i.fedi.follow({ handle: 'coop' }, z.id)).rejects.toMatchObject({ code: 'blocked' })
    await expect(h.i.fedi.fetchObject(`${b.origin}/notes/1`)).rejects.toMatchObject({ code: 'blocked' })
    h.r.answer = (s, res) => { if (s.method !== 'GET') return false; res.writeHead(302, { location: `${b.origin}/users/z` }).end(); return true }
    const id = `${h.r.origin}/users/leading`
    expect(await h.outcome(() => h.send(activity(id, 'Create', note(id)), { keyId: `${id}#main-key`, key: h.x.key }))).toEqual(refused(401, ['GET /users/leading']))
    await expect(h.i.fedi.fetchObject(`${h.r.origin}/notes/leading`)).rejects.toMatchObject({ code: 'blocked' })
    unheard()
  })
  test('from the day on that it is blocked: its follower gets nothing, and what waits of it has no effect', async () => {
    isBlocked = (host) => BLOCKED.test(host)
    const { followers } = fediTables(h.i.store.kit)
    expect((await h.send(activity(z.id, 'Follow', h.i.fedi.uris.actor('coop')), z)).status).toBe(202)
    await h.i.settled()
    expect(await h.i.fedi.followers('coop')).toEqual([z.id])
    isBlocked = (host) => BLOCKED.test(host) || host === '127.57.0.1'
    b.seen.length = 0
    await h.i.say('Not for them')
    await h.i.settled()
    unheard()
    expect(await h.outcome(() => h.send(activity(z.id, 'Undo', activity(z.id, 'Follow', h.i.fedi.uris.actor('coop'))), z))).toEqual(refused(403))
    expect(await h.i.store.read.$count(followers)).toBe(1)
  })
  test('its own Delete of an account is not heard either', async () => {
    expect(await h.outcome(() => h.send(activity(z.id, 'Delete', z.id), z))).toEqual(refused(403))
    expect(await h.outcome(() => h.send(activity(h.x.id, 'Delete', z.id)))).toEqual(dropped())
  })
})
