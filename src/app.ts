/** The one place that knows every room: puts the house together and hands each room its registrations. */
import { Hono } from 'hono'
import path from 'node:path'
import { readFileSync } from 'node:fs'
import { accountPages } from './accounts/pages.tsx'
import { personPath } from './accounts/document.ts'
import { personPages } from './accounts/person-pages.tsx'
import { may, system, type Who } from './accounts/model.ts'
import { accounts } from './accounts/service.ts'
import { session } from './accounts/session.ts'
import { loadSecret, type Config } from './config.ts'
import { coopPages } from './coops/pages.tsx'
import { coops } from './coops/service.ts'
import { reportPages, REPORTS } from './curation/pages.tsx'
import { policies } from './curation/policies.ts'
import { reports } from './curation/service.ts'
import { subjects } from './curation/subjects.ts'
import { Blocks, ReportLink } from './curation/views.tsx'
import { reportWire } from './curation/wire.ts'
import { directorySpeaker, ensureActors, readSite } from './directory/actors.ts'
import { federation } from './directory/federation.ts'
import { federationPages } from './directory/federation-pages.tsx'
import { interact } from './directory/interact.ts'
import { INTERACT, interactLinks, interactPages } from './directory/interact-pages.tsx'
import { nsPages } from './directory/ns-pages.tsx'
import { aboutPages } from './directory/pages.tsx'
import { remote } from './directory/remote.ts'
import { actFromElsewhere, followFromElsewhere, remotePages } from './directory/remote-pages.tsx'
import { speakersOf } from './directory/speakers.ts'
import { humanAddresses } from './fedi/http/negotiate.ts'
import { directoryVoice } from './directory/voice.ts'
import type { FediOptions } from './fedi/fedi.ts'
import { makeFedi } from './fedi/make.ts'
import { isHandle } from './kernel/ids.ts'
import { sealer } from './kernel/seal.ts'
import { DAY, systemClock } from './kernel/time.ts'
import { healthRoutes } from './health.ts'
import { peers } from './peers/service.ts'
import { Directories } from './peers/views.tsx'
import { peerWire } from './peers/wire.ts'
import { leverPages } from './rulebook/pages.tsx'
import { rulebook } from './rulebook/service.ts'
import { LeverCards } from './rulebook/views.tsx'
import { jobQueue } from './store/jobs.ts'
import { keyValueStore } from './store/key-values.ts'
import { claimOrigin, claimSecret, openStore } from './store/open.ts'
import type { JobHandler } from './store/workers.ts'
import { postsByAuthor } from './talk/authors.ts'
import { countedNotes } from './talk/counted.ts'
import { farewells } from './talk/farewell.ts'
import { MODERATION, moderationPages } from './talk/moderation-pages.tsx'
import { LEFT, leftHandler } from './talk/own-reactions.ts'
import { talkPages } from './talk/pages.tsx'
import { talk, type Speaker } from './talk/service.ts'
import { PostList } from './talk/views.tsx'
import { talkWire } from './talk/wire.ts'
import { swatchHash } from './web/weave.ts'
import { addressOf } from './web/address.ts'
import { requestId, securityHeaders } from './web/headers.ts'
import { shell } from './web/shell.ts'
import { pageOf } from './web/page.tsx'
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
  let unwatch = () => {}
  try {
    const seal = sealer(secret)
    await claimSecret(store, seal.subkey('mark'))
    if (!o.anyOrigin) await claimOrigin(store, config.origin)
    const jobs = jobQueue(store, clock)
    const kv = keyValueStore(store, clock)
    const blocks = policies({ store, clock, jobs, own: [config.origin, `https://${config.handleHost}`].map((o) => new URL(o).hostname) })
    await blocks.refresh()
    unwatch = blocks.watch()
    const fedi = makeFedi({
      store, clock, jobs, origin: config.origin, handleHost: config.handleHost, sealer: seal, allowPrivate: config.allowPrivate, signedFetch: config.signedFetch, software, isBlocked: blocks.isBlocked,
      ...(o.limits ? { limits: o.limits } : {}),
    })
    const icon = (handle: string) => ({ url: `${config.origin}/swatch/${swatchHash(fedi.uris.actor(handle))}.png`, mediaType: 'image/png' })
    const byAuthor = postsByAuthor({ store, fedi })
    const leaving = farewells({ store, jobs, fedi, posts: byAuthor, liked: (tx, handle) => posts.own.heard(tx, handle) })
    const people = accounts({
      store, clock, origin: config.origin, sealer: seal, fedi, icon,
      isTaken: async (handle) => (await organisations.read.speaker(handle) ?? await organisations.read.gone(handle)) !== undefined, onGone: async (tx, person) => { await leaving.leave(tx, person.handle); await jobs.add(tx, LEFT, { payload: { handle: person.handle } }) },
      onRenamed: (tx, person) => posts.renamedHere(tx, person.handle, person.name),
    })
    const organisations = coops({
      store, clock, jobs, fedi, icon,
      async onChange(tx, change) {
        await voice.changed(tx, change)
        if (change.what !== 'gone') return
        await mirrors.someoneOptedOut(tx)
        await leaving.forget(tx, change.handle)
        await jobs.add(tx, LEFT, { payload: { handle: change.handle } })
      },
    })
    const levers = rulebook({ store, clock, organisation: (handle: string) => organisations.read.organisation(handle) })
    const speaker = async (handle: string): Promise<Speaker | undefined> =>
      (handle === 'directory' ? directorySpeaker(store) : await organisations.read.speaker(handle) ?? people.speaker(handle))
    const speakers = speakersOf({ organisation: organisations.read.byId, speaker, person: people.personOf })
    const posts = talk({ store, clock, fedi, sealer: seal, speaker, speakersOf: speakers, blocks })
    const voice = directoryVoice({ store, clock, jobs, fedi, talk: posts, organisation: organisations.read.organisation })
    const mirrors = peers({ store, clock, jobs, fedi, optedOut: organisations.read.optedOut, isBlocked: blocks.isBlocked })
    peerWire({ fedi, peers: mirrors })
    const acting = { store, clock, fedi, talk: posts, speaker, speakers, allowPrivate: config.allowPrivate }
    const desk = reports({ store, clock, fedi, sealer: seal, ...subjects({ uris: fedi.uris, organisations, accounts: people, talk: posts }) })
    reportWire(fedi, desk)
    const handlers: Record<string, JobHandler> = { ...fedi.handlers(), ...organisations.handlers(), ...talkWire({ fedi, jobs, store, talk: posts, clock }),
      ...voice.handlers(), ...mirrors.handlers(), ...leaving.handlers(), [LEFT]: leftHandler(store, posts.own), ...blocks.handlers({ fedi, posts: byAuthor }) }
    return {
      config, clock, store, jobs, kv, fedi, sealer: seal, handlers,
      accounts: people, organisations, levers, talk: posts, voice, peers: mirrors, reports: desk, policies: blocks,
      interact: interact(acting), remote: remote(acting),
      /** Before serving: the instance's own actors are there and say its name, and its collections list what is listed. */
      async begin() {
        await ensureActors(store, fedi)
        await voice.begin()
      },
      /** What a new host should do next, in a sentence or two; undefined when it has been done. */
      async firstSteps(): Promise<string | undefined> {
        if (await people.read.count()) return undefined
        // What was given on the command line of the server must be given to the command too.
        const given = ['PORT', 'TOADLANE_ORIGIN', 'DATABASE_URL', 'TOADLANE_SECRET_FILE'].filter((name) => process.env[name] && !process.env[name].startsWith('postgres')).map((name) => `${name}=${process.env[name]} `)
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
        await voice.tidy()
        await mirrors.tidy()
      },
      async close() {
        unwatch()
        await fedi.close()
        await store.close()
      },
    }
  } catch (e) {
    unwatch()
    await store.close()
    throw e
  }
}
export type House = Awaited<ReturnType<typeof makeHouse>>

/** Blocked servers on the page of federation; the command line lists all. */
const BLOCKS_SHOWN = 100

/** The human page of a document: whoever asks an id for HTML is sent there. */
async function humanPage(house: House, id: string): Promise<string | undefined> {
  const { uris, origin } = house.fedi
  const handle = uris.handleOf(id)
  if (handle === uris.instanceHandle) return `${origin}/about`
  if (handle === 'directory') return `${origin}/`
  if (handle && await house.accounts.person(handle)) return `${origin}${personPath(handle)}`
  if (handle) return `${origin}/co-ops/${handle}`
  const note = uris.object('notes', '')
  return id.startsWith(note) ? `${origin}/posts/${id.slice(note.length)}` : undefined
}

/** The other way: the document behind a human page, for programs that were given the page's address. */
async function documentOf(house: House, path: string): Promise<string | undefined> {
  const { uris, handleHost } = house.fedi
  if (path === '/') return uris.actor('directory')
  if (path === '/about') return uris.instanceActor
  const post = /^\/posts\/([0-9a-f-]{36})$/.exec(path)
  if (post) {
    const found = await house.talk.read.byId(post[1]!)
    return found && found.speaker !== null ? found.uri : undefined // what came from elsewhere has its document there
  }
  const [, handle, host] = /^\/(?:co-ops\/|people\/|@)([^/@]+)(?:@([^/@]+))?$/.exec(path) ?? []
  if (handle === undefined || !isHandle(handle) || (host !== undefined && host !== handleHost)) return undefined
  return await house.fedi.documents.get(uris.actor(handle)) ? uris.actor(handle) : undefined
}

/** Every route: health and the wire first, for they need of the shell only its headers; then the pages. */
export function makeApp(house: House, o: { /** Languages to offer; tests add a right-to-left one. */ languages?: readonly string[] } = {}): Hono {
  const { config, fedi, store } = house
  const app = new Hono()
  app.use(requestId(), securityHeaders(config.origin))
  app.route('/', healthRoutes(house))
  const clientAddress = (request: Request, env: unknown) => addressOf(request.headers.get('x-forwarded-for'), env, config.trustProxy)
  app.use(fedi.guard({ clientAddress })) // before everything that answers documents
  app.route('/', countedNotes(house.talk))
  app.route('/', house.voice.routes())
  app.route('/', fedi.routes({
    humanPage: (id) => humanPage(house, id),
    clientAddress,
    intents: interactLinks(config.origin),
    about: async () => { const { name, tagline } = await readSite(store); return { name, description: tagline } },
    usage: async () => ({ users: (await house.organisations.read.counts()).open + await house.accounts.countPersons(), ...await house.talk.read.count() }),
    featured: house.talk.pins.featured,
  }))
  app.use(humanAddresses((path) => documentOf(house, path)))
  shell({ origin: config.origin, site: siteFacts(store, config.origin, config.handleHost), ...o }).mount(app)
  app.use(session(house.accounts))
  app.route('/', accountPages(house.accounts, { origin: config.origin, clock: house.clock, trustProxy: config.trustProxy }))
  app.route('/', personPages(house.accounts, {
    follow: (page, person) => followFromElsewhere(page, fedi.uris.actor(person.handle)),
    posts: async (page, person) => {
      const posts = await house.talk.read.ofSpeaker(person.handle, 20)
      return posts.length ? PostList({ page, posts, headed: false }) : undefined
    },
  }))
  app.route('/', aboutPages({
    uri: fedi.uris.instanceActor,
    desks: (who) => [
      ...(may(who, 'directory.speak') ? [{ href: '/manage/directory/posts', label: 'talk.writeAs' as const }] : []),
      ...(may(who, 'report.decide') ? [{ href: REPORTS, label: 'reports.link' as const }] : []),
      ...(may(who, 'comment.moderate') ? [{ href: MODERATION, label: 'talk.moderation.link' as const }] : []),
    ],
    software: { name: 'Toadlane', version },
    follow: (page) => followFromElsewhere(page, fedi.uris.actor('directory')),
    site: () => readSite(store),
    counts: async () => {
      const [o, levers, posts] = await Promise.all([house.organisations.read.counts(), house.levers.read.counts(), house.talk.read.count()])
      return { organisations: o.organisations, countries: o.countries, levers: levers.levers, posts: posts.posts }
    },
  }))
  app.route('/', nsPages())
  for (const [handle, page] of [['directory', '/'], [fedi.uris.instanceHandle, '/about']]) app.get(`/@${handle}`, (c) => c.redirect(page!, 302))
  app.route('/', interactPages(house.interact))
  app.route('/', remotePages(house.remote, { trustProxy: config.trustProxy }))
  app.route('/', federationPages(federation({ store, clock: house.clock, jobs: house.jobs, fedi }), {
    directories: async (page, who: Who | undefined) => Directories({ page, directories: await house.peers.directories(who) }),
    blocks: async (page, who: Who | undefined) => {
      const policies = await house.policies.list(who, undefined, BLOCKS_SHOWN + 1)
      return Blocks({ page, policies: policies.slice(0, BLOCKS_SHOWN), more: policies.length > BLOCKS_SHOWN })
    },
  }))
  app.route('/', reportPages(house.reports))
  app.route('/', coopPages(house.organisations, {
    follow: (page, organisation) => followFromElsewhere(page, fedi.uris.actor(organisation.handle)),
    levers: async (page, organisation) => {
      const levers = await house.levers.read.ofOrganisation(organisation.handle)
      return levers.length ? LeverCards({ page, levers }) : undefined
    },
    posts: async (page, organisation) => {
      const [pinned, latest] = await Promise.all([house.talk.read.pinned(organisation.handle), house.talk.read.ofOrganisation(organisation.id, 5)])
      const posts = [...pinned, ...latest.filter((p) => p.pinned === null)]
      return posts.length ? PostList({ page, posts, headed: false }) : undefined
    },
  }))
  app.route('/', leverPages(house.levers))
  app.route('/', moderationPages(house.talk))
  app.route('/', talkPages(house.talk, { acts: async (c, post) => [
    actFromElsewhere(c, post, (await house.interact.speakers(c.get('who'))).length ? INTERACT : undefined),
    ...(post.speaker === null && may(c.get('who'), 'report.decide') ? [ReportLink({ page: pageOf(c), post })] : []),
  ] }))
  return app
}
