/** Other servers and their people: what they say, signed ahead, and what must have become of it in the end. */
import { generateKeyPairSync } from 'node:crypto'
import http from 'node:http'
import { sha256, signRequest, type SignatureKind } from '../../src/fedi/net/sign.ts'
import { makeRemote, note, PUBLIC, rsa, type Remote, type RemoteActorKeys } from '../fedi/instance.ts'

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
export function dice(seed: number): () => number {
  let a = seed >>> 0
  return () => {
    a = (a + 0x6d2b79f5) >>> 0
    let t = Math.imul(a ^ (a >>> 15), 1 | a)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

export interface Host {
  remote: Remote
  people: RemoteActorKeys[]
  /** States when it said something, as we do; most servers do not. */
  dated: boolean
  /** Mastodon's way of signing with RSA, or RFC 9421 with Ed25519, which costs next to nothing. */
  kind: SignatureKind
  /** Each server knocks from an address of its own, where the machine has more than one. */
  agent: http.Agent
}

export async function makeHosts(count: number, people: number): Promise<Host[]> {
  const loopback = (n: number) => (process.platform === 'linux' ? `127.0.1.${n + 1}` : '127.0.0.1')
  return Promise.all(Array.from({ length: count }, async (_, n) => {
    const remote = await makeRemote({ address: loopback(n) })
    const kind = n % 4 < 2 ? 'cavage' as const : 'rfc9421' as const
    const key = kind === 'cavage' ? rsa() : generateKeyPairSync('ed25519')
    return {
      remote, dated: n % 2 === 0, kind,
      people: Array.from({ length: people }, (_x, p) => remote.actor(`p${p}`, { key })),
      agent: new http.Agent({ keepAlive: true, maxSockets: 2, localAddress: loopback(n) }),
    }
  }))
}

export interface Spoken { id: string; headers: Record<string, string>; body: string }

/** Signs it for the instance's shared inbox. */
export function speak(h: Host, by: RemoteActorKeys, activity: { id: string }, inbox: URL): Spoken {
  const body = JSON.stringify(activity)
  const signed = signRequest(h.kind, { method: 'POST', url: inbox, digest: sha256(body), date: new Date(), keyId: by.keyId, key: by.key })
  return { id: activity.id, body, headers: { ...signed, 'content-type': 'application/activity+json', 'content-length': String(Buffer.byteLength(body)) } }
}

/** The status of the answer; 0 where there was none. */
export const knock = (h: Host, s: Spoken, inbox: URL): Promise<number> => new Promise((done) => {
  const request = http.request({ agent: h.agent, host: '127.0.0.1', port: inbox.port, path: inbox.pathname, method: 'POST', headers: s.headers }, (r) => {
    r.resume().on('end', () => done(r.statusCode!)).on('error', () => done(0))
  })
  request.on('error', () => done(0)).setTimeout(20_000, () => request.destroy())
  request.end(s.body)
})

interface Said { by: RemoteActorKeys; activity: { id: string; type: string } }
export interface Expected {
  /** `follower → followed` */
  followers: Set<string>
  /** By id. */
  posts: Map<string, 'public' | 'removed'>
  /** Of each post of the instance: how many like it. */
  likes: Map<string, number>
  /** Follows that must be accepted, with the host that hears of it. */
  accepted: Map<string, Host>
}
export interface Story { host: Host; said: Said[] }

/**
 * What one server's people do, in the order of their doing: they follow, take it back, follow again; two of them are followed by the
 * instance and write, edit and delete; the others like. `much`: how many activities.
 */
export function story(h: Host, much: number, roll: () => number, at: { targets: readonly string[]; posts: readonly string[]; authors: number }, e: Expected): Story {
  const said: Said[] = []
  let n = 0
  let minute = Date.now() - 30 * 60_000
  const say = (by: RemoteActorKeys, type: string, object: unknown, more: object = {}) => {
    const when = h.dated ? { published: new Date(minute += 7).toISOString() } : {}
    const activity = { '@context': 'https://www.w3.org/ns/activitystreams', id: `${by.id}/acts/${++n}`, type, actor: by.id, object, ...when, ...more }
    said.push({ by, activity })
    return activity
  }
  const any = <T>(list: readonly T[]): T => list[Math.floor(roll() * list.length)]!
  const follows = new Map<string, { id: string; type: string; actor: string }>(), likes = new Map<string, object>(), notes: { id: string; by: RemoteActorKeys }[] = []
  while (said.length < much) {
    const what = roll()
    if (what < 0.45) {
      const by = any(h.people), target = any(at.targets), key = `${by.id} → ${target}`
      const old = follows.get(key)
      if (old) {
        say(by, 'Undo', h.dated || roll() < 0.5 ? old : old.id)
        follows.delete(key)
        e.followers.delete(key)
      } else {
        const f = say(by, 'Follow', target)
        follows.set(key, f)
        e.followers.add(key)
      }
    } else if (what < 0.85) {
      const by = any(h.people.slice(0, at.authors))
      const mine = notes.filter((x) => x.by === by)
      if (mine.length && roll() < 0.4) {
        const gone = any(mine)
        notes.splice(notes.indexOf(gone), 1)
        say(by, 'Delete', roll() < 0.5 ? gone.id : { id: gone.id, type: 'Tombstone' }, { to: [PUBLIC] })
        e.posts.set(gone.id, 'removed')
      } else {
        const object = note(by.id, { content: `<p>Words ${n}</p>` })
        notes.push({ id: object.id, by })
        say(by, 'Create', object, { to: [PUBLIC] })
        e.posts.set(object.id, 'public')
      }
    } else {
      const by = any(h.people), post = any(at.posts), key = `${by.id} ${post}`
      const old = likes.get(key)
      if (old) say(by, 'Undo', old)
      else likes.set(key, say(by, 'Like', post))
      if (old) likes.delete(key)
      e.likes.set(post, (e.likes.get(post) ?? 0) + (old ? -1 : 1))
    }
  }
  for (const f of follows.values()) e.accepted.set(f.id, h)
  return { host: h, said }
}

/**
 * As it goes on its way: some of it twice, and not in its order. Where a server states no times, nobody could tell the order of
 * one's Follows of the same actor, so those stay in it; all else may be turned about.
 */
export function shuffled({ host, said }: Story, roll: () => number): Said[] {
  const placed = said.map((s, n) => {
    const { type, object } = s.activity as { type: string; object?: unknown }
    const ofFollow = type === 'Follow' || (type === 'Undo' && (typeof object === 'string' || (object as { type?: string }).type === 'Follow'))
    return { s, at: n + (ofFollow && !host.dated ? 0 : roll() * 25) }
  })
  const twice = placed.filter(() => roll() < 0.05).map(({ s, at }) => ({ s, at: at + roll() * 60 }))
  return [...placed, ...twice].sort((a, b) => a.at - b.at).map((p) => p.s)
}
