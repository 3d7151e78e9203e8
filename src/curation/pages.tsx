/** The moderators' desk: what was reported, and what was decided about it. */
import { Hono, type Context } from 'hono'
import { z } from 'zod'
import { Problem } from '../kernel/errors.ts'
import { momentOf } from '../kernel/time.ts'
import { flash } from '../web/flash.ts'
import { formProblem, readForm, type FormValues } from '../web/forms.ts'
import { html, pageOf } from '../web/page.tsx'
import { decisionInput, forwardInput } from './model.ts'
import type { After, Reports } from './service.ts'
import { Forward, List, One, REPORTS } from './views.tsx'

export { REPORTS } from './views.tsx'

const SHOWN = 20
const cursor = z.string().regex(/^\d{1,15}_[0-9a-f]{32}$/).transform((s, ctx): After => {
  const [ms, id] = s.split('_') as [string, string]
  const created = momentOf(Number(ms))
  if (created) return { created, id }
  ctx.addIssue('no cursor')
  return z.NEVER
}).optional().catch(undefined)

/** Pages of whoever may `report.decide`: the service refuses everybody else. */
export function reportPages(reports: Reports): Hono {
  const app = new Hono()

  const list = (what: 'open' | 'decided') => async (c: Context) => {
    const after = cursor.parse(c.req.query('after'))
    const [found, open] = [await reports.list(c.get('who'), what, SHOWN + 1, after), await reports.read.open()]
    const rows = found.slice(0, SHOWN), last = rows.at(-1)
    const path = what === 'open' ? REPORTS : `${REPORTS}/decided`
    return html(c, <List page={pageOf(c)} what={what} rows={rows} open={open}
      next={found.length > SHOWN && last ? `${path}?after=${last.created.getTime()}_${last.id}` : undefined} first={after ? path : undefined} />)
  }
  app.get(REPORTS, list('open'))
  app.get(`${REPORTS}/decided`, list('decided'))

  const forward = async (c: Context, values?: FormValues, problem?: Problem) => {
    const subject = c.req.query('subject') ?? ''
    return html(c, <Forward page={pageOf(c)} thing={await reports.reportable(c.get('who'), subject)} subject={subject} values={values} problem={problem} />, problem?.status ?? 200)
  }
  app.get(`${REPORTS}/new`, (c) => forward(c))
  app.post(`${REPORTS}/new`, async (c) => {
    const subject = c.req.query('subject') ?? ''
    const thing = await reports.reportable(c.get('who'), subject)
    const form = await readForm(c, forwardInput)
    if (!form.ok) return forward(c, form.values, form.problem)
    const { host } = await reports.forward(c.get('who'), subject, form.value)
    flash(c, 'reports.sent', { host })
    return c.redirect(thing.href, 303)
  })

  const one = async (c: Context, id: string, values?: FormValues, problem?: Problem) =>
    html(c, <One page={pageOf(c)} report={await reports.one(c.get('who'), id)} values={values} problem={problem} />, problem?.status ?? 200)
  app.get(`${REPORTS}/:id{[0-9a-f]{32}}`, (c) => one(c, c.req.param('id')))
  app.post(`${REPORTS}/:id{[0-9a-f]{32}}`, async (c) => {
    const id = c.req.param('id')
    const form = await readForm(c, decisionInput)
    if (!form.ok) return one(c, id, form.values, form.problem)
    try {
      await reports.decide(c.get('who'), id, form.value)
    } catch (e) {
      const problem = formProblem(e)
      if (problem.status === 404) throw problem
      return one(c, id, form.values, problem) // somebody was quicker: shown with their decision
    }
    flash(c, 'reports.decided')
    return c.redirect(REPORTS, 303)
  })
  return app
}
