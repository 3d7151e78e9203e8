/** What reports are about, by the ids that others know: asked of the rooms that have them. */
import type { Accounts } from '../accounts/service.ts'
import { personPath } from '../accounts/document.ts'
import type { Coops } from '../coops/service.ts'
import type { Uris } from '../fedi/uris.ts'
import { excerpt, plainOf } from '../kernel/text.ts'
import type { Post } from '../talk/model.ts'
import type { Talk } from '../talk/service.ts'
import type { Foreign, Subject } from './service.ts'

export interface SubjectHouse {
  uris: Pick<Uris, 'handleOf' | 'instanceHandle'>
  organisations: { read: Pick<Coops['read'], 'organisation'> }
  accounts: Pick<Accounts, 'person'>
  talk: { read: Pick<Talk['read'], 'byId' | 'byUri'> }
}

/** Who said it, and how it begins. */
const opening = (p: Post): string => [p.authorName, excerpt(plainOf(p.html).replace(/\s+/g, ' ').trim(), 60)].filter(Boolean).join(': ')

export function subjects(house: SubjectHouse) {
  const { uris, organisations, accounts, talk } = house

  async function one(id: string): Promise<Subject | undefined> {
    const handle = uris.handleOf(id)
    if (handle === 'directory' || handle === uris.instanceHandle) return { id, label: handle, href: '/about' }
    if (handle !== undefined) {
      const organisation = await organisations.read.organisation(handle)
      if (organisation) return { id, label: organisation.name, href: `/co-ops/${handle}` }
      const person = await accounts.person(handle)
      return person && { id, label: person.name, href: personPath(handle) }
    }
    const post = await talk.read.byUri(id)
    return post && post.state !== 'removed' ? { id, label: opening(post), href: `/posts/${post.id}` } : undefined
  }

  return {
    /** What is known of them; gone things and addresses that mean nothing here are left out. */
    async about(ids: readonly string[]): Promise<Map<string, Subject>> {
      const found = await Promise.all(ids.map(one))
      return new Map(found.filter((s) => s !== undefined).map((s) => [s.id, s]))
    },
    /** A post of another server, by its id here. */
    async foreign(id: string): Promise<Foreign | undefined> {
      const post = id === '' ? undefined : await talk.read.byId(id)
      return post && post.speaker === null && post.state !== 'removed' ? { id: post.uri, author: post.author, label: opening(post), href: `/posts/${post.id}` } : undefined
    },
  }
}
