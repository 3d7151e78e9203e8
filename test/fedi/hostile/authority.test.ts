/** HOSTILE.md rows 31 to 39: well signed, and about what is not the signer's to say. On both engines, for what counts is the state. */
import type { ServerResponse } from 'node:http'
import { configure, reset, type LogRecord } from '@logtape/logtape'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { engines } from '../../engines.ts'
import { activity, note, PUBLIC, type RemoteActorKeys } from '../instance.ts'
import { dropped, hostileHouse, refused, type HostileHouse, type Outcome } from './house.ts'

const kept: Outcome = { status: 202, effect: ['posts +1', 'received +1'], outbound: [] }
const path = (id: string) => new URL(id).pathname

describe.each(engines)('on $engine', ({ fresh }) => {
  let h: HostileHouse, z: RemoteActorKeys
  beforeAll(async () => {
    h = await hostileHouse({ fresh })
    await h.followed(h.y)
    z = h.other.actor('z')
    for (const a of [h.y, z]) expect((await h.send(activity(a.id, 'Hello', a.id), a)).status).toBe(202)
    await h.i.settled()
  })
  afterAll(() => h?.close())
  afterEach(() => { h.r.answer = () => {}; h.other.answer = () => {} })
  /** A post of y that is kept here. */
  async function postOfY(): Promise<Record<string, unknown> & { id: string }> {
    const n = note(h.y.id)
    expect(await h.outcome(() => h.send(activity(h.y.id, 'Create', n), h.y))).toEqual(kept)
    return n
  }

  test('row 31: an id on another server than the actor', async () => {
    for (const id of [`${h.other.origin}/activities/1`, 'https://elsewhere.example/1', h.i.fedi.uris.activity('1'), `${h.r.origin.replace('127.0.0.1', 'localhost')}/1`]) {
      expect(await h.outcome(() => h.send({ ...h.create(), id })), id).toEqual(refused(400))
    }
  })

  describe('row 32: an object on another server', () => {
    test('whose own server says that it is another’s: asked there, once, and dropped', async () => {
      const id = `${h.other.origin}/notes/theirs`
      h.other.documents.set('/notes/theirs', { id, type: 'Note', attributedTo: z.id, content: 'theirs', to: [PUBLIC] })
      expect(await h.outcome(() => h.send(activity(h.x.id, 'Create', { ...note(h.x.id), id })))).toEqual(dropped(['GET other/notes/theirs']))
      expect(await h.outcome(() => h.send(activity(h.x.id, 'Update', { ...note(h.x.id), id })))).toEqual(dropped(['GET other/notes/theirs']))
    })
    test('that is not there', async () => {
      expect(await h.outcome(() => h.send(h.create({ id: `${h.other.origin}/notes/none` })))).toEqual(dropped(['GET other/notes/none']))
    })
    test('whose author is there too: nothing of it is the signer’s', async () => {
      const a = h.create({ attributedTo: z.id })
      expect(await h.outcome(() => h.send(a))).toEqual(dropped([`GET ${path((a.object as { id: string }).id)}`]))
    })
    test('of ours: ours is as it is', async () => {
      const ours = await h.i.say('Ours')
      expect(await h.outcome(() => h.send(h.create({ id: ours.uri, content: 'forged' })))).toEqual(dropped())
      expect(await h.outcome(() => h.send(activity(h.x.id, 'Update', { ...note(h.x.id), id: ours.uri })))).toEqual(dropped())
      expect((await h.i.talk.read.byUri(ours.uri))?.html).toBe('<p>Ours</p>')
    })
  })

  test('row 33: attributed to somebody else, of the same server, to several, to nobody, or to us', async () => {
    for (const attributedTo of [h.y.id, [h.y.id], { id: h.y.id, type: 'Person' }, undefined, null, []]) {
      expect(await h.outcome(() => h.send(h.create({ attributedTo }))), JSON.stringify(attributedTo)).toEqual(dropped())
    }
    const ours = await h.outcome(() => h.send(h.create({ attributedTo: h.i.fedi.uris.actor('coop') })))
    expect([ours.status, ours.effect]).toEqual([202, ['received +1']])
  })

  describe('row 34: of another actor’s object', () => {
    test('Update', async () => {
      const theirs = await postOfY()
      expect(await h.outcome(() => h.send(activity(h.x.id, 'Update', { ...theirs, content: 'forged' })))).toEqual(dropped())
      // Nor where the object calls itself the signer's, which its id does not bear out: kept under the author that it had.
      expect((await h.outcome(() => h.send(activity(h.x.id, 'Update', { ...theirs, attributedTo: h.x.id, content: 'forged' })))).effect).toEqual(['received +1'])
      expect((await h.outcome(() => h.send(activity(h.x.id, 'Create', { ...theirs, attributedTo: h.x.id, content: 'forged' })))).effect).toEqual(['received +1'])
      expect((await h.i.talk.read.byUri(theirs.id))?.html).toBe('<p>Hello</p>')
    })
    test('Delete', async () => {
      const theirs = await postOfY()
      for (const object of [theirs.id, { id: theirs.id, type: 'Tombstone' }, theirs]) {
        expect((await h.outcome(() => h.send(activity(h.x.id, 'Delete', object)))).effect.filter((e) => !/received|stones/.test(e))).toEqual([])
      }
      expect(await h.outcome(() => h.send(activity(z.id, 'Delete', theirs.id), z))).toEqual(dropped()) // of another server
      expect((await h.i.talk.read.byUri(theirs.id))?.state).toBe('public')
      expect(await h.outcome(() => h.send(activity(h.x.id, 'Delete', h.y.id)))).toMatchObject({ status: 202, outbound: [] })
      expect(await h.i.fedi.knownActor(h.y.id)).toBeDefined()
      const ours = await h.i.say('Ours')
      expect(await h.outcome(() => h.send(activity(h.x.id, 'Delete', ours.uri)))).toEqual(dropped())
      expect(await h.outcome(() => h.send(activity(h.x.id, 'Delete', h.i.fedi.uris.actor('coop'))))).toEqual(dropped())
    })
    test('Undo', async () => {
      const coop = h.i.fedi.uris.actor('coop'), ours = (await h.i.say('Liked')).uri
      const follow = activity(h.y.id, 'Follow', coop), like = activity(h.y.id, 'Like', ours)
      for (const a of [follow, like]) expect((await h.send(a, h.y)).status).toBe(202)
      await h.i.settled()
      for (const [by, key] of [[h.x, h.x], [z, z]] as const) {
        for (const object of [follow, like, follow.id, like.id, { ...follow, actor: by.id }, { ...like, actor: by.id }]) {
          const o = await h.outcome(() => h.send(activity(by.id, 'Undo', object), key))
          expect([o.status, o.effect.filter((e) => !/received|stones/.test(e)), o.outbound]).toEqual([202, [], []])
        }
      }
      expect(await h.i.fedi.followers('coop')).toContain(h.y.id)
      expect((await h.i.talk.read.byUri(ours))?.likes).toBe(1)
    })
    test('Update of an actor by another, and what an actor says of itself', async () => {
      expect(await h.outcome(() => h.send(activity(h.x.id, 'Update', { id: h.y.id, type: 'Person', name: 'Stolen', inbox: h.y.inbox })))).toEqual(dropped())
      const o = await h.outcome(() => h.send(activity(h.x.id, 'Update', { id: h.x.id, type: 'Person', name: 'As sent', inbox: 'https://evil.example/inbox' })))
      expect([o.status, o.outbound]).toEqual([202, ['GET /users/x']])
      expect(await h.i.fedi.knownActor(h.x.id)).toMatchObject({ name: 'Name of x', inbox: h.x.inbox })
    })
  })

  test('row 35: no id, or one that is none', async () => {
    for (const id of [undefined, null, '', 'nonsense', 'urn:uuid:1', 1, [`${h.x.id}/1`], { id: `${h.x.id}/1` }, `${h.x.id}/${'x'.repeat(3000)}`]) {
      expect(await h.outcome(() => h.send({ ...h.create(), id })), JSON.stringify(id)?.slice(0, 40)).toEqual(refused(400))
    }
  })
  test('row 36: several types, or none', async () => {
    for (const type of [['Create', 'Delete'], [], undefined, null, '', 1, {}, 'x'.repeat(200)]) {
      expect(await h.outcome(() => h.send({ ...h.create(), type })), JSON.stringify(type)?.slice(0, 40)).toEqual(refused(400))
    }
  })

  describe('row 37: an actor’s document that says it is another', () => {
    test('of another server: refused, to whoever asks', async () => {
      const id = `${h.r.origin}/users/posing`
      h.r.documents.set('/users/posing', { ...(h.other.documents.get('/users/z') as object), name: 'Posing' })
      expect(await h.outcome(() => h.send(activity(id, 'Create', note(id)), { keyId: `${id}#main-key`, key: h.x.key }))).toEqual(refused(401, ['GET /users/posing']))
      await expect(h.i.fedi.lookupActor(id)).rejects.toMatchObject({ code: 'bad-document' })
      await expect(h.i.fedi.follow({ handle: 'coop' }, id)).rejects.toMatchObject({ code: 'bad-document' })
      expect((await h.i.fedi.knownActor(z.id))?.name).toBe('Name of z')
    })
    test('without an id, or without being an actor', async () => {
      for (const [name, document] of [['loose', { id: undefined }], ['thing', { type: 'Note' }], ['deaf', { inbox: undefined }], ['aiming', { inbox: `${h.other.origin}/inbox` }], ['many', { type: ['Person', 'Group'] }]] as const) {
        const a = h.r.actor(name, { document })
        expect(await h.outcome(() => h.send(activity(a.id, 'Create', note(a.id)), a)), name).toEqual(refused(401, [`GET /users/${name}`]))
      }
    })
  })

  test.each([
    ['text/html', 'text/html; charset=utf-8'], ['an upload as JSON', 'application/json'], ['an upload as JSON-LD without the profile', 'application/ld+json'], ['text', 'text/plain'], ['nothing', ''],
    ['a profile of something else', 'application/ld+json; profile="https://example.org/"'],
  ])('row 38: a document as %s is none', async (_, type) => {
    const serve = (s: { method: string; url: string }, res: ServerResponse): boolean => {
      if (s.method !== 'GET') return false
      res.writeHead(200, type ? { 'content-type': type } : {}).end(JSON.stringify(h.r.documents.get(s.url)))
      return true
    }
    const name = `upload${Math.random()}`
    const a = h.r.actor(name)
    const n = note(h.x.id)
    h.r.documents.set(path(n.id), n)
    h.r.answer = serve
    expect(await h.outcome(() => h.send(activity(a.id, 'Create', note(a.id)), a))).toEqual(refused(401, [`GET /users/${name}`]))
    expect(await h.outcome(() => h.send(activity(h.x.id, 'Create', n.id)))).toEqual(dropped([`GET ${path(n.id)}`]))
    await expect(h.i.fedi.lookupActor(a.id)).rejects.toMatchObject({ code: 'bad-document' })
    await expect(h.i.fedi.fetchObject(n.id)).rejects.toMatchObject({ code: 'bad-document' })
    h.r.answer = () => {}
    expect(await h.i.fedi.fetchObject(n.id)).toMatchObject({ id: n.id }) // as what it is, it is read
  })

  test('row 39: a handle is the actor’s that its host’s WebFinger names, and the first one’s', async () => {
    const named = new Map<string, { subject: string; self: string }>()
    for (const server of [h.r, h.other]) {
      server.answer = (s, res) => {
        const url = new URL(s.url, server.origin)
        if (url.pathname !== '/.well-known/webfinger') return false
        const jrd = named.get(url.searchParams.get('resource')!)
        res.writeHead(jrd ? 200 : 404, { 'content-type': 'application/jrd+json' }).end(JSON.stringify(jrd && { subject: jrd.subject, links: [{ rel: 'self', type: 'application/activity+json', href: jrd.self }] }))
        return true
      }
    }
    const says = (address: string, self: string, subject = address) => named.set(`acct:${address}`, { subject: `acct:${subject}`, self })
    const handle = async (text: string) => (await h.i.fedi.lookupActor(text)).handle
    const first = h.r.actor('first'), second = h.r.actor('second', { document: { preferredUsername: 'first' } })
    says(`first@${h.r.host}`, first.id, `boss@${h.other.host}`) // another subject, of which its host knows nothing
    expect(await handle(`first@${h.r.host}`)).toBeUndefined()
    says(`boss@${h.other.host}`, z.id) // or knows another actor
    expect(await handle(`first@${h.r.host}`)).toBeUndefined()
    says(`first@${h.r.host}`, first.id)
    expect(await handle(`first@${h.r.host}`)).toBe(`first@${h.r.host}`)
    says(`first@${h.r.host}`, second.id) // now the host gives it to another
    const flagged: LogRecord[] = []
    await configure({ reset: true, sinks: { kept: (r) => { flagged.push(r) } }, loggers: [{ category: ['toadlane', 'fedi', 'actors'], lowestLevel: 'warning', sinks: ['kept'] }, { category: ['logtape', 'meta'], lowestLevel: 'fatal', sinks: [] }] })
    expect(await handle(`first@${h.r.host}`)).toBeUndefined()
    await reset()
    expect(flagged.map((r) => [r.level, r.properties])).toEqual([['warning', { host: h.r.host }]]) // whom it may concern, and no name
    expect((await h.i.fedi.knownActor(first.id))?.handle).toBe(`first@${h.r.host}`)
    says(`z@${h.r.host}`, z.id, `z@${h.r.host}`) // a host that lends its name to another's actor, who says nothing of it
    expect(await handle(z.id)).toBeUndefined()
  })
})
