/** What the directory serves and says, as golden files: its actor and collections, what peers get, and what people's servers get. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { commandLine } from '../../src/accounts/model.ts'
import type { RemoteActorKeys } from '../fedi/instance.ts'
import { golden } from '../golden.ts'
import { ORIGIN, stillInstance, type Json, type StillInstance } from '../wire/still.ts'

let i: StillInstance, peer: RemoteActorKeys
const DIRECTORY = `${ORIGIN}/ap/actors/directory`
const held = (name: string, document: Json) => golden(`directory/golden/${name}`, document, { masks: i.masks })
const listing = (handle: string, more: Json = {}) => ({ handle, name: `The ${handle} co-op`, kind: 'cooperative' as const, country: 'GB', ...more })

beforeAll(async () => {
  i = await stillInstance()
  peer = i.remote.actor('directory', {
    type: 'Group', document: { generator: { type: 'Application', name: 'Toadlane', implements: [{ type: 'Link', href: 'https://w3id.org/toadlane/ns' }] } },
  })
  expect(await i.post({ '@context': 'https://www.w3.org/ns/activitystreams', id: `${peer.id}/follow`, type: 'Follow', actor: peer.id, object: DIRECTORY }, peer)).toBe(202)
  await i.delivered('Accept')
})
afterAll(() => i?.close())

describe('for peers', () => {
  test('Add, of several at once', async () => {
    for (const handle of ['weavers', 'dyers']) await i.house.organisations.put(commandLine, listing(handle), { source: 'a list' })
    i.at(1)
    await held('add', await i.delivered('Add'))
  })
  test('Update and Remove, of one', async () => {
    await i.house.organisations.put(commandLine, listing('weavers', { summary: 'Weavers, since 1844.' }), { source: 'a list' })
    i.at(2)
    await held('update', await i.delivered('Update'))
    await i.house.organisations.setStatus(commandLine, 'dyers', 'suspended', 'a complaint')
    i.at(3)
    await held('remove', await i.delivered('Remove'))
  })
  test('the actor, a collection and its page', async () => {
    const { publicKey: _, assertionMethod: __, ...actor } = await i.json(DIRECTORY)
    await held('directory', actor)
    await held('members', await i.json(`${DIRECTORY}/members`))
    await held('members-page', await i.json(`${DIRECTORY}/members?page=true`))
    await held('calls', await i.json(`${DIRECTORY}/calls`))
  })
})

describe('for people', () => {
  test('a note that mentions who runs itself', async () => {
    await i.house.organisations.claim(commandLine, 'weavers', 'DNS record seen')
    await held('note', await i.delivered('Create'))
  })
  test('Announce', async () => {
    const id = i.house.fedi.uris.object('calls', 'first')
    await i.house.store.write(async (tx) => {
      await i.house.fedi.putObject(tx, { id, type: 'Event', additionalType: 'toad:Call', name: 'First call', attributedTo: `${ORIGIN}/ap/actors/weavers` } as Json & { id: string })
      await i.house.voice.news.announce(tx, id)
    })
    await held('announce', await i.delivered('Announce'))
  })
  test('the digest', async () => {
    for (const handle of ['one', 'two', 'three', 'four', 'five']) {
      await i.house.organisations.put(commandLine, listing(handle), { consent: 'their board' })
      await new Promise((done) => setTimeout(done, 5))
    }
    for (let n = 0; n < 3; n++) await i.delivered('Create')
    i.at(24 * 60)
    await held('digest', await i.delivered('Create'))
  })
})
