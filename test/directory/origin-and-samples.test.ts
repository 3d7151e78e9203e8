import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { sql } from 'drizzle-orm'
import { commandLine } from '../../src/accounts/model.ts'
import { organisationInput } from '../../src/coops/model.ts'
import { rebase } from '../../src/directory/rebase.ts'
import { fillSample, removeSample } from '../../src/directory/sample.ts'
import { etagOf } from '../../src/store/documents.ts'
import { setMeta } from '../../src/store/meta.ts'
import { engines } from '../engines.ts'
import { ORIGIN, rooms, type Rooms } from './house.ts'

const NEW = 'https://directory.kent.example'

describe.each(engines)('on $engine', ({ fresh }) => {
  let house: Rooms
  beforeEach(async () => {
    house = rooms(await fresh())
    await house.store.write((tx) => setMeta(house.store, tx, 'origin', ORIGIN))
  })
  afterEach(() => house.store.close())
  const rows = <T>(query: ReturnType<typeof sql>) => house.store.read.rows<T>(query)
  const put = (handle: string, more: object = {}) => house.organisations.put(commandLine, organisationInput.parse({ handle, name: handle, kind: 'ally', ...more }), { consent: 'agreed' })

  test('the origin moves in every id, in text and in JSON, and not in what people wrote', async () => {
    await put('a', { website: `${ORIGIN}/mine`, summary: `see ${ORIGIN}/x` })
    await house.store.write(async (tx) => {
      await tx.rows(sql`insert into remote_actors (id, host, type, name, inbox, keys, document, fetched) values ('https://x.example/y', 'x.example', 'Person', 'Y', 'https://x.example/in', ${`[{"id":"${ORIGIN}/k","pem":"p"},{"id":"${ORIGIN}","pem":"${ORIGIN}er"}]`}, '{}', ${new Date(0)})`)
      await house.jobs.add(tx, 'coops.documents', { payload: { at: `${ORIGIN}/ap/x` } })
    })
    expect(await rebase(house, commandLine, NEW)).toBe(ORIGIN)
    expect(await rebase(house, commandLine, NEW)).toBeUndefined()
    const documents = await rows<{ id: string; json: string; etag: string }>(sql`select id, json, etag from documents`)
    expect(documents.map((d) => d.id)).toEqual([`${NEW}/ap/actors/a`])
    for (const d of documents) expect(d.etag).toBe(etagOf(d.json))
    expect(JSON.parse(documents[0]!.json)).toMatchObject({ id: `${NEW}/ap/actors/a`, inbox: `${NEW}/ap/actors/a/inbox` })
    expect(await rows(sql`select handle, id from local_actors`)).toEqual([{ handle: 'a', id: `${NEW}/ap/actors/a` }])
    const [remote] = await rows<{ keys: string }>(sql`select keys from remote_actors`)
    expect(JSON.parse(remote!.keys)).toEqual([{ id: `${NEW}/k`, pem: 'p' }, { id: NEW, pem: `${ORIGIN}er` }])
    expect((await house.jobs.claim('coops.documents', 1))[0]!.payload).toEqual({ at: `${NEW}/ap/x` })
    expect((await house.organisations.read.organisation('a'))!).toMatchObject({ website: `${ORIGIN}/mine`, summary: `see ${ORIGIN}/x` })
    expect(await put('a', { website: `${ORIGIN}/mine`, summary: `see ${ORIGIN}/x` })).toMatchObject({ outcome: 'unchanged' })
  })

  test.each([
    ['a follower', sql`insert into followers (actor, follower, inbox, state, follow_id, since) values ('a', 'https://x.example/y', 'https://x.example/in', 'accepted', 'f', ${new Date(0)})`, /follow actors of this instance/],
    ['a delivery that arrived', sql`insert into hosts (host, last_success) values ('x.example', ${new Date(0)})`, /has been delivered/],
    ['a delivery that waits', sql`insert into jobs (kind, payload, due, created) values ('deliver', '{}', ${new Date(0)}, ${new Date(0)})`, /are waiting/],
  ])('%s keeps the origin where it is', async (_, happened, reason) => {
    await put('a')
    await house.store.write((tx) => tx.rows(happened))
    await expect(rebase(house, commandLine, NEW)).rejects.toMatchObject({ code: 'delivered', message: expect.stringMatching(reason) })
    expect((await rows<{ id: string }>(sql`select id from documents`))[0]!.id).toBe(`${ORIGIN}/ap/actors/a`)
  })

  test('samples come and go; one that has become an actor stays', async () => {
    expect(await fillSample(house, commandLine)).toEqual({ created: 11, unchanged: 0 })
    await house.organisations.consent(commandLine, 'sample-riders', 'played with')
    expect(await removeSample(house, commandLine)).toBe(10)
    expect((await rows<{ handle: string }>(sql`select handle from local_actors`)).map((r) => r.handle)).toEqual(['sample-riders'])
    expect(await rows(sql`select 1 from levers`)).toEqual([])
    expect(await rows(sql`select 1 from memberships`)).toEqual([])
  })
})
