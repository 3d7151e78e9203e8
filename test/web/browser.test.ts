import { mkdirSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import type { Server } from 'node:http'
import { serve } from '@hono/node-server'
import { type Browser, type BrowserContextOptions, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hasBrowser, launch, sticksOut, violations } from '../browser.ts'
import { PSEUDO_RTL } from '../../src/web/words.ts'
import { testApp } from './helpers.ts'
import { specimen, specimenPaths } from './specimen.tsx'

const shots = process.env.SHOTS // a folder for looking at the pages

describe.skipIf(!hasBrowser)('in a browser', () => {
  let server: Server, browser: Browser, origin: string
  beforeAll(async () => {
    const listening = await new Promise<Server>((done) => { const s = serve({ fetch: (r) => app.fetch(r), port: 0, hostname: '127.0.0.1' }, () => done(s)) as Server })
    server = listening
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const app = testApp(specimen, { origin, languages: ['en', 'es', 'fr', 'de', 'pt', 'it', PSEUDO_RTL] })
    browser = await launch()
  }, 30_000)
  afterAll(async () => { await browser?.close(); server?.close() })

  async function open(path: string, o: BrowserContextOptions, look: (page: Page) => Promise<void>): Promise<void> {
    const context = await browser.newContext(o)
    try {
      const page = await context.newPage()
      const complaints: string[] = []
      page.on('console', (m) => { if (m.type() === 'error' && !/status of (404|500)/.test(m.text())) complaints.push(m.text()) })
      await page.goto(origin + path)
      await look(page)
      expect(complaints).toEqual([]) // the policy refused something of our own
    } finally { await context.close() }
  }
  const shoot = async (page: Page, name: string) => {
    if (!shots) return
    mkdirSync(shots, { recursive: true })
    await page.screenshot({ path: `${shots}/${name}.png`, fullPage: true })
  }

  /** axe takes a second a page: where colours or the layout differ, not everywhere. */
  const views: { name: string; width: number; scheme: 'light' | 'dark'; lang: string; axe?: boolean }[] = [
    { name: 'desktop', width: 1440, scheme: 'light', lang: 'en', axe: true }, { name: 'desktop-dark', width: 1440, scheme: 'dark', lang: 'en', axe: true }, { name: 'desktop-rtl', width: 1440, scheme: 'light', lang: PSEUDO_RTL },
    { name: 'mobile', width: 390, scheme: 'light', lang: 'en', axe: true }, { name: 'mobile-dark', width: 390, scheme: 'dark', lang: 'en' }, { name: 'narrow', width: 320, scheme: 'light', lang: 'en' }, { name: 'narrow-rtl', width: 320, scheme: 'light', lang: PSEUDO_RTL, axe: true },
  ]
  describe.each(views)('$name', ({ name, width, scheme, lang, axe }) => {
    test.each(specimenPaths)('%s', async (path) => {
      await open(`${path}?lang=${lang}`, { viewport: { width, height: 900 }, colorScheme: scheme, reducedMotion: 'reduce' }, async (page) => {
        await shoot(page, `${path.slice(1) || 'home'}-${name}`)
        expect(await sticksOut(page)).toEqual([])
        if (axe) expect(await violations(page)).toEqual([])
      })
    }, 30_000)
  })

  test('without script: fonts and sheet load, the menu opens, the error summary has the focus', async () => {
    await open('/form', { viewport: { width: 390, height: 844 }, javaScriptEnabled: false }, async (page) => {
      expect(await page.title()).toMatch(/^Error: /)
      expect(await page.locator('.errors').evaluate((e) => e === document.activeElement)).toBe(true)
      expect(await page.evaluate(() => getComputedStyle(document.body).fontFamily)).toContain('Source Sans')
      expect(await page.evaluate(() => document.fonts.check('16px Bricolage'))).toBe(true)
      const menu = page.locator('#menu')
      expect(await menu.isVisible()).toBe(false)
      await page.getByRole('button', { name: 'Menu' }).click()
      expect(await menu.isVisible()).toBe(true)
      await shoot(page, 'menu-mobile')
      await menu.getByRole('link', { name: 'Talk' }).click()
      expect(new URL(page.url()).pathname).toBe('/talk')
    })
  }, 30_000)

  test('the skip link is the first stop and goes to the content; languages open on a desktop', async () => {
    await open('/', { viewport: { width: 1440, height: 900 } }, async (page) => {
      await page.keyboard.press('Tab')
      await shoot(page, 'skip-desktop')
      expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Skip to content')
      await page.keyboard.press('Enter')
      expect(await page.evaluate(() => document.activeElement?.id)).toBe('main')
      await page.getByRole('button', { name: 'Language: English' }).click()
      await page.waitForTimeout(100)
      await shoot(page, 'languages-desktop')
      await page.locator('#languages').getByRole('link', { name: 'Deutsch' }).click()
      expect(await page.locator('html').getAttribute('lang')).toBe('de')
    })
  }, 30_000)
})
