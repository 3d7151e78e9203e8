/** The number of likes and boosts on a post's card: words in every language, and nobody's name. */
import { describe, expect, test } from 'vitest'
import { languages, translator } from '../../src/web/words.ts'
import type { Page } from '../../src/web/page.tsx'
import type { Post } from '../../src/talk/model.ts'
import { PostCard } from '../../src/talk/views.tsx'

const post: Post = {
  id: '1', uri: 'https://coops.example/ap/notes/1', author: 'https://coops.example/ap/actors/coop', authorName: 'Coop', authorHandle: '@coop@coops.example',
  authorUrl: null, organisation: '1', speaker: 'coop', kind: 'note', title: null, inReplyTo: null, thread: '1', context: null, visibility: 'public', pinned: null, text: 'Hello', html: '<p>Hello</p>', note: null, language: null, url: null,
  published: new Date('2026-11-20T10:00:00Z'), updated: null, state: 'public', likes: 0, boosts: 0, replies: 0,
}
const card = (lang: string, likes: number, boosts: number): string => {
  const page = { lang, dir: 'ltr', t: translator(lang), path: '/talk', now: new Date('2026-11-23T10:00:00Z') } as Page
  return String(PostCard({ page, post: { ...post, likes, boosts } })).replace(/\s+/g, ' ')
}

describe('the count', () => {
  test.each([[3, 1, '3 likes, 1 boost'], [1, 0, '1 like'], [0, 1200, '1,200 boosts']])('%i and %i', (likes, boosts, words) => {
    expect(card('en', likes, boosts)).toContain(`<span>${words}</span>`)
  })
  test('nothing where there is none', () => { expect(card('en', 0, 0)).not.toMatch(/like|boost/) })
  test.each(languages.filter((l) => l !== 'en'))('in its own words: %s', (lang) => {
    const shown = card(lang, 2, 1)
    expect(shown).toMatch(/<span>2 [^<]+1 [^<]+<\/span>/)
    expect(shown).not.toMatch(/likes|boost/)
  })
})
