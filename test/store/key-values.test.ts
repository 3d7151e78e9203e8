import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { KvKey } from '@fedify/fedify'
import { keyValueStore } from '../../src/store/key-values.ts'
import type { Store } from '../../src/store/store.ts'
import { storeTables } from '../../src/store/tables.ts'
import { engines } from '../engines.ts'
import { movingClock } from './clock.ts'

describe.each(engines)('key-values on $engine', ({ fresh }) => {
  let store: Store, kv: ReturnType<typeof keyValueStore>
  const clock = movingClock()
  beforeEach(async () => { store = await fresh(); kv = keyValueStore(store, clock) })
  afterEach(async () => { await store.close() })
  const ttl = (seconds: number) => ({ ttl: Temporal.Duration.from({ seconds }) })
  const list = async (...prefix: string[]) => {
    const found: unknown[] = []
    for await (const e of kv.list(prefix.length ? (prefix as unknown as KvKey) : undefined)) found.push(e)
    return found
  }

  test('get, set, replace, delete; any JSON value', async () => {
    expect(await kv.get(['a'])).toBeUndefined()
    for (const value of ['x', 0, false, null, [1, 'ß', { b: null }], { nul: '\u0000' }, '🐸']) {
      await kv.set(['a', 'b'], value)
      expect(await kv.get(['a', 'b'])).toEqual(value)
    }
    expect(await kv.get(['a'])).toBeUndefined()
    await kv.delete(['a', 'b'])
    await kv.delete(['a', 'b'])
    expect(await kv.get(['a', 'b'])).toBeUndefined()
  })
  test('undefined is nothing', async () => {
    await kv.set(['a'], 1)
    await kv.set(['a'], undefined)
    expect(await list()).toEqual([])
  })
  test('what has an end is gone at it, and swept', async () => {
    await kv.set(['short'], 1, ttl(10))
    await kv.set(['day'], 1, { ttl: Temporal.Duration.from({ days: 1 }) })
    await kv.set(['ever'], 1)
    clock.advance(9_999)
    expect(await kv.get(['short'])).toBe(1)
    clock.advance(1)
    expect(await kv.get(['short'])).toBeUndefined()
    expect(await list()).toHaveLength(2)
    await kv.sweep()
    expect(await store.read.$count(storeTables(store.kit).keyValues)).toBe(2)
    await kv.set(['day'], 2) // set without an end takes the end away
    clock.advance(2 * 86_400_000)
    expect(await kv.get(['day'])).toBe(2)
  })
  test('compare and swap', async () => {
    expect(await kv.cas!(['a'], 1, 2)).toBe(false)
    expect(await kv.cas!(['a'], undefined, { n: 1, m: 2 }, ttl(10))).toBe(true)
    expect(await kv.cas!(['a'], undefined, 2)).toBe(false)
    expect(await kv.cas!(['a'], await kv.get(['a']), null, ttl(10))).toBe(true)
    expect(await kv.cas!(['a'], undefined, 3)).toBe(false) // null is a value
    clock.advance(10_000)
    expect(await kv.cas!(['a'], undefined, 4)).toBe(true) // and what has ended is none
    expect(await kv.cas!(['a'], 4, undefined)).toBe(true)
    expect(await list()).toEqual([])
  })
  test('of many at once exactly one swaps', async () => {
    const won = await Promise.all(Array.from({ length: 20 }, (_, n) => kv.cas!(['lock'], undefined, n)))
    expect(won.filter(Boolean)).toHaveLength(1)
  })
  test('lists by parts of the key, in order, over many pages', async () => {
    for (const key of [['a'], ['a', 'b'], ['a', 'b', 'c'], ['ab'], ['a"', 'b'], ['a', 'ß🐸'], ['b']]) await kv.set(key as unknown as KvKey, key.length)
    expect(await list('a')).toEqual([{ key: ['a', 'b', 'c'], value: 3 }, { key: ['a', 'b'], value: 2 }, { key: ['a', 'ß🐸'], value: 2 }, { key: ['a'], value: 1 }])
    expect(await list('a', 'b')).toEqual([{ key: ['a', 'b', 'c'], value: 3 }, { key: ['a', 'b'], value: 2 }])
    expect(await list('a"')).toEqual([{ key: ['a"', 'b'], value: 2 }])
    expect(await list('nothing')).toEqual([])
    expect(await list()).toHaveLength(7)
    await store.write(async () => { for (let n = 0; n < 450; n++) await kv.set(['many', String(n)], n) })
    expect(await list('many')).toHaveLength(450)
  })
  test('takes part in the write around it', async () => {
    await store.write(async () => { await kv.set(['a'], 1); throw new Error('no') }).catch(() => {})
    expect(await kv.get(['a'])).toBeUndefined()
  })
})
