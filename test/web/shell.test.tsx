import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { Problem } from '../../src/kernel/errors.ts'
import { ErrorSummary, Field } from '../../src/web/components.tsx'
import { flash } from '../../src/web/flash.ts'
import { nest, readForm } from '../../src/web/forms.ts'
import { html, Layout, pageOf } from '../../src/web/page.tsx'
import { TooMany } from '../../src/web/errors.tsx'
import { assets, ORIGIN, post, testApp } from './helpers.ts'

const app = testApp((app) => {
  app.get('/', (c) => html(c, <Layout page={pageOf(c)} title="Hello" alternate={`${ORIGIN}/ap/actor`} description="<d>"><h1>{'<script>alert(1)</script>'}</h1></Layout>))
  app.get('/gone', () => { throw new Problem('gone', 'removed by its owner in May', { status: 410 }) })
  app.get('/often', () => { throw new TooMany(150) })
  app.get('/secret', () => { throw new Problem('sign-in-needed', 'sign in', { status: 401 }) })
  app.get('/broken', () => { throw Object.assign(new Error('Failed query: insert ada@example.org'), { cause: Object.assign(new Error('no such table'), { code: 'SQLITE_ERROR' }) }) })
  app.get('/full', () => { throw Object.assign(new Error('Failed query: x'), { cause: Object.assign(new Error('full'), { code: 'SQLITE_FULL' }) }) })
  app.post('/save', async (c) => {
    const form = await readForm(c, z.object({ name: z.string().max(5), mail: z.email().optional() }))
    if (form.ok) { flash(c, 'nav.signedInAs', { name: form.value.name }); return c.redirect('/', 303) }
    const page = pageOf(c)
    return html(c, <Layout page={page} title="Save" problem={form.problem}><ErrorSummary page={page} problem={form.problem} /><Field page={page} name="name" label="Name" problem={form.problem} values={form.values} /><Field page={page} name="mail" label="Mail" problem={form.problem} values={form.values} /></Layout>, 422)
  })
  app.post('/inbox', (c) => c.text('ok', 202))
})
const get = (path: string, headers: Record<string, string> = {}) => app.request(ORIGIN + path, { headers: { accept: 'text/html', ...headers } })

describe('a page', () => {
  test('is a whole document, escaped, with the headers of one', async () => {
    const r = await get('/')
    const text = await r.text()
    expect(text).toMatch(/^<!doctype html><html lang="en" dir="ltr">/)
    expect(text).toContain('&lt;script&gt;alert(1)')
    expect(text).not.toMatch(/<script|\sstyle=|\son\w+=/)
    expect(text).toContain('<title>Hello – Common Thread</title>')
    expect(text).toContain('<meta name="description" content="&lt;d&gt;"/>')
    expect(text).toContain(`<link rel="canonical" href="${ORIGIN}/"/>`)
    expect(text).toContain(`<link rel="alternate" type="application/activity+json" href="${ORIGIN}/ap/actor"/>`)
    expect(text).toContain('href="#main"')
    expect(text).toMatch(/<a href="\/" data-dye="indigo"[^>]*>Directory<\/a>/)
    const csp = r.headers.get('content-security-policy')!
    expect(csp).toContain("default-src 'none'")
    expect(csp).not.toMatch(/unsafe|script-src|\*/)
    expect(r.headers.get('x-content-type-options')).toBe('nosniff')
    expect(r.headers.get('strict-transport-security')).toBe('max-age=31536000')
    expect(r.headers.get('vary')).toContain('Accept-Language')
    expect(r.headers.get('x-request-id')).toMatch(/^[2-9a-z]{8}$/)
  })
  test('speaks the language that was chosen, kept or asked for', async () => {
    const lang = async (r: Response | Promise<Response>) => (await (await r).text()).match(/<html lang="([^"]+)" dir="(\w+)"/)!.slice(1).join(' ')
    expect(await lang(get('/', { 'accept-language': 'pl, de-AT;q=0.8, en;q=0.5' }))).toBe('de ltr')
    const chosen = await get('/?lang=fr&after=x', { 'accept-language': 'de' })
    expect(chosen.headers.get('set-cookie')).toMatch(/^lang=fr; Max-Age=31536000; Path=\/; HttpOnly; Secure; SameSite=Lax$/)
    expect(await chosen.text()).toContain('href="/?after=x&amp;lang=es"')
    expect(await lang(get('/', { cookie: 'lang=it' }))).toBe('it ltr')
    expect(await lang(get('/?lang=ar-XB'))).toBe('en ltr')
    expect(await lang(get('/?lang=%3Cb%3E', { cookie: 'lang="><b>' }))).toBe('en ltr')
  })
})

describe('assets', () => {
  test('are kept for ever under their hash', async () => {
    const r = await get(assets.css)
    expect(r.status).toBe(200)
    expect(r.headers.get('content-type')).toBe('text/css; charset=utf-8')
    expect(r.headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
    expect(await r.clone().text()).toMatch(/url\(\/assets\/bricolage-grotesque-latin-wght-normal-[0-9a-f]{12}\.woff2\)/)
    expect(await r.text()).not.toMatch(/url\(fonts/)
    expect((await get(assets.css, { 'if-none-match': r.headers.get('etag')! })).status).toBe(304)
    expect((await get(assets.preload[0]!)).headers.get('content-type')).toBe('font/woff2')
    for (const missing of ['/assets/app-000000000000.css', '/assets/..%2f..%2fpackage.json', '/assets/']) expect((await get(missing)).status).toBe(404)
  })
  test('swatches are drawn from their number alone', async () => {
    const svg = await get('/swatch/00c0ffee.svg')
    expect(svg.headers.get('content-type')).toBe('image/svg+xml')
    expect(await svg.text()).toMatch(/^<svg xmlns/)
    expect(await (await get('/swatch/00c0ffee-band.svg')).text()).toContain('<pattern')
    const png = await get('/swatch/00c0ffee.png')
    expect(png.headers.get('content-type')).toBe('image/png')
    expect(png.headers.get('cache-control')).toContain('immutable')
    for (const bad of ['/swatch/00C0FFEE.svg', '/swatch/zz.svg', '/swatch/00c0ffee.gif', '/swatch/00c0ffee%00.svg']) expect((await get(bad)).status, bad).toBe(404)
  })
})

describe('forms', () => {
  const fields = { name: 'Ada', mail: '' }
  test('from this origin go through, and the next page says so once', async () => {
    const r = await post(app, '/save', fields, { 'sec-fetch-site': 'same-origin' })
    expect([r.status, r.headers.get('location')]).toEqual([303, '/'])
    const cookie = r.headers.get('set-cookie')!.split(';')[0]!
    const next = await get('/', { cookie })
    expect(await next.text()).toContain('Signed in as Ada')
    expect(next.headers.get('set-cookie')).toContain('flash=; Max-Age=0')
    const forged = `flash=${Buffer.from(JSON.stringify(['<b>', {}])).toString('base64url')}`
    expect(await (await get('/', { cookie: forged })).text()).not.toContain('class="flash"')
    expect((await get('/', { cookie: 'flash=%%%' })).status).toBe(200)
  })
  test.each([
    ['another site', { origin: 'https://evil.example' }],
    ['a null origin', { origin: 'null' }],
    ['a null origin that claims to be ours', { origin: 'null', 'sec-fetch-site': 'same-origin' }],
    ['a sibling domain', { origin: ORIGIN, 'sec-fetch-site': 'same-site' }],
    ['a cross-site fetch', { origin: ORIGIN, 'sec-fetch-site': 'cross-site' }],
    ['another port', { origin: `${ORIGIN}:8443` }],
  ])('from %s are refused', async (_, headers) => {
    const r = await post(app, '/save', fields, headers)
    expect(r.status).toBe(403)
    expect(await r.text()).toContain('did not come from a page of this directory')
  })
  test('without any word of where they come from are refused; what is no form is let through', async () => {
    const body = new URLSearchParams(fields)
    expect((await app.request(`${ORIGIN}/save`, { method: 'POST', body })).status).toBe(403)
    expect((await app.request(`${ORIGIN}/save`, { method: 'POST', body: 'x', headers: { 'content-type': 'text/plain' } })).status).toBe(403)
    const json = { method: 'POST', body: '{}', headers: { 'content-type': 'application/activity+json' } }
    expect((await app.request(`${ORIGIN}/inbox`, json)).status).toBe(202)
    expect((await app.request(`${ORIGIN}/inbox`, { ...json, headers: { ...json.headers, 'sec-fetch-site': 'cross-site' } })).status).toBe(403)
  })
  test('keep what was typed and say what is wrong, in the title first', async () => {
    const r = await post(app, '/save', { name: 'Ada <Lovelace>', mail: 'nonsense' })
    const text = await r.text()
    expect(r.status).toBe(422)
    expect(text).toContain('<title>Error: Save – Common Thread</title>')
    expect(text).toContain('There are 2 problems')
    expect(text).toMatch(/<div class="errors" role="alert" tabindex="-1" autofocus/)
    expect(text).toContain('<a href="#f-name">Keep this to 5 characters</a>')
    expect(text).toContain('value="Ada &lt;Lovelace&gt;"')
    expect(text).toMatch(/id="f-mail"[^>]*aria-describedby="f-mail-error" aria-invalid="true"/)
    const empty = await (await post(app, '/save', {})).text()
    expect(empty).toContain('Fill this in')
    expect(empty).toContain('There is a problem')
  })
  test('of another kind or size are refused', async () => {
    const json = await app.request(`${ORIGIN}/save`, { method: 'POST', body: '{}', headers: { 'content-type': 'application/json', origin: ORIGIN, accept: 'text/html' } })
    expect(json.status).toBe(415)
    expect((await post(app, '/save', { name: 'x'.repeat(70_000) })).status).toBe(413)
  })
  test('nest by dots, drop what is empty and never reach a prototype', () => {
    expect(nest({ 'figures.10.value': 'b', 'figures.2.value': 'a', 'figures.3.value': '', 'a.b': 'x', empty: '', 'many[]': ['1', ''] }))
      .toEqual({ figures: [{ value: 'a' }, { value: 'b' }], a: { b: 'x' }, many: ['1'] })
    expect(nest({ '__proto__.x': '1', 'a.constructor.prototype.y': '2', 'n.999999.v': '3' })).toEqual({})
    expect(({} as Record<string, unknown>).x).toBeUndefined()
  })
})

describe('errors', () => {
  test.each([['/nowhere', 404, 'Nothing here'], ['/gone', 410, 'Removed by its owner in May'], ['/often', 429, 'Try again in 3 minutes'], ['/full', 503, 'Not just now']])('%s: %i', async (path, status, words) => {
    const r = await get(path)
    expect(r.status).toBe(status)
    expect(await r.text()).toContain(words)
    expect(r.headers.get('content-security-policy')).toBeTruthy()
  })
  test('429 and 503 say when to come back', async () => {
    expect((await get('/often')).headers.get('retry-after')).toBe('150')
    expect((await get('/full')).headers.get('retry-after')).toBe('30')
  })
  test('500 gives a reference and nothing of what broke', async () => {
    const r = await get('/broken')
    const text = await r.text()
    expect(r.status).toBe(500)
    expect(text).toContain(`<code>${r.headers.get('x-request-id')}</code>`)
    expect(text).not.toMatch(/ada@|Failed query|no such table|SQLITE/)
  })
  test('programs get RFC 9457', async () => {
    const r = await get('/gone', { accept: 'application/activity+json' })
    expect(r.headers.get('content-type')).toBe('application/problem+json')
    expect(await r.json()).toMatchObject({ status: 410, code: 'gone', detail: 'removed by its owner in May' })
    expect(await (await get('/broken', { accept: 'application/json' })).json()).toMatchObject({ status: 500, code: 'unexpected', reference: expect.any(String) })
  })
  test('who is not signed in is sent to sign in, and comes back', async () => {
    const r = await get('/secret?a=1')
    expect([r.status, r.headers.get('location')]).toEqual([303, '/sign-in?next=%2Fsecret%3Fa%3D1'])
  })
})
