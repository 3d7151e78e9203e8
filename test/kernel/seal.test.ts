import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { sealer, Secret } from '../../src/kernel/seal.ts'

const one = sealer(new Secret('one secret that is long enough to be one'))
const bytes = (text: string) => new TextEncoder().encode(text)

describe('sealing', () => {
  test('what is sealed is opened, whatever the bytes and names', async () => {
    await fc.assert(fc.asyncProperty(fc.string(), fc.string(), fc.uint8Array({ maxLength: 3000 }), async (purpose, id, data) => {
      expect(Buffer.from(await one.open(purpose, id, await one.seal(purpose, id, data))).equals(Buffer.from(data))).toBe(true)
    }), { numRuns: 50 })
  })
  test('two seals of the same are different', async () => {
    expect(await one.seal('key', '1', bytes('x'))).not.toBe(await one.seal('key', '1', bytes('x')))
  })
  test('another record, another purpose and another secret open nothing', async () => {
    const sealed = await one.seal('private-key', 'actor-1', bytes('the key'))
    const broken = { code: 'seal-broken', status: 500 }
    await expect(one.open('private-key', 'actor-2', sealed)).rejects.toMatchObject(broken)
    await expect(one.open('token', 'actor-1', sealed)).rejects.toMatchObject(broken)
    const other = sealer(new Secret('other secret that is long enough to be one'))
    await expect(other.open('private-key', 'actor-1', sealed)).rejects.toMatchObject(broken)
  })
  test('a changed letter, a forged header and nonsense open nothing', async () => {
    const sealed = await one.seal('key', 'a', bytes('the key'))
    const [header = '', ...rest] = sealed.split('.')
    const forged = Buffer.from(JSON.stringify({ ...JSON.parse(Buffer.from(header, 'base64url').toString()), record: 'b' })).toString('base64url')
    await expect(one.open('key', 'b', [forged, ...rest].join('.'))).rejects.toMatchObject({ code: 'seal-broken' })
    for (const bad of ['', 'a.b.c.d.e', `${sealed}A`, sealed.replace(/.{4}$/, 'AAAA')]) await expect(one.open('key', 'a', bad)).rejects.toMatchObject({ code: 'seal-broken' })
    await expect(one.open('key', 'a', bad())).rejects.not.toThrow('the key')
    function bad() { return `${sealed}x` }
  })
  test('subkeys are stable, differ by purpose, and are not the sealing key', () => {
    const hex = (b: Uint8Array) => Buffer.from(b).toString('hex')
    expect(hex(one.subkey('a'))).toBe(hex(one.subkey('a')))
    expect(one.subkey('a')).toHaveLength(32)
    expect(new Set([one.subkey('a'), one.subkey('b'), new Secret('one secret that is long enough to be one').derive('seal a')].map(hex)).size).toBe(3)
    one.subkey('a').fill(0) // a caller's copy is its own
    expect(hex(one.subkey('a'))).not.toMatch(/^0+$/)
  })
  test('a short secret is refused', () => {
    expect(() => new Secret('short')).toThrow(RangeError)
  })
})
