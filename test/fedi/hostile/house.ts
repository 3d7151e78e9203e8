/**
 * What the rows of hostile input stand on: a real instance with talk on it, other servers that count what they are asked, and a
 * way to say in one line what a request came to: the status, what it changed in the database, and whom it made us ask for what.
 */
import { connect, Socket } from 'node:net'
import { sql } from 'drizzle-orm'
import { expect } from 'vitest'
import { fediTables } from '../../../src/fedi/tables.ts'
import type { Store } from '../../../src/store/store.ts'
import { engines } from '../../engines.ts'
import { talkInstance } from '../../talk/house.ts'
import { activity, makeRemote, note, post, type InstanceOptions, type PostOptions, type Remote, type RemoteActorKeys } from '../instance.ts'

export interface Outcome {
  status: number
  /** Tables and what became of their rows: `posts +1`. Empty: nothing at all. */
  effect: string[]
  /** Each request to others, and each connection to where nobody is meant to listen. */
  outbound: string[]
}
export const refused = (status: number, outbound: string[] = []): Outcome => ({ status, effect: [], outbound })
/** Taken, remembered under its id, and nothing else. */
export const dropped = (outbound: string[] = [], more: string[] = []): Outcome => ({ status: 202, effect: ['received +1', ...more], outbound })

/** State of how others fare, and sessions: written now and then, whatever comes in. */
const PASSING = new Set(['hosts', 'key_values', '__drizzle_migrations'])

async function dump(store: Store): Promise<Map<string, Set<string>>> {
  const names = await store.read.rows<{ name: string }>(store.engine === 'sqlite'
    ? sql`select name from sqlite_master where type = 'table' and name not like 'sqlite_%'`
    : sql`select tablename as name from pg_tables where schemaname = 'public'`)
  const tables = new Map<string, Set<string>>()
  for (const { name } of names.filter((n) => !PASSING.has(n.name))) {
    tables.set(name, new Set((await store.read.rows(sql`select * from ${sql.identifier(name)}`)).map((row) => JSON.stringify(row))))
  }
  return tables
}

function changes(before: Map<string, Set<string>>, after: Map<string, Set<string>>): string[] {
  return [...after].flatMap(([name, rows]) => {
    const was = before.get(name) ?? new Set()
    const added = [...rows].filter((r) => !was.has(r)).length, gone = [...was].filter((r) => !rows.has(r)).length
    if (!added && !gone) return []
    return [added === gone ? `${name} changed` : `${name} ${added > gone ? '+' : ''}${added - gone}`]
  }).sort()
}

/** Every connection that this process opens, but to `port`. */
function watchConnections(port: number) {
  const seen: string[] = []
  const original = Socket.prototype.connect
  Socket.prototype.connect = function (this: Socket, ...given: unknown[]) {
    const [o] = (Array.isArray(given[0]) ? given[0] : given) as [{ host?: string; port?: number | string } | undefined]
    if (typeof o === 'object' && o.port !== undefined && Number(o.port) !== port) seen.push(`${o.host}:${o.port}`)
    return (original as (...a: unknown[]) => Socket).apply(this, given)
  } as typeof original
  return { seen, stop() { Socket.prototype.connect = original } }
}

export interface HouseOptions {
  fresh?: () => Promise<Store>
  instance?: Partial<InstanceOptions>
  /** false: x has never been met, nor has anybody else. */
  met?: boolean
}

export async function hostileHouse(o: HouseOptions = {}) {
  const i = await talkInstance(await (o.fresh ?? engines[0]!.fresh)(), o.instance)
  const port = Number(new URL(i.origin).port)
  const r = await makeRemote(), other = await makeRemote()
  const x = r.actor('x'), y = r.actor('y')
  const watch = watchConnections(port)
  const shared = `${i.origin}/ap/inbox`
  const { following } = fediTables(i.store.kit)

  const house = {
    i, r, other, x, y, shared, port,
    now: () => o.instance?.clock?.now() ?? new Date(),
    /** Posts of this actor are kept here from now on. */
    followed: (...actors: RemoteActorKeys[]) => i.store.write((tx) => tx.insert(following).values(actors.map((a) => ({
      actor: 'coop', target: a.id, state: 'accepted', activity: `${i.origin}/ap/activities/${a.id}`, since: new Date() })))),
    send: (a: unknown, by: RemoteActorKeys | { keyId: string; key: RemoteActorKeys['key'] } = x, options: PostOptions = {}, to = shared) =>
      post(to, a, by, { date: house.now(), ...options }),
    /** A public Note of x, which would be kept. */
    create: (more: Record<string, unknown> = {}, by = x) => activity(by.id, 'Create', note(by.id, more)),
    /** What a request comes to. `settle: false` where something is meant to wait. */
    async outcome(request: () => Promise<Response | number>, settle = true): Promise<Outcome> {
      for (const server of [r, other]) server.seen.length = 0
      watch.seen.length = 0
      const before = await dump(i.store)
      const answer = await request()
      const status = typeof answer === 'number' ? answer : answer.status
      if (typeof answer !== 'number') await answer.text()
      if (settle) await i.settled()
      const outbound = [r, other].flatMap((server) => server.seen.map((s) => `${s.method} ${server === r ? '' : 'other'}${s.url}`))
      for (const at of watch.seen) if (at !== r.host && at !== other.host) outbound.push(`connection to ${at}`)
      if (!outbound.length && watch.seen.length) outbound.push(...watch.seen.map((at) => `connection to ${at}`))
      return { status, effect: changes(before, await dump(i.store)), outbound }
    },
    async close() {
      watch.stop()
      await i.close()
      await r.close()
      await other.close()
    },
  }
  if (o.met === false) return house
  // Known from here on: its key, and the instance's own, which signs our fetches.
  await house.followed(x)
  expect((await house.send(activity(x.id, 'Hello', x.id))).status).toBe(202)
  await i.settled()
  return house
}
export type HostileHouse = Awaited<ReturnType<typeof hostileHouse>>

export interface RawAnswer { status: number; text: string; /** Bytes that the server let us send. */ sent: number }

/** A request by hand: `body` is asked for more until it has no more or the server has closed the connection. */
export function raw(port: number, head: string[], body: () => string | Uint8Array | undefined = () => undefined, path = '/ap/inbox'): Promise<RawAnswer> {
  return new Promise((done) => {
    let text = '', sent = 0, over = false
    const s = connect(port, '127.0.0.1', () => {
      s.write([`POST ${path} HTTP/1.1`, `host: 127.0.0.1:${port}`, ...head, '', ''].join('\r\n'))
      const more = () => {
        if (over) return
        const chunk = body()
        if (chunk === undefined) return
        s.write(chunk, (e) => { if (e) return; sent += chunk.length; setImmediate(more) })
      }
      setTimeout(more, 100) // an answer to the head alone comes first: what is written into a closed socket would take it with it
    })
    s.on('data', (d) => { text += String(d) })
    s.on('error', () => {})
    s.on('close', () => { over = true; done({ status: Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1] ?? 0), text, sent }) })
  })
}
