/** Signing in and out, with plain forms. */
import { APIError } from 'better-auth/api'
import { Hono } from 'hono'
import { z } from 'zod'
import { Problem } from '../kernel/errors.ts'
import type { Clock } from '../kernel/time.ts'
import { clientAddress } from '../web/address.ts'
import { ErrorSummary, Field } from '../web/components.tsx'
import { Column, Form } from '../web/blocks.tsx'
import { flash } from '../web/flash.ts'
import { readForm, type FormValues } from '../web/forms.ts'
import { safeNext } from '../web/next.ts'
import { html, Layout, pageOf, type Page } from '../web/page.tsx'
import { gate, signInLimits } from './limits.ts'
import type { Accounts } from './service.ts'
import { cookieOnly, forwardCookies } from './session.ts'

export interface SignInSettings { origin: string; clock: Clock; /** Trusted proxies in front. */ trustProxy: number }

const signInForm = z.object({ email: z.string().max(254), password: z.string().max(1000), next: z.string().optional() })

/** The same words whether the address is unknown or the password wrong. */
const wrong = (): Problem => new Problem('wrong-sign-in', 'the email address or the password is not right', { status: 422, field: 'email' })

const SignIn = ({ page, next, problem, values }: { page: Page; next: string; problem?: Problem; values?: FormValues }) => {
  const { t } = page
  return (
    <Layout page={page} title={t('account.signIn')} problem={problem} unlisted>
      <Column>
        <ErrorSummary page={page} problem={problem} />
        <h1>{t('account.signIn')}</h1>
        <p class="sub">{t('account.signInHint')}</p>
        <Form action="/sign-in" submit={t('account.signInButton')}>
          {next === '/' ? null : <input type="hidden" name="next" value={next} />}
          <Field page={page} name="email" type="email" label={t('account.email')} autocomplete="username" problem={problem} values={values} />
          <Field page={page} name="password" type="password" label={t('account.password')} autocomplete="current-password" problem={problem} />
        </Form>
        <p class="sub small">{t('account.forgotten')}</p>
      </Column>
    </Layout>
  )
}

export function accountPages(accounts: Accounts, o: SignInSettings): Hono {
  const limits = signInLimits(o.clock)
  const inTurn = gate()
  const { api } = accounts.auth

  /** The Set-Cookie headers of a new session, or undefined when address and password do not fit together. */
  async function begin(email: string, password: string): Promise<Headers | undefined> {
    try {
      return (await api.signInEmail({ body: { email, password }, headers: new Headers(), returnHeaders: true })).headers
    } catch (e) {
      if (e instanceof APIError && e.statusCode < 500) return undefined
      throw e
    }
  }

  return new Hono()
    .get('/sign-in', (c) => {
      const next = safeNext(c.req.query('next'), o.origin)
      if (c.get('who')) return c.redirect(next, 303)
      return html(c, <SignIn page={pageOf(c)} next={next} />)
    })
    .post('/sign-in', async (c) => {
      const form = await readForm(c, signInForm)
      const next = safeNext(String(form.values.next ?? ''), o.origin)
      const refuse = (problem: Problem) => html(c, <SignIn page={pageOf(c)} next={next} problem={problem} values={form.values} />, problem.status)
      if (!form.ok) return refuse(form.problem)
      const { email, password } = form.value
      const address = clientAddress(c, o.trustProxy)
      limits.attempt(address, email)
      const fresh = await inTurn(() => begin(email, password))
      if (!fresh) return refuse(wrong())
      limits.succeeded(address, email)
      if (c.get('who')) await api.signOut({ headers: cookieOnly(c) }) // the session from before must not outlive this
      forwardCookies(c, fresh)
      flash(c, 'account.signedIn')
      return c.redirect(next, 303)
    })
    .get('/sign-out', (c) => c.redirect('/', 303))
    .post('/sign-out', async (c) => {
      const { headers } = await api.signOut({ headers: cookieOnly(c), returnHeaders: true })
      forwardCookies(c, headers)
      flash(c, 'account.signedOut')
      return c.redirect('/', 303)
    })
}
