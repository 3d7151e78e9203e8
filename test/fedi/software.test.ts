/** What other servers run: asked seldom, bounded, and believed as far as it can be shown. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { nodeInfoAt, softwareOf } from '../../src/fedi/software.ts'
import { DAY } from '../../src/kernel/time.ts'
import { engines } from '../engines.ts'
import { makeInstance, makeRemote, until, type Instance, type Remote } from './instance.ts'

const schema = (version: string) => `http://nodeinfo.diaspora.software/ns/schema/${version}`
const link = (version: string, href: unknown) => ({ rel: schema(version), href })

describe('where NodeInfo stands', () => {
  const at = (links: unknown, host = 'a.example') => nodeInfoAt({ links }, host, false)
  test('the newest of the two that we read', () => {
    expect(at([link('2.0', 'https://a.example/2.0'), link('2.1', 'https://a.example/2.1'), link('1.0', 'https://a.example/1.0')])).toBe('https://a.example/2.1')
    expect(at([link('2.2', 'https://a.example/2.2'), link('2.0', 'https://a.example/2.0')])).toBe('https://a.example/2.0')
    expect(at(link('2.0', 'https://a.example/2.0'))).toBe('https://a.example/2.0') // one for a list
  })
  test('on the host itself or under it, over https', () => {
    expect(at([link('2.1', 'https://social.a.example/n')])).toBe('https://social.a.example/n')
    for (const href of ['https://b.example/n', 'https://nota.example/n', 'https://a.example.b.example/n', 'http://a.example/n', 'https://a.example:8443/n', 'file:///etc/passwd', '//a.example/n', 5, null, { href: 'https://a.example/n' }]) expect(at([link('2.1', href)]), String(href)).toBeUndefined()
  })
  test('nothing sensible', () => { for (const links of [undefined, 'x', [], [null, 5, 'x', {}], {}]) expect(at(links)).toBeUndefined() })
})

test.each<[unknown, string | undefined]>([
  [{ name: 'mastodon', version: '4.5.1' }, 'mastodon 4.5.1'],
  [{ name: 'GoToSocial', version: '0.20.0-rc1+git-1a2b3c' }, 'gotosocial 0.20.0-rc1+git-1a2b3c'],
  [{ name: 'snac' }, 'snac'],
  [{ name: 'Pleroma', version: 5 }, 'pleroma'],
  [{ name: ' <b>x\u202e</b>\n', version: '1\n2;<script>' }, 'bxb 1 2 script'],
  [{ name: 'n'.repeat(10_000), version: 'v'.repeat(10_000) }, `${'n'.repeat(40)} ${'v'.repeat(60)}`],
  [{ name: '日本', version: '1' }, undefined],
  [{ version: '1' }, undefined], ['mastodon', undefined], [null, undefined], [[], undefined],
])('%j is shown as %s', (software, shown) => { expect(softwareOf({ software })).toBe(shown) })

describe.each(engines)('asked on $engine', ({ fresh }) => {
  let i: Instance, r: Remote
  let now = new Date()
  const nodeInfo = new Map<string, unknown>()
  beforeAll(async () => {
    i = await makeInstance({ store: await fresh(), clock: { now: () => now } })
    r = await makeRemote()
    r.answer = (seen, res) => {
      if (!seen.url.includes('nodeinfo')) return false
      const found = nodeInfo.get(seen.url)
      res.writeHead(found === undefined ? 404 : 200, { 'content-type': 'application/json' }).end(JSON.stringify(found))
      return true
    }
  })
  afterAll(async () => { await i?.close(); await r?.close() })
  beforeEach(() => { nodeInfo.clear(); r.seen.length = 0 })
  const peer = async () => (await i.fedi.health.peers()).find((p) => p.host === r.host)!
  const asked = () => r.seen.filter((s) => s.url.includes('nodeinfo'))
  const idle = () => until('an empty queue', async () => (await i.jobs.depth()).every((d) => d.waiting + d.running + d.delayed === 0))
  const tidy = async () => { await i.fedi.sweep(); await idle() }
  const serve = (software: unknown) => {
    nodeInfo.set('/.well-known/nodeinfo', { links: [link('2.0', `${r.origin}/nodeinfo/2.0`)] })
    nodeInfo.set('/nodeinfo/2.0', { version: '2.0', software })
  }

  test('nobody that was never reached', async () => {
    await tidy()
    expect(asked()).toEqual([])
  })
  test('who was reached, once; unsigned', async () => {
    serve({ name: 'hollo', version: '0.10' })
    await i.fedi.follow({ handle: 'coop' }, r.actor('x').id)
    await until('the Follow', () => r.posts()[0])
    await idle()
    expect(asked()).toEqual([]) // not while it is delivered to
    await tidy()
    await tidy()
    expect(asked().map((s) => s.url)).toEqual(['/.well-known/nodeinfo', '/nodeinfo/2.0'])
    expect(asked().every((s) => s.headers.signature === undefined)).toBe(true)
    expect(await peer()).toMatchObject({ software: 'hollo 0.10', softwareAt: now })
  })
  test('again after a week; what is known stays where there is no answer, and it is not asked for again at once', async () => {
    now = new Date(now.getTime() + 7 * DAY)
    await tidy()
    await tidy()
    expect(asked().map((s) => s.url)).toEqual(['/.well-known/nodeinfo'])
    expect(await peer()).toMatchObject({ software: 'hollo 0.10', softwareAt: now })
    now = new Date(now.getTime() + 7 * DAY)
    serve({ name: 'hollo', version: '0.11' })
    await tidy()
    expect(await peer()).toMatchObject({ software: 'hollo 0.11' })
    expect((await i.jobs.deadLetters()).length).toBe(0)
  })
  test('too long an answer is none', async () => {
    now = new Date(now.getTime() + 7 * DAY)
    serve({ name: 'hollo', version: '0.12', more: 'x'.repeat(100_000) })
    await tidy()
    expect(await peer()).toMatchObject({ software: 'hollo 0.11', softwareAt: now })
  })
})
