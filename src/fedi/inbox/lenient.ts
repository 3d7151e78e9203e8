/**
 * Activities as others write them, made plain: one value where one is meant, whatever brackets or Link it came in. What is several
 * stays several, and what a thing is or who did it is never several.
 */
import type { Json } from '../fedi.ts'
import { isObject } from '../json.ts'
import { AS2 } from '../terms.ts'

/** The activity, its object, and what an Undo or an Announce of an activity has inside. */
const DEEPEST = 4

/** The value itself, out of a list of one. */
export const one = (value: unknown): unknown => (Array.isArray(value) && value.length === 1 ? value[0] : value)

/** A type by its short name, where ActivityStreams has it: `as:Note` and the whole IRI are `Note`. */
const typeName = (value: unknown): unknown => {
  const type = one(value)
  return typeof type === 'string' ? type.replace(/^as:/, '').replace(`${AS2}#`, '') : type
}

/** A Link without an id stands for what it links to. */
const unlinked = (value: unknown): unknown =>
  isObject(value) && value.id === undefined && typeName(value.type) === 'Link' && typeof value.href === 'string' ? value.href : value
const reference = (value: unknown): unknown => (Array.isArray(value) && value.length !== 1 ? value.map(unlinked) : unlinked(one(value)))

/** Properties that hold another thing, or its id. */
const REFERENCES = ['actor', 'object', 'target', 'origin', 'result', 'instrument', 'attributedTo', 'inReplyTo'] as const

/** A copy that reads plainly; what is no object is given back as it is. */
export function plain<T>(value: T, depth = 0): T {
  if (!isObject(value) || depth > DEEPEST) return value
  const copy: Json = { ...value }
  if (copy.type !== undefined) copy.type = typeName(copy.type)
  for (const name of REFERENCES) {
    if (copy[name] === undefined) continue
    const found = reference(copy[name])
    copy[name] = Array.isArray(found) ? found.map((v) => plain(v, depth + 1)) : plain(found, depth + 1)
  }
  return copy as T
}
