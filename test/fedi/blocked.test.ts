/** A blocked server: nothing of it comes in, by whatever way, and it is not asked for anything (HOSTILE.md 57). */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Json } from '../../src/fedi/fedi.ts'
import { fediTables } from '../../src/fedi/tables.ts'
import { engines } from '../engines.ts'
import { activity, makeInstance, makeRemote, note, post, PUBLIC, until, type Instance, type Remote, type RemoteActorKeys } from './instance.ts'

const [sqlite] = engines
const marked = (a: Json): Json => ({ ...a, signature: { type: 'RsaSignature2017', creator: `${a.actor as string}#main-key`, signatureValue: 'eA==' } })

describe('a server that is blocked', () => {
  // Their hosts are told apart by address: 127.0.0.1 is at peace with us, 127.0.0.2 is not.
  let i: Instance, good: Remote, bad: Remote, ann: RemoteActorKeys, mal: RemoteActorKeys
  let blocked: (host: string) => boolean = () => false
  const askedAbout: string[] = []
  const isBad = (host: string) => host === '127.0.0.2'
  beforeAll(async () => {
    i = await makeInstance({ store: await sqlite!.fresh(), fedi: { isBlocked: (host) => { askedAbout.push(host); return blocked(host) } } })
    i.fedi.on('Announce/Note', async (_tx, a) => { i.inbound.push(a) })
    good = await makeRemote()
    bad = await makeRemote({ address: '127.0.0.2' })
    ann = good.actor('ann')
    mal = bad.actor('mal')
    bad.documents.set('/notes/1', note(mal.id, { id: `${bad.origin}/notes/1` }))
  })
  afterAll(async () => { await i?.close(); await good?.close(); await bad?.close() })
  beforeEach(() => { blocked = isBad; i.inbound.length = 0; good.seen.length = 0; bad.seen.length = 0; askedAbout.length = 0 })

  const shared = () => `${i.origin}/ap/inbox`
  const quiet = () => until('the queue', async () => !(await i.jobs.depth()).some((d) => d.waiting + d.running > 0))
  async function nothing(status: number, send: () => Promise<Response>): Promise<void> {
    const { received } = fediTables(i.store.kit)
    const before = await i.store.read.$count(received)
    const answer = await send()
    expect(answer.status).toBe(status)
    await quiet()
    expect([i.inbound, bad.seen.map((s) => s.url)]).toEqual([[], []])
    if (status === 403) expect([good.seen, await i.store.read.$count(received)]).toEqual([[], before])
  }
  const says = (by: RemoteActorKeys, type = 'Create', object: unknown = note(by.id)) => activity(by.id, type, object)

  test.each(['cavage', 'rfc9421'] as const)('posts to us, signed by %s', (kind) => nothing(403, () => post(shared(), says(mal), mal, { kind })))
  test('posts to a personal inbox, or says goodbye', async () => {
    await nothing(403, () => post(i.fedi.uris.inbox('coop'), says(mal, 'Follow', i.fedi.uris.actor('coop')), mal))
    await nothing(403, () => post(shared(), says(mal, 'Delete', mal.id), mal))
  })
  test('has the key by which another signs', () => nothing(403, () => post(shared(), says(ann), { keyId: mal.keyId, key: mal.key })))
  test('has an activity that another passes on, or passes on another’s', async () => {
    await nothing(403, () => post(shared(), marked(says(mal)), ann))
    await nothing(403, () => post(shared(), marked(says(ann)), mal))
    await nothing(403, () => post(shared(), { ...says(mal), proof: { type: 'DataIntegrityProof' } }, ann))
  })
  test('has the post that another announces, by its id or whole', async () => {
    await nothing(202, () => post(shared(), says(ann, 'Announce', `${bad.origin}/notes/1`), ann))
    await nothing(202, () => post(shared(), says(ann, 'Announce', { id: `${bad.origin}/notes/1`, type: 'Note', content: 'x' }), ann))
    await nothing(202, () => post(shared(), says(ann, 'Announce', [`${bad.origin}/notes/1`]), ann))
    await nothing(202, () => post(shared(), says(ann, 'Create', `${bad.origin}/notes/1`), ann))
    await nothing(202, () => post(shared(), says(ann, 'Like', `${bad.origin}/notes/1`), ann))
  })
  test('is where a redirect of another leads', async () => {
    good.answer = (s, res) => { if (s.url !== '/moved') return false; res.writeHead(302, { location: `${bad.origin}/notes/1` }).end(); return true }
    await nothing(202, () => post(shared(), says(ann, 'Create', `${good.origin}/moved`), ann))
    await expect(i.fedi.fetchObject(`${good.origin}/moved`)).rejects.toMatchObject({ code: 'blocked' })
  })
  test.each([
    'http://blocked.localhost', 'https://blocked.localhost', 'http://BLOCKED.LocalHost', 'http://blocked.localhost:8080', 'http://blocked.localhost.', 'http://blocked.localhost..:81', 'http://sub.blocked.localhost', 'http://xn--bcher-kva.localhost',
  ])('whatever way its name is written: %s', async (origin) => {
    // How far a block reaches (subdomains) is decided by whoever decides it. What is asked about is the bare name.
    blocked = (host) => host === 'blocked.localhost' || host.endsWith('.blocked.localhost') || host === 'xn--bcher-kva.localhost'
    const keyId = `${origin}/u#k`
    await nothing(403, () => post(shared(), activity(`${origin}/u`, 'Create', {}), { keyId, key: mal.key }))
    await nothing(202, () => post(shared(), says(ann, 'Announce', `${origin}/notes/1`), ann))
    expect(askedAbout.filter((h) => /[:A-Z]|\.$/.test(h))).toEqual([])
    await expect(i.fedi.fetchObject(`${origin}/notes/1`)).rejects.toMatchObject({ code: 'blocked' })
    await expect(i.fedi.lookupActor(`${origin}/u`)).rejects.toMatchObject({ code: 'blocked' })
  })
  test('gets nothing, and what it had said waits no more', async () => {
    blocked = () => false
    expect((await post(shared(), says(mal, 'Follow', i.fedi.uris.actor('coop')), mal)).status).toBe(202)
    await until('the Accept', () => bad.posts().length)
    await quiet()
    await i.stopWorkers()
    expect((await post(shared(), says(mal), mal)).status).toBe(202)
    expect((await post(shared(), marked(says(ann, 'Create', `${ann.id}/n`)), mal)).status).toBe(202) // a hint by it
    await i.store.write((tx) => i.fedi.publish(tx, { actor: 'coop', to: 'followers', activity: { type: 'Create', to: [PUBLIC], object: note(i.fedi.uris.actor('coop')) } }))
    blocked = isBad
    bad.seen.length = 0
    good.seen.length = 0
    i.inbound.length = 0
    i.startWorkers()
    await quiet()
    expect([i.inbound, bad.seen, good.seen]).toEqual([[], [], []])
    await expect(i.fedi.follow({ handle: 'coop' }, mal.id)).rejects.toMatchObject({ code: 'blocked' })
  })
})
