/** Ids in headers: they come from other servers as these wrote them. */
import { Hono } from 'hono'
import { expect, test } from 'vitest'
import { humanAddresses } from '../../src/fedi/http/negotiate.ts'

const answer = (id: string, accept: string) => {
  const app = new Hono().use(humanAddresses(() => id)).get('/page', (c) => c.html('<p>A page</p>'))
  return app.request('/page', { headers: { accept } })
}

test.each([
  ['https://a.example/>; rel="canonical", <https://evil.example/', /^<https:\/\/a\.example\/%3E;%20rel=%22canonical%22,%20%3Chttps:\/\/evil\.example\/>; rel="alternate"; type="application\/activity\+json"$/],
  ['https://a.example/日本', /^<https:\/\/a\.example\/%E6%97%A5%E6%9C%AC>; rel="alternate"/],
  ['https://a.example/a\r\nset-cookie: x=1', /^<https:\/\/a\.example\/aset-cookie:%20x=1>; rel="alternate"/],
])('%j cannot end the header or begin another', async (id, link) => {
  const page = await answer(id, 'text/html')
  expect(page.status).toBe(200)
  expect(page.headers.get('link')).toMatch(link)
  expect(page.headers.get('set-cookie')).toBeNull()
  const sent = await answer(id, 'application/activity+json')
  expect(sent.status).toBe(303)
  expect(sent.headers.get('location')).not.toMatch(/[<>"\s]/)
})
test('what is no address names nothing', async () => {
  const page = await answer('no address', 'application/activity+json')
  expect([page.status, page.headers.get('link')]).toEqual([200, null])
})
