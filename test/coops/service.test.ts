import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { commandLine, type Who } from '../../src/accounts/model.ts'
import { coops, type Coops } from '../../src/coops/service.ts'
import { coopTables } from '../../src/coops/tables.ts'
import { Problem } from '../../src/kernel/errors.ts'
import type { Store } from '../../src/store/store.ts'
import { storeTables } from '../../src/store/tables.ts'
import { engines } from '../engines.ts'
import { ORIGIN, testHouse } from './house.ts'

const curator: Who = { by: 'user:c', role: 'curator', editorOf: new Set() }
const member: Who = { by: 'user:m', role: 'member', editorOf: new Set() }
const problem = async (p: Promise<unknown>) => p.then(() => 'nothing', (e: unknown) => (e instanceof Problem ? `${e.status} ${e.code}${e.field ? ` ${e.field}` : ''}` : e))
let n = 0
const fresh = () => `coop-${++n}`

describe.each(engines)('organisations on $engine', ({ fresh: open }) => {
  let store: Store, h: ReturnType<typeof testHouse>, c: Coops
  beforeAll(async () => { store = await open() })
  afterAll(() => store.close())
  beforeEach(() => { h = testHouse(store, { followers: 1 }); c = coops(h.house) })

  const put = (handle: string, extra: object = {}, o?: Parameters<Coops['put']>[2], who: Who = curator) =>
    c.put(who, { handle, name: `Name of ${handle}`, kind: 'cooperative', country: 'GB', ...extra }, o)
  const rowsWritten = async () => {
    const t = { ...coopTables(store.kit), ...storeTables(store.kit) }
    return Promise.all([t.organisations, t.organisationRevisions, t.organisationFigures, t.audit, t.documents].map((x) => store.read.$count(x)))
  }
  const members = (value: number, year = 2024, source = 'https://a.example') => ({ kind: 'members', value, year, source, confidence: 'primary' as const, unit: null })

  test('created, unchanged, changed: a revision each, and nothing at all when nothing is new', async () => {
    const handle = fresh()
    const { id, outcome } = await put(handle, { figures: [members(10)], locality: 'Leeds' })
    expect(outcome).toBe('created')
    expect(h.puts.at(-1)).toMatchObject({ handle, open: false, owner: `organisation:${id}` })
    const before = await rowsWritten()
    expect(await put(handle, { figures: [members(10)], locality: 'Leeds' })).toEqual({ outcome: 'unchanged', id })
    expect(await put(handle)).toEqual({ outcome: 'unchanged', id })
    expect(await rowsWritten()).toEqual(before)
    expect(h.puts).toHaveLength(1)
    expect(await put(handle, { locality: 'York' }, { why: 'moved' })).toEqual({ outcome: 'changed', id })
    const revisions = await c.read.revisions(id)
    expect(revisions.map((r) => [r.number, r.by, r.why, r.snapshot.profile.locality])).toEqual([[2, 'user:c', 'moved', 'York'], [1, 'user:c', null, 'Leeds']])
    expect(revisions[0]!.snapshot.figures).toEqual([members(10)])
    expect(h.changes.map((x) => x.what)).toEqual(['created', 'changed'])
  })

  test('figures of several years and sources stand side by side; a corrected one stays on record', async () => {
    const handle = fresh()
    const { id } = await put(handle, { figures: [members(10), members(12, 2025)] })
    await put(handle, { figures: [members(11, 2024, 'https://b.example'), members(9)] })
    const whole = (await c.read.byHandle(handle))!
    expect(whole.figures.map((f) => [f.value, f.year, f.source])).toEqual([[12, 2025, 'https://a.example'], [11, 2024, 'https://b.example'], [9, 2024, 'https://a.example']])
    expect((await c.read.pastFigures(id)).map((f) => f.value)).toEqual([10])
    await c.withdrawFigure(curator, handle, whole.figures[0]!.id, 'a typing error')
    expect((await c.read.byHandle(handle))!.figures).toHaveLength(2)
    expect(await problem(c.withdrawFigure(curator, handle, whole.figures[0]!.id, 'again'))).toBe('404 not-found figure')
    await c.restore(curator, handle, 1, 'it was right')
    expect((await c.read.byHandle(handle))!.figures.map((f) => f.value).sort()).toEqual([10, 12])
  })

  test('restoring makes a new revision, and twice is once', async () => {
    const handle = fresh()
    const { id } = await put(handle, { summary: 'One.' })
    await put(handle, { summary: 'Two.', locality: 'Hull' })
    expect(await c.restore(curator, handle, 1, 'vandalism')).toEqual({ outcome: 'changed', id })
    expect(await c.read.organisation(handle)).toMatchObject({ summary: 'One.', locality: null, revision: 3 })
    expect((await c.restore(curator, handle, 1, 'again')).outcome).toBe('unchanged')
    expect(await problem(c.restore(curator, handle, 9, 'x'))).toBe('404 not-found revision')
  })

  test('with consent it is an actor, and its followers hear of changes', async () => {
    const handle = fresh()
    const { id } = await put(handle, {}, { consent: 'agreed at the meeting', source: 'import of a file' })
    const organisation = (await c.read.organisation(handle))!
    expect(organisation).toMatchObject({ standing: 'consented', consent: { basis: 'agreed at the meeting', by: 'user:c' } })
    expect(h.puts.at(-1)).toMatchObject({ open: true })
    expect(h.changes).toMatchObject([{ what: 'opened', id, handle, name: `Name of ${handle}`, quiet: true }])
    expect(h.published).toEqual([])
    await put(handle, { summary: 'New words.' })
    expect(h.published).toMatchObject([{ actor: handle, to: 'followers', inOutbox: false, activity: { type: 'Update', object: { id: `${ORIGIN}/ap/actors/${handle}` } } }])
    expect(await put(handle, {}, { consent: 'agreed again' })).toMatchObject({ outcome: 'unchanged' })
  })

  test('consent later opens the same id; a claim runs itself, and imports leave it alone', async () => {
    const handle = fresh()
    await put(handle)
    expect(await c.consent(curator, handle, 'letter of 3 May')).toBe(true)
    expect(await c.consent(curator, handle, 'letter of 3 May')).toBe(false)
    expect(h.puts.map((p) => p.open)).toEqual([false, true])
    expect(h.changes.map((x) => x.what)).toEqual(['created', 'opened'])
    await c.claim(curator, handle, 'DNS record')
    expect(await put(handle, { summary: 'Others say so.' }, { source: 'an import' })).toMatchObject({ outcome: 'skipped', reason: 'the organisation keeps its own listing' })
    expect(await put(handle, {}, { source: 'an import' })).toMatchObject({ outcome: 'unchanged' })
    expect(await problem(c.consent(curator, handle, 'x'))).toBe('409 wrong-state handle')
    expect(await problem(c.consent(curator, fresh(), 'x'))).toBe('404 not-found handle')
    expect(await problem(put(fresh(), {}, { consent: ' ' }))).toBe('422 invalid consent')
  })

  test('status moves by its table; what is suspended shows nothing and stays an actor', async () => {
    const handle = fresh()
    await put(handle, { summary: 'Secret.' }, { consent: 'yes' })
    expect(await problem(c.setStatus(curator, handle, 'draft', 'x'))).toBe('409 wrong-state')
    await c.setStatus(curator, handle, 'suspended', 'a complaint')
    expect(h.puts.at(-1)).toMatchObject({ open: true, document: { suspended: true, 'toad:status': 'suspended' } })
    expect(JSON.stringify(h.puts.at(-1)!.document)).not.toContain('Secret')
    expect(await c.read.byHandle(handle)).toMatchObject({ visible: false, open: false })
    expect(await c.read.speaker(handle)).toMatchObject({ open: false, why: `${handle} is suspended: it cannot post` })
    await c.setStatus(curator, handle, 'listed', 'settled')
    expect(h.puts.at(-1)!.document).toMatchObject({ discoverable: true, 'toad:standing': 'consented' })
  })

  test('a draft is shown to nobody until it is listed', async () => {
    const handle = fresh()
    await put(handle, {}, { status: 'draft', consent: 'yes' })
    expect(h.puts).toEqual([])
    await c.setStatus(curator, handle, 'listed', 'looked at')
    expect(h.puts).toMatchObject([{ handle, open: true }])
  })

  test('an opt-out leaves a tombstone that imports respect', async () => {
    const handle = fresh()
    const { id } = await put(handle, { name: `The  ${handle} Society`, registrations: [{ scheme: 'fca', number: handle }], figures: [members(1)] })
    await c.addEvidence(curator, handle, { kind: 'register', note: 'seen' })
    await c.optOut(commandLine, handle, 'they wrote to us')
    expect(h.buried).toEqual([handle])
    expect(await c.read.byHandle(handle)).toBeUndefined()
    expect(await c.read.gone(handle)).toMatchObject({ handle, reason: 'they wrote to us' })
    expect(await c.read.revisions(id)).toEqual([])
    expect(h.changes.at(-1)?.what).toBe('gone')
    const reason = 'asked on 2026-11-14 not to be listed: they wrote to us'
    expect(await put(handle)).toEqual({ outcome: 'skipped', id, reason })
    expect(await put(fresh(), { name: `the ${handle.toUpperCase()} society` })).toEqual({ outcome: 'skipped', id: '', reason })
    expect(await put(fresh(), { registrations: [{ scheme: 'FCA', number: handle }] })).toMatchObject({ outcome: 'skipped', reason })
    expect((await put(fresh(), { name: `The ${handle} Society`, country: 'IE' })).outcome).toBe('created')
    expect(await problem(c.consent(curator, handle, 'x'))).toBe('410 opted-out handle')
  })

  test('who may do what', async () => {
    const handle = fresh()
    const { id } = await put(handle)
    const editor: Who = { by: 'user:e', role: 'member', editorOf: new Set([id]) }
    expect(await problem(c.put(undefined, { handle, name: 'x', kind: 'ally' }))).toBe('401 sign-in-needed')
    expect(await problem(put(fresh(), {}, {}, member))).toBe('403 forbidden')
    expect(await problem(put(handle, { summary: 'x' }, {}, member))).toBe('403 forbidden')
    expect((await put(handle, { summary: 'ours' }, {}, editor)).outcome).toBe('changed')
    expect(await problem(put(handle, {}, { consent: 'we agree' }, editor))).toBe('403 forbidden')
    expect(await problem(c.setStatus(editor, handle, 'suspended', 'x'))).toBe('403 forbidden')
    expect(await problem(c.optOut(curator, handle, 'x'))).toBe('403 forbidden')
    expect(await problem(c.addEvidence(editor, handle, { kind: 'register' }))).toBe('403 forbidden')
    await c.addEvidence(editor, handle, { kind: 'self-declared', note: 'one member, one vote' })
  })

  test('evidence: who looked and when; withdrawn stays on record', async () => {
    const handle = fresh()
    await put(handle)
    const id = await c.addEvidence(curator, handle, { kind: 'register', url: 'https://register.example/1', note: 'entry 1' })
    await c.withdrawEvidence(curator, handle, id, 'another society')
    const { evidence } = (await c.read.byHandle(handle))!
    expect(evidence).toMatchObject([{ kind: 'register', by: 'user:c', url: 'https://register.example/1', at: h.clock.now(), withdrawn: h.clock.now() }])
    expect(await problem(c.withdrawEvidence(curator, handle, id, 'x'))).toBe('404 not-found evidence')
    expect(await problem(c.addEvidence(curator, handle, { kind: 'rumour' as 'register' }))).toBe('422 invalid kind')
  })

  test('memberships climb to the global federation, never in a circle', async () => {
    const [coop, national, global] = [fresh(), fresh(), fresh()]
    for (const f of [national, global]) await put(f, { kind: 'federation' })
    await put(coop, {}, { consent: 'yes' })
    expect(await c.putMembership(curator, { organisation: coop, federation: national, confidence: 'unsure' })).toMatchObject({ outcome: 'created' })
    expect(await c.putMembership(curator, { organisation: coop, federation: national, confidence: 'unsure' })).toMatchObject({ outcome: 'unchanged' })
    await c.putMembership(curator, { organisation: national, federation: global })
    expect((await c.read.byHandle(coop))!.trail.map((s) => [s.depth, s.from, s.handle])).toEqual([[1, coop, national], [2, national, global]])
    expect(await problem(c.putMembership(curator, { organisation: global, federation: national }))).toBe('409 circle federation')
    expect(await problem(c.putMembership(curator, { organisation: national, federation: national }))).toBe('409 circle federation')
    expect(await problem(c.putMembership(curator, { organisation: national, federation: coop }))).toBe('422 not-a-federation federation')
    expect(await problem(c.putMembership(curator, { organisation: coop, federation: fresh() }))).toBe('404 not-found federation')
    expect(h.puts.at(-2)!.document).toMatchObject({ 'toad:memberOf': [`${ORIGIN}/ap/actors/${national}`] })
    expect((await c.read.members((await c.read.organisation(national))!.id, 10)).map((x) => x.handle)).toEqual([coop])
  })

  test('a confirmation runs out, and imports do not touch what somebody decided', async () => {
    const [coop, federation] = [fresh(), fresh()]
    await put(federation, { kind: 'federation' })
    await put(coop)
    await c.putMembership(curator, { organisation: coop, federation, state: 'confirmed', expires: '2027-06-30' })
    expect(await c.putMembership(curator, { organisation: coop, federation, confidence: 'unsure' })).toMatchObject({ outcome: 'unchanged' })
    const states = async () => (await c.read.byHandle(coop))!.memberships.map((m) => [m.state, m.now, m.confidence])
    expect(await states()).toEqual([['confirmed', 'confirmed', 'primary']])
    h.clock.set('2027-07-01T00:00:00Z')
    expect(await states()).toEqual([['confirmed', 'claimed', 'primary']])
    await c.putMembership(curator, { organisation: coop, federation, state: 'ended', until: '2027' })
    expect(await states()).toEqual([['ended', 'ended', 'primary']])
    expect((await c.read.byHandle(coop))!.trail).toEqual([])
    const editor: Who = { by: 'user:e', role: 'member', editorOf: new Set([(await c.read.organisation(coop))!.id]) }
    expect(await problem(c.putMembership(editor, { organisation: coop, federation, state: 'confirmed' }))).toBe('403 forbidden')
  })

  test('a federation that changes its name has its members\' documents written again', async () => {
    const [coop, federation] = [fresh(), fresh()]
    await put(federation, { kind: 'federation' })
    await put(coop)
    await c.putMembership(curator, { organisation: coop, federation })
    await put(federation, { kind: 'federation', name: 'Renamed Union' })
    const handlers = c.handlers()
    const kind = Object.keys(handlers)[0]!
    for (const job of await h.jobs.claim(kind, 10)) { await handlers[kind]!.run(job, { signal: new AbortController().signal } as never); await h.jobs.done([job.id]) }
    expect(h.puts.at(-1)!.handle).toBe(coop)
    expect(JSON.stringify(h.puts.at(-1)!.document.attachment)).toContain('Renamed Union')
  })

  test('lists by name, page by page; faded, suspended and archived ones are out, in lists and counts', async () => {
    const country = 'AQ'
    const names = ['Éclair', 'apple', 'Zebra', 'eclat', 'apple']
    const handles: string[] = []
    for (const name of names) { const handle = fresh(); handles.push(handle); await put(handle, { name, country, figures: [members(n)] }) }
    const all = async () => {
      const found: string[] = []
      for (let after: { nameKey: string; id: string } | undefined; ;) {
        const page = await c.read.list({ country, limit: 2, ...(after ? { after } : {}) })
        found.push(...page.map((x) => x.name))
        if (page.length < 2) return found
        after = page.at(-1)!
      }
    }
    expect(await all()).toEqual(['apple', 'apple', 'Éclair', 'eclat', 'Zebra'])
    expect((await c.read.list({ country, limit: 9 })).every((x) => x.members?.year === 2024)).toBe(true)
    const count = (await c.read.counts()).organisations
    await c.setStatus(curator, handles[0]!, 'suspended', 'x')
    await c.setStatus(curator, handles[2]!, 'archived', 'x')
    expect(await all()).toEqual(['apple', 'apple', 'eclat'])
    expect((await c.read.counts()).organisations).toBe(count - 2)
    h.clock.set('2028-10-14T09:00:00Z')
    await c.confirmFresh(curator, handles[1]!, 'true')
    h.clock.set('2028-11-14T09:00:00Z')
    expect(await all()).toEqual(['apple'])
    expect((await c.read.counts()).organisations).toBe(1)
    h.clock.set('2029-11-14T09:00:00Z')
    let archived = 0
    for (let more = 10; more === 10;) archived += more = await c.archiveFaded(commandLine, 10)
    expect(archived).toBe(count - 3)
    expect((await c.read.byStatus()).archived).toBeGreaterThanOrEqual(archived)
    await c.confirmFresh(curator, handles[1]!, 'closed')
    expect(await c.read.organisation(handles[1]!)).toMatchObject({ status: 'archived' })
  })

  test('one bad row of an import costs the others nothing: what fails writes nothing', async () => {
    const [one, two, three] = [fresh(), fresh(), fresh()]
    h.actors.set(two, { handle: two, id: 'x', owner: 'person:1', open: true, gone: false, approves: false, made: h.clock.now() })
    const outcomes: string[] = []
    await store.write(async () => {
      for (const handle of [one, two, three]) outcomes.push(String(await problem(put(handle))))
    })
    expect(outcomes).toEqual(['nothing', '409 handle-taken handle', 'nothing'])
    expect(await c.read.organisation(two)).toBeUndefined()
    expect(await c.read.organisation(three)).toBeDefined()
  })

  test('documents can be written again from what is stored, in pages', async () => {
    h.puts.length = 0
    let after: string | undefined = ''
    for (let pages = 0; after !== undefined && pages < 100; pages++) after = await c.rewriteDocuments(after, 7)
    const shown = await c.read.byStatus()
    expect(new Set(h.puts.map((p) => p.handle)).size).toBeGreaterThan(5)
    expect(h.puts.length).toBe(shown.listed + shown.archived)
    expect((await c.read.all(3)).length).toBe(3)
  })
})
