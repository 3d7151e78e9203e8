/** Posts as they are sent and served: golden files, read by Fedify as another server would, and expanded by JSON-LD. */
import { Article, Collection, Hashtag, Mention, Note } from '@fedify/vocab'
import { expect, test } from 'vitest'
import { contextLoader } from '../../src/fedi/contexts.ts'
import { inContext } from '../../src/fedi/terms.ts'
import type { Json } from '../../src/fedi/fedi.ts'
import { contextOf, countsOf, listOfIds, noteOf, pageOfIds, repliesOf } from '../../src/talk/document.ts'
import { lostTerms } from '../fedi/expands.ts'

const loaders = { contextLoader, documentLoader: contextLoader }
const uri = 'https://coops.example/ap/notes/0193-1'
const base = {
  uri, kind: 'note' as const, title: null, author: 'https://coops.example/ap/actors/stocksy', html: '<p>Hello <a href="https://coops.example/talk?tag=co_ops" class="mention hashtag" rel="tag">#co_ops</a></p>', note: null, language: 'en',
  published: new Date('2026-11-20T10:00:00Z'), updated: null, inReplyTo: null, context: contextOf(uri), visibility: 'public' as const,
}
const at = { followers: 'https://coops.example/ap/actors/stocksy/followers', page: 'https://coops.example/posts/0193-1' }
const hashtag = { type: 'Hashtag', href: 'https://coops.example/talk?tag=co_ops', name: '#co_ops' }
const mention = { type: 'Mention', href: 'https://social.example/users/ada', name: '@ada@social.example' }

const stored: Record<string, Json> = {
  note: inContext(noteOf(base, { ...at, tag: [hashtag] })),
  'reply': inContext(noteOf({ ...base, inReplyTo: 'https://social.example/users/ada/statuses/1', context: 'https://social.example/contexts/1', note: 'About food', updated: new Date('2026-11-21T10:00:00Z') }, { ...at, tag: [mention], cc: [mention.href] })),
  article: inContext(noteOf({ ...base, kind: 'article', title: 'How we began', visibility: 'unlisted' }, at)),
}
const served: Record<string, Json> = {
  ...stored,
  'note-served': { ...stored.note!, replies: listOfIds(repliesOf(uri), 2, { uris: ['https://social.example/1', 'https://social.example/2'] }), ...countsOf(uri, { likes: 3, boosts: 1 }) },
  context: inContext(listOfIds(contextOf(uri), 23, { uris: [uri, 'https://social.example/1'], next: '1_0193' }, { attributedTo: base.author })),
  'replies-page': inContext(pageOfIds(repliesOf(uri), `${repliesOf(uri)}?after=1_0193`, { uris: ['https://social.example/3'] })),
}

test.each(Object.entries(served))('%s: as it was, and every term is understood', async (name, document) => {
  await expect(`${JSON.stringify(document, null, 2)}\n`).toMatchFileSnapshot(`golden/${name}.json`)
  expect(await lostTerms(document)).toEqual([])
})

test('a note, as Fedify reads it', async () => {
  const n = await Note.fromJsonLd(stored.note, loaders)
  expect([n.id?.href, n.attributionId?.href, n.toIds.map(String), n.ccIds.map(String), n.repliesId?.href, n.likesId?.href]).toEqual(
    [uri, base.author, ['https://www.w3.org/ns/activitystreams#Public'], [at.followers], `${uri}/replies`, `${uri}/likes`])
  expect(String(n.content)).toBe(base.html)
  const tags: unknown[] = []
  for await (const t of n.getTags(loaders)) tags.push(t instanceof Hashtag ? [String(t.name), t.href?.href] : t)
  expect(tags).toEqual([['#co_ops', hashtag.href]])
})
test('a reply: what it answers, whom it mentions, a content note', async () => {
  const n = await Note.fromJsonLd(stored.reply, loaders)
  expect([n.replyTargetId?.href, String(n.summary), n.updated?.toString(), n.ccIds.map(String)]).toEqual(
    ['https://social.example/users/ada/statuses/1', 'About food', '2026-11-21T10:00:00Z', [at.followers, mention.href]])
  for await (const t of n.getTags(loaders)) expect(t instanceof Mention && [String(t.name), t.href?.href]).toEqual([mention.name, mention.href])
})
test('an article has a name and no summary', async () => {
  const a = await Article.fromJsonLd(stored.article, loaders)
  expect([String(a.name), a.summary, a.ccIds.map(String)]).toEqual(['How we began', null, ['https://www.w3.org/ns/activitystreams#Public']])
})
test('replies have a first page with them in it', async () => {
  const n = await Note.fromJsonLd(served['note-served'], loaders)
  const replies = await n.getReplies(loaders)
  expect(replies).toBeInstanceOf(Collection)
  const first = await replies!.getFirst(loaders)
  expect([replies!.totalItems, first!.itemIds.map(String), first!.partOfId?.href]).toEqual([2, ['https://social.example/1', 'https://social.example/2'], `${uri}/replies`])
})
