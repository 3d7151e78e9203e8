/** Posts of others whose words overtake each other. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { engines } from '../engines.ts'
import { activity, makeRemote, note, post, until, type Remote, type RemoteActorKeys } from '../fedi/instance.ts'
import { talkInstance, type TalkInstance } from './house.ts'

describe.each(engines)('on $engine', ({ fresh }) => {
  let i: TalkInstance, remote: Remote, n = 0
  beforeAll(async () => {
    i = await talkInstance(await fresh())
    remote = await makeRemote()
  })
  afterAll(async () => { await i?.close(); await remote?.close() })

  /** Somebody whom `coop` has asked to follow, and who has not answered. */
  async function asked(): Promise<RemoteActorKeys> {
    const who = remote.actor(`writer${++n}`)
    await i.fedi.follow({ handle: 'coop' }, who.id)
    await i.settled() // it has come
    return who
  }
  const send = async (by: RemoteActorKeys, what: unknown) => {
    expect((await post(`${i.origin}/ap/inbox`, what, by)).status).toBe(202)
    await i.settled()
  }
  const html = async (uri: string) => (await i.talk.read.byUri(uri))?.html
  const days = (d: number) => new Date(Date.now() - d * 86_400_000).toISOString()

  test('a post that overtakes the Accept by which it comes is kept', async () => {
    const who = await asked(), o = note(who.id)
    await send(who, activity(who.id, 'Create', o))
    expect(await html(o.id)).toBe('<p>Hello</p>')
  })
  test('and one of who has declined is not', async () => {
    const who = await asked(), o = note(who.id)
    const [follow] = remote.posts().map((s) => JSON.parse(String(s.body)) as { id: string; object: string }).filter((a) => a.object === who.id)
    await send(who, activity(who.id, 'Reject', follow!.id))
    await send(who, activity(who.id, 'Create', o))
    expect(await html(o.id)).toBeUndefined()
  })
  test('an edit that comes before its post stays; its Delete too', async () => {
    const who = await asked(), o = note(who.id)
    const edited = { ...o, content: '<p>Better</p>', updated: new Date().toISOString() }
    await send(who, activity(who.id, 'Update', edited))
    await send(who, activity(who.id, 'Create', o))
    expect(await html(o.id)).toBe('<p>Better</p>')
    await send(who, activity(who.id, 'Delete', o.id))
    await send(who, activity(who.id, 'Update', { ...edited, content: '<p>Best</p>' }))
    expect(await i.talk.read.byUri(o.id)).toMatchObject({ state: 'removed', html: '' })
  })
  test('an edit of what was said long ago, or by who is not followed, is no news', async () => {
    const who = await asked(), old = note(who.id, { published: days(30), updated: days(0) })
    await send(who, activity(who.id, 'Update', old))
    expect(await html(old.id)).toBeUndefined()
    const stranger = remote.actor('stranger'), o = note(stranger.id)
    await send(stranger, activity(stranger.id, 'Update', o))
    expect(await html(o.id)).toBeUndefined()
  })
  test('who has another name has it on all posts, the earlier ones too', async () => {
    const who = await asked(), o = note(who.id)
    await send(who, activity(who.id, 'Create', o))
    remote.actor(`writer${n}`, { document: { name: 'Renamed' } })
    await send(who, activity(who.id, 'Update', who.id))
    expect(await i.talk.read.byUri(o.id)).toMatchObject({ authorName: 'Renamed', state: 'public' })
  })
  test('two edits in one instant can be told apart', async () => {
    const { commandLine } = await import('../../src/accounts/model.ts')
    const { id } = await i.say('One')
    const two = await i.talk.edit(commandLine, id, { text: 'Two' })
    const three = await i.talk.edit(commandLine, id, { text: 'Three' })
    expect(three.updated!.getTime()).toBeGreaterThan(two.updated!.getTime())
  })
})
