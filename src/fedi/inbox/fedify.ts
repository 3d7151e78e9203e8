/**
 * Fedify's verifier, with one key and no way to fetch another. In a file of its own that is loaded when it is first needed: its
 * vocabulary costs 150 ms and 27 MB, and a server that nobody new writes to does without.
 */
import type { KeyObject } from 'node:crypto'
import { verifyRequestDetailed, type KeyCache } from '@fedify/fedify/sig'
import { CryptographicKey } from '@fedify/vocab'
import { Problem } from '../../kernel/errors.ts'
import { contextLoader } from '../contexts.ts'
import type { ClaimedSignature } from './signature.ts'

/** A key as Fedify takes it. */
export function forFedify(keyId: string, owner: string, key: KeyObject): CryptographicKey {
  const publicKey = key.asymmetricKeyType === 'rsa'
    ? key.toCryptoKey({ name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }, true, ['verify'])
    : key.toCryptoKey('Ed25519', true, ['verify'])
  // Node's type and the DOM's are the same object.
  return new CryptographicKey({ id: new URL(keyId), owner: new URL(owner), publicKey: publicKey as CryptoKey })
}

const noDocuments = () => Promise.reject(new Problem('no-fetch', 'not fetched'))

/** Fedify's word on the request, under this key. The time has been looked at before (readSignature), by our clock. */
export async function judge(request: Request, claim: ClaimedSignature, owner: string, key: KeyObject): Promise<boolean> {
  const offered = forFedify(claim.keyId, owner, key)
  const keyCache: KeyCache = { get: async (id) => (id.href === offered.id?.href ? offered : null), set: async () => {} }
  const result = await verifyRequestDetailed(request, { keyCache, documentLoader: noDocuments, contextLoader, timeWindow: false })
    .catch(() => undefined) // a key of another kind than the signature's
  return result?.verified === true && (claim.label === undefined || result.signatureLabel === claim.label)
}
