/**
 * Keys of local actors: RSA-2048 for HTTP signatures, Ed25519 for object proofs. Made when first needed, because an import of
 * 100,000 organisations must not wait for 100,000 key pairs; sealed at rest; unwrapped ones kept in memory for a while.
 */
import { createPrivateKey, generateKeyPair, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import { eq, sql } from 'drizzle-orm'
import { LRUCache } from 'lru-cache'
import { Problem } from '../kernel/errors.ts'
import type { Clock } from '../kernel/time.ts'
import { prepared } from '../store/prepared.ts'
import type { Db, Store } from '../store/store.ts'
import type { PublicKeys } from './actor-document.ts'
import type { Sealer } from './fedi.ts'
import { fediTables } from './tables.ts'

export type KeyKind = 'rsa' | 'ed25519'
const PURPOSE = 'actor-key'
const generate = promisify(generateKeyPair)

interface Pair { kind: KeyKind; public: string; pkcs8: Uint8Array }

async function makePair(kind: KeyKind): Promise<Pair> {
  if (kind === 'rsa') {
    const { publicKey, privateKey } = await generate('rsa', { modulusLength: 2048, publicExponent: 0x10001 })
    return { kind, public: String(publicKey.export({ type: 'spki', format: 'pem' })), pkcs8: privateKey.export({ type: 'pkcs8', format: 'der' }) }
  }
  const { publicKey, privateKey } = await generate('ed25519')
  const spki = publicKey.export({ type: 'spki', format: 'der' })
  const webKey = await crypto.subtle.importKey('spki', new Uint8Array(spki), 'Ed25519', true, ['verify'])
  const { exportMultibaseKey } = await import('@fedify/vocab-runtime')
  return { kind, public: await exportMultibaseKey(webKey), pkcs8: privateKey.export({ type: 'pkcs8', format: 'der' }) }
}

export function keyRing(store: Store, clock: Clock, sealer: Sealer) {
  const t = fediTables(store.kit).actorKeys
  const open = new LRUCache<string, KeyObject>({ max: 2000 })
  const making = new Map<string, Promise<PublicKeys>>()
  const publicHalves = prepared('actor_public_keys', (db) =>
    db.select({ kind: t.kind, public: t.public }).from(t).where(eq(t.actor, sql.placeholder('handle'))))
  const record = (handle: string, kind: string) => `${handle} ${kind}`

  /** The public halves, or undefined while there are none. */
  async function publicKeys(handle: string, db: Db = store.read): Promise<PublicKeys | undefined> {
    const rows = await publicHalves(db, { handle })
    const rsaPem = rows.find((r) => r.kind === 'rsa')?.public
    const ed25519 = rows.find((r) => r.kind === 'ed25519')?.public
    return rsaPem && ed25519 ? { rsaPem, ed25519 } : undefined
  }

  async function make(handle: string): Promise<PublicKeys> {
    const there = await publicKeys(handle)
    if (there) return there
    const pairs = await Promise.all([makePair('rsa'), makePair('ed25519')])
    const made = clock.now()
    const rows = await Promise.all(pairs.map(async (p) => ({
      actor: handle, kind: p.kind, public: p.public, private: await sealer.seal(PURPOSE, record(handle, p.kind), p.pkcs8), made,
    })))
    // Another process may have been quicker; its pair stands, and ours is forgotten.
    await store.write((tx) => tx.insert(t).values(rows).onConflictDoNothing())
    const kept = await publicKeys(handle)
    if (!kept) throw new Error(`the keys of ${handle} were not kept`)
    return kept
  }

  return {
    publicKeys,
    /** Makes the pairs where there are none; one at a time for each actor, also over processes. Never inside a transaction: it takes tens of ms. */
    ensure(handle: string): Promise<PublicKeys> {
      let p = making.get(handle)
      if (!p) making.set(handle, (p = make(handle).finally(() => making.delete(handle))))
      return p
    },
    /** The private key for signing. Problem `no-key` where it has not been made. */
    async privateKey(handle: string, kind: KeyKind = 'rsa'): Promise<KeyObject> {
      const name = record(handle, kind)
      const cached = open.get(name)
      if (cached) return cached
      const rows = await store.read.select({ kind: t.kind, private: t.private }).from(t).where(eq(t.actor, handle))
      const row = rows.find((r) => r.kind === kind)
      if (!row) throw new Problem('no-key', `${handle} has no ${kind} key`, { status: 500 })
      const der = await sealer.open(PURPOSE, name, row.private)
      const key = createPrivateKey({ key: Buffer.from(der), format: 'der', type: 'pkcs8' })
      open.set(name, key)
      return key
    },
  }
}
export type KeyRing = ReturnType<typeof keyRing>
