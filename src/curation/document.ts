/** A report as ActivityPub knows it. Pure: fedi adds id, actor and context. */

/**
 * A Flag as Mastodon reads it: `object` names the account and what it has said, `content` says why. `to` has one reader, so
 * that nobody else may fetch it.
 */
export const flagOf = (f: { author: string; object: string; words: string }): Record<string, unknown> =>
  ({ type: 'Flag', to: [f.author], object: [f.author, f.object], content: f.words })
