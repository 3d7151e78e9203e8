/** A whole server is blocked: what that does to the house, and what comes back. */
import { asc, eq } from 'drizzle-orm'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { commandLine, type Who } from '../../src/accounts/model.ts'
import { policies as makePolicies, SETTLE, type Policies } from '../../src/curation/policies.ts'
import { fediTables } from '../../src/fedi/tables.ts'
import { newId } from '../../src/kernel/ids.ts'
import type { Store } from '../../src/store/store.ts'
import { openStore } from '../../src/store/open.ts'
import { jobQueue } from '../../src/store/jobs.ts'
import { storeTables } from '../../src/store/tables.ts'
import { postsByAuthor } from '../../src/talk/authors.ts'
import { moderation } from '../../src/talk/moderation.ts'
import { postStore } from '../../src/talk/store.ts'
import { talkTables } from '../../src/talk/tables.ts'
import { movingClock } from '../coops/house.ts'
import { engines } from '../engines.ts'
import { activity, makeInstance, makeRemote, note, post, until, type Instance, type Remote } from '../fedi/instance.ts'

const OWN = ['coops.example']
const admin: Who = { by: 'user:a', role: 'admin', editorOf: new Set(), userId: 'a' }

describe.each(engines)('policies on $engine', ({ engine, fresh, place }) => {
  let store: Store, all: Policies, i: Instance, settle: () => Promise<void>
  const clock = movingClock()
  beforeEach(async () => {
    store = await fresh()
    const jobs = jobQueue(store, clock)
    all = makePolicies({ store, clock, jobs, own: OWN })
    i = await makeInstance({ store, clock, workers: false, listen: false, origin: 'https://coops.example', fedi: { isBlocked: all.isBlocked } })
    const handler = all.handlers({ fedi: i.fedi, posts: postsByAuthor({ store, fedi: i.fedi }) })[SETTLE]!
    settle = async () => {
      for (const job of await jobs.claim(SETTLE, 5)) {
        await handler.run(job, new AbortController().signal)
        await jobs.done([job.id])
      }
    }
  })
  afterEach(() => i.close())

  const p = () => talkTables(store.kit).posts
  const add = (author: string, n: number, state: 'public' | 'held' | 'hidden' | 'removed' = 'public', speaker: string | null = null) => store.write(async (tx) => {
    for (let k = 0; k < n; k++) {
      const id = newId()
      await tx.insert(p()).values({ id, uri: `${author}/${id}`, author, authorName: 'A', authorHandle: '@a', html: '<p>x</p>', published: clock.now(), state, speaker })
    }
  })
  const states = async (author: string): Promise<Record<string, number>> => {
    const rows = await store.read.select({ state: p().state }).from(p()).where(eq(p().author, author))
    return Object.fromEntries([...new Set(rows.map((r) => r.state))].sort().map((s) => [s, rows.filter((r) => r.state === s).length]))
  }
  const followed = async () => (await store.read.select().from(fediTables(store.kit).followers)).map((f) => f.follower).sort()
  const audit = () => store.read.select().from(storeTables(store.kit).audit).orderBy(asc(storeTables(store.kit).audit.id))

  test('only for admins and the command line; refused hosts change nothing', async () => {
    for (const who of [undefined, { ...admin, role: 'curator' as const }, { ...admin, role: 'member' as const }]) {
      const code = who ? 'forbidden' : 'sign-in-needed'
      for (const act of [all.block(who, 'bad.example', 'spam'), all.unblock(who, 'bad.example'), all.list(who)]) await expect(act).rejects.toMatchObject({ code })
    }
    for (const host of ['com', 'coops.example', 'example', '']) await expect(all.block(commandLine, host, 'x')).rejects.toMatchObject({ code: 'host', status: 422 })
    for (const why of ['', '  ', 'x'.repeat(501), 'a\0b']) await expect(all.block(commandLine, 'bad.example', why)).rejects.toMatchObject({ code: 'invalid', field: 'why' })
    await expect(all.unblock(commandLine, 'bad.example')).rejects.toMatchObject({ code: 'not-blocked', status: 404 })
    expect([await all.list(commandLine), await audit(), await i.jobs.depth()]).toEqual([[], [], []])
  })

  test('known at once, listed, audited; the same again is nothing, another reason is a change', async () => {
    expect(await all.block(commandLine, 'Bad.Example:443', 'spam')).toEqual({ host: 'bad.example', changed: true })
    expect(['bad.example', 'a.bad.example', 'good.example', 'notbad.example'].map(all.isBlocked)).toEqual([true, true, false, false])
    expect(await all.block(admin, 'bad.example', 'spam')).toEqual({ host: 'bad.example', changed: false })
    expect(await all.block(admin, 'bad.example', 'more spam')).toEqual({ host: 'bad.example', changed: true })
    await all.block(admin, '192.0.2.7', 'scans')
    expect(await all.list(admin)).toMatchObject([{ host: '192.0.2.7', by: 'user:a' }, { host: 'bad.example', policy: 'blocked', why: 'more spam' }])
    expect((await all.list(admin, '192.0.2.7')).map((x) => x.host)).toEqual(['bad.example'])
    await all.unblock(admin, 'BAD.example')
    expect(all.isBlocked('bad.example')).toBe(false)
    expect((await audit()).map((x) => [x.by, x.action, x.subject, x.why])).toEqual([
      ['cli', 'domain.block', 'host:bad.example', 'spam'], ['user:a', 'domain.block', 'host:bad.example', 'more spam'], ['user:a', 'domain.block', 'host:192.0.2.7', 'scans'], ['user:a', 'domain.unblock', 'host:bad.example', null],
    ])
  })

  test('another process hears of it, and of its end', async () => {
    const at = await place()
    const here = await openStore(at, 'drizzle'), there = await openStore(at, 'drizzle')
    try {
      const mine = makePolicies({ store: here, clock, jobs: jobQueue(here, clock), own: OWN }), theirs = makePolicies({ store: there, clock, jobs: jobQueue(there, clock), own: OWN })
      await theirs.refresh()
      await mine.block(commandLine, 'bad.example', 'spam')
      await theirs.refresh()
      expect(theirs.isBlocked('bad.example')).toBe(true)
      await mine.unblock(commandLine, 'bad.example')
      await mine.block(commandLine, 'worse.example', 'spam')
      await theirs.refresh()
      expect(['bad.example', 'worse.example'].map(theirs.isBlocked)).toEqual([false, true])
      const stop = theirs.watch()
      await mine.unblock(commandLine, 'worse.example')
      await until('the other process to look', () => !theirs.isBlocked('worse.example'))
      stop()
    } finally { await here.close(); await there.close() }
    expect(engine).toBeTruthy()
  })

  test('followers and followings go without a word, in batches; of good servers all stay', async () => {
    const { followers, following } = fediTables(store.kit)
    const row = (actor: string, follower: string) => ({ actor, follower, inbox: `${follower}/inbox`, sharedInbox: null, state: 'accepted', followId: `${follower}/1`, since: clock.now() })
    const bad = Array.from({ length: 1203 }, (_, n) => row('coop', `https://bad.example/users/u${n}`))
    const odd = ['https://sub.bad.example/a', 'https://BAD.example/b', 'https://bad.example:8443/c', 'http://bad.example./d']
    const good = ['https://good.example/a', 'https://notbad.example/b', 'https://good.example/bad.example', 'https://bad.example.org/c']
    await store.write(async (tx) => {
      for (let n = 0; n < bad.length; n += 400) await tx.insert(followers).values(bad.slice(n, n + 400))
      for (const actor of ['coop', 'directory']) await tx.insert(followers).values([...odd, ...good].map((f) => row(actor, f)))
      await tx.insert(following).values([...odd, ...good].map((target) => ({ actor: 'directory', target, state: 'accepted', activity: `https://coops.example/ap/activities/${target.length}`, since: clock.now() })))
    })
    await all.block(commandLine, 'bad.example', 'spam')
    await settle()
    expect(await followed()).toEqual([...good, ...good].sort())
    expect((await i.fedi.following()).map((f) => f.actor)).toEqual([...good].sort())
    expect((await i.jobs.depth()).map((d) => d.kind)).toEqual([SETTLE]) // nothing is sent; the second look waits
    await all.unblock(commandLine, 'bad.example')
    await settle()
    expect(await followed()).toHaveLength(8)
  })

  test('posts are hidden and come back as they were; what a moderator has hidden and what is gone stays so', async () => {
    const [a, sub, good] = ['https://bad.example/users/a', 'https://sub.bad.example/users/b', 'https://good.example/users/c']
    await add(a, 430)
    await add(a, 3, 'held')
    await add(a, 2, 'hidden')
    await add(a, 1, 'removed')
    await add(sub, 2)
    await add(good, 2)
    await add('https://coops.example/ap/actors/coop', 2, 'public', 'coop')
    await all.block(commandLine, 'bad.example', 'spam')
    await settle()
    expect(await states(a)).toEqual({ hidden: 435, removed: 1 })
    expect(await states(sub)).toEqual({ hidden: 2 })
    expect(await states(good)).toEqual({ public: 2 })
    await settle()
    await all.block(commandLine, 'sub.bad.example', 'spam too') // inside what is blocked already
    await all.unblock(commandLine, 'bad.example')
    await settle()
    expect(await states(a)).toEqual({ held: 3, hidden: 2, public: 430, removed: 1 })
    expect(await states(sub)).toEqual({ hidden: 2 })
    await all.unblock(commandLine, 'sub.bad.example')
    await settle()
    expect(await states(sub)).toEqual({ public: 2 })
    expect(await store.read.$count(storeTables(store.kit).keyValues)).toBe(0)
  })

  test('what was removed while it was hidden does not come back', async () => {
    const a = 'https://bad.example/users/a'
    await add(a, 3)
    await all.block(commandLine, 'bad.example', 'spam')
    await settle()
    const [one] = await store.read.select({ id: p().id }).from(p())
    await store.write((tx) => tx.update(p()).set({ state: 'removed', html: '' }).where(eq(p().id, one!.id)))
    await all.unblock(commandLine, 'bad.example')
    await settle()
    expect(await states(a)).toEqual({ public: 2, removed: 1 })
  })

  test('what a curator hides while a block hides it stays hidden after; nothing of a blocked server is shown', async () => {
    const a = 'https://sub.bad.example/users/a'
    const desk = moderation({ store, clock, posts: postStore(store), blocks: all })
    await add(a, 3)
    await add(a, 1, 'held')
    await all.block(commandLine, 'bad.example', 'spam')
    const ids = (await store.read.select({ id: p().id }).from(p()).orderBy(asc(p().id))).map((r) => r.id)
    await expect(desk.approve(admin, ids[3]!)).rejects.toMatchObject({ code: 'server-blocked', status: 409 }) // not even before the job has run
    await settle()
    for (const id of ids) await expect(desk.show(admin, id)).rejects.toMatchObject({ code: 'server-blocked', status: 409 })
    expect(await states(a)).toEqual({ hidden: 4 })
    const before = (await audit()).length
    for (const id of [ids[0]!, ids[3]!, ids[0]!]) await desk.hide(admin, id, { why: 'insults' })
    expect((await audit()).slice(before).map((x) => [x.action, x.before, x.after, x.why])).toEqual([1, 2].map(() => ['comment.hide', 'hidden', 'hidden', 'insults']))
    await settle()
    await all.unblock(commandLine, 'bad.example')
    await settle()
    expect(await states(a)).toEqual({ hidden: 2, public: 2 })
    expect(await store.read.$count(storeTables(store.kit).keyValues)).toBe(0)
    await desk.show(admin, ids[0]!) // a curator's own is a curator's to show
    expect(await states(a)).toEqual({ hidden: 1, public: 3 })
  })

  test('the list as it is decides, in whatever order the jobs run', async () => {
    const a = 'https://bad.example/users/a'
    await add(a, 2)
    await all.block(commandLine, 'bad.example', 'spam')
    await all.unblock(commandLine, 'bad.example')
    await all.block(commandLine, 'bad.example', 'spam after all')
    await settle()
    expect(await states(a)).toEqual({ hidden: 2 })
    await settle()
    await settle()
    await all.unblock(commandLine, 'bad.example')
    await all.block(commandLine, 'bad.example', 'again')
    await all.unblock(commandLine, 'bad.example')
    for (let n = 0; n < 6; n++) await settle()
    expect(await states(a)).toEqual({ public: 2 })
  })
})

/** HOSTILE.md 57, over real sockets. */
describe('a blocked server', () => {
  let i: Instance, r: Remote, all: Policies
  const clock = movingClock(new Date().toISOString())
  beforeEach(async () => {
    const store = await engines[0]!.fresh()
    all = makePolicies({ store, clock, jobs: jobQueue(store, clock), own: OWN })
    i = await makeInstance({ store, clock, fedi: { isBlocked: all.isBlocked } })
    r = await makeRemote()
  })
  afterEach(async () => { await i.close(); await r.close() })

  test('is refused whatever it sends, asked for nothing, and gets nothing; an unblocked one is heard again', async () => {
    const x = r.actor('x')
    const say = (object: unknown, type = 'Create') => post(i.fedi.uris.sharedInbox, activity(x.id, type, object), x, { date: clock.now() })
    expect((await say(i.fedi.uris.actor('coop'), 'Follow')).status).toBe(202)
    await until('the follower', () => i.fedi.followersCount('coop'))
    await until('its Accept', () => r.posts().length)
    await all.block(commandLine, '127.0.0.1', 'spam')
    const before = r.seen.length
    for (const [type, object] of [['Create', note(x.id)], ['Follow', i.fedi.uris.actor('coop')], ['Like', i.fedi.uris.actor('coop')], ['Flag', i.fedi.uris.actor('coop')], ['Announce', `${r.origin}/notes/1`], ['Delete', x.id]] as const) {
      expect((await say(object, type)).status).toBe(403)
    }
    for (const id of [x.id, r.actor('y').id]) { // known from before, or not
      await expect(i.fedi.lookupActor(id)).rejects.toMatchObject({ code: 'blocked' })
      await expect(i.fedi.follow({ handle: 'coop' }, id)).rejects.toMatchObject({ code: 'blocked' })
    }
    expect(await i.fedi.following()).toEqual([])
    await expect(i.fedi.lookupActor(r.actor('y').id)).rejects.toMatchObject({ code: 'blocked', status: 403 })
    await expect(i.fedi.fetchObject(`${r.origin}/notes/1`)).rejects.toMatchObject({ code: 'blocked' })
    await i.store.write((tx) => i.fedi.publish(tx, { actor: 'coop', activity: { type: 'Create', object: { id: i.fedi.uris.object('notes', '1'), type: 'Note', content: 'x' } }, to: 'followers' }))
    await until('the queue to be empty', async () => (await i.jobs.depth()).every((d) => d.kind === SETTLE))
    expect(r.seen.length).toBe(before)
    expect(i.inbound.filter((a) => a.type !== 'Follow')).toEqual([])
    await all.unblock(commandLine, '127.0.0.1')
    expect((await say(note(x.id))).status).toBe(202)
    await until('the post', () => i.inbound.some((a) => a.type === 'Create'))
  })

  test('another server\'s Announce of what is theirs brings nothing in', async () => {
    const other = await makeRemote({ address: '127.0.0.2' })
    try {
      await all.block(commandLine, '127.0.0.1', 'spam')
      const y = other.actor('y')
      r.documents.set('/notes/1', note(r.actor('x').id, { id: `${r.origin}/notes/1` }))
      const before = r.seen.length
      for (const object of [`${r.origin}/notes/1`, { id: `${r.origin}/notes/1`, type: 'Note', attributedTo: r.actor('x').id, content: 'smuggled' }]) {
        for (const type of ['Announce', 'Create']) expect((await post(i.fedi.uris.sharedInbox, activity(y.id, type, object), y, { date: clock.now() })).status).toBe(202)
      }
      await until('the inbox to be worked off', async () => (await i.jobs.depth()).every((d) => d.kind !== 'inbox'))
      expect(r.seen.length).toBe(before)
      expect(i.inbound.filter((a) => JSON.stringify(a.object).includes('smuggled'))).toEqual([])
      expect(i.inbound.filter((a) => a.type === 'Create')).toEqual([])
    } finally { await other.close() }
  })
})
