/** The whole app with the real data, as people use it: every page in every view, and an admin's day with and without script. */
import { mkdtempSync, rmSync } from 'node:fs'
import type { Server } from 'node:http'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { serve } from '@hono/node-server'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { commandLine } from '../../src/accounts/model.ts'
import { makeApp, makeHouse, root, type House } from '../../src/app.ts'
import { readConfig } from '../../src/config.ts'
import { fediTables } from '../../src/fedi/tables.ts'
import { languages, PSEUDO_RTL } from '../../src/web/words.ts'
import { hasBrowser, launch, sticksOut, violations } from '../browser.ts'
import { freePort, run } from './instances.ts'

const account = { email: 'ada@coops.example', password: 'a long enough password' }

describe.skipIf(!hasBrowser)('in a browser', () => {
  let house: House, server: Server, browser: Browser, origin: string, lever: string, post: string
  const folder = mkdtempSync(path.join(tmpdir(), 'toadlane-journey-'))
  beforeAll(async () => {
    const port = await freePort()
    const env = {
      ...process.env, PORT: String(port), TOADLANE_ALLOW_PRIVATE: '1',
      DATABASE_URL: `sqlite:${path.join(folder, 'data', 'a.db')}`, TOADLANE_SECRET_FILE: path.join(folder, 'config', 'secret'),
    }
    const config = readConfig(env, root)
    origin = config.origin
    house = await makeHouse(config)
    await house.begin()
    await house.accounts.create(commandLine, { ...account, name: 'Ada', role: 'admin' })
    const imported = await run(process.execPath, ['dist/cli.js', 'import', path.join(root, 'test/data/directory.json'), '--consent', 'agreed at a meeting'], { env })
    expect(imported.code, imported.stderr).toBe(0)
    post = (await house.talk.publish(commandLine, 'stocksy', { text: 'A first word\nand https://stocksy.com' })).id
    const { followers, remoteActors } = fediTables(house.store.kit)
    await house.store.write(async (tx) => {
      for (const [n, state] of ['pending', 'pending', 'accepted'].entries()) {
        const id = `https://social.example/users/a-person-with-quite-a-long-name-${n}`
        await tx.insert(followers).values({ actor: 'stocksy', follower: id, inbox: `${id}/inbox`, state, followId: `${id}#follow`, since: new Date() })
        if (n) await tx.insert(remoteActors).values({ id, handle: `a-person-with-quite-a-long-name-${n}@social.example`, host: 'social.example', type: 'Person', name: `Person ${n}`, inbox: `${id}/inbox`, keys: [], document: '{}', fetched: new Date() })
      }
    })
    lever = (await house.levers.read.ofOrganisation('nationwide'))[0]!.id
    const app = makeApp(house, { languages: [...languages, PSEUDO_RTL] })
    server = await new Promise((done) => { const s = serve({ fetch: app.fetch, port, hostname: '127.0.0.1' }, () => done(s)) as Server })
    browser = await launch()
  }, 60_000)
  afterAll(async () => {
    await browser?.close()
    server?.close()
    await house?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  async function open(o: BrowserContextOptions, look: (page: Page) => Promise<void>): Promise<void> {
    const context = await browser.newContext({ reducedMotion: 'reduce', ...o })
    try {
      const page = await context.newPage()
      const foreign: string[] = []
      page.on('request', (r) => { if (!r.url().startsWith(origin) && !r.url().startsWith('data:')) foreign.push(r.url()) })
      await look(page)
      expect(foreign).toEqual([]) // a page asks no other host for anything
    } finally { await context.close() }
  }
  const signIn = async (page: Page) => {
    await page.goto(`${origin}/sign-in?next=/manage/stocksy`)
    await page.locator('input[name=email]').fill(account.email)
    await page.locator('input[name=password]').fill(account.password)
    await page.locator('main button').click()
    await page.waitForURL('**/manage/stocksy')
  }

  const openPages = () => ['/', '/?country=GB', '/co-ops/nationwide', '/co-ops/stocksy', '/co-ops/stocksy/changes', '/levers', `/levers/${lever}`, '/co-ops/nationwide/levers', '/talk', `/posts/${post}`, '/about', '/ns', '/sign-in', '/nothing-here']
  const signedPages = () => ['/manage/stocksy', '/manage/stocksy/followers', '/manage/stocksy/posts', `/posts/${post}/edit`, `/posts/${post}/remove`]
  test.each([
    { name: 'desktop', width: 1440, scheme: 'light', lang: 'en', axe: true },
    { name: 'desktop, dark, German', width: 1440, scheme: 'dark', lang: 'de', axe: true },
    { name: '320 px, dark', width: 320, scheme: 'dark', lang: 'en', axe: false },
    { name: '320 px, right to left', width: 320, scheme: 'light', lang: PSEUDO_RTL, axe: true },
  ] as const)('every page: $name', async ({ width, scheme, lang, axe }) => {
    await open({ viewport: { width, height: 900 }, colorScheme: scheme }, async (page) => {
      const look = async (at: string) => {
        await page.goto(`${origin}${at}${at.includes('?') ? '&' : '?'}lang=${lang}`)
        expect(await sticksOut(page), at).toEqual([])
        if (axe) expect(await violations(page), at).toEqual([])
      }
      for (const at of openPages()) await look(at)
      await signIn(page)
      for (const at of signedPages()) await look(at)
    })
  }, 120_000)

  test.each([true, false])('an admin signs in, edits, posts, mends and takes down (script: %s)', async (javaScriptEnabled) => {
    await open({ javaScriptEnabled, viewport: { width: 390, height: 844 } }, async (page) => {
      await signIn(page)
      const name = `Stocksy ${javaScriptEnabled ? 'with' : 'without'} script`
      await page.locator('input[name=name]').fill('')
      await page.locator('main form button').first().click()
      expect(await page.title()).toMatch(/^Error:/)
      await page.locator('input[name=name]').fill(name)
      await page.locator('main form button').first().click()
      await page.goto(`${origin}/co-ops/stocksy/changes`)
      expect(await page.locator('main').textContent()).toContain(name)
      await page.goto(`${origin}/manage/stocksy/posts`)
      await page.locator('textarea[name=text]').fill('<b>Hello</b>\n\nsecond paragraph')
      await page.getByRole('button', { name: 'Publish' }).click()
      await page.waitForURL('**/posts/*-*')
      expect(await page.locator('article .words').innerHTML()).toContain('&lt;b&gt;Hello&lt;/b&gt;')
      await page.getByRole('link', { name: 'Edit' }).click()
      await page.locator('textarea[name=text]').fill('Better words')
      await page.getByRole('button', { name: 'Save' }).click()
      await page.waitForURL(/posts\/[^/]+$/)
      expect(await page.locator('article .words').textContent()).toContain('Better words')
      const address = page.url()
      await page.getByRole('link', { name: 'Take down' }).click()
      await page.getByRole('button', { name: 'Take down' }).click()
      await page.waitForURL('**/co-ops/stocksy')
      expect((await page.goto(address))!.status()).toBe(410)
    })
  }, 60_000)

  test('the menu opens without script, and the keyboard reaches the content first', async () => {
    await open({ javaScriptEnabled: false, viewport: { width: 390, height: 844 } }, async (page) => {
      await page.goto(origin)
      await page.getByRole('button', { name: 'Menu' }).click()
      await page.locator('#menu').getByRole('link', { name: 'Levers' }).click()
      await page.waitForURL('**/levers')
      await page.keyboard.press('Tab')
      expect(await page.locator(':focus').getAttribute('href')).toBe('#main')
    })
  })
})
