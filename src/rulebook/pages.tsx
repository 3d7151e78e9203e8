/** The pages of the rulebook: levers by country, one lever with its versions, the levers of one organisation. */
import { Hono, type Context } from 'hono'
import { z } from 'zod'
import { may } from '../accounts/model.ts'
import { isCountry } from '../coops/countries.ts'
import { isVisible } from '../coops/life.ts'
import { Problem } from '../kernel/errors.ts'
import { flash } from '../web/flash.ts'
import { html, pageOf } from '../web/page.tsx'
import type { After, LeverBody, Rulebook } from './service.ts'
import { BodyLevers, LeverList, LeverPage } from './views.tsx'

const SHOWN = 60

const last = z.object({ country: z.string(), body: z.string(), action: z.string() }).refine((a) => !Object.values(a).some((v) => v.includes('\0')))
/** Where the list goes on, as JSON in base64url: body and action are free text. */
const cursor = z.string().max(2000).transform((s, ctx) => {
  try {
    return last.parse(JSON.parse(Buffer.from(s, 'base64url').toString()))
  } catch { ctx.addIssue('no cursor'); return z.NEVER }
})
const written = (a: After): string => Buffer.from(JSON.stringify(a)).toString('base64url')

export function leverPages(rulebook: Rulebook): Hono {
  const { read } = rulebook

  /** The body of a lever, if it is for this reader; Problem 404 where it is hidden or has opted out. */
  async function bodyFor(c: Context, handle: string): Promise<LeverBody> {
    const body = await read.organisation(handle)
    if (body && (isVisible(body.status) || may(c.get('who'), 'organisation.edit', body.id))) return body
    throw new Problem('not-found', 'there is no such organisation', { status: 404 })
  }
  const idOf = (c: Context): string => {
    const id = z.uuid().safeParse(c.req.param('id'))
    if (!id.success) throw new Problem('not-found', 'there is no such lever', { status: 404 })
    return id.data
  }

  return new Hono()
    .get('/levers', async (c) => {
      const asked = c.req.query('country')?.toUpperCase() ?? ''
      const country: { country?: string } = isCountry(asked) ? { country: asked } : {}
      const after = cursor.safeParse(c.req.query('after') ?? '')
      const [items, counts] = await Promise.all([read.list({ ...country, limit: SHOWN + 1, ...(after.success ? { after: after.data } : {}) }), read.counts()])
      const shown = items.slice(0, SHOWN), end = shown.at(-1)
      const address = (a: After) => `/levers?${new URLSearchParams({ ...(country.country ? { country: country.country } : {}), after: written(a) })}`
      const next = items.length > SHOWN && end ? { next: address({ country: end.country ?? '', body: end.body, action: end.actionKey }) } : {}
      return html(c, <LeverList page={pageOf(c)} items={shown} counts={counts} {...country} {...next} onward={after.success} />)
    })
    .get('/levers/:id', async (c) => {
      const lever = await read.byId(idOf(c))
      if (!lever?.versions.length) throw new Problem('not-found', 'there is no such lever', { status: 404 })
      const body = lever.organisation === null ? undefined : await bodyFor(c, lever.organisation)
      const members = body && await read.members(body.handle)
      const mayCheck = may(c.get('who'), 'lever.edit', body?.id)
      return html(c, <LeverPage page={pageOf(c)} lever={lever} mayCheck={mayCheck} {...(body ? { body } : {})} {...(members ? { members } : {})} />)
    })
    .post('/levers/:id/check', async (c) => {
      const id = idOf(c)
      await rulebook.check(c.get('who'), id)
      flash(c, 'levers.checked')
      return c.redirect(`/levers/${id}`, 303)
    })
    .get('/co-ops/:handle/levers', async (c) => {
      const body = await bodyFor(c, c.req.param('handle'))
      const [levers, inCountry] = await Promise.all([read.ofOrganisation(body.handle), body.country ? read.list({ country: body.country, limit: 200 }) : []])
      return html(c, <BodyLevers page={pageOf(c)} body={body} levers={levers} law={inCountry.filter((l) => l.organisation === null)} />)
    })
}
