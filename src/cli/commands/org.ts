/** One organisation: what is known of it, its consent, a post in its name. */
import { commandLine } from '../../accounts/model.ts'
import type { Whole } from '../../coops/service.ts'
import { Problem } from '../../kernel/errors.ts'
import type { Talk } from '../../talk/service.ts'
import { withHouse } from '../house.ts'
import { shown, table, type Answer, type Io, type Opts } from '../io.ts'

export async function show(io: Io, handle: string): Promise<Answer> {
  return withHouse(io, async ({ organisations, levers, config }) => {
    const w = await organisations.read.byHandle(handle)
    if (!w) {
      const gone = await organisations.read.gone(handle)
      throw gone ? new Problem('opted-out', `${handle} asked on ${gone.at.toISOString().slice(0, 10)} not to be listed`, { status: 410, field: 'handle' })
        : new Problem('not-found', `there is no organisation ${handle}`, { status: 404, field: 'handle' })
    }
    const rules = await levers.read.ofOrganisation(w.organisation.id)
    const page = `${config.origin}/co-ops/${handle}`
    return { json: { ...w, levers: rules, page, trail: undefined }, text: textOf(w, rules.length, page) }
  })
}

function textOf(w: Whole, rules: number, page: string): string {
  const o = w.organisation
  const rows: [string, string][] = [
    ['name', o.name], ['handle', o.handle], ['page', page], ['kind', o.kind], ['status', o.status],
    ['standing', o.standing + (o.consent ? ` (${o.consent.basis}; ${o.consent.at.toISOString().slice(0, 10)})` : '')],
    ['place', [o.locality, o.region, o.country].filter(Boolean).join(', ')], ['website', o.website ?? ''],
    ['activities', o.activities.join(', ')],
    ...w.figures.slice(0, 5).map((f): [string, string] => [f.kind, `${f.value}${f.unit ? ` ${f.unit}` : ''}${f.year ? ` (${f.year})` : ''}, ${f.confidence}`]),
    ...w.memberships.map((m): [string, string] => ['member of', `${m.name} (${m.now})`]),
    ['levers', rules ? String(rules) : ''], ['revision', String(o.revision)], ['changed', o.changed.toISOString()],
    ['confirmed', `${o.confirmed.toISOString().slice(0, 10)} (${w.freshness})`],
  ]
  return table(rows.filter(([, v]) => v !== '').map(([k, v]) => [k, shown(v)]))
}

export async function publish(io: Io, handle: string, o: Opts): Promise<Answer> {
  return withHouse(io, async ({ talk, config }) => {
    const words = { text: o.text, ...(o.lang === undefined ? {} : { language: o.lang }) }
    const post = o.replyTo === undefined ? await talk.publish(commandLine, handle, { ...words, ...(o.title === undefined ? {} : { title: o.title }) })
      : await talk.reply(commandLine, handle, await answered(talk, String(o.replyTo), config.origin), words)
    const page = `${config.origin}/posts/${post.id}`
    return { json: { id: post.id, uri: post.uri, page }, text: `published: ${page}` }
  })
}

/** The id here of a post that was given as such, as the address of its page, or as its ActivityPub id. */
async function answered(talk: Talk, given: string, origin: string): Promise<string> {
  const page = `${origin}/posts/`
  if (given.startsWith(page)) return given.slice(page.length)
  if (!/^https?:/.test(given)) return given
  const post = await talk.read.byUri(given)
  if (!post) throw new Problem('not-found', 'this post is not kept here', { status: 404, field: 'reply-to' })
  return post.id
}

export async function consent(io: Io, handle: string, o: Opts): Promise<Answer> {
  return withHouse(io, async ({ organisations }) => {
    const changed = await organisations.consent(commandLine, handle, String(o.basis))
    const text = changed ? `${handle} is consented now: it can be followed and can post` : `${handle} was consented already, on the same basis`
    return { json: { handle, changed, standing: 'consented' }, text }
  })
}

/** Takes one out at its own wish, for good. */
export async function optOut(io: Io, handle: string, o: Opts): Promise<Answer> {
  const why = String(o.why).trim()
  if (!why) throw new Problem('invalid', 'say why, in a few words', { status: 422, field: 'why' })
  return withHouse(io, async ({ organisations }) => {
    await organisations.optOut(commandLine, handle, why)
    return { json: { handle, optedOut: true, why }, text: `${handle} is not listed any more: all that was said about it is deleted, and imports skip it` }
  })
}
