/** The one place that knows every room: puts the house together and hands each room its registrations. */
import { Hono } from 'hono'
import path from 'node:path'
import { readFileSync } from 'node:fs'
import { accountPages } from './accounts/pages.tsx'
import { system } from './accounts/model.ts'
import { accounts } from './accounts/service.ts'
import { session } from './accounts/session.ts'
import { loadSecret, type Config } from './config.ts'
import { coopPages } from './coops/pages.tsx'
import { coops } from './coops/service.ts'
import { directorySpeaker, ensureActors, readSite } from './directory/actors.ts'
import { federation } from './directory/federation.ts'
import { federationPages } from './directory/federation-pages.tsx'
import { nsPages } from './directory/ns-pages.tsx'
import { aboutPages } from './directory/pages.tsx'
import type { FediOptions } from './fedi/fedi.ts'
import { makeFedi } from './fedi/make.ts'
import { sealer } from './kernel/seal.ts'
import { DAY, systemClock } from './kernel/time.ts'
import { healthRoutes } from './health.ts'
import { leverPages } from './rulebook/pages.tsx'
import { rulebook } from './rulebook/service.ts'
import { LeverCards } from './rulebook/views.tsx'
import { jobQueue } from './store/jobs.ts'
import { keyValueStore } from './store/key-values.ts'
import { claimOrigin, claimSecret, openStore } from './store/open.ts'
import type { JobHandler } from './store/workers.ts'
import { countedNotes } from './talk/counted.ts'
import { talkPages } from './talk/pages.tsx'
import { talk } from './talk/service.ts'
import { PostList } from './talk/views.tsx'
import { silenceSoon, talkWire } from './talk/wire.ts'
import { swatchHash } from './web/weave.ts'
import { addressOf } from './web/address.ts'
import { requestId, securityHeaders } from './web/headers.ts'
import { shell } from './web/shell.ts'
import { siteFacts } from './web/site.ts'

/** The project's folder: this file lies in src/, its bundle in dist/. */
export const root = path.resolve(import.meta.dirname, '..')
const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as { version: string }
export const software = { name: 'toadlane', version }

export interface HouseOptions {
  /** Runs before the database is opened: the server takes its lock there. */
  beforeOpen?: () => void
  /** `rebase` looks into a database of another origin. */
  anyOrigin?: boolean
  /** Budgets of the inbox, for tests and measurements. */
  limits?: FediOptions['limits']
}

/** Opens the database, checks that it is ours, and puts every room on it. Close it at the end. */
export async function makeHouse(config: Config, o: HouseOptions = {}) {
  const secret = await loadSecret(config)
  o.beforeOpen?.()
  const clock = systemClock
  const store = await openStore(config.databaseUrl, path.join(root, 'drizzle'))
  try {
    const seal = sealer(secret)
    await claimSecret(store, seal.subkey('mark'))
    if (!o.anyOrigin) await claimOrigin(store, config.origin)
    const jobs = jobQueue(store, clock)
    const kv = keyValueStore(store, clock)
    const fedi = makeFedi({ store, clock, jobs, origin: config.origin, handleHost: config.handleHost, sealer: seal, allowPrivate: config.allowPrivate, software, ...(o.limits ? { limits: o.limits } : {}) })
    const people = accounts({ store, clock, origin: config.origin, sealer: seal })
    const organisations = coops({ store, clock, jobs, fedi, onChange: async (tx, change) => { if (change.what === 'gone') await silenceSoon(jobs, tx, change.handle) }, icon: (handle) => ({ url: `${config.origin}/swatch/${swatchHash(fedi.uris.actor(handle))}.png`, mediaType: 'image/png' }) })
    const levers = rulebook({ store, clock, organisation: (handle: string) => organisations.read.organisation(handle) })
    const posts = talk({ store, clock, fedi, sealer: seal, speaker: async (handle) => handle === 'directory' ? directorySpeaker(store) : organisations.read.speaker(handle) })
    const handlers: Record<string, JobHandler> = { ...fedi.handlers(), ...organisations.handlers(), ...talkWire({ fedi, jobs, store, talk: posts, clock }) }
    return {
      config, clock, store, jobs, kv, fedi, sealer: seal, handlers,
      accounts: people, organisations, levers, talk: posts,
      /** Before serving: the instance's own actors are there and say its name. */
      begin: () => ensureActors(store, fedi),
      /** What a new host should do next, in a sentence or two; undefined when it has been done. */
      async firstSteps(): Promise<string | undefined> {
        if (await people.read.count()) return undefined
        // What was given on the command line of the server must be given to the command too.
        const given = ['PORT', 'TOADLANE_ORIGIN', 'DATABASE_URL'].filter((name) => process.env[name] && !process.env[name].startsWith('postgres')).map((name) => `${name}=${process.env[name]} `)
        return `No admin yet: run \`${given.join('')}npx toadlane setup\` to name the instance and make the first account.`
      },
      /**
       * What comes round by the clock: what has ended or is no longer needed goes (key-values, sessions, arrivals, dead letters after
       * a month), and listings that nobody confirmed for three years go to the archive.
       */
      tidy: async () => {
        await kv.sweep()
        await people.tidy()
        await fedi.sweep()
        await jobs.forget(new Date(clock.now().getTime() - 30 * DAY))
        await organisations.archiveFaded(system)
      },
      async close() {
        await fedi.close()
        await store.close()
      },
    }
  } catch (e) {
    await store.close()
    throw e
  }
}
export type House = Awaited<ReturnType<typeof makeHouse>>

/** The human page of a document: whoever asks an id for HTML is sent there. */
function humanPage(house: House, id: string): string | undefined {
  const { uris, origin } = house.fedi
  const handle = uris.handleOf(id)
  if (handle === uris.instanceHandle) return `${origin}/about`
  if (handle === 'directory') return `${origin}/`
  if (handle) return `${origin}/co-ops/${handle}`
  const note = uris.object('notes', '')
  return id.startsWith(note) ? `${origin}/posts/${id.slice(note.length)}` : undefined
}

/** Every route: health and the wire first, for they need of the shell only its headers; then the pages. */
export function makeApp(house: House, o: { /** Languages to offer; tests add a right-to-left one. */ languages?: readonly string[] } = {}): Hono {
  const { config, fedi, store } = house
  const app = new Hono()
  app.use(requestId(), securityHeaders(config.origin))
  app.route('/', healthRoutes(house))
  app.route('/', countedNotes(house.talk))
  app.route('/', fedi.routes({
    humanPage: (id) => humanPage(house, id),
    clientAddress: (request, env) => addressOf(request.headers.get('x-forwarded-for'), env, config.trustProxy),
    about: async () => { const { name, tagline } = await readSite(store); return { name, description: tagline } },
    usage: async () => ({ users: (await house.organisations.read.counts()).open, posts: await house.talk.read.count() }),
  }))
  shell({ origin: config.origin, site: siteFacts(store, config.origin, config.handleHost), ...o }).mount(app)
  app.use(session(house.accounts))
  app.route('/', accountPages(house.accounts, { origin: config.origin, clock: house.clock, trustProxy: config.trustProxy }))
  app.route('/', aboutPages({
    software: { name: 'Toadlane', version },
    site: () => readSite(store),
    counts: async () => {
      const [o, levers, posts] = await Promise.all([house.organisations.read.counts(), house.levers.read.counts(), house.talk.read.count()])
      return { organisations: o.organisations, countries: o.countries, levers: levers.levers, posts }
    },
  }))
  app.route('/', nsPages())
  app.route('/', federationPages(federation({ store, clock: house.clock, jobs: house.jobs, fedi })))
  app.route('/', coopPages(house.organisations, {
    levers: async (page, organisation) => {
      const levers = await house.levers.read.ofOrganisation(organisation.handle)
      return levers.length ? LeverCards({ page, levers }) : undefined
    },
    posts: async (page, organisation) => {
      const posts = await house.talk.read.ofOrganisation(organisation.id, 5)
      return posts.length ? PostList({ page, posts, headed: false }) : undefined
    },
  }))
  app.route('/', leverPages(house.levers))
  app.route('/', talkPages(house.talk))
  return app
}
