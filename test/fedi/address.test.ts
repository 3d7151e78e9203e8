/** Where we go, and where we do not, whoever asks for it. */
import type { LookupAddress } from 'node:dns'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { request } from 'undici'
import { checkUrl, guardedLookup, isPublicAddress } from '../../src/fedi/net/address.ts'
import { makeAgent } from '../../src/fedi/net/agent.ts'
import { get } from '../../src/fedi/net/request.ts'
import { makeRemote, type Remote } from './instance.ts'

test.each([
  '0.0.0.0', '10.0.0.1', '100.64.0.1', '127.0.0.1', '127.1.2.3', '169.254.169.254', '172.16.0.1', '192.0.0.1', '192.0.2.1', '192.88.99.1', '192.168.1.1', '198.18.0.1', '198.51.100.1',
  '203.0.113.1', '224.0.0.1', '240.0.0.1', '255.255.255.255',
  '::', '::1', '::127.0.0.1', '::ffff:127.0.0.1', '::ffff:8.8.8.8', '::ffff:0:8.8.8.8', '64:ff9b::7f00:1', '64:ff9b::8.8.8.8', '64:ff9b:1::1', '100::1', '2001::1', '2001:db8::1', '2002:7f00:1::', '2002:808:808::1',
  'fc00::1', 'fd00::1', 'fe80::1', 'fe80::1%eth0', 'fec0::1', 'ff02::1', '3fff::1', 'nonsense', '',
])('%s is not public', (address) => { expect(isPublicAddress(address)).toBe(false) })
test.each(['8.8.8.8', '1.1.1.1', '93.184.216.34', '2606:4700:4700::1111', '2a00:1450:4001::200e'])('%s is public', (address) => { expect(isPublicAddress(address)).toBe(true) })

test.each([
  'http://a.example.org/', 'ftp://a.example.org/', 'file:///etc/passwd', 'data:text/plain,x', 'javascript:1', 'gopher://a.org', 'nonsense', '//a.org/', '',
  'https://user@a.org/', 'https://user:pw@a.org/', 'https://127.0.0.1/', 'https://127.1/', 'https://2130706433/', 'https://0x7f000001/', 'https://0177.0.0.1/', 'https://0/', 'https://[::1]/', 'https://[::ffff:127.0.0.1]/',
  'https://[64:ff9b::7f00:1]/', 'https://[2002:7f00:1::]/', 'https://[fe80::1]/', 'https://localhost/', 'https://LOCALHOST./', 'https://a.localhost/', 'https://printer.local/', 'https://db.internal/', 'https://router/', 'https://①②⑦.⓪.⓪.①/',
])('%s is not asked', (url) => { expect(() => checkUrl(url, false)).toThrow() })
test.each(['https://a.org/', 'https://a.org:8443/users/1?author=1', 'https://xn--bcher-kva.org/', 'https://bücher.org/', 'https://8.8.8.8/'])('%s may be asked', (url) => { expect(checkUrl(url, false).protocol).toBe('https:') })
test('in development http and this machine may be', () => {
  expect(checkUrl('http://localhost:8000/', true).port).toBe('8000')
  expect(() => checkUrl('file:///etc/passwd', true)).toThrow()
})

describe('the address that is connected to', () => {
  type Ask = NonNullable<Parameters<typeof guardedLookup>[1]>
  const dns = (...answers: string[][]): Ask => {
    let n = 0
    return ((_host: string, _o: unknown, done: (e: null, a: LookupAddress[]) => void) =>
      done(null, (answers[Math.min(n++, answers.length - 1)] ?? []).map((address) => ({ address, family: address.includes(':') ? 6 : 4 })))) as unknown as Ask
  }
  const ask = (lookup: ReturnType<typeof guardedLookup>, all: boolean) => new Promise<unknown>((done) => lookup('a.example.org', { all }, (e, a) => done(e ? e.message : a)))

  test('private answers are left out, all of them refused', async () => {
    expect(await ask(guardedLookup(false, dns(['10.0.0.1', '8.8.8.8', '::1'])), true)).toEqual([{ address: '8.8.8.8', family: 4 }])
    expect(await ask(guardedLookup(false, dns(['8.8.8.8'])), false)).toBe('8.8.8.8')
    expect(await ask(guardedLookup(false, dns(['127.0.0.1', '::1'])), true)).toMatch(/no public address/)
    expect(await ask(guardedLookup(false, dns([])), true)).toMatch(/no public address/)
    expect(await ask(guardedLookup(true, dns(['127.0.0.1'])), true)).toEqual([{ address: '127.0.0.1', family: 4 }])
  })

  let r: Remote
  beforeAll(async () => { r = await makeRemote() })
  afterAll(() => r.close())
  const port = () => new URL(r.origin).port

  test('a name that is public when it is looked at and private when it is connected to reaches nobody', async () => {
    const agent = makeAgent({ allowPrivate: false, connections: 1, lookup: dns(['127.0.0.1']) })
    await expect(request(`http://rebound.example.org:${port()}/`, { dispatcher: agent })).rejects.toThrow(/public address/)
    await expect(request(`http://127.0.0.1:${port()}/`, { dispatcher: agent })).rejects.toThrow(/private/)
    await expect(request(`http://[::ffff:127.0.0.1]:${port()}/`, { dispatcher: agent })).rejects.toThrow(/private/)
    expect(r.seen).toEqual([])
    await agent.close()
  })
  test('each hop of a redirect is looked at', async () => {
    const agent = makeAgent({ allowPrivate: true, connections: 1 })
    r.answer = (seen, res) => { res.writeHead(302, { location: seen.url === '/a' ? '/b' : 'https://10.0.0.1/' }).end(); return true }
    const checked: string[] = []
    const check = (url: URL) => { checked.push(url.pathname); if (url.hostname === '10.0.0.1') throw new Error('stop') }
    await expect(get(`${r.origin}/a`, { agent, allowPrivate: true, headers: async () => ({}), check })).rejects.toThrow('stop')
    expect(checked).toEqual(['/a', '/b', '/'])
    await agent.close()
  })
})
