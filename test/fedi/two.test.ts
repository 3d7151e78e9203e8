/** Two instances with stores of their own, over real sockets, with real signatures. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { engines } from '../engines.ts'
import { makeInstance, PUBLIC, until, type Instance } from './instance.ts'

const [sqlite] = engines

describe.each(engines)('two instances, one on $engine', ({ fresh }) => {
  let a: Instance, b: Instance
  beforeAll(async () => {
    a = await makeInstance({ store: await sqlite!.fresh() })
    b = await makeInstance({ store: await fresh() })
  })
  afterAll(async () => { await a?.close(); await b?.close() })

  const say = (i: Instance, text: string) => i.store.write(async (tx) => {
    const id = i.fedi.uris.object('notes', text)
    const note = { id, type: 'Note', attributedTo: i.fedi.uris.actor('coop'), content: `<p>${text}</p>`, to: [PUBLIC], cc: [i.fedi.uris.followers('coop')] }
    await i.fedi.putObject(tx, note)
    return i.fedi.publish(tx, { actor: 'coop', activity: { type: 'Create', to: [PUBLIC], object: note }, to: 'followers' })
  })

  test.each([['b follows a', () => [b, a] as const], ['a follows b', () => [a, b] as const]])('%s: asked, accepted, posted, undone', async (_, pair) => {
    const [from, to] = pair()
    const target = to.fedi.uris.actor('coop')
    const { state, actor } = await from.fedi.follow({ handle: 'coop' }, target)
    expect(state).toBe('requested')
    expect(actor).toMatchObject({ id: target, type: 'Organization', name: 'Coop', inbox: `${target}/inbox`, sharedInbox: `${to.origin}/ap/inbox` })
    await until('the Accept', async () => (await from.fedi.following('coop'))[0]?.state === 'accepted')
    expect(from.inbound.find((x) => x.type === 'Accept')).toMatchObject({ actor: target })
    expect(await from.store.write((tx) => from.fedi.isFollowed(tx, target))).toBe(true)
    expect(await to.fedi.followers('coop')).toEqual([from.fedi.uris.actor('coop')])
    expect((await from.fedi.follow({ handle: 'coop' }, target)).state).toBe('accepted')

    const { id } = await say(to, `hello-${to === a ? 'a' : 'b'}`)
    const got = await until('the post', () => from.inbound.find((x) => x.id === id))
    expect(got).toMatchObject({ type: 'Create', actor: target, host: '127.0.0.1', object: { type: 'Note', attributedTo: target } })
    expect((await from.fedi.knownActor(target))?.name).toBe('Coop')

    await from.fedi.unfollow({ handle: 'coop' }, target)
    await until('the Undo', async () => (await to.fedi.followersCount('coop')) === 0)
    expect(await from.fedi.following()).toEqual([])
  })

  test('both kinds of signature have been used, and what worked is remembered', async () => {
    const peers = await b.fedi.health.peers()
    expect(peers.find((p) => p.host === a.host)).toMatchObject({ signature: 'rfc9421', failures: 0 })
    expect(await b.fedi.health.failed()).toEqual([])
  })

  test('a buried actor is a tombstone there and gone here', async () => {
    const target = a.fedi.uris.actor('brief')
    await a.store.write((tx) => a.fedi.actors.put(tx, { handle: 'brief', open: true, owner: 'organisation:3', document: { type: 'Organization', name: 'Brief' } }))
    await b.fedi.follow({ handle: 'coop' }, target)
    await until('the Accept', async () => (await b.fedi.following('coop')).find((f) => f.actor === target)?.state === 'accepted')
    await a.store.write((tx) => a.fedi.actors.bury(tx, 'brief'))
    await until('the Delete', () => b.inbound.find((x) => x.type === 'Delete' && x.objectId === target))
    // The handler runs inside the transaction; its end comes a moment later.
    await until('the end of it', async () => !(await b.fedi.following('coop')).some((f) => f.actor === target))
    expect(await b.fedi.knownActor(target)).toBeUndefined()
    const r = await fetch(target, { headers: { accept: 'application/activity+json' } })
    expect(r.status).toBe(410)
    expect(await r.json()).toMatchObject({ type: 'Tombstone', formerType: 'Organization' })
  })

  test('an address is looked up both ways', async () => {
    const actor = await b.fedi.lookupActor(`@coop@${a.host}`)
    expect(actor).toMatchObject({ id: a.fedi.uris.actor('coop'), handle: `coop@${a.host}` })
    await expect(b.fedi.lookupActor(`@nobody@${a.host}`)).rejects.toMatchObject({ code: 'not-found' })
    await expect(b.fedi.lookupActor(`@shut@${a.host}`)).rejects.toMatchObject({ code: 'not-found' })
    await expect(b.fedi.lookupActor('not an address')).rejects.toMatchObject({ code: 'lookup' })
    await expect(b.fedi.follow({ handle: 'coop' }, a.fedi.uris.actor('shut'))).rejects.toMatchObject({ code: 'not-an-actor' })
  })
})
