/** Where a listing's people and the curators change it. */
import type { Child } from 'hono/jsx'
import type { Problem } from '../kernel/errors.ts'
import { Checkbox, Choices, ErrorSummary, Field, Note, Say, Select, Table, Time } from '../web/components.tsx'
import { Column, Form, ManageHead, Section } from '../web/blocks.tsx'
import { country as countryName } from '../web/format.ts'
import type { FormValues } from '../web/forms.ts'
import { Layout, type Page } from '../web/page.tsx'
import { figureWord } from './activities.ts'
import { COUNTRIES } from './countries.ts'
import { LINKS_MAX, REGISTRATIONS_MAX, rowsOf } from './form.ts'
import { statusMoves } from './life.ts'
import { KINDS, OWNERSHIPS, type Figure } from './model.ts'
import { CONFIDENCES } from './input.ts'
import type { Whole } from './service.ts'
import { Signed } from './signed.tsx'
import { valueOf } from './view.ts'

/** Parts of a listing's desk that this account has. */
export interface Powers { standing: boolean; status: boolean; post: boolean; followers: boolean }
export interface Manage { page: Page; whole: Whole; problem?: Problem; may: Powers }

export const Frame = ({ page, whole, problem, may, children }: Manage & { children: Child }) => {
  const { t } = page
  const { handle, name, status, standing } = whole.organisation
  return (
    <Layout page={page} title={t('coops.edit.title', { name })} problem={problem} unlisted>
      <ManageHead page={page} title={t('coops.edit.title', { name })} status={`${t(`coops.status.${status}`)}, ${t(`coops.standing.${standing}`)}`}
        crumbs={[{ href: '/', label: t('nav.directory') }, { href: `/co-ops/${handle}`, label: name }, { label: t('coops.profile.edit') }]}
        tabs={[
          { href: `/manage/${handle}`, label: t('coops.edit.description') }, { href: `/manage/${handle}/standing`, label: t('coops.edit.standing') },
          ...(may.followers && whole.open ? [{ href: `/manage/${handle}/followers`, label: t('coops.followers.tab') }] : []),
          ...(may.post ? [{ href: `/manage/${handle}/posts`, label: t('coops.edit.posts') }] : []),
        ]} />
      <Column>{children}</Column>
    </Layout>
  )
}

interface FieldsProps { page: Page; values: FormValues; problem?: Problem }

const Basics = (f: FieldsProps) => {
  const { t } = f.page
  return (
    <fieldset class="group">
      <legend>{t('coops.edit.basics')}</legend>
      <Field {...f} name="name" label={t('coops.edit.name')} required maxlength={200} />
      <Select {...f} name="kind" label={t('coops.edit.kind')} options={KINDS.map((k) => ({ value: k, label: t(`coops.kind.${k}`) }))} />
      <Select {...f} name="ownership" label={t('coops.edit.ownership')} empty={t('coops.edit.ownershipUnknown')}
        options={OWNERSHIPS.map((o) => ({ value: o, label: t(`coops.ownership.${o}`) }))} />
      <Checkbox {...f} name="isPlatform" label={t('coops.edit.isPlatform')} />
      <Field {...f} name="summary" type="area" rows={6} label={t('coops.edit.summary')} hint={t('coops.edit.summaryHint')} required={false} />
      <Field {...f} name="activities" label={t('coops.edit.activities')} hint={t('coops.edit.activitiesHint')} required={false} />
      <Field {...f} name="website" type="url" label={t('coops.edit.website')} required={false} />
      <Field {...f} name="fediverse" label={t('coops.edit.fediverse')} hint={t('coops.edit.fediverseHint')} required={false} />
    </fieldset>
  )
}

const Place = (f: FieldsProps) => {
  const { t, lang } = f.page
  const countries = COUNTRIES.map((c) => ({ value: c, label: countryName(lang, c) })).sort((a, b) => a.label.localeCompare(b.label, lang))
  return (
    <fieldset class="group">
      <legend>{t('coops.edit.place')}</legend>
      <Select {...f} name="country" label={t('coops.edit.country')} empty={t('coops.edit.countryNone')} options={countries} />
      <Field {...f} name="address" label={t('coops.edit.address')} required={false} />
      <div class="pair">
        <Field {...f} name="postcode" label={t('coops.edit.postcode')} required={false} />
        <Field {...f} name="locality" label={t('coops.edit.locality')} required={false} />
        <Field {...f} name="region" label={t('coops.edit.region')} required={false} />
      </div>
      <div class="pair">
        <Field {...f} name="latitude" type="number" label={t('coops.edit.latitude')} required={false} />
        <Field {...f} name="longitude" type="number" label={t('coops.edit.longitude')} required={false} />
      </div>
    </fieldset>
  )
}

const Papers = (f: FieldsProps) => {
  const { t } = f.page
  const filled = (name: string, key: string) =>
    Object.entries(f.values).filter(([k, v]) => k.startsWith(`${name}.`) && k.endsWith(`.${key}`) && v !== '').length
  return (
    <fieldset class="group">
      <legend>{t('coops.edit.papers')}</legend>
      <div class="pair">
        <Field {...f} name="founded" label={t('coops.edit.founded')} hint={t('coops.edit.foundedHint')} required={false} />
        <Field {...f} name="legalForm" label={t('coops.edit.legalForm')} required={false} />
      </div>
      <Field {...f} name="languages" label={t('coops.edit.languages')} hint={t('coops.edit.languagesHint')} required={false} />
      {rowsOf(filled('registrations', 'number'), REGISTRATIONS_MAX).map((i) => (
        <div class="pair">
          <Field {...f} name={`registrations.${i}.scheme`} label={t('coops.edit.registrationScheme')} required={false} />
          <Field {...f} name={`registrations.${i}.number`} label={t('coops.edit.registrationNumber')} required={false} />
        </div>
      ))}
      {rowsOf(filled('links', 'url'), LINKS_MAX).map((i) => (
        <div class="pair">
          <Field {...f} name={`links.${i}.label`} label={t('coops.edit.linkLabel')} required={false} />
          <Field {...f} name={`links.${i}.url`} type="url" label={t('coops.edit.linkUrl')} required={false} />
        </div>
      ))}
      <Field {...f} name="sources" type="area" rows={3} label={t('coops.edit.sources')} hint={t('coops.edit.sourcesHint')} required={false} />
    </fieldset>
  )
}

const NewFigure = (f: FieldsProps) => {
  const { t } = f.page
  return (
    <fieldset class="group">
      <legend>{t('coops.edit.newFigure')}</legend>
      <p class="hint">{t('coops.edit.newFigureHint')}</p>
      <div class="pair">
        <Field {...f} name="figure.kind" label={t('coops.figure.kind')} required={false} />
        <Field {...f} name="figure.value" type="number" label={t('coops.figure.value')} required={false} />
        <Field {...f} name="figure.unit" label={t('coops.figure.unit')} required={false} />
        <Field {...f} name="figure.year" inputmode="numeric" label={t('coops.figure.year')} required={false} />
      </div>
      <Field {...f} name="figure.source" label={t('coops.figure.source')} required={false} />
      <Select {...f} name="figure.confidence" label={t('coops.figure.confidence')}
        options={[...CONFIDENCES].reverse().map((c) => ({ value: c, label: t(`coops.confidence.${c}`) }))} />
    </fieldset>
  )
}

const Standing = ({ page, handle, figures }: { page: Page; handle: string; figures: readonly Figure[] }) => {
  const { t } = page
  return (
    <Section title={t('coops.edit.figures')}>
      <Table caption={t('coops.edit.withdrawCaption')} rows={figures} columns={[
        { label: t('coops.figure.kind'), cell: (f) => figureWord(t, f.kind) },
        { label: t('coops.figure.value'), number: true, cell: (f) => valueOf(page, f) },
        { label: t('coops.figure.year'), cell: (f) => (f.year === null ? t('coops.figure.noYear') : String(f.year)) },
        {
          label: t('coops.edit.withdraw'),
          cell: (f) => <form method="post" action={`/manage/${handle}/figures/${f.id}/withdraw`}><button class="btn undo small">{t('coops.edit.withdraw')}</button></form>,
        },
      ]} />
    </Section>
  )
}

export const Edit = (p: Manage & { values: FormValues }) => {
  const { page, whole, problem, values } = p
  const { t } = page
  const { handle } = whole.organisation
  const fields: FieldsProps = { page, values, ...(problem ? { problem } : {}) }
  return (
    <Frame {...p}>
      {problem ? <ErrorSummary page={page} problem={problem} /> : null}
      <Form action={`/manage/${handle}`} submit={t('coops.edit.save')} extra={<a href={`/co-ops/${handle}`}>{t('coops.edit.cancel')}</a>}>
        <input type="hidden" name="revision" value={String(whole.organisation.revision)} />
        <Basics {...fields} /><Place {...fields} /><Papers {...fields} /><NewFigure {...fields} />
        <Field {...fields} name="why" label={t('coops.edit.why')} hint={t('coops.edit.whyHint')} required={false} maxlength={500} />
      </Form>
      {whole.figures.length ? <Standing page={page} handle={handle} figures={whole.figures} /> : null}
    </Frame>
  )
}

/** Agreement, status and the yearly question. */
export const StandingPage = (p: Manage & { values: FormValues }) => {
  const { page, whole, problem, values, may } = p
  const { t } = page
  const o = whole.organisation
  const base = `/manage/${o.handle}`
  const fields: FieldsProps = { page, values, ...(problem ? { problem } : {}) }
  return (
    <Frame {...p}>
      {problem ? <ErrorSummary page={page} problem={problem} /> : null}
      <Section first title={t('coops.edit.confirmTitle')}>
        <p><Say t={t} k="coops.profile.confirmed" parts={{ date: <Time page={page} at={o.confirmed} /> }} /></p>
        <p class="sub">{t('coops.edit.confirmHint')}</p>
        <Form action={`${base}/confirm`} submit={t('coops.edit.confirmSubmit')}>
          <Choices {...fields} name="answer" label={t('coops.edit.confirmTitle')}
            options={[{ value: 'true', label: t('coops.edit.confirmTrue') }, { value: 'closed', label: t('coops.edit.confirmClosed') }]} />
        </Form>
      </Section>
      <Section title={t('coops.edit.consentTitle')}>
        <p>{t(`coops.standing.${o.standing}`)}</p>
        {o.consent ? <Note icon="handshake"><Signed page={page} by={o.consent.by} at={o.consent.at} />: {o.consent.basis}</Note> : null}
        {may.standing && o.standing !== 'claimed' ? (
          <Form action={`${base}/consent`} submit={t('coops.edit.consentSubmit')}>
            <Field {...fields} name="basis" label={t('coops.edit.consentBasis')} hint={t('coops.edit.consentHint')} required maxlength={500} />
          </Form>
        ) : null}
      </Section>
      <Section title={t('coops.edit.statusTitle')}>
        <p>{t('coops.edit.statusNow', { status: t(`coops.status.${o.status}`) })} <span class="sub">{t('coops.edit.unlistedStatus')}</span></p>
        {may.status ? (
          <Form action={`${base}/status`} submit={t('coops.edit.statusSubmit')}>
            <Select {...fields} name="status" label={t('coops.edit.statusTo')}
              options={statusMoves[o.status].map((s) => ({ value: s, label: t(`coops.status.${s}`) }))} />
            <Field {...fields} name="why" label={t('coops.edit.why')} hint={t('coops.edit.whyHint')} required maxlength={500} />
          </Form>
        ) : null}
      </Section>
    </Frame>
  )
}
