/** What somebody else passes on: its actor's word with a proof, a hint with a linked-data signature, nothing without. */
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { exportMultibaseKey } from '@fedify/vocab-runtime'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Json } from '../../src/fedi/fedi.ts'
import { addProof } from '../../src/fedi/proof/proof.ts'
import { fediTables } from '../../src/fedi/tables.ts'
import { DAY, HOUR, type Clock } from '../../src/kernel/time.ts'
import { engines } from '../engines.ts'
import { activity, makeInstance, makeRemote, note, post, PUBLIC, rsa, until, type ActorOptions, type Instance, type Remote, type RemoteActorKeys } from './instance.ts'

interface Author extends RemoteActorKeys { method: string; own: KeyObject }
const [sqlite] = engines

/** An actor that can prove its word. */
async function author(r: Remote, name: string, o: ActorOptions = {}): Promise<Author> {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const id = `${r.origin}/users/${name}`
  const method = `${id}#ed25519-key`
  const multibase = await exportMultibaseKey(publicKey.toCryptoKey('Ed25519', true, ['verify']) as CryptoKey)
  const a = r.actor(name, { ...o, document: { assertionMethod: [{ id: method, type: 'Multikey', controller: id, publicKeyMultibase: multibase }], ...o.document } })
  return { ...a, method, own: privateKey }
}
const proved = (a: Json, by: Author, created = new Date(), method = by.method): Json => addProof(a, { method, key: by.own, created })
/** As Mastodon sends it on. What stands in the signature is nobody's business here. */
const marked = (a: Json, by: { keyId: string }): Json => ({ ...a, signature: { type: 'RsaSignature2017', creator: by.keyId, created: new Date().toISOString(), signatureValue: 'bm9uc2Vuc2U=' } })

describe.each(engines)('forwarded, on $engine', ({ fresh }) => {
  let i: Instance, a: Remote, b: Remote, ada: Author, bob: RemoteActorKeys
  let offset = 0
  const clock: Clock = { now: () => new Date(Date.now() + offset) }
  beforeAll(async () => {
    i = await makeInstance({ store: await fresh(), clock, retryAfter: [20, 20, 20, 20, 20] })
    a = await makeRemote()
    b = await makeRemote()
    ada = await author(a, 'ada')
    bob = b.actor('bob')
  })
  afterAll(async () => { await i?.close(); await a?.close(); await b?.close() })
  beforeEach(() => { i.inbound.length = 0; a.seen.length = 0; b.seen.length = 0; offset = 0; a.answer = () => {} })

  const shared = () => `${i.origin}/ap/inbox`
  const settled = () => until('the queue', async () => !(await i.jobs.depth()).some((d) => d.kind === 'inbox' && d.waiting + d.running > 0))
  const effects = () => i.inbound.map((x) => `${x.type} ${x.objectId} by ${x.actor}`)
  const kept = () => i.store.read.$count(fediTables(i.store.kit).received)
  const asked = (r: Remote) => r.seen.map((s) => s.url)
  async function send(status: number, activity_: Json, by: { keyId: string; key: KeyObject } = bob): Promise<void> {
    const response = await post(shared(), activity_, by, { date: clock.now() })
    expect(`${response.status} ${(await response.text()).trim()}`).toMatch(new RegExp(`^${status}`))
    await settled()
  }
  /** Refused, without effect, and nothing kept. */
  async function refused(activity_: Json, by: { keyId: string; key: KeyObject } = bob, status = 401): Promise<void> {
    const before = await kept()
    await send(status, activity_, by)
    expect(effects()).toEqual([])
    expect(await kept()).toBe(before)
  }
  const create = (more: Json = {}, by: RemoteActorKeys = ada): Json => activity(by.id, 'Create', note(by.id, more))

  describe('with a proof', () => {
    test('it is its actor’s word, once, whoever brings it; only the two actors are asked for', async () => {
      const said = proved({ ...create(), '@context': ['https://www.w3.org/ns/activitystreams', `${a.origin}/context`] }, ada)
      await send(202, said)
      expect(effects()).toEqual([`Create ${(said.object as Json).id} by ${ada.id}`])
      expect([asked(a), asked(b)]).toEqual([['/users/ada'], ['/users/bob']])
      await send(202, said)
      await send(202, said, ada)
      await send(202, said, b.actor('bill'))
      expect(effects()).toHaveLength(1)
    })
    test('twenty at once have one effect', async () => {
      const said = proved(create(), ada)
      const all = await Promise.all(Array.from({ length: 20 }, () => post(shared(), said, bob)))
      expect(all.every((r) => r.status === 202)).toBe(true)
      await settled()
      expect(effects()).toHaveLength(1)
    })
    test('in a personal inbox too, and with a linked-data signature beside it', async () => {
      const response = await post(`${i.origin}/ap/actors/coop/inbox`, marked(proved(create(), ada), ada), bob)
      expect(response.status).toBe(202)
      await settled()
      expect(i.inbound).toMatchObject([{ actor: ada.id, addressed: 'coop', object: { content: '<p>Hello</p>' } }])
    })
    test('a key that is new is looked for once', async () => {
      const turning = await author(a, 'turning')
      await send(202, proved(create({}, turning), turning))
      const fresh = await author(a, 'turning')
      await send(202, proved(create({}, fresh), fresh))
      expect(effects()).toHaveLength(2)
      await send(401, proved(create({}, turning), turning)) // the old one no longer counts
      expect(asked(a)).toEqual(['/users/turning', '/users/turning'])
    })
    test('that was changed on the way: refused, whatever else it bears', async () => {
      const said = proved(create(), ada)
      const forged = { ...said, object: { ...said.object as Json, content: 'forged' } }
      await refused(forged)
      await refused(marked(forged, ada))
    })
    test.each<[string, (said: Json) => Promise<Json> | Json]>([
      ['by a key that its actor does not list', async (said) => proved(said, await author(a, 'other'))],
      ['by the forwarder’s own key', async (said) => proved(said, await author(b, 'bea'))],
      ['by a key that names another actor', async (said) => { const o = await author(a, 'other'); return proved(said, o, new Date(), ada.method) }],
      ['from the future', (said) => proved(said, ada, new Date(Date.now() + 2 * HOUR))],
      ['older than two weeks', (said) => proved(said, ada, new Date(Date.now() - 15 * DAY))],
      ['of another suite', (said) => { const s = proved(said, ada); return { ...s, proof: { ...s.proof as Json, cryptosuite: 'eddsa-rdfc-2022' } } }],
      ['that has expired', (said) => { const s = proved(said, ada); return { ...s, proof: { ...s.proof as Json, expires: '2020-01-01T00:00:00Z' } } }],
      ['that is nonsense', (said) => ({ ...said, proof: 'x' })],
    ])('%s: refused', async (_, bend) => refused(await bend(create())))
    test('of an actor who cannot be asked: refused', async () => {
      const away = await author(a, 'away')
      a.documents.delete('/users/away')
      await refused(proved(create({}, away), away))
    })
    test('but with a forwarder’s signature that does not hold: refused, and the author is not asked for', async () => {
      const forger = { keyId: b.actor('forged').keyId, key: rsa().privateKey }
      const stranger = await author(a, 'stranger')
      await refused(proved(create({}, stranger), stranger), forger)
      expect([asked(a), asked(b)]).toEqual([[], ['/users/forged']])
    })
    test('its actor’s authority is no more than when it sends itself', async () => {
      await send(202, proved(activity(ada.id, 'Create', note(`${a.origin}/users/victim`)), ada))
      await send(202, proved(activity(ada.id, 'Delete', `${b.origin}/notes/1`), ada))
      expect(effects()).toEqual([])
    })
    test('an actor that signs the request itself is believed for that; its proof is not looked at', async () => {
      const said = proved(create(), ada)
      await send(202, { ...said, object: { ...said.object as Json, content: 'as sent' } }, ada)
      expect(i.inbound).toMatchObject([{ object: { content: 'as sent' } }])
    })
  })

  describe('with neither', () => {
    test('a valid signature by B for A, on another server or the same: refused, and nobody is asked', async () => {
      await refused(create())
      expect([asked(a), asked(b)]).toEqual([[], []])
      await refused(create(), a.actor('neighbour', { key: rsa() }))
    })
    test('a linked-data signature of another server than the actor’s is none', () => refused(marked(create(), bob)))
    test('an activity of ours that comes back: refused', async () => {
      const coop = { id: i.fedi.uris.actor('coop'), keyId: i.fedi.uris.mainKey('coop') }
      await refused(marked(activity(coop.id, 'Create', note(coop.id)), coop))
      await refused({ ...activity(coop.id, 'Create', note(coop.id)), proof: {} })
    })
  })

  describe('with a linked-data signature', () => {
    /** A post that ada's server has, and the hint of it. */
    function posted(more: Json = {}, by: RemoteActorKeys = ada): { id: string; path: string; hint: (type: string, object?: unknown) => Json } {
      const n = note(by.id, more)
      const path = new URL(n.id).pathname
      a.documents.set(path, n)
      return { id: n.id, path, hint: (type, object = { ...n, content: 'as forwarded' }) => marked(activity(by.id, type, object), by) }
    }
    test.each(['Create', 'Update'])('a %s: the post is taken from its own server, not as it was sent', async (type) => {
      const p = posted()
      await send(202, p.hint(type))
      expect(i.inbound).toMatchObject([{ type, actor: ada.id, objectId: p.id, object: { content: '<p>Hello</p>' } }])
      expect(asked(a)).toEqual([p.path])
    })
    test('it comes before the activity itself, which still has its effect', async () => {
      const p = posted()
      const genuine = activity(ada.id, 'Create', a.documents.get(p.path))
      await send(202, marked({ ...genuine, object: p.id }, ada))
      await send(202, genuine, ada)
      expect(i.inbound.map((x) => x.id)).toEqual([genuine.id, genuine.id]) // rooms know a post by its id
    })
    test('a false one does not stand in the way of a true one', async () => {
      const p = posted()
      const true_ = p.hint('Create')
      await send(202, { ...true_, object: `${a.origin}/notes/none` })
      await send(202, true_)
      await send(202, true_)
      expect(effects()).toEqual([`Create ${p.id} by ${ada.id}`])
      expect(asked(a)).toEqual(['/notes/none', p.path])
    })
    test('of somebody else’s post: nothing', async () => {
      const other = posted({}, { ...ada, id: `${a.origin}/users/other` })
      await send(202, marked(activity(ada.id, 'Create', other.id), ada))
      expect(effects()).toEqual([])
    })
    test('of a post on another server: nothing is kept or asked', async () => {
      const before = await kept()
      await send(202, marked(activity(ada.id, 'Create', note(bob.id)), ada))
      expect([effects(), asked(a), asked(b), await kept()]).toEqual([[], [], [], before])
    })
    test.each(['Like', 'Announce', 'Follow', 'Undo', 'Flag', 'Move', 'Accept', 'Block'])('a %s: nothing', async (type) => {
      const before = await kept()
      const p = posted()
      await send(202, p.hint(type, type === 'Follow' ? i.fedi.uris.actor('coop') : p.id))
      expect([effects(), asked(a), await kept(), await i.fedi.followersCount('coop')]).toEqual([[], [], before, 0])
    })
    test('an Update of the actor fetches it anew', async () => {
      await author(a, 'renamed')
      await send(202, marked(activity(`${a.origin}/users/renamed`, 'Update', { id: `${a.origin}/users/renamed`, type: 'Person', name: 'As forwarded' }), { keyId: `${a.origin}/users/renamed#k` }))
      expect((await i.fedi.knownActor(`${a.origin}/users/renamed`))?.name).toBe('Name of renamed')
    })

    describe('a Delete', () => {
      test('of what is still there: nothing', async () => {
        const p = posted()
        await send(202, p.hint('Delete', p.id))
        expect(effects()).toEqual([])
        await send(202, activity(ada.id, 'Create', a.documents.get(p.path)), ada)
        expect(effects()).toEqual([`Create ${p.id} by ${ada.id}`])
      })
      test.each(['410', 'a Tombstone'])('of what answers %s: taken down, and a Create that comes later is ignored', async (how) => {
        const p = posted()
        const made = activity(ada.id, 'Create', a.documents.get(p.path))
        if (how === '410') a.answer = (s, res) => { if (s.url !== p.path) return false; res.writeHead(410).end(); return true }
        else a.documents.set(p.path, { id: p.id, type: 'Tombstone' })
        await send(202, p.hint('Delete', { id: p.id, type: 'Tombstone' }))
        expect(effects()).toEqual([`Delete ${p.id} by ${ada.id}`])
        await send(202, made, ada)
        expect(effects()).toHaveLength(1)
      })
      test('of what is not found: only when that is so an hour later too', async () => {
        const gone = posted(), back = posted()
        const document = a.documents.get(back.path)
        for (const p of [gone, back]) {
          a.documents.delete(p.path)
          await send(202, p.hint('Delete', p.id))
        }
        expect(effects()).toEqual([])
        a.documents.set(back.path, document)
        offset = HOUR + 60_000
        i.jobs.wake('inbox')
        await until('the second look', () => effects().length > 0)
        await settled()
        expect(effects()).toEqual([`Delete ${gone.id} by ${ada.id}`])
        expect(asked(a).filter((u) => u === back.path)).toHaveLength(2)
      })
      test('of an actor: by 410 alone, and only of one that is known', async () => {
        const leaver = await author(a, 'leaver')
        const hint = () => marked(activity(leaver.id, 'Delete', leaver.id), leaver)
        await send(202, hint())
        expect(asked(a)).toEqual([])
        await send(202, create({}, leaver), leaver)
        i.inbound.length = 0
        await send(202, hint())
        a.documents.delete('/users/leaver')
        await send(202, hint())
        expect(effects()).toEqual([])
        a.answer = (s, res) => { if (s.url !== '/users/leaver') return false; res.writeHead(410).end(); return true }
        await send(202, hint())
        expect(effects()).toEqual([`Delete ${leaver.id} by ${leaver.id}`])
        expect(await i.fedi.knownActor(leaver.id)).toBeUndefined()
      })
    })

    test('a server that cannot be reached is tried a few times, and then it is forgotten', async () => {
      const p = posted()
      a.answer = (s, res) => { if (s.url !== p.path) return false; res.writeHead(503).end(); return true }
      await send(202, p.hint('Create'))
      await until('the tries', async () => !(await i.jobs.depth()).some((d) => d.kind === 'inbox' && d.waiting + d.running + d.delayed > 0))
      expect(asked(a)).toHaveLength(4)
      expect([effects(), await i.jobs.deadLetters('inbox')]).toEqual([[], []])
    })
    test('one whose proof cannot be checked just now is a hint', async () => {
      const away = await author(a, 'absent')
      const p = posted({}, away)
      a.documents.delete('/users/absent')
      const said = marked(proved(activity(away.id, 'Create', a.documents.get(p.path)), away), away)
      await send(202, said)
      expect(effects()).toEqual([]) // nor can its author be had
      await author(a, 'absent')
      await send(202, p.hint('Update'))
      expect(effects()).toEqual([`Update ${p.id} by ${away.id}`])
    })
    test('a forwarder whose key has an address of its own (GoToSocial)', async () => {
      const gts = b.actor('gts')
      const keyId = `${gts.id}/main-key`
      const document = b.documents.get('/users/gts') as Json
      const publicKey = { ...document.publicKey as Json, id: keyId }
      b.documents.set('/users/gts', { ...document, publicKey })
      b.documents.set('/users/gts/main-key', { '@context': document['@context'], id: gts.id, type: 'Person', preferredUsername: 'gts', publicKey })
      const p = posted(), q = posted()
      await send(202, p.hint('Create'), { keyId, key: gts.key })
      await send(202, q.hint('Create'), { keyId, key: gts.key })
      expect(effects()).toHaveLength(2)
      expect(asked(b)).toEqual(['/users/gts/main-key', '/users/gts'])
    })
    test('a key whose owner is on another server is nobody’s', async () => {
      b.documents.set('/stolen-key', { id: `${b.origin}/stolen-key`, type: 'Key', owner: ada.id })
      await refused(posted().hint('Create'), { keyId: `${b.origin}/stolen-key`, key: bob.key })
      expect(asked(a)).toEqual([])
    })
  })
})

test('hints of one server have a budget, and what is proved has none of it', async () => {
  const i = await makeInstance({ store: await sqlite!.fresh(), workers: false, fedi: { limits: { receive: { refusals: { burst: 99, perMinute: 0 }, perHost: { burst: 99, perMinute: 0 }, hints: { burst: 2, perMinute: 0 } } } } })
  const a = await makeRemote(), b = await makeRemote()
  const ada = await author(a, 'ada'), bob = b.actor('bob')
  const say = async (x: Json) => (await post(`${i.origin}/ap/inbox`, x, bob)).status
  const hint = () => marked(activity(ada.id, 'Create', note(ada.id)), ada)
  expect([await say(hint()), await say(hint()), await say(hint()), await say(proved(activity(ada.id, 'Create', note(ada.id, { to: [PUBLIC] })), ada))]).toEqual([202, 202, 429, 202])
  for (const x of [i, a, b]) await x.close()
})
