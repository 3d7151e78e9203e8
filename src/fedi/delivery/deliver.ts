/** The job that delivers: one activity to one inbox. The only code of ours that posts to others. */
import { eq, or } from 'drizzle-orm'
import { LRUCache } from 'lru-cache'
import { getLogger } from '@logtape/logtape'
import { Problem, safeReason } from '../../kernel/errors.ts'
import { DAY, HOUR, SECOND, type Clock } from '../../kernel/time.ts'
import type { Documents } from '../../store/documents.ts'
import type { Job } from '../../store/jobs.ts'
import type { Store } from '../../store/store.ts'
import { storeTables } from '../../store/tables.ts'
import { GiveUp, PutOff, TryLater, type JobHandler } from '../../store/workers.ts'
import type { LocalActors } from '../actors.ts'
import type { FollowBook } from '../follows.ts'
import type { KeyRing } from '../keys.ts'
import { bareHost, Refused } from '../net/address.ts'
import { sha256 } from '../net/sign.ts'
import type { Prover } from '../proof/prover.ts'
import { fediTables } from '../tables.ts'
import type { Uris } from '../uris.ts'
import { readParcel } from './enqueue.ts'
import type { HostBook } from './hosts.ts'
import type { Send } from './send.ts'
import { listOf } from '../json.ts'
import { SYNC_HEADER } from '../sync/digest.ts'
import type { FollowerDigests } from '../sync/out.ts'
import { isTrouble, verdict } from './verdict.ts'

const log = getLogger(['toadlane', 'fedi', 'deliver'])

/** Under way at the same time: in this process, and to one host. */
export const CONCURRENCY = 64
export const PER_HOST = 8
/** What waited this long behind a closed circuit is a dead letter. A little more than the schedule of retries. */
const OLDEST = 3 * DAY + 6 * HOUR

export interface DeliveryHouse {
  store: Store
  clock: Clock
  documents: Documents
  uris: Uris
  keys: KeyRing
  actors: LocalActors
  hosts: HostBook
  send: Send
  digests: FollowerDigests
  follows: Pick<FollowBook, 'unanswered'>
  isBlocked(host: string): boolean
  prover: Prover
}

interface Body { bytes: Uint8Array; digest: string; handle: string; /** It is addressed to the actor's followers. */ toFollowers: boolean }

export function deliverHandler(house: DeliveryHouse): JobHandler {
  const { store, clock, documents, uris, keys, hosts } = house
  const { followers } = fediTables(store.kit)
  const stored = storeTables(store.kit).documents
  /** Bodies and their digests: read and hashed once for all inboxes, and not kept long, as a post may be taken back. */
  const bodies = new LRUCache<string, Body>({
    max: 500, ttl: 30 * SECOND, maxSize: 64 * 1024 * 1024, sizeCalculation: (b) => b.bytes.length + 200,
  })
  const underWay = new Map<string, number>()

  async function bodyOf(activity: string): Promise<Body | undefined> {
    const cached = bodies.get(activity)
    if (cached) return cached
    const document = await documents.get(activity)
    if (!document || document.gone) return undefined // taken back before it was sent; its Delete follows
    const { actor, to, cc } = JSON.parse(document.json) as { actor?: unknown; to?: unknown; cc?: unknown }
    const handle = typeof actor === 'string' ? uris.handleOf(actor) : undefined
    if (!handle) throw new GiveUp('the activity has no local actor')
    const bytes = Buffer.from((await house.prover.proved(document)).json)
    const body = { bytes, digest: sha256(bytes), handle, toFollowers: [...listOf(to), ...listOf(cc)].includes(uris.followers(handle)) }
    bodies.set(activity, body)
    return body
  }

  async function keyOf(handle: string) {
    try { return await keys.privateKey(handle) } catch (e) {
      if (!(e instanceof Problem) || e.code !== 'no-key') throw e
      await house.actors.arm(handle)
      await keys.ensure(handle)
      return keys.privateKey(handle)
    }
  }

  /** 410: nobody is behind this inbox any more. */
  async function forget(inbox: string): Promise<void> {
    const gone = await store.auto.delete(followers).where(or(eq(followers.inbox, inbox), eq(followers.sharedInbox, inbox)))
      .returning({ actor: followers.actor })
    for (const { actor } of gone) house.digests.changed(actor)
    log.info('an inbox of {host} is gone, with {count} followers', { host: new URL(inbox).host, count: gone.length })
  }

  async function deliver(job: Job, inbox: URL, signal: AbortSignal): Promise<void> {
    const { activity, once } = readParcel(uris, job.payload)
    const body = await bodyOf(activity)
    if (!body) return
    const known = await hosts.signatures.of(inbox.host)
    let receipt
    try {
      const sync = body.toFollowers ? await house.digests.header(body.handle, inbox.origin) : undefined
      const headers = sync === undefined ? {} : { headers: { [SYNC_HEADER]: sync } }
      const parcel = { ...headers, inbox, body: body.bytes, digest: body.digest, keyId: uris.mainKey(body.handle), key: await keyOf(body.handle) }
      receipt = await house.send(parcel, known, signal)
    } catch (e) {
      if (e instanceof Refused) throw new GiveUp(`not sent: ${e.message}`)
      if (signal.aborted) throw new PutOff(0, 'this process ends')
      await hosts.failure(inbox.host)
      throw e
    }
    if (isTrouble(receipt.status) && receipt.retryAfter === undefined) await hosts.failure(inbox.host)
    else await hosts.success(inbox.host)
    if (receipt.kind && receipt.kind !== known) hosts.signatures.remember(inbox.host, receipt.kind)

    const v = verdict(receipt.status, job.attempts, receipt.retryAfter)
    if (v.is === 'done' && once) await store.auto.delete(stored).where(eq(stored.id, activity))
    if (v.is === 'gone') {
      await forget(inbox.href)
      await house.follows.unanswered(activity)
    }
    if (v.is === 'hopeless') throw new GiveUp(v.why)
    if (v.is === 'again') throw v.after === undefined ? new Error(v.why) : new TryLater(v.after, v.why)
  }

  return {
    concurrency: CONCURRENCY,
    async run(job, signal) {
      const inbox = URL.canParse(job.key ?? '') ? new URL(job.key!) : undefined
      if (!inbox) throw new GiveUp('the inbox is no URL')
      if (uris.isLocal(inbox.href) || house.isBlocked(bareHost(inbox))) return
      if (clock.now().getTime() - job.created.getTime() > OLDEST) throw new GiveUp('not delivered in three days')
      const { host } = inbox
      const busy = underWay.get(host) ?? 0
      if (busy >= PER_HOST) throw new PutOff(200 + Math.round(Math.random() * 400), 'enough is under way to this host')
      underWay.set(host, busy + 1)
      try {
        const gate = await hosts.gate(host)
        if (!gate.go) throw new PutOff(gate.wait, 'the circuit to this host is open')
        await deliver(job, inbox, signal)
      } catch (e) {
        if (!(e instanceof PutOff)) log.debug('not delivered to {host}: {reason}', { host, reason: safeReason(e) })
        throw e
      } finally {
        const left = (underWay.get(host) ?? 1) - 1
        if (left > 0) underWay.set(host, left)
        else underWay.delete(host)
      }
    },
  }
}
