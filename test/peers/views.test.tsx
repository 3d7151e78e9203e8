/** The section of followed directories on the page of federation. */
import { Hono } from 'hono'
import { expect, test } from 'vitest'
import { Directories } from '../../src/peers/views.tsx'
import type { FollowedDirectory } from '../../src/peers/service.ts'
import { html, Layout, pageOf } from '../../src/web/page.tsx'
import { ORIGIN, testApp } from '../web/helpers.ts'

const page = async (directories: FollowedDirectory[]) => {
  const app = testApp((a) => a.get('/x', (c) => html(c, <Layout page={pageOf(c)} title="x"><Directories page={pageOf(c)} directories={directories} /></Layout>))) as Hono
  return (await (await app.request(`${ORIGIN}/x`, { headers: { accept: 'text/html' } })).text()).replaceAll('\u2060', '')
}

test('each with its follow, how much is kept and when it last changed; a name from elsewhere is text', async () => {
  const text = await page([
    { actor: 'https://peer.example/ap/actors/directory', name: '<script>x</script>', state: 'accepted', mirrored: 1234, changed: new Date() },
    { actor: 'https://other.example/ap/actors/directory', name: null, state: 'requested', mirrored: 0, changed: null },
  ])
  expect(text).toContain('&lt;script&gt;x&lt;/script&gt;')
  for (const words of ['accepted', '1,234', 'not answered yet', 'https://other.example/ap/actors/directory', 'never']) expect(text).toContain(words)
})
test('none yet', async () => { expect(await page([])).toContain('This directory follows no other yet') })
