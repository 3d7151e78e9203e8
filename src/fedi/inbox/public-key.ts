/** Public keys of others, from text to something that verifies. Weak and absurd ones are refused (HOSTILE.md 27). */
import { createPublicKey, KeyObject } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { RemoteKey } from '../tables.ts'

export const RSA_MIN = 2048
/** Verifying with a larger modulus is a way of spending our time. */
export const RSA_MAX = 8192

/** Points of small order, y-coordinates in little endian without the sign bit: under such a "key" signatures can be made up. */
const SMALL_ORDER = new Set([
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
])

/** Is the key strong enough, and not a trap? */
export function isSound(key: KeyObject): boolean {
  if (key.asymmetricKeyType === 'rsa') {
    const { modulusLength = 0, publicExponent = 0n } = key.asymmetricKeyDetails ?? {}
    const usual = publicExponent >= 3n && publicExponent <= 0xffffffffn && publicExponent % 2n === 1n
    return usual && modulusLength >= RSA_MIN && modulusLength <= RSA_MAX
  }
  if (key.asymmetricKeyType === 'ed25519') {
    const { x } = key.export({ format: 'jwk' })
    const raw = Buffer.from(x ?? '', 'base64url')
    if (raw.length !== 32) return false
    raw[31]! &= 0x7f
    return !SMALL_ORDER.has(raw.toString('hex'))
  }
  return false
}

async function fromMultibase(text: string): Promise<KeyObject> {
  const { importMultibaseKey } = await import('@fedify/vocab-runtime')
  return KeyObject.from(await importMultibaseKey(text))
}

const kept = new LRUCache<string, KeyObject>({ max: 2000 })

/** The key, or undefined for what is unreadable or unsound. */
export async function publicKeyOf(key: RemoteKey): Promise<KeyObject | undefined> {
  const text = key.pem ?? key.multibase
  if (!text) return undefined
  const cached = kept.get(text)
  if (cached) return cached
  let read: KeyObject
  try {
    read = key.pem !== undefined ? createPublicKey(key.pem) : await fromMultibase(text)
    if (read.type !== 'public' || !isSound(read)) return undefined
  } catch { return undefined }
  kept.set(text, read)
  return read
}
