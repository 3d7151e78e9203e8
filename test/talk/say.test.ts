/** What is said here, by whom, and what of it stands in documents and outboxes; on both engines. */
import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Who } from '../../src/accounts/model.ts'
import { fediTables } from '../../src/fedi/tables.ts'
import { PUBLIC } from '../../src/fedi/terms.ts'
import { storeTables } from '../../src/store/tables.ts'
import type { Speaker } from '../../src/talk/model.ts'
import { engines } from '../engines.ts'
import { makeRemote, until, type Remote } from '../fedi/instance.ts'
import { speakers, talkInstance, type TalkInstance } from './house.ts'

const account = (userId: string, role: Who['role'] = 'member', ...editorOf: string[]): Who => ({ by: `user:${userId}`, role, editorOf: new Set(editorOf), userId })

describe.each(engines)('on $engine', ({ fresh }) => {
  let i: TalkInstance, remote: Remote
  beforeAll(async () => {
    i = await talkInstance(await fresh())
    remote = await makeRemote()
  })
  afterAll(async () => { await i?.close(); await remote?.close() })
  const json = async (id: string) => (await i.document(id)).json() as Promise<Record<string, unknown>>

  test('the directory says something with our HTML, rewords it and takes it down, in the caller\'s transactions', async () => {
    const actor = remote.actor('named')
    const post = await i.store.write((tx) => i.talk.say(tx, {
      speaker: speakers.directory!, html: '<p>New: <a href="https://coop.example/">Coop</a></p>', language: 'en', visibility: 'unlisted',
      tag: [{ type: 'Mention', href: actor.id, name: '@named@remote.example' }], cc: [actor.id],
    }, 'system'))
    const followers = i.fedi.uris.followers('directory')
    expect(await json(post.uri)).toMatchObject({
      type: 'Note', attributedTo: i.fedi.uris.actor('directory'), content: '<p>New: <a href="https://coop.example/">Coop</a></p>', context: `${post.uri}/context`, replies: expect.anything() as object,
      to: [followers], cc: [PUBLIC, actor.id], tag: [{ type: 'Mention', href: actor.id }],
    })
    await until('the delivery', () => remote.posts().some((p) => p.body.includes('"Create"')))
    await i.store.write((tx) => i.talk.reword(tx, post.id, { html: '<p>Two new</p>' }, 'system'))
    expect(await json(post.uri)).toMatchObject({ content: '<p>Two new</p>', updated: expect.any(String) as string, cc: [PUBLIC, actor.id], tag: [{ type: 'Mention', href: actor.id }] })
    await i.store.write((tx) => i.talk.takeDown(tx, post.id, 'system', 'a mistake'))
    expect((await i.document(post.uri)).status).toBe(410)
    const told = await until('all three', () => { const t = remote.posts().map((p) => JSON.parse(p.body.toString()) as { type: string; cc: string[] }); return t.length === 3 && t })
    expect(told.map((a) => [a.type, a.cc.includes(actor.id)])).toEqual([['Create', true], ['Update', true], ['Delete', true]])
  })

  test('nothing is left of what is said in a transaction that fails', async () => {
    const before = await i.talk.read.ofSpeaker('directory', 50)
    await expect(i.store.write(async (tx) => {
      await i.talk.say(tx, { speaker: speakers.directory!, html: '<p>No</p>' }, 'system')
      throw new Error('and then this')
    })).rejects.toThrow('and then this')
    expect(await i.talk.read.ofSpeaker('directory', 50)).toEqual(before)
  })

  test('who cannot post does not, whoever asks', async () => {
    await expect(i.store.write((tx) => i.talk.say(tx, { speaker: speakers.shut!, text: 'x' }, 'system'))).rejects.toMatchObject({ code: 'not-open', status: 409 })
  })

  test('each voice is spoken with by those whose it is', async () => {
    const admin = account('a', 'admin'), curator = account('c', 'curator'), editor = account('e', 'member', '1'), rosa = account('u1'), other = account('u2')
    const tries: [string, Who | undefined, number][] = [
      ['coop', editor, 200], ['coop', admin, 200], ['coop', curator, 403], ['coop', rosa, 403], ['coop', undefined, 401],
      ['rosa', rosa, 200], ['rosa', other, 403], ['rosa', admin, 403], ['rosa', undefined, 401],
      ['directory', admin, 200], ['directory', curator, 403], ['directory', editor, 403], ['directory', undefined, 401],
    ]
    for (const [handle, who, status] of tries) {
      const end = await i.talk.publish(who, handle, { text: 'Hello' }).then(() => 200, (e: { status: number }) => e.status)
      expect([handle, who?.by, end]).toEqual([handle, who?.by, status])
    }
    const [post] = await i.talk.read.ofSpeaker('rosa', 1)
    await expect(i.talk.edit(admin, post!.id, { text: 'x' })).rejects.toMatchObject({ status: 403 })
    await i.talk.edit(rosa, post!.id, { text: 'Hello again' })
    await expect(i.talk.remove(other, post!.id)).rejects.toMatchObject({ status: 403 })
    await i.talk.remove(curator, post!.id, 'insults')
    expect(await i.talk.read.byId(post!.id)).toMatchObject({ state: 'removed', uri: post!.uri, author: post!.author, authorName: '', authorHandle: '', context: null })
    expect((await i.document(post!.uri)).status).toBe(410)
  })

  test('a post of a person never becomes an organisation\'s, whoever answers to the handle', async () => {
    const post = await i.talk.publish(account('u1'), 'rosa', { text: 'Mine' })
    const { rosa } = speakers
    const taker = (speakers as Record<string, Speaker>)
    taker.rosa = { kind: 'organisation', id: '9', handle: 'rosa', name: 'Rosa Ltd', open: true }
    try {
      for (const who of [account('a', 'admin'), account('e', 'member', '9')]) {
        await expect(i.talk.edit(who, post.id, { text: 'Not mine' })).rejects.toMatchObject({ code: 'forbidden', status: 403 })
        expect(await i.talk.mayChange(who, post, 'post.edit')).toBe(false)
      }
      await expect(i.talk.remove(account('e', 'member', '9'), post.id)).rejects.toMatchObject({ status: 403 })
    } finally { taker.rosa = rosa! }
    expect(await i.talk.read.byId(post.id)).toMatchObject({ text: 'Mine' })
  })

  test('the log has a co-op\'s words, and of a person and of digests neither words nor which post', async () => {
    const { audit } = storeTables(i.store.kit)
    const before = (await i.store.read.select().from(audit)).length
    const rosa = account('u1'), editor = account('e', 'member', '1')
    const mine = await i.talk.publish(rosa, 'rosa', { text: 'Secret one' })
    await i.talk.edit(rosa, mine.id, { text: 'Secret two' })
    await i.talk.pins.pin(rosa, mine.id)
    await i.talk.pins.unpin(rosa, mine.id)
    await i.talk.remove(rosa, mine.id)
    const ours = await i.talk.publish(editor, 'coop', { text: 'Open one' })
    await i.talk.edit(editor, ours.id, { text: 'Open two' })
    const digest = await i.store.write((tx) => i.talk.say(tx, { speaker: speakers.directory!, html: '<p>Leaver</p>' }, 'system'))
    await i.store.write((tx) => i.talk.reword(tx, digest.id, { html: '<p>Others</p>' }, 'system'))
    const rows = (await i.store.read.select().from(audit).orderBy(audit.id)).slice(before)
    const said = rows.map((r) => [r.action, r.subject, r.before, r.after])
    const plain = (action: string, subject: string) => [action, subject, null, null]
    expect(said.filter((r) => r[1] === 'person')).toEqual(['publish', 'edit', 'pin', 'unpin', 'remove'].map((a) => plain(`post.${a}`, 'person')))
    expect(said.filter((r) => r[1] !== 'person')).toEqual([
      plain('post.publish', ours.uri), ['post.edit', ours.uri, 'Open one', 'Open two'], plain('post.publish', digest.uri), plain('post.edit', digest.uri),
    ])
    expect(JSON.stringify(rows)).not.toMatch(/Secret|rosa|Leaver|Others/i)
    expect(JSON.stringify(rows)).not.toContain(mine.id)
  })

  test('who has another name has it on what they said before, and nobody else has', async () => {
    const rosa = account('u1')
    const [said, removed, other] = [await i.talk.publish(rosa, 'rosa', { text: 'Before' }), await i.talk.publish(rosa, 'rosa', { text: 'Gone' }), await i.say('Ours')]
    await i.talk.remove(rosa, removed.id)
    await i.store.write((tx) => i.talk.renamedHere(tx, 'rosa', 'Rosa L.'))
    const names = await Promise.all([said, removed, other].map(async (p) => (await i.talk.read.byId(p.id))!.authorName))
    expect(names).toEqual(['Rosa L.', '', 'Coop'])
    expect(await i.talk.read.byId(said.id)).toMatchObject({ authorHandle: said.authorHandle, state: 'public' })
  })

  test('likes of a person\'s and the directory\'s posts count too', async () => {
    const post = await i.talk.publish(account('u1'), 'rosa', { text: 'Count me' })
    expect(await i.talk.read.byUri(post.uri)).toMatchObject({ speaker: 'rosa', organisation: null })
    await i.store.write((tx) => i.talk.reactions.add(tx, { kind: 'like', post: post.uri, actor: `${remote.origin}/users/x`, activity: `${remote.origin}/1` }))
    expect(await json(post.uri)).toMatchObject({ likes: { totalItems: 1 } })
  })

  test('what was corrected is found nowhere any more, in no activity either', async () => {
    const editor = account('e', 'member', '1')
    const post = await i.talk.publish(editor, 'coop', { text: 'Our old adress' })
    await i.talk.edit(editor, post.id, { text: 'Our old address' })
    await i.talk.edit(editor, post.id, { text: 'Our new address' })
    const box = await (await i.document(`${i.fedi.uris.outbox('coop')}?page=true`)).json() as { orderedItems: { id: string; type: string; object: { id: string } }[] }
    const said = box.orderedItems.filter((a) => a.object.id === post.uri)
    expect(said).toMatchObject([{ type: 'Create', object: { content: '<p>Our new address</p>', attributedTo: post.author } }])
    const { outbox } = fediTables(i.store.kit), { documents } = storeTables(i.store.kit)
    const kept = await i.store.read.select({ type: outbox.type, json: documents.json }).from(outbox).innerJoin(documents, eq(documents.id, outbox.activity)).where(eq(outbox.object, post.uri))
    expect(kept.map((k) => [k.type, /adress|old/.test(k.json)]).sort()).toEqual([['Create', false], ['Update', false]]) // the earlier Update is gone
  })

  test('an article has a name, hashtags are links and tags, and go with an edit', async () => {
    const post = await i.talk.publish(account('a', 'admin'), 'coop', { title: ' How  we began ', text: 'We #Began in #2017 with #co_ops, see https://a.example/#began & a#b #began', language: 'en' })
    const tag = (name: string) => `${i.origin}/talk?tag=${name}`
    expect(await json(post.uri)).toMatchObject({
      type: 'Article', name: 'How we began', contentMap: { en: post.html }, content: post.html,
      tag: [{ type: 'Hashtag', href: tag('began'), name: '#Began' }, { type: 'Hashtag', href: tag('co_ops'), name: '#co_ops' }],
    })
    expect(post.html).toBe(`<p>We <a href="${tag('began')}" class="mention hashtag" rel="tag">#Began</a> in #2017 with <a href="${tag('co_ops')}" class="mention hashtag" rel="tag">#co_ops</a>, see <a href="https://a.example/#began">https://a.example/#began</a> &amp; a#b <a href="${tag('began')}" class="mention hashtag" rel="tag">#began</a></p>`)
    await i.talk.edit(account('a', 'admin'), post.id, { title: 'How it began', text: 'We #start' })
    const after = await json(post.uri)
    expect(after).toMatchObject({ name: 'How it began', tag: [{ name: '#start' }] })
    expect(after.tag).toHaveLength(1)
    await i.talk.remove(account('a', 'admin'), post.id)
    expect(await json(post.uri)).toMatchObject({ type: 'Tombstone', formerType: 'Article' })
  })
})
