/** HOSTILE.md rows 45 to 47: too many entries, chains without end, and floods. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { MAX_ENTRIES } from '../../../src/fedi/json.ts'
import { movingClock } from '../../store/clock.ts'
import { activity, note, PUBLIC } from '../instance.ts'
import { hostileHouse, refused, type HostileHouse, type Outcome } from './house.ts'

const clock = movingClock(new Date().toISOString())
const BURST = 40
let h: HostileHouse
beforeAll(async () => {
  h = await hostileHouse({ instance: { clock, fedi: { limits: { receive: { refusals: { burst: 1e6, perMinute: 1e6 }, perHost: { burst: BURST, perMinute: 60 } } } } } })
})
afterAll(() => h?.close())
beforeEach(() => { clock.advance(10 * 60_000); h.r.answer = () => {} })

const kept: Outcome = { status: 202, effect: ['posts +1', 'received +1'], outbound: [] }
const times = <T>(n: number, make: (k: number) => T): T[] => Array.from({ length: n }, (_, k) => make(k))

describe('row 45: too many entries', () => {
  test.each<[string, () => object]>([
    ['10,000 tags', () => h.create({ tag: times(10_000, (n) => ({ type: 'Hashtag', name: `#t${n}`, href: `https://a.example/${n}` })) })],
    ['10,000 mentions', () => h.create({ tag: times(10_000, (n) => ({ type: 'Mention', name: '@a', href: `https://a.example/${n}` })) })],
    ['20,000 recipients', () => ({ ...h.create(), to: times(20_000, (n) => `https://a.example/${n}`) })],
    ['20,000 recipients of the object', () => h.create({ cc: times(20_000, (n) => `https://a.example/${n}`) })],
    ['5,000 attachments', () => h.create({ attachment: times(5000, (n) => ({ type: 'Document', url: `https://a.example/${n}`, mediaType: 'image/png' })) })],
    ['5,000 languages', () => h.create({ contentMap: Object.fromEntries(times(5000, (n) => [`l${n}`, 'x'])) })],
    ['a Flag of 10,000', () => activity(h.x.id, 'Flag', times(10_000, (n) => h.i.fedi.uris.object('notes', `${n}`)))],
  ])('%s', async (_, make) => {
    const a = make()
    expect(await h.outcome(() => h.send(a))).toEqual(refused(413))
  })
  test('as many as are allowed, everywhere: kept, and nobody is asked for anything', async () => {
    const n = MAX_ENTRIES / 10
    const a = h.create({
      tag: times(n, (k) => ({ type: 'Mention', name: '@a', href: `${h.r.origin}/users/${k}` })), attachment: times(n, (k) => ({ type: 'Document', url: `${h.r.origin}/${k}.png` })),
      to: [PUBLIC, ...times(n, (k) => `${h.r.origin}/users/${k}`)], cc: times(n, (k) => `${h.other.origin}/users/${k}`),
    })
    expect(await h.outcome(() => h.send(a))).toEqual(kept)
  })
})

describe('row 46: a chain of answers', () => {
  /** As many notes as somebody asks for, each an answer to the next; of other authors and servers by turns. */
  const chain = (next: (n: number) => number) => {
    for (const server of [h.r, h.other]) {
      server.answer = (s, res) => {
        const n = Number(/^\/chain\/(\d+)$/.exec(s.url)?.[1] ?? NaN)
        if (Number.isNaN(n)) return false
        const at = (k: number) => `${(k % 2 ? h.other : h.r).origin}/chain/${k}`
        res.writeHead(200, { 'content-type': 'application/activity+json' }).end(JSON.stringify({
          id: at(n), type: 'Note', attributedTo: `${server.origin}/users/x`, content: `<p>${n}</p>`, to: [PUBLIC], inReplyTo: at(next(n)), context: `${server.origin}/context`, replies: `${at(n)}/replies`, quoteUrl: at(next(n)),
        }))
        return true
      }
    }
  }
  const DEPTH = 10
  test.each<[string, (n: number) => number]>([['10,000 deep', (n) => n + 1], ['in a ring of three', (n) => (n + 1) % 3], ['an answer to itself', (n) => n]])('%s: no more than ten of it are asked for', async (_, next) => {
    chain(next)
    const id = `${h.x.id}/chained/${Math.random()}`
    const inReplyTo = `${h.r.origin}/chain/0`
    for (const a of [
      h.create({ id, inReplyTo }), activity(h.x.id, 'Update', { ...note(h.x.id, { inReplyTo }), id }), activity(h.x.id, 'Announce', inReplyTo), activity(h.x.id, 'Like', inReplyTo),
      activity(h.x.id, 'Create', inReplyTo), activity(h.x.id, 'Undo', activity(h.x.id, 'Undo', activity(h.x.id, 'Undo', inReplyTo))), h.create({ inReplyTo: [inReplyTo, `${h.other.origin}/chain/1`], quoteUrl: inReplyTo }),
    ]) {
      const o = await h.outcome(() => h.send(a))
      expect([o.status, o.outbound.length <= DEPTH, o.outbound.filter((at) => !/chain/.test(at))], `${a.type} asked for ${o.outbound.length}`).toEqual([202, true, []])
    }
  })
  test('an object whose address leads from one id to the next is followed once', async () => {
    h.r.answer = (s, res) => {
      const n = Number(/^\/moving\/(\d+)$/.exec(s.url)?.[1] ?? NaN)
      if (Number.isNaN(n)) return false
      res.writeHead(200, { 'content-type': 'application/activity+json' }).end(JSON.stringify({ id: `${h.r.origin}/moving/${n + 1}`, type: 'Note', attributedTo: h.x.id }))
      return true
    }
    expect(await h.outcome(() => h.send(activity(h.x.id, 'Create', `${h.r.origin}/moving/0`)))).toEqual({ status: 202, effect: ['received +1'], outbound: ['GET /moving/0', 'GET /moving/1'] })
  })
})

describe('row 47: a flood from one host', () => {
  test('of posts with hashtags and mentions: 429 past its budget, whatever the actor; nothing of the rest is kept', async () => {
    const others = times(5, (n) => h.r.actor(`flood${n}`))
    for (const a of others) expect((await h.send(activity(a.id, 'Hello', a.id), a)).status).toBe(202)
    await h.i.settled()
    clock.advance(10 * 60_000)
    const statuses: number[] = []
    let retryAfter: string | null = null
    const o = await h.outcome(async () => {
      for (let n = 0; n < BURST * 2; n++) {
        const by = [h.x, ...others][n % 6]!
        const r = await h.send(activity(by.id, 'Create', note(by.id, { content: '<p>#coop @coop</p>', tag: [{ type: 'Mention', href: h.i.fedi.uris.actor('coop') }] })), by)
        statuses.push(r.status)
        if (r.status === 429) retryAfter = r.headers.get('retry-after')
      }
      return 202
    })
    expect(statuses).toEqual([...times(BURST, () => 202), ...times(BURST, () => 429)])
    expect([o.effect.find((e) => e.startsWith('received')), o.outbound]).toEqual([`received +${BURST}`, []])
    expect(Number(retryAfter)).toBeGreaterThan(0)
    // Another host is heard, and this one again when it has waited.
    const z = h.other.actor('z')
    expect((await h.send(activity(z.id, 'Hello', z.id), z)).status).toBe(202)
    expect(await h.outcome(() => h.send(h.create()))).toEqual(refused(429))
    clock.advance(61_000)
    expect(await h.outcome(() => h.send(h.create()))).toEqual(kept)
  })
})
