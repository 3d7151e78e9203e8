import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { commandLine } from '../../src/accounts/model.ts'
import { openSource } from '../../src/directory/import/source.ts'
import type { ImportOptions, ImportReport, Trouble } from '../../src/directory/service.ts'
import { engines, scratch } from '../engines.ts'
import { rooms, type Rooms } from './house.ts'

const DATA = 'test/data/directory.json'
const NOTHING = { created: 0, changed: 0, unchanged: 0, skipped: 0, failed: 0 }

describe.each(engines)('import on $engine', ({ fresh }) => {
  let house: Rooms
  beforeEach(async () => { house = rooms(await fresh()) })
  afterEach(() => house.store.close())

  type Told = ImportReport & { troubles: Trouble[] }
  async function bring(file: string, o: ImportOptions & { consent?: string } = {}): Promise<Told> {
    const troubles: Trouble[] = []
    const source = await openSource(file, { folder: process.cwd() })
    return { ...await house.directory.import(commandLine, source, { ...o, onTrouble: (t) => troubles.push(t) }), troubles }
  }
  const text = (content: string | Buffer, o: ImportOptions & { consent?: string } = {}): Promise<Told> => {
    const file = path.join(scratch(), 'list')
    writeFileSync(file, content)
    return bring(file, o)
  }
  const json = (content: object, o?: ImportOptions): Promise<Told> => text(JSON.stringify({ format: 'toadlane/1', ...content }, null, 1), o)
  const listing = (handle: string) => house.organisations.read.byHandle(handle)

  test('the real data: every record goes in, the second time nothing changes, the dry run foresaw it', async () => {
    const { troubles: none, ...dry } = await bring(DATA, { dryRun: true })
    expect(await listing('stocksy')).toBeUndefined()
    expect(none).toEqual([])
    const { troubles, ...real } = await bring(DATA)
    expect(troubles).toEqual([])
    expect(real.sections).toEqual({ organisation: { ...NOTHING, created: 41 }, membership: { ...NOTHING, created: 5 }, lever: { ...NOTHING, created: 102 } })
    expect(real).toMatchObject({ created: 148, failed: 0, dryRun: false, warnings: [], incomplete: false })
    expect(dry).toEqual({ ...real, dryRun: true })
    const revision = (await listing('stocksy'))!.organisation.revision
    const again = await bring(DATA)
    expect(again).toMatchObject({ ...NOTHING, unchanged: 148 })
    expect(await bring(DATA, { dryRun: true })).toMatchObject({ ...NOTHING, unchanged: 148 })
    expect((await listing('stocksy'))!.organisation.revision).toBe(revision)
    expect((await listing('mondragon'))!.memberships).toMatchObject([{ handle: 'ica', state: 'claimed', confidence: 'unsure' }])
    expect((await house.levers.read.ofOrganisation('nationwide')).find((l) => l.action === 'resolution at the annual meeting')?.versions.map((v) => v.number)).toEqual([2, 1])
  }, 60_000)

  test('consent makes them actors, without it they are pages; what is consented stays so', async () => {
    const consent = 'agreed at the federation\'s meeting'
    await bring(DATA)
    expect((await listing('stocksy'))!).toMatchObject({ open: false, organisation: { standing: 'unclaimed', consent: null } })
    expect(await house.fedi.actors.find('stocksy')).toMatchObject({ open: false })
    const foreseen = await bring(DATA, { consent, dryRun: true })
    const agreed = await bring(DATA, { consent })
    expect(agreed.sections.organisation).toEqual({ ...NOTHING, changed: 41 })
    expect(foreseen.sections).toEqual(agreed.sections)
    expect((await listing('stocksy'))!).toMatchObject({ open: true, organisation: { standing: 'consented', consent: { basis: consent, by: 'cli' } } })
    expect(await house.fedi.actors.find('stocksy')).toMatchObject({ open: true })
    expect((await bring(DATA)).unchanged).toBe(148)
    expect((await listing('stocksy'))!.organisation.standing).toBe('consented')
  }, 60_000)

  test('what runs itself or asked not to be listed is skipped, with the reason', async () => {
    await json({ organisations: [{ handle: 'own', name: 'Own', kind: 'cooperative' }, { handle: 'gone', name: 'Gone Co-op', kind: 'cooperative', country: 'GB' }] })
    await house.organisations.claim(commandLine, 'own', 'DNS')
    await house.organisations.optOut(commandLine, 'gone', 'does not want to')
    const rows = { organisations: [
      { handle: 'own', name: 'Other name', kind: 'cooperative' }, { handle: 'gone', name: 'Gone Co-op', kind: 'cooperative' },
      { handle: 'gone-again', name: 'Gone Co-op', kind: 'mutual', country: 'GB' }, { handle: 'new', name: 'New', kind: 'ally' },
    ] }
    const dry = await json(rows, { dryRun: true })
    const real = await json(rows)
    expect(real).toMatchObject({ ...NOTHING, created: 1, skipped: 3 })
    expect(real.troubles).toEqual([
      { line: 4, record: 1, outcome: 'skipped', section: 'organisation', subject: 'own', reason: 'the organisation keeps its own listing' },
      expect.objectContaining({ subject: 'gone', outcome: 'skipped', reason: expect.stringContaining('not to be listed: does not want to') }),
      expect.objectContaining({ subject: 'gone-again', outcome: 'skipped', reason: expect.stringContaining('not to be listed') }),
    ])
    expect({ ...dry, dryRun: false }).toEqual(real)
    expect((await listing('own'))!.organisation.name).toBe('Own')
  })

  test('a bad row names line, field and reason, and stops nothing else', async () => {
    const rows = {
      levers: [
        { organisation: 'a', action: 'motion', source: 'statutes', threshold: { fixed: 50, percent: 2 } },
        { organisation: 'nobody', action: 'motion', source: 'statutes' }, { organisation: 'a', action: 'motion', source: 'statutes' },
      ],
      memberships: [{ organisation: 'a', federation: 'fed' }, { organisation: 'a', federation: 'b' }, { organisation: 'a', federation: 'fed', since: '2019' }, { organisation: 'fed', federation: 'zzz' }],
      organisations: [
        { handle: 'a', name: 'A', kind: 'cooperative', colour: 'green' }, { handle: 'Bad Handle', name: 'B', kind: 'cooperative' },
        { handle: 'b', name: 'x'.repeat(201), kind: 'guild', website: 'javascript:alert(1)' }, { handle: 'a', name: 'A again', kind: 'cooperative' },
        { handle: 'n', name: 'N\0ul', kind: 'cooperative' }, { handle: 'b', name: 'B', kind: 'mutual', colour: 'red' }, { handle: 'fed', name: 'Fed', kind: 'federation' }, 7,
      ],
    }
    const dry = await json(rows, { dryRun: true })
    const r = await json(rows)
    expect(r.warnings).toEqual([expect.stringContaining('the field "colour" of organisations is not known')])
    expect(r.sections).toEqual({
      organisation: { ...NOTHING, created: 3, failed: 5 }, membership: { ...NOTHING, created: 1, failed: 3 }, lever: { ...NOTHING, created: 1, failed: 2 },
    })
    const told = r.troubles.map((t) => [t.section, t.record, t.subject, t.field, t.reason])
    expect(told).toEqual(expect.arrayContaining([
      ['organisation', 2, 'Bad Handle', 'handle', expect.stringContaining('lower case')],
      ['organisation', 3, 'b', 'name', 'must not be longer than 200 characters'],
      ['organisation', 3, 'b', 'kind', expect.stringContaining('cooperative')],
      ['organisation', 3, 'b', 'website', expect.stringContaining('http')],
      ['organisation', 4, 'a', 'handle', expect.stringMatching(/^stands in this file already, on line \d+$/)],
      ['organisation', 5, 'n', 'name', 'must not hold control characters, not "N\\u0000ul"'],
      ['organisation', 8, undefined, undefined, 'is not an object'],
      ['membership', 2, 'a in b', 'federation', 'b is not a federation'],
      ['membership', 3, 'a in fed', 'federation', expect.stringContaining('already')],
      ['lever', 1, 'a: motion', 'threshold', expect.stringContaining('either')],
      ['lever', 2, 'nobody: motion', 'organisation', expect.stringContaining('no organisation nobody')],
    ]))
    expect({ ...dry, dryRun: false }).toEqual(r)
  })

  test('sections in any order, JSON Lines, a list by itself', async () => {
    const r = await text([
      '{"format":"toadlane/1"}', '{"type":"membership","organisation":"a","federation":"f"}', '{"type":"organisation","handle":"a","name":"A","kind":"cooperative"}',
      '{"handle":"f","name":"F","kind":"federation"}', '{oops', '{"colour":"green"}', '{"country":"GB","scope":"societies","action":"motion","source":"the law"}',
    ].join('\n'))
    expect(r).toMatchObject({ format: 'toadlane', created: 4, failed: 2 })
    expect(r.troubles.map((t) => [t.line, t.reason.slice(0, 12)])).toEqual([[5, 'not JSON: Ex'], [6, 'must be orga']])
    expect(await text('[{"handle":"c","name":"C","kind":"ally"}]')).toMatchObject({ created: 1 })
  })

  test('a file cut off in the middle keeps what was whole', async () => {
    const whole = JSON.stringify({ format: 'toadlane/1', organisations: [1, 2, 3].map((n) => ({ handle: `o${n}`, name: `O ${n}`, kind: 'ally' })) }, null, 1)
    const r = await text(whole.slice(0, whole.indexOf('O 3')))
    expect(r).toMatchObject({ created: 2, failed: 1, incomplete: true })
    expect(r.troubles).toEqual([expect.objectContaining({ record: 3, end: true, reason: expect.stringContaining('ends in the middle') })])
  })

  test('what cannot be read at all is refused before anything is written', async () => {
    await expect(text('{"format": "toadlane/2", "organisations": []}')).rejects.toMatchObject({ code: 'wrong-format', message: expect.stringContaining('toadlane/1') })
    await expect(text('{"type":"FeatureCollection","features":[]}')).rejects.toMatchObject({ code: 'wrong-format', message: expect.stringContaining('GeoJSON') })
    await expect(text('<!doctype html><p>Not found')).rejects.toMatchObject({ message: expect.stringContaining('web page') })
    await expect(text(Buffer.from('name,kind\nCaf\xe9,ally\n', 'latin1'))).rejects.toMatchObject({ code: 'wrong-encoding' })
    await expect(text('')).rejects.toMatchObject({ code: 'empty-file' })
    await expect(text('name,name\na,b\n')).rejects.toMatchObject({ code: 'bad-header', message: expect.stringContaining('twice') })
    await expect(text('colour,size\na,b\n')).rejects.toMatchObject({ code: 'bad-header', message: expect.stringContaining('colour, size') })
    await expect(text('name,town\na,b\n')).rejects.toMatchObject({ code: 'bad-header', message: expect.stringContaining('{"kind": "=cooperative"}') })
    await expect(text('{"visible":[{"id":"1","title":"x"}]}')).rejects.toMatchObject({ code: 'wrong-format', message: expect.stringContaining('not of the format') })
    expect(await text('{"format":"toadlane/1"}')).toMatchObject(NOTHING)
    await expect(text('Firm\na\n', { map: { name: 'Company', kind: '=ally' } })).rejects.toMatchObject({ code: 'bad-map' })
    await expect(text('Firm\na\n', { map: { nome: 'Firm' } })).rejects.toMatchObject({ code: 'bad-map' })
    await expect(openSource('no-such-file', { folder: '/' })).rejects.toMatchObject({ code: 'not-found' })
  })

  test('CSV: any order of columns, figures, lists, memberships, and what is wrong with a cell', async () => {
    const csv = [
      'Name;KIND;handle;figure:members:2024;figure:members:2024:source;figure:turnover:2023:unit;figure:turnover:2023;memberOf;registrations;links;isPlatform;latitude;longitude;activities;Colour',
      'Alpha;cooperative;alpha;"1 234";https://a.example;EUR;12.5;"fed|since=2019|state=confirmed";GB-COH|0123;"Shop|https://shop.example; https://blog.example";yes;51.5;-0.12;"food; a\\;b";red',
      '"Beta ""B""";mutual;;12,5;;;;;;;;;;;',
      'Gamma;cooperative;gamma;;;;;;;;maybe;;;;',
      'Fed;federation;fed;;;;;;;;;;;;', 'Delta;cooperative;delta;1;;;;fed|colour=red;;;;;;;', 'Eps;cooperative;eps;;;;;;;;;95;1;;', 'a;b;c;d;e;f;g;h;i;j;k;l;m;n;o;p',
    ].join('\r\n')
    const dry = await text(csv, { dryRun: true })
    const r = await text(csv)
    expect({ ...dry, dryRun: false }).toEqual(r)
    expect(r).toMatchObject({ format: 'csv', created: 3, failed: 5, warnings: ['the column "Colour" is not used'] })
    expect(r.troubles.map((t) => [t.line, t.subject, t.field, t.reason])).toEqual([
      [3, 'Beta "B"', 'figure:members:2024', expect.stringContaining('must be a number')],
      [4, 'gamma', 'isPlatform', expect.stringContaining('yes or no')],
      [6, 'delta', 'memberOf', 'does not know "colour=red"'],
      [7, 'eps', 'latitude', 'must lie between -90 and 90, not 95'],
      [8, 'c', undefined, 'has 16 cells, the header 15'],
    ])
    const alpha = (await listing('alpha'))!
    expect(alpha.organisation).toMatchObject({
      name: 'Alpha', activities: ['food', 'a;b'], isPlatform: true, coordinates: { latitude: 51.5, longitude: -0.12 }, registrations: [{ scheme: 'GB-COH', number: '0123' }],
      links: [{ label: 'Shop', url: 'https://shop.example' }, { label: 'blog.example', url: 'https://blog.example' }],
    })
    expect(alpha.figures.map(({ kind, value, unit, year, source, confidence }) => ({ kind, value, unit, year, source, confidence }))).toEqual(expect.arrayContaining([
      { kind: 'members', value: 1234, unit: null, year: 2024, source: 'https://a.example', confidence: 'unsure' }, { kind: 'turnover', value: 12.5, unit: 'EUR', year: 2023, source: null, confidence: 'unsure' },
    ]))
    expect(alpha.memberships).toMatchObject([{ handle: 'fed', state: 'confirmed', since: '2019' }])
    expect((await text(csv)).unchanged).toBe(3)
  })

  test('CSV by a map, with what is the same in every row; an empty cell leaves what is there', async () => {
    await json({ organisations: [{ handle: 'alpha', name: 'Alpha', kind: 'cooperative', summary: 'Kept', country: 'GB' }] })
    const map = { name: 'Company', kind: '=cooperative', country: '=GB', locality: 'Town', 'figure:members:2025': 'Members' }
    const r = await text('Town,Company,Members,name\nLeeds,Alpha,7,ignored\n,Beta,,x\n', { map })
    expect(r).toMatchObject({ created: 1, changed: 1, failed: 0, warnings: ['the column "name" is not used'] })
    expect((await listing('alpha'))!).toMatchObject({ organisation: { locality: 'Leeds', summary: 'Kept' }, figures: [{ kind: 'members', year: 2025, value: 7 }] })
  })

  test('rows without a handle find the same listings again, in whatever order', async () => {
    const rows = ['University,US,Ann Arbor', 'University,US,Boston', 'University,CA,Toronto', 'Café São João,PT,Porto', '協同組合,JP,Osaka', 'Directory,GB,Leeds', 'University,US,Boston']
    const file = (list: string[]) => `name,country,locality,kind,memberOf\n${list.map((r) => `${r},cooperative,fed`).join('\n')}\nFed,GB,Leeds,federation,\n`
    const dry = await text(file(rows), { dryRun: true })
    const first = await text(file(rows))
    expect({ ...dry, dryRun: false }).toEqual(first)
    expect(first).toMatchObject({ created: 7 + 6, failed: 2 }) // the seventh row, and its membership
    expect(first.troubles).toEqual([
      expect.objectContaining({ line: 8, field: 'name', reason: expect.stringContaining('on line 3 (same name and place)') }), expect.objectContaining({ section: 'membership', line: 8 }),
    ])
    const handles = (await house.organisations.read.all(100)).map((w) => w.organisation.handle).sort()
    expect(handles).toEqual([expect.stringMatching(/^cafe-sao-joao$/), expect.stringMatching(/^directory-\w{10}$/), 'fed', expect.stringMatching(/^organisation-\w{10}$/), 'university', expect.stringMatching(/^university-\w{10}$/), expect.stringMatching(/^university-\w{10}$/)])
    expect(await text(file(rows.slice(0, 6).toReversed()))).toMatchObject({ created: 0, changed: 0, unchanged: 13, failed: 0 })
    // a curator fills in what the file leaves out: still the same
    expect(await text('name,country,kind\nCafé São João,PT,cooperative\n')).toMatchObject({ created: 0, unchanged: 1 })
  })

  test('stops behind a batch when asked to, says where, and goes on from there', async () => {
    const rows = Array.from({ length: 1500 }, (_, n) => ({ handle: `o-${n}`, name: `O ${n}`, kind: 'cooperative' }))
    const stop = new AbortController()
    const first = await json({ organisations: rows }, { signal: stop.signal, onProgress: ({ rows: n }) => { if (n > 300) stop.abort() } })
    expect(first.stopped).toMatchObject({ section: 'organisation' })
    expect(first.created).toBeGreaterThan(300)
    expect(first.created).toBeLessThan(1500)
    const second = await json({ organisations: rows })
    expect(second).toMatchObject({ created: 1500 - first.created, unchanged: first.created, failed: 0 })
  }, 60_000)
})
