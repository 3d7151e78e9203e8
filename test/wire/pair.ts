/**
 * Two whole instances in this process, each with its own database, port, secret and signatures, and a post between them that the
 * test has in its hand: what an instance sends is real and goes over a real socket, but a gate in front of each inbox takes it in,
 * answers it or refuses it, and hands it on – byte for byte, in any order, as often as one likes – when the test says so.
 */
import type { Server } from 'node:http'
import path from 'node:path'
import { generateKeyPairSync } from 'node:crypto'
import { serve } from '@hono/node-server'
import { and, eq, gt, sql } from 'drizzle-orm'
import { commandLine } from '../../src/accounts/model.ts'
import { makeApp, makeHouse, root, type House } from '../../src/app.ts'
import { readConfig } from '../../src/config.ts'
import { fediTables } from '../../src/fedi/tables.ts'
import { storeTables } from '../../src/store/tables.ts'
import { startWorkers, type Workers } from '../../src/store/workers.ts'
import { scratch } from '../engines.ts'
import { freePort } from './instances.ts'

/** A POST to an inbox as it came from the other instance. */
export interface Letter { to: Side; activity: { id: string; type: string; actor: string }; deliver(): Promise<number> }

/** What the gate makes of the next POST: its answer to the sender, and whether the letter is there all the same. */
export type Luck = 'taken' | 'lost' | 'answer lost'

export interface Side {
  index: 0 | 1
  house: House
  origin: string
  /** How the next POSTs to this side fare; an empty list takes everything. */
  luck: Luck[]
  other: Side
  close(): Promise<void>
}

/** So often in a row a POST is refused; with the fifth failure the sender would leave the host alone for a minute. */
const PATIENCE = 3

const plenty = { burst: 1e9, perMinute: 1e9 }

/** One pair of keys serves every actor of the tests: to make them takes longer than all the rest. */
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const ed25519 = generateKeyPairSync('ed25519')

export async function makePair(databases: readonly [string, string]): Promise<{ sides: readonly [Side, Side]; waiting: Letter[]; close(): Promise<void> }> {
  const waiting: Letter[] = []
  const one = async (index: 0 | 1): Promise<Side> => {
    const port = await freePort()
    const folder = scratch('pair')
    const env = { PORT: String(port), DATABASE_URL: databases[index], TOADLANE_ALLOW_PRIVATE: '1', TOADLANE_SECRET_FILE: path.join(folder, 'secret') }
    const house = await makeHouse(readConfig(env, root), { limits: { receive: { refusals: plenty, perHost: plenty }, verify: { perClient: plenty, perHost: plenty, total: plenty }, caused: plenty } })
    await house.begin()
    const app = makeApp(house)
    let refused = 0
    const side = { index, house, origin: house.fedi.origin, luck: [] as Luck[] } as Side

    async function gate(request: Request, env: object): Promise<Response> {
      if (request.method !== 'POST' || !new URL(request.url).pathname.endsWith('/inbox')) return app.fetch(request, env)
      const body = new Uint8Array(await request.arrayBuffer())
      const drawn = side.luck.shift() ?? 'taken'
      const luck = refused < PATIENCE ? drawn : 'taken'
      refused = luck === 'taken' ? 0 : refused + 1
      if (luck !== 'lost') {
        const headers = new Headers(request.headers)
        const deliver = async () => (await app.fetch(new Request(request.url, { method: 'POST', headers, body }), env)).status
        waiting.push({ to: side, activity: JSON.parse(Buffer.from(body).toString()) as Letter['activity'], deliver })
      }
      return new Response(null, { status: luck === 'taken' ? 202 : 500 })
    }
    const server = await new Promise<Server>((done) => { const s = serve({ fetch: gate, port, hostname: '127.0.0.1' }, () => done(s)) as Server })
    // What was refused comes again at once; nothing is given up before the test ends.
    const workers: Workers = startWorkers(house.store, house.jobs, house.handlers, { poll: house.store.engine === 'sqlite' ? 10 : 20, retryAfter: Array.from({ length: 8 }, () => 2) })
    side.close = async () => {
      await workers.stop(2000)
      server.close()
      server.closeAllConnections()
      await house.close()
    }
    return side
  }
  const sides = [await one(0), await one(1)] as const
  sides[0].other = sides[1]
  sides[1].other = sides[0]
  return { sides, waiting, async close() { for (const s of sides) await s.close() } }
}

/** The directory waits a little, so that what changes together is told together. */
const TELL = 'directory.tell'

/** Until neither side has anything to do: what is on its way lies at the gates. What was given up is a failure. */
export async function quiet(sides: readonly Side[]): Promise<void> {
  const end = Date.now() + 20_000
  for (let still = 0; still < 2;) { // a delivery may come in at the other side just after that was asked
    let busy = 0
    for (const { house, index } of sides) {
      const { store, jobs } = house
      const [row] = await store.read.rows<{ jobs: number; later: number; dead: number }>(sql`select (select count(*) from jobs) as jobs,
        (select count(*) from jobs where kind = ${TELL} and attempts = 0) as later, (select count(*) from dead_letters) as dead`)
      if (Number(row!.later)) {
        // What is told together is told now.
        const { jobs: t } = storeTables(store.kit)
        await store.auto.update(t).set({ due: new Date() }).where(and(eq(t.kind, TELL), gt(t.due, new Date())))
        jobs.wake(TELL)
      }
      if (Number(row!.dead)) throw new Error(`side ${index} gave up: ${JSON.stringify((await house.jobs.deadLetters()).map((l) => [l.kind, l.cause, l.payload]))}`)
      busy += Number(row!.jobs)
    }
    still = busy ? 0 : still + 1
    if (Date.now() > end) throw new Error(`not quiet after 20 s: ${JSON.stringify(await Promise.all(sides.map((s) => s.house.jobs.depth())))}`)
    if (busy) await new Promise((r) => setTimeout(r, 2))
  }
}

/** A co-op that has agreed to be listed: an actor, with keys already. As from a list, so that the directory does not make news of it. */
export async function enrol({ house }: Side, handle: string): Promise<string> {
  const { store, sealer } = house
  const spki = ed25519.publicKey.export({ type: 'spki', format: 'der' })
  const { exportMultibaseKey } = await import('@fedify/vocab-runtime')
  const web = await crypto.subtle.importKey('spki', new Uint8Array(spki), 'Ed25519', true, ['verify'])
  const rows = await Promise.all([
    { kind: 'rsa', public: String(rsa.publicKey.export({ type: 'spki', format: 'pem' })), key: rsa.privateKey },
    { kind: 'ed25519', public: await exportMultibaseKey(web), key: ed25519.privateKey },
  ].map(async ({ key, ...k }) => ({
    ...k, actor: handle, made: new Date(), private: await sealer.seal('actor-key', `${handle} ${k.kind}`, key.export({ type: 'pkcs8', format: 'der' })),
  })))
  await store.write(async (tx) => { await tx.insert(fediTables(store.kit).actorKeys).values(rows) })
  await house.organisations.put(commandLine, { handle, name: `Co-op ${handle}`, kind: 'cooperative' }, { consent: 'agreed at a meeting', source: 'a list' })
  return house.fedi.uris.actor(handle)
}
