/** What a person or a program sees when something did not go: the right status, in words, never a stack. */
import { getLogger } from '@logtape/logtape'
import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { codeOf, Problem, safeReason } from '../kernel/errors.ts'
import { problemText } from './forms.ts'
import { html, Layout, pageOf, type Page } from './page.tsx'
import { isKey, type Key } from './words.ts'

const log = getLogger(['toadlane', 'web'])

/** Too often; `retryAfter` in seconds. */
export class TooMany extends Problem {
  readonly retryAfter: number
  constructor(retryAfter: number, message = 'too many attempts; wait before trying again') {
    super('too-many', message, { status: 429 })
    this.retryAfter = Math.max(1, Math.ceil(retryAfter))
  }
}

/** The database cannot write or cannot be reached just now: worth another try. SQLite's and PostgreSQL's own codes. */
const UNAVAILABLE = /^(SQLITE_(FULL|BUSY|LOCKED|IOERR|CANTOPEN|READONLY|NOMEM)|53|57P0|08|40001|40P01|ECONNREFUSED$|ECONNRESET$|EPIPE$|ENOSPC$)/

/** Every failure as a Problem; what nobody expected becomes 500, and what may pass by itself 503. */
function toProblem(e: unknown): Problem {
  if (e instanceof Problem) return e
  if (e instanceof HTTPException) return new Problem(`http-${e.status}`, e.message || 'refused', { status: e.status, cause: e })
  const code = codeOf(e)
  if (code !== undefined && UNAVAILABLE.test(code)) return new Problem('unavailable', 'the database cannot be reached or written just now', { status: 503, cause: e })
  return new Problem('unexpected', 'something broke on our side', { status: 500, cause: e })
}

/** Does the client want a document for programs? Browsers always name text/html. */
export function wantsJson(c: Context): boolean {
  const accept = (c.req.header('accept') ?? '').toLowerCase()
  return /\bjson\b/.test(accept) && !accept.includes('text/html')
}

/** Where it happened, without the error's message: Drizzle's holds names and addresses. */
const trail = (e: unknown): string[] => (e instanceof Error ? (e.stack ?? '').split('\n').filter((l) => /^\s+at /.test(l)).slice(0, 8).map((l) => l.trim()) : [])

/** Hono's `onError`. */
export async function onError(e: unknown, c: Context): Promise<Response> {
  const problem = toProblem(e)
  const reference = c.get('requestId') ?? ''
  if (problem.status >= 500) {
    const cause = problem.cause ?? problem
    log.error('{method} {path} failed: {reason} (reference {reference})', { method: c.req.method, path: c.req.path, reason: safeReason(cause), reference, at: trail(cause) })
  }
  c.header('Cache-Control', 'no-store')
  if (problem instanceof TooMany) c.header('Retry-After', String(problem.retryAfter))
  if (problem.status === 503) c.header('Retry-After', '30')
  const hasPage = c.get('page') !== undefined
  if (!hasPage || wantsJson(c)) return jsonProblem(c, problem, reference)
  if (problem.status === 401 && (c.req.method === 'GET' || c.req.method === 'HEAD')) {
    const { path, query } = pageOf(c)
    return c.redirect(`/sign-in?next=${encodeURIComponent(path + query)}`, 303)
  }
  return html(c, <ProblemPage page={pageOf(c)} problem={problem} reference={reference} />, problem.status)
}

/** Hono's `notFound`. */
export const notFound = (c: Context): Promise<Response> => onError(new Problem('not-found', 'there is nothing at this address', { status: 404 }), c)

/** RFC 9457, with our stable `code` and, for forms, one entry a field. */
function jsonProblem(c: Context, p: Problem, reference: string): Response {
  const body = {
    type: 'about:blank', status: p.status, code: p.code, detail: p.message, field: p.field,
    errors: p.others.length ? [p, ...p.others].map((x) => ({ code: x.code, detail: x.message, field: x.field })) : undefined,
    reference: p.status >= 500 ? reference : undefined,
  }
  return c.body(JSON.stringify(body), p.status as 400, { 'Content-Type': 'application/problem+json' })
}

/** The words of a status: `error.404.title`, or those of "refused" for one that has none of its own. */
const words = (page: Page, status: number, part: 'title' | 'text'): string => {
  const key = `error.${status}.${part}`
  return page.t((isKey(key) ? key : `error.400.${part}`) as Key)
}

const ProblemPage = ({ page, problem, reference }: { page: Page; problem: Problem; reference: string }) => {
  const { t } = page
  const { status } = problem
  const title = words(page, status, 'title')
  // Of what broke on our side a visitor learns no more than that; of a refusal, its reason.
  const reason = status < 500 && problem.code !== 'not-found' && !problem.code.startsWith('http-') ? problemText(page, problem) : undefined
  return (
    <Layout page={page} title={title} dye={status >= 500 ? 'madder' : 'indigo'} unlisted>
      <div class="wrap column lost">
        <p class="code" aria-hidden="true">{status}</p>
        <h1>{title}</h1>
        <p class="lede">{words(page, status, 'text')}</p>
        {reason ? <p>{reason}</p> : null}
        {problem instanceof TooMany ? <p>{t('error.retryAfter', { minutes: Math.ceil(problem.retryAfter / 60) })}</p> : null}
        {status === 500 ? <p>{t('error.reference')} <code>{reference}</code></p> : null}
        <p class="row mt3">
          {status === 401 ? <a class="btn" href="/sign-in">{t('nav.signIn')}</a> : null}
          <a class={status === 401 ? 'btn quiet' : 'btn'} href="/">{t('error.toList')}</a>
        </p>
      </div>
    </Layout>
  )
}
