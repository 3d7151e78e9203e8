/** What follower synchronisation says and hears (FEP-8fcf): the digest of a list of ids, and the header that carries it. Pure. */
import { createHash } from 'node:crypto'

export const SYNC_HEADER = 'collection-synchronization'

/** SHA-256 of each id, XORed together, in hex; 64 zeros for nobody. The order does not matter. */
export function digestOf(ids: Iterable<string>): string {
  const sum = Buffer.alloc(32)
  for (const id of ids) {
    const one = createHash('sha256').update(id).digest()
    for (let i = 0; i < 32; i++) sum[i]! ^= one[i]!
  }
  return sum.toString('hex')
}

export interface Synchronization {
  /** The sender's `followers`. */
  collectionId: string
  /** Where those of them that are the receiver's stand. */
  url: string
  digest: string
}

export const writeSync = (s: Synchronization): string => `collectionId="${s.collectionId}", url="${s.url}", digest="${s.digest}"`

const PART = /\s*([A-Za-z]+)=(?:"([^"\\]*)"|([^\s",]+))\s*(?:,|$)/y

/** The header's three values, in whatever order; undefined for what is anything else. */
export function readSync(header: string): Synchronization | undefined {
  if (header.length > 6000) return undefined
  const values = new Map<string, string>()
  for (let at = 0; at < header.length;) {
    PART.lastIndex = at
    const m = PART.exec(header)
    if (!m || values.has(m[1]!)) return undefined
    values.set(m[1]!, m[2] ?? m[3]!)
    at = PART.lastIndex
  }
  const collectionId = values.get('collectionId'), url = values.get('url'), digest = values.get('digest')?.toLowerCase()
  if (collectionId === undefined || url === undefined || digest === undefined || !/^[0-9a-f]{64}$/.test(digest)) return undefined
  return { collectionId, url, digest }
}
