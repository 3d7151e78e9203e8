/** HOSTILE.md rows 40 to 44: the same twice, at once, in the wrong order, too late, and a great deal of it. On both engines. */
import { createHash } from 'node:crypto'
import { configure, reset } from '@logtape/logtape'
import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fediTables } from '../../../src/fedi/tables.ts'
import { talkTables } from '../../../src/talk/tables.ts'
import { engines } from '../../engines.ts'
import { activity, makeInstance, note, until } from '../instance.ts'
import { dropped, hostileHouse, type HostileHouse, type Outcome } from './house.ts'

const kept: Outcome = { status: 202, effect: ['posts +1', 'received +1'], outbound: [] }

describe.each(engines)('on $engine', ({ fresh }) => {
  let h: HostileHouse
  beforeAll(async () => { h = await hostileHouse({ fresh }) })
  afterAll(() => h?.close())
  const html = async (id: string) => (await h.i.talk.read.byUri(id))?.html
  const again: Outcome = { status: 202, effect: [], outbound: [] }

  describe('row 40: the same activity', () => {
    test('twice: one effect, and both are told that it is here', async () => {
      const a = h.create()
      expect(await h.outcome(() => h.send(a))).toEqual(kept)
      expect(await h.outcome(() => h.send(a))).toEqual(again)
      expect(await h.outcome(() => h.send(a, h.x, { kind: 'rfc9421' }, `${h.i.origin}/ap/actors/coop/inbox`))).toEqual(again)
    })
    test('twenty copies at once, to two processes of one database', async () => {
      // The second has its own memory of what has come: only the database can tell.
      const second = await makeInstance({ store: { ...h.i.store, close: async () => {} }, origin: h.i.origin, listen: false, workers: false, handlers: [] })
      const ours = (await h.i.say('Liked')).uri
      for (const a of [h.create(), activity(h.x.id, 'Like', ours), activity(h.x.id, 'Follow', h.i.fedi.uris.actor('coop'))]) {
        const before = h.r.posts().length
        const o = await h.outcome(async () => {
          const all = await Promise.all(Array.from({ length: 20 }, (_, n) => (n % 2 ? h.send(a) : copyTo(second.app, a))))
          expect(all.map((r) => r.status)).toEqual(Array.from({ length: 20 }, () => 202))
          return 202
        })
        expect([o.status, o.effect.filter((e) => !/documents|actor_keys/.test(e))], a.type).toEqual([202, [{ Create: 'posts +1', Like: 'reactions +1', Follow: 'followers +1' }[a.type]!, 'received +1'].sort()])
        expect(h.r.posts().length - before).toBeLessThanOrEqual(1) // one Accept
      }
      await second.fedi.close()
    })
    /** Signed like any other, into an app without a socket. */
    async function copyTo(app: typeof h.i.app, a: object): Promise<Response> {
      const { cavage } = await import('./signing.ts')
      const body = JSON.stringify(a)
      return app.request(h.shared, { method: 'POST', body, headers: cavage({ url: h.shared, body, keyId: h.x.keyId, key: h.x.key }) })
    }
  })

  test('row 41: another body under an id that has come: the first counts, and the others are counted', async () => {
    const a = h.create()
    expect(await h.outcome(() => h.send(a))).toEqual(kept)
    const counted: unknown[] = []
    await configure({ reset: true, sinks: { kept: (r) => { if ('count' in r.properties) counted.push(r.properties.count) } }, loggers: [{ category: ['toadlane', 'fedi', 'inbox'], lowestLevel: 'info', sinks: ['kept'] }, { category: ['logtape', 'meta'], lowestLevel: 'fatal', sinks: [] }] })
    expect(await h.outcome(() => h.send(a))).toEqual(again) // the same: no more than a repetition
    for (const b of [{ ...a, object: note(h.x.id) }, { ...a, type: 'Delete', object: (a.object as { id: string }).id }, { ...a, published: 'later' }]) expect(await h.outcome(() => h.send(b))).toEqual(again)
    await reset()
    expect(counted).toEqual([1, 1, 1])
    const { received } = fediTables(h.i.store.kit)
    const rows = await h.i.store.read.select({ body: received.body }).from(received).where(sql`id = ${createHash('sha256').update(a.id).digest('base64url')}`)
    expect(rows).toEqual([{ body: createHash('sha256').update(JSON.stringify(a)).digest('base64url') }])
  })

  describe('row 42: what takes back comes before what it takes back', () => {
    test('Delete before Create, and Update after it', async () => {
      const n = note(h.x.id)
      expect(await h.outcome(() => h.send(activity(h.x.id, 'Delete', { id: n.id, type: 'Tombstone' })))).toEqual(dropped([], ['stones +1']))
      expect(await h.outcome(() => h.send(activity(h.x.id, 'Create', n)))).toEqual(dropped())
      expect(await h.outcome(() => h.send(activity(h.x.id, 'Update', n)))).toEqual(dropped())
      expect(await html(n.id)).toBeUndefined()
    })
    test('Undo before Like and Follow, with what is undone or its id alone', async () => {
      const ours = (await h.i.say('Never liked')).uri, coop = h.i.fedi.uris.actor('coop')
      for (const [type, object] of [['Like', ours], ['Announce', ours], ['Follow', coop]] as const) {
        for (const whole of [true, false]) {
          const a = activity(h.y.id, type, object)
          expect((await h.outcome(() => h.send(activity(h.y.id, 'Undo', whole ? a : a.id), h.y))).status).toBe(202)
          const o = await h.outcome(() => h.send(a, h.y))
          expect([o.status, o.effect], `${type} ${whole}`).toEqual([202, ['received +1']])
        }
      }
      expect(await h.i.fedi.followers('coop')).not.toContain(h.y.id)
    })
    test('another’s Delete does not count', async () => {
      const n = note(h.x.id)
      await h.outcome(() => h.send(activity(h.y.id, 'Delete', n.id), h.y))
      expect(await h.outcome(() => h.send(activity(h.x.id, 'Create', n)))).toEqual(kept)
    })
  })

  test('row 43: an Update that is older than what is here', async () => {
    const at = (minute: number) => new Date(Date.UTC(2026, 0, 1, 12, minute)).toISOString()
    const n = note(h.x.id, { published: at(0) })
    const update = (content: string, more: object) => h.outcome(() => h.send(activity(h.x.id, 'Update', { ...n, content, ...more })))
    expect(await h.outcome(() => h.send(activity(h.x.id, 'Create', n)))).toEqual(kept)
    expect((await update('second', { updated: at(20) })).effect).toEqual(['posts changed', 'received +1'])
    expect(await update('first', { updated: at(10) })).toEqual(dropped())
    expect(await update('without a time', {})).toEqual(dropped())
    expect(await html(n.id)).toBe('second')
    expect((await update('third', { updated: at(30) })).effect).toEqual(['posts changed', 'received +1'])
    expect(await h.outcome(() => h.send(activity(h.x.id, 'Create', { ...n, content: 'again' })))).toEqual(dropped())
    expect(await html(n.id)).toBe('third')
  })

  test('row 44: the Delete of an actor with 10,000 posts goes in batches, and others are kept meanwhile', async () => {
    const many = h.r.actor('many')
    await h.followed(many)
    expect((await h.send(activity(many.id, 'Hello', many.id), many)).status).toBe(202)
    const { posts } = talkTables(h.i.store.kit)
    const row = (n: number) => ({ id: `many-${n}`, uri: `${many.id}/notes/${n}`, kind: 'note' as const, author: many.id, authorName: 'Many', authorHandle: many.id, html: '<p>x</p>', published: new Date(), thread: `many-${n}` })
    for (let n = 0; n < 10_000; n += 500) await h.i.store.write((tx) => tx.insert(posts).values(Array.from({ length: 500 }, (_, k) => row(n + k))))
    const left = () => h.i.store.read.$count(posts, sql`author = ${many.id} and state = 'public'`)
    expect(await left()).toBe(10_000)
    h.r.documents.delete('/users/many')
    expect((await h.send(activity(many.id, 'Delete', many.id), many)).status).toBe(202)
    /** What was left each time that another activity had been kept. */
    const seen: number[] = []
    await until('the end of them', async () => {
      const a = h.create()
      expect((await h.send(a)).status).toBe(202)
      await until('the other’s post', () => h.i.talk.read.byUri((a.object as { id: string }).id))
      seen.push(await left())
      return seen.at(-1) === 0
    }, 120_000)
    expect(seen.filter((n) => n > 0 && n < 10_000).length).toBeGreaterThan(1)
    await h.i.settled()
    expect(await h.i.fedi.knownActor(many.id)).toBeUndefined()
    expect(await h.i.store.read.$count(posts, sql`author = ${many.id} and html <> ''`)).toBe(0)
  }, 180_000)
})
