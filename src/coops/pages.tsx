/** The pages of organisations: the directory's list, each one's own page, its history, and where it is edited. */
import { Hono, type Context } from 'hono'
import type { Child } from 'hono/jsx'
import { z } from 'zod'
import { allow, may } from '../accounts/model.ts'
import { Problem } from '../kernel/errors.ts'
import { flash } from '../web/flash.ts'
import { formProblem, formValues, type FormValues } from '../web/forms.ts'
import { html, pageOf, type Page } from '../web/page.tsx'
import { Changes } from './changes-view.tsx'
import { isCountry } from './countries.ts'
import { Edit, StandingPage, type Powers } from './edit-view.tsx'
import { followerRoutes } from './followers-pages.tsx'
import { inputFrom, valuesOf } from './form.ts'
import { List } from './list-view.tsx'
import { KINDS, STATUSES, type Organisation } from './model.ts'
import { Profile } from './profile-view.tsx'
import type { Coops, ListQuery, Whole } from './service.ts'

/** What rooms above put on an organisation's page. Undefined leaves the section out. */
export interface Extras {
  levers?: (page: Page, organisation: Organisation) => Promise<Child | undefined>
  posts?: (page: Page, organisation: Organisation) => Promise<Child | undefined>
  /** Under its address: how to follow it. */
  follow?: (page: Page, organisation: Organisation) => Child
}

const SHOWN = 24, REVISIONS = 20, MEMBERS = 100

/** Where a list goes on: the last name shown and its id. */
const cursor = z.string().max(600).transform((s, ctx) => {
  const at = s.indexOf('_')
  const id = s.slice(0, at)
  if (!/^[0-9a-f-]{36}$/.test(id) || !s.isWellFormed() || s.includes('\0')) { ctx.addIssue('no cursor'); return z.NEVER }
  return { id, nameKey: s.slice(at + 1) }
})
const activity = z.string().min(1).max(80).refine((s) => !s.includes('\0'))

/** What the address asks for; what it says wrongly is left out. */
function queryOf(c: Context): Omit<ListQuery, 'limit'> {
  const country = c.req.query('country')?.toUpperCase(), kind = z.enum(KINDS).safeParse(c.req.query('kind'))
  const doing = activity.safeParse(c.req.query('activity')), after = cursor.safeParse(c.req.query('after') ?? '')
  return {
    ...(country && isCountry(country) ? { country } : {}), ...(kind.success ? { kind: kind.data } : {}), ...(doing.success ? { activity: doing.data } : {}),
    ...(c.req.query('platforms') ? { platforms: true } : {}), ...(after.success ? { after: after.data } : {}),
  }
}

function nextOf(query: Omit<ListQuery, 'limit'>, last: { id: string; nameKey: string }): string {
  const q = new URLSearchParams()
  for (const name of ['country', 'kind', 'activity'] as const) { const v = query[name]; if (v) q.set(name, v) }
  if (query.platforms) q.set('platforms', 'yes')
  q.set('after', `${last.id}_${last.nameKey}`)
  return `/?${q}`
}

/** Numbers of the whole directory stand on its first page, and counting is what gets slower as it grows: counted again after `ms`. */
function remembered<T>(ms: number, count: () => Promise<T>): () => Promise<T> {
  let known: Promise<T> | undefined, until = 0
  return () => {
    if (!known || Date.now() > until) {
      until = Date.now() + ms
      const counting = known = count()
      counting.catch(() => { if (known === counting) known = undefined })
    }
    return known
  }
}
const RECOUNT = 10_000

export function coopPages(coops: Coops, extras: Extras = {}): Hono {
  const app = new Hono()
  const counts = remembered(RECOUNT, () => coops.read.counts()), countries = remembered(RECOUNT, () => coops.read.countries())

  /** The organisation of the address, if it is for this reader. */
  async function find(c: Context): Promise<Whole> {
    const handle = c.req.param('handle') ?? ''
    const whole = await coops.read.byHandle(handle)
    if (whole && (whole.visible || may(c.get('who'), 'organisation.edit', whole.organisation.id))) return whole
    const gone = whole ? undefined : await coops.read.gone(handle)
    if (gone) throw new Problem('gone', 'this organisation has asked not to be listed', { status: 410 })
    throw new Problem('not-found', 'there is no such organisation', { status: 404 })
  }
  async function editable(c: Context): Promise<Whole> {
    const whole = await find(c)
    allow(c.get('who'), 'organisation.edit', whole.organisation.id)
    return whole
  }
  const powers = (c: Context, w: Whole): Powers => {
    const id = w.organisation.id
    const who = c.get('who')
    return { standing: may(who, 'organisation.consent', id), status: may(who, 'organisation.status', id), post: may(who, 'post.publish', id), followers: may(who, 'follower.manage', id) }
  }

  app.get('/', async (c) => {
    const query = queryOf(c)
    const [items, numbers, where] = await Promise.all([coops.read.list({ ...query, limit: SHOWN + 1 }), counts(), countries()])
    const shown = items.slice(0, SHOWN), last = shown.at(-1)
    const next = items.length > SHOWN && last ? { next: nextOf(query, last) } : {}
    return html(c, <List page={pageOf(c)} items={shown} counts={numbers} countries={where} query={query} uri={coops.uri} {...next} />)
  })

  // Programs that ask a page's address for a document are sent there by app.ts.
  app.get('/:at{@[^/]+}', (c) => c.redirect(`/co-ops/${encodeURIComponent(c.req.param('at').slice(1).split('@')[0] ?? '')}`, 302))

  app.get('/co-ops/:handle', async (c) => {
    const page = pageOf(c)
    const whole = await find(c)
    const o = whole.organisation
    const [levers, posts, members] = await Promise.all([
      extras.levers?.(page, o), whole.open ? extras.posts?.(page, o) : undefined, o.kind === 'federation' ? coops.read.members(o.id, MEMBERS) : [],
    ])
    return html(c, <Profile page={page} whole={whole} uri={coops.uri(o.handle)} address={coops.address(o.handle)} members={members}
      mayEdit={may(c.get('who'), 'organisation.edit', o.id)} mayPost={whole.open && may(c.get('who'), 'post.publish', o.id)} levers={levers} posts={posts} follow={extras.follow?.(page, o)} />)
  })

  app.get('/co-ops/:handle/changes', async (c) => {
    const { organisation: o } = await find(c)
    const before = z.coerce.number().int().positive().safeParse(c.req.query('before'))
    const revisions = await coops.read.revisions(o.id, REVISIONS + 1, before.success ? before.data : undefined)
    const last = revisions[REVISIONS - 1]
    const next = revisions.length > REVISIONS && last ? { next: `/co-ops/${o.handle}/changes?before=${last.number}` } : {}
    return html(c, <Changes page={pageOf(c)} organisation={o} uri={coops.uri(o.handle)} revisions={revisions} shown={REVISIONS}
      mayRestore={may(c.get('who'), 'organisation.edit', o.id)} {...next} />)
  })
  app.post('/co-ops/:handle/changes/:number/restore', async (c) => {
    const page = pageOf(c)
    const handle = c.req.param('handle'), number = Number(c.req.param('number'))
    const { outcome } = await coops.restore(c.get('who'), handle, Number.isSafeInteger(number) ? number : 0, page.t('coops.changes.restoreWhy', { number }))
    flash(c, outcome === 'changed' ? 'coops.edit.restored' : 'coops.edit.nothing')
    return c.redirect(`/co-ops/${handle}/changes`, 303)
  })

  const edit = (c: Context, whole: Whole, values: FormValues, problem?: Problem) =>
    html(c, <Edit page={pageOf(c)} whole={whole} values={values} may={powers(c, whole)} {...(problem ? { problem } : {})} />, problem?.status ?? 200)
  app.get('/manage/:handle', async (c) => {
    const whole = await editable(c)
    return edit(c, whole, valuesOf(whole.organisation))
  })
  app.post('/manage/:handle', async (c) => {
    const whole = await editable(c)
    const { handle } = whole.organisation
    const { revision, ...values } = await formValues(c)
    const read = inputFrom(handle, values, pageOf(c).t)
    if (!read.ok) return edit(c, whole, values, read.problem)
    try {
      const { outcome } = await coops.put(c.get('who'), read.input, { revision: Number(revision), ...(read.why ? { why: read.why } : {}) })
      flash(c, outcome === 'unchanged' ? 'coops.edit.nothing' : 'coops.edit.saved')
      return c.redirect(`/co-ops/${handle}`, 303)
    } catch (e) {
      const problem = formProblem(e)
      // Shown on the listing as it is by now, so that saving once more is meant.
      return edit(c, await editable(c), values, problem)
    }
  })
  app.post('/manage/:handle/figures/:figure/withdraw', async (c) => {
    const handle = c.req.param('handle')
    await coops.withdrawFigure(c.get('who'), handle, c.req.param('figure'), pageOf(c).t('coops.edit.withdrawWhy'))
    flash(c, 'coops.edit.withdrawn')
    return c.redirect(`/manage/${handle}`, 303)
  })

  const standing = (c: Context, whole: Whole, values: FormValues = {}, problem?: Problem) =>
    html(c, <StandingPage page={pageOf(c)} whole={whole} values={values} may={powers(c, whole)} {...(problem ? { problem } : {})} />, problem?.status ?? 200)
  app.get('/manage/:handle/standing', async (c) => standing(c, await editable(c)))

  /** One of the small forms of that page: does it, says so, or shows the page again with what was typed. */
  const small = (path: string, done: 'coops.edit.confirmed' | 'coops.edit.consentDone' | 'coops.edit.statusDone',
    act: (c: Context, handle: string, values: FormValues) => Promise<unknown>) =>
    app.post(`/manage/:handle/${path}`, async (c) => {
      const whole = await editable(c)
      const values = await formValues(c)
      try {
        await act(c, whole.organisation.handle, values)
      } catch (e) {
        return standing(c, whole, values, formProblem(e))
      }
      flash(c, done)
      return c.redirect(`/manage/${whole.organisation.handle}/standing`, 303)
    })
  const said = (c: Context, values: FormValues, field: string): string => {
    const v = values[field]
    if (typeof v === 'string' && v !== '') return v
    throw new Problem('form.said', pageOf(c).t('form.required'), { status: 422, field })
  }
  small('confirm', 'coops.edit.confirmed', async (c, handle, values) => {
    const answer = z.enum(['true', 'closed']).safeParse(values.answer)
    if (!answer.success) throw new Problem('form.said', pageOf(c).t('form.choose'), { status: 422, field: 'answer' })
    await coops.confirmFresh(c.get('who'), handle, answer.data)
  })
  small('consent', 'coops.edit.consentDone', (c, handle, values) => coops.consent(c.get('who'), handle, said(c, values, 'basis')))
  small('status', 'coops.edit.statusDone', async (c, handle, values) => {
    const to = z.enum(STATUSES).safeParse(values.status)
    if (!to.success) throw new Problem('form.said', pageOf(c).t('form.choose'), { status: 422, field: 'status' })
    await coops.setStatus(c.get('who'), handle, to.data, said(c, values, 'why'))
  })
  followerRoutes(app, coops, find, powers)
  return app
}
