/** A conversation and the curators' desk in a real browser: narrow and wide, light and dark, without script. */
import { mkdirSync } from 'node:fs'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { serve } from '@hono/node-server'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { commandLine } from '../../src/accounts/model.ts'
import { hasBrowser, launch, sticksOut, violations } from '../browser.ts'
import { engines } from '../engines.ts'
import { freePort, makeRemote, type Remote } from '../fedi/instance.ts'
import { talkInstance, type TalkInstance } from './house.ts'
import { say, talkSite } from './site.ts'

const shots = process.env.SHOTS // a folder for looking at the pages

describe.skipIf(!hasBrowser)('in a browser', () => {
  let i: TalkInstance, remote: Remote, server: Server, browser: Browser, origin: string
  const paths: Record<string, string> = {}
  beforeAll(async () => {
    i = await talkInstance(await engines[0]!.fresh())
    remote = await makeRemote()
    const port = await freePort()
    origin = `http://127.0.0.1:${port}`
    const site = talkSite(i, origin)
    server = await new Promise<Server>((done) => { const s = serve({ fetch: (r) => site.fetch(r), port, hostname: '127.0.0.1' }, () => done(s)) as Server })
    const root = await i.talk.publish(commandLine, 'coop', { title: 'Why we share our routing software with every co-op that asks', text: 'It began with #bread.\n\nSee https://a-very-long-address.example/with/a/path/that/goes/on/and/on/and/on/for/ever.html', language: 'en' })
    await i.talk.pins.pin(commandLine, root.id)
    let to = root.uri
    for (const [n, words] of ['<p>Tried it in Porto; works.</p>', '<p>Donaudampfschifffahrtsgesellschaftskapitänsmützenhersteller, ein sehr langes Wort ohne jede Lücke.</p>', '<p>Where is the code?</p>', '<p>Deeper still.</p>', '<p>And deeper.</p>'].entries()) {
      to = await say(i, remote.actor(`somebody_with_a_long_name_${n}`), to, words, n === 1 ? { summary: 'Long words' } : {})
    }
    const answer = (await i.talk.read.byUri(to))!
    await i.talk.reply(commandLine, 'coop', answer.id, { text: 'Here: https://code.example' })
    await i.talk.moderation.setPolicy(commandLine, { replies: 'held' })
    await say(i, remote.actor('newcomer'), root.uri, '<p>Am I in?</p>')
    Object.assign(paths, { thread: `/posts/${root.id}`, part: `/posts/${answer.id}`, talk: '/talk', tag: '/talk?tag=bread', desk: '/admin/talk', hide: `/posts/${answer.id}/hide`, write: '/manage/coop/posts' })
    browser = await launch()
  }, 60_000)
  afterAll(async () => { await browser?.close(); server?.close(); await i?.close(); await remote?.close() })

  async function open(path: string, who: string, o: BrowserContextOptions, look: (page: Page) => Promise<void>): Promise<void> {
    const context = await browser.newContext(o)
    try {
      if (who) await context.addCookies([{ name: 'who', value: who, url: origin }])
      const page = await context.newPage()
      const complaints: string[] = []
      page.on('console', (m) => { if (m.type() === 'error') complaints.push(m.text()) })
      await page.goto(origin + path)
      await look(page)
      expect(complaints).toEqual([])
    } finally { await context.close() }
  }

  const views: { name: string; width: number; scheme: 'light' | 'dark' }[] = [
    { name: 'desktop', width: 1440, scheme: 'light' }, { name: 'desktop-dark', width: 1440, scheme: 'dark' },
    { name: 'mobile', width: 390, scheme: 'light' }, { name: 'mobile-dark', width: 390, scheme: 'dark' }, { name: 'narrow', width: 320, scheme: 'light' },
  ]
  describe.each(views)('$name', ({ name, width, scheme }) => {
    test.each([['thread', ''], ['thread', 'rosa'], ['thread', 'curator'], ['part', ''], ['talk', ''], ['tag', ''], ['desk', 'curator'], ['hide', 'curator'], ['write', 'editor']])('%s as %s', async (what, who) => {
      await open(paths[what]!, who, { viewport: { width, height: 900 }, colorScheme: scheme, reducedMotion: 'reduce' }, async (page) => {
        if (shots) { mkdirSync(shots, { recursive: true }); await page.screenshot({ path: `${shots}/${what}-${who}-${name}.png`, fullPage: true }) }
        expect(await sticksOut(page)).toEqual([])
        if (width !== 320) expect(await violations(page)).toEqual([])
      })
    }, 60_000)
  })

  test('without script: a content note opens, a reply is sent, one that waits is let in', async () => {
    const plain: BrowserContextOptions = { viewport: { width: 390, height: 844 }, javaScriptEnabled: false }
    await open(paths.thread!, 'rosa', plain, async (page) => {
      const note = page.locator('details', { hasText: 'Long words' })
      const words = note.locator('.words')
      expect(await words.isVisible()).toBe(false)
      await note.locator('summary').click()
      expect(await words.isVisible()).toBe(true)
      await page.getByLabel('In whose name').selectOption('rosa')
      await page.getByLabel('Your words').fill('From Rosa, without a script')
      await page.getByRole('button', { name: 'Reply' }).click()
      await page.getByText('Your reply is published.').waitFor()
      expect(await page.locator('.thread').first().innerText()).toContain('From Rosa, without a script')
    })
    await open(paths.desk!, 'curator', plain, async (page) => {
      await page.getByRole('button', { name: /^Let in.*newcomer/ }).click()
      await page.getByText('Nothing waits').waitFor()
      await page.goto(origin + paths.thread!)
      expect(await page.getByText('Am I in?', { exact: true }).isVisible()).toBe(true)
    })
  }, 60_000)
})
