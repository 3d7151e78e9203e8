/**
 * Proofs on what this server says: on public activities, by their actor; on the description of an organisation that has no key of
 * its own, by the directory that it is attributed to. Made when they are sent or asked for, never inside a transaction. The same
 * stored document always has the same proof, so it can be made anew anywhere.
 */
import { LRUCache } from 'lru-cache'
import { getLogger } from '@logtape/logtape'
import { Problem, safeReason } from '../../kernel/errors.ts'
import { etagOf } from '../../store/documents.ts'
import type { LocalActors } from '../actors.ts'
import type { Json } from '../fedi.ts'
import { idOf, listOf } from '../json.ts'
import type { KeyRing } from '../keys.ts'
import { PUBLIC } from '../terms.ts'
import type { Uris } from '../uris.ts'
import { addProof } from './proof.ts'

const log = getLogger(['toadlane', 'fedi', 'proof'])

export interface Stored { id: string; json: string; etag: string; changed: Date }
export interface Proved { json: string; etag: string }

export interface ProverHouse { uris: Uris; keys: KeyRing; actors: LocalActors }

const names = (v: unknown): (string | undefined)[] => listOf(v).map(idOf)

export function prover(house: ProverHouse) {
  const { uris, keys, actors } = house
  const activities = uris.activity('')
  const actorIds = uris.actor('')
  const made = new LRUCache<string, Proved>({ max: 5000, maxSize: 32 * 1024 * 1024, sizeCalculation: (p) => p.json.length + 200 })

  /** Whoever answers for the document, where it is one that carries a proof. */
  function answerable(id: string, document: Json): string | undefined {
    if (!id.startsWith(activities)) return names(document.attributedTo).map((a) => (a === undefined ? undefined : uris.handleOf(a))).find((h) => h !== undefined)
    const handle = typeof document.actor === 'string' ? uris.handleOf(document.actor) : undefined
    if (handle === undefined) return undefined
    const readers = [...names(document.to), ...names(document.cc)]
    // To everybody, or to all who follow it. What is for one reader is between the two.
    return readers.includes(PUBLIC) || readers.includes('as:Public') || readers.includes(uris.followers(handle)) ? handle : undefined
  }

  /** The key, and the document that lists it, are there from now on. */
  async function keyOf(handle: string) {
    try { return await keys.privateKey(handle, 'ed25519') } catch (e) {
      if (!(e instanceof Problem) || e.code !== 'no-key' || !(await actors.arm(handle))) return undefined
      return keys.privateKey(handle, 'ed25519')
    }
  }

  return {
    /** Could a document of this id and these bytes carry one? Told from the outside, so that an actor's costs nothing. */
    concerns: (id: string, json: string): boolean =>
      id.startsWith(activities) || (id.startsWith(actorIds) && id !== actorIds && !json.includes('"inbox":')),

    /** The document with its proof; as it stands where it carries none. */
    async proved(stored: Stored): Promise<Proved> {
      const name = `${stored.id} ${stored.etag} ${stored.changed.getTime()}`
      const cached = made.get(name)
      if (cached) return cached
      const document = JSON.parse(stored.json) as Json
      const handle = answerable(stored.id, document)
      const key = handle === undefined ? undefined : await keyOf(handle)
      if (handle === undefined || !key) return stored
      try {
        const json = JSON.stringify(addProof(document, { method: uris.ed25519Key(handle), key, created: stored.changed }))
        const proved = { json, etag: etagOf(json) }
        made.set(name, proved)
        return proved
      } catch (e) {
        log.warn('no proof on a document of {handle}: {reason}', { handle, reason: safeReason(e) })
        return stored
      }
    },
  }
}
export type Prover = ReturnType<typeof prover>
