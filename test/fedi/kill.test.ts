/** kill -9 in the middle of a delivery: nothing is lost, and what comes twice has one effect. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { afterEach, describe, expect, test } from 'vitest'
import { openStore } from '../../src/store/open.ts'
import { engines } from '../engines.ts'
import { freePort, makeInstance, makeRemote, note, PUBLIC, until, type Instance, type Remote } from './instance.ts'

let running: ChildProcess | undefined
const close: (() => Promise<unknown>)[] = []
afterEach(async () => {
  running?.kill('SIGKILL')
  for (const c of close.splice(0).reverse()) await c()
})

async function start(database: string, origin: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, ['--import', 'tsx', 'test/fedi/deliver.process.ts', database, origin], { stdio: ['ignore', 'pipe', 'inherit'] })
  running = child
  await Promise.race([once(child.stdout!, 'data'), once(child, 'exit').then(([code]) => { throw new Error(`the process ended with ${code}`) })])
  return child
}
async function kill(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
}
/** 200 deliveries: 20 posts to 10 inboxes. */
async function fill(i: Instance, inboxes: string[], posts: number): Promise<void> {
  for (let n = 0; n < posts; n++) {
    await i.store.write((tx) => i.fedi.publish(tx, { actor: 'coop', to: { inboxes }, activity: { type: 'Create', to: [PUBLIC], object: note(i.fedi.uris.actor('coop'), { id: i.fedi.uris.object('notes', `${n}`) }) } }))
  }
}
const left = async (i: Instance) => { const d = await i.fedi.health.deliveries(); return d ? d.waiting + d.delayed + d.running : 0 }
const keyOf = (s: { url: string; body: Buffer }) => `${s.url} ${(JSON.parse(String(s.body)) as { id: string }).id}`

describe.each(engines)('killed three times on $engine', ({ place }) => {
  test('200 deliveries to ten inboxes all arrive', async () => {
    const database = await place()
    const origin = `http://127.0.0.1:${await freePort()}`
    const sink: Remote = await makeRemote()
    const store = await openStore(database, 'drizzle')
    const i = await makeInstance({ store, origin, listen: false, workers: false })
    close.push(() => i.close(), () => sink.close())
    sink.answer = (s, res) => { setTimeout(() => { if (!res.destroyed) res.writeHead(202).end() }, 5); return s.method === 'POST' }
    await fill(i, Array.from({ length: 10 }, (_, n) => `${sink.origin}/inbox${n}`), 20)
    expect(await left(i)).toBe(200)
    for (const at of [30, 80, 130]) {
      const child = await start(database, origin)
      await until(`${at} arrivals`, () => sink.posts().length >= at, 30_000)
      await kill(child)
      expect(await left(i)).toBeGreaterThan(0)
    }
    await start(database, origin)
    await until('an empty queue', async () => (await left(i)) === 0, 30_000)
    const arrived = sink.posts().map(keyOf)
    expect(new Set(arrived).size).toBe(200)
    expect(arrived.length - 200).toBeLessThanOrEqual(3 * 64)
    expect(await i.fedi.health.failed()).toEqual([])
  }, 120_000)
})

test('at an instance that receives them, each has one effect', async () => {
  const [sqlite] = engines
  const database = await sqlite!.place()
  const port = await freePort()
  const origin = `http://127.0.0.1:${port}`
  const store = await openStore(database, 'drizzle')
  // This process serves the sender's documents, the other one delivers.
  const sender = await makeInstance({ store, origin, port, workers: false })
  const receiver = await makeInstance({ store: await sqlite!.fresh() })
  close.push(() => sender.close(), () => receiver.close())
  await fill(sender, [receiver.fedi.uris.sharedInbox], 200)
  for (const at of [20, 60]) {
    const child = await start(database, origin)
    await until(`${at} effects`, () => receiver.inbound.length >= at, 30_000)
    await kill(child)
  }
  await start(database, origin)
  await until('an empty queue', async () => (await left(sender)) === 0, 60_000)
  await until('all effects', () => receiver.inbound.length >= 200)
  expect(receiver.inbound.map((a) => a.objectId)).toHaveLength(200)
  expect(new Set(receiver.inbound.map((a) => a.objectId)).size).toBe(200)
}, 120_000)
