/**
 * The other way: somebody here has an account on another server and wants to act from there on something of ours. We ask that
 * server's WebFinger where its people do that, and tell them the way. Nothing is kept of it.
 */
import { splitAddress } from '../fedi/account.ts'
import type { Fedi } from '../fedi/fedi.ts'
import { budget } from '../fedi/inbox/budget.ts'
import { wayOn } from '../fedi/intents.ts'
import { isPublicAddress } from '../fedi/net/address.ts'
import { Problem } from '../kernel/errors.ts'
import type { Clock } from '../kernel/time.ts'
import type { Speaker } from '../talk/model.ts'
import type { Talk } from '../talk/service.ts'
import { TooMany } from '../web/errors.tsx'
import { targetOf } from './target.ts'

export interface RemoteHouse {
  clock: Clock
  fedi: Pick<Fedi, 'uris' | 'origin' | 'handleHost' | 'home'>
  talk: { read: Pick<Talk['read'], 'byUri'> }
  speaker(handle: string): Promise<Speaker | undefined>
  allowPrivate: boolean
}

/** What people do from their own server, by its name in FEP-3b86. */
export const WISHES = ['Follow', 'Like', 'Announce', 'Create'] as const
export type Wished = (typeof WISHES)[number]

/** Something of ours that others can act on. */
export interface Thing {
  kind: 'actor' | 'post'
  uri: string
  name: string
  /** Of an actor: `@name@host`. */
  address?: string
  /** A path of ours. */
  page: string
}
/** `url`: where to go on; undefined where the server does not say. */
export interface Way { host: string; url?: URL }

/** Requests that people cause who have no account here: from one address, to one host, and in all. */
const BUDGETS = { client: { burst: 10, perMinute: 6 }, host: { burst: 30, perMinute: 30 }, all: { burst: 120, perMinute: 120 } }
/** Under way at the same time. */
const MOST = 20

export function remote(house: RemoteHouse) {
  const { fedi, clock } = house
  const clients = budget(clock, BUDGETS.client), hosts = budget(clock, BUDGETS.host), all = budget(clock, BUDGETS.all)
  let underWay = 0

  function spend(client: string, host: string): void {
    // Behind a proxy that is not told of, everybody has one address: then nobody is held to account for others.
    const known = isPublicAddress(client.replace(/\/64$/, ''))
    if (underWay >= MOST) throw new TooMany(10, 'many people are doing this just now')
    if ((known && !clients.take(client)) || !hosts.take(host) || !all.take('')) throw new TooMany(60)
  }

  return {
    /** The thing of ours with this id. Problem `not-found` (404) for anything else: nobody gets a link made to what is not here. */
    async thing(uri: string): Promise<Thing> {
      const none = (): Problem => new Problem('not-found', 'there is no such thing here', { status: 404 })
      let at
      try { at = targetOf(uri, { uris: fedi.uris, handleHost: fedi.handleHost, allowPrivate: house.allowPrivate }) } catch { throw none() }
      if (at.here === 'actor') {
        const handle = fedi.uris.handleOf(at.uri)
        const speaker = handle === undefined ? undefined : await house.speaker(handle)
        if (!speaker?.open) throw none()
        return { kind: 'actor', uri: at.uri, name: speaker.name, address: `@${speaker.handle}@${fedi.handleHost}`, page: at.page }
      }
      const post = at.here ? await house.talk.read.byUri(at.uri) : undefined
      if (!post || post.state !== 'public' || post.speaker === null || !at.here) throw none()
      return { kind: 'post', uri: post.uri, name: post.authorName, page: at.page }
    },

    /**
     * Asks the account's server where its people do this. `client`: the address of who asks, as a key for counting.
     * Problems: `account` (no address), `account-here` (of this server), `too-many`, and those of Fedi.home.
     */
    async way(client: string, account: string, wish: Wished, thing: Thing): Promise<Way> {
      const address = splitAddress(account)
      if (!address) throw new Problem('account', 'give an address like @name@host', { status: 422, field: 'account' })
      const { host } = address
      if (host === fedi.handleHost || host === fedi.uris.host) throw new Problem('account-here', 'that is an account of this server', { status: 422, field: 'account' })
      spend(client, host)
      underWay++
      try {
        const home = await fedi.home(`@${address.name}@${host}`)
        const url = wayOn(home, { intent: wish, object: thing.uri, back: fedi.origin + thing.page }, house.allowPrivate)
        return { host, ...(url ? { url } : {}) }
      } finally { underWay-- }
    },
  }
}
export type Remote = ReturnType<typeof remote>
