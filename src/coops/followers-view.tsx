/** Where an organisation's people see who follows it, answer those who ask, and say whether they are asked at all. */
import type { Follower } from '../fedi/fedi.ts'
import { Away, Empty, Facts, Note, Pagination, Table, Time, type Column } from '../web/components.tsx'
import { Form, Section } from '../web/blocks.tsx'
import { number } from '../web/format.ts'
import type { Page } from '../web/page.tsx'
import { Frame, type Manage } from './edit-view.tsx'
import type { FollowerPage, FollowersOverview } from './followers.ts'

/** Where the two lists begin; each goes on alone. */
export interface FollowersPlace { after?: string; waiting?: string }
export const followersQuery = (p: FollowersPlace): string => {
  const q = new URLSearchParams()
  if (p.after !== undefined) q.set('after', p.after)
  if (p.waiting !== undefined) q.set('waiting', p.waiting)
  return q.size ? `?${q}` : ''
}

const Account = ({ f }: { f: Follower }) => (
  <span class="long"><Away href={f.url ?? f.id}><bdi>{f.name}</bdi></Away><br /><span class="sub small"><bdi dir="ltr">{f.handle ? `@${f.handle}` : f.id}</bdi></span></span>
)

/** One button that is one answer; a screen reader hears whom it is about. */
const Answer = ({ action, f, label, quiet }: { action: string; f: Follower; label: string; quiet?: boolean }) => (
  <form method="post" action={action}>
    <input type="hidden" name="id" value={f.id} />
    <button class={quiet ? 'btn ghost small' : 'btn quiet small'}>{label}<span class="vh">: {f.name}</span></button>
  </form>
)

const common = ({ t }: Page): Column<Follower>[] => [
  { label: t('coops.followers.who'), cell: (f) => <Account f={f} /> },
  { label: t('coops.followers.server'), cell: (f) => <bdi class="long" dir="ltr">{f.host}</bdi> },
]

interface Lists { overview: FollowersOverview; waiting: FollowerPage; followers: FollowerPage; at: FollowersPlace }

const Requests = ({ page, base, waiting, at }: Pick<Lists, 'waiting' | 'at'> & { page: Page; base: string }) => {
  const { t } = page
  const here = followersQuery(at)
  const columns: Column<Follower>[] = [
    ...common(page),
    { label: t('coops.followers.asked'), cell: (f) => <Time page={page} at={f.since} as="ago" /> },
    {
      label: t('coops.followers.answer'),
      cell: (f) => <div class="row"><Answer action={`${base}/accept${here}`} f={f} label={t('coops.followers.accept')} /><Answer action={`${base}/decline${here}`} f={f} label={t('coops.followers.decline')} quiet /></div>,
    },
  ]
  return (
    <Section id="requests" title={t('coops.followers.requests')}>
      {waiting.rows.length ? <Table caption={t('coops.followers.requestsCaption')} columns={columns} rows={waiting.rows} /> : <Empty title={t('coops.followers.noRequests')} />}
      <Pagination page={page} next={waiting.next === undefined ? undefined : `${base}${followersQuery({ ...at, waiting: waiting.next })}#requests`}
        first={at.waiting === undefined ? undefined : `${base}${followersQuery({ ...at, waiting: undefined })}#requests`} />
    </Section>
  )
}

const Followers = ({ page, base, followers, at }: Pick<Lists, 'followers' | 'at'> & { page: Page; base: string }) => {
  const { t } = page
  const columns: Column<Follower>[] = [
    ...common(page),
    { label: t('coops.followers.asked'), cell: (f) => <Time page={page} at={f.since} as="ago" /> },
    { label: t('coops.followers.todo'), cell: (f) => <Answer action={`${base}/remove${followersQuery(at)}`} f={f} label={t('coops.followers.remove')} quiet /> },
  ]
  return (
    <Section id="followers" title={t('coops.followers.tab')}>
      {followers.rows.length ? <Table caption={t('coops.followers.listCaption')} columns={columns} rows={followers.rows} /> : <Empty title={t('coops.followers.none')} />}
      <Pagination page={page} next={followers.next === undefined ? undefined : `${base}${followersQuery({ ...at, after: followers.next })}#followers`}
        first={at.after === undefined ? undefined : `${base}${followersQuery({ ...at, after: undefined })}#followers`} />
    </Section>
  )
}

export const FollowersView = (p: Manage & Lists) => {
  const { page, overview } = p
  const { t } = page
  const base = `/manage/${p.whole.organisation.handle}/followers`
  return (
    <Frame {...p}>
      <Facts items={[
        { label: t('coops.followers.count', { n: overview.accepted }), value: number(page.lang, overview.accepted) },
        { label: t('coops.followers.waitingCount', { n: overview.pending }), value: number(page.lang, overview.pending) },
      ]} />
      <Note icon="info">{t('coops.followers.privacy')}</Note>
      {overview.pending || overview.approves ? <Requests page={page} base={base} waiting={p.waiting} at={p.at} /> : null}
      <Section title={t('coops.followers.howTitle')}>
        <p>{t(overview.approves ? 'coops.followers.howByHand' : 'coops.followers.howOpen')}</p>
        {overview.open || overview.approves ? (
          <Form action={`${base}/approval`} submit={t(overview.approves ? 'coops.followers.switchOff' : 'coops.followers.switchOn')}>
            <input type="hidden" name="approve" value={overview.approves ? 'no' : 'yes'} />
            {overview.approves ? <p class="hint">{t('coops.followers.switchOffHint')}</p> : null}
          </Form>
        ) : <p class="sub">{t('coops.followers.notOpen')}</p>}
      </Section>
      <Followers page={page} base={base} followers={p.followers} at={p.at} />
    </Frame>
  )
}
