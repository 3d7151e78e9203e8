import { uuidv7 } from 'uuidv7'

/** A new identifier: UUIDv7, so that the order of ids is the order of making (RFC 9562). */
export const newId = (): string => uuidv7()

/** Handles of actors, as Mastodon's username rule has them: lower case, digits, `_`, with `.` and `-` between (WIRE.md 2). */
export const HANDLE = /^[a-z0-9_]+([.-]+[a-z0-9_]+)*$/
export const HANDLE_MAX = 60

/** Names that routes, roles or readers would confuse with the instance itself. */
const RESERVED = new Set(['directory', 'admin', 'administrator', 'root', 'toadlane', 'ap', 'api', 'www', 'support', 'security', 'postmaster', 'abuse', 'moderation', 'system'])

export const isHandle = (text: string): boolean => text.length <= HANDLE_MAX && HANDLE.test(text)
export const isReservedHandle = (text: string): boolean => RESERVED.has(text)

/**
 * A handle made from a name: "Cooperativa São João" → `cooperativa-sao-joao`. `undefined` where nothing is left
 * (a name in a script without Latin letters), so that the caller asks for one.
 */
export function handleFrom(name: string): string | undefined {
  const text = name.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase().replace(/ß/g, 'ss').replace(/&/g, ' and ')
    .replace(/[^a-z0-9]+/g, '-').replace(/^-+|-+$/g, '').slice(0, 40).replace(/-+$/, '')
  return isHandle(text) ? text : undefined
}
