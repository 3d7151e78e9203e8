/** What an organisation shows first, on both engines: its collection, and what followers are told. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { commandLine, type Who } from '../../src/accounts/model.ts'
import { PINS_MAX } from '../../src/talk/model.ts'
import { engines } from '../engines.ts'
import { activity, makeRemote, post, PUBLIC, until, type Remote, type RemoteActorKeys } from '../fedi/instance.ts'
import { talkInstance, type TalkInstance } from './house.ts'

describe.each(engines)('on $engine', ({ fresh }) => {
  let i: TalkInstance, remote: Remote, ana: RemoteActorKeys
  beforeAll(async () => {
    i = await talkInstance(await fresh())
    remote = await makeRemote()
    ana = remote.actor('ana')
    await post(`${i.origin}/ap/inbox`, activity(ana.id, 'Follow', i.fedi.uris.actor('coop')), ana)
    await i.settled()
  })
  afterAll(async () => { await i?.close(); await remote?.close() })
  const featured = async () => (await i.document(i.fedi.uris.featured('coop'))).json() as Promise<{ totalItems: number; orderedItems: { id: string }[] }>
  const heard = (type: string) => remote.posts().map((p) => JSON.parse(p.body.toString()) as Record<string, unknown>).filter((a) => a.type === type)

  test('shown first, newest pin first, told by Add; taken back by Remove; gone with the post', async () => {
    const [one, two] = [await i.say('One'), await i.say('Two')]
    expect(await featured()).toMatchObject({ type: 'OrderedCollection', totalItems: 0, orderedItems: [] })
    expect([await i.talk.pins.pin(commandLine, one.id), await i.talk.pins.pin(commandLine, one.id)]).toEqual([true, false])
    await new Promise((r) => setTimeout(r, 5))
    await i.talk.pins.pin(commandLine, two.id)
    const list = await featured()
    expect(list).toMatchObject({ totalItems: 2, orderedItems: [{ id: two.uri, type: 'Note', content: '<p>Two</p>' }, { id: one.uri }] })
    expect(JSON.stringify(list).match(/@context/g)).toHaveLength(1)
    const coop = i.fedi.uris.actor('coop'), target = i.fedi.uris.featured('coop')
    const adds = await until('both', () => { const all = heard('Add'); return all.length === 2 && all })
    expect(adds).toContainEqual(expect.objectContaining({ actor: coop, object: one.uri, target, to: [PUBLIC], cc: [i.fedi.uris.followers('coop')] }))
    expect((await i.talk.read.pinned('coop')).map((p) => p.id)).toEqual([two.id, one.id])

    expect([await i.talk.pins.unpin(commandLine, one.id), await i.talk.pins.unpin(commandLine, one.id)]).toEqual([true, false])
    expect(await until('the Remove', () => heard('Remove')[0])).toMatchObject({ object: one.uri, target })
    await i.talk.remove(commandLine, two.id)
    expect((await featured()).totalItems).toBe(0)
    expect((await (await i.document(`${i.fedi.uris.outbox('coop')}?page=true`)).json() as { orderedItems: { type: string }[] }).orderedItems.every((a) => a.type === 'Create')).toBe(true)
  })

  test('five at most, no answers, nothing of another\'s; only by whoever may', async () => {
    const posts = await Promise.all(Array.from({ length: PINS_MAX + 1 }, (_, n) => i.say(`Number ${n}`)))
    for (const p of posts.slice(0, PINS_MAX)) await i.talk.pins.pin(commandLine, p.id)
    await expect(i.talk.pins.pin(commandLine, posts[PINS_MAX]!.id)).rejects.toMatchObject({ code: 'too-many-pins', status: 409 })
    await i.talk.pins.unpin(commandLine, posts[0]!.id)
    const answer = await i.talk.reply(commandLine, 'coop', posts[0]!.id, { text: 'So it is' })
    await expect(i.talk.pins.pin(commandLine, answer.id)).rejects.toMatchObject({ code: 'not-pinned' })
    const stranger: Who = { by: 'user:x', role: 'member', editorOf: new Set(), userId: 'x' }
    await expect(i.talk.pins.pin(stranger, posts[0]!.id)).rejects.toMatchObject({ status: 403 })
    await expect(i.talk.pins.pin(undefined, posts[0]!.id)).rejects.toMatchObject({ status: 401 })
    await expect(i.talk.pins.pin(commandLine, 'nothing')).rejects.toMatchObject({ status: 404 })
    expect(await featured()).toMatchObject({ totalItems: PINS_MAX - 1 })
  })
})
