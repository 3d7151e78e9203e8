/** Followers that an actor's people look at first: who waits gets nothing and counts for nothing until somebody says yes. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { engines } from '../engines.ts'
import { activity, makeInstance, makeRemote, note, post, PUBLIC, until, type Instance, type Remote, type RemoteActorKeys } from './instance.ts'

interface Sent { type: string; actor: string; object: { id: string; type: string; actor: string; object: string } }

describe.each(engines)('followers approved by hand on $engine', ({ fresh }) => {
  let i: Instance, r: Remote
  let n = 0
  beforeAll(async () => {
    i = await makeInstance({ store: await fresh() })
    r = await makeRemote()
  })
  afterAll(async () => { await i?.close(); await r?.close() })
  beforeEach(async () => {
    await approving(true)
    for (const state of ['pending', 'accepted'] as const) for (const f of await i.fedi.followersOf.list('coop', state)) await i.store.write((tx) => i.fedi.followersOf.reject(tx, 'coop', f.id))
    await idle()
    r.seen.length = 0
    i.inbound.length = 0
  })

  const us = () => i.fedi.uris.actor('coop')
  const approving = (approves: boolean) => i.store.write((tx) => i.fedi.actors.put(tx, { handle: 'coop', open: true, owner: 'organisation:1', approves, document: { type: 'Organization', name: 'Coop', manuallyApprovesFollowers: !approves } }))
  const idle = () => until('an empty queue', async () => (await i.jobs.depth()).every((d) => d.waiting + d.running + d.delayed === 0))
  const newcomer = () => r.actor(`n${++n}`)
  const follow = (who: RemoteActorKeys) => activity(who.id, 'Follow', us())
  async function send(a: unknown, by: RemoteActorKeys): Promise<void> {
    expect((await post(`${i.origin}/ap/inbox`, a, by)).status).toBe(202)
    await idle()
  }
  const sent = (type?: string): Sent[] => r.posts().map((s) => JSON.parse(String(s.body)) as Sent).filter((a) => type === undefined || a.type === type)
  const counts = () => i.fedi.followersOf.counts('coop')
  const accept = (who: RemoteActorKeys) => i.store.write((tx) => i.fedi.followersOf.accept(tx, 'coop', who.id))
  const reject = (who: RemoteActorKeys) => i.store.write((tx) => i.fedi.followersOf.reject(tx, 'coop', who.id))
  const say = () => i.store.write((tx) => i.fedi.publish(tx, { actor: 'coop', to: 'followers', activity: { type: 'Create', to: [PUBLIC], cc: [i.fedi.uris.followers('coop')], object: note(us()) } }))

  test('the document says so, whatever a room writes of it, and says it no more', async () => {
    const said = async () => (JSON.parse((await i.fedi.documents.get(us()))!.json) as Record<string, unknown>).manuallyApprovesFollowers
    expect(await said()).toBe(true)
    await i.store.write((tx) => i.fedi.actors.put(tx, { handle: 'coop', open: true, owner: 'organisation:1', document: { type: 'Organization', name: 'Coop' } }))
    expect(await said()).toBe(true) // as it was
    await approving(false)
    expect(await said()).toBe(false)
  })

  test('a Follow waits: no answer, not counted, nothing delivered, no room is told', async () => {
    const who = newcomer()
    await send(follow(who), who)
    expect(await counts()).toEqual({ accepted: 0, pending: 1 })
    expect(await i.fedi.followersCount('coop')).toBe(0)
    expect(await i.fedi.followers('coop')).toEqual([])
    expect(await (await i.app.request('/ap/actors/coop/followers', { headers: { accept: 'application/activity+json' } })).json()).toMatchObject({ totalItems: 0 })
    await say()
    await idle()
    expect(sent()).toEqual([])
    expect(i.inbound.map((a) => a.type)).toEqual([])
    expect(await i.fedi.followersOf.list('coop', 'pending')).toMatchObject([{ id: who.id, state: 'pending', name: `Name of n${n}`, host: r.host, url: `${r.origin}/@n${n}` }])
  })

  test('accepted: answered with the very Follow, once, and from then on delivered to', async () => {
    const who = newcomer(), asked = follow(who)
    await send(asked, who)
    expect([await accept(who), await accept(who)]).toEqual([true, false])
    await idle()
    expect(sent()).toMatchObject([{ type: 'Accept', actor: us(), object: { id: asked.id, type: 'Follow', actor: who.id, object: us() } }])
    expect(await counts()).toEqual({ accepted: 1, pending: 0 })
    await say()
    await until('the post', () => sent('Create')[0])
    await send(follow(who), who) // has lost our answer
    expect(sent('Accept')).toHaveLength(2)
    expect(await counts()).toEqual({ accepted: 1, pending: 0 })
  })

  test('declined: answered, forgotten, and may ask again', async () => {
    const who = newcomer(), asked = follow(who)
    await send(asked, who)
    expect([await reject(who), await reject(who)]).toEqual(['pending', undefined])
    await idle()
    expect(sent()).toMatchObject([{ type: 'Reject', object: { id: asked.id } }])
    expect(await counts()).toEqual({ accepted: 0, pending: 0 })
    await send(follow(who), who)
    expect(await counts()).toEqual({ accepted: 0, pending: 1 })
  })

  test('ended after it was accepted: a Reject, and nothing goes there any more', async () => {
    const who = newcomer()
    await send(follow(who), who)
    await accept(who)
    expect(await i.store.write((tx) => i.fedi.followersOf.reject(tx, 'coop', who.id, 'pending'))).toBeUndefined() // declining a request is not meant for it
    expect(await reject(who)).toBe('accepted')
    await say()
    await idle()
    expect(sent().map((a) => a.type)).toEqual(['Accept', 'Reject'])
    expect(await counts()).toEqual({ accepted: 0, pending: 0 })
  })

  test('asking twice asks once, and the later Follow is the one that is answered', async () => {
    const who = newcomer(), again = follow(who)
    await send(follow(who), who)
    const [first] = await i.fedi.followersOf.list('coop', 'pending')
    await send(again, who)
    expect(await i.fedi.followersOf.list('coop', 'pending')).toEqual([first])
    await accept(who)
    await idle()
    expect(sent()).toMatchObject([{ type: 'Accept', object: { id: again.id } }])
  })

  test.each([
    ['an Undo', (who: RemoteActorKeys, asked: unknown) => activity(who.id, 'Undo', asked)],
    ['an Undo by id', (who: RemoteActorKeys, asked: unknown) => activity(who.id, 'Undo', (asked as { id: string }).id)],
    ['a Block', (who: RemoteActorKeys) => activity(who.id, 'Block', us())],
    ['a Delete of the account', (who: RemoteActorKeys) => activity(who.id, 'Delete', who.id)],
  ])('%s takes the request away', async (_, taken) => {
    const who = newcomer(), asked = follow(who)
    await send(asked, who)
    await send(taken(who, asked), who)
    expect(await counts()).toEqual({ accepted: 0, pending: 0 })
    expect(await accept(who)).toBe(false)
    expect(sent()).toEqual([])
  })

  test('an Undo that came before its Follow leaves no request', async () => {
    const who = newcomer(), asked = follow(who)
    await send(activity(who.id, 'Undo', asked), who)
    await send(asked, who)
    expect(await counts()).toEqual({ accepted: 0, pending: 0 })
  })

  test('who follows already stays when it begins; who waits is accepted when it ends, many of them too', async () => {
    await approving(false)
    const old = newcomer()
    await send(follow(old), old)
    await approving(true)
    expect(await counts()).toEqual({ accepted: 1, pending: 0 })
    const { followers } = (await import('../../src/fedi/tables.ts')).fediTables(i.store.kit)
    const many = Array.from({ length: 230 }, (_, k) => ({ actor: 'coop', follower: `${r.origin}/users/m${k}`, inbox: `${r.origin}/users/m${k}/inbox`, state: 'pending', followId: `${r.origin}/f/${k}`, since: new Date() }))
    await i.store.write((tx) => tx.insert(followers).values(many))
    await i.store.write(async (tx) => {
      await i.fedi.actors.put(tx, { handle: 'coop', open: true, owner: 'organisation:1', approves: false, document: { type: 'Organization', name: 'Coop' } })
      await i.fedi.followersOf.acceptWaiting(tx, 'coop')
    })
    await idle()
    expect(await counts()).toEqual({ accepted: 231, pending: 0 })
    expect(new Set(sent('Accept').map((a) => a.object.actor)).size).toBe(231)
    // By pages, in the order of their ids, each once.
    const seen: string[] = []
    for (let after: string | undefined; ;) {
      const page = await i.fedi.followersOf.list('coop', 'accepted', after, 50)
      seen.push(...page.map((f) => f.id))
      if (page.length < 50) break
      after = page.at(-1)!.id
    }
    expect(seen).toEqual([...new Set(seen)].sort())
    expect(seen).toHaveLength(231)
  })

  test('nobody follows the instance actor: it says that it looks at each, and rejects', async () => {
    const who = newcomer(), asked = activity(who.id, 'Follow', i.fedi.uris.instanceActor)
    expect(JSON.parse((await i.fedi.documents.get(i.fedi.uris.instanceActor))!.json)).toMatchObject({ manuallyApprovesFollowers: true })
    await send(asked, who)
    expect(sent()).toMatchObject([{ type: 'Reject', actor: i.fedi.uris.instanceActor, object: { id: asked.id } }])
    expect(await i.fedi.followersOf.counts(i.fedi.uris.instanceHandle)).toEqual({ accepted: 0, pending: 0 })
  })

  test('a refusal of our own Follow stands, when an older Accept comes after it', async () => {
    const who = newcomer()
    await i.fedi.follow({ handle: 'coop' }, who.id)
    const ours = await until('our Follow', () => sent('Follow')[0]) as unknown as { id: string }
    await send(activity(who.id, 'Reject', ours.id), who)
    await send(activity(who.id, 'Accept', ours.id), who)
    expect((await i.fedi.following('coop')).find((f) => f.actor === who.id)?.state).toBe('rejected')
    expect((await i.fedi.follow({ handle: 'coop' }, who.id)).state).toBe('requested') // asked anew
    await i.fedi.unfollow({ handle: 'coop' }, who.id)
  })
})
