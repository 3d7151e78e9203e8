/**
 * /interact: where people of this instance land when they want to act on something of another server. Opening it asks nobody and
 * changes nothing; it never leads anywhere but to pages of ours. See docs/adr/0017.
 */
import { Hono, type Context } from 'hono'
import { raw } from 'hono/html'
import type { Child } from 'hono/jsx'
import { z } from 'zod'
import { intentRel, SUBSCRIBE } from '../fedi/intents.ts'
import { ACCOUNT } from '../accounts/person-pages.tsx'
import type { LinkTemplate } from '../fedi/fedi.ts'
import { Problem } from '../kernel/errors.ts'
import { POST_MAX, type Speaker } from '../talk/model.ts'
import { PostCard } from '../talk/views.tsx'
import { Column } from '../web/blocks.tsx'
import { Empty, ErrorSummary, Field, Icon, Note, Say, Select, Swatch, Table, Time } from '../web/components.tsx'
import { flash } from '../web/flash.ts'
import { readForm, type FormValues } from '../web/forms.ts'
import { html, Layout, pageOf, type Key, type Page } from '../web/page.tsx'
import { TooMany } from '../web/errors.tsx'
import type { Done, Interact, Seen } from './interact.ts'
import { otherServer } from './other-server.ts'
import type { Target } from './target.ts'

export const INTERACT = '/interact'

/** What one can come here for, by the word in the address; `create` answers or says something new, `object` only looks. */
const INTENTS = { follow: 'Follow', like: 'Like', announce: 'Announce', create: 'Create', object: 'Object' } as const
type Intent = keyof typeof INTENTS

/** What our WebFinger says of it: only what works here (FEP-3b86 section 3). */
export const interactLinks = (origin: string): LinkTemplate[] => [
  { rel: SUBSCRIBE, template: `${origin}${INTERACT}?uri={uri}` },
  ...Object.entries(INTENTS).map(([word, name]) => ({
    rel: intentRel(name), template: `${origin}${INTERACT}?${word === 'create' ? 'uri={inReplyTo}&content={content}' : 'uri={object}'}&intent=${word}`,
  })),
]

/** What can be done, in the order of the buttons, each with its way back. */
const VERBS = { follow: 'follow', like: 'like', boost: 'boost' } as const
type Verb = keyof typeof VERBS
const verbOf = (intent: Intent | undefined): Verb | undefined => (intent === 'announce' ? 'boost' : intent === 'follow' || intent === 'like' ? intent : undefined)

const intent = z.enum(['follow', 'like', 'announce', 'create', 'object']).optional().catch(undefined)
const lookUpForm = z.object({ uri: z.string(), intent, as: z.string().max(100).optional(), text: z.string().max(POST_MAX).optional() })
const actForm = z.object({ uri: z.string().min(1).max(2048), as: z.string().min(1).max(100) })
/** The words are checked by the service. `uri` is empty for something new. */
const answerForm = z.object({ uri: z.string().max(2048).default(''), as: z.string().min(1).max(100), text: z.string().default('') })

const pathOf = (uri: string, more: Record<string, string | undefined> = {}): string => {
  const q = new URLSearchParams({ uri })
  for (const [name, value] of Object.entries(more)) if (value) q.set(name, value)
  return `${INTERACT}?${q}`
}

interface ViewProps {
  page: Page
  signedIn: boolean
  speakers: readonly Speaker[]
  target?: Target
  intent?: Intent
  /** Whom they acted as last. */
  as?: string
  seen?: Seen
  /** An answer that was refused, to be tried again: ActivityPub id of what it answers. */
  retry?: string
  /** Something new is to be said, about nothing in particular. */
  write?: boolean
  /** It was asked for just now, or is ours: no need to offer looking. */
  fresh?: boolean
  done: readonly Done[]
  problem?: Problem
  values?: FormValues
}

const Card = ({ page, seen }: { page: Page; seen: Seen }) => {
  if (seen.kind === 'post') return <PostCard page={page} post={seen.post} whole />
  return (
    <article class="card pad post remote" data-dye="teal">
      <header class="row">
        <Swatch uri={seen.uri} size={56} />
        <p><b><a href={seen.page} rel="noopener nofollow">{seen.name}</a></b><br /><bdi class="sub small" dir="ltr">{seen.handle ?? seen.uri}</bdi></p>
      </header>
      {seen.html ? <div class="words prose" dir="auto">{raw(seen.html)}</div> : null}
      <footer class="row small sub"><a href={seen.page} rel="noopener nofollow"><Icon name="external-link" />{page.t('talk.original', { host: seen.host })}</a></footer>
    </article>
  )
}

/** One voice is named; among several one chooses. */
const As = ({ page, speakers, as }: { page: Page; speakers: readonly Speaker[]; as?: string }) => {
  const [only] = speakers
  if (speakers.length === 1 && only) return <><input type="hidden" name="as" value={only.handle} /><p>{page.t('interact.actingAs', { name: only.name })}</p></>
  return <Select page={page} name="as" label={page.t('interact.as')} values={as ? { as } : {}} options={speakers.map((s) => ({ value: s.handle, label: `${s.name} (@${s.handle})` }))} />
}

const Words = ({ page, values, problem, label }: Pick<ViewProps, 'page' | 'values' | 'problem'> & { label: string }) => (
  <Field page={page} name="text" type="area" rows={5} label={label} hint={page.t('talk.wordsHint', { max: POST_MAX })} values={values} problem={problem} />
)

const Actions = ({ page, kind, uri, speakers, done, intent, as, values, problem }: ViewProps & { kind: Seen['kind']; uri: string }) => {
  const { t } = page
  const possible: Verb[] = kind === 'actor' ? ['follow'] : ['like', 'boost']
  // A rejected follow may be asked again.
  const left = possible.filter((v) => speakers.some((s) => !done.some((d) => d.what === v && d.handle === s.handle && d.state !== 'rejected')))
  if (!left.length && kind === 'actor') return null
  const wanted = verbOf(intent)
  const ordered = [...left].sort((a, b) => Number(b === wanted) - Number(a === wanted))
  return (
    <form method="post" action={`${INTERACT}/${ordered[0] ?? 'answer'}`} novalidate class="form">
      <input type="hidden" name="uri" value={uri} />
      <As page={page} speakers={speakers} as={as} />
      {ordered.length ? (
        <p class="row">{ordered.map((v, n) => <button class={n || intent === 'create' ? 'btn quiet' : 'btn'} formaction={`${INTERACT}/${v}`}>{t(`interact.do.${v}`)}</button>)}</p>
      ) : null}
      {kind === 'post' ? (
        <details open={intent === 'create'}>
          <summary>{t('interact.answer')}</summary>
          <div class="form">
            <Words page={page} label={t('interact.words')} values={values} problem={problem} />
            <p class="row"><button class={intent === 'create' ? 'btn' : 'btn quiet'} formaction={`${INTERACT}/answer`}>{t('interact.send')}</button></p>
          </div>
        </details>
      ) : null}
    </form>
  )
}

const stateKey = (d: Done): Key => (d.what !== 'follow' ? `interact.done.${d.what}` : d.state === 'accepted' ? 'interact.done.follow' : d.state === 'rejected' ? 'interact.done.rejected' : 'interact.done.requested')

const DoneList = ({ page, done, uri }: { page: Page; done: readonly Done[]; uri: string }) => {
  const { t } = page
  if (!done.length) return null
  return (
    <Table caption={t('interact.doneCaption')} rows={done} columns={[
      { label: t('interact.who'), cell: (d) => <b>{d.name}</b> },
      { label: t('interact.what'), cell: (d) => t(stateKey(d)) },
      { label: t('interact.since'), cell: (d) => <Time page={page} at={d.since} /> },
      {
        label: t('interact.back'), cell: (d) => (
          <form method="post" action={`${INTERACT}/un${d.what}`}>
            <input type="hidden" name="uri" value={uri} /><input type="hidden" name="as" value={d.handle} />
            <button class="btn quiet small">{t(d.state === 'rejected' ? 'interact.undo.rejected' : `interact.undo.${d.what}`)}<span class="vh">: {d.name}</span></button>
          </form>
        ),
      },
    ]} />
  )
}

const LookUp = ({ page, target, intent, values, problem, again }: ViewProps & { again?: boolean }) => {
  const { t } = page
  const there = target && !target.here ? target : undefined
  const failed = problem !== undefined
  return (
    <form method="post" action={INTERACT} novalidate class="form">
      {there && !failed ? <input type="hidden" name="uri" value={there.uri} />
        : <Field page={page} name="uri" label={t('interact.address')} hint={t('interact.addressHint')} maxlength={1500} required values={there ? { ...values, uri: there.uri } : values} problem={problem} />}
      {intent ? <input type="hidden" name="intent" value={intent} /> : null}
      {typeof values?.text === 'string' && values.text ? <input type="hidden" name="text" value={values.text} /> : null}
      <p class="row"><button class={again ? 'btn quiet' : 'btn'}><Icon name="search" />{t(again || (there && failed) ? 'interact.lookAgain' : 'interact.look')}</button></p>
      {there && !again && !failed ? <p class="sub">{t('interact.notYet', { host: there.host })}</p> : null}
    </form>
  )
}

const Body = (p: ViewProps): Child => {
  const { page, target, seen } = p
  const { t } = page
  if (!p.signedIn) {
    const next = target && !target.here ? pathOf(target.uri, { intent: p.intent }) : p.write ? `${INTERACT}?intent=create` : INTERACT
    return (
      <>
        <p>{t('interact.signIn', { site: page.site.name })}</p>
        <p><a class="btn" href={`/sign-in?next=${encodeURIComponent(next)}`}><Icon name="log-in" />{t('nav.signIn')}</a></p>
      </>
    )
  }
  if (target?.here === 'actor') {
    return (
      <Note><p><Say t={t} k="interact.member" parts={{ talk: <a href="/talk">{t('talk.title')}</a> }} /></p><p><a href={target.page}>{t('interact.itsPage')}</a></p></Note>
    )
  }
  if (!p.speakers.length) return <Empty title={t('interact.noVoice')}><p>{t('interact.noVoiceHint')}</p><p><a class="btn" href={`${ACCOUNT}#person`}>{t('interact.noVoiceDo')}</a></p></Empty>
  const uri = seen?.uri ?? p.retry ?? target?.uri
  if (p.write) {
    return (
      <form method="post" action={`${INTERACT}/answer`} novalidate class="form">
        <As page={page} speakers={p.speakers} as={p.as} />
        <Words page={page} label={t('talk.words')} values={p.values} problem={p.problem} />
        <p class="row"><button class="btn">{t('talk.publish')}</button></p>
      </form>
    )
  }
  return (
    <>
      {seen ? <Card page={page} seen={seen} /> : null}
      {seen ? <Actions {...p} kind={seen.kind} uri={seen.uri} /> : p.retry ? <Actions {...p} kind="post" uri={p.retry} /> : null}
      {uri ? <DoneList page={page} done={p.done} uri={uri} /> : null}
      {p.fresh || p.retry ? null : <LookUp {...p} again={seen !== undefined} />}
    </>
  )
}

/** Without letters that look like others. */
const plainly = (uri: string): string => (URL.canParse(uri) ? new URL(uri).href : uri)

const View = (p: ViewProps) => {
  const { page, target, problem } = p
  const { t } = page
  const title = t(p.write ? 'interact.write' : 'interact.title')
  return (
    <Layout page={page} title={title} dye="plum" problem={problem} canonical={INTERACT} unlisted>
      <Column>
        <ErrorSummary page={page} problem={problem} />
        <h1>{title}</h1>
        {target && !target.here ? (
          <>
            <p class="lede"><Say t={t} k="interact.about" parts={{ host: <code>{target.host}</code> }} /></p>
            <p class="sub small"><code>{plainly(target.uri)}</code></p>
          </>
        ) : p.write || target?.here === 'actor' ? null : <p class="lede">{t('interact.lede')}</p>}
        <Body {...p} />
      </Column>
    </Layout>
  )
}

/** Refusals that the page itself shows; of another server's failures too, which are no fault of ours. */
function refusal(e: unknown): Problem {
  if (!(e instanceof Problem)) throw e
  const p = otherServer(e)
  if (p !== e || p.code === 'not-public') return p
  if (p instanceof TooMany || [401, 403].includes(p.status) || p.status >= 500) throw e
  return p
}

export function interactPages(service: Interact): Hono {
  const app = new Hono()

  async function answer(c: Context, p: Partial<ViewProps>): Promise<Response> {
    const speakers = await service.speakers(c.get('who'))
    const uri = p.seen?.uri ?? p.target?.uri
    const done = uri && speakers.length ? await service.done(speakers, uri) : []
    c.header('Cache-Control', 'no-store')
    return html(c, <View page={pageOf(c)} signedIn={c.get('who') !== undefined} speakers={speakers} done={done} {...p} />, p.problem ? 422 : 200)
  }

  const open = async (c: Context): Promise<Response> => {
    const text = c.req.query('uri') ?? c.req.query('acct')
    const wish = intent.parse(c.req.query('intent'))
    const content = (c.req.query('content') ?? '').replaceAll('\0', '').slice(0, POST_MAX)
    const values: FormValues = content ? { text: content } : {}
    if (!text) return answer(c, wish === 'create' ? { write: true, intent: wish, values } : {})
    let target: Target
    const who = c.get('who')
    try { target = service.target(text) } catch (e) {
      const p = refusal(e)
      return answer(c, { problem: who ? p : new Problem(p.code, p.message, { status: p.status }), values: { uri: text.slice(0, 300) } })
    }
    // What is ours has a page; the path is made from an id that we know how to read, never from what was given.
    if (target.here === 'actor' && who && await service.member(target)) return answer(c, { target })
    if (target.here && (target.here === 'actor' || !who)) return c.redirect(target.page, 303)
    const seen = who ? await service.known(who, target) : undefined
    if (target.here && (!seen || !(await service.speakers(who)).length)) return c.redirect(target.page, 303)
    return answer(c, { target, intent: wish, as: c.req.query('as'), fresh: Boolean(target.here), values, ...(seen ? { seen } : {}) })
  }
  app.get(INTERACT, open)
  // Mastodon's name for it, which others guess.
  app.get('/authorize_interaction', open)

  app.post(INTERACT, async (c) => {
    const form = await readForm(c, lookUpForm)
    const text = typeof form.values.uri === 'string' ? form.values.uri : ''
    let target: Target | undefined
    try {
      if (!form.ok) throw form.problem
      target = service.target(text)
      if (target.here === 'actor' && c.get('who')) return await service.member(target) ? await answer(c, { target }) : c.redirect(target.page, 303)
      const { intent: wish, as } = form.value
      const seen = await service.lookUp(c.get('who'), text, wish === 'follow')
      return await answer(c, { target, intent: wish, as, seen, fresh: true, values: form.values })
    } catch (e) {
      return answer(c, { target, intent: form.ok ? form.value.intent : undefined, problem: refusal(e), values: form.values })
    }
  })

  /** One of the buttons: does it, says so, and shows the page of the thing with what has been done. */
  const act = (path: string, said: Key, how: (c: Context, as: string, uri: string) => Promise<void>) =>
    app.post(`${INTERACT}/${path}`, async (c) => {
      const form = await readForm(c, actForm)
      if (!form.ok) throw form.problem
      const { as, uri } = form.value
      try {
        await how(c, as, uri)
      } catch (e) {
        let target: Target | undefined
        try { target = service.target(uri) } catch { /* then there is nothing to show but the form */ }
        return answer(c, { target, as, problem: refusal(e), ...(target ? {} : { values: { uri: uri.slice(0, 300) } }) })
      }
      flash(c, said)
      return c.redirect(pathOf(uri, { as }), 303)
    })
  app.post(`${INTERACT}/answer`, async (c) => {
    const form = await readForm(c, answerForm)
    if (!form.ok) throw form.problem
    const { uri, as, text } = form.value
    try {
      const post = await service.answer(c.get('who'), as, uri, { text })
      flash(c, 'talk.published')
      return c.redirect(`/posts/${post.id}`, 303)
    } catch (e) {
      let target: Target | undefined
      try { target = uri ? service.target(uri) : undefined } catch { /* said by the refusal */ }
      return answer(c, { target, as, intent: 'create', problem: refusal(e), values: form.values, ...(uri ? { retry: uri } : { write: true }) })
    }
  })
  act('follow', 'interact.said.follow', (c, as, uri) => service.follow(c.get('who'), as, uri))
  act('unfollow', 'interact.said.unfollow', (c, as, uri) => service.unfollow(c.get('who'), as, uri))
  act('like', 'interact.said.like', (c, as, uri) => service.react(c.get('who'), as, 'like', uri))
  act('unlike', 'interact.said.unlike', (c, as, uri) => service.unreact(c.get('who'), as, 'like', uri))
  act('boost', 'interact.said.boost', (c, as, uri) => service.react(c.get('who'), as, 'boost', uri))
  act('unboost', 'interact.said.unboost', (c, as, uri) => service.unreact(c.get('who'), as, 'boost', uri))
  return app
}
