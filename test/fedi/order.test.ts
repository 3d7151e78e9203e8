/** What is said again and again – to follow, no longer to, to follow again – and comes in another order, or as servers with ways of their own say it. */
import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { engines } from '../engines.ts'
import { activity, makeInstance, makeRemote, post, until, type Instance, type Remote, type RemoteActorKeys } from './instance.ts'

describe.each(engines)('late words on $engine', ({ fresh }) => {
  let i: Instance, r: Remote, coop: string, n = 0
  beforeAll(async () => {
    i = await makeInstance({ store: await fresh() })
    r = await makeRemote()
    coop = i.fedi.uris.actor('coop')
  })
  afterAll(async () => { await i?.close(); await r?.close() })

  const quiet = () => until('the queue', async () => !(await i.jobs.depth()).some((d) => d.kind === 'inbox' && d.waiting + d.running + d.delayed > 0))
  async function send(by: RemoteActorKeys, ...all: object[]): Promise<void> {
    for (const a of all) {
      expect((await post(`${i.origin}/ap/inbox`, a, by)).status).toBe(202)
      await quiet()
    }
  }
  const somebody = () => r.actor(`late${++n}`)
  const isFollower = async (who: RemoteActorKeys) => (await i.fedi.followers('coop', '', 1000)).includes(who.id)
  const at = (minute: number) => ({ published: new Date(Date.now() - (60 - minute) * 60_000).toISOString() })

  describe('of who states times', () => {
    const words = (who: RemoteActorKeys) => {
      const one = activity(who.id, 'Follow', coop, at(1)), two = activity(who.id, 'Follow', coop, at(3))
      return { one, undone: activity(who.id, 'Undo', one, at(2)), blocked: activity(who.id, 'Block', coop, at(2)), two, undoneTwo: activity(who.id, 'Undo', two, at(4)) }
    }
    const orders = <T>(list: readonly T[]): T[][] => (list.length < 2 ? [[...list]] : list.flatMap((x, k) => orders(list.toSpliced(k, 1)).map((o) => [x, ...o])))
    test.each([
      ['follow, undo, follow', ['one', 'undone', 'two'], true],
      ['follow, block, follow', ['one', 'blocked', 'two'], true],
      ['follow, follow, undo', ['one', 'two', 'undoneTwo'], false],
      ['follow, block', ['one', 'blocked'], false],
    ] as const)('%s: the last counts, whatever comes first', async (_, said, follows) => {
      for (const order of orders(said)) {
        const who = somebody(), all = words(who)
        await send(who, ...order.map((w) => all[w]))
        expect([order, await isFollower(who)]).toEqual([order, follows])
      }
    })
    test('one who follows in the year 2099 can still be undone', async () => {
      const who = somebody()
      await send(who, activity(who.id, 'Follow', coop, { published: '2099-01-01T00:00:00Z' }))
      await send(who, activity(who.id, 'Undo', { type: 'Follow', actor: who.id, object: coop }, at(1)))
      expect(await isFollower(who)).toBe(false)
    })
  })

  describe('of who states none', () => {
    test('the Undo of a Follow that has come leaves the one after it', async () => {
      const who = somebody(), one = activity(who.id, 'Follow', coop)
      await send(who, one, activity(who.id, 'Follow', coop), activity(who.id, 'Undo', one))
      expect(await isFollower(who)).toBe(true)
    })
    test('an Undo that names the Follow by an id it never had (Lemmy; Misskey states the time of the Undo alone)', async () => {
      for (const more of [{}, at(59)]) {
        const who = somebody()
        await send(who, activity(who.id, 'Follow', coop), activity(who.id, 'Undo', { id: `${who.id}/follows/other`, type: 'Follow', actor: who.id, object: coop }, more))
        expect(await isFollower(who)).toBe(false)
      }
    })
    test('what waits together is dealt with in its order', async () => {
      await i.stopWorkers()
      const who = somebody()
      const one = activity(who.id, 'Follow', coop)
      for (const a of [one, activity(who.id, 'Undo', one), activity(who.id, 'Follow', coop)]) expect((await post(`${i.origin}/ap/inbox`, a, who)).status).toBe(202)
      expect(await i.store.read.rows<{ n: number }>(sql`select count(distinct key) as n from jobs where kind = 'inbox'`)).toEqual([{ n: 1 }])
      i.startWorkers()
      await quiet()
      expect(await isFollower(who)).toBe(true)
    })
  })

  describe('answers to our Follow', () => {
    const state = async (who: RemoteActorKeys) => (await i.fedi.following('coop')).find((f) => f.actor === who.id)?.state
    const asked = async (who: RemoteActorKeys, nth = 1) => {
      await i.fedi.follow({ handle: 'coop' }, who.id)
      return until('our Follow', () => r.posts().map((s) => JSON.parse(String(s.body)) as { id: string; type: string; object: string }).filter((a) => a.type === 'Follow' && a.object === who.id)[nth - 1])
    }
    test('a Reject of the one before does not touch the one after', async () => {
      const who = somebody()
      const one = await asked(who)
      await i.fedi.unfollow({ handle: 'coop' }, who.id)
      const two = await asked(who, 2)
      await send(who, activity(who.id, 'Accept', two), activity(who.id, 'Reject', one))
      expect(await state(who)).toBe('accepted')
      await send(who, activity(who.id, 'Reject', two), activity(who.id, 'Accept', two))
      expect(await state(who)).toBe('rejected')
    })
    test('by another id than ours (Misskey), and only then by whom it is of', async () => {
      const who = somebody()
      await asked(who)
      await send(who, activity(who.id, 'Reject', { id: `${r.origin}/follows/a/b`, type: 'Follow', actor: coop, object: who.id }))
      expect(await state(who)).toBe('rejected')
    })
    test('a stranger’s Accept of it reaches no room', async () => {
      const who = somebody(), stranger = somebody()
      const { inbound } = i
      inbound.length = 0
      await i.stopWorkers()
      await i.fedi.follow({ handle: 'coop' }, who.id) // its document is there until it has been delivered
      const [follow] = (await i.store.read.rows<{ activity: string }>(sql`select activity from following where target = ${who.id}`))
      expect((await post(`${i.origin}/ap/inbox`, activity(stranger.id, 'Accept', follow!.activity), stranger)).status).toBe(202)
      await i.store.auto.rows(sql`update jobs set due = ${sql.raw(i.store.engine === 'postgres' ? "now() + interval '1 hour'" : String(Date.now() + 3_600_000))} where kind = 'deliver'`)
      i.startWorkers()
      await until('the Accept', async () => !(await i.jobs.depth()).some((d) => d.kind === 'inbox'))
      expect(inbound).toEqual([])
      expect(await state(who)).toBe('requested')
    })
    test('an inbox that is gone (410) declines', async () => {
      const who = somebody()
      r.answer = (s, res) => { if (s.method !== 'POST') return; res.writeHead(410).end(); return true }
      try {
        await i.fedi.follow({ handle: 'coop' }, who.id)
        await until('the end of it', async () => (await state(who)) === 'rejected')
      } finally { r.answer = () => {} }
    })
  })

  test('an actor of ours that goes tells whom it followed, and follows nobody', async () => {
    const who = somebody()
    await i.store.write((tx) => i.fedi.actors.put(tx, { handle: `goer${n}`, open: true, owner: `organisation:${n}`, document: { type: 'Organization', name: 'Goer' } }))
    await i.fedi.follow({ handle: `goer${n}` }, who.id)
    await i.store.write((tx) => i.fedi.actors.bury(tx, `goer${n}`))
    const farewell = await until('the Delete', () => r.posts().map((s) => JSON.parse(String(s.body)) as { type: string; object: string }).find((a) => a.type === 'Delete'))
    expect(farewell.object).toBe(i.fedi.uris.actor(`goer${n}`))
    expect(await i.fedi.following(`goer${n}`)).toEqual([])
  })
})
