/**
 * Activities that somebody else passes on: Mastodon sends replies and deletes on to the followers of the post that they are about. With
 * a proof (FEP-8b32) of its actor's that holds, an activity is its actor's word whoever brings it. With a linked-data signature, which
 * is not believed here (HOSTILE.md 29), it is a hint: somebody whom we know says that there is something at its origin.
 */
import { getLogger } from '@logtape/logtape'
import type { Clock } from '../../kernel/time.ts'
import { idOf, isObject, originOf, sameOrigin } from '../json.ts'
import { proofHolds, readProof } from '../proof/proof.ts'
import type { Budget } from './budget.ts'
import type { Envelope } from './envelope.ts'
import { hearsay, ownWord, type Arrival, type Hint } from './intake.ts'
import { Refusal } from './refusal.ts'
import type { Verifier } from './verify.ts'

const log = getLogger(['toadlane', 'fedi', 'forwarded'])

export interface ForwardedHouse { clock: Clock; verifier: Verifier; hints: Budget }
export interface Passing { body: Uint8Array; /** Host of the verified signer. */ by: string; addressed: string | undefined; source: string | undefined }

/** A linked-data signature that claims to be of the actor's server. */
function isMarked({ sent, actor }: Envelope): boolean {
  const { signature } = sent
  if (!isObject(signature) || typeof signature.signatureValue !== 'string') return false
  const creator = idOf(signature.creator)
  return creator !== undefined && originOf(creator) === originOf(actor)
}

/** Does it bring anything by which it could be its actor's, although another signs the request? */
export const carriesWord = (e: Envelope): boolean => e.sent.proof !== undefined || isMarked(e)

/** What can be looked up at its origin: a thing on the actor's own server that was made, changed or taken down. */
function hintIn(e: Envelope, by: string): Hint | undefined {
  const { id, type, actor } = e
  const object = idOf(e.raw.object)
  if (type !== 'Create' && type !== 'Update' && type !== 'Delete') return undefined
  return object !== undefined && sameOrigin(object, actor) ? { id, type, actor, object, by } : undefined
}

export function forwarding({ clock, verifier, hints }: ForwardedHouse) {
  /**
   * What is kept of it, or undefined where nothing can come of it. A proof that does not hold is a forgery and refused (401), whatever
   * else is there; one that cannot be checked (another suite, no such key, expired) is as good as none, as FEP-8b32 says.
   */
  return async function forwarded(e: Envelope, p: Passing): Promise<Arrival | undefined> {
    const proof = readProof(e.sent, e.actor, clock.now())
    if (proof) {
      const word = await verifier.vouches(e.actor, proof.method, (key) => proofHolds(e.sent, proof, key), p.source).catch((error: unknown) => {
        // Its server may be away just now. A hint can wait for it.
        if (error instanceof Refusal && error.status === 401 && isMarked(e)) return 'unknown' as const
        throw error
      })
      if (word === 'holds') return ownWord(e.id, e.raw, p.body, p.addressed)
      if (word === 'wrong') throw new Refusal(401, 'the proof does not hold')
    }
    if (!isMarked(e)) throw new Refusal(401, 'passed on without a proof that can be checked')
    if (!hints.take(p.by)) throw new Refusal(429, 'too much that one server passes on', { retryAfter: 60 })
    const hint = hintIn(e, p.by)
    if (!hint) log.debug('{type} passed on by {host}: nothing to look up', { type: e.type, host: p.by })
    return hint && hearsay(hint, p.body, p.addressed)
  }
}
