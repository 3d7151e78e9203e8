/** Activities as others write them: whatever the shape, the effect is the one that was meant, or none. */
import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Json } from '../../src/fedi/fedi.ts'
import { isVote } from '../../src/fedi/dispatch/vote.ts'
import { plain } from '../../src/fedi/inbox/lenient.ts'
import { fediTables } from '../../src/fedi/tables.ts'
import { storeTables } from '../../src/store/tables.ts'
import { engines } from '../engines.ts'
import { activity, makeInstance, makeRemote, note, post, PUBLIC, signedGet, until, type Instance, type Remote, type RemoteActorKeys } from './instance.ts'

const AS2 = 'https://www.w3.org/ns/activitystreams'
const isOurs = (id: string) => id.startsWith('https://ours.example/')

describe('made plain', () => {
  test('brackets round one, Links and long names of types', () => {
    const link = { type: 'Link', href: 'https://a.example/1' }
    expect(plain({ type: ['as:Create'], actor: [link], object: [{ type: [`${AS2}#Note`], attributedTo: [link], inReplyTo: [link], tag: [link], to: ['x'] }], to: ['y'] })).toEqual({
      type: 'Create', actor: link.href, to: ['y'],
      object: { type: 'Note', attributedTo: link.href, inReplyTo: link.href, tag: [link], to: ['x'] },
    })
    expect(plain({ type: ['A', 'B'], object: ['a', 'b', link], actor: [] })).toEqual({ type: ['A', 'B'], object: ['a', 'b', link.href], actor: [] })
  })
  test('what is plain stays as it is, and whatever comes is no error', () => {
    const a = activity('https://a.example/u', 'Undo', { id: 'https://a.example/1', type: 'Like', actor: 'https://a.example/u', object: 'https://b.example/1' })
    expect(plain(a)).toEqual(a)
    fc.assert(fc.property(fc.jsonValue(), (v) => { plain(v) }))
    const names = ['type', 'actor', 'object', 'attributedTo', 'inReplyTo', 'href', 'x']
    fc.assert(fc.property(fc.letrec((tie) => ({ v: fc.oneof({ maxDepth: 4 }, fc.constant('Link'), fc.string(), fc.array(tie('v'), { maxLength: 3 }), fc.dictionary(fc.constantFrom(...names), tie('v'))) })).v, (v) => {
      const before = JSON.stringify(v)
      plain(v)
      expect(JSON.stringify(v)).toBe(before) // what was sent is left as it was: a proof is over that
    }))
  })
})

describe('a vote', () => {
  const vote = { type: 'Note', name: 'Yes', inReplyTo: 'https://ours.example/q' }
  test.each<[string, Json]>([
    ['without content', vote], ['with none', { ...vote, content: null }], ['with nothing in it', { ...vote, content: '' }], ['with <br> (snac)', { ...vote, content: '<br>' }],
    ['with an empty paragraph', { ...vote, content: ' <p>&nbsp;</p>\n' }], ['with empty words in a language', { ...vote, contentMap: { en: '<p></p>' } }], ['in a list of one', { ...vote, inReplyTo: [vote.inReplyTo] }],
    ['by an object', { ...vote, inReplyTo: { id: vote.inReplyTo, type: 'Question' } }],
  ])('%s is one', (_, v) => { expect(isVote(v, isOurs)).toBe(true) })
  test.each<[string, unknown]>([
    ['words', { ...vote, content: '<p>Yes</p>' }], ['words in a language', { ...vote, contentMap: { en: 'Yes' } }], ['an emoji', { ...vote, content: '👍' }], ['no name', { ...vote, name: undefined }], ['an empty name', { ...vote, name: '' }],
    ['another’s question', { ...vote, inReplyTo: 'https://a.example/q' }], ['no question', { ...vote, inReplyTo: undefined }], ['another type', { ...vote, type: 'Article' }], ['no object', 'https://ours.example/q'],
  ])('with %s is none', (_, v) => { expect(isVote(v, isOurs)).toBe(false) })
})

describe.each(engines)('in the inbox, on $engine', ({ fresh }) => {
  let i: Instance, r: Remote, x: RemoteActorKeys
  const votes: unknown[] = []
  let stuck = false
  beforeAll(async () => {
    i = await makeInstance({ store: await fresh(), retryAfter: [10, 10] })
    i.fedi.on('Create/Vote', async (_tx, a) => { if (stuck) throw new Error('not today'); votes.push(a.object) })
    i.fedi.on('Create/Page', async (_tx, a) => { i.inbound.push(a) })
    r = await makeRemote()
    x = r.actor('x')
  })
  afterAll(async () => { await i?.close(); await r?.close() })
  beforeEach(() => { i.inbound.length = 0; votes.length = 0; r.seen.length = 0 })
  const shared = () => `${i.origin}/ap/inbox`
  const quiet = () => until('the queue', async () => !(await i.jobs.depth()).some((d) => d.kind === 'inbox' && d.waiting + d.running + d.delayed > 0))
  async function send(a: unknown, by: { keyId: string; key: RemoteActorKeys['key'] } = x, status = 202): Promise<void> {
    const answer = await post(shared(), a, by)
    expect(`${answer.status} ${(await answer.text()).trim()}`).toMatch(new RegExp(`^${status}`))
    await quiet()
  }
  const effects = () => i.inbound.map((a) => `${a.type} ${a.objectId ?? ''}`)
  const question = () => i.fedi.uris.object('campaigns', '1')
  const create = (more: Json = {}): Json & { object: Json } => activity(x.id, 'Create', note(x.id, more)) as Json & { object: Json }

  test.each<[string, (a: Json & { object: Json }) => unknown]>([
    ['no @context', ({ '@context': _, ...a }) => a],
    ['an unknown @context', (a) => ({ ...a, '@context': [AS2, 'https://unknown.example/context', { x: 'https://unknown.example/x' }] })],
    ['lists of one for everything', (a) => ({ ...a, type: [a.type], actor: [a.actor], object: [{ ...a.object, type: ['Note'], attributedTo: [x.id] }] })],
    ['single values for lists', (a) => ({ ...a, to: PUBLIC, object: { ...a.object, to: PUBLIC, tag: 'https://a.example/tag', attachment: { type: 'Link', href: 'https://a.example' } } })],
    ['a Link for the actor', (a) => ({ ...a, actor: { type: 'Link', href: x.id } })],
    ['a whole actor', (a) => ({ ...a, actor: { id: x.id, type: 'Person', name: 'X' }, object: { ...a.object, attributedTo: { id: x.id, type: 'Person' } } })],
    ['types by their whole names', (a) => ({ ...a, type: `${AS2}#Create`, object: { ...a.object, type: 'as:Note' } })],
    ['unknown types and terms nested anywhere', (a) => ({ ...a, target: { type: 'Unheard', of: [{ type: 'Of' }] }, object: { ...a.object, tag: [{ type: 'Never' }, 7, null, 'x'], attachment: [[[]]], generator: { type: 'Nothing' } } })],
  ])('%s: the same effect', async (_, bend) => {
    const a = create()
    await send(bend(a))
    expect(effects()).toEqual([`Create ${a.object.id as string}`])
    expect(i.inbound[0]).toMatchObject({ type: 'Create', actor: x.id, object: { type: 'Note', content: '<p>Hello</p>' } })
  })
  test('several of what can be but one: refused', async () => {
    await send({ ...create(), actor: [x.id, r.actor('y').id] }, x, 400)
    await send({ ...create(), type: ['Create', 'Delete'] }, x, 400)
    await send({ ...create(), actor: [] }, x, 400)
  })
  test('an Undo, a Like and a Follow in lists of one', async () => {
    const like = { ...activity(x.id, 'Like', [i.fedi.uris.actor('coop')]), type: ['Like'] }
    await send(like)
    await send({ ...activity(x.id, 'Undo', [like]), actor: [x.id] })
    await send({ ...activity(x.id, 'Follow', [{ type: 'Link', href: i.fedi.uris.actor('coop') }]), type: ['Follow'] })
    expect(effects()).toEqual([`Like ${i.fedi.uris.actor('coop')}`, `Undo ${like.id}`, `Follow ${i.fedi.uris.actor('coop')}`])
    expect(await i.fedi.followers('coop')).toEqual([x.id])
  })
  test('an object of an unknown type, whole or by its id: accepted, no effect', async () => {
    await send(activity(x.id, 'Create', { id: `${x.id}/odd`, type: 'Contraption', attributedTo: x.id, name: 'x' }))
    r.documents.set('/users/x/odd2', { id: `${x.id}/odd2`, type: ['Contraption'], attributedTo: [x.id] })
    await send(activity(x.id, 'Create', `${x.id}/odd2`))
    await send(activity(x.id, 'Contrive', { type: 'Contraption' }))
    expect(effects()).toEqual([])
    expect(await i.jobs.deadLetters('inbox')).toEqual([])
  })
  test('one that is fetched may be written so too', async () => {
    const n = note(x.id)
    r.documents.set(new URL(n.id).pathname, { ...n, type: ['Note'], attributedTo: [{ type: 'Link', href: x.id }] })
    await send(activity(x.id, 'Create', n.id))
    expect(i.inbound).toMatchObject([{ objectId: n.id, object: { type: 'Note' } }])
  })
  test('an actor whose type is in a list', async () => {
    const y = r.actor('listed', { document: { type: ['Person'] } })
    await send(activity(y.id, 'Create', note(y.id)), y)
    expect(effects()).toHaveLength(1)
  })
  test('a Page comes under its own name (Lemmy)', async () => {
    const a = create({ type: 'Page', name: 'Title' })
    await send(a)
    expect(i.inbound).toMatchObject([{ object: { type: 'Page', name: 'Title' } }])
  })

  describe('ids with a query (WordPress)', () => {
    const wordpress = (): RemoteActorKeys => {
      const id = `${r.origin}/?author=1`
      const publicKey = { id: `${id}#main-key`, owner: id, publicKeyPem: String(x.publicKey.export({ type: 'spki', format: 'pem' })) }
      const inbox = `${r.origin}/?rest_route=/activitypub/1.0/actors/1/inbox`
      r.documents.set('/?author=1', { id, type: 'Person', preferredUsername: 'author', name: 'Author', inbox, publicKey })
      // Its server names the key here too; but it is another's.
      r.documents.set('/', { id: `${r.origin}/`, type: 'Person', inbox: `${r.origin}/inbox`, publicKey })
      return { ...x, id, keyId: publicKey.id, inbox }
    }
    test.each(['cavage', 'rfc9421'] as const)('an activity, signed by %s', async (kind) => {
      const w = wordpress()
      const a = activity(w.id, 'Create', note(w.id, { id: `${r.origin}/?p=${kind}` }), { id: `${r.origin}/?activity=${kind}` })
      expect((await post(shared(), a, w, { kind })).status).toBe(202)
      await quiet()
      expect(i.inbound).toMatchObject([{ actor: w.id, objectId: `${r.origin}/?p=${kind}` }])
      const known = await i.fedi.knownActor(w.id)
      expect(known).toMatchObject({ id: w.id, inbox: w.inbox })
    })
    test('it follows, is answered and gets what we say; we follow it; it reads what was said to it', async () => {
      const w = wordpress()
      await send(activity(w.id, 'Follow', i.fedi.uris.actor('coop'), { id: `${r.origin}/?follow=1` }), w)
      expect(await i.fedi.followers('coop')).toContain(w.id)
      const path = new URL(w.inbox).search
      const sent = (type: string) => until(`the ${type}`, () => r.posts().map((s) => ({ url: s.url, a: JSON.parse(String(s.body)) as Json })).find((s) => s.a.type === type && s.url === `/${path}`))
      await sent('Accept')
      await i.store.write((tx) => i.fedi.publish(tx, { actor: 'coop', to: 'followers', activity: { type: 'Create', to: [PUBLIC], object: note(i.fedi.uris.actor('coop')) } }))
      await sent('Create')
      expect((await i.fedi.follow({ handle: 'coop' }, w.id)).actor.id).toBe(w.id)
      const follow = await sent('Follow')
      expect(follow.a.object).toBe(w.id)
      const direct = await i.store.write((tx) => i.fedi.publish(tx, { actor: 'coop', to: 'nobody', inOutbox: true, activity: { type: 'Create', to: [w.id], object: note(i.fedi.uris.actor('coop')) } }))
      for (const kind of ['cavage', 'rfc9421'] as const) expect((await signedGet(direct.id, w, { kind })).status).toBe(200)
      expect((await signedGet(`${i.fedi.uris.outbox('coop')}?page=true`, w)).status).toBe(200)
    })
    test('the one without the query is somebody else', async () => {
      const w = wordpress()
      await send(activity(`${r.origin}/`, 'Create', note(`${r.origin}/`)), w, 401)
      expect(effects()).toEqual([])
    })
  })

  describe('votes', () => {
    const cast = (more: Json = {}) => activity(x.id, 'Create', { id: `${x.id}/votes/${Math.random()}`, type: 'Note', attributedTo: x.id, name: 'Yes', inReplyTo: question(), to: [i.fedi.uris.actor('coop')], ...more })
    test.each<[string, Json]>([['without content', {}], ['with <br>', { content: '<br>' }], ['in lists of one', { type: ['Note'], inReplyTo: [question] }]])('%s: a vote, and no comment', async (_, more) => {
      const inReplyTo = 'inReplyTo' in more ? [question()] : question()
      await send(cast({ ...more, inReplyTo }))
      expect(votes).toMatchObject([{ name: 'Yes' }])
      expect(effects()).toEqual([])
    })
    test('with words: a comment, and no vote', async () => {
      await send(cast({ content: '<p>Yes, but</p>' }))
      expect([votes, effects().length]).toEqual([[], 1])
    })
    test('that is changed: neither, for a vote stands', async () => {
      const v = cast()
      await send(v)
      await send(activity(x.id, 'Update', { ...v.object as Json, name: 'No' }))
      expect([votes.length, effects()]).toEqual([1, []])
    })
    test('nothing of it is kept: no document, no id, no dead letter that says who voted what', async () => {
      const good = cast(), bad = cast()
      await send(good)
      stuck = true
      await send(bad)
      stuck = false
      const letters = await i.jobs.deadLetters('inbox')
      expect(letters).toMatchObject([{ payload: {}, cause: 'not today' }])
      const s = storeTables(i.store.kit), f = fediTables(i.store.kit)
      const rows = await Promise.all([i.store.read.select().from(s.jobs), i.store.read.select().from(s.deadLetters), i.store.read.select().from(s.documents), i.store.read.select().from(f.received), i.store.read.select().from(f.stones)])
      const text = JSON.stringify(rows)
      for (const a of [good, bad]) for (const id of [a.id, (a.object as Json).id as string]) expect(text).not.toContain(id)
      await i.jobs.replay(letters[0]!.id)
      await quiet()
      expect([await i.jobs.deadLetters('inbox'), votes.length]).toEqual([[], 1])
    })
    test('of anything else a dead letter keeps the whole, so that it can be played again', async () => {
      let broken = true
      i.fedi.on('Create/Ticket', async (_tx, a) => { if (broken) throw new Error('not today'); i.inbound.push(a) })
      const a = activity(x.id, 'Create', { id: `${x.id}/t`, type: 'Ticket', attributedTo: x.id })
      await send(a)
      const [letter] = await i.jobs.deadLetters('inbox')
      expect(letter).toMatchObject({ payload: { raw: { id: a.id } } })
      broken = false
      await i.jobs.replay(letter!.id)
      await quiet()
      expect(effects()).toEqual([`Create ${x.id}/t`])
    })
  })
})
