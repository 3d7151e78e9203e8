/** Bytes as base58btc with the multibase prefix `z` (draft-multiformats-multibase), in which proofs carry their value. */
const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'
const VALUES = new Map([...ALPHABET].map((c, i) => [c, BigInt(i)]))
/** A signature of 64 bytes has 88 characters; nothing longer is read, for the work grows with the square. */
const LONGEST = 128

export function toMultibase(bytes: Uint8Array): string {
  const zeros = bytes.findIndex((b) => b !== 0)
  let text = ''
  for (let n = BigInt(`0x0${Buffer.from(bytes).toString('hex')}`); n > 0n; n /= 58n) text = ALPHABET[Number(n % 58n)] + text
  return `z${'1'.repeat(zeros < 0 ? bytes.length : zeros)}${text}`
}

/** The bytes, or undefined for what is in another base or none. */
export function fromMultibase(text: string): Uint8Array | undefined {
  if (!text.startsWith('z') || text.length > LONGEST) return undefined
  let n = 0n
  for (const c of text.slice(1)) {
    const value = VALUES.get(c)
    if (value === undefined) return undefined
    n = n * 58n + value
  }
  const hex = n === 0n ? '' : n.toString(16)
  const zeros = /^z(1*)/.exec(text)![1]!.length
  return new Uint8Array([...new Uint8Array(zeros), ...Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex')])
}
