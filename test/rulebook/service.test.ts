import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { commandLine, type Who } from '../../src/accounts/model.ts'
import { stable } from '../../src/coops/diff.ts'
import { inputOf, type OrganisationInput } from '../../src/coops/model.ts'
import { coops, type Coops } from '../../src/coops/service.ts'
import { Problem } from '../../src/kernel/errors.ts'
import { leverRecord, type LeverInput } from '../../src/rulebook/model.ts'
import { rulebook, type Rulebook } from '../../src/rulebook/service.ts'
import { ruleTables } from '../../src/rulebook/tables.ts'
import type { Store } from '../../src/store/store.ts'
import { storeTables } from '../../src/store/tables.ts'
import { engines } from '../engines.ts'
import { testHouse } from '../coops/house.ts'

interface Data { organisations: (Record<string, unknown> & { handle: string; name: string; activity: string })[]; memberships: { organisation: string; federation: string; confidence: 'unsure' }[]; levers: LeverInput[] }
const data = JSON.parse(readFileSync('test/data/directory.json', 'utf8')) as Data
const problem = async (p: Promise<unknown>) => p.then(() => 'nothing', (e: unknown) => (e instanceof Problem ? `${e.status} ${e.code}${e.field ? ` ${e.field}` : ''}` : e))

describe.each(engines)('the rulebook on $engine', ({ fresh }) => {
  let store: Store, c: Coops, r: Rulebook, h: ReturnType<typeof testHouse>
  beforeAll(async () => {
    store = await fresh()
    h = testHouse(store)
    c = coops(h.house)
    r = rulebook({ store, clock: h.clock, organisation: c.read.organisation })
  })
  afterAll(() => store.close())

  const importAll = async () => {
    const outcomes: Record<string, number> = {}
    const say = (what: string, o: string) => { outcomes[`${what} ${o}`] = (outcomes[`${what} ${o}`] ?? 0) + 1 }
    await store.write(async () => {
      for (const o of data.organisations) say('organisation', (await c.put(commandLine, o as unknown as OrganisationInput, { source: 'directory.json' })).outcome)
      for (const m of data.memberships) say('membership', (await c.putMembership(commandLine, m)).outcome)
      for (const l of data.levers) say('lever', (await r.put(commandLine, l)).outcome)
    })
    return outcomes
  }
  const written = () => Promise.all([storeTables(store.kit).audit, storeTables(store.kit).documents, ruleTables(store.kit).levers, ruleTables(store.kit).leverVersions].map((t) => store.read.$count(t)))

  test('the founding data goes in whole; a second time changes nothing', async () => {
    expect(await importAll()).toEqual({ 'organisation created': 41, 'membership created': 5, 'lever created': 100, 'lever changed': 2 })
    const before = await written()
    expect(before.slice(2)).toEqual([100, 102])
    expect(await importAll()).toEqual({ 'organisation unchanged': 41, 'membership unchanged': 5, 'lever unchanged': 102 })
    expect(await written()).toEqual(before)
  })

  test('all 41 organisations are read back as they went in', async () => {
    for (const o of data.organisations) {
      const { organisation, figures } = (await c.read.byHandle(o.handle))!
      const input = inputOf(o.handle, organisation)
      const back: Record<string, unknown> = Object.fromEntries(Object.keys(o).map((k) => [k, k === 'activity' ? input.activities![0] : (input as Record<string, unknown>)[k]]))
      back.figures = figures.map(({ kind, value, year, source, confidence }) => ({ kind, value, year, source, confidence }))
      expect(back).toEqual(o)
    }
  })

  test('all 102 levers are read back as they went in', async () => {
    const back: LeverInput[] = []
    for (let after = ''; ;) {
      const page = await r.read.all(40, after)
      for (const l of page) for (const v of l.versions) back.push(leverRecord(l, v, l.versions.length > 1))
      if (page.length < 40) break
      after = page.at(-1)!.id
    }
    expect(back.map(stable).sort()).toEqual(data.levers.map(stable).sort())
    expect(await r.read.counts()).toMatchObject({ levers: 100 })
    expect((await r.read.counts()).countries).toHaveLength(new Set(data.levers.map((l) => l.country)).size)
  })

  test('two records with a number each are two versions of one lever', async () => {
    const [lever] = (await r.read.ofOrganisation('nationwide')).filter((l) => l.action === 'resolution at the annual meeting')
    expect(lever!.versions.map((v) => [v.number, v.rule.handIn?.date, v.rule.confidence])).toEqual([[2, '--03-31', 'unsure'], [1, '--04-04', 'secondary']])
    expect(await r.read.byId(lever!.id)).toEqual(lever)
  })

  const rule: LeverInput = { organisation: 'coop-ch', country: 'CH', action: 'Motion to the regional meeting', threshold: { percent: 2 }, source: 'https://a.example', sourceSeen: '2019', confidence: 'secondary' }
  const versions = async (id: string) => (await r.read.byId(id))!.versions.map((v) => [v.number, v.rule.threshold?.percent, v.rule.sourceSeen])

  test('other words make the next version, known words are no news', async () => {
    const one = await r.put(commandLine, rule)
    expect(one).toMatchObject({ outcome: 'created', version: 1 })
    expect(await r.put(commandLine, { ...rule, action: ' motion to the  regional meeting' })).toEqual({ outcome: 'unchanged', id: one.id, version: 1 })
    expect(await r.put(commandLine, { ...rule, threshold: { percent: 6 }, sourceSeen: '2020' })).toMatchObject({ outcome: 'changed', version: 2 })
    expect(await r.put(commandLine, rule)).toMatchObject({ outcome: 'unchanged', version: 1 })
    // Back to 2 %, says a newer source: that is news.
    expect(await r.put(commandLine, { ...rule, sourceSeen: '2025' })).toMatchObject({ outcome: 'changed', version: 3 })
    expect(await versions(one.id)).toEqual([[3, 2, '2025'], [2, 6, '2020'], [1, 2, '2019']])
  })

  test('the data\'s own numbers: in any order, corrected at the end, never rewritten', async () => {
    const n = (version: number, percent: number): LeverInput => ({ ...rule, action: 'numbered', threshold: { percent }, version })
    const { id } = await r.put(commandLine, n(2, 6))
    expect(await r.put(commandLine, n(1, 2))).toEqual({ outcome: 'changed', id, version: 1 })
    expect((await r.read.list({ country: 'CH', limit: 50 })).find((l) => l.id === id)).toMatchObject({ latest: 2, name: 'Coop (Switzerland)', rule: { threshold: { percent: 6 } } })
    expect(await r.put(commandLine, n(1, 3))).toMatchObject({ outcome: 'skipped', version: 1, reason: 'version 1 is kept as it was, and version 2 came after it: hand in a newer one' })
    expect(await r.put(commandLine, n(2, 7))).toMatchObject({ outcome: 'changed', version: 3 })
    expect(await r.put(commandLine, n(2, 7))).toMatchObject({ outcome: 'unchanged', version: 3 })
    expect(await r.put(commandLine, n(5, 7))).toMatchObject({ outcome: 'changed', version: 5 })
    expect(await versions(id)).toEqual([[5, 7, '2019'], [3, 7, '2019'], [2, 6, '2019'], [1, 2, '2019']])
  })

  test('reading the source again moves its date and no version', async () => {
    const { id } = await r.put(commandLine, { ...rule, action: 'checked' })
    expect(await r.check(commandLine, id)).toMatchObject({ outcome: 'changed', version: 1 })
    expect(await r.check(commandLine, id)).toMatchObject({ outcome: 'unchanged' })
    expect((await r.read.byId(id))!.versions).toMatchObject([{ checked: '2026-11-14' }])
    expect(await r.put(commandLine, { ...rule, action: 'checked', checked: '2026-11-01' })).toMatchObject({ outcome: 'unchanged' })
    expect(await r.put(commandLine, { ...rule, action: 'checked', checked: '2026-11-20' })).toMatchObject({ outcome: 'changed', version: 1 })
    expect(await problem(r.check(commandLine, 'nothing'))).toBe('404 not-found')
  })

  test('unknown and none stay what they are', async () => {
    const { id } = await r.put(commandLine, { ...rule, action: 'none', deposit: 'none', requiredOfSigner: 'none', handIn: { date: 'none' }, blackouts: [{ from: '--12-24', to: '--12-31' }] })
    expect((await r.read.byId(id))!.versions[0]!.rule).toMatchObject({
      deposit: 'none', requiredOfSigner: 'none', qualifying: null, blackouts: [{ from: '--12-24', to: '--12-31', note: null }],
      handIn: { date: 'none', meeting: null, where: null }, statementWordLimit: null,
    })
  })

  test('lists go on by key and leave out bodies that are not for everybody', async () => {
    const ids: string[] = []
    for (let after: { country: string; body: string; action: string } | undefined; ;) {
      const page = await r.read.list({ limit: 7, ...(after ? { after } : {}) })
      ids.push(...page.map((l) => l.id))
      if (page.length < 7) break
      const last = page.at(-1)!
      after = { country: last.country ?? '', body: last.body, action: last.actionKey }
    }
    expect(new Set(ids).size).toBe(ids.length)
    expect(ids.length).toBe((await r.read.counts()).levers)
    await c.setStatus(commandLine, 'mec-ca', 'suspended', 'x')
    expect((await r.read.counts()).levers).toBe(ids.length - 2)
    expect((await r.read.list({ country: 'CA', limit: 100 })).some((l) => l.organisation === 'mec-ca')).toBe(false)
    await c.setStatus(commandLine, 'mec-ca', 'listed', 'x')
  })

  test('who may, and for whom', async () => {
    const id = (await c.read.organisation('coop-ch'))!.id
    const editor: Who = { by: 'user:e', role: 'member', editorOf: new Set([id]) }
    expect((await r.put(editor, { ...rule, action: 'by its editor' })).outcome).toBe('created')
    expect(await problem(r.put(editor, { ...rule, organisation: 'migros' }))).toBe('403 forbidden')
    expect(await problem(r.put(editor, { ...rule, organisation: null, scope: 'co-operatives' }))).toBe('403 forbidden')
    expect(await problem(r.put(undefined, rule))).toBe('401 sign-in-needed')
    expect(await problem(r.put(commandLine, { ...rule, organisation: 'nobody-here' }))).toBe('422 not-found organisation')
    expect(await problem(r.put(commandLine, { ...rule, threshold: { fixed: -1 } }))).toBe('422 invalid threshold.fixed')
  })
})
