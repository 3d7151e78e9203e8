/** Curators and what came from elsewhere: let in, hide, show again; and who is let in at once. It never travels (WIRE.md 1.4). */
import { z } from 'zod'
import { allow, type Who } from '../accounts/model.ts'
import { hostOfActor } from '../fedi/cut.ts'
import { Problem, problemsOf } from '../kernel/errors.ts'
import { move } from '../kernel/states.ts'
import type { Clock } from '../kernel/time.ts'
import { record } from '../store/audit.ts'
import { setMeta } from '../store/meta.ts'
import type { Db, Store } from '../store/store.ts'
import { readPolicy, REPLIES } from './inbound.ts'
import { postMoves, replyPolicies, type Post, type PostState, type ReplyPolicy } from './model.ts'
import type { After, PostStore, Row } from './store.ts'

export const reasonInput = z.object({
  why: z.string({ error: 'form.required' }).trim().min(1, 'form.required').max(500).refine((s) => !s.includes('\0'), 'holds a NUL character'),
})
export const policyInput = z.object({ replies: z.enum(replyPolicies) })

/** Whole servers that are blocked, as the room above knows them. */
export interface ServerBlocks {
  isBlocked(host: string): boolean
  /** A curator hides what a block has hidden: it stays so when the block ends. False where no block has hidden it. */
  keepHidden(tx: Db, post: Pick<Post, 'id' | 'author'>): Promise<boolean>
}

export function moderation(house: { store: Store; clock: Clock; posts: PostStore; blocks?: ServerBlocks }) {
  const { store, clock, posts, blocks } = house
  /** Is its author's whole server blocked? What comes from there is shown to nobody. */
  const isBlocked = (post: Pick<Post, 'author' | 'speaker'>): boolean => {
    const host = post.speaker === null ? hostOfActor(post.author) : undefined
    return host !== undefined && (blocks?.isBlocked(host) ?? false)
  }

  async function foreign(tx: Db, id: string): Promise<Row> {
    const post = await posts.rowById(id, tx)
    if (!post || post.state === 'removed') throw new Problem('not-found', 'this post is not there', { status: 404 })
    if (post.speaker !== null) throw new Problem('ours', 'a post of this instance is taken down, not hidden', { status: 409 })
    return post
  }
  /** Being there already is no mistake: somebody else was quicker, or the button was pressed twice. */
  async function change(who: Who | undefined, id: string, to: PostState, action: string, why?: string): Promise<void> {
    allow(who, 'comment.moderate')
    await store.write(async (tx) => {
      const post = await foreign(tx, id)
      if (to === 'public' && isBlocked(post)) {
        throw new Problem('server-blocked', `${hostOfActor(post.author)} is blocked as a whole: unblock it before any of its posts is shown`, { status: 409 })
      }
      if (post.state === to && !(to === 'hidden' && await blocks?.keepHidden(tx, post))) return
      if (post.state !== to) await posts.change(tx, id, { state: move('post', postMoves, post.state, to) })
      await record(store, tx, clock, { by: who.by, action, subject: post.uri, before: post.state, after: to, ...(why ? { why } : {}) })
    })
  }

  return {
    isBlocked,
    policy: (): Promise<ReplyPolicy> => readPolicy(store),
    async setPolicy(who: Who | undefined, input: unknown): Promise<boolean> {
      allow(who, 'comment.moderate')
      const parsed = policyInput.safeParse(input)
      if (!parsed.success) throw problemsOf(parsed.error)
      return store.write(async (tx) => {
        const before = await readPolicy(store, tx), after = parsed.data.replies
        if (before === after) return false
        await setMeta(store, tx, REPLIES, after)
        await record(store, tx, clock, { by: who.by, action: 'site.changed', subject: 'site', before: { replies: before }, after: { replies: after } })
        return true
      })
    },
    async held(who: Who | undefined, limit: number, after?: After): Promise<Post[]> {
      allow(who, 'comment.moderate')
      return posts.moderated('held', limit, after)
    },
    async hidden(who: Who | undefined, limit: number, after?: After): Promise<Post[]> {
      allow(who, 'comment.moderate')
      return posts.moderated('hidden', limit, after)
    },
    async countHeld(who: Who | undefined): Promise<number> {
      allow(who, 'comment.moderate')
      return posts.countHeld()
    },
    /** Shows what waits. Problem `server-blocked` (409), of `show` too. Its author's next answers are shown at once. */
    approve: (who: Who | undefined, id: string) => change(who, id, 'public', 'comment.approve'),
    /** Takes it from view here, with a reason for the log, also where a block has done so for as long as it lasts; its author's next answers wait where the policy is `held`. */
    async hide(who: Who | undefined, id: string, input: unknown): Promise<void> {
      allow(who, 'comment.moderate')
      const parsed = reasonInput.safeParse(input)
      if (!parsed.success) throw problemsOf(parsed.error)
      await change(who, id, 'hidden', 'comment.hide', parsed.data.why)
    },
    show: (who: Who | undefined, id: string) => change(who, id, 'public', 'comment.show'),
  }
}
