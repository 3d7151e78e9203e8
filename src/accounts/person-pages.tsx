/** One's own account with its public handle, and the public page of a person. */
import { Hono, type Context } from 'hono'
import type { Child } from 'hono/jsx'
import { Problem } from '../kernel/errors.ts'
import { HANDLE_MAX } from '../kernel/ids.ts'
import { Column, Form, PageHead, ProfileHead, Section } from '../web/blocks.tsx'
import { Checkbox, ErrorSummary, Field, KV, Note, Say, Time } from '../web/components.tsx'
import { flash } from '../web/flash.ts'
import { formProblem, readForm, type FormValues } from '../web/forms.ts'
import { html, Layout, pageOf, type Page } from '../web/page.tsx'
import { Prose } from '../web/prose.tsx'
import { z } from 'zod'
import { personPath } from './document.ts'
import { handleInput, personInput, type Account, type Person, type Who } from './model.ts'
import type { Accounts } from './service.ts'

export const ACCOUNT = '/account'

export interface PersonExtras {
  /** What rooms above put on a person's page: posts and answers. Undefined leaves the section out. */
  posts?: (page: Page, person: Person) => Promise<Child | undefined>
  /** How to follow from another server. */
  follow?: (page: Page, person: Person) => Child
}

/** A box that is not ticked is not sent. */
const ticked = z.string().optional().transform((v) => v === 'yes')
const changeForm = personInput.extend({ discoverable: ticked })
const takeForm = changeForm.extend({ handle: handleInput })

interface FieldsProps { page: Page; values?: FormValues | undefined; problem?: Problem | undefined }
const Shown = (f: FieldsProps) => {
  const { t } = f.page
  return (
    <>
      <Field {...f} name="name" required label={t('person.name')} hint={t('person.nameHint')} autocomplete="off" maxlength={100} />
      <Field {...f} name="summary" type="area" rows={3} required={false} label={t('person.summary')} hint={t('person.summaryHint')} />
      <Checkbox {...f} name="discoverable" label={t('person.discoverable')} hint={t('person.discoverableHint')} />
    </>
  )
}
const labels = ({ t }: Page) => ({ handle: t('person.handle'), name: t('person.name'), summary: t('person.summary') })
const valuesOf = (p: Person): FormValues => ({ name: p.name, summary: p.summary, discoverable: p.discoverable ? 'yes' : '' })

interface MineProps extends FieldsProps { account: Account; person?: Person | undefined; address: (handle: string) => string }
const Mine = ({ page, account, person, address, ...form }: MineProps) => {
  const { t } = page
  const f = { page, ...form }
  return (
    <Layout page={page} title={t('account.title')} problem={form.problem} unlisted>
      <PageHead page={page} title={t('account.title')} lede={t('account.lede')} />
      <Column>
        <ErrorSummary page={page} problem={form.problem} labels={labels(page)} />
        <Section first title={t('account.own')}>
          <KV items={[
            { label: t('account.name'), value: <bdi>{account.name}</bdi> }, { label: t('account.email'), value: <bdi dir="ltr">{account.email}</bdi> },
            { label: t('account.role'), value: t(`account.role.${account.role}`) },
          ]} />
          <form method="post" action="/sign-out" class="mt2"><button class="btn quiet">{t('nav.signOut')}</button></form>
        </Section>
        <Section title={t('person.title')} id="person">
          {person ? (
            <>
              <p><Say t={t} k="person.yours" parts={{ address: <a href={personPath(person.handle)}><bdi dir="ltr">{address(person.handle)}</bdi></a> }} /></p>
              <p><a href={`/manage/${person.handle}/posts`}>{t('interact.write')}</a></p>
              <Form action={`${ACCOUNT}/person`} submit={t('person.save')} extra={<a href={`${ACCOUNT}/handle/leave`}>{t('person.leave')}</a>}>
                <Shown {...f} values={form.values ?? valuesOf(person)} />
              </Form>
            </>
          ) : (
            <>
              <p>{t('person.what')}</p>
              <Note icon="info">{t('person.forEver')}</Note>
              <Form action={`${ACCOUNT}/handle`} submit={t('person.take')}>
                <Field {...f} name="handle" required label={t('person.handle')} hint={t('person.handleHint', { example: address('ada') })} autocomplete="off" maxlength={HANDLE_MAX} />
                <Shown {...f} />
              </Form>
            </>
          )}
        </Section>
      </Column>
    </Layout>
  )
}

const Leave = ({ page, person, address }: { page: Page; person: Person; address: string }) => {
  const { t } = page
  return (
    <Layout page={page} title={t('person.leaveTitle')} unlisted>
      <PageHead page={page} title={t('person.leaveTitle')} crumbs={[{ href: ACCOUNT, label: t('account.title') }, { label: t('person.leaveTitle') }]} />
      <Column>
        <p><Say t={t} k="person.leaveWarning" parts={{ address: <b><bdi dir="ltr">{address}</bdi></b> }} /></p>
        <Note warn>{t('person.leaveForEver')}</Note>
        <form method="post" action={`${ACCOUNT}/handle/leave`} class="row mt2">
          <input type="hidden" name="handle" value={person.handle} />
          <button class="btn dye" data-dye="madder">{t('person.leaveSubmit')}</button>
          <a class="btn quiet" href={ACCOUNT}>{t('person.keep')}</a>
        </form>
      </Column>
    </Layout>
  )
}

interface PublicProps { page: Page; person: Person; uri: string; address: string; posts: Child | undefined; follow: Child | undefined; /** It is the reader's own. */ own: boolean }
const Public = ({ page, person, uri, address, posts, follow, own }: PublicProps) => {
  const { t } = page
  return (
    <Layout page={page} title={person.name} current="/talk" dye="plum" alternate={uri} unlisted={!person.discoverable}
      description={person.summary.split('\n')[0] || t('person.one', { name: person.name })}>
      <ProfileHead page={page} uri={uri} name={person.name}
        facts={[{ icon: 'user-round', text: <bdi dir="ltr">{address}</bdi> }, { icon: 'calendar', text: <Say t={t} k="person.since" parts={{ date: <Time page={page} at={person.since} /> }} /> }]} />
      <div class="wrap">
        {own ? <p class="mt2"><a href={`${ACCOUNT}#person`}>{t('person.change')}</a></p> : null}
        {person.summary ? <Section title={t('person.about')}><Prose text={person.summary} /></Section> : null}
        <Section title={t('person.follow')}><p>{t('person.followHint')}</p><p><code>{address}</code></p>{follow}</Section>
        <Section title={t('person.posts')}>{posts ?? <p class="sub">{t('person.noPosts')}</p>}</Section>
      </div>
    </Layout>
  )
}

export function personPages(accounts: Accounts, extras: PersonExtras = {}): Hono {
  const app = new Hono()

  /** Whoever is signed in, with their account. */
  async function own(c: Context): Promise<{ who: Who; account: Account; person: Person | undefined }> {
    const who = c.get('who')
    const account = who?.userId === undefined ? undefined : await accounts.read.byId(who.userId)
    if (!who || !account) throw new Problem('sign-in-needed', 'sign in to see your account', { status: 401 })
    return { who, account, person: await accounts.personOf(account.id) }
  }
  const mine = async (c: Context, more: { values?: FormValues; problem?: Problem } = {}) => {
    const { account, person } = await own(c)
    return html(c, <Mine page={pageOf(c)} account={account} person={person} address={accounts.personAddress} {...more} />, more.problem?.status ?? 200)
  }

  app.get(ACCOUNT, (c) => mine(c))
  app.post(`${ACCOUNT}/handle`, async (c) => {
    const { who } = await own(c)
    const form = await readForm(c, takeForm)
    if (!form.ok) return mine(c, form)
    try {
      await accounts.takeHandle(who, form.value)
    } catch (e) { return mine(c, { values: form.values, problem: formProblem(e) }) }
    flash(c, 'person.taken')
    return c.redirect(`${ACCOUNT}#person`, 303)
  })
  app.post(`${ACCOUNT}/person`, async (c) => {
    const { who } = await own(c)
    const form = await readForm(c, changeForm)
    if (!form.ok) return mine(c, form)
    const { changed } = await accounts.changePerson(who, form.value)
    flash(c, changed ? 'person.saved' : 'person.unchanged')
    return c.redirect(`${ACCOUNT}#person`, 303)
  })
  app.get(`${ACCOUNT}/handle/leave`, async (c) => {
    const { person } = await own(c)
    if (!person) return c.redirect(ACCOUNT, 303)
    return html(c, <Leave page={pageOf(c)} person={person} address={accounts.personAddress(person.handle)} />)
  })
  app.post(`${ACCOUNT}/handle/leave`, async (c) => {
    const { who, person } = await own(c)
    const form = await readForm(c, z.object({ handle: z.string() }))
    // Another handle, or none any more: pressed twice, or on a page from before.
    if (person && form.ok && form.value.handle === person.handle) {
      await accounts.dropPerson(who)
      flash(c, 'person.left')
    }
    return c.redirect(ACCOUNT, 303)
  })

  // `/@ada` leads to the page here; other handles are organisations'. Programs are sent to the id before they come here (humanAddresses).
  app.get('/:at{@[^/]+}', async (c, next) => {
    const handle = c.req.param('at').slice(1).split('@')[0] ?? ''
    if (!await accounts.person(handle)) return next()
    return c.redirect(personPath(handle), 302)
  })
  app.get('/people/:handle', async (c) => {
    c.header('Vary', 'Accept', { append: true })
    const handle = c.req.param('handle')
    const person = await accounts.person(handle)
    if (!person) {
      if (await accounts.wasPerson(handle)) throw new Problem('handle-gone', 'this public handle was given up', { status: 410 })
      throw new Problem('not-found', 'there is nobody of that name', { status: 404 })
    }
    const page = pageOf(c), userId = c.get('who')?.userId
    const own = userId !== undefined && (await accounts.personOf(userId))?.handle === handle
    return html(c, <Public page={page} person={person} uri={accounts.personUri(handle)} address={accounts.personAddress(handle)} posts={await extras.posts?.(page, person)} follow={extras.follow?.(page, person)} own={own} />)
  })
  return app
}
