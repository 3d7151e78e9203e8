/**
 * What two instances do to each other in the property test, and what must have become of it in the end.
 *
 * A room that has more to say adds it here: an entry in `deeds` (does it with the room's real service, and notes in the world what
 * it was meant to be), and, where there is something new to look at, an entry in `looks`. Nothing else knows the deeds.
 *
 * What is promised, and what cannot be:
 * - Who follows whom is what was last wanted, whatever overtook what.
 * - A post is *owed* to the other side when somebody there was among the author's followers as it was said (edited, taken down), and
 *   that side has followed the author ever since. What is owed is there, once, as it was last said, or is gone. What is not owed –
 *   said before the Follow had come, changed after the Undo had – is the way of ActivityPub: nobody can know of it.
 * - Likes and boosts are counted by what each actor last meant.
 * - Of an actor that is gone nothing is left.
 */
import { eq, inArray } from 'drizzle-orm'
import { expect } from 'vitest'
import { commandLine } from '../../src/accounts/model.ts'
import { fediTables } from '../../src/fedi/tables.ts'
import { peerTables } from '../../src/peers/tables.ts'
import { talkTables } from '../../src/talk/tables.ts'
import { enrol, quiet, type Letter, type Side } from './pair.ts'

/** `n` and the two actors are read modulo what there is, so that every drawn deed means something however it is shrunk. */
export interface Deed { do: keyof typeof deeds; side: 0 | 1; x: number; y: number; n: number }

/** `steady` and `leaver` are followed by the other side's `steady` from the beginning; `fickle` by nobody. */
const ROLES = ['steady', 'fickle', 'leaver'] as const
type Role = (typeof ROLES)[number]

interface Actor { side: Side; role: Role; handle: string; uri: string; name: string; gone: boolean; /** The other side is told of its name by then. */ named?: Owed }
/** Reached the other side in its n-th unbroken time of following the author. */
interface Owed { time: number | 'always' }
interface Post { id: string; uri: string; by: Actor; text: string; state: 'public' | 'removed'; /** Of its last change. */ owed: Owed | undefined; answers?: Post }
interface Reaction { kind: 'like' | 'boost'; by: Actor; post: Post }

export interface World {
  sides: readonly [Side, Side]
  actors: Actor[]
  posts: Post[]
  reactions: Reaction[]
  /** `uri of the follower → uri of the followed`, as last wanted. */
  follows: Set<string>
  /** How often nobody of the other side has followed the author any more. */
  breaks: Map<string, number>
}

const arrow = (by: Actor, of: Actor) => `${by.uri} → ${of.uri}`
const others = (w: World, a: Actor) => w.actors.filter((o) => o.side !== a.side)
const followedBy = (w: World, by: readonly Actor[], of: Actor) => by.some((b) => w.follows.has(arrow(b, of)))
const actor = (w: World, side: number, n: number) => w.actors.filter((a) => a.side.index === side)[n % ROLES.length]!
const pick = <T>(list: readonly T[], n: number): T | undefined => (list.length ? list[n % list.length] : undefined)

/** What is said by `by` just now: does it reach the other side? */
async function owed(w: World, by: Actor): Promise<Owed | undefined> {
  const there = others(w, by)
  const addressed = (await by.side.house.fedi.followers(by.handle)).some((f) => there.some((o) => o.uri === f))
  return addressed && followedBy(w, there, by) ? { time: w.breaks.get(by.uri) ?? 0 } : undefined
}
const holds = (w: World, by: Actor, o: Owed | undefined) => o?.time === 'always' || (o !== undefined && followedBy(w, others(w, by), by) && o.time === (w.breaks.get(by.uri) ?? 0))
/** Of a post: who answers is heard by whom they answer, and so are their second thoughts. */
const owedOf = async (w: World, p: Post): Promise<Owed | undefined> => (p.answers ? p.owed : owed(w, p.by))

function ends(w: World, by: Actor, of: Actor): void {
  if (w.follows.delete(arrow(by, of)) && !followedBy(w, others(w, of), of)) w.breaks.set(of.uri, (w.breaks.get(of.uri) ?? 0) + 1)
}

let words = 0

/** What the readers of a speaker do. */
export const LISTENS: ReadonlySet<string> = new Set(['follow', 'unfollow', 'block', 'like', 'boost', 'takeBack', 'reply'])

export const deeds = {
  async follow(w: World, d: Deed) {
    const by = actor(w, d.side, d.x), of = actor(w, 1 - d.side, d.y)
    if (by.gone || of.gone) return
    await by.side.house.fedi.follow({ handle: by.handle }, of.uri)
    w.follows.add(arrow(by, of))
  },
  async unfollow(w: World, d: Deed) {
    const by = actor(w, d.side, d.x), of = actor(w, 1 - d.side, d.y)
    if (by.gone || of.gone) return
    await by.side.house.fedi.unfollow({ handle: by.handle }, of.uri)
    ends(w, by, of)
  },
  /** As other servers do it: who blocks follows no longer, and says both. */
  async block(w: World, d: Deed) {
    const by = actor(w, d.side, d.x), of = actor(w, 1 - d.side, d.y)
    if (by.gone || of.gone) return
    const { fedi, store } = by.side.house
    await fedi.unfollow({ handle: by.handle }, of.uri)
    await store.write((tx) => fedi.publish(tx, { actor: by.handle, activity: { type: 'Block', to: [of.uri], object: of.uri }, to: { actors: [of.uri] } }))
    ends(w, by, of)
  },
  async post(w: World, d: Deed) {
    const by = actor(w, d.side, d.x)
    if (by.gone) return
    const text = `Words ${++words}`
    const to = await owed(w, by)
    const { id, uri } = await by.side.house.talk.publish(commandLine, by.handle, { text })
    w.posts.push({ id, uri, by, text, state: 'public', owed: to })
  },
  async edit(w: World, d: Deed) {
    const post = pick(w.posts.filter((p) => p.by.side.index === d.side && p.state === 'public' && !p.by.gone), d.n)
    if (!post) return
    post.owed = await owedOf(w, post)
    post.text = `Words ${++words}`
    await post.by.side.house.talk.edit(commandLine, post.id, { text: post.text })
  },
  async remove(w: World, d: Deed) {
    const post = pick(w.posts.filter((p) => p.by.side.index === d.side && p.state === 'public' && !p.by.gone), d.n)
    if (!post) return
    post.owed = await owedOf(w, post)
    post.state = 'removed'
    await post.by.side.house.talk.remove(commandLine, post.id)
  },
  /** An answer to a post of the other side, as far as that has come. */
  async reply(w: World, d: Deed) {
    const by = actor(w, d.side, d.x), parent = pick(w.posts.filter((p) => p.by.side.index !== d.side), d.n)
    if (!parent || by.gone || by.role === 'leaver' || w.posts.filter((p) => p.by === by && p.answers).length === ANSWERS) return
    const { talk } = by.side.house
    const there = await talk.read.byUri(parent.uri)
    if (there?.state !== 'public') return
    const text = `Words ${++words}`
    const { id, uri } = await talk.reply(commandLine, by.handle, there.id, { text })
    w.posts.push({ id, uri, by, text, state: 'public', owed: { time: 'always' }, answers: parent })
  },
  like: (w: World, d: Deed) => react(w, d, 'like'),
  boost: (w: World, d: Deed) => react(w, d, 'boost'),
  /** Of everything that was liked and boosted: the n-th is taken back. */
  async takeBack(w: World, d: Deed) {
    const r = pick(w.reactions.filter((x) => x.by.side.index === d.side && !x.by.gone), d.n)
    if (!r) return
    await r.by.side.house.talk.unreact(commandLine, r.by.handle, r.kind, r.post.uri)
    w.reactions.splice(w.reactions.indexOf(r), 1)
  },
  async rename(w: World, d: Deed) {
    const a = actor(w, d.side, d.x)
    if (a.gone) return
    const to = await owed(w, a)
    a.name = `Co-op ${++words}`
    await a.side.house.organisations.put(commandLine, { handle: a.handle, name: a.name, kind: 'cooperative' })
    if (to) a.named = to
    else delete a.named
  },
  async leave(w: World, d: Deed) {
    const a = actor(w, d.side, ROLES.indexOf('leaver'))
    if (a.gone) return
    const told = await owed(w, a)
    await a.side.house.organisations.optOut(commandLine, a.handle, 'wishes to go')
    a.gone = true
    for (const p of w.posts) if (p.by === a) Object.assign(p, { state: 'removed', owed: told })
    for (const o of others(w, a)) { w.follows.delete(arrow(a, o)); w.follows.delete(arrow(o, a)) }
  },
}

/** What has to do with each other. A new deed belongs into one of them, or makes one. */
export const themes: readonly (readonly (keyof typeof deeds)[])[] = [
  ['follow', 'unfollow', 'block'],
  ['post', 'edit', 'remove'],
  ['follow', 'post', 'edit', 'unfollow'],
  ['post', 'like', 'boost', 'takeBack', 'remove'],
  ['post', 'reply', 'edit', 'remove'],
  ['post', 'rename', 'leave', 'follow', 'like'],
]

async function react(w: World, d: Deed, kind: Reaction['kind']): Promise<void> {
  const by = actor(w, d.side, d.x)
  const post = pick(w.posts.filter((p) => p.by.side.index !== d.side && p.state === 'public' && !p.by.gone), d.n)
  if (!post || by.gone || by.role === 'leaver' || w.reactions.some((r) => r.by === by && r.post === post && r.kind === kind)) return
  await by.side.house.talk.react(commandLine, by.handle, kind, post.uri)
  w.reactions.push({ kind, by, post })
}

/** What is looked at in the end, each from both sides. */
const looks: Readonly<Record<string, (w: World) => Promise<void>>> = {
  async 'who follows whom'(w) {
    const said = new Set<string>(), kept = new Set<string>()
    for (const s of w.sides) {
      const mine = w.actors.filter((a) => a.side === s)
      const { following, followers } = fediTables(s.house.store.kit)
      const handles = mine.map((a) => a.handle)
      const of = (handle: string) => mine.find((a) => a.handle === handle)!.uri
      const goneTo = (uri: string) => w.actors.some((a) => a.uri === uri && a.gone)
      for (const r of await s.house.store.read.select().from(following).where(inArray(following.actor, handles))) {
        // Asked of one that was gone when the letter came: the answer is its inbox's 410, which the gate keeps to itself.
        if (r.state === 'requested' && goneTo(r.target)) continue
        said.add(`${of(r.actor)} → ${r.target}${r.state === 'accepted' ? '' : ` (${r.state})`}`)
      }
      for (const r of await s.house.store.read.select().from(followers).where(inArray(followers.actor, handles))) kept.add(`${r.follower} → ${of(r.actor)}`)
    }
    const wanted = [...w.follows].sort()
    expect([...said].sort(), 'as the followers see it').toEqual(wanted)
    expect([...kept].sort(), 'as the followed see it').toEqual(wanted)
  },

  async 'posts, at home and abroad'(w) {
    for (const p of w.posts) {
      const home = p.by.side.house, abroad = p.by.side.other.house
      const document = await fetch(p.uri, { headers: { accept: 'application/activity+json' } })
      expect([p.text, document.status], 'its document').toEqual([p.text, p.state === 'public' ? 200 : 410])
      expect([p.text, (await home.talk.read.byId(p.id))?.state], 'at home').toEqual([p.text, p.state])
      const { posts: t } = talkTables(abroad.store.kit)
      const rows = await abroad.store.read.select().from(t).where(eq(t.uri, p.uri))
      expect(rows.length, 'never twice').toBeLessThan(2)
      const there = rows[0]
      if (!(p.by.gone ? p.owed !== undefined : holds(w, p.by, p.owed))) continue
      // Whom it answers is gone: it may have come before or after, and nobody is there to be told of a change.
      if (p.answers && (p.answers.by.gone || (p.answers.state === 'removed' && p.state === 'public'))) continue
      if (p.answers && p.state === 'public') expect([p.text, there?.inReplyTo]).toEqual([p.text, p.answers.uri])
      if (p.state === 'removed') expect([p.text, there?.state ?? 'removed', there?.html ?? ''], 'abroad').toEqual([p.text, 'removed', ''])
      else expect([there?.state, there?.html], 'abroad').toEqual(['public', `<p>${p.text}</p>`])
      if (p.state === 'public' && p.by.named && holds(w, p.by, p.by.named)) expect(there?.authorName, 'its author’s name').toBe(p.by.name)
    }
  },

  /** Directories follow each other from the beginning: what the one lists the other has, as it is, and what has left it has not. */
  async 'what the other directory lists'(w) {
    for (const a of w.actors) {
      const { store } = a.side.other.house
      const { mirrored } = peerTables(store.kit)
      const [row] = await store.read.select().from(mirrored).where(eq(mirrored.id, a.uri))
      expect([a.handle, row?.name]).toEqual([a.handle, a.gone ? undefined : a.name])
    }
  },

  async 'names'(w) {
    for (const a of w.actors) {
      const known = await a.side.other.house.fedi.knownActor(a.uri)
      if (a.named && !a.gone && holds(w, a, a.named)) expect(known?.name).toBe(a.name)
    }
  },

  async 'likes and boosts'(w) {
    for (const p of w.posts) {
      if (p.state === 'removed') continue
      const count = (kind: Reaction['kind']) => w.reactions.filter((r) => r.post === p && r.kind === kind).length
      const { likes, boosts } = (await p.by.side.house.talk.read.byId(p.id))!
      expect([p.text, likes, boosts]).toEqual([p.text, count('like'), count('boost')])
    }
  },
}

export async function lookAt(w: World): Promise<void> {
  for (const look of Object.values(looks)) await look(w)
}

let runs = 0
/** Answers of one actor: fewer than would make a moderator look. */
const ANSWERS = 15
const acquainted = new WeakSet<Side>()

/** A world of its own: fresh actors who know each other, and the first follows settled. */
export async function newWorld(sides: readonly [Side, Side], waiting: Letter[]): Promise<World> {
  const run = ++runs
  const w: World = { sides, actors: [], posts: [], reactions: [], follows: new Set(), breaks: new Map() }
  if (!acquainted.has(sides[0])) {
    for (const { house, other } of sides) await house.fedi.follow({ handle: 'directory' }, other.house.fedi.uris.actor('directory'))
    await handOnAll(w, waiting)
    acquainted.add(sides[0])
  }
  for (const side of sides) for (const role of ROLES) {
    const handle = `${role}${run}${'ab'[side.index]}`
    w.actors.push({ side, role, handle, uri: await enrol(side, handle), name: `Co-op ${handle}`, gone: false })
  }
  await Promise.all(w.actors.map((a) => a.side.other.house.fedi.lookupActor(a.uri)))
  for (const side of [0, 1] as const) for (const of of ['steady', 'leaver'] as const) {
    await deeds.follow(w, { do: 'follow', side, x: 0, y: ROLES.indexOf(of), n: 0 })
  }
  await handOnAll(w, waiting)
  return w
}

/** Everything that waits, in the order of its coming, until nothing comes any more. */
export async function handOnAll(w: World, waiting: Letter[], pick: () => number = () => 0): Promise<void> {
  await quiet(w.sides)
  while (waiting.length) {
    await handOn(w, waiting.splice(pick() % waiting.length, 1))
    await quiet(w.sides)
  }
}

/** These letters at once. Refused is only what has to do with somebody who is gone. */
export async function handOn(w: World, letters: readonly Letter[]): Promise<void> {
  const statuses = await Promise.all(letters.map((l) => l.deliver()))
  statuses.forEach((status, n) => {
    if (status === 202) return
    const { activity } = letters[n]!
    const gone = w.actors.some((a) => a.gone && JSON.stringify(activity).includes(`"${a.uri}"`))
    expect([status, activity.type], 'an inbox refused').toEqual([gone ? status : 202, activity.type])
  })
}
