/** Likes and boosts by actors of ours: to whom they go, once, taken back, counted here; on both engines, to a real server. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { commandLine, type Who } from '../../src/accounts/model.ts'
import { fediTables } from '../../src/fedi/tables.ts'
import type { Json } from '../../src/fedi/fedi.ts'
import { storeTables } from '../../src/store/tables.ts'
import { targetFrom } from '../../src/talk/own-reactions.ts'
import { talkTables } from '../../src/talk/tables.ts'
import { engines } from '../engines.ts'
import { activity, makeRemote, note, post, PUBLIC, type Remote, type RemoteActorKeys } from '../fedi/instance.ts'
import { talkInstance, type TalkInstance } from './house.ts'

const editor: Who = { by: 'user:e', role: 'member', editorOf: new Set(['1']), userId: 'e' }
const rosa: Who = { by: 'user:u1', role: 'member', editorOf: new Set(), userId: 'u1' }
const admin: Who = { by: 'user:a', role: 'admin', editorOf: new Set(), userId: 'a' }

describe('what can be liked', () => {
  const good = { id: 'https://m.example/n/1', type: 'Note', attributedTo: 'https://m.example/u/a', to: [PUBLIC] }
  test.each([
    ['a note', good], ['unlisted', { ...good, to: [], cc: 'as:Public' }], ['an event by several', { ...good, type: 'Event', attributedTo: [{ id: 'https://other.example/u/b', type: 'Person' }, { id: 'https://m.example/u/a', type: 'Person' }] }],
  ])('%s', (_, document) => expect(targetFrom(document)).toEqual({ uri: good.id, author: 'https://m.example/u/a' }))
  test.each([
    ['an actor', { ...good, type: 'Person' }, 'not-a-post'], ['an activity', { ...good, type: 'Create' }, 'not-a-post'], ['a tombstone', { ...good, type: 'Tombstone' }, 'not-a-post'], ['no type', { ...good, type: ['Note'] }, 'not-a-post'],
    ['nobody’s', { ...good, attributedTo: undefined }, 'bad-document'], ['another server’s', { ...good, attributedTo: 'https://victim.example/u/a' }, 'bad-document'],
    ['followers only', { ...good, to: ['https://m.example/u/a/followers'] }, 'not-public'],
  ])('not %s', (_, document, code) => expect(() => targetFrom(document as Json)).toThrow(expect.objectContaining({ code })))
})

describe.each(engines)('on $engine', ({ fresh }) => {
  let i: TalkInstance, remote: Remote, ana: RemoteActorKeys, fan: RemoteActorKeys
  beforeAll(async () => {
    i = await talkInstance(await fresh())
    remote = await makeRemote()
    ana = remote.actor('ana', { shared: false })
    fan = remote.actor('fan', { shared: false })
    expect((await post(`${i.origin}/ap/inbox`, activity(fan.id, 'Follow', i.fedi.uris.actor('coop')), fan)).status).toBe(202)
    await i.settled()
  })
  afterAll(async () => { await i?.close(); await remote?.close() })
  beforeEach(async () => { await i.settled(); remote.seen.length = 0 })

  /** Another server's public post. */
  const theirs = (more: Record<string, unknown> = {}): string => {
    const n = note(ana.id, more)
    remote.documents.set(new URL(n.id).pathname, n)
    return n.id
  }
  const arrived = async (): Promise<Json[]> => { await i.settled(); return remote.posts().map((s) => JSON.parse(s.body.toString()) as Json) }
  const counts = async (id: string) => { const p = await i.talk.read.byId(id); return [p!.likes, p!.boosts] }
  const outbox = async (handle = 'coop') => (await (await i.document(`${i.fedi.uris.outbox(handle)}?page=true`)).json() as { orderedItems: Json[] }).orderedItems
  const audit = async () => i.store.read.select().from(storeTables(i.store.kit).audit)
  const rows = () => i.store.read.select().from(talkTables(i.store.kit).ownReactions)

  test('a like goes to the author and nobody else, once; its Undo names it', async () => {
    const uri = theirs()
    expect(await Promise.all([1, 2, 3, 4].map(() => i.talk.react(editor, 'coop', 'like', uri)))).toContain(true)
    expect(await i.talk.react(editor, 'coop', 'like', uri)).toBe(false)
    const [like, ...others] = await arrived()
    expect(others).toEqual([])
    expect(like).toMatchObject({ to: [ana.id], type: 'Like', actor: i.fedi.uris.actor('coop'), object: uri })
    expect(remote.posts()[0]!.url).toBe('/users/ana/inbox')
    expect(await i.talk.own.about(['coop', 'rosa'], uri)).toEqual([{ handle: 'coop', kind: 'like', at: expect.any(Date) }])
    expect((await i.document(like!.id as string)).status).toBe(404) // nobody else's business
    expect(await outbox()).not.toContainEqual(expect.objectContaining({ type: 'Like' }))

    expect(await i.talk.unreact(editor, 'coop', 'like', uri)).toBe(true)
    expect(await i.talk.unreact(editor, 'coop', 'like', uri)).toBe(false)
    const [, undo, ...more] = await arrived()
    expect(more).toEqual([])
    expect(undo).toMatchObject({ type: 'Undo', to: [ana.id], object: { id: like!.id, type: 'Like', actor: i.fedi.uris.actor('coop'), object: uri } })
    expect(await i.talk.own.about(['coop'], uri)).toEqual([])
    // Said again, it is a new one.
    await i.talk.react(editor, 'coop', 'like', uri)
    expect((await arrived()).at(-1)!.id).not.toBe(like!.id)
  })

  test('a boost goes to followers and author, stands in the outbox, and leaves it', async () => {
    const uri = theirs()
    await i.talk.react(editor, 'coop', 'boost', uri)
    const sent = await arrived()
    expect(sent.map((s) => s.type)).toEqual(['Announce', 'Announce'])
    expect(remote.posts().map((s) => s.url).sort()).toEqual(['/users/ana/inbox', '/users/fan/inbox'])
    expect(sent[0]).toMatchObject({ to: [PUBLIC], cc: [i.fedi.uris.followers('coop'), ana.id], object: uri })
    expect(await outbox()).toContainEqual(expect.objectContaining({ type: 'Announce', object: uri }))
    expect((await i.document(sent[0]!.id as string)).status).toBe(200)

    await i.talk.unreact(editor, 'coop', 'boost', uri)
    expect((await arrived()).slice(2).map((s) => s.type)).toEqual(['Undo', 'Undo'])
    expect(await outbox()).not.toContainEqual(expect.objectContaining({ object: uri }))
    expect((await i.document(sent[0]!.id as string)).status).toBe(410)
  })

  test('a post of our own is counted here, and nothing is sent to ourselves', async () => {
    const { id, uri } = await i.say('Ours')
    await i.settled()
    remote.seen.length = 0
    await i.talk.react(rosa, 'rosa', 'like', uri)
    await i.talk.react(admin, 'directory', 'boost', uri)
    expect(await i.talk.react(rosa, 'rosa', 'like', uri)).toBe(false)
    expect(await counts(id)).toEqual([1, 1])
    expect(await arrived()).toEqual([])
    expect(await outbox('directory')).toContainEqual(expect.objectContaining({ type: 'Announce', object: uri }))
    await i.talk.unreact(rosa, 'rosa', 'like', uri)
    expect(await counts(id)).toEqual([0, 1])
    await i.talk.remove(commandLine, id)
    expect(await i.talk.own.about(['directory'], uri)).toEqual([])
    expect(await outbox('directory')).toEqual([])
    expect(await i.talk.unreact(admin, 'directory', 'boost', uri)).toBe(false)
    await expect(i.talk.react(admin, 'directory', 'boost', uri)).rejects.toMatchObject({ code: 'not-found' })
  })

  test('what is deleted elsewhere leaves neither boost nor like, and nobody is told', async () => {
    const uri = theirs()
    await i.talk.react(editor, 'coop', 'boost', uri)
    await i.talk.react(editor, 'coop', 'like', uri)
    await i.settled()
    remote.seen.length = 0
    expect((await post(`${i.origin}/ap/inbox`, activity(ana.id, 'Delete', { id: uri, type: 'Tombstone' }), ana)).status).toBe(202)
    expect(await arrived()).toEqual([])
    expect((await rows()).filter((r) => r.object === uri)).toEqual([])
    expect(await outbox()).not.toContainEqual(expect.objectContaining({ object: uri }))
  })

  test('another user of the same server ends nothing; its server does; on posts that are kept here too', async () => {
    const mallory = remote.actor('mallory'), server = remote.actor('server', { type: 'Application' })
    await i.store.write(async (tx) => { await tx.insert(fediTables(i.store.kit).following).values({ actor: 'coop', target: ana.id, state: 'accepted', activity: `${i.origin}/ap/activities/f`, since: new Date() }) })
    const kept = note(ana.id)
    remote.documents.set(new URL(kept.id).pathname, kept)
    const send = async (by: RemoteActorKeys, what: Json) => { expect((await post(`${i.origin}/ap/inbox`, what, by)).status).toBe(202); await i.settled() }
    await send(ana, activity(ana.id, 'Create', kept))
    const end = (by: RemoteActorKeys, uri: string) => send(by, activity(by.id, 'Delete', { id: uri, type: 'Tombstone' }))
    for (const [uri, by] of [[theirs(), ana], [theirs(), server], [kept.id, ana]] as const) {
      await i.talk.react(editor, 'coop', 'boost', uri)
      await i.talk.react(editor, 'coop', 'like', uri)
      await i.settled()
      await end(mallory, uri)
      expect((await rows()).filter((r) => r.object === uri)).toHaveLength(2)
      expect(await outbox()).toContainEqual(expect.objectContaining({ object: uri }))
      if (by === server) remote.documents.delete(new URL(uri).pathname) // whoever calls itself so is believed when the server agrees
      await end(by, uri)
      expect((await rows()).filter((r) => r.object === uri)).toEqual([])
      expect(await outbox()).not.toContainEqual(expect.objectContaining({ object: uri }))
    }
  })

  test('the log has our actor and their server, nobody’s name', async () => {
    const uri = theirs()
    const before = (await audit()).length
    await i.talk.react(editor, 'coop', 'like', uri)
    await i.talk.react(editor, 'coop', 'like', uri)
    await i.talk.unreact(editor, 'coop', 'like', uri)
    const said = (await audit()).slice(before)
    expect(said.map((s) => [s.by, s.action, s.subject])).toEqual(['actor.like', 'actor.unlike'].map((a) => ['user:e', a, i.fedi.uris.actor('coop')]))
    expect(JSON.stringify(said)).not.toContain('ana')
    expect(JSON.stringify(said)).toContain(remote.host)
  })

  test.each([
    ['nobody', undefined, 'coop', 401], ['a member', { ...rosa, userId: 'x' }, 'coop', 403], ['an editor as the directory', editor, 'directory', 403],
    ['an admin as a person', admin, 'rosa', 403], ['an editor as a person', editor, 'rosa', 403], ['as nobody', admin, 'nobody', 404],
    ['for who has not agreed', admin, 'shut', 409],
  ] as const)('refused: %s', async (_, who, handle, status) => {
    const uri = theirs()
    const before = [(await rows()).length, (await audit()).length]
    await expect(i.talk.react(who, handle, 'like', uri)).rejects.toMatchObject({ status })
    await expect(i.talk.unreact(who, handle, 'like', uri)).rejects.toMatchObject({ status })
    expect([(await rows()).length, (await audit()).length]).toEqual(before)
    expect(remote.seen).toEqual([]) // refused before anybody was asked
  })

  test.each([
    ['not there', () => `${remote.origin}/nothing`, 'not-found'], ['an actor', () => ana.id, 'not-a-post'],
    ['for followers', () => theirs({ to: [`${ana.id}/followers`] }), 'not-public'], ['of somebody elsewhere', () => theirs({ attributedTo: 'https://victim.example/u' }), 'bad-document'],
    ['our own, not there', () => i.fedi.uris.object('notes', 'x'), 'not-found'],
  ])('refused: %s', async (_, uri, code) => {
    const at = uri()
    const outgoing = await i.store.read.$count(fediTables(i.store.kit).outbox)
    await expect(i.talk.react(editor, 'coop', 'boost', at)).rejects.toMatchObject({ code })
    expect(await i.store.read.$count(fediTables(i.store.kit).outbox)).toBe(outgoing)
    expect(await arrived()).toEqual([])
  })
})
