/**
 * Puts a payload of another server through the real inbox, and says in a few words what it did. The servers that it names become
 * servers of this process, one for each origin, so that signatures, fetches and the rules about origins are the real ones.
 */
import { configure, reset, type LogRecord } from '@logtape/logtape'
import { eq } from 'drizzle-orm'
import { authorsOf } from '../../src/fedi/dispatch/authority.ts'
import { idOf, isObject, originOf } from '../../src/fedi/json.ts'
import { ACTOR_TYPES } from '../../src/fedi/remote-shape.ts'
import { fediTables } from '../../src/fedi/tables.ts'
import { Problem } from '../../src/kernel/errors.ts'
import type { Store } from '../../src/store/store.ts'
import { talkTables } from '../../src/talk/tables.ts'
import { POST_TYPES, postFrom } from '../../src/talk/remote-post.ts'
import { talkInstance } from '../talk/house.ts'
import { makeRemote, post, PUBLIC, rsa, type Remote } from './instance.ts'

export type Json = Record<string, unknown>
const keys = rsa()
const AS2 = 'https://www.w3.org/ns/activitystreams'
/** Not servers of somebody, but names of terms. */
const TERMS = /^https?:\/\/(www\.w3\.org|w3id\.org|purl\.[a-z.]+|joinmastodon\.org|schema\.org)$/

/** Each string of the document, outside of its contexts, through `f`. */
const mapped = (value: unknown, f: (s: string) => string): unknown => {
  if (typeof value === 'string') return f(value)
  if (Array.isArray(value)) return value.map((v) => mapped(v, f))
  if (!isObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, k === '@context' ? v : mapped(v, f)]))
}

export async function payloads(store: Store) {
  const i = await talkInstance(store)
  const reasons: string[] = []
  await configure({
    reset: true,
    sinks: { kept: (r: LogRecord) => { if (r.properties.reason !== undefined) reasons.push(String(r.properties.reason)) } },
    loggers: [
      { category: ['toadlane', 'fedi', 'dispatch'], sinks: ['kept'], lowestLevel: 'debug' },
      { category: ['logtape', 'meta'], sinks: [], lowestLevel: 'fatal' },
    ],
  })
  const coop = i.fedi.uris.actor('coop')
  await i.say('Ours')
  const ours = (await i.talk.read.latest(1))[0]!.uri
  const following = fediTables(store.kit).following
  const reactions = talkTables(store.kit).reactions

  /** The payload among servers of its own, and a way to be one of its actors. */
  async function stage(payload: Json) {
    const servers = new Map<string, Remote>()
    const origins = new Set<string>()
    mapped(payload, (s) => { const o = /^https?:\/\/[^/\s]/.test(s) ? originOf(s) : undefined; if (o && !TERMS.test(o)) origins.add(o); return s })
    for (const o of origins) servers.set(o, await makeRemote())
    const elsewhere = await makeRemote()
    const move = (s: string): string => {
      const from = /^https?:\/\/[^/\s]/.test(s) ? originOf(s) : undefined
      const to = from === undefined ? undefined : servers.get(from)
      return to ? to.origin + s.slice(/^https?:\/\/[^/?#]+/.exec(s)![0].length) : s
    }
    const all = [...servers.values(), elsewhere]
    const serverOf = (id: string) => all.find((r) => r.origin === originOf(id))
    const path = (id: string) => { const u = new URL(id); return u.pathname + u.search }
    return {
      document: mapped(payload, move) as Json,
      elsewhere,
      serve(id: string, document: unknown) { serverOf(id)?.documents.set(path(id), document) },
      /** Serves an actor that can sign, and sends. */
      async send(activity: Json, actor: string): Promise<string | undefined> {
        serverOf(actor)?.documents.set(path(actor), {
          '@context': [AS2, 'https://w3id.org/security/v1'], id: actor, type: 'Person', preferredUsername: 'a', inbox: `${originOf(actor)}/in`,
          publicKey: { id: `${actor}#main-key`, owner: actor, publicKeyPem: String(keys.publicKey.export({ type: 'spki', format: 'pem' })) },
        })
        const answer = await post(`${i.origin}/ap/inbox`, activity, { keyId: `${actor}#main-key`, key: keys.privateKey })
        if (answer.status !== 202) return `refused (${answer.status}): ${(await answer.text()).trim()}`
        await i.settled()
        return undefined
      },
      close: () => Promise.all(all.map((r) => r.close())),
    }
  }
  type Stage = Awaited<ReturnType<typeof stage>>

  const followed = (actor: string) => store.write(async (tx) => {
    await tx.insert(following).values({ actor: 'coop', target: actor, state: 'accepted', activity: `${i.origin}/ap/activities/x`, since: new Date() }).onConflictDoNothing()
  })

  async function state(actor: string, object: string | undefined) {
    const rows = await store.read.select({ kind: reactions.kind }).from(reactions)
    const kept = object === undefined ? undefined : await i.talk.read.byUri(object)
    const [row] = await store.read.select({ state: following.state }).from(following).where(eq(following.target, actor))
    return {
      follower: (await i.fedi.followers('coop')).includes(actor), post: kept?.state === 'removed' ? undefined : kept && `${kept.title ?? ''}${kept.html}`, answers: kept?.inReplyTo != null, asked: row?.state,
      likes: rows.filter((r) => r.kind === 'like').length, boosts: rows.filter((r) => r.kind === 'boost').length,
      gone: await store.write((tx) => i.fedi.isGone(tx, actor)),
    }
  }
  type State = Awaited<ReturnType<typeof state>>
  function changes(a: State, b: State): string[] {
    const words: (string | false | undefined)[] = [
      !a.follower && b.follower && 'follower', a.follower && !b.follower && 'follower dropped', !a.gone && b.gone && 'actor gone',
      a.post === undefined && b.post !== undefined && (b.answers ? 'kept as reply' : 'kept as post'), a.post !== undefined && b.post === undefined && 'post deleted',
      a.post !== undefined && b.post !== undefined && a.post !== b.post && 'post changed',
      a.likes < b.likes && 'like counted', a.likes > b.likes && 'like taken back', a.boosts < b.boosts && 'boost counted', a.boosts > b.boosts && 'boost taken back',
      a.asked === 'requested' && b.asked !== a.asked && `our follow ${b.asked}`,
    ]
    return words.filter((w): w is string => typeof w === 'string')
  }

  function why(activity: Json): string {
    const given = reasons.at(-1)
    if (given) return `: ${given}`
    if (activity.type !== 'Create' || !isObject(activity.object)) return ''
    if (!POST_TYPES.some((t) => t === (activity.object as Json).type)) return ': kind unknown'
    const read = postFrom(activity.object, new Date())
    return read?.inReplyTo ? ': a reply to what is not here' : read ? '' : ': no public words'
  }

  async function effect(s: Stage, activity: Json, actor: string): Promise<string> {
    const object = idOf(activity.object)
    const before = await state(actor, object)
    reasons.length = 0
    const refused = await s.send(activity, actor)
    if (refused) return refused
    const did = changes(before, await state(actor, object))
    return did.length ? did.join(', ') : `no effect${why(activity)}`
  }

  /** The same activity, about something of ours where it could be; and what has to come before it. undefined: it could not. */
  async function aimed(s: Stage, a: Json, actor: string): Promise<{ first: Json[]; then: Json } | undefined> {
    const inner = isObject(a.object) ? a.object : undefined
    switch (a.type) {
      case 'Follow': return { first: [], then: { ...a, object: coop } }
      case 'Like': case 'Dislike': case 'EmojiReact': return { first: [], then: { ...a, object: ours } }
      case 'Create': return inner?.inReplyTo ? { first: [], then: { ...a, object: { ...inner, inReplyTo: ours } } } : undefined
      case 'Announce': return inner ? undefined : { first: [], then: { ...a, object: ours } }
      case 'Block': return { first: [{ '@context': AS2, id: `${a.id}/before`, type: 'Follow', actor, object: coop }], then: { ...a, object: coop } }
      case 'Undo': {
        const undone = inner ?? { '@context': AS2, id: a.object, type: 'EmojiReact', content: '👍', actor, object: ours }
        const about = await aimed(s, undone, actor)
        return about && { first: [about.then], then: inner ? { ...a, object: about.then } : a }
      }
      case 'Accept': case 'Reject': {
        if (inner && inner.type !== 'Follow') return undefined
        s.serve(actor, { id: actor, type: 'Person', preferredUsername: 'a', inbox: `${originOf(actor)}/in` })
        await i.fedi.follow({ handle: 'coop' }, actor)
        await i.settled()
        const [row] = await store.read.select({ id: following.activity }).from(following).where(eq(following.target, actor))
        return { first: [], then: { ...a, object: inner ? { ...inner, id: row!.id, actor: coop, object: actor } : row!.id } }
      }
      default: return undefined
    }
  }

  /** What has to be there for an Update or Delete to change anything: the post, from a followed actor. */
  const before = (a: Json, actor: string): Json | undefined => {
    const object = idOf(a.object)
    if ((a.type !== 'Delete' && a.type !== 'Update') || object === undefined || object === actor || originOf(object) !== originOf(actor)) return undefined
    return { '@context': AS2, id: `${a.id}/before`, type: 'Create', actor, object: { id: object, type: 'Note', attributedTo: actor, to: [PUBLIC], content: 'Before', published: '2000-01-01T00:00:00Z' } }
  }

  async function activity(payload: Json): Promise<string> {
    const found: string[] = []
    const s = await stage(payload)
    try {
      const actor = idOf(s.document.actor)!
      if (s.document.type === 'Create' || before(s.document, actor)) await followed(actor)
      const first = before(s.document, actor)
      if (first) await s.send(first, actor)
      // The actor's own Delete is heard from whom we know.
      else if (s.document.type === 'Delete') await s.send({ '@context': AS2, id: `${String(s.document.id)}/before`, type: 'Hello', actor, object: actor }, actor)
      found.push(await effect(s, s.document, actor))
    } finally { await s.close() }
    const t = await stage(payload)
    try {
      const actor = idOf(t.document.actor)!
      const about = await aimed(t, t.document, actor)
      if (about) {
        for (const a of about.first) await t.send(a, actor)
        found.push(`at us: ${await effect(t, about.then, actor)}`)
      }
    } finally { await t.close() }
    return found.join('; ')
  }

  async function actorDocument(payload: Json): Promise<string> {
    const s = await stage(payload)
    try {
      const id = String(s.document.id)
      s.serve(id, s.document)
      const known = await i.fedi.lookupActor(id)
      return `actor: ${known.type}`
    } catch (e) {
      if (e instanceof Problem) return `no actor: ${e.message}`
      throw e
    } finally { await s.close() }
  }

  /** By itself it does nothing; its author, whom we follow, sends it in a Create. */
  async function object(payload: Json): Promise<string> {
    const s = await stage(payload)
    try {
      const author = authorsOf(s.document)[0]
      const actor = author !== undefined && originOf(author) ? author : `${originOf(s.document.id) ?? s.elsewhere.origin}/users/somebody`
      const bare = await s.send(s.document, actor)
      if (typeof s.document.type !== 'string') return bare ?? 'taken'
      if (bare === undefined && s.document.actor === undefined) throw new Error('an object passed for an activity')
      await followed(actor)
      const created = (object: Json, n: number): Json => ({ '@context': AS2, id: `${actor}/create/${n}`, type: 'Create', actor, object })
      const found = await effect(s, created(s.document, 1), actor)
      const atUs = s.document.inReplyTo ? `; at us: ${await effect(s, created({ ...s.document, inReplyTo: ours }, 2), actor)}` : ''
      return `in a Create: ${found}${atUs}`
    } finally { await s.close() }
  }

  return {
    /** What it does, in words; with `; at us:` what it does when it is about an actor or post of ours. */
    async outcome(payload: Json): Promise<string> {
      if (typeof payload.type === 'string' && ACTOR_TYPES.has(payload.type)) return actorDocument(payload)
      const isActivity = typeof payload.type === 'string' && payload.object !== undefined && originOf(idOf(payload.actor)) !== undefined
      return isActivity ? activity(payload) : object(payload)
    },
    async close() {
      await reset()
      await i.close()
    },
  }
}
