import { publicName } from '../../src/directory/service.ts'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { scratch } from '../engines.ts'
import { networkFor } from '../../src/cli/network.ts'
import { openSource } from '../../src/directory/import/source.ts'

const LIST = 'name,kind\nAlpha,ally\n'
const folder = scratch()

describe('an address', () => {
  let server: http.Server, base = ''
  const asked: string[] = []
  beforeAll(async () => {
    server = http.createServer((req, res) => {
      asked.push(req.url ?? '')
      if (req.url === '/list.csv') return void res.end(LIST)
      if (req.url === '/moved') return void res.writeHead(302, { location: '/list.csv' }).end()
      if (req.url === '/loop') return void res.writeHead(302, { location: '/loop' }).end()
      if (req.url === '/inside') return void res.writeHead(302, { location: 'http://169.254.169.254/latest' }).end()
      if (req.url === '/file') return void res.writeHead(302, { location: 'file:///etc/passwd' }).end()
      if (req.url === '/large') { res.writeHead(200); for (let i = 0; i < 20; i++) res.write('x'.repeat(100_000)); return void res.end() }
      if (req.url === '/said-large') return void res.writeHead(200, { 'content-length': '99999999' }).flushHeaders()
      if (req.url === '/zipped') return void res.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(LIST))
      if (req.url === '/cut') { res.writeHead(200, { 'content-length': '1000' }); res.write('name'); return void setTimeout(() => res.destroy(), 20) }
      res.writeHead(404).end('no')
    })
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  afterAll(() => { server.closeAllConnections(); server.close() })

  const open = async (url: string, allowPrivate = true) => {
    const network = networkFor(allowPrivate)
    try { return await openSource(url, { folder, network, maxBytes: 1_000_000 }) } finally { await network.agent.destroy() }
  }
  test('is downloaded to a file that goes away again', async () => {
    for (const url of [`${base}/list.csv`, `${base}/moved`]) {
      const source = await open(url)
      expect(source).toMatchObject({ name: url, size: LIST.length })
      expect(readFileSync(source.path, 'utf8')).toBe(LIST)
      await source.remove()
      expect(existsSync(source.path)).toBe(false)
    }
  })
  test.each([
    ['/none', /answers 404/], ['/loop', /redirects more than 3 times/], ['/file', /scheme file: is not allowed/], ['/large', /larger than 1 MiB/], ['/said-large', /larger than 1 MiB/],
    ['/zipped', /compressed/], ['/cut', /list|cut|UND_ERR|other side closed|terminated/],
  ])('%s is refused in words', async (url, message) => {
    await expect(open(base + url)).rejects.toMatchObject({ name: 'Problem', message: expect.stringMatching(message) })
  })
  test('of a private network is never asked, by name, number or redirect', async () => {
    asked.length = 0
    for (const url of [`${base}/list.csv`, 'https://localhost/x', 'https://[::1]/x', 'https://2130706433/x', 'http://example.org/plain', 'https://user:pass@example.org/']) {
      await expect(open(url, false), url).rejects.toMatchObject({ code: 'unreachable' })
    }
    expect(asked).toEqual([])
    const network = networkFor(true), strict = networkFor(false)
    // the first hop is let through here, so that the redirect is what is refused
    await expect(openSource(`${base}/inside`, { folder, network: { agent: network.agent, check: (u) => (u.startsWith(base) ? new URL(u) : strict.check(u)) } })).rejects.toMatchObject({ code: 'unreachable' })
    await Promise.all([network.agent.destroy(), strict.agent.destroy()])
  })
})

describe('a file', () => {
  test('is taken from the caller\'s folder; standard input is kept in a file of its own', async () => {
    writeFileSync(path.join(folder, 'list.csv'), LIST)
    expect(await openSource('list.csv', { folder })).toMatchObject({ path: path.join(folder, 'list.csv'), size: LIST.length })
    const piped = await openSource('-', { folder, input: Readable.from([Buffer.from(LIST)]) })
    expect(readFileSync(piped.path, 'utf8')).toBe(LIST)
    await piped.remove()
    await expect(openSource('.', { folder })).rejects.toMatchObject({ code: 'not-a-file' })
    await expect(openSource('nothing', { folder })).rejects.toMatchObject({ code: 'not-found' })
    await expect(openSource('https://x.example/', { folder })).rejects.toMatchObject({ code: 'unreachable' })
  })
})

test.each([
  ['/home/ada/lists/co-ops.csv', 'co-ops.csv'], ['C:\\Users\\ada\\co-ops.csv', 'co-ops.csv'], ['co-ops.csv', 'co-ops.csv'], ['-', '-'],
  ['https://user:secret@lists.example/all.json?token=x#y', 'https://lists.example/all.json'],
])('%s is %s in the public history', (from, shown) => expect(publicName(from)).toBe(shown))
