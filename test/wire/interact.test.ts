/** Two instances as two processes, and a person with a browser who is at home on one and reads the other. */
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hasBrowser, launch, sticksOut, violations } from '../browser.ts'
import { makeInstance, until, type Instance } from './instances.ts'

const shots = process.env.SHOTS // a folder for looking at the pages
const account = { email: 'ada@b.example', password: 'a long enough password' }

describe.skipIf(!hasBrowser)('from one server to the other', () => {
  let a: Instance, b: Instance, browser: Browser, post: { id: string; uri: string }
  const ok = async (i: Instance, ...args: string[]) => {
    const r = await i.toadlane([...args, '--json'])
    expect(r.code, r.stderr + r.stdout).toBe(0)
    return JSON.parse(r.stdout.trim().split('\n').at(-1)!) as Record<string, any>
  }
  beforeAll(async () => {
    a = await makeInstance()
    b = await makeInstance()
    await Promise.all([a.start(), b.start()])
    const list = path.join(a.folder, 'list.csv')
    writeFileSync(list, 'handle,name,kind\nstocksy,Stocksy United,cooperative\n')
    await ok(a, 'import', list, '--consent', 'agreed at a meeting')
    post = await ok(a, 'org', 'publish', 'stocksy', '--text', 'Come and weave with us.\n\nAll of you.') as typeof post
    const made = await b.toadlane(['user', 'create', account.email, '--name', 'Ada', '--role', 'admin', '--password-stdin', '--json'], `${account.password}\n`)
    expect(made.code, made.stderr + made.stdout).toBe(0)
    browser = await launch()
  }, 120_000)
  afterAll(async () => { await browser?.close(); await a?.remove(); await b?.remove() })

  async function open(o: BrowserContextOptions, look: (page: Page) => Promise<void>): Promise<void> {
    const context = await browser.newContext({ reducedMotion: 'reduce', ...o })
    try {
      const page = await context.newPage()
      const complaints: string[] = []
      page.on('console', (m) => { if (m.type() === 'error' && !/status of 4\d\d/.test(m.text())) complaints.push(m.text()) })
      await look(page)
      expect(complaints).toEqual([])
    } finally { await context.close() }
  }
  const shoot = async (page: Page, name: string) => {
    if (!shots) return
    mkdirSync(shots, { recursive: true })
    await page.screenshot({ path: path.join(shots, `${name}.png`), fullPage: true })
  }
  const me = () => `@directory@${new URL(b.origin).host}`
  /** From a form of A, over the page that says where one goes, to the sign-in of B or its page. */
  async function goHome(page: Page, button: string): Promise<void> {
    await page.locator('main input[name=account]:visible').fill(me())
    await page.locator('main').getByRole('button', { name: button, exact: true }).click()
    await page.waitForURL(`${a.origin}/remote`)
    await page.getByRole('link', { name: `Go on to ${new URL(b.origin).host}` }).click()
    await page.waitForURL(`${b.origin}/**`)
  }
  async function signIn(page: Page): Promise<void> {
    await page.locator('main').getByRole('link', { name: 'Sign in' }).click()
    await page.locator('input[name=email]').fill(account.email)
    await page.locator('input[name=password]').fill(account.password)
    await page.locator('main form button').click()
    await page.waitForURL(`${b.origin}/interact?**`)
  }

  test('follows, likes, boosts and answers, without script', async () => {
    await open({ javaScriptEnabled: false, viewport: { width: 390, height: 844 } }, async (page) => {
      await page.goto(`${a.origin}/co-ops/stocksy`)
      await page.locator('main').getByRole('button', { name: 'Follow', exact: true }).first().click()
      await shoot(page, 'popover-mobile')
      await page.locator('#follow input[name=account]').fill(me())
      await page.locator('#follow').getByRole('button', { name: 'Follow', exact: true }).click()
      await shoot(page, 'way-mobile')
      await page.getByRole('link', { name: /^Go on to/ }).click()
      await page.waitForURL(`${b.origin}/interact?uri=${encodeURIComponent(`${a.origin}/ap/actors/stocksy`)}&intent=follow`)
      await shoot(page, 'signed-out-mobile')
      await signIn(page)
      await shoot(page, 'look-mobile')
      await page.getByRole('button', { name: 'Look it up' }).click()
      expect(await page.locator('main article').textContent()).toContain('Stocksy United')
      await shoot(page, 'actor-mobile')
      await page.getByRole('button', { name: 'Follow', exact: true }).click()
      expect(await page.locator('.flash').textContent()).toContain('Asked to follow')
      await until('the acceptance', async () => { await page.reload(); return /follows it/.test(await page.locator('main').textContent() ?? '') })
      await shoot(page, 'followed-mobile')
      const followers = await (await a.activity(`${a.origin}/ap/actors/stocksy/followers`)).json() as { totalItems: number }
      expect(followers.totalItems).toBe(1)

      await page.goto(`${a.origin}/posts/${post.id}`)
      await page.getByText('Like, boost or reply from your own server').click()
      await shoot(page, 'post-mobile')
      await goHome(page, 'Like')
      await page.getByRole('button', { name: /^Look it up/ }).click()
      expect(await page.locator('main article').textContent()).toContain('All of you.')
      await shoot(page, 'seen-mobile')
      // The post stays in view after each.
      for (const verb of ['Like', 'Boost']) await page.getByRole('button', { name: verb, exact: true }).click()
      await page.getByText('Reply', { exact: true }).click()
      await page.locator('textarea[name=text]').fill('We come.')
      await shoot(page, 'done-mobile')
      await page.getByRole('button', { name: 'Send the reply' }).click()
      await page.waitForURL(`${b.origin}/posts/*`)
    })
    const note = () => a.activity(post.uri).then((r) => r.json()) as Promise<{ likes: { totalItems: number }; shares: { totalItems: number } }>
    await until('like and boost on A', async () => { const n = await note(); return n.likes.totalItems === 1 && n.shares.totalItems === 1 })
    await until('the answer on A', async () => ((await (await a.activity(`${post.uri}/replies`)).json()) as { totalItems: number }).totalItems === 1)

    await open({ javaScriptEnabled: false, viewport: { width: 390, height: 844 } }, async (page) => {
      await page.goto(`${b.origin}/interact?uri=${encodeURIComponent(post.uri)}`)
      await signIn(page)
      await page.getByRole('button', { name: /^Take the like back/ }).click()
      await page.getByRole('button', { name: /^Take the boost back/ }).click()
      await page.goto(`${b.origin}/interact?uri=${encodeURIComponent(`${a.origin}/ap/actors/stocksy`)}`)
      await page.getByRole('button', { name: /^Stop following/ }).click()
    })
    await until('all of it taken back on A', async () => { const n = await note(); return n.likes.totalItems === 0 && n.shares.totalItems === 0 })
    await until('no follower on A', async () => ((await (await a.activity(`${a.origin}/ap/actors/stocksy/followers`)).json()) as { totalItems: number }).totalItems === 0)
  }, 120_000)

  test.each([
    { name: 'desktop', width: 1440, scheme: 'light', lang: 'en', axe: true }, { name: 'phone-dark', width: 390, scheme: 'dark', lang: 'de', axe: true }, { name: 'narrow', width: 320, scheme: 'light', lang: 'fr', axe: false },
  ] as const)('every page of it: $name', async ({ name, width, scheme, lang, axe }) => {
    await open({ viewport: { width, height: 900 }, colorScheme: scheme }, async (page) => {
      const look = async (what: string) => {
        await shoot(page, `${what}-${name}`)
        expect(await sticksOut(page), what).toEqual([])
        if (axe) expect(await violations(page), what).toEqual([])
      }
      const there = encodeURIComponent(post.uri)
      await page.goto(`${a.origin}/co-ops/stocksy?lang=${lang}`)
      await page.locator('button[popovertarget=follow]').click()
      await look('popover')
      await page.goto(`${a.origin}/about`)
      await look('about')
      await page.goto(`${a.origin}/posts/${post.id}`)
      await page.locator('main details summary').last().click()
      await look('post')
      await page.locator('main input[name=account]').fill('nobody')
      await page.locator('main button[name=intent]').first().click()
      await look('refused')
      await page.locator('main input[name=account]').fill(me())
      await page.locator('main button[name=intent]').first().click()
      await look('way')
      for (const at of ['/interact', `/interact?uri=${there}`, '/interact?uri=javascript:x']) { await page.goto(`${b.origin}${at}${at.includes('?') ? '&' : '?'}lang=${lang}`); await look(`out${at.length}`) }
      await page.goto(`${b.origin}/sign-in?next=/interact`)
      await page.locator('input[name=email]').fill(account.email)
      await page.locator('input[name=password]').fill(account.password)
      await page.locator('main form button').click()
      await page.waitForURL(`${b.origin}/interact`)
      await look('empty')
      await page.goto(`${b.origin}/interact?uri=${there}&intent=create&content=Hello`)
      await look('look')
      await page.locator('main form[action="/interact"] button').click()
      await page.locator('main textarea').waitFor()
      await look('seen')
      await page.locator('main button[formaction="/interact/like"]').click()
      await look('liked')
      await page.goto(`${b.origin}/interact?uri=${encodeURIComponent(`${a.origin}/ap/actors/stocksy`)}&intent=follow`)
      await page.locator('main form[action="/interact"] button').click()
      await look('actor')
      await page.goto(`${b.origin}/interact?intent=create&content=Hello`)
      await look('write')
      await page.goto(`${b.origin}/interact?uri=${there}`)
      await page.locator('main form[action="/interact/unlike"] button').click()
    })
  }, 120_000)
})
