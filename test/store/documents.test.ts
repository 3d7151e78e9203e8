import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { documents, etagOf, type Documents } from '../../src/store/documents.ts'
import { record } from '../../src/store/audit.ts'
import type { Store } from '../../src/store/store.ts'
import { storeTables } from '../../src/store/tables.ts'
import { engines } from '../engines.ts'
import { movingClock } from './clock.ts'

describe.each(engines)('documents on $engine', ({ fresh }) => {
  let store: Store, d: Documents
  const clock = movingClock()
  beforeEach(async () => { store = await fresh(); d = documents(store, clock) })
  afterEach(async () => { await store.close() })
  const id = 'https://coops.example/ap/actors/a'

  test('are served as they were serialised, byte for byte', async () => {
    const document = { id, b: 1, a: 'ß \u2028 </script> 🐸', nul: '\u0000', nested: { z: 1, a: [null, 1.5, true] } }
    expect(await store.write((tx) => d.put(tx, id, document))).toEqual({ revision: 1, changed: true })
    const json = JSON.stringify(document)
    expect(await d.get(id)).toEqual({ id, json, etag: etagOf(json), revision: 1, changed: clock.now(), gone: false })
    expect(await d.get(`${id}b`)).toBeUndefined()
  })
  test('the same again is no change; another one is a revision with its time', async () => {
    await store.write((tx) => d.put(tx, id, { id, n: 1 }))
    const first = await d.get(id)
    clock.advance(1000)
    expect(await store.write((tx) => d.put(tx, id, { id, n: 1 }))).toEqual({ revision: 1, changed: false })
    expect(await d.get(id)).toEqual(first)
    expect(await store.write((tx) => d.put(tx, id, { id, n: 2 }))).toEqual({ revision: 2, changed: true })
    expect(await d.get(id)).toMatchObject({ revision: 2, changed: clock.now(), gone: false })
    expect((await d.get(id))!.etag).not.toBe(first!.etag)
  })
  test('a buried one is a Tombstone, stays one, and can come back as a new revision', async () => {
    await store.write((tx) => d.put(tx, id, { id, n: 1 }))
    expect(await store.write((tx) => d.bury(tx, id, 'Organization'))).toEqual({ revision: 2, changed: true })
    const tomb = (await d.get(id))!
    expect(tomb.gone).toBe(true)
    expect(JSON.parse(tomb.json)).toMatchObject({ id, type: 'Tombstone', formerType: 'Organization', deleted: clock.now().toISOString() })
    expect(await store.write((tx) => d.bury(tx, id, 'Organization'))).toEqual({ revision: 2, changed: false })
    expect(await store.write((tx) => d.put(tx, id, { id, n: 1 }))).toEqual({ revision: 3, changed: true })
  })
  test('what is written in a transaction is read in it, and gone with it', async () => {
    await expect(store.write(async (tx) => {
      await d.put(tx, id, { id })
      expect(await d.get(id)).toBeDefined()
      throw new Error('no')
    })).rejects.toThrow('no')
    expect(await d.get(id)).toBeUndefined()
  })
  test('many writers of one document make one revision each', async () => {
    await Promise.all(Array.from({ length: 10 }, (_, n) => store.write((tx) => d.put(tx, id, { id, n }))))
    expect((await d.get(id))!.revision).toBe(10)
  })
  test('ids are listed by prefix, page by page', async () => {
    const ids = ['a/1', 'a/2', 'a/10', 'a/🐸', 'a/\uffff', 'b/1', 'a', 'A/1']
    await store.write(async (tx) => { for (const i of ids) await d.put(tx, i, {}) })
    const all: string[] = []
    for (let after = '';;) {
      const page = await d.ids('a/', after, 2)
      all.push(...page)
      if (page.length < 2) break
      after = page.at(-1)!
    }
    expect(all).toEqual(['a/1', 'a/10', 'a/2', 'a/\uffff', 'a/🐸'])
  })

  test('the audit log keeps who did what, in order, and goes with the change', async () => {
    const entry = { by: 'user:7' as const, action: 'organisation.edit', subject: 'o1' }
    for (const n of [1, 2, 3]) await store.write((tx) => record(store, tx, clock, { ...entry, before: n - 1 || undefined, after: { n }, why: n === 2 ? 'because' : undefined }))
    await store.write(async (tx) => { await record(store, tx, clock, entry); throw new Error('no') }).catch(() => {})
    const { audit } = storeTables(store.kit)
    const rows = await store.read.select().from(audit).orderBy(audit.id)
    expect(rows.map((r) => [r.by, r.action, r.subject, r.before, r.after, r.why])).toEqual([
      ['user:7', 'organisation.edit', 'o1', null, { n: 1 }, null],
      ['user:7', 'organisation.edit', 'o1', 1, { n: 2 }, 'because'],
      ['user:7', 'organisation.edit', 'o1', 2, { n: 3 }, null],
    ])
  })
})
