/** What has had its time is forgotten, and nothing else. */
import { describe, expect, test } from 'vitest'
import { fediTables } from '../../src/fedi/tables.ts'
import { DAY } from '../../src/kernel/time.ts'
import { engines } from '../engines.ts'
import { makeInstance } from './instance.ts'

describe.each(engines)('sweeping on $engine', ({ fresh }) => {
  test('received ids, stones, strangers and hosts', async () => {
    const i = await makeInstance({ store: await fresh(), workers: false, listen: false })
    const t = fediTables(i.store.kit)
    const ago = (days: number) => new Date(Date.now() - days * DAY)
    const actor = (id: string, days: number) => ({ id, host: 'a.example', type: 'Person', name: id, inbox: `${id}/inbox`, keys: [], document: '{}', fetched: ago(days) })
    await i.store.write(async (tx) => {
      await tx.insert(t.received).values([{ id: 'old', body: 'x', at: ago(31) }, { id: 'new', body: 'x', at: ago(29) }])
      await tx.insert(t.stones).values([{ id: 'old', by: 'x', at: ago(91) }, { id: 'new', by: 'x', at: ago(89) }])
      await tx.insert(t.remoteActors).values([actor('https://a.example/stranger', 31), actor('https://a.example/recent', 1), actor('https://a.example/follower', 400), actor('https://a.example/followed', 400)])
      await tx.insert(t.followers).values({ actor: 'coop', follower: 'https://a.example/follower', inbox: 'x', state: 'accepted', followId: 'f', since: ago(400) })
      await tx.insert(t.following).values({ actor: 'coop', target: 'https://a.example/followed', state: 'accepted', activity: 'f', since: ago(400) })
      await tx.insert(t.hosts).values([{ host: 'old.example', lastSuccess: ago(200) }, { host: 'lately.example', lastSuccess: ago(200), lastFailure: ago(1) }, { host: 'new.example', lastSuccess: ago(1) }, { host: 'dead.example', lastFailure: ago(200) }])
    })
    await i.fedi.sweep()
    expect((await i.store.read.select({ id: t.received.id }).from(t.received)).map((r) => r.id)).toEqual(['new'])
    expect((await i.store.read.select({ id: t.stones.id }).from(t.stones)).map((r) => r.id)).toEqual(['new'])
    expect((await i.store.read.select({ id: t.remoteActors.id }).from(t.remoteActors)).map((r) => r.id.split('/').at(-1)).sort()).toEqual(['followed', 'follower', 'recent'])
    expect((await i.fedi.health.peers()).map((h) => h.host)).toEqual(['lately.example', 'new.example'])
    await i.close()
  })
})
