/** Answers from other servers, signed and sent as they send them, on both engines: which are kept, how they change, and how they end. */
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { eq } from 'drizzle-orm'
import { commandLine, type Who } from '../../src/accounts/model.ts'
import { fediTables } from '../../src/fedi/tables.ts'
import { storeTables } from '../../src/store/tables.ts'
import { COMMENTS_AN_HOUR } from '../../src/talk/model.ts'
import { talkTables } from '../../src/talk/tables.ts'
import { engines } from '../engines.ts'
import { activity, makeRemote, note, post, until, type Remote, type RemoteActorKeys } from '../fedi/instance.ts'
import { talkInstance, type TalkInstance } from './house.ts'

const curator: Who = { by: 'user:c', role: 'curator', editorOf: new Set(), userId: 'c' }
const member: Who = { by: 'user:m', role: 'member', editorOf: new Set(), userId: 'm' }

describe.each(engines)('on $engine', ({ fresh }) => {
  let i: TalkInstance, remote: Remote, other: Remote, ana: RemoteActorKeys, ben: RemoteActorKeys, cleo: RemoteActorKeys
  beforeAll(async () => {
    i = await talkInstance(await fresh())
    ;[remote, other] = [await makeRemote(), await makeRemote()]
    ana = remote.actor('ana')
    ben = remote.actor('ben')
    cleo = other.actor('cleo')
  })
  afterAll(async () => { await i?.close(); await remote?.close(); await other?.close() })
  beforeEach(async () => { await i.talk.moderation.setPolicy(commandLine, { replies: 'open' }) })

  const send = async (by: RemoteActorKeys, what: unknown) => {
    const r = await post(`${i.origin}/ap/inbox`, what, by)
    expect(r.status).toBe(202)
    await i.settled()
  }
  const reply = (by: RemoteActorKeys, to: string, more: Record<string, unknown> = {}) => note(by.id, { inReplyTo: to, ...more })
  const create = (by: RemoteActorKeys, object: unknown) => send(by, activity(by.id, 'Create', object))
  const shown = async (root: string) => (await i.talk.read.thread(root, ['public'], 100)).map((p) => p.html)
  const kept = (id: string) => i.talk.read.byUri(id)
  const follow = (actor: string) => i.store.write(async (tx) => {
    await tx.insert(fediTables(i.store.kit).following).values({ actor: 'coop', target: actor, state: 'accepted', activity: `${i.origin}/ap/activities/${actor}`, since: new Date() }).onConflictDoNothing()
  })
  const json = async (id: string) => (await i.document(id)).json() as Promise<Record<string, any>>

  test('an answer, an answer to it, by whom, cleaned, and no picture is loaded', async () => {
    const root = await i.say('What do you think?')
    const first = reply(ana, root.uri, { content: '<p>Well <img src="https://m.example/x.png">&amp; <script>alert(1)</script>good</p>', summary: 'Food', contentMap: { 'pt-br': '<p>x</p>' } })
    await create(ana, first)
    await create(ben, reply(ben, first.id, { cc: ['as:Public'], to: [ana.id], content: '<p>Indeed</p>' }))
    expect(await shown(root.id)).toEqual(['<p>Well &amp; good</p>', '<p>Indeed</p>'])
    expect(await kept(first.id)).toMatchObject({
      thread: root.id, inReplyTo: root.uri, state: 'public', speaker: null, note: 'Food', language: 'pt-BR', authorName: 'Name of ana', authorHandle: `@ana@${remote.host}`, replies: 1, visibility: 'public',
    })
    expect((await kept(root.uri))?.replies).toBe(2)
    expect(await i.talk.read.latest(50)).not.toContainEqual(expect.objectContaining({ uri: first.id }))
  })

  test('the object may be an id, which is fetched from its own server, or an Article or a Page', async () => {
    const root = await i.say('Which?')
    const far = reply(ana, root.uri, { content: '<p>By id</p>' })
    remote.documents.set(new URL(far.id).pathname, { '@context': 'https://www.w3.org/ns/activitystreams', ...far })
    await create(ana, far.id)
    await create(ana, reply(ana, root.uri, { type: 'Article', name: 'Long', content: '<p>Article</p>' }))
    await create(ana, reply(ana, root.uri, { type: 'Page', name: 'Page', content: '<p>Page</p>' }))
    expect(await shown(root.id)).toEqual(expect.arrayContaining(['<p>By id</p>', '<p>Article</p>', '<p>Page</p>']))
  })

  test('what is not kept: private answers, votes, answers to what is not here, to nothing; and nothing is fetched for them', async () => {
    const root = await i.say('Secret?')
    const before = [await i.store.read.$count(talkTables(i.store.kit).posts), remote.seen.length]
    await create(ana, reply(ana, root.uri, { to: [i.fedi.uris.actor('coop')] }))
    await create(ana, reply(ana, root.uri, { to: [`${ana.id}/followers`], cc: [i.fedi.uris.actor('coop')] }))
    await create(ana, reply(ana, root.uri, { name: 'Yes', content: undefined }))
    await create(ana, reply(ana, root.uri, { name: 'Yes', content: '<br>' }))
    await create(ana, reply(ana, `${remote.origin}/notes/unknown`))
    await create(ana, reply(ana, `${other.origin}/notes/unknown`))
    await create(ana, reply(ana, i.fedi.uris.object('notes', 'none')))
    await create(ana, note(ana.id))
    await create(ana, reply(ana, `${remote.origin}/notes/unknown`, { context: i.fedi.uris.object('notes', 'none/context') }))
    expect([await i.store.read.$count(talkTables(i.store.kit).posts), remote.seen.length]).toEqual(before)
  })

  test('whom we follow: posts and the thread under them, but not answers to strangers', async () => {
    await follow(ben.id)
    const begun = note(ben.id, { content: '<p>One</p>', context: `${remote.origin}/contexts/1` })
    await create(ben, begun)
    const more = reply(ben, begun.id, { content: '<p>Two</p>' })
    await create(ben, more)
    await create(ana, reply(ana, more.id, { content: '<p>Three</p>' }))
    await create(ben, reply(ben, `${other.origin}/notes/1`))
    const root = await kept(begun.id)
    expect([root?.context, await shown(root!.id)]).toEqual([`${remote.origin}/contexts/1`, ['<p>Two</p>', '<p>Three</p>']])
    expect((await i.talk.read.latest(50)).filter((p) => p.author === ben.id)).toHaveLength(1)
    await create(ben, note(ben.id, { to: [], cc: ['as:Public'], content: '<p>Unlisted</p>' }))
    expect((await i.talk.read.latest(50)).filter((p) => p.author === ben.id)).toHaveLength(1)
    await i.store.write(async (tx) => { await tx.delete(fediTables(i.store.kit).following).where(eq(fediTables(i.store.kit).following.target, ben.id)) })
  })

  test('an answer to an answer that has not come yet finds our thread by its context', async () => {
    const root = await i.say('In any order')
    const first = reply(ana, root.uri, { content: '<p>First</p>', context: `${root.uri}/context`, published: '2026-01-01T00:00:00Z' })
    const second = reply(cleo, first.id, { content: '<p>Second</p>', context: `${root.uri}/context`, published: '2026-01-02T00:00:00Z' })
    await create(cleo, second)
    expect(await kept(second.id)).toMatchObject({ thread: root.id, inReplyTo: first.id })
    await create(ana, first)
    expect(await shown(root.id)).toEqual(['<p>First</p>', '<p>Second</p>'])
  })

  test('edits and ends: by the author, by its server, in any order, and by nobody else', async () => {
    const root = await i.say('Changing')
    const minutesAgo = (n: number) => new Date(Date.now() - n * 60_000).toISOString()
    const said = reply(ana, root.uri, { content: '<p>Frist</p>', published: minutesAgo(30) })
    const update = (content: string, updated: string) => activity(ana.id, 'Update', { ...said, content, updated })
    await send(ana, update('<p>Third</p>', minutesAgo(10))) // comes before the Create
    await create(ana, said)
    await send(ana, update('<p>Second</p>', minutesAgo(20))) // older
    expect(await shown(root.id)).toEqual(['<p>Third</p>'])
    await send(cleo, activity(cleo.id, 'Update', { ...said, content: '<p>Mine</p>' }))
    await send(ben, activity(ben.id, 'Update', { ...said, content: '<p>Mine</p>', updated: minutesAgo(1) }))
    await send(cleo, activity(cleo.id, 'Delete', said.id))
    expect(await shown(root.id)).toEqual(['<p>Third</p>'])
    await send(ana, activity(ana.id, 'Delete', { id: said.id, type: 'Tombstone' }))
    expect([await shown(root.id), (await kept(said.id))?.state, (await kept(said.id))?.html]).toEqual([[], 'removed', ''])
    // Nobody's name stays with an id that is kept so that nothing of it comes again; nor does a new name come to it.
    const nameless = { author: ana.id, authorName: '', authorHandle: '', authorUrl: null, url: null, context: null }
    expect(await kept(said.id)).toMatchObject(nameless)
    await i.store.write(async (tx) => i.talk.renamed(tx, (await i.fedi.knownActor(ana.id))!))
    expect(await kept(said.id)).toMatchObject(nameless)
    await create(ana, said)
    await send(ana, update('<p>Fourth</p>', minutesAgo(5)))
    expect(await shown(root.id)).toEqual([])

    const ancient = reply(ana, root.uri, { published: '2020-01-01T00:00:00Z', updated: minutesAgo(1) })
    await send(ana, activity(ana.id, 'Update', ancient))
    expect(await kept(ancient.id)).toBeUndefined()

    const early = reply(ana, root.uri)
    await send(ana, activity(ana.id, 'Delete', early.id))
    await create(ana, early)
    expect(await kept(early.id)).toBeUndefined()

    // A server's own actor takes down what stands on it, before or after it comes; another of its users does not.
    const server = remote.actor('server', { type: 'Application' })
    const [late, never] = [reply(ana, root.uri), reply(ana, root.uri)]
    await create(ana, late)
    await send(ben, activity(ben.id, 'Delete', late.id))
    expect(await shown(root.id)).toHaveLength(1)
    // Anybody may call itself an Application: as long as the server still has the post, that is no word of the server's.
    const bot = remote.actor('bot', { type: 'Application' }), at = new URL(late.id).pathname
    remote.documents.set(at, late)
    await send(bot, activity(bot.id, 'Delete', late.id))
    expect(await shown(root.id)).toHaveLength(1)
    await send(ana, activity(ana.id, 'Update', { ...late, content: '<p>Still mine</p>', updated: new Date().toISOString() }))
    expect((await kept(late.id))?.html).toContain('Still mine')
    remote.documents.delete(at)
    await send(server, activity(server.id, 'Delete', late.id))
    await send(server, activity(server.id, 'Delete', never.id))
    await create(ana, never)
    expect([await shown(root.id), await kept(never.id)]).toEqual([[], undefined])

    const undone = reply(ana, root.uri)
    const made = activity(ana.id, 'Create', undone)
    await send(ana, made)
    await send(cleo, activity(cleo.id, 'Undo', made))
    expect(await shown(root.id)).toHaveLength(1)
    await send(ana, activity(ana.id, 'Undo', made))
    await send(ana, made)
    expect(await shown(root.id)).toEqual([])
  })

  test('an edit that is for nobody in particular any more ends it', async () => {
    const root = await i.say('Public')
    const said = reply(ana, root.uri)
    await create(ana, said)
    await send(ana, activity(ana.id, 'Update', { ...said, to: [ben.id], updated: new Date().toISOString() }))
    expect((await kept(said.id))?.state).toBe('removed')
  })

  test('an author that is gone takes its answers along, held ones too', async () => {
    const dora = remote.actor('dora')
    const root = await i.say('Farewell')
    await create(dora, reply(dora, root.uri))
    await i.talk.moderation.setPolicy(commandLine, { replies: 'held' })
    await i.talk.moderation.hide(curator, (await i.talk.read.thread(root.id, ['public'], 1))[0]!.id, { why: 'test' })
    const held = reply(dora, root.uri)
    await create(dora, held)
    expect((await kept(held.id))?.state).toBe('held')
    await send(dora, activity(dora.id, 'Delete', dora.id))
    await until('the forgetting', async () => (await kept(held.id))?.state === 'removed')
    const late = { ...(await kept(held.id))!, uri: `${dora.id}/late`, html: '<p>x</p>' }
    await i.store.write(async (tx) => expect(await i.talk.receive(tx, { id: dora.id, host: remote.host, type: 'Person', name: 'Dora', inbox: dora.inbox, document: {}, toadlane: false }, late)).toBe(false))
    expect(await i.talk.read.thread(root.id, ['public', 'held', 'hidden'], 10)).toEqual([])
  })

  test('closed: nothing is kept, but whom we follow goes on in its own thread', async () => {
    await i.talk.moderation.setPolicy(commandLine, { replies: 'closed' })
    const root = await i.say('No answers')
    const said = reply(ana, root.uri)
    await create(ana, said)
    expect(await kept(said.id)).toBeUndefined()
    await follow(cleo.id)
    const begun = note(cleo.id), more = reply(cleo, begun.id), mine = reply(cleo, root.uri)
    for (const o of [begun, more, mine]) await create(cleo, o)
    expect([await kept(more.id), await kept(mine.id)]).toEqual([expect.objectContaining({ state: 'public' }), undefined])
    await i.store.write(async (tx) => { await tx.delete(fediTables(i.store.kit).following).where(eq(fediTables(i.store.kit).following.target, cleo.id)) })
  })

  test('held: the first answer of an author waits for a look; who was hidden once waits again; each decision is in the log', async () => {
    await i.talk.moderation.setPolicy(commandLine, { replies: 'held' })
    const eve = other.actor('eve')
    const waiting = await i.talk.moderation.countHeld(curator)
    const root = await i.say('Moderated')
    const first = reply(eve, root.uri, { content: '<p>1</p>' })
    await create(eve, first)
    const answer = reply(ben, first.id, { content: '<p>to one that waits</p>' })
    await create(ben, answer)
    expect([await shown(root.id), (await kept(answer.id))?.state]).toEqual([[], 'held'])
    expect(await i.talk.moderation.countHeld(curator)).toBe(waiting + 2)
    const { id } = (await kept(first.id))!
    await expect(i.talk.moderation.approve(member, id)).rejects.toMatchObject({ status: 403 })
    await expect(i.talk.moderation.held(undefined, 10)).rejects.toMatchObject({ status: 401 })
    await i.talk.moderation.approve(curator, id)
    await i.talk.moderation.approve(curator, id)
    await create(eve, reply(eve, root.uri, { content: '<p>2</p>' }))
    expect(await shown(root.id)).toEqual(['<p>1</p>', '<p>2</p>'])
    await expect(i.talk.moderation.hide(curator, id, { why: ' ' })).rejects.toMatchObject({ status: 422, field: 'why' })
    await i.talk.moderation.hide(curator, id, { why: 'rude' })
    await create(eve, reply(eve, root.uri, { content: '<p>3</p>' }))
    await send(eve, activity(eve.id, 'Update', { ...first, content: '<p>1!</p>', updated: new Date().toISOString() }))
    expect(await shown(root.id)).toEqual(['<p>2</p>'])
    expect((await i.talk.moderation.hidden(curator, 10)).map((p) => p.html)).toContain('<p>1!</p>')
    await i.talk.moderation.show(curator, id)
    expect(await shown(root.id)).toEqual(['<p>1!</p>', '<p>2</p>'])
    await expect(i.talk.moderation.hide(curator, root.id, { why: 'x' })).rejects.toMatchObject({ code: 'ours' })
    const audit = storeTables(i.store.kit).audit
    const log = await i.store.read.select().from(audit).where(eq(audit.subject, first.id)).orderBy(audit.id)
    expect(log.map((e) => [e.by, e.action, e.why])).toEqual([['user:c', 'comment.approve', null], ['user:c', 'comment.hide', 'rude'], ['user:c', 'comment.show', null]])
  })

  test('more than a person writes in an hour waits', async () => {
    const flo = other.actor('flo')
    const root = await i.say('Flood')
    for (let n = 0; n < COMMENTS_AN_HOUR + 2; n++) await post(`${i.origin}/ap/inbox`, activity(flo.id, 'Create', reply(flo, root.uri)), flo)
    await i.settled()
    const all = await i.talk.read.thread(root.id, ['public', 'held'], 100)
    expect(all).toHaveLength(COMMENTS_AN_HOUR + 2)
    expect(all.filter((p) => p.state === 'held')).toHaveLength(2)
  })

  test('answers that answer each other, or themselves, harm nobody', async () => {
    const root = await i.say('Round')
    const [x, y] = [note(ana.id), note(ana.id)]
    await create(ana, { ...x, inReplyTo: y.id, context: `${root.uri}/context` })
    await create(ana, { ...y, inReplyTo: x.id, context: `${root.uri}/context` })
    const self = note(ana.id)
    await create(ana, { ...self, inReplyTo: self.id, context: `${root.uri}/context` })
    expect(await shown(root.id)).toHaveLength(3)
  })

  test('an answer of ours: mentioned, sent to its author and to followers, in the thread; edited and taken down the same way', async () => {
    const root = await i.say('Ours')
    const said = reply(cleo, root.uri, { context: `${root.uri}/context` })
    await create(cleo, said)
    const to = (await kept(said.id))!
    const before = other.posts().length
    const mine = await i.talk.reply(commandLine, 'coop', to.id, { text: 'Thank you, #friend' })
    const coop = i.fedi.uris.actor('coop')
    expect(await json(mine.uri)).toMatchObject({
      type: 'Note', inReplyTo: said.id, context: `${root.uri}/context`, to: ['https://www.w3.org/ns/activitystreams#Public'], cc: [i.fedi.uris.followers('coop'), cleo.id],
      tag: [{ type: 'Mention', href: cleo.id, name: `@cleo@${other.host}` }, { type: 'Hashtag', name: '#friend' }],
    })
    await i.settled()
    await i.talk.edit(commandLine, mine.id, { text: 'Thank you!' })
    await i.settled()
    expect(await json(mine.uri)).toMatchObject({ tag: [{ type: 'Mention' }], inReplyTo: said.id, cc: [i.fedi.uris.followers('coop'), cleo.id] })
    await i.talk.remove(commandLine, mine.id)
    const told = await until('the deliveries', () => { const all = other.posts().slice(before).map((p) => JSON.parse(p.body.toString()) as Record<string, unknown>); return all.length === 3 && all })
    expect(told.map((a) => [a.type, a.actor])).toEqual([['Create', coop], ['Update', coop], ['Delete', coop]])
    expect((await i.document(mine.uri)).status).toBe(410)
    // Answering oneself mentions nobody, and sends nobody anything unasked.
    const own = await i.talk.reply(commandLine, 'coop', root.id, { text: 'And another thing' })
    expect(await json(own.uri)).toMatchObject({ inReplyTo: root.uri, cc: [i.fedi.uris.followers('coop')] })
    expect(await json(own.uri)).not.toHaveProperty('tag')
    const byRosa = await i.talk.reply({ by: 'user:u1', role: 'member', editorOf: new Set(), userId: 'u1' }, 'rosa', own.id, { text: 'Hear, hear' })
    expect(byRosa).toMatchObject({ thread: root.id, speaker: 'rosa' })
    expect(await json(byRosa.uri)).toMatchObject({ tag: [{ type: 'Mention', href: coop }] })
    await expect(i.talk.reply(member, 'coop', root.id, { text: 'x' })).rejects.toMatchObject({ status: 403 })
    await expect(i.talk.reply(commandLine, 'coop', 'nothing', { text: 'x' })).rejects.toMatchObject({ status: 404 })
    await expect(i.talk.reply(commandLine, 'coop', mine.id, { text: 'x' })).rejects.toMatchObject({ status: 404 })
    await i.talk.moderation.hide(curator, to.id, { why: 'x' })
    await expect(i.talk.reply(commandLine, 'coop', to.id, { text: 'x' })).rejects.toMatchObject({ status: 404 })
  })

  test('replies and context: ids of what is shown, with a first page, by pages of twenty', async () => {
    const root = await i.say('Many')
    const stored = await i.fedi.documents.get(root.uri)
    const empty = await json(`${root.uri}/replies`)
    expect(empty).toMatchObject({ id: `${root.uri}/replies`, type: 'Collection', totalItems: 0, first: { type: 'CollectionPage', partOf: `${root.uri}/replies`, items: [] } })
    const at = (n: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, n)).toISOString()
    const many: string[] = []
    for (let n = 0; n < 23; n++) {
      const by = remote.actor(`m${n}`)
      const said = reply(by, root.uri, { published: at(n) })
      many.push(said.id)
      await post(`${i.origin}/ap/inbox`, activity(by.id, 'Create', said), by)
    }
    await i.settled()
    const deep = reply(ana, many[0]!, { published: at(40) })
    await create(ana, deep)
    await i.talk.moderation.hide(curator, (await kept(many[1]!))!.id, { why: 'x' })
    const direct = many.filter((_, n) => n !== 1)

    const replies = await json(`${root.uri}/replies`)
    expect(replies).toMatchObject({ totalItems: 22, first: { id: `${root.uri}/replies?page=true`, items: direct.slice(0, 20), next: expect.stringContaining('?after=') as string } })
    expect(await json(`${root.uri}/replies?page=true`)).toMatchObject(replies.first as object)
    const second = await json(replies.first.next as string)
    expect(second).toMatchObject({ id: replies.first.next as string, type: 'CollectionPage', partOf: `${root.uri}/replies`, items: direct.slice(20) })
    expect(second).not.toHaveProperty('next')
    expect(await json(root.uri)).toMatchObject({ replies: { id: `${root.uri}/replies`, totalItems: 22 }, context: `${root.uri}/context` })
    expect(await i.fedi.documents.get(root.uri)).toEqual(stored)

    const context = await json(`${root.uri}/context`)
    expect(context).toMatchObject({ id: `${root.uri}/context`, type: 'Collection', attributedTo: i.fedi.uris.actor('coop'), totalItems: 24 })
    const all = [...(context.first.items as string[]), ...(await json(context.first.next as string)).items as string[]]
    expect(all.sort()).toEqual([root.uri, ...direct, deep.id].sort())

    const own = await i.talk.reply(commandLine, 'coop', root.id, { text: 'All read' })
    expect((await i.document(`${own.uri}/context`)).status).toBe(404) // the thread begins elsewhere
    expect((await i.document(`${own.uri}/replies`)).status).toBe(200)
    const page = await i.document(`${root.uri}/replies`, { accept: 'text/html' })
    expect([page.status, page.headers.get('location')]).toEqual([303, `/posts/${root.id}`])
    await i.talk.remove(commandLine, root.id)
    for (const name of ['replies', 'context']) expect((await i.document(`${root.uri}/${name}`)).status).toBe(410)
  })

  test('a group that is followed hands on what others say: looked at on their own server', async () => {
    const group = remote.actor('group', { type: 'Group' })
    await follow(group.id)
    await send(group, activity(group.id, 'Like', `${i.origin}/x`)) // it is known from now on
    const page = { '@context': 'https://www.w3.org/ns/activitystreams', id: `${other.origin}/post/1`, type: 'Page', attributedTo: cleo.id, name: 'Handed on', to: ['as:Public'], audience: group.id, published: '2026-01-01T00:00:00Z' }
    other.documents.set('/post/1', page)
    const announce = (type: string, object: unknown) => send(group, activity(group.id, 'Announce', activity(cleo.id, type, object)))
    await announce('Create', { ...page, name: 'Forged' })
    expect(await kept(page.id)).toMatchObject({ kind: 'article', title: 'Handed on', author: cleo.id, state: 'public' })
    other.documents.set('/post/1', { ...page, name: 'Changed', updated: '2026-01-02T00:00:00Z' })
    await announce('Update', page.id)
    expect((await kept(page.id))?.title).toBe('Changed')
    await announce('Delete', page.id) // it is there still, whatever the group says
    expect((await kept(page.id))?.state).toBe('public')
    other.answer = (r, res) => { if (r.url !== '/post/1') return false; res.writeHead(410).end(); return true }
    await announce('Delete', page.id)
    other.answer = () => {}
    expect((await kept(page.id))?.state).toBe('removed')

    const seen = other.seen.length
    other.documents.set('/post/2', { ...page, id: `${other.origin}/post/2`, to: [group.id] })
    other.documents.set('/post/3', { ...page, id: `${other.origin}/post/3`, attributedTo: ana.id })
    await announce('Create', { id: `${other.origin}/post/2` })
    await announce('Create', { id: `${other.origin}/post/3` })
    expect([await kept(`${other.origin}/post/2`), await kept(`${other.origin}/post/3`), other.seen.length - seen]).toEqual([undefined, undefined, 2])
    // What it makes us ask for is within the budget of its own server.
    const causes: string[] = []
    const causedBy = vi.spyOn(i.fedi, 'causedBy').mockImplementation((actor, work) => { causes.push(actor); return work() })
    await announce('Update', page.id)
    causedBy.mockRestore()
    expect(causes).toEqual([group.id])
    const before = other.seen.length
    // Nobody else has anything looked at: not who is not followed, not a person.
    await send(ben, activity(ben.id, 'Announce', activity(cleo.id, 'Create', { id: `${other.origin}/post/2` })))
    await follow(ben.id)
    await send(ben, activity(ben.id, 'Announce', activity(cleo.id, 'Create', { id: `${other.origin}/post/2` })))
    expect(other.seen.length).toBe(before)
  })
})
