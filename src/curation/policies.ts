/**
 * Blocking a whole server, with all its subdomains. The list is in memory, because it is asked on every request; the table is
 * what counts, and other processes (the command line) write it too. What a block means for the house – followers, followings,
 * posts – is done by a job, which makes everything fit the list as it is: again and again the same, in whatever order.
 */
import { getLogger } from '@logtape/logtape'
import { allow, type Who } from '../accounts/model.ts'
import type { Fedi } from '../fedi/fedi.ts'
import { hostOfActor } from '../fedi/cut.ts'
import { Problem, problemsOf, safeReason } from '../kernel/errors.ts'
import { SECOND, type Clock } from '../kernel/time.ts'
import { record } from '../store/audit.ts'
import { keyValueStore } from '../store/key-values.ts'
import type { Jobs } from '../store/jobs.ts'
import type { Db, Store } from '../store/store.ts'
import { PutOff, type JobHandler } from '../store/workers.ts'
import type { Hidden } from '../talk/authors.ts'
import { blockInput, covers, hostOf, type DomainPolicy } from './model.ts'
import { policyStore } from './store.ts'

const log = getLogger(['toadlane', 'curation'])

/** How long another process's change of the list may go unseen. */
export const LOOK = 2 * SECOND
/** Makes the house fit the list. */
export const SETTLE = 'curation.settle'
const BATCH = 200
const HIDDEN = 'hidden-posts'

export interface PolicyHouse {
  store: Store
  clock: Clock
  jobs: Pick<Jobs, 'add'>
  /** Hosts of this instance, without port: its origin's and its handles'. */
  own: readonly string[]
}

/** What a block reaches in the rooms below. */
export interface Reach {
  fedi: Pick<Fedi, 'cutOff'>
  posts: {
    /** Ids of remote actors whose posts are kept, ascending. */
    authors(after: string, limit: number): Promise<string[]>
    /** Takes up to `limit` of an author's posts from view; what they were. */
    hide(tx: Db, author: string, limit: number): Promise<Hidden[]>
    /** Those of them that are hidden still become what they were. */
    show(tx: Db, posts: readonly Hidden[]): Promise<void>
  }
}

export function policies(house: PolicyHouse) {
  const { store, clock, jobs } = house
  const rows = policyStore(store)
  /** What blocks have hidden, by author, so that it comes back with their end. Joins the transaction around it: see store.auto. */
  const kv = keyValueStore(store, clock)
  let blocked: ReadonlySet<string> = new Set()
  let version: number | undefined, mark: string | undefined, changes = 0

  const isBlocked = (host: string): boolean => covers(blocked, host)

  /** Reads the list where it has changed. */
  async function refresh(): Promise<void> {
    const begun = changes
    const now = await store.version()
    if (now !== undefined && now === version) return
    const marked = await rows.mark()
    const fresh = marked === mark ? undefined : await rows.hosts()
    if (changes !== begun) return // what was read is from before our own change
    if (fresh) blocked = fresh
    version = now
    mark = marked
  }

  /** Known here at once, and everywhere within some seconds. The second look is for requests that another process let in meanwhile. */
  async function settle(tx: Db, change: (list: Set<string>) => void): Promise<void> {
    await rows.setMark(tx)
    await jobs.add(tx, SETTLE, { payload: {} })
    await jobs.add(tx, SETTLE, { payload: {}, due: new Date(clock.now().getTime() + 3 * LOOK) })
    store.afterCommit(() => {
      const next = new Set(blocked)
      change(next)
      blocked = next
      changes++
      mark = undefined
      version = undefined
    })
  }

  return {
    isBlocked,
    refresh,
    /** Keeps the list up to date until it is told to stop. */
    watch(): () => void {
      const timer = setInterval(() => { refresh().catch((e: unknown) => log.debug('the list of blocked servers could not be read: {reason}', { reason: safeReason(e) })) }, LOOK)
      timer.unref()
      return () => clearInterval(timer)
    },

    /** From now on nothing of this server comes in and nothing goes out to it. The same again changes nothing. Problem `host` (422), `invalid` (422). */
    async block(who: Who | undefined, host: string, why: string): Promise<{ host: string; changed: boolean }> {
      allow(who, 'domain.block')
      const name = hostOf(host, house.own)
      const checked = blockInput.safeParse({ why })
      if (!checked.success) throw problemsOf(checked.error)
      return store.write(async (tx) => {
        const old = await rows.find(name, tx)
        if (old?.why === checked.data.why) return { host: name, changed: false }
        await rows.put(tx, { host: name, policy: 'blocked', why: checked.data.why, by: who.by, at: clock.now() })
        await record(store, tx, clock, {
          by: who.by, action: 'domain.block', subject: `host:${name}`, ...(old ? { before: { why: old.why } } : {}), after: { policy: 'blocked' }, why: checked.data.why,
        })
        await settle(tx, (list) => list.add(name))
        return { host: name, changed: true }
      })
    },

    /** Its posts come back; whom it followed and who followed it does not. Problem `not-blocked` (404). */
    async unblock(who: Who | undefined, host: string): Promise<{ host: string }> {
      allow(who, 'domain.block')
      const name = hostOf(host, [])
      return store.write(async (tx) => {
        const old = await rows.find(name, tx)
        if (!old) throw new Problem('not-blocked', `${name} is not blocked`, { status: 404, field: 'host' })
        await rows.drop(tx, name)
        await record(store, tx, clock, { by: who.by, action: 'domain.unblock', subject: `host:${name}`, before: { policy: old.policy, why: old.why } })
        await settle(tx, (list) => list.delete(name))
        return { host: name }
      })
    },

    /** By host. @param after the last one of the page before */
    async list(who: Who | undefined, after?: string, limit = 100): Promise<DomainPolicy[]> {
      allow(who, 'domain.block')
      return rows.list(limit, after)
    },

    /** A curator hides a post that a block has hidden: the block's end no longer shows it. False where no block has hidden it. */
    async keepHidden(_tx: Db, post: { id: string; author: string }): Promise<boolean> {
      for await (const { key, value } of kv.list([HIDDEN, post.author])) {
        const posts = value as Hidden[], rest = posts.filter((p) => p.id !== post.id)
        if (rest.length === posts.length) continue
        await (rest.length ? kv.set(key, rest) : kv.delete(key))
        return true
      }
      return false
    },

    /** The job that does what the list says. */
    handlers({ fedi, posts }: Reach): Record<string, JobHandler> {
      const isOut = (author: string): boolean => { const host = hostOfActor(author); return host !== undefined && isBlocked(host) }
      async function hide(author: string): Promise<void> {
        for (let n = BATCH; n === BATCH;) {
          n = await store.write(async (tx) => {
            const taken = await posts.hide(tx, author, BATCH)
            if (taken[0]) await kv.set([HIDDEN, author, taken[0].id], taken)
            return taken.length
          })
        }
      }
      return {
        [SETTLE]: {
          concurrency: 1,
          async run(_job, signal) {
            const goOn = () => { if (signal.aborted) throw new PutOff(0, 'this process ends') }
            await refresh()
            const cut = await fedi.cutOff(isBlocked)
            if (cut.followers || cut.following) log.info('blocked servers: {followers} followers and {following} followed actors are gone', { ...cut })
            for (let after: string | undefined = ''; after !== undefined;) {
              const page: string[] = await posts.authors(after, BATCH)
              for (const author of page) if (isOut(author)) { goOn(); await hide(author) }
              after = page.length === BATCH ? page.at(-1) : undefined
            }
            for await (const { key, value } of kv.list([HIDDEN])) {
              const author = key[1]
              if (author === undefined || isOut(author)) continue
              goOn()
              await store.write(async (tx) => {
                await posts.show(tx, value as Hidden[])
                await kv.delete(key)
              })
            }
          },
        },
      }
    },
  }
}
export type Policies = ReturnType<typeof policies>
