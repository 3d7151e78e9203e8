/** A kept-alive connection that the other side closes just as it is used again says nothing of the other side: a GET is asked once more. */
import type { Socket } from 'node:net'
import { expect, test } from 'vitest'
import { engines } from '../engines.ts'
import { makeInstance, makeRemote, note } from './instance.ts'

test('a GET on a connection that has gone stale is asked again', async () => {
  const i = await makeInstance({ store: await engines[0]!.fresh(), workers: false })
  const r = await makeRemote()
  try {
    const o = note(`${r.origin}/users/x`)
    r.documents.set(new URL(o.id).pathname, o)
    const used = new WeakSet<Socket>()
    let stale = 0
    r.answer = (_s, _res, req) => {
      if (!used.has(req.socket)) { used.add(req.socket); return }
      stale++
      req.socket.destroy() // it has served before
      return true
    }
    // Which connection is taken is the client's to decide: until it was one that has served.
    for (let n = 0; n < 50 && stale === 0; n++) expect(await i.fedi.fetchObject(o.id)).toMatchObject({ id: o.id })
    expect(stale).toBe(1)

    // Whom a server turns away is not whom it does not answer; and it may do better later.
    for (const status of [401, 403]) {
      r.answer = (_s, res) => { res.writeHead(status).end(); return true }
      await expect(i.fedi.fetchObject(o.id)).rejects.toMatchObject({ code: 'forbidden-there', status: 502 })
      await expect(i.fedi.home(`@x@${r.host}`)).rejects.toMatchObject({ code: 'forbidden-there', status: 502 })
    }

    await r.close()
    await expect(i.fedi.fetchObject(o.id)).rejects.toMatchObject({ code: 'unreachable' })
  } finally {
    await i.close()
    await r.close().catch(() => {})
  }
})
