/**
 * What `activitypub-testing`, another project's test suite, says of our actors. It calls a test inapplicable when it is not about what
 * a server offers; which ones those are, and why, stands here, so that none becomes so unnoticed.
 */
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { makeInstance, root, run, type Instance } from './instances.ts'

const NO_LIKED = 'we keep no list of what an actor likes'
const NO_COUNTS = 'likes and shares are of notes, not of actors'
const NO_READING = 'an inbox is not read over HTTP: GET answers 405'
const NO_CLIENTS = 'the client-to-server half of ActivityPub is not offered: an outbox takes no POST'
const expected: Readonly<Record<string, string>> = {
  'actor-must-serve-as2-object-to-get': 'passed',
  'actor-objects-must-have-inbox-outbox-properties': 'passed',
  'outbox-must-be-an-orderedcollection': 'passed',
  'followers-collection-must-be-a-collection': 'passed',
  'following-collection-must-be-a-collection': 'passed',
  'outbox-post-must-accept-non-activity-object': 'passed', // it counts a plain refusal as passed
  'inbox-must-be-an-orderedcollection': `inapplicable: ${NO_READING}`,
  'liked-collection-must-be-a-collection': `inapplicable: ${NO_LIKED}`,
  'likes-collection-must-be-a-collection': `inapplicable: ${NO_COUNTS}`,
  'shares-collection-must-be-a-collection': `inapplicable: ${NO_COUNTS}`,
  'outbox-post-servers-must-return-a-201-created-http-code': `cantTell: ${NO_CLIENTS}`,
  'outbox-wraps-object-with-create-checked-using-get-location': `inapplicable: ${NO_CLIENTS}`,
  'post-outbox-server-overwrites-id-property': `inapplicable: ${NO_CLIENTS}`,
  'outbox-post-server-adds-to-outbox-collection-checked-by-outbox-get': `inapplicable: ${NO_CLIENTS}`,
  'create-then-update-modifies-object-checked-by-get': `inapplicable: ${NO_CLIENTS}`,
}
interface Assertion { test: { slug: string }; result: { outcome: string; info?: string } }

let i: Instance
beforeAll(async () => {
  i = await makeInstance()
  await i.start()
  expect((await i.toadlane(['import', path.join(root, 'test/data/directory.json'), '--consent', 'agreed at a meeting'])).code).toBe(0)
  expect((await i.toadlane(['org', 'publish', 'stocksy', '--text', 'Hello'])).code).toBe(0)
}, 120_000)
afterAll(() => i?.remove())

test.each(['/ap/actors/stocksy', '/ap/actors/directory', '/ap/actor'])('activitypub-testing test actor %s', async (at) => {
  const list = path.join(i.folder, `connections${at.replaceAll('/', '-')}`)
  const program = path.join(root, 'node_modules/.bin/activitypub-testing')
  const r = await run(process.execPath, ['--import', path.join(root, 'test/wire/connections.mjs'), program, 'test', 'actor', i.origin + at], { env: { PATH: process.env.PATH, CONNECTIONS: list } })
  expect(r.code, r.stderr).toBe(0)
  const found = r.stdout.split('\n').filter(Boolean).map((line) => JSON.parse(line) as Assertion)
  expect(Object.fromEntries(found.map((a) => [a.test.slug, a.result.outcome]))).toEqual(Object.fromEntries(Object.entries(expected).map(([slug, e]) => [slug, e.split(':')[0]])))
  // It asks us and nobody else.
  const hosts = existsSync(list) ? new Set(readFileSync(list, 'utf8').trim().split('\n')) : new Set<string>()
  expect([...hosts]).toEqual([`localhost ${i.port}`])
}, 60_000)
