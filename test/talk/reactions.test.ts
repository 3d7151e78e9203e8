/** Likes and boosts of our posts, signed and sent as other servers send them, on both engines. */
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { commandLine } from '../../src/accounts/model.ts'
import { talkTables } from '../../src/talk/tables.ts'
import { engines } from '../engines.ts'
import { activity, makeRemote, post, until, type Remote, type RemoteActorKeys } from '../fedi/instance.ts'
import { talkInstance, type TalkInstance } from './house.ts'

describe.each(engines)('on $engine', ({ engine, fresh }) => {
  let i: TalkInstance, remote: Remote, ana: RemoteActorKeys, ben: RemoteActorKeys
  beforeAll(async () => {
    i = await talkInstance(await fresh())
    remote = await makeRemote()
    ana = remote.actor('ana')
    ben = remote.actor('ben')
  })
  afterAll(async () => { await i?.close(); await remote?.close() })

  const send = async (by: RemoteActorKeys, what: unknown) => {
    const r = await post(`${i.origin}/ap/inbox`, what, by)
    expect(r.status).toBe(202)
    await i.settled()
  }
  const counts = async (id: string) => {
    const p = await i.talk.read.byId(id)
    return [p!.likes, p!.boosts]
  }
  const rowsOf = (id: string) => i.store.read.select().from(talkTables(i.store.kit).reactions).then((all) => all.filter((r) => r.post === id))

  test('a like, an emoji, a boost; each once an actor, and taken back', async () => {
    const { id, uri } = await i.say('Hello')
    const like = activity(ana.id, 'Like', uri)
    await send(ana, like)
    await send(ana, like)
    await send(ana, activity(ana.id, 'Like', { id: uri, type: 'Note' }, { content: '🌱', _misskey_reaction: '🌱' }))
    const emoji = activity(ben.id, 'EmojiReact', [uri], { content: '🎉' })
    await send(ben, emoji)
    await send(ben, activity(ben.id, 'Announce', uri, { to: ['as:Public'] }))
    expect(await counts(id)).toEqual([2, 1])
    await send(ana, activity(ana.id, 'Undo', like))
    expect(await counts(id)).toEqual([2, 1]) // her emoji is still there
    await send(ben, activity(ben.id, 'Undo', emoji.id))
    expect(await counts(id)).toEqual([1, 1])
    expect(await i.talk.read.latest(5)).toContainEqual(expect.objectContaining({ id, likes: 1, boosts: 1 }))
    expect(await i.talk.read.ofOrganisation('1', 5)).toContainEqual(expect.objectContaining({ id, likes: 1, boosts: 1 }))
  })

  test.each([['its id', (l: { id: string }) => l.id], ['it embedded', (l: object) => l]])('an Undo with %s that comes first leaves no like', async (_, object) => {
    const { id, uri } = await i.say('Early')
    const like = activity(ana.id, 'Like', uri)
    await send(ana, activity(ana.id, 'Undo', object(like)))
    await send(ana, like)
    expect(await counts(id)).toEqual([0, 0])
    await send(ana, activity(ana.id, 'Like', uri))
    expect(await counts(id)).toEqual([1, 0])
  })

  test('an Undo of a like without an id takes all of that kind; a Delete of an Announce takes it back', async () => {
    const { id, uri } = await i.say('Nameless')
    const boost = activity(ana.id, 'Announce', uri)
    await send(ana, activity(ana.id, 'Like', uri))
    await send(ana, activity(ana.id, 'EmojiReact', uri))
    await send(ana, boost)
    await send(ana, activity(ana.id, 'Undo', { type: 'Like', actor: ana.id, object: uri }))
    expect(await counts(id)).toEqual([0, 1])
    await send(ana, activity(ana.id, 'Delete', { id: boost.id, type: 'Tombstone' }))
    expect(await counts(id)).toEqual([0, 0])
  })

  test('nobody takes back another\'s like', async () => {
    const { id, uri } = await i.say('Mine')
    const like = activity(ana.id, 'Like', uri)
    await send(ana, like)
    await send(ben, activity(ben.id, 'Undo', like))
    await send(ben, activity(ben.id, 'Undo', like.id))
    await send(ben, activity(ben.id, 'Undo', { type: 'Like', actor: ana.id, object: uri }))
    await send(ben, activity(ben.id, 'Undo', { type: 'Like', actor: ben.id, object: uri }))
    expect(await counts(id)).toEqual([1, 0])
  })

  test('only posts of ours are counted, and nothing is fetched for others', async () => {
    const before = remote.seen.length
    const all = await i.store.read.$count(talkTables(i.store.kit).reactions)
    await send(ana, activity(ana.id, 'Like', `${remote.origin}/notes/far`))
    await send(ana, activity(ana.id, 'Like', 'https://elsewhere.example/notes/1'))
    await send(ana, activity(ana.id, 'Like', i.fedi.uris.actor('coop')))
    await send(ana, activity(ana.id, 'Announce', i.fedi.uris.object('notes', 'not-there')))
    await send(ana, activity(ana.id, 'Undo', { type: 'Like', actor: ana.id, object: 'https://elsewhere.example/notes/1' }))
    expect(await i.store.read.$count(talkTables(i.store.kit).reactions)).toBe(all)
    expect(remote.seen.length).toBe(before)
  })

  test('neither actor nor activity stands in the row', async () => {
    const { id, uri } = await i.say('Discreet')
    await send(ana, activity(ana.id, 'Like', uri))
    const [row] = await rowsOf(id)
    expect(row).toEqual({ post: id, kind: 'like', actor: expect.stringMatching(/^[0-9a-f]{32}$/), activities: expect.stringMatching(/^[0-9a-f]{32}$/) })
  })

  test('the count is in the note, which is not revised by it, and at the collections\' own ids, with validators', async () => {
    const { uri, id } = await i.say('Counted')
    const [note, likes] = await Promise.all([i.document(uri), i.document(`${uri}/likes`)])
    expect(await note.json()).toMatchObject({
      type: 'Note', content: '<p>Counted</p>', likes: { id: `${uri}/likes`, type: 'Collection', totalItems: 0 }, shares: { id: `${uri}/shares`, totalItems: 0 },
    })
    const etag = likes.headers.get('etag')!
    expect((await i.document(`${uri}/likes`, { 'if-none-match': etag })).status).toBe(304)
    const stored = await i.fedi.documents.get(uri)
    await send(ana, activity(ana.id, 'Like', uri))
    await send(ben, activity(ben.id, 'Announce', uri))
    expect(await i.fedi.documents.get(uri)).toEqual(stored)
    const after = await (await i.document(uri, { 'if-none-match': note.headers.get('etag')! })).json() as Record<string, unknown>
    expect(after).toMatchObject({ likes: { totalItems: 1 }, shares: { totalItems: 1 } })
    expect(after).not.toHaveProperty('updated')
    const again = await i.document(`${uri}/likes`, { 'if-none-match': etag })
    expect(again.headers.get('content-type')).toContain('application/activity+json')
    expect(await again.json()).toEqual({ '@context': 'https://www.w3.org/ns/activitystreams', id: `${uri}/likes`, type: 'Collection', totalItems: 1 })
    expect(await (await i.document(`${uri}/shares`)).json()).toMatchObject({ id: `${uri}/shares`, totalItems: 1 })
    const page = await i.document(`${uri}/likes`, { accept: 'text/html' })
    expect([page.status, page.headers.get('location')]).toEqual([303, `/posts/${id}`])
    expect((await i.document(`${i.fedi.uris.object('notes', 'nothing')}/likes`)).status).toBe(404)
  })

  test('an edit leaves the counts as they are', async () => {
    const { id, uri } = await i.say('Frist words')
    await send(ana, activity(ana.id, 'Like', uri))
    await i.talk.edit(commandLine, id, { text: 'First words' })
    expect(await (await i.document(uri)).json()).toMatchObject({ content: '<p>First words</p>', updated: expect.any(String), likes: { totalItems: 1 } })
  })

  test('a post that is taken down takes its likes along, and gets no more', async () => {
    const { id, uri } = await i.say('Brief')
    await send(ana, activity(ana.id, 'Like', uri))
    await i.talk.remove(commandLine, id)
    await send(ben, activity(ben.id, 'Like', uri))
    expect(await rowsOf(id)).toEqual([])
    expect((await i.document(uri)).status).toBe(410)
    expect((await i.document(`${uri}/likes`)).status).toBe(410)
  })

  test('an actor that is gone takes its likes along, and what of it still waits has no effect', async () => {
    const cleo = remote.actor('cleo')
    const { id, uri } = await i.say('Remembered')
    await send(cleo, activity(cleo.id, 'Like', uri))
    await send(cleo, activity(cleo.id, 'Announce', uri))
    await send(ana, activity(ana.id, 'Like', uri))
    expect(await counts(id)).toEqual([2, 1])
    await send(cleo, activity(cleo.id, 'Delete', cleo.id))
    await until('the forgetting', async () => (await counts(id))[0] === 1)
    await i.store.write((tx) => i.talk.reactions.add(tx, { kind: 'like', post: uri, actor: cleo.id, activity: `${cleo.id}/late` }))
    expect(await counts(id)).toEqual([1, 0])
  })

  test('whatever the order and however often: the last word of each counts', async () => {
    const actors = Array.from({ length: 5 }, (_, n) => remote.actor(`p${n}`))
    /** What an actor says in its own order: each word has an id of its own, an Undo names the one before it. */
    type Word = 'Like' | 'EmojiReact' | 'Announce'
    const history = fc.array(fc.record({ type: fc.constantFrom<Word>('Like', 'EmojiReact', 'Announce'), undone: fc.constantFrom('no', 'by id', 'embedded') }), { maxLength: 4 })
    await fc.assert(fc.asyncProperty(fc.array(history, { minLength: 5, maxLength: 5 }), fc.infiniteStream(fc.nat()), fc.integer({ min: 0, max: 6 }), async (said, dice, twice) => {
      const { id, uri } = await i.say('Again')
      const sent: { by: RemoteActorKeys; what: unknown }[] = []
      const likes = new Set<string>(), boosts = new Set<string>()
      said.forEach((words, n) => {
        const by = actors[n]!
        for (const { type, undone } of words) {
          const what = activity(by.id, type, uri)
          sent.push({ by, what })
          if (undone === 'no') (type === 'Announce' ? boosts : likes).add(by.id)
          else sent.push({ by, what: activity(by.id, 'Undo', undone === 'by id' ? what.id : what) })
        }
      })
      const order = [...sent, ...sent.slice(0, twice)].map((s) => ({ s, at: dice.next().value as number })).sort((a, b) => a.at - b.at)
      const answers = await Promise.all(order.map(({ s }) => post(`${i.origin}/ap/inbox`, s.what, s.by)))
      expect(answers.every((r) => r.status === 202)).toBe(true)
      await i.settled()
      expect(await counts(id)).toEqual([likes.size, boosts.size])
    }), { numRuns: engine === 'sqlite' ? 25 : 10 })
  }, 120_000)
})
