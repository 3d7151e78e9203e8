/** The vocabulary at /ns: what machines read, what people see, and that it holds exactly the terms that we use. */
import { globSync, readdirSync, readFileSync } from 'node:fs'
import jsonld from 'jsonld'
import { expect, test } from 'vitest'
import { nsPages } from '../../src/directory/ns-pages.tsx'
import { contextLoader } from '../../src/fedi/contexts.ts'
import { vocabulary, vocabularyAnswer, vocabularyDocument } from '../../src/fedi/http/ns.ts'
import { TOAD, TOADLANE } from '../../src/fedi/terms.ts'
import { engines } from '../engines.ts'
import { lostTerms } from '../fedi/expands.ts'
import { makeInstance } from '../fedi/instance.ts'
import { ORIGIN, testApp } from '../web/helpers.ts'

const described = vocabulary.map((t) => t.name).sort()

test('expands whole, and each term has its label, comment and place', async () => {
  expect(await lostTerms(vocabularyDocument)).toEqual([])
  const flat = await jsonld.flatten(vocabularyDocument, undefined, { documentLoader: contextLoader }) as Record<string, unknown>[]
  const rdfs = 'http://www.w3.org/2000/01/rdf-schema#'
  for (const { name, kind } of vocabulary) {
    const node = flat.find((n) => n['@id'] === TOAD + name)!
    for (const p of ['label', 'comment', ...(kind === 'class' ? ['subClassOf'] : ['domain', 'range'])]) expect(node[rdfs + p], `${name} ${p}`).toHaveLength(1)
    expect(node[`${rdfs}isDefinedBy`]).toEqual([{ '@id': TOADLANE }])
  }
  expect(flat.find((n) => n['@id'] === `${TOAD}memberOf`)![`${rdfs}subPropertyOf`]).toEqual([{ '@id': 'http://www.w3.org/ns/org#memberOf' }])
})

test('every term of the golden documents is described', () => {
  const found = new Set<string>()
  const walk = (v: unknown, key?: string): void => {
    if (typeof v === 'string' && key === 'additionalType') found.add(v)
    if (Array.isArray(v)) return v.forEach((x) => walk(x, key))
    if (typeof v !== 'object' || v === null) return
    for (const [k, x] of Object.entries(v)) if (k !== '@context') { found.add(k); walk(x, k) }
  }
  for (const f of readdirSync('test/coops/golden')) walk(JSON.parse(readFileSync(`test/coops/golden/${f}`, 'utf8')))
  const ours = [...found].filter((n) => n.startsWith('toad:')).map((n) => n.slice(5))
  expect(ours.length).toBeGreaterThan(4)
  expect(ours.filter((n) => !described.includes(n))).toEqual([])
})

test('what our code says is described, and nothing else is', () => {
  const said = new Set<string>()
  for (const f of globSync('src/**/*.{ts,tsx}').filter((f) => !/fedi.terms\.ts$/.test(f))) {
    for (const [, name] of readFileSync(f, 'utf8').matchAll(/'toad:([A-Za-z]+)'/g)) said.add(name!)
  }
  expect([...said].sort()).toEqual(described)
})

test('federation answers for programs and leaves people to the page', async () => {
  const i = await makeInstance({ store: await engines[0]!.fresh(), workers: false, listen: false })
  try {
    const asked = (accept: string) => i.app.request('/ns', { headers: { accept } })
    expect(await (await asked('application/ld+json')).json()).toEqual(vocabularyDocument)
    expect(await (await asked('text/html')).text()).toBe('a page')
  } finally { await i.close() }
})

test('programs get the JSON that they ask for, with a validator; people the page', async () => {
  for (const [accept, type] of [
    ['application/ld+json', 'application/ld+json'], ['application/activity+json', 'application/activity+json'], ['application/json', 'application/json'],
    ['*/*', 'application/ld+json'], [undefined, 'application/ld+json'],
  ] as const) {
    const answer = vocabularyAnswer(accept, undefined)!
    expect(answer.headers.get('content-type')).toBe(`${type}; charset=utf-8`)
    expect(answer.headers.get('vary')).toBe('Accept')
    expect(await answer.json()).toEqual(vocabularyDocument)
    expect(vocabularyAnswer(accept, answer.headers.get('etag')!)!.status).toBe(304)
  }
  expect(vocabularyAnswer('text/html,application/xhtml+xml,*/*;q=0.8', undefined)).toBeUndefined()
  const page = await testApp((app) => app.route('/', nsPages())).request(`${ORIGIN}/ns`, { headers: { accept: 'text/html' } })
  const text = await page.text()
  expect(page.status).toBe(200)
  for (const name of described) expect(text).toContain(`<code id="${name}">toad:${name}</code>`)
  expect(text).toContain(`href="${ORIGIN}/ns"`)
})
