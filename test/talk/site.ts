/** The pages of talk on a real instance, with people who are signed in by a header, and a conversation to look at. */
import { Hono } from 'hono'
import type { Who } from '../../src/accounts/model.ts'
import { moderationPages } from '../../src/talk/moderation-pages.tsx'
import { talkPages } from '../../src/talk/pages.tsx'
import { securityHeaders } from '../../src/web/headers.ts'
import { activity, note, post as deliver, type Remote, type RemoteActorKeys } from '../fedi/instance.ts'
import { testApp } from '../web/helpers.ts'
import type { TalkInstance } from './house.ts'

export const people: Readonly<Record<string, Who>> = {
  admin: { by: 'user:a', role: 'admin', editorOf: new Set(), userId: 'a' },
  curator: { by: 'user:c', role: 'curator', editorOf: new Set(), userId: 'c' },
  editor: { by: 'user:e', role: 'member', editorOf: new Set(['1']), userId: 'e' },
  rosa: { by: 'user:u1', role: 'member', editorOf: new Set(['1']), userId: 'u1' },
  member: { by: 'user:m', role: 'member', editorOf: new Set(), userId: 'm' },
}

export function talkSite(i: TalkInstance, origin: string = i.origin): Hono {
  const site = new Hono()
  site.use(securityHeaders(origin))
  site.route('/', testApp((a) => {
    a.use(async (c, next) => {
      const name = c.req.header('x-who') ?? /\bwho=(\w+)/.exec(c.req.header('cookie') ?? '')?.[1] ?? ''
      c.set('who', people[name])
      if (people[name]) c.set('viewer', { name, role: people[name].role })
      await next()
    })
    a.route('/', moderationPages(i.talk))
    a.route('/', talkPages(i.talk))
  }, { origin }))
  return site
}

/** A signed Create of a reply; the reply's id. */
export async function say(i: TalkInstance, by: RemoteActorKeys, to: string, content: string, more: Record<string, unknown> = {}): Promise<string> {
  const said = note(by.id, { inReplyTo: to, content, url: by.id.replace('/users/', '/@'), ...more })
  const what = activity(by.id, 'Create', said)
  // A connection that was kept open may just have been closed: the same again changes nothing.
  const r = await deliver(`${i.origin}/ap/inbox`, what, by).catch(() => deliver(`${i.origin}/ap/inbox`, what, by))
  if (r.status !== 202) throw new Error(`refused: ${r.status}`)
  await i.settled()
  return said.id
}
export type { Remote }
