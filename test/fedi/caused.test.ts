/** Requests that a server's activities cause: one budget for the inbox and for the jobs of rooms. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { causedRequests } from '../../src/fedi/caused.ts'
import { MINUTE } from '../../src/kernel/time.ts'
import { PutOff } from '../../src/store/workers.ts'
import { engines } from '../engines.ts'
import { activity, makeInstance, makeRemote, note, post, until, type Instance, type Remote, type RemoteActorKeys } from './instance.ts'

test('so many in a burst, so many a minute, four at once; of each host apart', async () => {
  let now = 0
  const caused = causedRequests({ now: () => new Date(now) }, { burst: 6, perMinute: 1 })
  const open: (() => void)[] = []
  const slow = () => caused('a.example', () => new Promise<void>((done) => { open.push(done) }))
  const four = [slow(), slow(), slow(), slow()]
  await expect(slow()).rejects.toBeInstanceOf(PutOff)
  expect(await caused('b.example', async () => 'b')).toBe('b')
  for (const end of open) end()
  await Promise.all(four)
  await expect(caused('a.example', () => Promise.reject(new Error('x')))).rejects.toThrow('x')
  expect(await caused('a.example', async () => 'a')).toBe('a')
  await expect(caused('a.example', async () => 'a')).rejects.toMatchObject({ delay: MINUTE })
  now += MINUTE
  expect(await caused('a.example', async () => 'a')).toBe('a')
})

describe.each(engines)('an instance on $engine', ({ fresh }) => {
  let i: Instance, r: Remote, x: RemoteActorKeys
  beforeAll(async () => {
    i = await makeInstance({ store: await fresh(), fedi: { limits: { caused: { burst: 1, perMinute: 0.001 } } } })
    r = await makeRemote()
    x = r.actor('x')
  })
  afterAll(async () => { await i?.close(); await r?.close() })
  test('what a room’s job asks for is taken from what the inbox may ask for', async () => {
    expect((await i.fedi.causedBy(x.id, () => i.fedi.refreshActor(x.id))).id).toBe(x.id)
    expect(await i.fedi.knownActor(x.id)).toMatchObject({ id: x.id })
    await expect(i.fedi.causedBy(x.id, () => i.fedi.refreshActor(x.id))).rejects.toBeInstanceOf(PutOff)
    const object = note(x.id)
    r.documents.set(new URL(String(object.id)).pathname, object)
    r.seen.length = 0
    expect((await post(`${i.origin}/ap/inbox`, activity(x.id, 'Create', object.id), x)).status).toBe(202)
    await until('it is put off', async () => (await i.jobs.depth()).some((d) => d.delayed > 0))
    expect(r.seen.filter((s) => s.url === new URL(String(object.id)).pathname)).toEqual([])
  })
})
