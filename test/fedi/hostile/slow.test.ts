/** HOSTILE.md row 11: three hundred connections that never finish their headers, at the real server with its own limits. */
import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { makeInstance, until, type Instance } from '../../wire/instances.ts'

let i: Instance
beforeAll(async () => {
  i = await makeInstance()
  await i.start()
})
afterAll(() => i?.remove())

test('row 11: slow headers × 300: everybody else is answered meanwhile, and the slow ones are closed', async () => {
  const open = new Set<Socket>(), answers: string[] = []
  const timers: NodeJS.Timeout[] = []
  for (let n = 0; n < 300; n++) {
    const s = connect(i.port, '127.0.0.1', () => {
      open.add(s)
      s.write(`POST /ap/inbox HTTP/1.1\r\nhost: 127.0.0.1:${i.port}\r\ncontent-type: application/activity+json\r\n`)
      timers.push(setInterval(() => { if (!s.destroyed) s.write('x-a: b\r\n') }, 500))
    })
    s.on('data', (d) => answers.push(String(d)))
    s.on('error', () => {})
    s.on('close', () => open.delete(s))
  }
  try {
    await until('all of them', () => open.size === 300)
    for (const at of ['/health', '/ap/actors/directory', '/', `/.well-known/webfinger?resource=acct:directory@localhost:${i.port}`]) {
      expect((await fetch(i.origin + at, { headers: { accept: at.startsWith('/ap') ? 'application/activity+json' : '*/*' } })).status, at).toBe(200)
    }
    expect((await fetch(`${i.origin}/ap/inbox`, { method: 'POST', body: '{}', headers: { 'content-type': 'application/activity+json' } })).status).toBe(401)
    expect(open.size).toBe(300) // and all that while they were there
    await until('the end of them', () => open.size === 0, 25_000)
    expect(answers.filter((a) => !a.startsWith('HTTP/1.1 408'))).toEqual([])
    expect((await fetch(`${i.origin}/health`)).status).toBe(200)
  } finally {
    timers.forEach(clearInterval)
    for (const s of open) s.destroy()
  }
}, 60_000)
