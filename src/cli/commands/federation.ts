/** Other servers: following them, how they fare, and what waits to be delivered to them. */
import { commandLine } from '../../accounts/model.ts'
import type { House } from '../../app.ts'
import type { HostHealth } from '../../fedi/fedi.ts'
import { Problem } from '../../kernel/errors.ts'
import { pause, SECOND } from '../../kernel/time.ts'
import type { DeadLetter, Jobs } from '../../store/jobs.ts'
import { serverRuns, withHouse } from '../house.ts'
import { one, shown, table, Usage, type Answer, type Io, type Opts } from '../io.ts'

const ANSWER_WITHIN = 8 * SECOND
const STATES = {
  accepted: 'accepted: what it posts will come here', requested: 'no answer yet: some accounts approve followers by hand', rejected: 'it declined',
} as const

export async function follow(io: Io, actor: string, o: Opts): Promise<Answer> {
  const handle = String(o.as)
  return withHouse(io, async ({ fedi, config }) => {
    const local = await fedi.actors.find(handle)
    if (!local || local.gone || !local.open) throw new Problem('no-actor', `${handle} is no actor here that could follow`, { status: 404, field: 'as' })
    const target = await fedi.lookupActor(actor)
    let { state } = await fedi.follow({ handle }, target.id)
    const runs = await serverRuns(config)
    const until = Date.now() + (runs === false ? 0 : ANSWER_WITHIN)
    while (state === 'requested' && Date.now() < until) {
      await pause(100)
      state = (await fedi.following(handle)).find((f) => f.actor === target.id)?.state ?? state
    }
    const waits = state === 'requested' && runs === false ? 'queued: it is sent when the server runs' : STATES[state]
    return {
      json: { actor: target.id, handle: target.handle ?? null, name: target.name, by: handle, state, ...(runs === false ? { server: 'not running' } : {}) },
      text: `${shown(target.name)} (${target.handle ? `@${target.handle}` : target.id}): ${waits}`, code: state === 'rejected' ? 1 : 0,
    }
  })
}

export async function peers(io: Io): Promise<Answer> {
  return withHouse(io, async ({ fedi, clock, peers: mirrors }) => {
    const hosts: HostHealth[] = []
    for (let after: string | undefined; ;) {
      const page = await fedi.health.peers(after, 200)
      hosts.push(...page)
      if (page.length < 200) break
      after = page.at(-1)?.host
    }
    const [following, directories] = await Promise.all([fedi.following(), mirrors.directories(commandLine)])
    const day = (d: Date | null) => d?.toISOString().slice(0, 16).replace('T', ' ') ?? 'never'
    const now = clock.now()
    const stateOf = (h: HostHealth) => (h.openUntil && h.openUntil > now ? 'resting' : h.failures ? one(h.failures, 'failure') : 'well')
    const rows = hosts.map((h) => [h.host, stateOf(h), day(h.lastSuccess), day(h.lastFailure), h.software ?? ''])
    const follows = following.map((f) => [`@${f.handle}`, f.state, f.actor])
    const text = [
      hosts.length ? table(rows, ['SERVER', 'STATE', 'REACHED', 'FAILED', 'SOFTWARE']) : 'no other server is known yet',
      ...(follows.length ? ['', table(follows, ['WHO', 'STATE', 'FOLLOWS'])] : []),
      ...(directories.length ? ['', table(directories.map((d) => [shown(d.name ?? d.actor), d.state, d.mirrored, day(d.changed), d.actor]), ['DIRECTORY', 'STATE', 'MIRRORED', 'LAST CHANGE', 'ACTOR'])] : []),
    ].join('\n')
    return { json: { peers: hosts, following, directories }, text }
  })
}

export async function deliveries(io: Io, action: string | undefined, id: string | undefined, o: Opts): Promise<Answer> {
  if (action === 'replay' && id === undefined) throw new Usage('which one? `toadlane deliveries replay ID`, or all')
  if (action === 'replay' && id !== 'all' && !/^\d+$/.test(id ?? '')) throw new Usage('an id is a number, as `toadlane deliveries --failed` lists it; or all')
  return withHouse(io, async (house) => {
    const { jobs } = house
    if (action === 'replay') return replay(house, id ?? '')
    if (o.failed === true) return failed(jobs, Number(o.limit))
    const depth = await jobs.depth()
    const rows = depth.map((d) => [d.kind, d.waiting, d.running, d.delayed, d.dead, d.oldest?.toISOString().slice(0, 16).replace('T', ' ') ?? ''])
    return { json: { queue: depth }, text: rows.length ? table(rows, ['KIND', 'WAITING', 'RUNNING', 'LATER', 'GIVEN UP', 'OLDEST']) : 'the queue is empty' }
  })
}

async function failed(jobs: Jobs, limit: number): Promise<Answer> {
  const letters = await jobs.deadLetters(undefined, undefined, Math.min(limit, 1000))
  const rows = letters.map((l) => [l.id, l.kind, l.died.toISOString().slice(0, 16).replace('T', ' '), `${l.attempts}×`, l.key ?? '', shown(l.cause)])
  return { json: { failed: letters.map(toldOf) }, text: rows.length ? table(rows, ['ID', 'KIND', 'GIVEN UP', 'TRIES', 'TO', 'WHY']) : 'nothing was given up' }
}
/** Without the payload: it may hold what is not for scripts' logs. */
const toldOf = ({ payload: _, ...l }: DeadLetter) => l

/** The same service as the page's buttons: the oldest first, so that what goes to one inbox keeps its order; audited. */
async function replay(house: House, id: string): Promise<Answer> {
  const { federation } = await import('../../directory/federation.ts')
  const desk = federation(house)
  if (id !== 'all') {
    await desk.sendAgain(commandLine, Number(id))
    return { json: { replayed: 1 }, text: `${id} is in the queue again` }
  }
  const { sent } = await desk.sendAllAgain(commandLine, Number.MAX_SAFE_INTEGER)
  return { json: { replayed: sent }, text: sent ? `${one(sent, 'job')} in the queue again` : 'nothing was given up' }
}
