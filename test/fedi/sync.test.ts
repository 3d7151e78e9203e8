/** Follower synchronisation (FEP-8fcf): the digest, the signed header, the list for the server that asks, and what is put right. */
import { and, eq, like } from 'drizzle-orm'
import { generateKeyPairSync } from 'node:crypto'
import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { verifyRequest, type KeyCache } from '@fedify/fedify/sig'
import { contextLoader } from '../../src/fedi/contexts.ts'
import { forFedify } from '../../src/fedi/inbox/fedify.ts'
import { holds } from '../../src/fedi/inbox/quick.ts'
import { readSignature } from '../../src/fedi/inbox/signature.ts'
import { sha256, signRequest } from '../../src/fedi/net/sign.ts'
import { digestOf, readSync, SYNC_HEADER, writeSync } from '../../src/fedi/sync/digest.ts'
import { followerDigests } from '../../src/fedi/sync/out.ts'
import { fediTables } from '../../src/fedi/tables.ts'
import { storeTables } from '../../src/store/tables.ts'
import { engines } from '../engines.ts'
import { activity, makeInstance, makeRemote, note, post, PUBLIC, until, type Instance, type Remote, type RemoteActorKeys } from './instance.ts'

describe('the digest', () => {
  test('is that of the FEP’s example', () => {
    expect(digestOf(['https://testing.example.org/users/1', 'https://testing.example.org/users/2'])).toBe('c33f48cd341ef046a206b8a72ec97af65079f9a3a9b90eef79c5920dce45c61f')
    expect(digestOf([])).toBe('0'.repeat(64))
  })
  test('does not know an order, and takes back what is added twice', () => {
    fc.assert(fc.property(fc.uniqueArray(fc.string(), { maxLength: 8 }), (ids) => {
      expect(digestOf([...ids].reverse())).toBe(digestOf(ids))
      expect(digestOf([...ids, ...ids])).toBe('0'.repeat(64))
    }))
  })
})

describe('the header', () => {
  const said = { collectionId: 'https://a.example/users/1/followers', url: 'https://a.example/users/1/followers_synchronization', digest: 'c33f48cd341ef046a206b8a72ec97af65079f9a3a9b90eef79c5920dce45c61f' }
  test('is read as it is written, and as Mastodon and the FEP write it', () => {
    expect(readSync(writeSync(said))).toEqual(said)
    expect(readSync(`url="${said.url}",digest=${said.digest.toUpperCase()} ,  collectionId="${said.collectionId}", more="x"`)).toEqual(said)
  })
  test.each([['empty', ''], ['a word', 'x'], ['one value', 'collectionId="a"'], ['a value twice', `${writeSync(said)}, url="https://b.example/"`],
    ['no digest', writeSync({ ...said, digest: 'abc' })], ['cut off', writeSync(said).slice(0, -1)], ['too long', `${writeSync(said)}${' '.repeat(7000)}`],
  ])('anything else is nothing: %s', (_, text) => { expect(readSync(text)).toBeUndefined() })
  test('whatever comes, nothing is thrown', () => { fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => { readSync(text) })) })

  test.each(['cavage', 'rfc9421'] as const)('%s: the signature covers it; another value does not hold, with Fedify nor with us', async (kind) => {
    const pair = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const actor = 'https://a.example/users/1', keyId = `${actor}#main-key`, url = new URL('https://coops.example/ap/inbox'), body = '{}', date = new Date()
    const made = signRequest(kind, { method: 'POST', url, digest: sha256(body), date, keyId, key: pair.privateKey, headers: { [SYNC_HEADER]: writeSync(said) } })
    const offered = forFedify(keyId, actor, pair.publicKey)
    const keyCache: KeyCache = { get: async () => offered, set: async () => {} }
    const both = async (headers: Headers) => {
      const claim = readSignature(headers, date)
      expect(claim.covered).toContain(SYNC_HEADER)
      const judged = await verifyRequest(new Request(url, { method: 'POST', headers, body }), { keyCache, contextLoader, documentLoader: () => Promise.reject(new Error('no fetch')) })
      return [holds(claim, { method: 'POST', url, headers }, pair.publicKey), judged !== null]
    }
    expect(await both(new Headers(made))).toEqual([true, true])
    expect(await both(new Headers({ ...made, [SYNC_HEADER]: writeSync({ ...said, digest: '0'.repeat(64) }) }))).toEqual([false, false])
  })
})

describe.each(engines)('two instances, one on $engine', ({ fresh }) => {
  let a: Instance, b: Instance
  const limits = { sync: { settle: 0, again: 0 } }
  beforeAll(async () => {
    a = await makeInstance({ store: await engines[0]!.fresh(), fedi: { limits } })
    b = await makeInstance({ store: await fresh(), fedi: { limits } })
    await b.store.write((tx) => b.fedi.actors.put(tx, { handle: 'second', open: true, owner: 'organisation:7', document: { type: 'Organization', name: 'Second' } }))
    await b.store.write((tx) => b.fedi.actors.put(tx, { handle: 'third', open: true, owner: 'organisation:8', document: { type: 'Organization', name: 'Third' } }))
    for (const handle of ['coop', 'second']) await b.fedi.follow({ handle }, a.fedi.uris.actor('coop'))
    await until('both Accepts', async () => (await b.fedi.following()).filter((f) => f.state === 'accepted').length === 2)
  })
  afterAll(async () => { await a?.close(); await b?.close() })
  const target = () => a.fedi.uris.actor('coop')
  const say = async (to: string[] = [PUBLIC], cc = [a.fedi.uris.followers('coop')]) => {
    const { id } = await a.store.write((tx) => a.fedi.publish(tx, { actor: 'coop', to: 'followers', activity: { type: 'Create', to, cc, object: note(target()) } }))
    await until('the post', () => b.inbound.find((x) => x.id === id))
    await idle()
  }
  const idle = () => until('empty queues', async () => (await Promise.all([a, b].map((i) => i.jobs.depth()))).flat().every((d) => d.waiting + d.running + d.delayed === 0))
  const states = async () => (await b.fedi.following()).map((f) => `${f.handle} ${f.state}`)
  const both = ['coop accepted', 'second accepted']
  const counted = () => a.fedi.followers('coop')

  test('where both agree, nothing is asked', async () => {
    await say()
    expect(await states()).toEqual(both)
    expect(await counted()).toEqual([b.fedi.uris.actor('coop'), b.fedi.uris.actor('second')])
  })
  test('whom they do not count any more does not follow them any more here', async () => {
    const { followers } = fediTables(a.store.kit)
    await a.store.write((tx) => tx.delete(followers).where(and(eq(followers.actor, 'coop'), eq(followers.follower, b.fedi.uris.actor('second')))))
    // As another process would have: what is kept of it here goes with the next change that this one makes.
    await b.fedi.follow({ handle: 'third' }, target())
    await until('the Accept', async () => (await states()).includes('third accepted'))
    await say()
    expect(await states()).toEqual(['coop accepted', 'third accepted'])
    await b.fedi.unfollow({ handle: 'third' }, target())
    await until('the Undo', async () => (await counted()).length === 1)
    expect(await counted()).toEqual([b.fedi.uris.actor('coop')])
  })
  test('whom they count and we do not know of, they are told to forget', async () => {
    await b.fedi.follow({ handle: 'second' }, target())
    await until('the Accept', async () => (await states()).join() === both.join())
    const { following } = fediTables(b.store.kit)
    await b.store.write((tx) => tx.delete(following).where(eq(following.actor, 'second')))
    await say()
    await until('the Undo', async () => (await counted()).length === 1)
    await idle()
    expect(await counted()).toEqual([b.fedi.uris.actor('coop')])
    expect(await states()).toEqual(['coop accepted'])
  })
  test('whose Accept was lost asks once more', async () => {
    const { following } = fediTables(b.store.kit)
    await b.store.write((tx) => tx.update(following).set({ state: 'requested' }).where(eq(following.actor, 'coop')))
    await b.fedi.follow({ handle: 'second' }, target())
    await until('the Accept', async () => (await states()).includes('second accepted'))
    await say()
    await until('the Accept again', async () => (await states()).join() === both.join())
    expect(await counted()).toHaveLength(2)
  })
  test('who only waits is in neither side’s list', async () => {
    await a.store.write((tx) => a.fedi.actors.put(tx, { handle: 'coop', open: true, owner: 'organisation:1', approves: true, document: { type: 'Organization', name: 'Coop' } }))
    await b.fedi.follow({ handle: 'third' }, target())
    await until('the request', async () => (await a.fedi.followersOf.counts('coop')).pending === 1)
    await say()
    expect(await states()).toEqual([...both, 'third requested'])
    await a.store.write((tx) => a.fedi.followersOf.accept(tx, 'coop', b.fedi.uris.actor('third')))
    await until('the Accept', async () => (await states()).includes('third accepted'))
    await say()
    expect(await states()).toEqual([...both, 'third accepted'])
  })
  test('what is between some of ours and one actor is found without what else they follow', async () => {
    const between = (handles: string[], actor = target()) => b.fedi.followingBetween(handles, actor).then((found) => found.map((f) => `${f.handle} ${f.state} ${f.actor}`))
    expect(await between(['second', 'nobody', 'coop'])).toEqual([`coop accepted ${target()}`, `second accepted ${target()}`])
    expect([await between([]), await between(['coop'], `${target()}x`)]).toEqual([[], []])
  })
})

describe.each(engines)('with other servers, on $engine', ({ fresh }) => {
  let i: Instance, r: Remote, other: Remote, x: RemoteActorKeys
  let n = 0
  beforeAll(async () => {
    i = await makeInstance({ store: await fresh(), fedi: { limits: { sync: { settle: 0, again: 0 } }, isBlocked: (host) => host === 'blocked.example' } })
    r = await makeRemote()
    other = await makeRemote()
    x = r.actor('x', { document: { followers: `${r.origin}/users/x/followers` } })
    await i.store.write((tx) => i.fedi.actors.put(tx, { handle: 'second', open: true, owner: 'organisation:7', document: { type: 'Organization', name: 'Second' } }))
    await i.fedi.follow({ handle: 'coop' }, x.id)
    const ours = await until('our Follow', () => r.posts().map((s) => JSON.parse(String(s.body)) as { type: string }).find((s) => s.type === 'Follow'))
    await post(`${i.origin}/ap/inbox`, activity(x.id, 'Accept', ours), x)
    await until('the Accept', async () => (await i.fedi.following())[0]?.state === 'accepted')
  })
  afterAll(async () => { await i?.close(); await r?.close(); await other?.close() })
  afterEach(() => { r.seen.length = 0; other.seen.length = 0; other.documents.delete('/sync') })

  const idle = () => until('an empty queue', async () => (await i.jobs.depth()).every((d) => d.waiting + d.running + d.delayed === 0))
  const us = (handle = 'coop') => i.fedi.uris.actor(handle)
  const header = (s: Partial<Parameters<typeof writeSync>[0]> = {}) => writeSync({ collectionId: `${x.id}/followers`, url: `${r.origin}/sync`, digest: digestOf([]), ...s })
  async function hear(text: string, signed = true, kind: 'cavage' | 'rfc9421' = 'cavage') {
    const o = signed ? { signed: { [SYNC_HEADER]: text } } : { headers: { [SYNC_HEADER]: text } }
    expect((await post(`${i.origin}/ap/inbox`, activity(x.id, 'Create', note(x.id)), x, { kind, ...o })).status).toBe(202)
    await idle()
  }
  const read = (s: Remote = r) => s.seen.filter((q) => q.method === 'GET' && q.url.startsWith('/sync'))
  const follows = async () => (await i.fedi.following('coop')).map((f) => f.state)
  const undone = () => r.posts().map((s) => JSON.parse(String(s.body)) as { type: string; actor: string }).filter((s) => s.type === 'Undo').map((s) => s.actor)
  const lists = (...ids: string[]) => r.documents.set('/sync', { id: `${r.origin}/sync`, type: 'OrderedCollection', orderedItems: ids })

  test('a header that is not signed has no effect', async () => {
    lists()
    await hear(header(), false)
    await hear(header(), false, 'rfc9421')
    expect(read()).toEqual([])
    expect(await follows()).toEqual(['accepted'])
  })
  test.each([
    ['another collection of the actor', () => header({ collectionId: `${x.id}/following` })],
    ['the collection of another actor', () => header({ collectionId: `${r.origin}/users/y/followers` })],
    ['a list on another server', () => header({ url: `${other.origin}/sync` })],
    ['a list here', () => header({ url: `${i.origin}/ap/actors/coop/followers` })],
    ['nonsense', () => 'collectionId=1'],
    ['what we think too', () => header({ digest: digestOf([us()]) })],
  ])('%s: nothing is asked', async (_, text) => {
    lists()
    await hear(text())
    expect([read(), read(other)]).toEqual([[], []])
    expect(await follows()).toEqual(['accepted'])
  })
  test.each(['cavage', 'rfc9421'] as const)('%s: read once, signed as the instance; what is ours and not known here they are told, what is others’ is nobody’s business', async (kind) => {
    lists(us(), us('second'), us('nobody'), us('shut'), `${other.origin}/users/z`, `${i.origin}.evil.example/ap/actors/coop`)
    await hear(header(), true, kind)
    expect(read()).toHaveLength(1)
    expect(`${String(read()[0]!.headers.signature)} ${String(read()[0]!.headers['signature-input'])}`).toContain(i.fedi.uris.mainKey(i.fedi.uris.instanceHandle))
    expect(await follows()).toEqual(['accepted'])
    await until('the Undo', () => undone().length > 0)
    expect(undone()).toEqual([us('second')])
  })
  test('whom none of ours follows or has asked, is not listened to', async () => {
    const y = r.actor('y', { document: { followers: `${r.origin}/users/y/followers` } })
    lists(us(), us('second'))
    const text = writeSync({ collectionId: `${y.id}/followers`, url: `${r.origin}/sync`, digest: digestOf([us()]) })
    expect((await post(`${i.origin}/ap/inbox`, activity(y.id, 'Create', note(y.id)), y, { signed: { [SYNC_HEADER]: text } })).status).toBe(202)
    await idle()
    expect([read(), undone()]).toEqual([[], []])
  })
  test('of a list without end of names of ours little is looked at, few are told, and nothing of it stays', async () => {
    const many = Array.from({ length: 30 }, (_, n) => `many${n}`)
    await i.store.write(async (tx) => { for (const handle of many) await i.fedi.actors.put(tx, { handle, open: true, owner: `organisation:${handle}`, document: { type: 'Organization', name: handle } }) })
    const { outbox } = fediTables(i.store.kit), { documents } = storeTables(i.store.kit)
    const kept = async () => [await i.store.read.$count(outbox), await i.store.read.$count(documents, like(documents.id, '%/ap/activities/%'))]
    const before = await kept()
    lists(...Array.from({ length: 3000 }, (_, n) => us(`nobody${n}`)), ...many.map(us), us())
    await hear(header())
    expect([undone(), await follows()]).toEqual([[], ['accepted']]) // beyond what is looked at; who is held is found however late
    lists(...many.map(us), us())
    await hear(header())
    expect(new Set(undone()).size).toBe(20)
    expect(await kept()).toEqual(before)
  })
  test('a list in pages is read to its end, within bounds; half a list has no effect', async () => {
    const id = `${r.origin}/sync`
    r.documents.set('/sync', { id, type: 'Collection', first: { type: 'CollectionPage', items: [`${other.origin}/users/z`], next: `${id}?2` } })
    r.documents.set('/sync?2', { id: `${id}?2`, type: 'CollectionPage', items: us() })
    await hear(header())
    expect(await follows()).toEqual(['accepted'])
    for (const half of [{ next: `${id}?2` }, { next: `${other.origin}/sync` }, { type: 'Note' }]) { // for ever; elsewhere; no list
      r.documents.set('/sync?2', { id: `${id}?2`, type: 'CollectionPage', items: [], ...half })
      await hear(header())
    }
    r.documents.delete('/sync?2')
    await hear(header())
    r.documents.delete('/sync')
    await hear(header())
    expect(read(other)).toEqual([])
    expect(await follows()).toEqual(['accepted'])
    expect(await i.jobs.deadLetters()).toEqual([])
  })
  test('what is not listed is forgotten here', async () => {
    lists(us('nobody'))
    await hear(header())
    expect(await follows()).toEqual([])
    expect(undone()).toEqual([])
  })

  describe('our list', () => {
    const id = '/ap/actors/coop/followers/synchronization'
    const get = (by?: RemoteActorKeys, o: { kind?: 'cavage' | 'rfc9421'; path?: string; target?: string } = {}) => {
      const url = i.origin + (o.path ?? id)
      const headers = by ? signRequest(o.kind ?? 'cavage', { method: 'GET', url: new URL(o.target ?? url), date: new Date(), keyId: by.keyId, key: by.key }) : {}
      return fetch(url, { headers: Object.fromEntries(Object.entries({ accept: 'application/activity+json', ...headers }).filter(([name]) => name !== 'host')) })
    }
    const followers: RemoteActorKeys[] = []
    beforeAll(async () => {
      for (const s of [r, other]) for (const name of ['f1', 'f2']) {
        const who = s.actor(`${name}-${++n}`)
        followers.push(who)
        expect((await post(`${i.origin}/ap/inbox`, activity(who.id, 'Follow', us()), who)).status).toBe(202)
      }
      await until('the followers', async () => (await i.fedi.followersCount('coop')) === 4)
    })
    test.each(['cavage', 'rfc9421'] as const)('%s: each server is told of its own and of no other’s', async (kind) => {
      for (const [by, mine] of [[followers[0]!, followers.slice(0, 2)], [followers[2]!, followers.slice(2)]] as const) {
        const answer = await get(by, { kind })
        expect(answer.status).toBe(200)
        expect(answer.headers.get('cache-control')).toContain('no-store')
        expect(answer.headers.get('access-control-allow-origin')).toBeNull()
        expect(await answer.json()).toMatchObject({ id: i.origin + id, type: 'OrderedCollection', orderedItems: mine.map((f) => f.id) })
      }
    })
    test('unsigned, signed for another address, of an actor that is not there: 401', async () => {
      for (const answer of [await get(), await get(x, { target: `${i.origin}/ap/actors/shut/followers/synchronization` }), await get({ ...x, key: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey }), await get({ ...x, keyId: `${r.origin}/users/none#main-key` })]) {
        expect(answer.status).toBe(401)
        expect(await answer.text()).not.toContain('users')
      }
    })
    test('of nobody: 404; of the instance actor: an empty list', async () => {
      expect((await get(x, { path: '/ap/actors/nobody/followers/synchronization' })).status).toBe(404)
      expect((await get(x, { path: '/ap/actors/shut/followers/synchronization' })).status).toBe(404)
      expect(await (await get(x, { path: '/ap/actor/followers/synchronization' })).json()).toMatchObject({ orderedItems: [] })
    })
    test('what goes to followers says it, signed, once for all inboxes of a server; what goes to others does not', async () => {
      const publish = (cc: string[]) => i.store.write((tx) => i.fedi.publish(tx, { actor: 'coop', to: 'followers', activity: { type: 'Create', to: [PUBLIC], cc, object: note(us()) } }))
      await publish([i.fedi.uris.followers('coop')])
      await idle()
      for (const [s, mine] of [[r, followers.slice(0, 2)], [other, followers.slice(2)]] as const) {
        const [seen] = s.posts()
        expect(readSync(String(seen!.headers[SYNC_HEADER]))).toEqual({ collectionId: i.fedi.uris.followers('coop'), url: i.origin + id, digest: digestOf(mine.map((f) => f.id)) })
        expect(`${String(seen!.headers['signature-input'])} ${String(seen!.headers.signature)}`).toContain(SYNC_HEADER)
      }
      r.seen.length = 0
      await publish([])
      await idle()
      expect(r.posts()).toHaveLength(1)
      expect(r.posts()[0]!.headers[SYNC_HEADER]).toBeUndefined()
    })
    test('a change of followers changes the digest at once', async () => {
      const gone = followers[1]!
      await post(`${i.origin}/ap/inbox`, activity(gone.id, 'Block', us()), gone)
      await until('three followers', async () => (await i.fedi.followersCount('coop')) === 3)
      await i.store.write((tx) => i.fedi.publish(tx, { actor: 'coop', to: 'followers', activity: { type: 'Create', to: [PUBLIC], cc: [i.fedi.uris.followers('coop')], object: note(us()) } }))
      await idle()
      expect(readSync(String(r.posts().at(-1)!.headers[SYNC_HEADER]))?.digest).toBe(digestOf([followers[0]!.id]))
    })
    test('of too many there is no list, and nothing is said', async () => {
      const few = followerDigests({ store: i.store, uris: i.fedi.uris, most: 1 })
      expect(await few.of('coop', r.origin)).toEqual([followers[0]!.id])
      expect(await few.of('coop', other.origin)).toBeUndefined()
      expect(await few.header('coop', other.origin)).toBeUndefined()
    })
    test('names that only begin alike are other servers', async () => {
      const { followers: t } = fediTables(i.store.kit)
      const ids = ['https://s.example', 'https://s.example/1', 'https://s.example/2', 'https://s.example-a.example/1', 'https://s.example.org/1', 'https://s.example:8443/1', 'https://s.example0/1', 'http://s.example/1']
      await i.store.write((tx) => tx.insert(t).values(ids.map((follower) => ({ actor: 'second', follower, inbox: `${follower}/in`, state: 'accepted', followId: follower, since: new Date() }))))
      expect(await followerDigests({ store: i.store, uris: i.fedi.uris }).of('second', 'https://s.example')).toEqual(ids.slice(0, 3))
    })
  })
})
