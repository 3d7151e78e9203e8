/** From what a person types – `@name@host`, `acct:…`, a URL – to a fetched, checked actor. */
import { Problem } from '../kernel/errors.ts'
import { SECOND } from '../kernel/time.ts'
import { splitAddress as split } from './account.ts'
import type { Home, Json } from './fedi.ts'
import type { Bounds, Fetcher } from './fetch.ts'
import { templatesOf } from './intents.ts'
import { isObject, listOf } from './json.ts'
import { bareHost } from './net/address.ts'
import type { KnownActor, RemoteActors } from './remote.ts'
import { actorFrom } from './remote-shape.ts'

const ACTIVITY = /^application\/(activity\+json|ld\+json)/

/** For what somebody who is not signed in may cause: they wait for it, and a JRD is small. */
const SMALL: Bounds = { limit: 128 * 1024, timeout: 6 * SECOND }

export interface Found { subject?: string; self?: string }

export function lookups(house: { fetch: Fetcher; remote: RemoteActors; allowPrivate: boolean; isLocal(uri: string): boolean }) {
  const { fetch, remote } = house

  /** RFC 7033, over https; over http only in development and to this machine. */
  async function jrdOf(resource: string, host: string, bounds?: Bounds): Promise<Json | undefined> {
    const local = house.allowPrivate && /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/.test(host)
    const at = (scheme: string) => `${scheme}://${host}/.well-known/webfinger?resource=${encodeURIComponent(resource)}`
    const accept = 'application/jrd+json, application/json'
    try { return await fetch.json(at('https'), accept, bounds) } catch (e) {
      if (!local) throw e
      return fetch.json(at('http'), accept, bounds)
    }
  }
  const found = (jrd: Json): Found => {
    const self = listOf(jrd.links).filter(isObject)
      .find((l) => l.rel === 'self' && typeof l.type === 'string' && ACTIVITY.test(l.type) && typeof l.href === 'string')
    return { ...(typeof jrd.subject === 'string' ? { subject: jrd.subject } : {}), ...(self ? { self: self.href as string } : {}) }
  }
  async function finger(resource: string, host: string): Promise<Found | undefined> {
    const jrd = await jrdOf(resource, host)
    return jrd && found(jrd)
  }

  /**
   * The address under which the actor's own server knows it, or undefined. Both ways must agree: the address leads to the actor,
   * and the answer's subject, asked for on the subject's host, leads back to the same actor.
   */
  async function addressOf(actor: KnownActor, asked?: { name: string; host: string }): Promise<string | undefined> {
    const name = actorFrom(actor.document)?.username
    if (!name) return undefined
    const own = typeof actor.document.webfinger === 'string' ? split(actor.document.webfinger) : undefined
    const first = asked ?? own ?? { name, host: actor.host }
    const found = await finger(`acct:${first.name}@${first.host}`, first.host).catch(() => undefined)
    if (found?.self !== actor.id) return undefined
    const subject = split(found.subject)
    if (!subject || (subject.name.toLowerCase() === first.name.toLowerCase() && subject.host === first.host)) return `${name}@${first.host}`
    // Another subject is believed only when its own host says the same.
    const again = await finger(`acct:${subject.name}@${subject.host}`, subject.host).catch(() => undefined)
    return again?.self === actor.id ? `${subject.name}@${subject.host}` : undefined
  }

  async function confirmed(actor: KnownActor, asked?: { name: string; host: string }): Promise<KnownActor> {
    if (actor.handle && !asked) return actor
    const handle = await addressOf(actor, asked)
    return handle && await remote.confirm(actor.id, handle) ? { ...actor, handle } : actor
  }

  return {
    finger,
    /** Where the people of an address act (intents.ts). Problems: lookup, not-found, and the fetcher's. */
    async home(text: string): Promise<Home> {
      const address = split(text)
      if (!address) throw new Problem('lookup', 'give an address like @name@host', { status: 422 })
      const jrd = await jrdOf(`acct:${address.name}@${address.host}`, address.host, SMALL)
      if (!jrd) throw new Problem('not-found', `${address.host} does not know this address`, { status: 404 })
      const { self } = found(jrd)
      return { host: address.host, ...(self ? { self } : {}), links: templatesOf(jrd) }
    },
    /** Problems: lookup (nothing one can look up), local, not-found, not-an-actor, and the fetcher's. */
    async actor(text: string): Promise<KnownActor> {
      const typed = text.trim()
      const address = split(typed)
      if (address) {
        const found = await finger(`acct:${address.name}@${address.host}`, address.host)
        if (!found?.self) throw new Problem('not-found', `${address.host} knows no ${address.name}`, { status: 404 })
        if (house.isLocal(found.self)) throw new Problem('local', 'that is an actor of this server', { status: 422 })
        return confirmed(await remote.get(found.self), address)
      }
      if (!URL.canParse(typed) || !/^https?:/.test(typed) || !bareHost(new URL(typed))) {
        throw new Problem('lookup', 'give an address like @name@host, or the URL of an actor', { status: 422 })
      }
      if (house.isLocal(typed)) throw new Problem('local', 'that is an actor of this server', { status: 422 })
      const kept = await remote.known(typed)
      return confirmed(kept ? await remote.get(typed) : await remote.refresh(typed))
    },
  }
}
export type Lookups = ReturnType<typeof lookups>
