/** The addresses under /manage/{handle}/followers: the lists, the answers, the switch. Forms alone; who may, the service says. */
import type { Context, Hono } from 'hono'
import { z } from 'zod'
import { allow } from '../accounts/model.ts'
import { flash } from '../web/flash.ts'
import { readForm } from '../web/forms.ts'
import { html, pageOf } from '../web/page.tsx'
import type { Powers } from './edit-view.tsx'
import { followersQuery, FollowersView, type FollowersPlace } from './followers-view.tsx'
import type { Coops, Whole } from './service.ts'

const id = z.string().min(1).max(2048)
const key = id.optional().catch(undefined)
const approval = z.object({ approve: z.enum(['yes', 'no']) })

const placeOf = (c: Context): FollowersPlace => {
  const after = key.parse(c.req.query('after')), waiting = key.parse(c.req.query('waiting'))
  return { ...(after === undefined ? {} : { after }), ...(waiting === undefined ? {} : { waiting }) }
}

/** @param find the organisation of the address, if it is for this reader */
export function followerRoutes(app: Hono, coops: Coops, find: (c: Context) => Promise<Whole>, powers: (c: Context, w: Whole) => Powers): void {
  const base = '/manage/:handle/followers'
  const back = (c: Context, w: Whole) => c.redirect(`/manage/${w.organisation.handle}/followers${followersQuery(placeOf(c))}`, 303)
  async function owned(c: Context): Promise<Whole> {
    const whole = await find(c)
    allow(c.get('who'), 'follower.manage', whole.organisation.id)
    return whole
  }

  app.get(base, async (c) => {
    const whole = await owned(c)
    const { handle } = whole.organisation, who = c.get('who'), at = placeOf(c)
    const [overview, waiting, followers] = await Promise.all([
      coops.followers.overview(who, handle), coops.followers.list(who, handle, 'pending', at.waiting), coops.followers.list(who, handle, 'accepted', at.after),
    ])
    return html(c, <FollowersView page={pageOf(c)} whole={whole} may={powers(c, whole)} overview={overview} waiting={waiting} followers={followers} at={at} />)
  })

  /** What somebody else was quicker with is said, not shown as an error. */
  const answer = (verb: 'accept' | 'decline' | 'remove', done: 'coops.followers.accepted' | 'coops.followers.declined' | 'coops.followers.removed') =>
    app.post(`${base}/${verb}`, async (c) => {
      const whole = await owned(c)
      const form = await readForm(c, z.object({ id }))
      if (!form.ok) throw form.problem
      flash(c, await coops.followers[verb](c.get('who'), whole.organisation.handle, form.value.id) ? done : 'coops.followers.wasGone')
      return back(c, whole)
    })
  answer('accept', 'coops.followers.accepted')
  answer('decline', 'coops.followers.declined')
  answer('remove', 'coops.followers.removed')

  app.post(`${base}/approval`, async (c) => {
    const whole = await owned(c)
    const form = await readForm(c, approval)
    if (!form.ok) throw form.problem
    const on = form.value.approve === 'yes'
    const changed = await coops.followers.setApproval(c.get('who'), whole.organisation.handle, on)
    flash(c, !changed ? 'coops.edit.nothing' : on ? 'coops.followers.switchedOn' : 'coops.followers.switchedOff')
    return back(c, whole)
  })
}
