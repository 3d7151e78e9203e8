/** Whose word counts for what: each activity comes in signed and well formed, and has the effect that it should, or none. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { engines } from '../engines.ts'
import { activity, makeInstance, makeRemote, note, post, PUBLIC, until, type Instance, type Remote, type RemoteActorKeys } from './instance.ts'

describe.each(engines)('dispatch on $engine', ({ fresh }) => {
  let i: Instance, r: Remote, other: Remote, x: RemoteActorKeys, y: RemoteActorKeys
  const asked: string[] = []
  beforeAll(async () => {
    i = await makeInstance({ store: await fresh() })
    r = await makeRemote()
    other = await makeRemote()
    x = r.actor('x')
    y = r.actor('y')
  })
  afterAll(async () => { await i?.close(); await r?.close(); await other?.close() })
  beforeEach(() => { i.inbound.length = 0; asked.length = 0; other.seen.length = 0 })

  const shared = () => `${i.origin}/ap/inbox`
  const quiet = () => until('the queue', async () => !(await i.jobs.depth()).some((d) => d.kind === 'inbox' && d.waiting + d.running > 0))
  /** Sends, and waits until it has been dealt with. */
  async function send(a: unknown, by: RemoteActorKeys = x, to = shared()): Promise<void> {
    const response = await post(to, a, by)
    expect(response.status).toBe(202)
    await quiet()
  }
  const effect = () => i.inbound.map((a) => `${a.type} ${a.objectId ?? ''}`)

  describe('Create', () => {
    test('an embedded Note of the signer’s own is taken as sent, without a request', async () => {
      const n = note(x.id)
      const before = r.seen.length
      await send(activity(x.id, 'Create', n), x, `${i.origin}/ap/actors/coop/inbox`)
      expect(i.inbound).toMatchObject([{ type: 'Create', actor: x.id, host: '127.0.0.1', objectId: n.id, object: { content: '<p>Hello</p>' }, addressed: 'coop' }])
      expect(r.seen.slice(before).filter((s) => s.url.includes('notes'))).toEqual([])
    })
    test('single values, lists of one and a missing context are all the same', async () => {
      const { '@context': _, ...bare } = activity(x.id, 'Create', [note(x.id, { to: PUBLIC, attributedTo: [x.id] })])
      await send(bare)
      expect(effect()).toHaveLength(1)
    })
    test('of somebody else’s: dropped', async () => {
      await send(activity(x.id, 'Create', note(x.id, { attributedTo: y.id })))
      expect(effect()).toEqual([])
    })
    test('that names an object on another server: believed only as it stands there, and there it is another’s', async () => {
      const id = `${other.origin}/notes/1`
      other.documents.set('/notes/1', { id, type: 'Note', attributedTo: `${other.origin}/users/z`, content: 'theirs' })
      await send(activity(x.id, 'Create', { id, type: 'Note', attributedTo: x.id, content: 'forged' }))
      expect(effect()).toEqual([])
      expect(other.seen.map((s) => s.url)).toEqual(['/notes/1'])
    })
    test('that names its object by id: fetched', async () => {
      const n = note(x.id)
      r.documents.set(new URL(n.id).pathname, n)
      await send(activity(x.id, 'Create', n.id))
      expect(i.inbound).toMatchObject([{ object: { content: '<p>Hello</p>' } }])
    })
    test('of an object of ours: dropped', async () => {
      const id = i.fedi.uris.object('notes', 'mine')
      await i.store.write((tx) => i.fedi.putObject(tx, { id, type: 'Note', attributedTo: i.fedi.uris.actor('coop') }))
      await send(activity(x.id, 'Create', { id, type: 'Note', attributedTo: x.id, content: 'forged' }))
      expect(effect()).toEqual([])
    })
    test('a vote has a name and no words, and cannot be fetched', async () => {
      const votes: unknown[] = []
      i.fedi.on('Create/Vote', async (_tx, a) => { votes.push(a.object) })
      await send(activity(x.id, 'Create', note(x.id, { content: undefined, name: 'Yes', inReplyTo: i.fedi.uris.object('campaigns', '1') })))
      expect(votes).toMatchObject([{ name: 'Yes' }])
      expect(effect()).toEqual([]) // and is no comment
    })
  })

  describe('Delete', () => {
    test('that comes first wins', async () => {
      const n = note(x.id)
      await send(activity(x.id, 'Delete', { id: n.id, type: 'Tombstone' }))
      await send(activity(x.id, 'Create', n))
      expect(effect()).toEqual([`Delete ${n.id}`])
    })
    test('by another actor does not count against the author’s', async () => {
      const n = note(x.id)
      await send(activity(y.id, 'Delete', n.id), y)
      await send(activity(x.id, 'Create', n))
      expect(effect()).toEqual([`Delete ${n.id}`, `Create ${n.id}`]) // rooms compare the author of what they keep
    })
    test('of another server’s object: dropped', async () => {
      await send(activity(x.id, 'Delete', `${other.origin}/notes/1`))
      expect(effect()).toEqual([])
    })
  })

  describe('Update', () => {
    test('a Create, fifty Updates and a Delete that wait together are dealt with in their order', async () => {
      await i.stopWorkers()
      const n = note(x.id)
      const all = [activity(x.id, 'Create', n), ...Array.from({ length: 50 }, (_, v) => activity(x.id, 'Update', { ...n, content: `${v}` })), activity(x.id, 'Delete', n.id)]
      for (const a of all) expect((await post(shared(), a, x)).status).toBe(202)
      i.startWorkers()
      await quiet()
      expect(i.inbound.map((a) => a.id)).toEqual(all.map((a) => a.id))
    })
    test('of one’s own Note', async () => {
      const n = note(x.id)
      await send(activity(x.id, 'Update', n))
      expect(effect()).toEqual([`Update ${n.id}`])
    })
    test('of another’s: dropped', async () => {
      await send(activity(x.id, 'Update', note(y.id)))
      expect(effect()).toEqual([])
    })
    test('of the actor itself: fetched from its own address, not believed as sent', async () => {
      r.actor('x', { document: { name: 'New name' } })
      await send(activity(x.id, 'Update', { id: x.id, type: 'Person', name: 'As sent', inbox: 'https://evil.example/inbox' }))
      expect(i.inbound).toMatchObject([{ type: 'Update', objectId: x.id, object: { name: 'New name' } }])
      expect((await i.fedi.knownActor(x.id))?.name).toBe('New name')
    })
    test('of another actor: dropped', async () => {
      await send(activity(x.id, 'Update', { id: y.id, type: 'Person', name: 'Stolen', inbox: y.inbox }))
      expect(effect()).toEqual([])
    })
  })

  describe('Follow', () => {
    const follow = (who: RemoteActorKeys, target = i.fedi.uris.actor('coop')) => activity(who.id, 'Follow', target)
    const answers = (type: string) => r.posts().map((s) => JSON.parse(String(s.body)) as { type: string; actor: string; object: { id: string } }).filter((a) => a.type === type)
    test('is accepted, and undone by its object or by its id alone', async () => {
      const one = follow(x)
      await send(one)
      expect(await i.fedi.followers('coop')).toEqual([x.id])
      const accept = await until('the Accept', () => answers('Accept').find((a) => a.object.id === one.id))
      expect(accept).toMatchObject({ actor: i.fedi.uris.actor('coop'), object: { type: 'Follow', actor: x.id, object: i.fedi.uris.actor('coop') } })
      await send(activity(x.id, 'Undo', one))
      expect(await i.fedi.followersCount('coop')).toBe(0)
      const two = follow(x)
      await send(two)
      expect(await i.fedi.followersCount('coop')).toBe(1)
      await send(activity(x.id, 'Undo', two.id))
      expect(await i.fedi.followersCount('coop')).toBe(0)
      expect(effect()).toEqual([`Follow ${i.fedi.uris.actor('coop')}`, `Undo ${one.id}`, `Follow ${i.fedi.uris.actor('coop')}`, `Undo ${two.id}`])
    })
    test('undone by somebody else: nothing', async () => {
      const one = follow(x)
      await send(one)
      await send(activity(y.id, 'Undo', one), y)
      await send(activity(y.id, 'Undo', one.id), y)
      await send(activity(y.id, 'Undo', { ...one, actor: y.id }), y)
      expect(await i.fedi.followers('coop')).toEqual([x.id])
      await send(activity(x.id, 'Block', i.fedi.uris.actor('coop')))
      expect(await i.fedi.followersCount('coop')).toBe(0)
    })
    test('undone before it came', async () => {
      const one = follow(y)
      await send(activity(y.id, 'Undo', one), y)
      await send(one, y)
      expect(await i.fedi.followersCount('coop')).toBe(0)
    })
    test('of a closed actor and of nobody: rejected', async () => {
      for (const target of [i.fedi.uris.actor('shut'), i.fedi.uris.actor('nobody')]) {
        const one = follow(x, target)
        await send(one)
        await until('the Reject', () => answers('Reject').find((a) => a.object.id === one.id))
      }
      await send(follow(x, `${other.origin}/users/z`))
      expect(await i.fedi.followersCount('shut')).toBe(0)
    })
    test('whose sender moves its inbox is followed there', async () => {
      const z = r.actor('z', { shared: false })
      await send(activity(z.id, 'Follow', i.fedi.uris.actor('coop')), z)
      r.actor('z', { document: { inbox: `${z.id}/elsewhere`, endpoints: {} } })
      await send(activity(z.id, 'Update', z.id), z)
      await i.store.write((tx) => i.fedi.publish(tx, { actor: 'coop', to: 'followers', activity: { type: 'Create', to: [PUBLIC], object: note(i.fedi.uris.actor('coop')) } }))
      await until('the post', () => r.posts().find((s) => s.url === '/users/z/elsewhere'))
    })
  })

  describe('answers to our Follow', () => {
    const state = async (id: string) => (await i.fedi.following('coop')).find((f) => f.actor === id)?.state
    test('by the Follow itself, by its id, and only from the one who was asked', async () => {
      for (const form of ['whole', 'id'] as const) {
        const who = r.actor(`asked-${form}`)
        await i.fedi.follow({ handle: 'coop' }, who.id)
        const asked = await until('our Follow', () => r.posts().map((s) => JSON.parse(String(s.body)) as { id: string; type: string; object: string }).find((a) => a.type === 'Follow' && a.object === who.id))
        await send(activity(x.id, 'Accept', form === 'whole' ? asked : asked.id))
        expect(await state(who.id)).toBe('requested')
        await send(activity(who.id, 'Accept', form === 'whole' ? asked : asked.id), who)
        expect(await state(who.id)).toBe('accepted')
        await send(activity(who.id, 'Reject', asked.id), who)
        expect(await state(who.id)).toBe('rejected')
      }
      expect(i.inbound.filter((a) => a.type === 'Accept').map((a) => a.objectId)).toHaveLength(2)
    })
    test('to what nobody asked: nothing', async () => {
      await send(activity(x.id, 'Accept', { type: 'Follow', actor: i.fedi.uris.actor('coop'), object: x.id }))
      expect(await state(x.id)).toBeUndefined()
    })
  })

  test('a Like and an Announce of ours come with our document; of others’ by id, without a request', async () => {
    const id = i.fedi.uris.object('notes', 'liked')
    await i.store.write((tx) => i.fedi.putObject(tx, { id, type: 'Note', content: 'ours' }))
    await send(activity(x.id, 'Like', id))
    await send(activity(x.id, 'Announce', `${other.origin}/notes/9`))
    await send(activity(x.id, 'Like', i.fedi.uris.object('notes', 'absent')))
    expect(i.inbound).toMatchObject([{ type: 'Like', object: { content: 'ours' } }, { type: 'Announce', object: `${other.origin}/notes/9` }])
    expect(other.seen).toEqual([])
  })
  test('an actor that is gone leaves every list', async () => {
    const z = r.actor('leaver')
    await send(activity(z.id, 'Follow', i.fedi.uris.actor('coop')), z)
    expect(await i.fedi.followers('coop')).toContain(z.id)
    r.documents.delete('/users/leaver')
    await send(activity(z.id, 'Delete', z.id), z)
    expect(await i.fedi.followers('coop')).not.toContain(z.id)
    expect(await i.fedi.knownActor(z.id)).toBeUndefined()
    expect(effect().at(-1)).toBe(`Delete ${z.id}`)
    // It may say so again; for anything else it has to be there.
    await send(activity(z.id, 'Delete', z.id), z)
    expect((await post(shared(), activity(z.id, 'Create', note(z.id)), z)).status).toBe(401)
  })
  test('a Flag comes with all that it names of ours, by id', async () => {
    const reported: unknown[] = []
    i.fedi.on('Flag', async (_tx, a) => { reported.push(a.object) })
    const coop = i.fedi.uris.actor('coop'), post = i.fedi.uris.object('notes', 'reported')
    await send(activity(x.id, 'Flag', [coop, { id: post }, `${other.origin}/notes/1`], { content: 'rude' }))
    await send(activity(x.id, 'Flag', coop))
    await send(activity(x.id, 'Flag', `${other.origin}/notes/1`))
    expect(reported).toEqual([[coop, post], [coop]])
    expect(other.seen).toEqual([])
  })
  test('what nobody handles has no effect', async () => {
    for (const type of ['Join', 'Move', 'Nonsense', 'constructor', '__proto__']) await send(activity(x.id, type, x.id))
    expect(effect()).toEqual([])
  })
  test('a signer may not have an inbox or a shared inbox on somebody else’s server', async () => {
    const z = r.actor('aimer', { document: { inbox: `${other.origin}/inbox` } })
    expect((await post(shared(), activity(z.id, 'Follow', i.fedi.uris.actor('coop')), z)).status).toBe(401)
    const w = r.actor('sharer', { document: { endpoints: { sharedInbox: `${other.origin}/inbox` } } })
    await send(activity(w.id, 'Follow', i.fedi.uris.actor('coop')), w)
    expect(await i.fedi.knownActor(w.id)).not.toHaveProperty('sharedInbox')
  })
})
