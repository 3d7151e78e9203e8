/**
 * Sealing at rest: private keys, tokens and submissions are kept as JWE under keys that are derived from the instance secret.
 * The secret lies outside the database and never in a backup, so a stolen database or backup opens nothing.
 */
import { hkdfSync } from 'node:crypto'
import { inspect } from 'node:util'
import { CompactEncrypt, compactDecrypt } from 'jose'
import { Problem } from './errors.ts'

/** Shortest acceptable secret, in characters. A generated one has 43 (256 bits in base64url). */
export const SECRET_MIN = 32

/** The instance secret. It never prints itself: logs, JSON and errors show `[secret]`. */
export class Secret {
  readonly #bytes: Uint8Array
  /** `text` is used as it stands, in UTF-8. Fewer than 32 characters are refused (RangeError). */
  constructor(text: string) {
    if (text.length < SECRET_MIN) throw new RangeError(`a secret needs ${SECRET_MIN} characters or more`)
    this.#bytes = new TextEncoder().encode(text)
  }
  /** A 32-byte key for one purpose (HKDF-SHA256, RFC 5869): keys of different purposes tell nothing about each other. */
  derive(purpose: string): Uint8Array {
    return new Uint8Array(hkdfSync('sha256', this.#bytes, 'toadlane/1', purpose, 32))
  }
  toString(): string { return '[secret]' }
  toJSON(): string { return '[secret]' }
  [inspect.custom](): string { return '[secret]' }
}

export interface Sealer {
  /** Seals `bytes` for one record: a compact JWE (RFC 7516), `dir` + A256GCM, with purpose and record id under the seal. */
  seal(purpose: string, recordId: string, bytes: Uint8Array): Promise<string>
  /** Opens what `seal` made for the same purpose and record. Anything else is a Problem `seal-broken` (500). */
  open(purpose: string, recordId: string, jwe: string): Promise<Uint8Array>
  /** 32 bytes for other uses of the secret: session cookies, keyed hashes. Never the key that `seal` uses. */
  subkey(purpose: string): Uint8Array
}

/** Purpose and record id stand in the protected header, which A256GCM authenticates: rows cannot be swapped for one another. */
export function sealer(secret: Secret): Sealer {
  const keys = new Map<string, Uint8Array>()
  const key = (name: string): Uint8Array => {
    let k = keys.get(name)
    if (!k) keys.set(name, (k = secret.derive(name)))
    return k
  }
  return {
    seal: (purpose, recordId, bytes) => new CompactEncrypt(bytes)
      .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', purpose, record: recordId })
      .encrypt(key(`seal ${purpose}`)),
    async open(purpose, recordId, jwe) {
      try {
        const { plaintext, protectedHeader: h } = await compactDecrypt(jwe, key(`seal ${purpose}`), {
          keyManagementAlgorithms: ['dir'], contentEncryptionAlgorithms: ['A256GCM'], maxDecompressedLength: 0,
        })
        if (h.purpose === purpose && h.record === recordId) return plaintext
      } catch { /* which part failed helps nobody but an attacker */ }
      throw new Problem('seal-broken', `sealed ${purpose} of ${recordId} cannot be opened: it belongs to another record, or was sealed with another secret`, { status: 500 })
    },
    subkey: (purpose) => key(`subkey ${purpose}`).slice(),
  }
}
