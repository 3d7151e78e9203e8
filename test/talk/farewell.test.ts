/** A person of ours goes: their words go from here, and those who have them hear of it. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { fediTables } from '../../src/fedi/tables.ts'
import type { Store } from '../../src/store/store.ts'
import { startWorkers } from '../../src/store/workers.ts'
import { postsByAuthor } from '../../src/talk/authors.ts'
import { farewells } from '../../src/talk/farewell.ts'
import { engines } from '../engines.ts'
import { makeRemote, note, until, type Remote } from '../fedi/instance.ts'
import { speakers, talkInstance, type TalkInstance } from './house.ts'

describe.each(engines)('a farewell on $engine', ({ fresh }) => {
  let store: Store, t: TalkInstance, r: Remote
  beforeEach(async () => {
    store = await fresh()
    t = await talkInstance(store)
    r = await makeRemote()
  }, 30_000)
  afterEach(async () => { await t.close(); await r.close() })

  test('answered people who do not follow get the Delete too; posts and their documents are gone, in batches; others keep theirs', async () => {
    const eve = r.actor('eve')
    const author = await t.fedi.lookupActor(eve.id)
    const uri = `${r.origin}/notes/1`
    await store.write((tx) => tx.insert(fediTables(store.kit).following).values({ actor: 'directory', target: eve.id, state: 'accepted', activity: 'x', since: new Date() }))
    await store.write((tx) => t.talk.receive(tx, author, { kind: 'note', title: null, uri, html: '<p>Hello</p>', note: null, language: null, url: null, published: new Date(), updated: null, inReplyTo: null, context: null, visibility: 'public' }))
    const said: string[] = []
    const say = (handle: string, text: string, inReplyTo?: string) => store.write(async (tx) => {
      const post = await t.talk.say(tx, { speaker: speakers[handle]!, text, ...(inReplyTo ? { inReplyTo } : {}) }, 'cli')
      return post
    })
    said.push((await say('rosa', 'An answer', uri)).id)
    for (let n = 0; n < 120; n++) said.push((await say('rosa', `Number ${n}`)).id)
    const kept = await say('coop', 'Still here')
    await until('the answer to arrive', () => r.posts().some((p) => p.body.includes('An answer')))

    const byAuthor = postsByAuthor({ store, fedi: t.fedi })
    const leaving = farewells({ store, jobs: t.jobs, fedi: t.fedi, posts: byAuthor })
    const workers = startWorkers(store, t.jobs, leaving.handlers(), { poll: 20 })
    try {
      await store.write(async (tx) => {
        await leaving.leave(tx, 'rosa')
        await t.fedi.actors.bury(tx, 'rosa')
      })
      await t.settled()
    } finally { await workers.stop(2000) }

    const deletes = r.posts().map((p) => JSON.parse(p.body.toString()) as Record<string, unknown>).filter((a) => a.type === 'Delete')
    expect(deletes).toMatchObject([{ actor: t.fedi.uris.actor('rosa'), object: t.fedi.uris.actor('rosa') }])
    for (const id of [said[0]!, said[60]!, said[120]!]) {
      expect(await t.talk.read.byId(id)).toMatchObject({ state: 'removed', html: '', text: null, author: t.fedi.uris.actor('rosa'), authorName: '', authorHandle: '', authorUrl: null, url: null, context: null })
      const answer = await t.document(t.fedi.uris.object('notes', id))
      expect([answer.status, (await answer.json() as { formerType: string }).formerType]).toEqual([410, 'Note'])
    }
    expect((await t.document(t.fedi.uris.actor('rosa'))).status).toBe(410)
    expect(await t.talk.read.ofSpeaker('rosa', 20)).toEqual([])
    expect(await t.talk.read.byId(kept.id)).toMatchObject({ state: 'public' })
    expect(await t.talk.read.byUri(uri)).toMatchObject({ state: 'public' })
  }, 60_000)

  test('of an organisation that has left nothing stays either', async () => {
    const post = await t.say('Soon gone')
    const leaving = farewells({ store, jobs: t.jobs, fedi: t.fedi, posts: postsByAuthor({ store, fedi: t.fedi }) })
    const workers = startWorkers(store, t.jobs, leaving.handlers(), { poll: 20 })
    try {
      await store.write((tx) => leaving.forget(tx, 'coop'))
      await until('its words to go', async () => (await t.talk.read.byId(post.id))?.state === 'removed')
      expect((await t.document(post.uri)).status).toBe(410)
    } finally { await workers.stop(2000) }
  })

  test('whom it follows and whose posts it likes hear of it, whether they were answered or not', async () => {
    const [followed, liked] = [r.actor('followed'), r.actor('liked')]
    const theirs = note(liked.id)
    r.documents.set(new URL(theirs.id).pathname, theirs)
    await t.fedi.follow({ handle: 'rosa' }, followed.id)
    await t.talk.react({ by: 'user:u1', role: 'member', editorOf: new Set(), userId: 'u1' }, 'rosa', 'like', theirs.id)
    await t.settled()
    const leaving = farewells({
      store, jobs: t.jobs, fedi: t.fedi, posts: postsByAuthor({ store, fedi: t.fedi }),
      liked: (tx, handle) => t.talk.own.heard(tx, handle),
    })
    await store.write(async (tx) => {
      await leaving.leave(tx, 'rosa')
      await t.fedi.actors.bury(tx, 'rosa')
    })
    const rosa = t.fedi.uris.actor('rosa')
    await until('both inboxes', () => {
      const at = r.posts().filter((p) => { const a = JSON.parse(String(p.body)) as { type: string; object: unknown }; return a.type === 'Delete' && a.object === rosa }).map((p) => p.url)
      return at.includes('/inbox') && at.includes('/users/liked/inbox') // the one is followed, by way of its shared inbox
    })
    expect(await t.fedi.following('rosa')).toEqual([])
  })
})
