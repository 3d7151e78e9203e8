/** A conversation as it is shown: who answers whom, to a bounded depth, whatever the answers say of each other. Pure. */
import type { Post } from './model.ts'

export interface Branch { post: Post; replies: Branch[] }

/** Deeper answers stand beside each other at this depth: on a phone there is no room for more. */
export const DEPTH_MAX = 4

/**
 * The answers (in the order given) as branches. Each stands there exactly once: one whose parent is not among them (hidden, gone, on
 * an earlier page), or that answers itself by way of others, stands at the top.
 * @param only of these, what answers this ActivityPub id, directly or not
 */
export function branches(answers: readonly Post[], only?: string): Branch[] {
  const nodes = new Map(answers.map((post): [string, Branch] => [post.uri, { post, replies: [] }]))
  /** From the top down to the parent; undefined where it goes round. */
  const above = (node: Branch): Branch[] | undefined => {
    const line: Branch[] = [], seen = new Set([node])
    for (let at = nodes.get(node.post.inReplyTo ?? ''); at; at = nodes.get(at.post.inReplyTo ?? '')) {
      if (seen.has(at)) return undefined
      seen.add(at)
      line.unshift(at)
    }
    return line
  }
  const top: Branch[] = []
  for (const node of nodes.values()) {
    const line = above(node) ?? []
    if (only !== undefined && (line[0] ?? node).post.inReplyTo !== only) continue
    const parent = line[Math.min(line.length, DEPTH_MAX - 1) - 1]
    if (parent) parent.replies.push(node)
    else top.push(node)
  }
  return top
}
