/** HOSTILE.md rows 14 and 15: nobody makes us connect to where only we can, by whatever name. As in production: private addresses are not allowed. */
import type { LookupAddress } from 'node:dns'
import { createServer, type Server } from 'node:net'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { guardedLookup } from '../../../src/fedi/net/address.ts'
import { activity } from '../instance.ts'
import { hostileHouse, refused, type HostileHouse } from './house.ts'

/** What names resolve to, answer by answer; and who was asked for. */
const dns = vi.hoisted(() => ({ asked: [] as string[], answers: new Map<string, string[][]>() }))
vi.mock('node:dns', async (original) => ({
  ...await original<typeof import('node:dns')>(),
  lookup(name: string, _o: unknown, done: (e: Error | null, found: LookupAddress[]) => void) {
    const list = dns.answers.get(name)
    const n = dns.asked.filter((a) => a === name).length
    dns.asked.push(name)
    if (!list) return done(Object.assign(new Error('not found'), { code: 'ENOTFOUND' }), [])
    done(null, list[Math.min(n, list.length - 1)]!.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })))
  },
}))

let h: HostileHouse, trap: Server, port: number, caught = 0
beforeAll(async () => {
  h = await hostileHouse({ met: false, instance: { fedi: { allowPrivate: false } } })
  await h.i.document('/ap/actor') // its keys are there, for whatever it would sign
  // Whoever does connect to this machine falls in here.
  trap = createServer((s) => { caught++; s.destroy() })
  await new Promise<void>((done) => trap.listen(0, () => done()))
  port = (trap.address() as { port: number }).port
})
afterAll(async () => { trap?.close(); await h?.close() })

/** An activity whose actor and key are said to be there. */
const from = (origin: string) => () => h.send(activity(`${origin}/u`, 'Create', {}), { keyId: `${origin}/u#main-key`, key: h.x.key })

describe('row 14: a key at an address of ours, of the local network, or of no network', () => {
  test.each([
    'http://127.0.0.1', 'https://127.0.0.1', 'https://127.1', 'https://2130706433', 'https://0x7f000001', 'https://0177.0.0.1', 'https://0', 'https://0.0.0.0',
    'https://[::1]', 'https://[::]', 'https://[::ffff:127.0.0.1]', 'https://[::ffff:7f00:1]', 'https://[64:ff9b::7f00:1]', 'https://[64:ff9b:1::7f00:1]', 'https://[2002:7f00:1::]', 'https://[2001:0:7f00:1::]',
    'https://10.0.0.1', 'https://172.16.0.1', 'https://192.168.1.1', 'https://100.64.0.1', 'https://169.254.169.254', 'https://[fe80::1]', 'https://[fd00:ec2::254]', 'https://224.0.0.1', 'https://255.255.255.255',
    'https://localhost', 'https://LOCALHOST.', 'https://a.localhost', 'https://printer.local', 'https://metadata.google.internal', 'https://router',
  ])('%s', async (origin) => {
    expect(await h.outcome(from(`${origin}:${port}`))).toEqual(refused(401))
    expect(await h.outcome(from(origin))).toEqual(refused(401))
    expect([caught, dns.asked]).toEqual([0, []])
  })
  test.each(['data:text/plain,x', 'file:///etc/passwd', 'javascript:1', 'ftp://127.0.0.1/k', 'gopher://127.0.0.1/', 'urn:x:y', 'nonsense'])('%s', async (keyId) => {
    const a = activity('https://a.example.org/u', 'Create', {})
    expect(await h.outcome(() => h.send(a, { keyId, key: h.x.key }))).toEqual(refused(401))
    const own = await h.outcome(() => h.send({ ...a, id: keyId, actor: keyId }, { keyId, key: h.x.key }))
    expect([own.effect, own.outbound, [400, 401].includes(own.status), caught, dns.asked]).toEqual([[], [], true, 0, []])
  })
  test('on another port or host than the actor', async () => {
    const a = activity('https://a.example.org/u', 'Create', {})
    for (const keyId of [`https://127.0.0.1:${port}/k`, 'https://a.example.org:8443/k', 'https://b.example.org/k']) {
      expect(await h.outcome(() => h.send(a, { keyId, key: h.x.key })), keyId).toEqual(refused(401))
    }
    expect(caught).toBe(0)
  })
})

describe('row 15: a name that resolves to another address when it counts', () => {
  test.each([
    ['to this machine', ['127.0.0.1']], ['to this machine, in all its clothes', ['::1', '127.0.0.1', '::ffff:127.0.0.1', '64:ff9b::7f00:1']],
    ['to the metadata of a cloud', ['169.254.169.254']], ['to nothing', []],
  ])('%s: refused when it is connected to, for it is looked up once and no more', async (what, addresses) => {
    const name = `${what.replaceAll(/[^a-z]/g, '-')}.example.org`
    dns.answers.set(name, [addresses, ['8.8.8.8']])
    dns.asked.length = 0
    // The attempt is by the name, which the connector resolves; no address of it is connected to.
    expect(await h.outcome(from(`https://${name}:${port}`))).toEqual(refused(401, [`connection to ${name}:${port}`]))
    expect([caught, dns.asked]).toEqual([0, [name]])
    expect(await h.outcome(from(`https://${name}:${port}`))).toEqual(refused(401)) // nor is it tried again soon
    expect([caught, dns.asked]).toEqual([0, [name]])
  })
  test('public first and private later: the connector is given the address that was looked at', async () => {
    dns.answers.set('rebound.example.org', [['8.8.8.8', '10.0.0.1'], ['127.0.0.1']])
    dns.asked.length = 0
    const given = await new Promise((done) => guardedLookup(false)('rebound.example.org', { all: true }, (_, found) => done(found)))
    expect([given, dns.asked]).toEqual([[{ address: '8.8.8.8', family: 4 }], ['rebound.example.org']])
  })
})
