/** The whole app in this process, as a browser asks it, beside a fake server that remembers what it was asked. */
import path from 'node:path'
import { commandLine } from '../../src/accounts/model.ts'
import { makeApp, makeHouse, root } from '../../src/app.ts'
import { readConfig } from '../../src/config.ts'
import { startWorkers } from '../../src/store/workers.ts'
import { scratch } from '../engines.ts'
import { freePort, makeRemote } from '../fedi/instance.ts'

export const PASSWORD = 'a long enough password'

export async function interactHouse(databaseUrl?: string) {
  const folder = scratch('interact')
  const port = await freePort()
  const config = readConfig({
    PORT: String(port), TOADLANE_ALLOW_PRIVATE: '1', TOADLANE_TRUST_PROXY: '1', TOADLANE_SECRET_FILE: path.join(folder, 'config', 'secret'),
    DATABASE_URL: databaseUrl ?? `sqlite:${path.join(folder, 'data', 'a.db')}`,
  }, root)
  const house = await makeHouse(config)
  await house.begin()
  const app = makeApp(house)
  const workers = startWorkers(house.store, house.jobs, house.handlers, { poll: 20 })
  const remote = await makeRemote()
  const { origin } = config

  const organisation = async (handle: string, name: string, consent = 'agreed at a meeting') => {
    await house.organisations.put(commandLine, { handle, name, kind: 'cooperative' }, consent ? { consent } : {})
    return (await house.organisations.read.byHandle(handle))!.organisation.id
  }
  const ids = { stocksy: await organisation('stocksy', 'Stocksy'), resonate: await organisation('resonate', 'Resonate'), shy: await organisation('shy', 'Shy', '') }
  const account = async (name: string, role: 'admin' | 'member', edits: string[] = []) => {
    const { id } = await house.accounts.create(commandLine, { email: `${name}@coops.example`, name, password: PASSWORD, role })
    for (const o of edits) await house.accounts.grantEditor(commandLine, id, o)
    const r = await app.request(`${origin}/sign-in`, {
      method: 'POST', body: new URLSearchParams({ email: `${name}@coops.example`, password: PASSWORD }), headers: { origin, 'x-forwarded-for': `192.0.2.${Object.keys(cookies).length + 1}` },
    })
    cookies[name] = r.headers.getSetCookie().map((c) => c.split(';')[0]).join('; ')
  }
  const cookies: Record<string, string> = {}
  await account('ada', 'admin')
  await account('eve', 'member', [ids.stocksy])
  await account('two', 'member', [ids.stocksy, ids.resonate, ids.shy])
  await account('max', 'member')
  await account('rosa', 'member')
  const rosa = (await house.accounts.read.byEmail('rosa@coops.example'))!
  await house.accounts.takeHandle({ by: `user:${rosa.id}`, role: 'member', editorOf: new Set(), userId: rosa.id }, { handle: 'rosa', name: 'Rosa' })

  interface Answer { status: number; text: string; location: string | null; headers: Headers }
  const read = async (r: Response): Promise<Answer> => ({ status: r.status, text: (await r.text()).replaceAll('\u2060', ''), location: r.headers.get('location'), headers: r.headers })
  const cookieOf = (who: string, more = '') => [cookies[who], more].filter(Boolean).join('; ')
  return {
    house, app, origin, remote, ids, rosa: rosa.id,
    get: async (at: string, who = '', cookie = '') => read(await app.request(origin + at, { headers: { accept: 'text/html', cookie: cookieOf(who, cookie) } })),
    post: async (at: string, fields: Record<string, string>, who = '', headers: Record<string, string> = {}) => read(await app.request(origin + at, {
      method: 'POST', body: new URLSearchParams(fields), headers: { origin, accept: 'text/html', cookie: cookieOf(who), 'x-forwarded-for': '203.0.113.1', ...headers },
    })),
    /** Until nothing waits any more. */
    async settled() {
      for (;;) {
        const depth = await house.jobs.depth()
        if (depth.every((d) => d.waiting + d.running + d.delayed === 0)) return
        await new Promise((r) => setTimeout(r, 15))
      }
    },
    async close() {
      await workers.stop(2000)
      await remote.close()
      await house.close()
    },
  }
}
export type InteractHouse = Awaited<ReturnType<typeof interactHouse>>
