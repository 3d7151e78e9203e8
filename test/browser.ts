/** Debian's Chromium for tests, and what every page is asked there. */
import { existsSync } from 'node:fs'
import axe from 'axe-core'
import { chromium, type Browser, type Page } from 'playwright-core'

export const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium' // playwright-core downloads nothing
export const hasBrowser = existsSync(executablePath)
const args = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync']
export const launch = (): Promise<Browser> => chromium.launch({ executablePath, args })

/** Elements that stick out of the page sideways. */
export const sticksOut = (page: Page): Promise<string[]> => page.evaluate(() => {
  const root = document.documentElement
  if (root.scrollWidth <= root.clientWidth) return []
  return [...document.querySelectorAll('body *')].filter((e) => e.getBoundingClientRect().right > root.clientWidth + 1 || e.getBoundingClientRect().left < -1)
    .map((e) => `${e.tagName}.${e.getAttribute('class')} ${e.textContent?.slice(0, 30)}`).slice(0, 5)
})

/** What axe finds wrong, one line each. Needs a page with script on. */
export async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe.source)
  const found = await page.evaluate(() => (window as unknown as { axe: typeof axe }).axe.run(document, { resultTypes: ['violations'], rules: { 'target-size': { enabled: true } } }))
  return found.violations.flatMap((v) => v.nodes.map((n) => `${v.id}: ${n.html.slice(0, 160)} ${n.failureSummary?.split('\n')[1]?.trim()}`))
}
