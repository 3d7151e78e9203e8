/** HOSTILE.md row 17: ten thousand key ids a minute. Each is cheap to make up, and each would be a request of ours. */
import { Hono } from 'hono'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { receiveLimits } from '../../../src/fedi/inbox/receive.ts'
import { verifyLimits } from '../../../src/fedi/inbox/verify.ts'
import { sha256 } from '../../../src/fedi/net/sign.ts'
import { movingClock } from '../../store/clock.ts'
import { makeRemote, type Remote } from '../instance.ts'
import { hostileHouse, type HostileHouse } from './house.ts'

const clock = movingClock(new Date().toISOString())
let h: HostileHouse, app: Hono
const hosts: Remote[] = []
beforeAll(async () => {
  h = await hostileHouse({ instance: { clock } })
  app = h.i.fedi.routes({ clientAddress: (request) => request.headers.get('x-from') ?? undefined })
  for (let n = 1; n <= 40; n++) hosts.push(await makeRemote({ address: `127.17.0.${n}` }))
})
afterAll(async () => { for (const host of hosts) await host.close(); await h?.close() })
beforeEach(() => { clock.advance(3_600_000); h.r.seen.length = 0; for (const host of hosts) host.seen.length = 0 })

let n = 0
/** In the form of a signed post, by an actor that is not there. The signature itself is never looked at. */
async function knock(origin: string, from: string, id = `${origin}/nobody/${++n}`): Promise<number> {
  const body = JSON.stringify({ id: `${id}/a`, type: 'Create', actor: id, object: {} })
  return (await app.request(h.shared, {
    method: 'POST', body,
    headers: {
      'content-type': 'application/activity+json', 'x-from': from, date: clock.now().toUTCString(), digest: `SHA-256=${sha256(body)}`,
      signature: `keyId="${id}#main-key",headers="(request-target) host date digest",signature="${'A'.repeat(342)}=="`,
    },
  })).status
}
async function knocks(many: number, what: (n: number) => Promise<number>): Promise<Record<string, number>> {
  const statuses: Record<string, number> = {}
  for (let from = 0; from < many; from += 100) {
    for (const status of await Promise.all(Array.from({ length: Math.min(100, many - from) }, (_, k) => what(from + k)))) statuses[status] = (statuses[status] ?? 0) + 1
  }
  return statuses
}

/** Of the requests that we may make; one on a kept connection that is being closed just then does not arrive. */
function within(asked: number, budget: number): void {
  expect(asked).toBeGreaterThan(budget / 2)
  expect(asked).toBeLessThanOrEqual(budget)
}

test('row 17: from one address, of one host', async () => {
  const statuses = await knocks(10_000, () => knock(h.r.origin, '192.0.2.1'))
  expect(Object.keys(statuses).sort()).toEqual(['401', '429'])
  within(h.r.seen.length, verifyLimits.perClient.burst)
  expect(statuses['401']).toBeLessThanOrEqual(receiveLimits.refusals.burst)
})
test('row 17: from ten thousand addresses, of one host: no more than that host may be asked', async () => {
  expect(await knocks(10_000, (k) => knock(h.r.origin, `192.0.${k >> 8}.${k & 255}`))).toEqual({ 401: verifyLimits.perHost.burst, 429: 10_000 - verifyLimits.perHost.burst })
  within(h.r.seen.length, verifyLimits.perHost.burst)
})
test('row 17: from ten thousand addresses, of many hosts: no more than we ask in all', async () => {
  const statuses = await knocks(10_000, (k) => knock(hosts[k % hosts.length]!.origin, `192.0.${k >> 8}.${k & 255}`))
  expect(statuses).toEqual({ 401: verifyLimits.total.burst, 429: 10_000 - verifyLimits.total.burst })
  within(hosts.reduce((sum, host) => sum + host.seen.length, 0), verifyLimits.total.burst)
})
test('row 17: one key that is not there, ten thousand times: asked for once', async () => {
  await knocks(10_000, (k) => knock(h.r.origin, `192.0.${k >> 8}.${k & 255}`, `${h.r.origin}/nobody/always`))
  expect(h.r.seen.map((s) => s.url)).toEqual(['/nobody/always'])
})
test('row 17: whoever is known is heard all the while', async () => {
  await knocks(2000, (k) => knock(h.r.origin, `192.0.${k >> 8}.${k & 255}`))
  expect(await h.outcome(() => h.send(h.create()))).toEqual({ status: 202, effect: ['posts +1', 'received +1'], outbound: [] })
})
