/**
 * Ten thousand activities of fifty servers at an instance that is killed in between, again and again. Each server does what real ones
 * do: what was not answered with 202 is sent again. In the end everything has had its effect, once.
 */
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { commandLine } from '../../src/accounts/model.ts'
import { dice, knock, makeHosts, shuffled, speak, story, type Expected, type Host, type Spoken } from './crowd.ts'
import { openHouse } from './house.ts'
import { makeInstance, until, type Instance } from './instances.ts'

const HOSTS = 50, PEOPLE = 4, AUTHORS = 2, MUCH = 10_000
/** Killed when so many have been answered with 202. */
const KILLS = [1500, 4000, 6500, 9000]
const seed = Number(process.env.FLOOD_SEED ?? Date.now() % 1e9)
const roll = dice(seed)

let i: Instance, hosts: Host[] = []
beforeAll(async () => {
  ;[i, hosts] = await Promise.all([makeInstance(), makeHosts(HOSTS, PEOPLE)])
})
afterAll(async () => {
  await i?.remove()
  for (const h of hosts) { h.agent.destroy(); await h.remote.close() }
})

const query = <T>(sql: string): T[] => {
  const db = new Database(i.env.DATABASE_URL!.replace('sqlite:', ''), { readonly: true })
  try { return db.prepare(sql).all() as T[] } finally { db.close() }
}

test(`10,000 activities of fifty servers, killed four times (FLOOD_SEED=${seed})`, async () => {
  const csv = path.join(i.folder, 'co-ops.csv')
  writeFileSync(csv, `handle,name,kind\n${Array.from({ length: 5 }, (_, n) => `weavers${n},Weavers ${n},cooperative`).join('\n')}\n`)
  expect((await i.toadlane(['import', csv, '--consent', 'agreed at a meeting'])).code).toBe(0)
  const inbox = new URL(`${i.origin}/ap/inbox`)
  const asked = new Map<string, Host>()
  const house = await openHouse(i)
  const targets = Array.from({ length: 5 }, (_, n) => house.fedi.uris.actor(`weavers${n}`))
  const posts: string[] = []
  for (let n = 0; n < 10; n++) posts.push((await house.talk.publish(commandLine, `weavers${n % 5}`, { text: `Words of ours ${n}` })).uri)
  for (const h of hosts) for (const p of h.people.slice(0, AUTHORS)) { await house.fedi.follow({ handle: 'directory' }, p.id); asked.set(p.id, h) }
  // Their keys are known from here on: that a key cannot be had on a busy machine is not what this is about.
  for (const h of hosts) await Promise.all(h.people.slice(AUTHORS).map((p) => house.fedi.lookupActor(p.id)))
  await house.close()

  // What each has to say is signed ahead. A Follow of ours is accepted as it comes.
  const e: Expected = { followers: new Set(), posts: new Map(), likes: new Map(posts.map((p) => [p, 0])), accepted: new Map() }
  const queues = new Map<Host, Spoken[]>()
  for (const h of hosts) {
    const told = story(h, MUCH / HOSTS, roll, { targets, posts, authors: AUTHORS }, e)
    queues.set(h, shuffled(told, roll).map((s) => speak(h, s.by, s.activity, inbox)))
    h.remote.answer = (r) => {
      if (r.method !== 'POST') return
      const follow = JSON.parse(String(r.body)) as { id: string; type: string; object: string }
      const by = h.people.find((p) => p.id === follow.object)
      if (follow.type !== 'Follow' || !by) return
      const accept = { '@context': 'https://www.w3.org/ns/activitystreams', id: `${by.id}/accepts`, type: 'Accept', actor: by.id, object: follow.id }
      queues.get(h)!.push(speak(h, by, accept, inbox))
    }
  }

  await i.start()
  await until('our Follows', () => query<{ n: number }>("select count(*) as n from jobs where kind = 'deliver'")[0]!.n === 0, 60_000)

  let answered = 0
  let over = false
  const statuses = new Map<number, number>()
  const killer = (async () => {
    for (const at of KILLS) {
      await until(`${at} answers`, () => answered >= at || over, 120_000)
      await i.stop('SIGKILL')
      await i.start()
    }
  })()
  const send = async (h: Host): Promise<void> => {
    for (let s = queues.get(h)!.shift(); s; s = queues.get(h)!.shift()) {
      for (;;) {
        const status = await knock(h, s, inbox)
        statuses.set(status, (statuses.get(status) ?? 0) + 1)
        if (status === 202) break
        if (status >= 400 && status < 500) throw new Error(`the inbox answered ${status} to ${s.body}\n${i.log().split('\n').slice(-8).join('\n')}`)
        await new Promise((r) => setTimeout(r, 50 + roll() * 100))
      }
      answered++
    }
  }
  // Who states no times keeps its order by sending one after the other.
  await Promise.all(hosts.flatMap((h) => (h.dated ? [send(h), send(h)] : [send(h)])))
  over = true
  await killer
  await until('an empty queue', () => query<{ n: number }>('select count(*) as n from jobs')[0]!.n === 0, 120_000)
  expect(await i.stop()).toBe(0)

  expect(answered).toBeGreaterThanOrEqual(MUCH)
  expect(query('pragma integrity_check')).toEqual([{ integrity_check: 'ok' }])
  expect(query('select kind, cause from dead_letters')).toEqual([])
  const followers = query<{ arrow: string }>(`select follower || ' → ${i.origin}/ap/actors/' || actor as arrow from followers where state = 'accepted' order by 1`)
  expect(followers.map((f) => f.arrow)).toEqual([...e.followers].sort())
  const kept = query<{ uri: string; state: string }>('select uri, state from posts where speaker is null order by uri')
  // What was deleted before it came has left no row, what was there has left an empty one.
  expect(kept.filter((p) => p.state === 'public').map((p) => p.uri)).toEqual([...e.posts].filter(([, s]) => s === 'public').map(([uri]) => uri).sort())
  expect(kept.filter((p) => p.state !== 'public' && e.posts.get(p.uri) !== 'removed')).toEqual([])
  const likes = query<{ uri: string; n: number }>("select uri, count(r.post) as n from posts left join reactions r on r.post = posts.id and r.kind = 'like' where speaker is not null group by uri")
  expect(new Map(likes.map((l) => [l.uri, l.n]))).toEqual(e.likes)
  expect(query("select target from following where state = 'accepted'")).toHaveLength(asked.size)
  const ids = new Set(hosts.flatMap((h) => h.remote.posts().map((s) => JSON.parse(String(s.body)) as { id: string; type: string; object: { id: string } }).filter((a) => a.type === 'Accept').map((a) => `${a.object.id} ${a.id}`)))
  const acceptsOf = new Map<string, number>()
  for (const pair of ids) acceptsOf.set(pair.split(' ')[0]!, (acceptsOf.get(pair.split(' ')[0]!) ?? 0) + 1)
  expect([...acceptsOf].filter(([, n]) => n > 1)).toEqual([]) // one Follow, one Accept, however often it was delivered
  expect([...e.accepted.keys()].filter((id) => !acceptsOf.has(id))).toEqual([])
}, 600_000)
