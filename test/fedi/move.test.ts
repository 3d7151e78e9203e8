/** Accounts that we follow and that move: both sides must say so, each of ours follows on, once. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { engines } from '../engines.ts'
import { activity, makeInstance, makeRemote, post, until, type Instance, type Remote, type RemoteActorKeys } from './instance.ts'

describe.each(engines)('Move on $engine', ({ fresh }) => {
  let i: Instance, r: Remote, there: Remote
  let n = 0
  beforeAll(async () => {
    i = await makeInstance({ store: await fresh(), handlers: ['Move', 'Undo'], fedi: { isBlocked: (host) => host === 'blocked.example' } })
    await i.store.write((tx) => i.fedi.actors.put(tx, { handle: 'second', open: true, owner: 'organisation:7', document: { type: 'Organization', name: 'Second' } }))
    r = await makeRemote()
    there = await makeRemote()
  })
  afterAll(async () => { await i?.close(); await r?.close(); await there?.close() })

  const idle = () => until('an empty queue', async () => (await i.jobs.depth()).every((d) => d.waiting + d.running + d.delayed === 0))
  async function send(a: unknown, by: RemoteActorKeys): Promise<void> {
    expect((await post(`${i.origin}/ap/inbox`, a, by)).status).toBe(202)
    await idle()
  }
  const sent = (s: Remote) => s.posts().map((p) => JSON.parse(String(p.body)) as { type: string; actor: string; object: unknown })
  const state = async (handle: string, id: string) => (await i.fedi.following(handle)).find((f) => f.actor === id)?.state
  /** `old` is followed by both of ours. */
  async function followed() {
    const name = `m${++n}`
    const old = r.actor(name), fresh = there.actor(name, { document: { alsoKnownAs: [`${r.origin}/users/elsewhere`, old.id] } })
    for (const handle of ['coop', 'second']) {
      await i.fedi.follow({ handle }, old.id)
      const ours = await until('our Follow', () => sent(r).find((a) => a.type === 'Follow' && a.object === old.id && a.actor === i.fedi.uris.actor(handle)))
      await send(activity(old.id, 'Accept', ours), old)
    }
    i.inbound.length = 0
    return { name, old, fresh }
  }
  const untouched = async (old: RemoteActorKeys, to: string) => {
    expect([await state('coop', old.id), await state('second', old.id)]).toEqual(['accepted', 'accepted'])
    expect(await state('coop', to)).toBeUndefined()
    expect(i.inbound).toEqual([])
  }

  test('each of ours follows the new one and leaves the old one; a repeat does nothing', async () => {
    const { name, old, fresh: to } = await followed()
    r.actor(name, { document: { movedTo: to.id } })
    await send(activity(old.id, 'Move', old.id, { target: to.id }), old)
    for (const handle of ['coop', 'second']) {
      expect([await state(handle, old.id), await state(handle, to.id)]).toEqual([undefined, 'requested'])
      await until('the Follow there', () => sent(there).find((a) => a.type === 'Follow' && a.object === to.id && a.actor === i.fedi.uris.actor(handle)))
      await until('the Undo here', () => sent(r).find((a) => a.type === 'Undo' && a.actor === i.fedi.uris.actor(handle) && (a.object as { object: string }).object === old.id))
    }
    expect(i.inbound).toMatchObject([{ type: 'Move', actor: old.id, objectId: to.id }])
    expect((await i.fedi.knownActor(old.id))?.document.movedTo).toBe(to.id)
    expect((await i.fedi.knownActor(to.id))?.name).toBe(`Name of ${name}`)

    const [follows, undos] = [sent(there).length, sent(r).filter((a) => a.type === 'Undo').length]
    await i.fedi.follow({ handle: 'coop' }, old.id) // on purpose
    await send(activity(old.id, 'Move', { id: old.id, type: 'Person' }, { target: { id: to.id } }), old)
    expect(await state('coop', old.id)).toBe('requested')
    expect([sent(there).length, sent(r).filter((a) => a.type === 'Undo').length]).toEqual([follows, undos])
    expect(i.inbound).toHaveLength(1)
  })
  test('who follows the new one already only leaves the old one', async () => {
    const { old, fresh: to } = await followed()
    await i.fedi.follow({ handle: 'coop' }, to.id)
    await send(activity(old.id, 'Move', old.id, { target: to.id }), old)
    await until('one Follow each', () => sent(there).filter((a) => a.type === 'Follow' && a.object === to.id).length === 2)
    expect([await state('coop', old.id), await state('coop', to.id)]).toEqual([undefined, 'requested'])
  })
  test('the old server need not answer any more', async () => {
    const { name, old, fresh: to } = await followed()
    r.documents.delete(`/users/${name}`)
    await send(activity(old.id, 'Move', old.id, { target: to.id }), old)
    expect([await state('coop', old.id), await state('coop', to.id)]).toEqual([undefined, 'requested'])
  })
  test('the new one does not name it back, is away, is no actor, or names it only as it was known before', async () => {
    const { name, old, fresh: to } = await followed()
    await i.fedi.lookupActor(to.id) // known with the old one's name in it
    there.actor(name, { document: { alsoKnownAs: [`${r.origin}/users/elsewhere`] } })
    await send(activity(old.id, 'Move', old.id, { target: to.id }), old)
    there.documents.set(`/users/${name}`, { id: to.id, type: 'Note', alsoKnownAs: old.id })
    await send(activity(old.id, 'Move', old.id, { target: to.id }), old)
    there.documents.delete(`/users/${name}`)
    await send(activity(old.id, 'Move', old.id, { target: to.id }), old)
    await untouched(old, to.id)
  })
  test('said by another, to nowhere, to one of ours, to itself, to a blocked server: nothing, and nothing is asked', async () => {
    const { old, fresh: to } = await followed()
    const other = r.actor('other')
    const before = there.seen.length
    await send(activity(other.id, 'Move', old.id, { target: to.id }), other)
    for (const target of [undefined, 'nonsense', i.fedi.uris.actor('second'), old.id, 'https://blocked.example/users/x']) await send(activity(old.id, 'Move', old.id, { target }), old)
    await untouched(old, to.id)
    expect(there.seen.length).toBe(before)
  })
})
