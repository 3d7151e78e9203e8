/** The outside of an activity: what must hold of any of them, before its signature is looked at and whatever is inside. */
import { Problem } from '../../kernel/errors.ts'
import { readsPlainly } from '../contexts.ts'
import type { Json } from '../fedi.ts'
import { idOf, originOf, parseObject } from '../json.ts'
import { plain } from './lenient.ts'
import { Refusal } from './refusal.ts'

export interface Envelope {
  id: string
  type: string
  actor: string
  /** As it came, for what is signed is signed as it came. */
  sent: Json
  /** The same, plain to read (lenient.ts). */
  raw: Json
}

const LONGEST_TYPE = 100

/** From bytes. Refusals 400 and 413. An embedded actor counts by its id only: keys inside it are nobody's. */
export function openEnvelope(bytes: Uint8Array): Envelope {
  let sent: Json
  try { sent = parseObject(bytes) } catch (e) {
    throw e instanceof Problem ? new Refusal(e.status === 413 ? 413 : 400, e.message) : e
  }
  const raw = plain(sent)
  const { id, type } = raw
  const actor = idOf(raw.actor)
  if (typeof type !== 'string' || !type || type.length > LONGEST_TYPE) throw new Refusal(400, 'type is not one string')
  if (typeof id !== 'string' || originOf(id) === undefined) throw new Refusal(400, 'id is not one URL')
  if (actor === undefined || originOf(actor) === undefined) throw new Refusal(400, 'actor is not one URL')
  if (originOf(id) !== originOf(actor)) throw new Refusal(400, 'id and actor are of two servers')
  if (!readsPlainly(sent)) throw new Refusal(400, 'a context that gives other meanings to ActivityStreams terms')
  return { id, type, actor, sent, raw }
}
