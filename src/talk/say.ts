/**
 * How anything is said here: state, document, activity and audit entry in the caller's transaction, without a question of who may.
 * Whoever calls has asked that: this room's service for people, rooms above for what their own services have allowed.
 */
import type { Fedi, Json } from '../fedi/fedi.ts'
import { listOf } from '../fedi/json.ts'
import { PUBLIC } from '../fedi/terms.ts'
import { Problem } from '../kernel/errors.ts'
import { newId } from '../kernel/ids.ts'
import { move } from '../kernel/states.ts'
import { plainToHtml } from '../kernel/text.ts'
import type { Clock } from '../kernel/time.ts'
import { record, type By } from '../store/audit.ts'
import type { Db, Store } from '../store/store.ts'
import { addressed, contextOf, noteOf } from './document.ts'
import { withHashtags } from './hashtags.ts'
import { isPersonal, postMoves, subjectOf, type Post, type Speaker } from './model.ts'
import type { Reactions } from './reactions.ts'
import type { PostStore } from './store.ts'

export interface SayHouse { store: Store; clock: Clock; fedi: Fedi; posts: PostStore; reactions: Pick<Reactions, 'dropPost'> }

/** Words: plain text of somebody, or HTML that we made ourselves and that is safe to show. One of the two. */
interface Words {
  text?: string
  html?: string
  /** Makes it an Article. */
  title?: string
  /** BCP 47 tag. */
  language?: string
  /** A content note: what readers see before they open it. */
  summary?: string
  /** Hashtag, Mention and Link objects besides the hashtags in `text`. */
  tag?: readonly Json[]
}
export interface Saying extends Words {
  speaker: Speaker
  /** ActivityPub id of what it answers. A post kept here lends its thread, and its author is mentioned and written to. */
  inReplyTo?: string
  /** Default `public`; `unlisted` is for everybody who finds it and in no list. */
  visibility?: Post['visibility']
  /** Ids of further actors that it is sent to. */
  cc?: readonly string[]
}

const isMention = (t: unknown): t is Json => typeof t === 'object' && t !== null && (t as Json).type === 'Mention'

export function sayings(house: SayHouse) {
  const { store, clock, fedi, posts } = house
  const at = (handle: string, id: string) => ({ followers: fedi.uris.followers(handle), page: `${fedi.origin}/posts/${id}` })

  function worded(w: Words): { text: string | null; html: string; tag: Json[] } {
    if (w.html !== undefined) return { text: null, html: w.html, tag: [...(w.tag ?? [])] }
    const { html, tag } = withHashtags(plainToHtml(w.text ?? ''), fedi.origin)
    return { text: w.text ?? '', html, tag: [...tag, ...(w.tag ?? [])] }
  }
  const audience = (cc: readonly string[]) => ({ followers: true, actors: cc.filter((a) => !fedi.uris.isLocal(a)) })

  /** Who is mentioned and sent to by the post as it stands; an edit and a Delete go to the same. */
  async function around(tx: Db, post: Post & { speaker: string }): Promise<{ followers: string; page: string; tag: Json[]; cc: string[] }> {
    const base = at(post.speaker, post.id)
    const document = await posts.documentOf(tx, post.uri)
    const cc = [...listOf(document?.to), ...listOf(document?.cc)].filter((r): r is string => typeof r === 'string' && r !== PUBLIC && r !== base.followers)
    return { ...base, cc, tag: listOf(document?.tag).filter((t): t is Json => typeof t === 'object' && t !== null) }
  }

  /** Our own post that is there, or a Problem. */
  async function ours(tx: Db, id: string): Promise<Post & { speaker: string }> {
    const post = await posts.byId(id, tx)
    if (!post || post.state === 'removed') throw new Problem('not-found', 'this post is not there', { status: 404 })
    if (post.speaker === null) throw new Problem('foreign', 'only its own server changes this post', { status: 403 })
    return { ...post, speaker: post.speaker }
  }

  return {
    /**
     * Says something: post, document, `Create` to the followers (and to the author of what it answers, and to `cc`), audit entry.
     * Problem `not-open` (409) where the speaker cannot post.
     */
    async say(tx: Db, s: Saying, by: By): Promise<Post> {
      const { speaker } = s
      if (!speaker.open) throw new Problem('not-open', speaker.why ?? `${speaker.handle} cannot post`, { status: 409, field: 'handle' })
      const id = newId()
      const uri = fedi.uris.object('notes', id)
      const author = fedi.uris.actor(speaker.handle)
      const parent = s.inReplyTo === undefined ? undefined : await posts.byUri(s.inReplyTo, tx)
      const answered = parent && parent.state !== 'removed' && parent.author !== author ? parent : undefined
      const { text, html, tag } = worded(s)
      // A reply is no unasked message: its author hears of it, and their server shows it in the thread.
      const mention = answered && !tag.some((t) => isMention(t) && t.href === answered.author)
        ? [{ type: 'Mention', href: answered.author, name: answered.authorHandle }] : []
      const post: Post = {
        id, uri, kind: s.title === undefined ? 'note' : 'article', title: s.title ?? null, author, authorName: speaker.name,
        authorHandle: `@${speaker.handle}@${fedi.handleHost}`, authorUrl: null, organisation: speaker.id, speaker: speaker.handle,
        text, html, note: s.summary ?? null, language: s.language ?? null, url: null, published: clock.now(), updated: null,
        inReplyTo: s.inReplyTo ?? null, thread: parent ? parent.thread ?? parent.id : id,
        context: s.inReplyTo === undefined ? contextOf(uri) : parent?.context ?? null,
        visibility: s.visibility ?? 'public', pinned: null, state: 'public', likes: 0, boosts: 0, replies: 0,
      }
      const around = { ...at(speaker.handle, id), tag: [...mention, ...tag], cc: [...new Set([...(answered ? [answered.author] : []), ...(s.cc ?? [])])] }
      await posts.add(tx, post)
      const document = noteOf(post, around)
      await fedi.putObject(tx, document)
      await fedi.publish(tx, {
        actor: speaker.handle, to: audience(around.cc), inOutbox: true,
        activity: { type: 'Create', published: document.published, ...addressed(post.visibility, around), object: document },
      })
      await record(store, tx, clock, { by, action: 'post.publish', subject: subjectOf(post) })
      return post
    },

    /**
     * New words for a post of ours: `Update` to whom it went. What is not given stays, the same words again change nothing;
     * `title` changes that of an article and makes none of a note. Problem `not-found`, `foreign`.
     */
    async reword(tx: Db, id: string, w: Words, by: By): Promise<Post> {
      const old = await ours(tx, id)
      const was = await around(tx, old)
      // What is not said anew stays: whom it mentions always, links and tags unless they come from the words.
      const others = was.tag.filter((t) => w.text === undefined || t.type !== 'Hashtag')
      const fresh = w.text === undefined && w.html === undefined ? { text: old.text, html: old.html, tag: w.tag ?? others } : worded({ ...w, tag: w.tag ?? others })
      const next: Post & { speaker: string } = {
        ...old, text: fresh.text, html: fresh.html, language: w.language ?? old.language, note: w.summary ?? old.note,
        title: old.kind === 'article' ? w.title ?? old.title : old.title,
      }
      const mentions = was.tag.filter((t) => isMention(t) && !fresh.tag.some((f) => isMention(f) && f.href === t.href))
      const now = { ...was, tag: [...mentions, ...fresh.tag] }
      const same = next.html === old.html && next.text === old.text && next.language === old.language && next.note === old.note && next.title === old.title
      if (same && JSON.stringify(now.tag) === JSON.stringify(was.tag)) return old
      // Of two edits in one instant readers could not tell the newer.
      next.updated = new Date(Math.max(clock.now().getTime(), (old.updated?.getTime() ?? 0) + 1))
      await posts.change(tx, id, { text: next.text, html: next.html, language: next.language, note: next.note, title: next.title, updated: next.updated })
      const document = noteOf(next, now)
      await fedi.putObject(tx, document)
      await fedi.publish(tx, { actor: old.speaker, to: audience(was.cc), activity: { type: 'Update', ...addressed(old.visibility, was), object: document } })
      // What somebody unsays is theirs to unsay, and a digest names co-ops that may have left since: no words of either are kept here.
      const words = isPersonal(old) || by === 'system' ? {} : { before: old.text ?? old.html, after: next.text ?? next.html }
      await record(store, tx, clock, { by, action: 'post.edit', subject: subjectOf(old), ...words })
      return next
    },

    /** Takes a post of ours down for good: its words go, its id answers 410, a `Delete` goes to whom it went. */
    async takeDown(tx: Db, id: string, by: By, why?: string): Promise<void> {
      const old = await ours(tx, id)
      const was = await around(tx, old)
      const formerType = old.kind === 'article' ? 'Article' : 'Note'
      move('post', postMoves, old.state, 'removed')
      await posts.blank(tx, id)
      await house.reactions.dropPost(tx, id)
      await fedi.buryObject(tx, old.uri, formerType)
      await fedi.publish(tx, {
        actor: old.speaker, to: audience(was.cc),
        activity: { type: 'Delete', ...addressed(old.visibility, was), object: { id: old.uri, type: 'Tombstone', formerType } },
      })
      await record(store, tx, clock, { by, action: 'post.remove', subject: subjectOf(old), ...(why ? { why } : {}) })
    },
  }
}
export type Sayings = ReturnType<typeof sayings>
