/** Notes and Articles of other servers, as they really write them, into posts of ours. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isPublic, postFrom } from '../../src/talk/remote-post.ts'

const now = new Date('2026-11-23T12:00:00Z')
const note = (more: object = {}) => ({
  id: 'https://m.example/users/a/statuses/1', type: 'Note', attributedTo: 'https://m.example/users/a', published: '2026-11-01T10:00:00Z',
  to: ['https://www.w3.org/ns/activitystreams#Public'], cc: ['https://m.example/users/a/followers'], content: '<p>Hello <b>there</b></p>', ...more,
})

test('a public note is kept, with its language and its page', () => {
  expect(postFrom(note({ contentMap: { pt: '<p>Olá</p>' }, url: 'https://m.example/@a/1' }), now)).toMatchObject({
    uri: 'https://m.example/users/a/statuses/1', language: 'pt', url: 'https://m.example/@a/1', inReplyTo: null, kind: 'note', visibility: 'public', published: new Date('2026-11-01T10:00:00Z'),
  })
})
test.each([
  ['a string for the addressees', { to: 'https://www.w3.org/ns/activitystreams#Public', cc: undefined }],
  ['the short name of the public', { to: ['as:Public'] }],
  ['unlisted: the public in cc', { to: ['https://m.example/users/a/followers'], cc: ['https://www.w3.org/ns/activitystreams#Public'] }],
  ['objects as addressees', { to: [{ id: 'https://www.w3.org/ns/activitystreams#Public' }] }],
  ['only a contentMap', { content: undefined, contentMap: { en: '<p>Hi</p>' } }],
  ['a null summary', { summary: null }],
  ['unknown things nested anywhere', { attachment: [{ type: 'Strange', deep: [[[1]]] }], tag: 'x', replies: 7 }],
  ['a date that is none', { published: 'yesterday' }],
])('kept in spite of %s', (_, more) => { expect(postFrom(note(more), now)).toBeDefined() })
test.each([
  ['a message to one person', { to: ['https://b.example/ap/actors/x'], cc: [] }],
  ['a message to followers', { to: ['https://m.example/users/a/followers'], cc: [] }],
  ['a vote', { name: 'I will sign', content: undefined }],
  ['a vote with a line break for words', { name: 'I will sign', content: '<br>' }],
  ['nothing but markup', { content: '<p> </p><script>alert(1)</script>' }],
  ['no id', { id: undefined }],
])('not a post: %s', (_, more) => { expect(postFrom(note(more), now)).toBeUndefined() })
test('an Article has a title and its lead is no content note; a Page may be a title and a link', () => {
  expect(postFrom(note({ type: 'Article', name: ' <b>On</b>  work &amp; bread ', summary: 'The lead', content: '<h1>x</h1>' }), now)).toMatchObject({ kind: 'article', title: 'On work & bread', note: null, html: '<p>x</p>' })
  expect(postFrom(note({ type: 'Article', name: 'A', summary: 'Violence', sensitive: true }), now)?.note).toBe('Violence')
  const page = { type: 'Page', name: 'Look at this', content: undefined, attachment: [{ type: 'Image', href: 'https://m.example/x.png' }, { type: 'Link', href: 'https://a.example/b?c="d' }] }
  expect(postFrom(note(page), now)).toMatchObject({ kind: 'article', title: 'Look at this', html: expect.stringMatching(/^<p><a href="https:\/\/a\.example\/b\?c=" rel="nofollow noopener">/) })
  expect(postFrom(note({ ...page, attachment: [{ type: 'Link', href: 'javascript:alert(1)' }] }), now)).toMatchObject({ title: 'Look at this', html: '' })
  expect(postFrom(note({ ...page, name: ' ', attachment: [] }), now)).toBeUndefined()
  expect(postFrom(note({ name: 'A title for a Note' }), now)).toMatchObject({ kind: 'note', title: null })
})
test('what it answers, its conversation, and whether it stands in lists', () => {
  expect(postFrom(note({ inReplyTo: [{ id: 'https://b.example/1' }, 'https://b.example/2'], context: { id: 'https://b.example/c' } }), now)).toMatchObject({ inReplyTo: 'https://b.example/1', context: 'https://b.example/c' })
  expect(postFrom(note({ inReplyTo: null, context: 7 }), now)).toMatchObject({ inReplyTo: null, context: null })
  expect(postFrom(note({ to: [], cc: 'as:Public' }), now)?.visibility).toBe('unlisted')
  expect(postFrom(note({ contentMap: { 'not a tag!': '<p>x</p>' } }), now)?.language).toBeNull()
})
test('a post from the future is from now', () => {
  expect(postFrom(note({ published: '2031-01-01T00:00:00Z' }), now)?.published).toEqual(now)
})
test('the page may be a Link or a list of them', () => {
  expect(postFrom(note({ url: [{ type: 'Link', href: 'mailto:x' }, { type: 'Link', href: 'https://m.example/@a/1' }] }), now)?.url).toBe('https://m.example/@a/1')
  expect(postFrom(note({ url: 'javascript:alert(1)' }), now)?.url).toBeNull()
})
test('whatever arrives, nothing that runs gets through, and nothing is thrown', () => {
  fc.assert(fc.property(fc.oneof(fc.anything(), fc.record({
    id: fc.webUrl(), to: fc.constant('as:Public'), content: fc.oneof(fc.string(), fc.constantFrom('<img src=x onerror=alert(1)>', '<svg/onload=alert(1)>', '<a href="java\nscript:alert(1)">x</a>', '<p style="x">hi</p>')),
    summary: fc.anything(), contentMap: fc.anything(), url: fc.anything(), inReplyTo: fc.anything(), published: fc.anything(),
  })), (o) => {
    const post = postFrom(o, now)
    if (post) expect(post.html).not.toMatch(/<script|<svg|<img|\son\w+=|javascript:|style=/i)
  }))
})
test('is it for everybody?', () => {
  for (const o of [{ to: 'as:Public' }, { cc: [{ id: 'https://www.w3.org/ns/activitystreams#Public' }] }]) expect(isPublic(o)).toBe(true)
  for (const o of [{}, null, 'x', { to: ['https://b.example/x'] }, { bto: 'as:Public' }]) expect(isPublic(o)).toBe(false)
})
