/**
 * Object-integrity proofs (FEP-8b32) of the cryptosuite eddsa-jcs-2022 (W3C Data Integrity EdDSA Cryptosuites v1.0, section 3.3):
 * made for documents of ours, read and checked on those of others. Pure: no key is looked for and no context fetched, because the
 * suite signs the JSON as it stands.
 */
import { createHash, sign, verify, type KeyObject } from 'node:crypto'
import { DAY, HOUR } from '../../kernel/time.ts'
import type { Json } from '../fedi.ts'
import { isObject, listOf, originOf } from '../json.ts'
import { canonical } from './jcs.ts'
import { fromMultibase, toMultibase } from './multibase.ts'

/** Version 1 is what Fedify has bundled since it knows proofs; it and version 2 mean the same by all that a proof has. */
export const DATA_INTEGRITY = 'https://w3id.org/security/data-integrity/v1'
const EITHER = new Set<unknown>([DATA_INTEGRITY, 'https://w3id.org/security/data-integrity/v2'])
const SUITE = 'eddsa-jcs-2022'
/** So far from the future a proof may come. */
const SKEW = HOUR
/**
 * And so far from the past. Anybody can send it again whenever he likes, so it must not outlive the memory of what has been received
 * (make.ts): an old Follow would come back to life.
 */
export const OLDEST = 14 * DAY

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest()
const signedBytes = (config: Json, document: Json): Buffer => Buffer.concat([sha256(canonical(config)), sha256(canonical(document))])

/** The `@context` with what makes `proof` expand. A list even of one: Mastodon wants one to compare with the proof's own. */
function withIntegrity(context: unknown): unknown[] {
  const list = listOf(context)
  if (list.some((c) => EITHER.has(c))) return list
  const inline = list.findIndex((c) => typeof c !== 'string')
  return inline < 0 ? [...list, DATA_INTEGRITY] : [...list.slice(0, inline), DATA_INTEGRITY, ...list.slice(inline)]
}

export interface Signing {
  /** Id of the key, in the `assertionMethod` of whoever answers for the document. */
  method: string
  key: KeyObject
  /** A stored time, so that the same document has the same proof whenever it is asked for. */
  created: Date
}

/**
 * A copy of the document with its proof at the end. The proof repeats the whole `@context`: the suite says so, Mastodon and Mitra
 * compare them, Fedify takes the document's. Seconds have no fraction, because Fedify hashes the time as it would write it.
 * Throws TypeError for a document without canonical form.
 */
export function addProof(document: Json, s: Signing): Json {
  const { '@context': given, proof: _, ...rest } = document
  const context = withIntegrity(given)
  const unsigned = { '@context': context, ...rest }
  const config = {
    '@context': context, type: 'DataIntegrityProof', cryptosuite: SUITE, verificationMethod: s.method, proofPurpose: 'assertionMethod',
    created: s.created.toISOString().replace(/\.\d+Z$/, 'Z'),
  }
  return { ...unsigned, proof: { ...config, proofValue: toMultibase(sign(null, signedBytes(config, unsigned), s.key)) } }
}

/** A proof that could be checked, as the document has it. */
export interface ClaimedProof { method: string; value: Uint8Array; config: Json }

/** An instant of XML Schema, with its time zone. */
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/
const time = (text: unknown): number => (typeof text === 'string' && INSTANT.test(text) ? Date.parse(text) : Number.NaN)

/**
 * The document's proof where it is one that can be checked here: this suite, for this purpose, by a key on the owner's server, of
 * the last two weeks and not expired. Anything else is as good as no proof (FEP-8b32: "ignore the proof and try other methods").
 * @param owner id of the actor whose word the document is
 */
export function readProof(document: Json, owner: string, now: Date): ClaimedProof | undefined {
  const list = listOf(document.proof)
  const [proof] = list
  if (list.length !== 1 || !isObject(proof)) return undefined
  const { proofValue, ...config } = proof
  const { verificationMethod: method, created, expires } = config
  if (config.type !== 'DataIntegrityProof' || config.cryptosuite !== SUITE || config.proofPurpose !== 'assertionMethod') return undefined
  if (typeof method !== 'string' || originOf(method) === undefined || originOf(method) !== originOf(owner)) return undefined
  // A challenge or domain binds a proof to an exchange that is not this one.
  if (config.challenge !== undefined || config.domain !== undefined || config.previousProof !== undefined) return undefined
  const at = time(created)
  if (!(at <= now.getTime() + SKEW && at >= now.getTime() - OLDEST)) return undefined
  if (expires !== undefined && !(time(expires) > now.getTime())) return undefined
  const value = typeof proofValue === 'string' ? fromMultibase(proofValue) : undefined
  return value?.length === 64 ? { method, value, config } : undefined
}

/** Does `own` begin with all of `proof`, in that order? (Section 3.3.2, step 3.1.) */
const beginsWith = (own: unknown, proof: unknown): boolean => {
  const all = listOf(own)
  return listOf(proof).every((c, i) => i < all.length && canonical(c) === canonical(all[i]))
}

/**
 * Does the proof hold under this key? A linked-data signature beside it is left out (FEP-8b32). A proof with its own `@context` is
 * checked as the suite says; one without is made by Fedify and Mitra over the document's, and by Hubzilla over none.
 */
export function proofHolds(document: Json, claim: ClaimedProof, key: KeyObject): boolean {
  if (key.asymmetricKeyType !== 'ed25519') return false
  const { proof: _, signature: __, ...unsigned } = document
  const { '@context': own, ...bare } = claim.config
  try {
    if (own !== undefined && !beginsWith(unsigned['@context'], own)) return false
    const forms: [Json, Json][] = own !== undefined
      ? [[claim.config, { ...unsigned, '@context': own }]]
      : unsigned['@context'] === undefined ? [[bare, unsigned]] : [[{ '@context': unsigned['@context'], ...bare }, unsigned], [bare, unsigned]]
    return forms.some(([config, signed]) => verify(null, signedBytes(config, signed), key, claim.value))
  } catch { return false }
}
