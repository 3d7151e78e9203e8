/** The moderators' desk and one's own account, as people use them: every view, with and without script. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import type { Server } from 'node:http'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { serve } from '@hono/node-server'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { commandLine } from '../../src/accounts/model.ts'
import { makeApp, makeHouse, root, type House } from '../../src/app.ts'
import { readConfig } from '../../src/config.ts'
import { newId } from '../../src/kernel/ids.ts'
import { talkTables } from '../../src/talk/tables.ts'
import { languages, PSEUDO_RTL } from '../../src/web/words.ts'
import { hasBrowser, launch, sticksOut, violations } from '../browser.ts'
import { freePort } from '../wire/instances.ts'

const shots = process.env.SHOTS // a folder for looking at the pages
const password = 'a long enough password'
const LONG = 'https://bad.example/'.padEnd(400, 'x')

describe.skipIf(!hasBrowser)('in a browser', () => {
  let house: House, server: Server, browser: Browser, origin: string, report: string, foreign: string
  const folder = mkdtempSync(path.join(tmpdir(), 'toadlane-curation-'))
  beforeAll(async () => {
    const port = await freePort()
    const config = readConfig({
      ...process.env, PORT: String(port), TOADLANE_ALLOW_PRIVATE: '1', DATABASE_URL: `sqlite:${path.join(folder, 'data', 'a.db')}`,
      TOADLANE_SECRET_FILE: path.join(folder, 'config', 'secret'),
    }, root)
    origin = config.origin
    house = await makeHouse(config)
    await house.begin()
    const { store, clock } = house
    await house.accounts.create(commandLine, { email: 'ada@coops.example', name: 'Ada Lovelace', password, role: 'admin' })
    for (const email of ['bo@coops.example', 'cy@coops.example', 'di@coops.example']) await house.accounts.create(commandLine, { email, name: `Somebody with quite a long name (${email})`, password, role: 'member' })
    await house.organisations.put(commandLine, { handle: 'stocksy', name: 'Stocksy United', kind: 'cooperative' }, { consent: 'agreed' })
    const post = await house.talk.publish(commandLine, 'stocksy', { text: 'A first word' })
    foreign = newId()
    await store.write((tx) => tx.insert(talkTables(store.kit).posts).values({
      id: foreign, uri: 'https://bad.example/notes/1', author: 'https://bad.example/users/eve', authorName: 'Eve', authorHandle: '@eve@bad.example', html: '<p>Buy this</p>', published: clock.now(), thread: foreign,
    }))
    const flag = (n: number, words: string, subjects: string[]) => store.write((tx) => house.reports.receive(tx, { activity: `https://s${n}.example/1`, actor: `https://s${n}.example/actor`, host: `s${n}.social.example`, words, subjects }))
    await flag(1, 'This account repeats itself under every post.\n\nPlease look.', [house.fedi.uris.actor('stocksy'), post.uri])
    await flag(2, LONG, [post.uri, ...Array.from({ length: 6 }, (_, n) => `${origin}/ap/notes/${n}`)])
    await flag(3, '', [house.fedi.uris.actor('stocksy')])
    await flag(4, 'Wrong address', [house.fedi.uris.actor('directory')])
    const all = await house.reports.list({ by: 'cli', role: 'system', editorOf: new Set() }, 'open', 9)
    report = all.find((r) => r.words === LONG)!.id
    await house.reports.decide(commandLine, all.find((r) => r.words === 'Wrong address')!.id, { outcome: 'dismissed', why: 'It was meant for another directory.' })
    await house.policies.block(commandLine, 'worse.example', 'Sends nothing but advertisements, and does not answer.')
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
    try { await look(await context.newPage()) } finally { await context.close() }
  }
  const signIn = async (page: Page, email = 'ada@coops.example') => {
    await page.goto(`${origin}/sign-in?next=/account`)
    await page.locator('input[name=email]').fill(email)
    await page.locator('input[name=password]').fill(password)
    await page.locator('main button').click()
    await page.waitForURL('**/account')
  }
  const shoot = async (page: Page, name: string) => {
    if (!shots) return
    mkdirSync(shots, { recursive: true })
    await page.screenshot({ path: `${shots}/${name}.png`, fullPage: true })
  }
  /** Ada has a handle for the pages that want one. */
  const withHandle = async () => {
    const ada = await house.accounts.read.byEmail('ada@coops.example')
    const who = { by: `user:${ada!.id}` as const, role: 'admin' as const, editorOf: new Set<string>(), userId: ada!.id }
    if (!await house.accounts.personOf(ada!.id)) {
      await house.accounts.takeHandle(who, { handle: 'ada', name: 'Ada', summary: 'I weave patterns, and count.\nSee https://loom.example.' })
      await house.talk.publish(who, 'ada', { text: 'My own words' })
    }
  }

  test.each([
    { name: 'desktop', width: 1440, scheme: 'light', lang: 'en', axe: true }, { name: 'desktop-dark', width: 1440, scheme: 'dark', lang: 'de', axe: true },
    { name: 'mobile', width: 390, scheme: 'light', lang: 'en', axe: true }, { name: 'mobile-dark', width: 390, scheme: 'dark', lang: 'fr', axe: false }, { name: 'narrow-rtl', width: 320, scheme: 'light', lang: PSEUDO_RTL, axe: true },
  ] as const)('every page: $name', async ({ name, width, scheme, lang, axe }) => {
    await withHandle()
    await open({ viewport: { width, height: 900 }, colorScheme: scheme }, async (page) => {
      const look = async (at: string, as: string) => {
        const answer = await page.goto(`${origin}${at}${at.includes('?') ? '&' : '?'}lang=${lang}`)
        expect(answer!.status(), at).toBe(200)
        await shoot(page, `${as}-${name}`)
        expect(await sticksOut(page), at).toEqual([])
        if (axe) expect(await violations(page), at).toEqual([])
      }
      await look('/people/ada', 'person')
      await signIn(page, 'bo@coops.example')
      await look('/account', 'account-new')
      await page.context().clearCookies()
      await signIn(page)
      for (const [at, as] of [['/account', 'account'], ['/account/handle/leave', 'leave'], ['/admin/reports', 'reports'], ['/admin/reports/decided', 'decided'], [`/admin/reports/${report}`, 'report'],
        [`/admin/reports/new?subject=${foreign}`, 'forward'], [`/posts/${foreign}`, 'foreign-post'], ['/admin/federation', 'federation'], ['/about', 'about']] as const) await look(at, as)
    })
  }, 180_000)

  test.each([true, false])('a member takes a handle, changes it and gives it up (script: %s)', async (javaScriptEnabled) => {
    await open({ javaScriptEnabled, viewport: { width: 390, height: 844 } }, async (page) => {
      const [email, handle] = javaScriptEnabled ? ['cy@coops.example', 'cy'] : ['di@coops.example', 'di']
      await signIn(page, email)
      await page.getByRole('button', { name: 'Take this handle' }).click()
      expect(await page.title()).toMatch(/^Error:/)
      await page.locator('input[name=handle]').fill('stocksy')
      await page.locator('input[name=name]').fill('My name')
      await page.getByRole('button', { name: 'Take this handle' }).click()
      expect(await page.locator('.errors').textContent()).toContain('This name is taken')
      expect(await page.locator('.errors').evaluate((e) => e === document.activeElement)).toBe(true)
      await page.locator('input[name=handle]').fill(`@${handle.toUpperCase()}`)
      await page.getByRole('button', { name: 'Take this handle' }).click()
      await page.waitForURL('**/account#person')
      expect(await page.locator('main').textContent()).toContain('You have a public handle now.')
      await page.locator('textarea[name=summary]').fill('<b>Words</b>')
      await page.getByRole('checkbox').check()
      await page.getByRole('button', { name: 'Save' }).click()
      await page.waitForURL('**/account#person')
      await page.goto(`${origin}/@${handle}`)
      expect(new URL(page.url()).pathname).toBe(`/people/${handle}`)
      expect(await page.locator('.prose').first().innerHTML()).toContain('&lt;b&gt;Words&lt;/b&gt;')
      await page.goto(`${origin}/account`)
      await page.getByRole('link', { name: 'Give up this handle' }).click()
      await page.getByRole('button', { name: 'Give it up for good' }).click()
      await page.waitForURL('**/account')
      expect(await page.getByRole('button', { name: 'Take this handle' }).count()).toBe(1)
      expect((await page.goto(`${origin}/people/${handle}`))!.status()).toBe(410)
    })
  }, 120_000)

  test.each([true, false])('a curator finds the desk, decides, and reports to another server (script: %s)', async (javaScriptEnabled) => {
    await open({ javaScriptEnabled, viewport: { width: 390, height: 844 } }, async (page) => {
      await signIn(page)
      await page.goto(`${origin}/about`)
      await page.getByRole('link', { name: 'Reports' }).click()
      await page.waitForURL('**/admin/reports')
      await page.locator('.tbl tbody th a').first().click()
      await page.getByRole('button', { name: 'Record the decision' }).click()
      expect(await page.title()).toMatch(/^Error:/)
      await page.getByRole('radio').first().check()
      await page.locator('textarea[name=why]').fill('Talked to them')
      await page.getByRole('button', { name: 'Record the decision' }).click()
      await page.waitForURL('**/admin/reports')
      expect(await page.locator('main').textContent()).toContain('Decided.')
      await page.goto(`${origin}/posts/${foreign}`)
      await page.getByRole('link', { name: 'Report to bad.example' }).click()
      await page.locator('textarea[name=words]').fill(`Advertising ${javaScriptEnabled}`)
      await page.getByRole('button', { name: 'Send to bad.example' }).click()
      await page.waitForURL(`**/posts/${foreign}`)
      expect(await page.locator('main').textContent()).toContain('Sent to bad.example.')
    })
  }, 120_000)
})
