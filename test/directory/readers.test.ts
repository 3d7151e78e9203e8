import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { parse } from 'csv-parse/sync'
import { stringify } from 'csv-stringify/sync'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { scratch } from '../engines.ts'
import { csvRecords, delimiterOf, RECORD_MAX, type CsvItem } from '../../src/directory/import/csv-records.ts'
import { encodingOf, textOf } from '../../src/directory/import/encoding.ts'
import { jsonLines, jsonRecords, type JsonItem } from '../../src/directory/import/json-records.ts'

async function* pieces(text: string, size = 7): AsyncGenerator<string> {
  for (let i = 0; i < text.length; i += size) yield text.slice(i, i + size)
}
async function all<T>(list: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const item of list) found.push(item)
  return found
}
const csv = async (text: string, size?: number, delimiter = ','): Promise<CsvItem[]> => (await all(csvRecords(pieces(text, size), delimiter))).flat()
const json = (text: string, lists = ['a', 'b', ''], size?: number): Promise<JsonItem[]> => all(jsonRecords(pieces(text, size), lists))
const fileOf = (bytes: Buffer | string): string => {
  const file = path.join(scratch(), 'file')
  writeFileSync(file, bytes)
  return file
}

describe('CSV', () => {
  test('reads what csv-stringify writes as csv-parse does, whatever the pieces', async () => {
    const cell = fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom('"', ',', '\n', '\r', ';', ' ', 'a', 'é') }))
    await fc.assert(fc.asyncProperty(fc.array(fc.array(cell, { minLength: 2, maxLength: 4 }), { minLength: 1, maxLength: 8 }), fc.integer({ min: 1, max: 9 }), fc.constantFrom('\n', '\r\n'), async (rows, size, end) => {
      const text = stringify(rows, { quoted: true, record_delimiter: end })
      const wanted = (parse(text, { relax_column_count: true, record_delimiter: end }) as string[][]).filter((r) => r.some((c) => c !== ''))
      const items = await csv(text, size)
      expect(items.map((i) => ('cells' in i ? i.cells : i))).toEqual(wanted)
    }), { numRuns: 200 })
  })
  test('tells the line on which a record begins, past multi-line cells, blank lines and every kind of line end', async () => {
    const items = await csv('a,b\r\n"x\r\ny",1\r\n\r\n,,\r\nz,2\n"old\rmac",3\rlast,4')
    expect(items).toEqual([
      { line: 1, cells: ['a', 'b'] }, { line: 2, cells: ['x\r\ny', '1'] }, { line: 6, cells: ['z', '2'] }, { line: 7, cells: ['old\rmac', '3'] }, { line: 9, cells: ['last', '4'] },
    ])
  })
  test('a malformed record costs its line and no other', async () => {
    const items = await csv('a,b\n1,"x"y\n2,ok\n"open,3\n4,also ok\n5,5" pipe\n', 5)
    expect(items).toEqual([
      { line: 1, cells: ['a', 'b'] },
      { line: 2, reason: '"y" stands behind a closing quote' },
      { line: 3, cells: ['2', 'ok'] },
      { line: 4, reason: 'a quote that opens here is never closed' },
      { line: 5, cells: ['4', 'also ok'] },
      { line: 6, cells: ['5', '5" pipe'] },
    ])
  })
  test('a cell of 10 MB is a cell; a quote open over more than the limit is told, and reading goes on', async () => {
    const large = 'x'.repeat(10_000_000)
    expect((await csv(`a,b\n"${large}",1\n2,2\n`, 1 << 16)).map((i) => ('cells' in i ? i.cells[0]!.length : i))).toEqual([1, 10_000_000, 1])
    const lines = `${'y,z\n'.repeat(RECORD_MAX / 4 + 10)}`
    const items = await csv(`a,b\n"never,1\n${lines}`, 1 << 20)
    expect(items[1]).toMatchObject({ line: 2, reason: expect.stringMatching(/16 MiB|never closed/) })
    expect(items).toHaveLength(RECORD_MAX / 4 + 12)
  }, 30_000)
  test('finds the delimiter', () => {
    expect(delimiterOf('name;country;"a,b,c"\n')).toBe(';')
    expect(delimiterOf('name\tcountry\n')).toBe('\t')
    expect(delimiterOf('\r\n"x;y;z",b\n')).toBe(',')
    expect(delimiterOf('sep=|\r\nname|x')).toBe('|')
    expect(delimiterOf('name')).toBe(',')
  })
})

describe('JSON', () => {
  test('reads the records of lists and the members beside them, whatever the pieces', async () => {
    const record = fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 4 })
    await fc.assert(fc.asyncProperty(fc.array(record), fc.array(record), fc.integer({ min: 1, max: 9 }), fc.constantFrom(undefined, 1), async (a, b, size, indent) => {
      const items = await json(JSON.stringify({ format: 'f', a, skipped: [1, [2], { x: ']' }], b }, null, indent), ['a', 'b'], size)
      expect(items[0]).toMatchObject({ member: 'format', value: 'f' })
      // By way of text: -0 and __proto__ keys compare otherwise.
      const values = (list: string) => JSON.stringify(items.flatMap((i) => ('list' in i && i.list === list && 'value' in i ? [i.value] : [])))
      expect(values('a')).toBe(JSON.stringify(a))
      expect(values('b')).toBe(JSON.stringify(b))
    }), { numRuns: 200 })
  })
  test('a bad record names its line, and the others go on', async () => {
    expect(await json('{"a": [\n  {"x": 1},\n  {"x": oops},\n  {"x": "\\ud83d\\ude00 \\" ]}"}\n]}')).toEqual([
      { list: 'a', record: 1, line: 2, value: { x: 1 } },
      { list: 'a', record: 2, line: 3, reason: expect.stringContaining('not JSON') },
      { list: 'a', record: 3, line: 4, value: { x: '😀 " ]}' } },
    ])
  })
  test('a file cut off keeps what was whole and tells the place', async () => {
    const items = await json('{"a": [\n{"x": 1},\n{"x": 2},\n{"x": "thr')
    expect(items.slice(0, 2)).toMatchObject([{ value: { x: 1 } }, { value: { x: 2 } }])
    expect(items[2]).toMatchObject({ list: 'a', record: 3, line: 4, end: true, reason: expect.stringContaining('ends in the middle') })
    expect(await json('{"a": [{"x": 1}')).toMatchObject([{ value: { x: 1 } }, { end: true, reason: expect.stringContaining('too early') }])
  })
  test('structure that cannot be followed ends the reading with its place', async () => {
    for (const [text, reason] of [['{"a": [{} {}]}', 'unexpected "{"'], ['{"a": [{"x": [1}]}', 'unexpected }'], ['{"a": []} x', 'behind the end'], [`{"a": [${'['.repeat(100)}`, 'nested deeper'], ['"x"', 'unexpected']] as const) {
      expect((await json(text)).at(-1), text).toMatchObject({ end: true, reason: expect.stringContaining(reason) })
    }
  })
  test('a document may be a list itself', async () => {
    expect(await json('\n[{"x": 1}, 2]')).toMatchObject([{ list: '', record: 1, line: 2, value: { x: 1 } }, { value: 2 }])
    expect(await json('{}')).toEqual([])
  })
  test('JSON Lines: a bad line stops nothing else', async () => {
    expect(await all(jsonLines(pieces('{"x":1}\r\n\n{bad\n{"x":2}')))).toEqual([{ line: 1, value: { x: 1 } }, { line: 3, reason: expect.stringContaining('not JSON') }, { line: 4, value: { x: 2 } }])
  })
})

describe('encoding', () => {
  test('UTF-8 passes, with and without byte order mark, and across chunk borders', async () => {
    const text = 'é€😀\n'.repeat(200_000)
    const file = fileOf('\ufeff' + text)
    expect(await encodingOf(file)).toBe('utf-8')
    expect((await all(textOf(file, 'utf-8'))).join('')).toBe(text)
  })
  test('Latin-1 is refused with the line, and read when it is named', async () => {
    const file = fileOf(Buffer.concat([Buffer.from('name\nPlain\n'.repeat(100_000)), Buffer.from('Caf\xe9 co-op\n', 'latin1')]))
    await expect(encodingOf(file)).rejects.toMatchObject({ code: 'wrong-encoding', message: expect.stringMatching(/line 200001: byte 0xe9 .*--encoding windows-1252/) })
    expect(await encodingOf(file, 'windows-1252')).toBe('windows-1252')
    expect((await all(textOf(file, 'windows-1252'))).join('').slice(-11)).toBe('Café co-op\n')
    await expect(encodingOf(fileOf(Buffer.from('a\nb\xc3', 'latin1')))).rejects.toMatchObject({ message: expect.stringContaining('line 2: byte 0xc3') })
  })
  test('UTF-16 is named, with and without byte order mark', async () => {
    const text = 'name,country\nStocksy,CA\n'
    await expect(encodingOf(fileOf(Buffer.from('\ufeff' + text, 'utf16le')))).rejects.toMatchObject({ message: expect.stringContaining('--encoding utf-16le') })
    await expect(encodingOf(fileOf(Buffer.from(text, 'utf16le').swap16()))).rejects.toMatchObject({ message: expect.stringContaining('--encoding utf-16be') })
    expect((await all(textOf(fileOf(Buffer.from('\ufeff' + text, 'utf16le')), 'utf-16le'))).join('')).toBe(text)
  })
  test('what is no text is called by its name', async () => {
    await expect(encodingOf(fileOf('PK\x03\x04 and more'))).rejects.toMatchObject({ code: 'wrong-format', message: expect.stringContaining('Excel') })
    await expect(encodingOf(fileOf('%PDF-1.7'))).rejects.toMatchObject({ code: 'wrong-format' })
    await expect(encodingOf(fileOf(Buffer.from([0x1f, 0x8b, 8])))).rejects.toMatchObject({ message: expect.stringContaining('compressed') })
    await expect(encodingOf(fileOf(''))).rejects.toMatchObject({ code: 'empty-file' })
  })
})
