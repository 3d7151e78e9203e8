/**
 * What other servers really send, each payload with its effect. The files are other projects' (see their SOURCES.txt) and no part of
 * this one; where they are not there, payloads of our own, of the same shapes, have to do.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { engines } from '../engines.ts'
import { payloads, type Json } from './payload-run.ts'

const FIXTURES = path.resolve('../shared/fixtures')

/**
 * Effect → files, without `.json`. An activity's effect as it stands, and `at us` when it is about an actor or a post of ours; an
 * Update and a Delete come after the post that they are about; an object comes in a Create of its author, whom we follow.
 */
const effects: Readonly<Record<string, string>> = {
  'actor gone': 'lemmy/lemmy/activities/deletion/delete_user',
  'actor: Application': 'fep/fep-f06f-01 lemmy/lemmy/objects/instance lemmy/mbin/objects/instance',
  'actor: Group': `
    lemmy/discourse/objects/group lemmy/gnusocial/objects/group lemmy/lemmy/objects/group lemmy/lotide/objects/group
    lemmy/mobilizon/objects/group lemmy/nodebb/objects/group lemmy/peertube/objects/group lemmy/wordpress/objects/group`,
  'actor: Organization': 'lemmy/friendica/objects/person_2',
  'actor: Person': `
    fedify/activitypub.academy/users/brauca_darradiul fedify/oeee.cafe/ap/users/3609fd4e-d51d-4db8-9f04-4189815864dd
    fedify/wizard.casa/users/hongminhee fep/fep-0837-03 fep/fep-0ea0-01 fep/fep-521a-01 fep/fep-5711-04 fep/fep-844e-02
    fep/fep-c390-01 lemmy/discourse/objects/person lemmy/friendica/objects/person_1 lemmy/gnusocial/objects/person
    lemmy/lemmy/objects/person lemmy/lotide/objects/person lemmy/mastodon/objects/person lemmy/mobilizon/objects/person
    lemmy/nodebb/objects/person lemmy/peertube/objects/person lemmy/pleroma/objects/person lemmy/smithereen/objects/person
    lemmy/wordpress/objects/person`,
  'in a Create: kept as post': `
    fep/fep-044f-01 fep/fep-044f-02 fep/fep-044f-03 fep/fep-044f-08 lemmy/friendica/objects/page_2 lemmy/mastodon/objects/page
    lemmy/nodebb/objects/page lemmy/wordpress/objects/page lemmy/friendica/objects/page_1 lemmy/gnusocial/objects/page
    lemmy/lemmy/objects/page lemmy/lemmy/objects/page_image_and_link lemmy/lotide/objects/page`,
  'kept as post': `
    lemmy/friendica/activities/create_page_1 lemmy/friendica/activities/create_page_2 lemmy/mitra/activities/create_post
    lemmy/gnusocial/activities/create_page lemmy/lemmy/activities/create_or_update/create_page
    lemmy/lotide/activities/create_page`,
  'post changed': `
    lemmy/friendica/activities/update_note lemmy/lemmy/activities/create_or_update/update_page`,
  'post deleted': `
    lemmy/friendica/activities/delete lemmy/lemmy/activities/deletion/delete_page
    lemmy/lemmy/activities/deletion/delete_private_message lemmy/lotide/activities/delete_note lemmy/mastodon/activities/delete
    lemmy/pleroma/activities/delete`,
  'refused (400): id is not one URL': 'fep/fep-1b12-06',
  'refused (400): type is not one string': `
    fedify/gotosocial.org/ns fedify/w3id.org/fep/7aa9 fedify/w3id.org/fep/ef61 fep/fep-3b86-01 fep/fep-3b86-02 fep/fep-3b86-03
    fep/fep-3b86-04 fep/fep-3b86-05 fep/fep-3b86-06 fep/fep-3b86-07 fep/fep-3b86-08 fep/fep-3b86-09 fep/fep-3b86-10 fep/fep-3b86-11
    fep/fep-3b86-12 fep/fep-3b86-13 fep/fep-3b86-14 fep/fep-3b86-15 fep/fep-3b86-16 fep/fep-3b86-17 fep/fep-3b86-18 fep/fep-3b86-19
    fep/fep-3b86-20 fep/fep-3b86-21 fep/fep-3b86-22 fep/fep-3b86-23 fep/fep-3b86-24 fep/fep-3b86-25 fep/fep-3b86-26 fep/fep-3b86-27
    fep/fep-3b86-28 fep/fep-3b86-29 fep/fep-3b86-30 fep/fep-7888-02 fep/fep-7888-03 fep/fep-7888-04 fep/fep-7888-06 fep/fep-7888-07
    fep/fep-7888-08 fep/fep-7888-09 fep/fep-7888-10 fep/fep-7888-12 fep/fep-82f6-01 fep/fep-8967-01 fep/fep-d556-01 fep/fep-d556-02
    fep/fep-d556-03 fep/fep-d556-04 fep/fep-d556-05 fep/fep-d556-06`,
  'in a Create: no effect: a Create of another’s object': `
    fep/fep-1b12-05 fep/fep-2931-01 fep/fep-2931-02 fep/fep-5711-01 fep/fep-5711-02 fep/fep-5711-03 fep/fep-5711-05 fep/fep-5711-06
    fep/fep-5711-07 fep/fep-5711-08 fep/fep-5711-09 fep/fep-5711-10 fep/fep-5711-11 fep/fep-5711-12 fep/fep-7888-01 fep/fep-7888-05
    fep/fep-8a8e-01 fep/fep-8a8e-02 fep/fep-8a8e-03 fep/fep-8a8e-04 fep/fep-8a8e-05 fep/fep-8a8e-06 fep/fep-8a8e-07 fep/fep-8a8e-08
    fep/fep-8a8e-09 fep/fep-8a8e-10 fep/fep-8a8e-11 fep/fep-8a8e-12 fep/fep-8a8e-13 fep/fep-b2b8-01 fep/fep-e232-01 fep/fep-e232-02
    lemmy/lemmy/collections/group_featured_posts lemmy/lemmy/collections/group_followers lemmy/lemmy/collections/group_moderators
    lemmy/lemmy/collections/group_outbox lemmy/lemmy/collections/person_outbox lemmy/lemmy/objects/tombstone
    lemmy/lotide/objects/tombstone lemmy/mastodon/collections/featured`,
  'in a Create: no effect: a reply to what is not here; at us: kept as reply': `
    lemmy/friendica/objects/note_1 lemmy/friendica/objects/note_2 lemmy/gnusocial/objects/note lemmy/lemmy/objects/comment
    lemmy/lotide/objects/note lemmy/mastodon/objects/note_1 lemmy/mastodon/objects/note_2 lemmy/peertube/objects/note
    lemmy/pleroma/objects/note lemmy/smithereen/objects/note lemmy/wordpress/objects/note`,
  'in a Create: no effect: kind unknown': `
    fep/fep-044f-04 fep/fep-0837-01 fep/fep-0837-02 fep/fep-0ea0-02 fep/fep-171b-02 fep/fep-7888-11 fep/fep-82f6-02
    fep/fep-9967-01
    lemmy/mobilizon/objects/event lemmy/peertube/objects/video
    lemmy/pleroma/objects/chat_message`,
  'in a Create: no effect: no public words': `
    fep/fep-8b32-01 lemmy/discourse/objects/page lemmy/lemmy/objects/private_message fep/fep-1b12-01`,
  'in a Create: no effect: no public words; at us: no effect: no public words': `
    fep/fep-1b12-02 fep/fep-9967-02 lemmy/mastodon/activities/private_message`,
  'no actor: the document is no actor that can be spoken to': 'fep/fep-844e-01',
  'no effect: a Move of another': `
    fep/fep-7628-02`,
  'no effect': `
    fep/fep-044f-05 fep/fep-044f-06 fep/fep-044f-07 fep/fep-0837-04 fep/fep-171b-01 fep/fep-400e-01 fep/fep-7628-01
    lemmy/lemmy/activities/community/add_featured_post lemmy/lemmy/activities/community/add_mod
    lemmy/lemmy/activities/community/announce_create_page lemmy/lemmy/activities/community/lock_note
    lemmy/lemmy/activities/community/lock_page lemmy/lemmy/activities/community/remove_featured_post
    lemmy/lemmy/activities/community/remove_mod
    lemmy/lemmy/activities/community/resolve_report_page lemmy/lemmy/activities/community/undo_lock_note
    lemmy/lemmy/activities/community/undo_lock_page lemmy/lemmy/activities/community/warn
    lemmy/lemmy/activities/deletion/undo_delete_page
    lemmy/lemmy/activities/deletion/undo_delete_private_message lemmy/lemmy/activities/deletion/undo_remove_note
    lemmy/wordpress/activities/announce`,
  'no effect: a Block of somebody else; at us: follower dropped': 'lemmy/lemmy/activities/block/block_user',
  'no effect: a Create of another’s object': 'fep/fep-0837-07',
  'no effect: a Delete of another server’s object': 'lemmy/lemmy/activities/deletion/remove_note',
  'no effect: a Follow of somebody else; at us: follower': `
    lemmy/lemmy/activities/following/follow lemmy/lotide/activities/follow lemmy/mastodon/activities/follow
    lemmy/pleroma/activities/follow`,
  'no effect: a reply to what is not here; at us: kept as reply': `
    lemmy/friendica/activities/create_note lemmy/gnusocial/activities/create_note
    lemmy/lemmy/activities/create_or_update/create_comment lemmy/lotide/activities/create_note_reply
    lemmy/mastodon/activities/create_note lemmy/pleroma/activities/create_note lemmy/smithereen/activities/create_note
    wordpress-activitypub/akkoma-reply wordpress-activitypub/gotosocial-reply`,
  'no effect: an Update of another actor': 'lemmy/lemmy/activities/community/update_community',
  'no effect: kind unknown': `
    lemmy/lemmy/activities/create_or_update/create_private_message_0.19`,
  'no effect: no public words': `
    fep/fep-8b32-02 fep/fep-8b32-03 lemmy/lemmy/activities/create_or_update/create_private_message
    lemmy/lotide/activities/create_page_image`,
  'no effect; at us: boost counted': 'lemmy/peertube/activities/announce_video',
  'no effect; at us: follower dropped': 'lemmy/lemmy/activities/following/undo_follow lemmy/mastodon/activities/undo_follow',
  'no effect; at us: like counted': `
    fep/fep-c0e0-01 fep/fep-c0e0-02 lemmy/friendica/activities/like_page lemmy/gnusocial/activities/like_note
    lemmy/lemmy/activities/voting/like_note lemmy/mastodon/activities/like_page`,
  'no effect; at us: like taken back': `
    fep/fep-c0e0-03 lemmy/lemmy/activities/voting/undo_dislike_page lemmy/lemmy/activities/voting/undo_like_note
    lemmy/mastodon/activities/undo_like_page`,
  'no effect; at us: no effect': `
    lemmy/friendica/activities/dislike_page lemmy/friendica/activities/undo_dislike_page lemmy/lemmy/activities/block/undo_block_user
    lemmy/lemmy/activities/voting/dislike_page`,
  'no effect; at us: our follow accepted': `
    fep/fep-0837-05 lemmy/lemmy/activities/following/accept lemmy/mbin/activities/accept lemmy/mitra/activities/accept`,
  'no effect; at us: our follow rejected': 'fep/fep-0837-06',
  'no effect: a Flag of nothing of ours': 'lemmy/mastodon/activities/flag lemmy/mbin/activities/flag lemmy/lemmy/activities/community/report_page',
}
const AS2 = 'https://www.w3.org/ns/activitystreams'
const AS_PUBLIC = `${AS2}#Public`
const at = (what: string): string => `https://social.example/${what}`
const ada = at('users/ada')
const said = (type: string, object: unknown, more: Json = {}): Json => ({ '@context': AS2, id: at(`activities/${type}`), type, actor: ada, object, ...more })
const words = (more: Json = {}): Json => ({ id: at('notes/1'), type: 'Note', attributedTo: ada, content: '<p>Hello</p>', to: AS_PUBLIC, ...more })
const person = (more: Json = {}): Json => ({ '@context': AS2, id: ada, type: 'Person', preferredUsername: 'ada', inbox: `${ada}/inbox`, ...more })
const tombstone = { id: at('notes/1'), type: 'Tombstone' }
const vocabularies = [AS2, 'https://w3id.org/security/v1', { toot: 'http://joinmastodon.org/ns#', sensitive: 'as:sensitive', Hashtag: 'as:Hashtag' }]
const page = { id: at('pages/1'), type: 'Page', attributedTo: ada, name: 'A link', to: AS_PUBLIC, attachment: [{ type: 'Link', href: 'https://example.org' }] }

/** Of the same shapes, written here: who sends them like that, the payload, its effect. */
const own: readonly [string, Json, string][] = [
  ['Mastodon: a post',
    said('Create', words({ '@context': vocabularies, contentMap: { en: '<p>Hello</p>' }, cc: [`${ada}/followers`], tag: [] })),
    'kept as post'],
  ['lotide: single values, no context', { ...said('Create', words({ to: at('c/1'), cc: AS_PUBLIC })), '@context': undefined }, 'kept as post'],
  ['Friendica: an Article by a list of one', said('Create', words({ type: 'Article', attributedTo: [ada], name: 'Title' })), 'kept as post'],
  ['PeerTube: authors as objects', said('Create', words({ attributedTo: [{ type: 'Person', id: ada }] })), 'kept as post'],
  ['WordPress: ids with a query',
    said('Create', words({ id: at('?p=1'), attributedTo: at('?author=1') }), { actor: at('?author=1'), id: at('?p=1#create') }),
    'kept as post'],
  ['Misskey: words of its own, and unknown types inside',
    said('Create', words({ _misskey_quote: null, tag: [{ type: 'Oddity', x: [[1]] }, 'a string'] })), 'kept as post'],
  ['an embedded actor', said('Create', words(), { actor: person() }), 'kept as post'],
  ['a bare object', words({ '@context': AS2 }), 'in a Create: kept as post'],
  ['Pleroma: an object with an actor', words({ '@context': AS2, actor: ada, inReplyTo: at('notes/0') }), 'in a Create: no effect: a reply to what is not here; at us: kept as reply'],
  ['a private message', said('Create', words({ to: [at('users/bo')] })), 'no effect: no public words'],
  ['a vote', said('Create', words({ content: undefined, name: 'Yes' })), 'no effect: no public words'],
  ['snac: a vote', said('Create', words({ content: '<br>', name: 'Yes' })), 'no effect: no public words'],
  ['Lemmy: a Page', said('Create', page), 'kept as post'],
  ['Mastodon: a reply', said('Create', words({ inReplyTo: 'https://other.example/notes/1', cc: ['https://other.example/users/bo'] })),
    'no effect: a reply to what is not here; at us: kept as reply'],
  ['a private reply', said('Create', words({ to: [at('users/bo')], inReplyTo: 'https://other.example/notes/1' })), 'no effect: no public words; at us: no effect: no public words'],
  ['Mobilizon: an Event',
    { '@context': AS2, id: at('events/1'), type: 'Event', actor: ada, attributedTo: ada, name: 'Party' }, 'in a Create: no effect: kind unknown'],
  ['Mastodon: an edit', said('Update', words({ content: '<p>Better</p>', updated: '2026-01-01T00:00:00Z' })), 'post changed'],
  ['Mastodon: a Delete', said('Delete', tombstone), 'post deleted'],
  ['Lemmy: a Delete by id', said('Delete', at('notes/1')), 'post deleted'],
  ['Lemmy: a moderator’s Delete', said('Delete', 'https://other.example/notes/1'), 'no effect: a Delete of another server’s object'],
  ['an account’s Delete', said('Delete', ada), 'actor gone'],
  ['a Follow', said('Follow', 'https://other.example/c/main'), 'no effect: a Follow of somebody else; at us: follower'],
  ['an Undo of a Follow',
    said('Undo', said('Follow', 'https://other.example/c/main', { id: `${ada}#follows/1` })), 'no effect; at us: follower dropped'],
  ['a Block', said('Block', 'https://other.example/users/bo'), 'no effect: a Block of somebody else; at us: follower dropped'],
  ['an Accept of the whole Follow',
    said('Accept', { id: 'https://other.example/f', type: 'Follow', actor: 'https://other.example/a', object: ada }),
    'no effect; at us: our follow accepted'],
  ['Mitra: an Accept of its id', said('Accept', 'https://other.example/f'), 'no effect; at us: our follow accepted'],
  ['a Reject', said('Reject', 'https://other.example/f'), 'no effect; at us: our follow rejected'],
  ['a Like', said('Like', 'https://other.example/notes/1'), 'no effect; at us: like counted'],
  ['Misskey: an emoji',
    said('Like', 'https://other.example/notes/1', { content: ':toad:', _misskey_reaction: ':toad:' }), 'no effect; at us: like counted'],
  ['Pleroma: an emoji', said('EmojiReact', 'https://other.example/notes/1', { content: '👍' }), 'no effect; at us: like counted'],
  ['an Undo of a Like', said('Undo', said('Like', 'https://other.example/notes/1')), 'no effect; at us: like taken back'],
  ['an Undo by id', said('Undo', at('activities/EmojiReact')), 'no effect; at us: like taken back'],
  ['Lemmy: a Dislike', said('Dislike', 'https://other.example/notes/1'), 'no effect; at us: no effect'],
  ['PeerTube: an Announce', said('Announce', 'https://other.example/videos/1'), 'no effect; at us: boost counted'],
  ['Lemmy: an Announce of an activity', said('Announce', said('Create', page)), 'no effect'],
  ['Lemmy: a moderator is added', said('Add', at('users/bo'), { target: at('c/main/moderators') }), 'no effect'],
  ['Mastodon: a Flag of several', said('Flag', [at('users/bo'), at('notes/1')], { content: 'rude' }), 'no effect: a Flag of nothing of ours'],
  ['Lemmy: an unknown type', said('Lock', at('notes/1')), 'no effect'],
  ['a Person', person({ publicKey: [], url: [{ type: 'Link', href: at('@ada') }], icon: [] }), 'actor: Person'],
  ['Lemmy: a Group', person({ id: at('c/main'), type: 'Group', inbox: at('c/main/inbox'), attributedTo: at('c/main/moderators') }), 'actor: Group'],
  ['an actor without an inbox', person({ inbox: undefined }), 'no actor: the document is no actor that can be spoken to'],
  ['an actor with somebody else’s inbox',
    person({ inbox: 'https://other.example/inbox' }), 'no actor: the document is no actor that can be spoken to'],
  ['a collection',
    { '@context': AS2, id: at('c/main/featured'), type: 'OrderedCollection', totalItems: 0, orderedItems: [] }, 'in a Create: no effect: a Create of another’s object'],
  ['a JRD', { subject: 'acct:ada@social.example', links: [] }, 'refused (400): type is not one string'],
  ['several types', said('Create', words(), { type: ['Create', 'Activity'] }), 'refused (400): type is not one string'],
  ['an id without a scheme', said('Announce', said('Create', page), { id: 'social.example/a/8' }), 'refused (400): id is not one URL'],
  ['a context with other meanings', said('Create', words(), { '@context': [AS2, { content: 'https://evil.example/#content' }] }),
    'refused (400): a context that gives other meanings to ActivityStreams terms'],
]

type Run = Awaited<ReturnType<typeof payloads>>

describe.each(engines)('payloads of our own on $engine', ({ fresh }) => {
  let run: Run
  beforeAll(async () => { run = await payloads(await fresh()) })
  afterAll(() => run?.close())
  test.each(own)('%s', async (_, payload, effect) => { expect(await run.outcome(payload)).toBe(effect) })
})

test('payloads of other projects have the effects that stand in the table, and each stands there', async () => {
  if (!existsSync(FIXTURES)) {
    console.log(`payloads of other projects are skipped: ${path.relative('.', FIXTURES)} is not there`)
    return
  }
  const expected: Record<string, string> = {}
  for (const [effect, files] of Object.entries(effects)) for (const f of files.trim().split(/\s+/)) expected[f] = effect
  const files = readdirSync(FIXTURES, { recursive: true, encoding: 'utf8' }).filter((f) => f.endsWith('.json')).map((f) => f.slice(0, -5).replaceAll('\\', '/'))
  const found: Record<string, string> = {}
  const run = await payloads(await engines[0]!.fresh())
  try {
    for (const f of files.sort()) {
      const payload = JSON.parse(readFileSync(path.join(FIXTURES, `${f}.json`), 'utf8')) as Json
      found[f] = await run.outcome(payload).catch((e: unknown) => `UNCAUGHT ${String(e)}`)
    }
  } finally { await run.close() }
  expect(found).toEqual(expected)
}, 120_000)
