/**
 * HOSTILE.md row 16: where a key's address leads on to. As in production, but that any public name is this machine: the other
 * server speaks TLS, and a private address would be connected to if nothing but our checks stood in the way.
 */
import https from 'node:https'
import { createServer, type Server } from 'node:net'
import { generate } from 'selfsigned'
import { Agent, buildConnector } from 'undici'
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { MAX_REDIRECTS } from '../../../src/fedi/net/request.ts'
import { activity } from '../instance.ts'
import { hostileHouse, refused, type HostileHouse } from './house.ts'

vi.mock('../../../src/fedi/net/agent.ts', async (original) => ({
  ...await original<typeof import('../../../src/fedi/net/agent.ts')>(),
  makeAgent: () => new Agent({ connect: buildConnector({ rejectUnauthorized: false, autoSelectFamily: false, lookup: (_name, _o, done) => done(null, '127.0.0.1', 4) }) }),
}))

let h: HostileHouse, server: https.Server, trap: Server, port: number, trapPort: number, caught = 0
const asked: string[] = []
/** path → where it leads. */
let leads: (path: string) => string = () => ''
beforeAll(async () => {
  h = await hostileHouse({ met: false, instance: { fedi: { allowPrivate: false, isBlocked: (host) => host === 'blocked.example.org' } } })
  await h.i.document('/ap/actor')
  const pair = await generate([{ name: 'commonName', value: 'keys.example.org' }], { keySize: 2048, algorithm: 'sha256' })
  server = https.createServer({ key: pair.private, cert: pair.cert }, (req, res) => {
    asked.push(`${req.headers.host!.split(':')[0]}${req.url}`)
    res.writeHead(302, { location: leads(req.url!) }).end()
  })
  trap = createServer((s) => { caught++; s.destroy() })
  for (const s of [server, trap]) await new Promise<void>((done) => s.listen(0, '127.0.0.1', () => done()))
  port = (server.address() as { port: number }).port
  trapPort = (trap.address() as { port: number }).port
})
afterAll(async () => { server?.close(); server?.closeAllConnections(); trap?.close(); await h?.close() })
beforeEach(() => { asked.length = 0 })

let n = 0
/** An actor that was never heard of, whose address leads on. */
async function follow(to: (path: string) => string): Promise<string[]> {
  leads = to
  const id = `https://keys.example.org:${port}/u${++n}`
  const o = await h.outcome(() => h.send(activity(id, 'Create', {}), { keyId: `${id}#main-key`, key: h.x.key }))
  expect({ ...o, outbound: [] }).toEqual(refused(401))
  expect(caught).toBe(0)
  return asked
}

test.each([
  'https://127.0.0.1:PORT/', 'https://10.0.0.1:PORT/', 'https://169.254.169.254/latest/meta-data/', 'https://[::1]:PORT/', 'https://2130706433:PORT/', 'https://localhost:PORT/', 'https://router.local:PORT/',
  'http://keys.example.org:PORT/', 'file:///etc/passwd', 'data:application/activity+json,{}', 'https://user:pw@keys.example.org/', 'https://blocked.example.org:PORT/', 'https://coops.invalid/', '///',
])('row 16: to %s: refused there', async (to) => {
  expect(await follow(() => to.replace('PORT', String(trapPort)))).toEqual([`keys.example.org/u${n}`])
})
test('row 16: to this instance itself: refused there', async () => {
  expect(await follow(() => h.i.fedi.uris.actor('coop'))).toHaveLength(1)
})
test('row 16: in a loop of one and of two, by itself and by other names', async () => {
  expect(await follow((at) => at)).toHaveLength(MAX_REDIRECTS + 1)
  asked.length = 0
  expect(await follow((at) => (at === '/a' ? `https://other.example.org:${port}/b` : '/a'))).toHaveLength(MAX_REDIRECTS + 1)
})
test('row 16: over 21 hops: no more than three are followed, and the last of them is checked like the first', async () => {
  expect(await follow((at) => `/hop${Number(/hop(\d+)/.exec(at)?.[1] ?? 0) + 1}`)).toEqual([`keys.example.org/u${n}`, 'keys.example.org/hop1', 'keys.example.org/hop2', 'keys.example.org/hop3'])
  asked.length = 0
  expect(await follow((at) => (at === '/hop2' ? `https://10.0.0.1:${trapPort}/` : `/hop${Number(/hop(\d+)/.exec(at)?.[1] ?? 0) + 1}`))).toHaveLength(3)
})
