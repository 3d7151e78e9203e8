import { createHash } from 'node:crypto'
import { inflateSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import fc from 'fast-check'
import { Problem } from '../../src/kernel/errors.ts'
import { addressKey } from '../../src/web/address.ts'
import { Away, Checkbox, Choices, ErrorSummary, Field, Say, Select, Swatch } from '../../src/web/components.tsx'
import { Listing, PostCard } from '../../src/web/blocks.tsx'
import { safeNext } from '../../src/web/next.ts'
import { swatchPng } from '../../src/web/swatch-png.ts'
import { bandSvg, swatchHash, swatchSvg } from '../../src/web/weave.ts'
import { ORIGIN, testPage } from './helpers.ts'

const REFERENCE = [['boleia', '466056d3', 'db3ce415420552dc'], ['https://coops.example/ap/actors/stocksy', '1447edf5', '62d85c3fc0616cd9'], ['maré', '0aa3177c', 'b0cb7d93127c8ece']] as const
const page = testPage()
const evil = '"><img src=x onerror=alert(1)><script>'
const tame = (view: unknown) => { const text = String(view); expect(text).not.toMatch(/<img src=x|<script|\son\w+="/); return text }

describe('whatever people write stays text', () => {
  test('in cards, posts and links', () => {
    tame(<Listing href="/co-ops/x" uri={evil} name={evil} place={evil} text={evil} via={evil} lang={evil} tags={[{ text: evil }]} foot={[{ text: evil }]} />)
    tame(<PostCard page={page} uri={evil} name={evil} handle={evil} href={evil} at={new Date()} permalink={evil} body={evil} lang={evil} />)
    expect(tame(<Away href={`https://x.example/${evil}`} />)).toContain('rel="noopener nofollow"')
    for (const href of ['javascript:alert(1)', 'data:text/html,x', ' https://x', '//x']) expect(String(<Away href={href} />)).not.toContain('href')
  })
  test('in fields, hints, options, errors', () => {
    const problem = new Problem('x', evil, { field: 'a' })
    for (const type of ['text', 'area'] as const) tame(<Field page={page} name="a" label={evil} hint={evil} type={type} problem={problem} values={{ a: `</textarea>${evil}` }} />)
    tame(<Select page={page} name="a" label={evil} options={[{ value: evil, label: evil }]} values={{ a: evil }} />)
    tame(<Choices page={page} name="a" label={evil} options={[{ value: evil, label: evil, hint: evil }]} />)
    tame(<Checkbox page={page} name={evil} label={evil} />)
    tame(<ErrorSummary page={page} problem={problem} labels={{ a: evil }} />)
  })
  test('a password is never sent back; a text keeps its first empty line', () => {
    expect(String(<Field page={page} name="p" type="password" label="P" values={{ p: 'secret' }} />)).not.toContain('secret')
    expect(String(<Field page={page} name="a" type="area" label="A" values={{ a: '\nx' }} />)).toContain('>\n\nx</textarea>')
  })
})

test('choices: nothing is ticked that nobody ticked; the error names the first control', () => {
  const options = [{ value: 'a', label: 'A' }, { value: 'b', label: 'B' }]
  expect(String(<Choices page={page} name="k" label="K" options={options} />)).not.toContain('checked')
  const some = String(<Choices page={page} name="k" label="K" options={options} many values={{ k: ['b'] }} problem={new Problem('x', 'choose', { field: 'k' })} />)
  expect(some.match(/checked/g)).toHaveLength(1)
  expect(some).toContain('<input type="checkbox" id="f-k" name="k" value="a"/>')
  expect(some).toMatch(/aria-describedby="f-k-error"/)
})

test('a sentence with elements in it keeps the translator\'s order and escapes the rest', () => {
  const view = String(<Say t={page.t} k="page.title" values={{ site: '<b>' }} parts={{ title: <a href="/">here</a> }} />)
  expect(view).toBe('<a href="/">here</a> – &lt;b&gt;')
})

describe('cloth', () => {
  test('is the same for the same URI on every instance, for ever', () => {
    // the numbers and drawings of the design's own generator
    for (const [uri, number, drawing] of REFERENCE) {
      expect(swatchHash(uri)).toBe(number)
      const svg = swatchSvg(number)
      expect(createHash('sha256').update(svg.slice(svg.indexOf('<path'), -'</svg>'.length)).digest('hex').slice(0, 16)).toBe(drawing)
    }
    expect(bandSvg('466056d3')).toContain('<pattern')
    expect(String(<Swatch uri="boleia" />)).toContain('src="/swatch/466056d3.svg"')
  })
  test('as PNG: three colours, every pixel the thread\'s', () => {
    const png = Buffer.from(swatchPng('00c0ffee'))
    expect(png.subarray(0, 8).toString('hex')).toBe('89504e470d0a1a0a')
    expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([400, 400])
    const at = png.indexOf('IDAT'), length = png.readUInt32BE(at - 4)
    expect(inflateSync(png.subarray(at + 4, at + 4 + length)).length).toBe(101 * 400)
    expect(png.length).toBeLessThan(3000)
  })
})

test('next never leaves the origin', () => {
  expect(safeNext('/levers?x=1#y', ORIGIN)).toBe('/levers?x=1#y')
  for (const bad of [undefined, '', 'levers', '//e.example', '/\\e.example', '/\u0000/e.example', '/\n/e.example', 'https://e.example/', '/sign-out', '/..//e.example', 'x'.repeat(3000)]) expect(safeNext(bad, ORIGIN), String(bad)).toBe('/')
  fc.assert(fc.property(fc.oneof(fc.string(), fc.webPath(), fc.constantFrom('/', '//', '/\\', '/.', '%2f').chain((a) => fc.string().map((b) => a + b))), (text) => {
    const next = safeNext(text, ORIGIN)
    return next.startsWith('/') && !/^\/[/\\]/.test(next) && new URL(next, ORIGIN).origin === ORIGIN
  }))
})

test('addresses are counted by household', () => {
  expect(['203.0.113.9', '::ffff:203.0.113.9', '2001:db8:1:2:3::1', '2001:db8:1:2::9', 'nonsense'].map(addressKey)).toEqual(['203.0.113.9', '203.0.113.9', '2001:db8:1:2::/64', '2001:db8:1:2::/64', 'unknown'])
})
