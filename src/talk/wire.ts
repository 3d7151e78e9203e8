/** Inbound: what followed actors publish, change and take down, and who likes and boosts our posts. Anything else falls through without effect. */
import { z } from 'zod'
import type { Fedi, Inbound } from '../fedi/fedi.ts'
import { idOf, isObject } from '../fedi/json.ts'
import { cleanHtml, plainToHtml } from '../kernel/text.ts'
import { DAY, type Clock } from '../kernel/time.ts'
import type { Jobs } from '../store/jobs.ts'
import type { Db, Store } from '../store/store.ts'
import type { JobHandler } from '../store/workers.ts'
import { PUBLIC } from './document.ts'
import type { ReactionKind } from './model.ts'
import type { RemotePost, Talk } from './service.ts'

const HTML_MAX = 100_000 // characters of somebody else's post that are kept
const publicNames = new Set([PUBLIC, 'as:Public', 'Public'])

/** A single value or an array, strings or objects with an id, as other servers write them. */
const references = z.unknown().optional().transform((v): unknown[] => (v === undefined || v === null ? [] : Array.isArray(v) ? v : [v]))
  .transform((list) => list.flatMap((v) => (typeof v === 'string' ? [v] : typeof v === 'object' && v !== null && 'id' in v && typeof v.id === 'string' ? [v.id] : [])))

const text = z.string().optional().catch(undefined)
const instant = z.string().refine((s) => !Number.isNaN(Date.parse(s))).transform((s) => new Date(s)).optional().catch(undefined)
/** `url` may be a string, a Link, or several of them: the first that is a web page. */
const pageUrl = z.unknown().optional().transform((v) => {
  const list = (Array.isArray(v) ? v : [v]).map((x: unknown) => (typeof x === 'object' && x !== null && 'href' in x ? x.href : x))
  return list.find((x): x is string => typeof x === 'string' && /^https?:\/\//.test(x))
})

const note = z.object({
  id: z.string(),
  content: text,
  contentMap: z.record(z.string(), z.string()).optional().catch(undefined),
  name: text,
  summary: text,
  sensitive: z.boolean().optional().catch(undefined),
  mediaType: text,
  published: instant,
  updated: instant,
  url: pageUrl,
  to: references,
  cc: references,
  inReplyTo: references,
})

/**
 * A Note or Article as we keep it, or undefined for what is not a public post: a private message, a vote (`name` and no
 * words; some servers put `<br>` there, WIRE.md 9), something without content.
 * @param now keeps a post from the future from standing on top for ever
 */
export function postFrom(object: unknown, now: Date): (RemotePost & { isReply: boolean }) | undefined {
  const parsed = note.safeParse(object)
  if (!parsed.success) return undefined
  const o = parsed.data
  if (![...o.to, ...o.cc].some((r) => publicNames.has(r))) return undefined
  const [language, mapped] = Object.entries(o.contentMap ?? {})[0] ?? []
  const source = o.content ?? mapped ?? ''
  const html = o.mediaType === 'text/plain' ? plainToHtml(source.slice(0, HTML_MAX)) : cleanHtml(source.slice(0, HTML_MAX))
  const empty = html.replace(/<br\s*\/?>|<\/?p>|\s/g, '') === ''
  if (empty) return undefined
  const published = o.published && o.published < now ? o.published : now
  return {
    uri: o.id, html, note: o.summary?.trim().slice(0, 500) || null, language: language ?? null, url: o.url ?? null,
    published, updated: o.updated ?? null, isReply: o.inReplyTo.length > 0,
  }
}

const FORGET = 'talk.forget'
const SILENCE = 'talk.silence'
const BATCH = 200
/** For so long servers try to deliver what they have said; a little more than we do. */
const RETRIED = 4 * DAY

/** Misskey's emoji is a Like with `content`, others send EmojiReact: an emoji is a like (WIRE.md 9). */
const kinds: Readonly<Record<string, ReactionKind>> = { Like: 'like', EmojiReact: 'like', Announce: 'boost' }
const kindOf = (type: unknown): ReactionKind | undefined => (typeof type === 'string' && Object.hasOwn(kinds, type) ? kinds[type] : undefined)

/** Likes and boosts of our posts, and their taking back: by the id of the activity, or by what it was where it has none. */
function likes(fedi: Fedi, talk: Talk): void {
  const said = async (tx: Db, a: Inbound): Promise<void> => {
    const kind = kindOf(a.type)
    if (kind && a.objectId) await talk.reactions.add(tx, { kind, post: a.objectId, actor: a.actor, activity: a.id })
  }
  const undone = async (tx: Db, a: Inbound): Promise<void> => {
    if (a.objectId !== undefined) return talk.reactions.takeBack(tx, a.actor, a.objectId)
    if (!isObject(a.object)) return
    const kind = kindOf(a.object.type), post = idOf(a.object.object)
    if (kind && post !== undefined) await talk.reactions.takeBackAll(tx, { kind, post, actor: a.actor })
  }
  for (const type of Object.keys(kinds)) {
    fedi.on(type, said)
    fedi.on(`Undo/${type}`, undone)
  }
  fedi.on('Undo', undone) // where only the id is named
}

/** A speaker of ours is gone, and what it has said goes with it: put into the queue in the transaction of its leaving. */
export const silenceSoon = (jobs: Pick<Jobs, 'add'>, tx: Db, speaker: string): Promise<void> => jobs.add(tx, SILENCE, { payload: { speaker } })

/** Registers with the inbox; the returned job handlers go into the house's queue. */
export function talkWire(house: { fedi: Fedi; jobs: Jobs; store: Store; talk: Talk; clock: Clock }): Record<string, JobHandler> {
  const { fedi, jobs, store, talk } = house
  const now = () => house.clock.now()
  async function create(tx: Db, a: Inbound): Promise<void> {
    const post = postFrom(a.object, now())
    // Replies wait for their thread (comments); who is not followed has no business in our lists.
    if (!post || post.isReply || !(await fedi.isFollowed(tx, a.actor))) return
    const author = await fedi.knownActor(a.actor)
    if (!author) return
    const { isReply: _, ...kept } = post
    await talk.receive(tx, author, kept)
  }
  async function update(tx: Db, a: Inbound): Promise<void> {
    const post = postFrom(a.object, now())
    if (!post) return
    const { isReply: _, ...kept } = post
    // An Update may overtake its Create, which then changes nothing. Edits of what was said long ago are not news.
    if (!(await talk.refresh(tx, a.actor, kept)) && now().getTime() - post.published.getTime() < RETRIED) await create(tx, a)
  }
  for (const type of ['Note', 'Article']) {
    fedi.on(`Create/${type}`, create)
    fedi.on(`Update/${type}`, update)
  }
  fedi.on('Delete', async (tx, a) => {
    if (!a.objectId) return
    await talk.withdraw(tx, a.actor, a.objectId)
    await talk.reactions.takeBack(tx, a.actor, a.objectId) // an Announce is deleted by some instead of undone
  })
  likes(fedi, talk)
  fedi.on('Update/Actor', async (tx, a) => {
    const author = await fedi.knownActor(a.actor)
    if (author) await talk.renamed(tx, author)
  })
  // An actor with 10,000 posts goes in many short writes, not in one long one (HOSTILE.md 44).
  fedi.on('Delete/Actor', (tx, a) => jobs.add(tx, FORGET, { payload: { author: a.actor } }))
  return {
    [SILENCE]: {
      concurrency: 1,
      async run(job) {
        const { speaker } = z.object({ speaker: z.string() }).parse(job.payload)
        for (let n = BATCH; n === BATCH;) n = await store.write((tx) => talk.silence(tx, speaker, BATCH))
      },
    },
    [FORGET]: {
      concurrency: 1,
      async run(job) {
        const { author } = z.object({ author: z.string() }).parse(job.payload)
        for (let n = BATCH; n === BATCH;) n = await store.write((tx) => talk.removeOf(tx, author, BATCH))
        for (let n = BATCH; n === BATCH;) n = await store.write((tx) => talk.reactions.dropActor(tx, author, BATCH))
      },
    },
  }
}
