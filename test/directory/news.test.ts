/** What the directory tells people: five a day singly, one digest, once each, and nothing of whoever has left. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { commandLine } from '../../src/accounts/model.ts'
import { lineOf, NAMED } from '../../src/directory/news-words.ts'
import { directoryTables } from '../../src/directory/tables.ts'
import type { Json } from '../../src/fedi/fedi.ts'
import { DAY, HOUR, SECOND } from '../../src/kernel/time.ts'
import type { Store } from '../../src/store/store.ts'
import { languages, translator } from '../../src/web/words.ts'
import { engines } from '../engines.ts'
import { actorOf, ORIGIN, voiceHouse, type VoiceHouse } from './voice-house.ts'

const CONSENT = { consent: 'their board' }

test('the line that says what it is', () => {
  const en = { lang: 'en', t: translator('en') }
  expect(lineOf({ summary: '\n  First line. \nSecond.', kind: 'mutual', country: null }, en)).toBe('First line.')
  expect(lineOf({ summary: null, kind: 'mutual', country: 'GB' }, en)).toBe('Mutual, United Kingdom')
  expect(lineOf({ summary: ' \n ', kind: 'ally', country: null }, en)).toBe('Ally')
  const long = lineOf({ summary: 'word '.repeat(100), kind: 'ally', country: null }, en)
  expect(long.length).toBeLessThan(203)
  expect(long).toMatch(/word …$/)
  expect(lineOf({ summary: '🧵'.repeat(300), kind: 'ally', country: null }, en).isWellFormed()).toBe(true)
})

describe.each(engines)('news on $engine', ({ fresh }) => {
  let store: Store, h: VoiceHouse
  beforeEach(async () => { store = await fresh(); h = await voiceHouse(store) })
  afterEach(async () => { await h.close(); await store.close() })

  /** Public posts, newest first, without what is markup. */
  const posts = async () => (await h.talk.read.latest(50)).map((p) => p.html.replace(/<br>|<\/p><p>/g, ' ').replace(/<[^>]+>/g, ''))
  const notes = async () => (await h.said('Create')).map((a) => a.object as Json)
  const times = async (n: number, from = 0) => { for (let i = from; i < from + n; i++) await h.put(`c${String(i).padStart(2, '0')}`, {}, CONSENT) }
  const left = () => store.read.$count(directoryTables(store.kit).directoryNews)

  test('one that has agreed: a note by the directory with name, line and link, that mentions nobody', async () => {
    const follower = await h.follower('mastodon.example', { toadlane: false })
    await h.put('weavers', { name: 'Weavers & <Sons>', summary: 'Weave things.\nSince 1844.' }, CONSENT)
    await h.work()
    const [note] = await notes()
    expect(note).toMatchObject({
      type: 'Note', attributedTo: actorOf('directory'), to: ['https://www.w3.org/ns/activitystreams#Public'], cc: [`${actorOf('directory')}/followers`],
      content: `<p>New in the directory: Weavers &amp; &lt;Sons&gt;</p><p>Weave things.</p><p><a href="${ORIGIN}/co-ops/weavers">${ORIGIN}/co-ops/weavers</a></p>`,
    })
    expect(note).not.toHaveProperty('tag')
    expect(Object.keys(note!.contentMap as object)).toEqual(['en'])
    expect(await h.deliveries()).toEqual([{ to: follower, type: 'Create' }])
    expect((await h.talk.read.latest(5)).map((p) => [p.speaker, p.authorHandle])).toEqual([['directory', '@directory@coops.example']])
    // Once, whatever happens next.
    await h.organisations.claim(commandLine, 'weavers', 'DNS record seen')
    await h.organisations.setStatus(commandLine, 'weavers', 'archived', 'closed')
    await h.organisations.setStatus(commandLine, 'weavers', 'listed', 'open again')
    await h.work()
    expect(await notes()).toHaveLength(1)
  })

  test('one that runs itself is mentioned, in the document alone', async () => {
    await h.put('quiet', {}, { ...CONSENT, source: 'a list' })
    await h.work()
    expect(await notes()).toEqual([])
    await h.organisations.claim(commandLine, 'quiet', 'DNS record seen') // never told before
    await h.work()
    const [note] = await notes()
    expect(note).toMatchObject({ tag: [{ type: 'Mention', href: actorOf('quiet'), name: '@quiet@coops.example' }], cc: [`${actorOf('directory')}/followers`, actorOf('quiet')] })
    expect(note!.content).toContain(`<a href="${ORIGIN}/co-ops/quiet" class="u-url mention">@quiet@coops.example</a>`)
    expect(await h.deliveries()).toEqual([])
  })

  test('the unclaimed, drafts and imports are told to nobody', async () => {
    await h.put('plain')
    await h.put('rough', {}, { status: 'draft', ...CONSENT })
    await h.put('listed', {}, { ...CONSENT, source: 'a list' })
    await h.work()
    expect([await notes(), await left()]).toEqual([[], 0])
    await h.organisations.setStatus(commandLine, 'rough', 'listed', 'looked at')
    await h.work()
    expect(await posts()).toEqual([expect.stringContaining('The rough')])
  })

  test('the sixth waits for the turn of the day, and then one note tells the rest', async () => {
    await times(8)
    await h.work()
    expect(await posts()).toHaveLength(5)
    h.later(14 * HOUR) // 23:00
    await times(1, 8)
    await h.work()
    expect(await posts()).toHaveLength(5)
    h.later(2 * HOUR)
    await times(1, 9) // another day: five singly again
    await h.work()
    const all = await posts()
    expect(all).toHaveLength(7)
    expect(all.find((p) => p.includes('The c05'))).toBe(`New in the directory: • The c05 • The c06 • The c07 • The c08 ${ORIGIN}/`)
    expect(all.filter((p) => p.includes('The c09'))).toHaveLength(1)
    h.later(3 * DAY)
    await h.work()
    await h.voice.tidy()
    await h.work()
    expect(await posts()).toHaveLength(7)
    expect(await h.waiting('directory.news')).toBe(0)
  })

  test('notes and announces share the five, and an announce is told once', async () => {
    const follower = await h.follower('mastodon.example', { toadlane: false })
    await times(4)
    await h.work()
    const ids: string[] = []
    for (const name of ['First call', 'Second call']) {
      const id = h.fedi.uris.object('calls', name.toLowerCase().replace(' ', '-'))
      ids.push(id)
      await store.write(async (tx) => {
        await h.fedi.putObject(tx, { id, type: 'Event', name, attributedTo: actorOf('c00'), url: `${ORIGIN}/calls/x` })
        await h.voice.news.announce(tx, id)
        await h.voice.news.announce(tx, id)
      })
      h.later(SECOND)
    }
    await h.work()
    expect(await h.said('Announce')).toMatchObject([{ actor: actorOf('directory'), object: ids[0], to: ['https://www.w3.org/ns/activitystreams#Public'], cc: [`${actorOf('directory')}/followers`] }])
    expect((await h.deliveries()).filter((d) => d.type === 'Announce')).toEqual([{ to: follower, type: 'Announce' }])
    h.later(DAY)
    await h.work()
    expect(await h.said('Announce')).toHaveLength(1)
    expect((await posts())[0]).toBe(`New in the directory: • Second call ${ORIGIN}/`)
    await store.write((tx) => h.voice.news.withdraw(tx, ids[1]!))
    expect(await posts()).toHaveLength(4)
  })

  test('a digest names twenty and says how many more', async () => {
    await times(5 + NAMED + 3)
    await h.work()
    h.later(DAY)
    await h.work()
    const [digest] = await posts()
    expect(digest!.match(/•/g)).toHaveLength(NAMED)
    expect(digest).toContain('and 3 more')
    expect((await h.talk.read.latest(1))[0]!.html).toContain(`<a href="${ORIGIN}/">and 3 more</a>`)
    await h.organisations.setStatus(commandLine, 'c05', 'suspended', 'a complaint')
    const [after] = await posts()
    expect(after).not.toContain('The c05')
    expect(after).toContain('The c25')
    expect(after).toContain('and 2 more')
  })

  test('who leaves is spoken of no longer: alone the note goes, in a digest the name', async () => {
    await h.follower('mastodon.example', { toadlane: false })
    await times(7)
    await h.work()
    h.later(DAY)
    await h.work()
    expect(await posts()).toHaveLength(6)
    await h.organisations.optOut(commandLine, 'c00', 'they asked')
    await h.organisations.setStatus(commandLine, 'c01', 'suspended', 'a complaint')
    expect(await posts()).toHaveLength(4)
    expect((await h.said('Delete')).filter((a) => a.actor === actorOf('directory'))).toHaveLength(2)
    await h.organisations.optOut(commandLine, 'c05', 'they asked')
    expect((await posts())[0]).toBe(`New in the directory: • The c06 ${ORIGIN}/`)
    expect((await h.said('Update')).filter((a) => a.actor === actorOf('directory') && (a.object as Json).type === 'Note')).toHaveLength(1)
    await h.organisations.setStatus(commandLine, 'c06', 'suspended', 'a complaint')
    expect(await posts()).toHaveLength(3)
    // Back again: it has been told.
    await h.organisations.setStatus(commandLine, 'c01', 'listed', 'settled')
    await h.work()
    h.later(DAY)
    await h.work()
    expect(await posts()).toHaveLength(3)
  })

  test('who leaves before it is told is not told; when it comes back, it is', async () => {
    await times(7)
    await h.work()
    await h.organisations.setStatus(commandLine, 'c05', 'suspended', 'a complaint')
    await h.organisations.setStatus(commandLine, 'c06', 'archived', 'closed')
    h.later(DAY)
    await h.work()
    expect(await posts()).toHaveLength(5)
    await h.organisations.setStatus(commandLine, 'c05', 'listed', 'settled')
    await h.work()
    expect((await posts())[0]).toContain('The c05')
  })

  test('a note that somebody has taken down keeps nobody from leaving', async () => {
    await times(1)
    await h.work()
    const [post] = await h.talk.read.latest(1)
    await h.talk.remove(commandLine, post!.id)
    await h.organisations.optOut(commandLine, 'c00', 'they asked')
    expect(await posts()).toEqual([])
  })

  test('what waits without a job is found in the end', async () => {
    await h.put('lost', {}, { ...CONSENT, source: 'a list' })
    await store.write((tx) => tx.insert(directoryTables(store.kit).directoryNews).values({ id: 'opened lost', kind: 'opened', subject: 'lost', at: h.clock.now() }))
    await h.work()
    expect(await posts()).toEqual([])
    await h.voice.tidy()
    await h.work()
    expect(await posts()).toHaveLength(1)
  })
})

test('every language has the words', () => {
  for (const lang of languages) expect(translator(lang)('directory.news.more', { n: 3 })).toContain('3')
})
