/** Puts federation together: the one place that knows all its parts. */
import { DAY } from '../kernel/time.ts'
import { documents as documentStore } from '../store/documents.ts'
import { localActors } from './actors.ts'
import { causedRequests } from './caused.ts'
import { addressHandler } from './delivery/address.ts'
import { deliverHandler } from './delivery/deliver.ts'
import { ADDRESS, DELIVER } from './delivery/enqueue.ts'
import { cutter } from './cut.ts'
import { hostBook } from './delivery/hosts.ts'
import { sender } from './delivery/send.ts'
import { stoneBook } from './dispatch/stones.ts'
import { inboxHandler, register } from './dispatch/dispatch.ts'
import type { Fedi, FediOptions, RemoteActor } from './fedi.ts'
import { fetcher } from './fetch.ts'
import { followings } from './follow.ts'
import { ACCEPT_WAITING, followersOf } from './followers.ts'
import { followBook } from './follows.ts'
import { guard } from './http/guard.ts'
import { routes } from './http/routes.ts'
import { INBOX, intake } from './inbox/intake.ts'
import { readersBySignature } from './inbox/readers.ts'
import { receiver } from './inbox/receive.ts'
import { verifier } from './inbox/verify.ts'
import { keyRing } from './keys.ts'
import { lookups } from './lookup.ts'
import { bareHost } from './net/address.ts'
import { makeAgent } from './net/agent.ts'
import { MOVE, movingHandler } from './move.ts'
import { PER_HOST } from './delivery/deliver.ts'
import { prover as makeProver } from './proof/prover.ts'
import { publisher as makePublisher } from './publish.ts'
import { remoteActors, type KnownActor } from './remote.ts'
import { PUBLIC } from './terms.ts'
import { FOLLOWERS_SYNC, synchronization } from './sync/in.ts'
import { askSoftware, SOFTWARE, softwareHandler } from './software.ts'
import { followerDigests } from './sync/out.ts'
import { undoing } from './undo.ts'
import { makeUris } from './uris.ts'

/** What has been received is remembered for longer than anybody retries, or may send it on (proof/proof.ts); stones a good deal longer. */
const KEEP_RECEIVED = 30 * DAY
const KEEP_STONES = 90 * DAY
const KEEP_STRANGERS = 30 * DAY
const KEEP_HOSTS = 180 * DAY

const bare = ({ keys: _, fetched: __, gone: ___, ...actor }: KnownActor): RemoteActor => actor

export function makeFedi(o: FediOptions): Fedi {
  const { store, clock, jobs } = o
  const uris = makeUris(o.origin)
  const handleHost = (o.handleHost ?? uris.host).toLowerCase()
  const allowPrivate = o.allowPrivate ?? false
  const isBlocked = o.isBlocked ?? (() => false)
  const software = o.software ?? { name: 'toadlane', version: '0.1.0' }
  const userAgent = `${software.name}/${software.version} (+${uris.origin}/)`

  const documents = documentStore(store, clock)
  const keys = keyRing(store, clock, o.sealer)
  const actors = localActors({ store, clock, documents, uris, handleHost, keys })
  const hosts = hostBook(store, clock, jobs)
  const agent = makeAgent({ allowPrivate, connections: PER_HOST })
  const fetch = fetcher({ agent, allowPrivate, clock, uris, keys, userAgent, isBlocked, signatures: hosts.signatures })
  const caused = causedRequests(clock, o.limits?.caused)
  const remote = remoteActors(store, clock, fetch)
  const digests = followerDigests({ store, uris })
  const follows = followBook(store, clock, digests.changed)
  const publisher = makePublisher({ store, clock, jobs, uris, documents, actors })
  const ofFollowers = followersOf({ store, jobs, uris, follows, publisher })
  const stones = stoneBook(store, clock)
  const rooms = register()
  const sync = synchronization({ store, clock, jobs, uris, actors, follows, publisher, remote, fetch, isBlocked, ...o.limits?.sync })
  const verify = verifier({ remote, clock, document: fetch.document, ...(o.limits?.verify ? { limits: o.limits.verify } : {}) })
  const readers = readersBySignature({ uris, clock, verifier: verify, isBlocked, ...(o.limits?.receive ? { refusals: o.limits.receive.refusals } : {}) })
  const prover = makeProver({ uris, keys, actors })
  const arrivals = intake(store, clock, jobs)
  const send = sender({ agent, allowPrivate, clock, userAgent })
  const lookup = lookups({ fetch, remote, allowPrivate, isLocal: uris.isLocal })
  const undo = undoing({ documents, uris, publisher })
  const { follow, unfollow } = followings({ store, clock, uris, remote, follows, publisher })

  async function mailbox(handle: string): Promise<'open' | 'gone' | 'none'> {
    const actor = await actors.find(handle)
    if (!actor?.open) return 'none'
    return actor.gone ? 'gone' : 'open'
  }
  const receive = receiver({
    uris, clock, verifier: verify, intake: arrivals, isBlocked, mailbox, synchronization: sync, ...(o.limits?.receive ? { limits: o.limits.receive } : {}),
  })

  return {
    origin: uris.origin,
    handleHost,
    uris,
    documents,
    actors: {
      put: actors.put,
      find: (handle) => actors.find(handle),
      taken: actors.taken,
      async bury(tx, handle) {
        const actor = await actors.find(handle, tx)
        if (!actor || actor.gone) return
        const stored = await documents.get(actor.id)
        const found = stored ? (JSON.parse(stored.json) as { type?: unknown }).type : undefined
        const type = typeof found === 'string' ? found : 'Organization'
        // What told of it before has its name and its words in it. The Delete comes after, or it would go with them.
        await publisher.buryObject(tx, actor.id, type)
        // The Delete is said while there is somebody to say it; then nobody is. Whom it followed must know too, or posts come for ever.
        const followed = (await follows.following(handle)).map((f) => f.actor)
        if (actor.open) await publisher.publish(tx, { actor: handle, activity: { type: 'Delete', to: [PUBLIC], object: actor.id }, to: { followers: true, actors: followed } })
        await actors.bury(tx, handle, type)
        await follows.removeAllOf(tx, handle)
      },
    },
    putObject: publisher.putObject,
    buryObject: publisher.buryObject,
    publish: publisher.publish,
    undo,
    follow,
    unfollow,
    cutOff: cutter(store).cutOff,
    isFollowed: follows.isFollowed,
    isGone: async (tx, actor) => (await remote.known(actor, tx))?.gone ?? false,
    following: follows.following,
    followingBetween: follows.between,
    followersCount: follows.followersCount,
    followersOf: ofFollowers,
    followers: follows.followers,
    lookupActor: async (text) => bare(await lookup.actor(text)),
    home: lookup.home,
    async knownActor(id) {
      const known = await remote.known(id)
      return known && !known.gone ? bare(known) : undefined
    },
    fetchObject: fetch.object,
    refreshActor: async (id) => bare(await remote.refresh(id)),
    causedBy: (actor, work) => caused(bareHost(new URL(actor)), work),
    on: rooms.on,
    routes: (options) => routes({ store, uris, handleHost, software, actors, follows, publisher, receive, digests, readers, prover }, options),
    guard: (options) => guard({ uris, readers, signedFetch: o.signedFetch ?? false }, options),
    handlers: () => ({
      [INBOX]: inboxHandler({
        store, clock, jobs, documents, uris, fetch, caused, follows, stones, remote, actors, publisher, isBlocked, actorChanged: verify.forget,
      }, rooms),
      [DELIVER]: deliverHandler({ store, clock, documents, uris, keys, actors, hosts, send, digests, follows, isBlocked, prover }),
      [FOLLOWERS_SYNC]: sync.handler,
      [MOVE]: movingHandler({ store, uris, actors, remote, follows, publisher, isBlocked }),
      [SOFTWARE]: softwareHandler({ fetch, hosts, allowPrivate, isBlocked }),
      [ACCEPT_WAITING]: ofFollowers.handler,
      [ADDRESS]: addressHandler({ store, jobs, remote }),
    }),
    health: {
      peers: hosts.list,
      deliveries: async () => (await jobs.depth()).find((d) => d.kind === DELIVER),
      failed: (before, limit) => jobs.deadLetters(DELIVER, before, limit),
    },
    async sweep() {
      const before = (ms: number) => new Date(clock.now().getTime() - ms)
      await arrivals.sweep(before(KEEP_RECEIVED))
      await stones.sweep(before(KEEP_STONES))
      await remote.sweep(before(KEEP_STRANGERS))
      await hosts.sweep(before(KEEP_HOSTS))
      await askSoftware({ store, clock, jobs, hosts })
    },
    async close() {
      await hosts.save()
      await agent.close()
    },
  }
}
