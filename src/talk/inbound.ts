/**
 * What comes from other servers, in the caller's transaction: posts of actors that are followed here, and answers to posts that are
 * kept here. Nothing is fetched for a conversation: what answers something that is not here is not kept, unless it names one of
 * our own threads as its `context` (FEP-7888), which a peer's answer to an answer does even where it comes first.
 */
import type { Fedi, RemoteActor } from '../fedi/fedi.ts'
import { sameOrigin } from '../fedi/json.ts'
import { newId } from '../kernel/ids.ts'
import { HOUR, type Clock } from '../kernel/time.ts'
import { getMeta } from '../store/meta.ts'
import type { Db, Store } from '../store/store.ts'
import { COMMENTS_AN_HOUR, replyPolicies, type Post, type PostState, type ReplyPolicy } from './model.ts'
import type { PostStore, Row } from './store.ts'

export interface InboundHouse { store: Store; clock: Clock; fedi: Pick<Fedi, 'isGone' | 'isFollowed' | 'uris'>; posts: PostStore }

/** A remote post, cleaned, as the wire hands it in. */
export type RemotePost = Pick<Post, 'uri' | 'kind' | 'title' | 'html' | 'note' | 'language' | 'url' | 'published' | 'updated' | 'inReplyTo' | 'context' | 'visibility'>

/** Fact about the instance: the policy for answers from elsewhere. */
export const REPLIES = 'replies'
export async function readPolicy(store: Store, db: Db = store.read): Promise<ReplyPolicy> {
  const value = await getMeta(store, REPLIES, db)
  return replyPolicies.find((p) => p === value) ?? 'open'
}

/** `@name@host`: as the host's WebFinger confirmed it, else by the name that the actor has on its own host. */
export function handleOf(a: RemoteActor): string {
  if (a.handle) return `@${a.handle}`
  const name = a.document.preferredUsername
  return typeof name === 'string' && /^[\p{L}\p{N}_.-]{1,100}$/u.test(name) ? `@${name}@${a.host}` : a.id
}

/** How a remote author stands above a post. */
export const bylineOf = (author: RemoteActor): Pick<Post, 'authorName' | 'authorHandle' | 'authorUrl'> =>
  ({ authorName: author.name, authorHandle: handleOf(author), authorUrl: author.url ?? null })

export function inbound(house: InboundHouse) {
  const { store, clock, fedi, posts } = house

  /** The post that is answered, or the beginning of our thread that is named. */
  async function placeOf(tx: Db, post: RemotePost): Promise<Row | undefined> {
    const parent = post.inReplyTo === null ? undefined : await posts.rowByUri(post.inReplyTo, tx)
    if (parent) return parent
    const ours = fedi.uris.object('notes', ''), context = post.context ?? ''
    if (!context.startsWith(ours) || !context.endsWith('/context')) return undefined
    const root = await posts.rowById(context.slice(ours.length, -'/context'.length), tx)
    return root?.inReplyTo === null && root.speaker !== null ? root : undefined
  }

  /** Where an answer stands at first; undefined: it is not kept. */
  async function stateOf(tx: Db, author: string, parent: Row, followed: boolean): Promise<PostState | undefined> {
    const policy = await readPolicy(store, tx)
    if (policy === 'closed') {
      // Somebody whom we follow goes on in a thread of their own: that is no answer to us.
      const root = parent.thread === null || parent.thread === parent.id ? parent : await posts.rowById(parent.thread, tx)
      return followed && root?.author === author ? 'public' : undefined
    }
    if (parent.state === 'held' || parent.state === 'hidden') return 'held'
    if (followed) return 'public'
    const hourAgo = new Date(clock.now().getTime() - HOUR)
    if (await posts.cameSince(author, hourAgo, COMMENTS_AN_HOUR, tx) >= COMMENTS_AN_HOUR) return 'held'
    return policy === 'open' || await posts.isTrusted(author, tx) ? 'public' : 'held'
  }

  /** New words, unless they are older than what is kept (HOSTILE.md 43). */
  async function refresh(tx: Db, old: Row, author: string, post: RemotePost): Promise<boolean> {
    if (old.author !== author || old.state === 'removed' || old.speaker !== null) return false
    // What was never edited is older than any edit, also within one instant.
    if (post.updated === null ? old.updated !== null : post.updated < (old.updated ?? old.published)) return false
    const { html, note, title, language, url, updated, context } = post
    await posts.change(tx, old.id, { html, note, title: old.kind === 'article' ? title : null, language, url, updated, context })
    return true
  }

  return {
    /**
     * A post by Create or Update, in whatever order they come: added where it belongs here, otherwise its words are those of the
     * newer one. An id that was removed changes nothing. True when something has changed.
     * @param vouched a group that is followed hands it on
     */
    async receive(tx: Db, author: RemoteActor, post: RemotePost, vouched = false): Promise<boolean> {
      if (fedi.uris.isLocal(post.uri) || await fedi.isGone(tx, author.id)) return false
      const old = await posts.rowByUri(post.uri, tx)
      if (old) return refresh(tx, old, author.id, post)
      const followed = vouched || await fedi.isFollowed(tx, author.id)
      const id = newId()
      const row: Row = {
        ...post, id, author: author.id, ...bylineOf(author),
        organisation: null, speaker: null, text: null, thread: id, pinned: null, state: 'public',
      }
      if (post.inReplyTo === null) return followed && posts.add(tx, row)
      const parent = await placeOf(tx, post)
      const state = parent && await stateOf(tx, author.id, parent, followed)
      return state !== undefined && posts.add(tx, { ...row, thread: parent!.thread ?? parent!.id, state })
    },

    /**
     * The author took the post down, or shows it to nobody in particular any more; or its server did.
     * @param forServer the actor is its server's own
     */
    async withdraw(tx: Db, actor: string, uri: string, forServer = false): Promise<boolean> {
      const old = await posts.rowByUri(uri, tx)
      if (!old || old.speaker !== null || old.state === 'removed') return false
      if (old.author !== actor && !(forServer && sameOrigin(uri, actor))) return false
      await posts.blank(tx, old.id)
      return true
    },
  }
}
