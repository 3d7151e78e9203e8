/**
 * Whose word counts for what (FEP-fe34). What a signer embeds is taken as sent when its id, its author and the signer are on
 * one server; everything else is fetched from its own, or dropped.
 */
import { Problem } from '../../kernel/errors.ts'
import type { Json } from '../fedi.ts'
import { idOf, isObject, listOf, sameOrigin } from '../json.ts'

/** Dropped without effect, with the reason for the log at debug level. */
export class Dropped extends Error {
  constructor(why: string) { super(why); this.name = 'Dropped' }
}

/** Authors of an object: `attributedTo`, or `actor` of an activity. */
export function authorsOf(object: Json): string[] {
  return listOf(object.attributedTo ?? object.actor).map(idOf).filter((id): id is string => id !== undefined)
}

/** May it be taken as it stands in the activity? Votes have no address that could be fetched: their author's server is theirs. */
export function isOwnWord(object: unknown, actor: string): object is Json {
  if (!isObject(object) || typeof object.type !== 'string') return false
  if (typeof object.id === 'string' && !sameOrigin(object.id, actor)) return false
  return authorsOf(object).every((author) => sameOrigin(author, actor))
}

/** Is the actor itself the author? An object that names none belongs to nobody here. */
export const isAuthor = (object: Json, actor: string): boolean => object.id === actor || authorsOf(object).includes(actor)

export interface Sources {
  isLocal(id: string): boolean
  /** The stored document of an object of this server. */
  ours(id: string): Promise<Json | undefined>
  /** The object from its own server: checked, bounded. */
  fetched(id: string): Promise<Json>
}
export interface Resolved { object: unknown; objectId?: string }

/**
 * The activity's object with authority settled: embedded where that is enough, otherwise fetched from its own server.
 * @param wanted false: an id suffices, nothing is fetched
 */
export async function resolve(raw: unknown, actor: string, wanted: boolean, from: Sources): Promise<Resolved> {
  const { ours, isLocal } = from
  const value = Array.isArray(raw) ? (raw.length === 1 ? raw[0] : undefined) : raw
  const id = idOf(value)
  if (id !== undefined && isLocal(id)) {
    const local = await ours(id)
    if (!local) throw new Dropped('of this server, and not there')
    return { object: local, objectId: id }
  }
  if (isOwnWord(value, actor)) return { object: value, ...(id === undefined ? {} : { objectId: id }) }
  if (id === undefined) throw new Dropped('the object is nobody’s')
  if (!wanted) return { object: id, objectId: id }
  const object = await from.fetched(id)
  return { object, objectId: idOf(object) ?? id } // what was named may have been another address of it
}

/** Does its own server say that it is gone, still have it, or know nothing of it (404)? Throws where it cannot be asked. */
export async function stateAtOrigin(sources: Pick<Sources, 'fetched'>, object: string): Promise<'there' | 'gone' | 'unknown'> {
  try { return (await sources.fetched(object)).type === 'Tombstone' ? 'gone' : 'there' } catch (e) {
    if (e instanceof Problem && e.code === 'gone') return 'gone'
    if (e instanceof Problem && e.code === 'not-found') return 'unknown'
    throw e
  }
}
