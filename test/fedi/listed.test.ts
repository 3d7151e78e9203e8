/** Add, Remove and Update on collections come to the rooms as they were sent; several rooms may hear one activity. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { Problem } from '../../src/kernel/errors.ts'
import { storeTables } from '../../src/store/tables.ts'
import { engines } from '../engines.ts'
import { activity, makeInstance, makeRemote, note, post, until, type Instance, type Remote, type RemoteActorKeys } from './instance.ts'

describe.each(engines)('collections of others on $engine', ({ fresh }) => {
  let i: Instance, r: Remote, other: Remote, x: RemoteActorKeys
  beforeAll(async () => {
    i = await makeInstance({ store: await fresh(), handlers: ['Add', 'Remove', 'Update/Listed', 'Update/Note', 'Update/Actor'] })
    r = await makeRemote()
    other = await makeRemote()
    x = r.actor('directory')
  })
  afterAll(async () => { await i?.close(); await r?.close(); await other?.close() })
  beforeEach(() => { i.inbound.length = 0; other.seen.length = 0 })
  async function send(a: unknown): Promise<void> {
    expect((await post(`${i.origin}/ap/inbox`, a, x)).status).toBe(202)
    await until('the queue', async () => !(await i.jobs.depth()).some((d) => d.kind === 'inbox' && d.waiting + d.running > 0))
  }

  test.each(['Add', 'Remove', 'Update'])('%s: the raw ids, of whatever server, and not one request', async (type) => {
    const target = `${x.id}/members`
    const object = [{ id: `${other.origin}/a`, type: 'Organization', 'toad:revision': 2 }, `${r.origin}/b`, { id: `${i.origin}/ap/actors/coop` }]
    const before = r.seen.length
    await send(activity(x.id, type, object, { target }))
    await send(activity(x.id, type, `${other.origin}/c`, { target: { id: target } }))
    expect(i.inbound.map((a) => [a.type, a.actor, a.object, a.raw.target, a.objectId])).toEqual([
      [type, x.id, object, target, undefined], [type, x.id, `${other.origin}/c`, { id: target }, undefined],
    ])
    expect([other.seen, r.seen.slice(before).filter((s) => s.url !== '/users/directory')]).toEqual([[], []])
  })

  test('an Update that carries its object is one of that object, with a target or without', async () => {
    const n = note(x.id)
    await send(activity(x.id, 'Update', n, { target: `${x.id}/members` }))
    await send(activity(x.id, 'Update', x.id))
    expect(i.inbound.map((a) => [a.type, a.objectId])).toEqual([['Update', n.id], ['Update', x.id]])
  })

  test('rooms that hear the same run in order, in one transaction: what one of them refuses has no effect', async () => {
    const { meta } = storeTables(i.store.kit)
    const order: string[] = []
    let refuses = false
    i.fedi.on('Add', async (tx) => { order.push('second'); await tx.insert(meta).values({ key: `heard ${order.length}`, value: 'x' }) })
    i.fedi.on('Add', async () => { order.push('third'); if (refuses) throw new Problem('no', 'not this', { status: 422 }) })
    await send(activity(x.id, 'Add', `${r.origin}/b`, { target: `${x.id}/members` }))
    expect([i.inbound.length, order]).toEqual([1, ['second', 'third']])
    refuses = true
    const kept = await i.store.read.$count(meta)
    await send(activity(x.id, 'Add', `${r.origin}/b`, { target: `${x.id}/members` }))
    expect([order.length, await i.store.read.$count(meta) - kept]).toEqual([4, 0])
  })
})
