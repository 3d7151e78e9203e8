/** Each document that we emit, as a golden file: as it is served, and as another server really gets it. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { commandLine } from '../../src/accounts/model.ts'
import { software } from '../../src/app.ts'
import type { RemoteActorKeys } from '../fedi/instance.ts'
import { golden, goldenText } from '../golden.ts'
import { ORIGIN, stillInstance, type Json, type StillInstance } from './still.ts'

let i: StillInstance, ada: RemoteActorKeys, note: string, withdrawn: string
const held = (name: string, document: Json) => golden(`wire/golden/${name}`, document, { masks: i.masks })
const listing = (handle: string, more: Json = {}) => ({ handle, name: `The ${handle} co-op`, kind: 'cooperative' as const, country: 'GB', ...more })
const follow = (target: string): Json => ({ '@context': 'https://www.w3.org/ns/activitystreams', id: `${ada.id}/follows/${target.split('/').at(-1)}`, type: 'Follow', actor: ada.id, object: target })

beforeAll(async () => {
  i = await stillInstance()
  const { organisations } = i.house
  await organisations.put(commandLine, listing('weavers', { summary: 'Weavers, since 1844.', website: 'https://weavers.example/', activities: ['textiles'] }), { consent: 'letter of 1 March 2026' })
  await organisations.put(commandLine, listing('spinners'), { consent: 'their board' })
  await organisations.claim(commandLine, 'spinners', 'DNS record seen')
  await organisations.put(commandLine, listing('dyers'))
  ada = i.remote.actor('ada')
  expect(await i.post(follow(`${ORIGIN}/ap/actors/weavers`), ada)).toBe(202)
  expect(await i.post(follow(`${ORIGIN}/ap/actors/dyers`), ada)).toBe(202)
})
afterAll(() => i?.close())

describe('actors', () => {
  test.each([
    ['instance actor', '/ap/actor'], ['directory', '/ap/actors/directory'], ['consented organisation', '/ap/actors/weavers'],
    ['claimed organisation', '/ap/actors/spinners'], ['unclaimed listing', '/ap/actors/dyers'],
  ])('%s', async (name, at) => { await held(name.replaceAll(' ', '-'), await i.json(at)) })
})

describe('what is delivered', () => {
  test('Accept, and Reject by the instance', async () => {
    await held('accept', await i.delivered('Accept'))
    await held('reject', await i.delivered('Reject'))
  })
  test('Follow and Undo', async () => {
    await i.house.fedi.follow({ handle: 'weavers' }, ada.id)
    await held('follow', await i.delivered('Follow'))
    await i.house.fedi.unfollow({ handle: 'weavers' }, ada.id)
    await held('undo', await i.delivered('Undo'))
  })
  test('Create, Update and Delete of a note', async () => {
    const { talk } = i.house
    const post = await talk.publish(commandLine, 'weavers', { text: 'First line\nsecond line, https://weavers.example', language: 'en' })
    note = post.uri
    await held('create-note', await i.delivered('Create'))
    i.at(1)
    await talk.edit(commandLine, post.id, { text: 'Better words' })
    await held('update-note', await i.delivered('Update'))
    const second = await talk.publish(commandLine, 'weavers', { text: 'Said too soon' })
    withdrawn = second.uri
    await i.delivered('Create')
    i.at(2)
    await talk.remove(commandLine, second.id)
    await held('delete-note', await i.delivered('Delete'))
  })
  test('Update of an actor, and its Delete', async () => {
    const { organisations } = i.house
    expect(await i.post(follow(`${ORIGIN}/ap/actors/spinners`), ada)).toBe(202)
    await i.delivered('Accept')
    await organisations.put(commandLine, listing('spinners', { name: 'The Spinners' }), { why: 'they say so' })
    await held('update-actor', await i.delivered('Update'))
    i.at(3)
    await organisations.optOut(commandLine, 'spinners', 'they asked')
    await held('delete-actor', await i.delivered('Delete'))
  })
})

describe('what is served', () => {
  test('a note, and its likes and shares', async () => {
    expect(await i.post({ '@context': 'https://www.w3.org/ns/activitystreams', id: `${ada.id}/likes/1`, type: 'Like', actor: ada.id, object: note }, ada)).toBe(202)
    await expect.poll(async () => (await i.json(`${note}/likes`)).totalItems as number).toBe(1)
    await held('note', await i.json(note))
    await held('likes', await i.json(`${note}/likes`))
    await held('shares', await i.json(`${note}/shares`))
  })
  test('an activity at its own id', async () => {
    const page = await i.json('/ap/actors/weavers/outbox?page=true')
    const served = await i.json((page.orderedItems as Json[]).at(-1)!.id as string)
    expect(served.type).toBe('Create')
    await held('create-note-served', served)
  })
  test('tombstones, with 410', async () => {
    for (const [name, id] of [['tombstone-note', withdrawn], ['tombstone-actor', `${ORIGIN}/ap/actors/spinners`]] as const) {
      expect((await i.get(id)).status).toBe(410)
      await held(name, await i.json(id))
    }
  })
  test.each(['outbox', 'followers', 'following', 'featured'])('%s', async (name) => {
    const at = `/ap/actors/weavers/${name}`
    const whole = await i.json(at)
    await held(name, whole)
    if (typeof whole.first === 'string') await held(`${name}-page`, await i.json(whole.first))
  })
})

describe('what is no ActivityPub', () => {
  const plain = (name: string, document: Json) => golden(`wire/golden/${name}`, document, { as: 'json', masks: { [`"version": "${software.version}"`]: '"version": "the version"' } })
  test('WebFinger', async () => {
    await plain('webfinger', await i.json('/.well-known/webfinger?resource=acct:weavers@coops.example'))
    await plain('webfinger-server', await i.json(`/.well-known/webfinger?resource=${ORIGIN}/`))
  })
  test('NodeInfo', async () => {
    await plain('nodeinfo', await i.json('/.well-known/nodeinfo'))
    await plain('nodeinfo-2.0', await i.json('/nodeinfo/2.0'))
    await plain('nodeinfo-2.1', await i.json('/nodeinfo/2.1'))
  })
  test('host-meta', async () => { goldenText('wire/golden/host-meta.xml', await (await i.get('/.well-known/host-meta', '*/*')).text()) })
  test('the vocabulary', async () => { await golden('wire/golden/ns', await i.json('/ns', 'application/ld+json'), { as: 'jsonld' }) })
})
