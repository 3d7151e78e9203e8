/**
 * What another server runs, as its NodeInfo says (FEP-f1d5): for the page of whoever looks after this instance, and for nothing
 * else. Asked some minutes after the first delivery and weekly from then on, a few servers at a time, unsigned and bounded; an
 * answer that cannot be had is asked for again a week later.
 */
import { getLogger } from '@logtape/logtape'
import { z } from 'zod'
import { Problem, safeReason } from '../kernel/errors.ts'
import { DAY, type Clock } from '../kernel/time.ts'
import type { Jobs } from '../store/jobs.ts'
import type { Store } from '../store/store.ts'
import type { JobHandler } from '../store/workers.ts'
import type { HostBook } from './delivery/hosts.ts'
import type { Fetcher } from './fetch.ts'
import type { Json } from './fedi.ts'
import { isObject, listOf } from './json.ts'
import { bareHost } from './net/address.ts'
import { SCHEMA } from './http/nodeinfo.ts'

const log = getLogger(['toadlane', 'fedi', 'software'])

/** Payload: { host }. */
export const SOFTWARE = 'software'
const AGAIN = 7 * DAY
/** At a time: a post that goes to thousands of new servers is not followed by as many questions at once. */
const SOME = 50

/** Asks what servers run that were reached and have not been asked for a week. Comes round by the clock. */
export async function askSoftware(house: { store: Store; clock: Clock; jobs: Jobs; hosts: HostBook }): Promise<void> {
  await house.hosts.save()
  await house.store.write(async (tx) => {
    const hosts = await house.hosts.unasked(tx, new Date(house.clock.now().getTime() - AGAIN), SOME)
    await house.jobs.addMany(tx, SOFTWARE, hosts.map((host) => ({ key: `${SOFTWARE} ${host}`, payload: { host } })))
  })
}

/** As much as is read of either document: they are a few hundred bytes. */
const LONGEST = 64 * 1024
const ACCEPT = 'application/json'
const VERSIONS = ['2.1', '2.0'] as const // the newest that is there, and no others: what we read of both is the same

/** Of the server itself or a part of it: whoever else answers for it is not asked. */
function isOf(url: URL, host: string): boolean {
  return url.host === host || url.hostname.endsWith(`.${host.replace(/:\d+$/, '')}`)
}

/** Where the discovery document says that NodeInfo stands; undefined where it names no place on that server. */
export function nodeInfoAt(discovery: Json, host: string, local: boolean): string | undefined {
  const links = listOf(discovery.links).filter(isObject).slice(0, 20)
  for (const version of VERSIONS) {
    for (const l of links) {
      if (l.rel !== SCHEMA + version || typeof l.href !== 'string' || !URL.canParse(l.href)) continue
      const url = new URL(l.href)
      if ((url.protocol === 'https:' || (local && url.protocol === 'http:')) && isOf(url, host)) return url.href
    }
  }
  return undefined
}

const named = z.object({ software: z.object({ name: z.string(), version: z.string().optional().catch(undefined) }) })

/** `mastodon 4.5.1`: a name of 40 characters and a version of 60 at most, and nothing in them but letters, digits and a few signs. */
export function softwareOf(nodeInfo: Json): string | undefined {
  const read = named.safeParse(nodeInfo)
  if (!read.success) return undefined
  const name = read.data.software.name.slice(0, 200).toLowerCase().replace(/[^a-z0-9._-]+/g, '').slice(0, 40)
  const version = (read.data.software.version ?? '').slice(0, 400).replace(/[^A-Za-z0-9.+_~-]+/g, ' ').trim().slice(0, 60)
  return name ? [name, version].filter(Boolean).join(' ') : undefined
}

export function softwareHandler(house: { fetch: Fetcher; hosts: HostBook; allowPrivate: boolean; isBlocked(host: string): boolean }): JobHandler {
  /** Over https; over http only in development and to this machine. */
  async function ask(host: string): Promise<string | undefined> {
    const local = house.allowPrivate && /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/.test(host)
    const at = (scheme: string) => house.fetch.json(`${scheme}://${host}/.well-known/nodeinfo`, ACCEPT, { limit: LONGEST })
    const discovery = await at('https').catch((e: unknown) => { if (local) return at('http'); throw e })
    const url = discovery && nodeInfoAt(discovery, host, local)
    const info = url === undefined ? undefined : await house.fetch.json(url, ACCEPT, { limit: LONGEST })
    return info && softwareOf(info)
  }

  return {
    concurrency: 2,
    async run(job) {
      const { host } = z.object({ host: z.string() }).parse(job.payload)
      if (!URL.canParse(`https://${host}/`) || house.isBlocked(bareHost(new URL(`https://${host}/`)))) return
      try {
        const software = await ask(host)
        if (software !== undefined) await house.hosts.runs(host, software)
      } catch (e) {
        if (!(e instanceof Problem) || e.code === 'busy') throw e
        log.debug('{host} does not say what it runs: {reason}', { host, reason: safeReason(e) })
      }
    },
  }
}
