/** Sample pages that show every component and block once, with the mock-ups' invented data. */
import type { Hono } from 'hono'
import { Problem } from '../../src/kernel/errors.ts'
import { AsideSection, ChoiceCards, Column, Form, Hero, IconList, Letter, Listing, Listings, ManageHead, PageHead, PostCard, Posts, ProfileHead, Provenance, Section, Split, Versions } from '../../src/web/blocks.tsx'
import { Away, Card, Checkbox, Choices, Empty, ErrorSummary, Facts, Field, FieldList, Icon, KV, Note, Pagination, Select, Table, Tag, Time, Timeline, Unknown } from '../../src/web/components.tsx'
import { html, Layout, pageOf, type Page } from '../../src/web/page.tsx'

const uri = (name: string) => `https://coops.example/ap/actors/${name}`
const coops = [
  ['boleia', 'Boleia Comum', 'Porto, Portugal', 'Ride-hailing owned by the drivers. Fares are set by the assembly, not by an algorithm.', 'Transport', 'Worker-owned', '312 members', 'Checked Oct 2026', ''],
  ['telar', 'Telar de Código', 'Buenos Aires, Argentina', 'A software house of 24 equal partners building tools for other co-operatives.', 'Software', 'Worker-owned', '24 members', '', 'directorio.sur.example'],
  ['mare', 'Maré Cheia', 'Vigo, Spain', 'Fish boxes sold straight from inshore boats to 1,900 kitchens along the ría.', 'Food', 'Multi-stakeholder', '1,940 members', 'Checked Sep 2026', ''],
  ['stay', 'Stay With Us', 'Bologna, Italy', 'Short stays run with the neighbourhood. Half of every fee funds local housing.', 'Housing', 'Community-owned', '640 members', '', 'coop.emilia.example'],
  ['hearth', 'Hearth Home Care', 'New York, United States', 'Book home care and cleaning. Ninety-five per cent of the price goes to the worker.', 'Care', 'Worker-owned', '88 members', '', 'a-very-long-host-name-of-a-partner-directory.coops.nyc.example'],
  ['onda', 'Onda Rádio', 'Lisboa, Portugal', 'A music streaming service that listeners and musicians own half each.', 'Culture', 'Multi-stakeholder', '5,210 members', 'Checked Nov 2026', ''],
] as const

const Post = ({ page, n }: { page: Page; n: number }) => (
  <PostCard page={page} uri={uri(coops[n]![0])} name={coops[n]![1]} href={`/co-ops/${coops[n]![0]}`} handle={`@${coops[n]![0]}@coops.example`} at={new Date('2026-11-22T10:00:00Z')} permalink="/posts/1"
    edited={n ? new Date() : undefined} body={<><p>We moved our whole delivery round to the market hall last month. The fishers answer the phone themselves.</p><p>More at <a href="https://example.org">example.org/a-very-long-address-that-does-not-break-anywhere-in-the-middle-of-it</a></p></>} />
)

const Home = ({ page }: { page: Page }) => (
  <Layout page={page} title={page.site.name} current="/" description="Find co-operatives.">
    <Hero title="Platforms owned by the people who use them" lede="Find co-operatives that run the apps, marketplaces and services you need, near you or across the federation."
      figures={[{ label: 'co-ops listed', value: '445' }, { label: 'countries', value: '58' }, { label: 'levers written down', value: '102' }]}>
      <p class="row">Follow the directory from your own server: <code>{page.site.handle}</code></p>
    </Hero>
    <section class="wrap browse">
      <h2>Recently woven in</h2>
      <p class="tools-row"><span>Showing 6 of 445 co-ops. Teal-edged listings come from a partner directory.</span><span class="row"><a class="chip" href="/" aria-current="true">All</a><a class="chip" href="/?kind=federation">Federations</a></span></p>
      <Listings>
        {coops.map(([id, name, place, text, sector, owner, members, checked, via]) => (
          <Listing href={`/co-ops/${id}`} uri={uri(id)} name={name} place={place} text={text} tags={[{ dye: 'indigo', text: sector }, { dye: 'walnut', text: owner }]} via={via ? `via ${via}` : undefined}
            foot={[{ icon: 'users-round', text: members }, ...(checked ? [{ icon: 'badge-check' as const, text: checked }] : [])]} />
        ))}
      </Listings>
      <Pagination page={page} next="/?after=x" first="/" />
    </section>
    <section class="talkband" data-dye="plum"><div class="wrap"><div class="sechead"><h2>People are replying</h2><a href="/talk">Join the talk</a></div><Posts><Post page={page} n={0} /></Posts></div></section>
  </Layout>
)

const Profile = ({ page }: { page: Page }) => (
  <Layout page={page} title="Boleia Comum" current="/" alternate={uri('boleia')}>
    <ProfileHead page={page} uri={uri('boleia')} name="Boleia Comum" actions={<><a class="btn" href="#follow"><Icon name="rss" />Follow</a><a class="btn quiet" href="https://boleia.example">Visit website</a></>}
      facts={[{ icon: 'map-pin', text: 'Porto, Portugal' }, { icon: 'badge-check', text: 'Checked by 2 curators, October 2026' }, { text: '@boleia@commonthread.example' }]} />
    <Split label="About this listing" aside={
      <>
        <AsideSection title="At a glance"><KV items={[{ label: 'Website', value: <Away href="https://www.boleia.example/" /> }, { label: 'Legal form', value: 'Cooperativa de responsabilidade limitada' }, { label: 'Works in', value: 'Porto, Gaia, Matosinhos, Maia' }, { label: 'Turnover', value: <Unknown page={page} /> }]} /></AsideSection>
        <Provenance title="Where this comes from" items={[<><b>Boleia Comum</b> keeps its own listing. Last edit <Time page={page} at="2026-10-14" />.</>, <><b>coop.gal.example</b> and two more directories show a copy.</>]} links={[{ href: '#', label: 'See every change' }, { href: '#', label: 'Suggest a change' }]} />
        <AsideSection title="Versions"><Timeline items={[{ title: '2, from 2020', text: '6 %, 15 days', now: true }, { title: '1, until 2020', text: '2 %, 30 days' }]} /></AsideSection>
      </>
    }>
      <p class="lede">Ride-hailing owned by the drivers. Fares are set by the assembly, not by an algorithm, and every driver sees the same map you do.</p>
      <p class="row mt2"><Tag dye="indigo">Transport</Tag><Tag dye="walnut">Worker-owned</Tag><Tag dye="woad">Open to new members</Tag><Tag dye="madder">Urgent</Tag><Tag dye="weld">Call</Tag><Tag dye="plum">Need</Tag><Tag dye="teal">Remote</Tag><Tag>Plain</Tag></p>
      <Facts items={[{ label: 'members', value: '312', note: '2025, own report' }, { label: 'of each fare to the co-op', value: '9%' }, { label: 'rides a week', value: '6,800' }, { label: 'since', value: '2021' }]} />
      <Section title="How it is owned"><IconList items={[{ icon: 'vote', title: 'One member, one vote', text: 'General assembly every quarter' }, { icon: 'users-round', title: 'Any licensed driver can join', text: '€120 share, paid over a year' }, { icon: 'scale', title: 'No switch-off without a hearing', text: 'A panel of five members decides' }, { icon: 'code', title: 'Open software', text: 'AGPL, shared with four co-ops' }]} /></Section>
      <Section title="Posts" all={{ href: '/talk', label: 'All posts' }}><Posts><Post page={page} n={0} /><Post page={page} n={1} /></Posts></Section>
      <Section title="Offers and needs" dye="woad"><div class="asks"><Card dye="woad"><Tag dye="woad">Offer</Tag><h3><a href="#">Dispatch software, ready for a second city</a></h3><p class="sub small">Six months of help from the people who wrote it.</p></Card><Card><Tag dye="plum">Need</Tag><h3><a href="#">A co-op to insure 312 cars</a></h3><p class="sub small">Policies renew on 1 March.</p></Card></div></Section>
      <Section title="Campaigns"><Empty title="Nobody has started one yet"><p>Be the first thread.</p><p><a class="btn quiet" href="#">Read its levers</a></p></Empty></Section>
    </Split>
  </Layout>
)

const Lever = ({ page }: { page: Page }) => (
  <Layout page={page} title="How members move Coop Genossenschaft" current="/levers" dye="walnut">
    <PageHead page={page} swatch={uri('coop-ch')} title="How members move Coop Genossenschaft" crumbs={[{ href: '/', label: 'Directory' }, { href: '/co-ops/coop-ch', label: 'Coop Genossenschaft' }, { label: 'Levers' }]} lede="Basel, Switzerland. A consumer co-operative whose members elect regional councils. These are the ways in, as far as anyone has written them down.">
      <ChoiceCards items={[{ href: '#l1', title: 'Rival list for the regional council', lines: ['6 % of the region’s members, in 15 days'], current: true, blocked: 'How to sign: unknown, collecting is blocked' }, { href: '#', title: 'Motion to the regional meeting', lines: [<Unknown page={page}>Everything unknown</Unknown>, 'Nobody has asked yet'] }, { href: '#', title: 'Change of the statutes', lines: [<Unknown page={page}>Threshold unknown</Unknown>, 'Nobody has asked yet'] }]} />
      <Note warn action={<a class="btn quiet small" href="#letter"><Icon name="mail" />Ask the secretary</a>}><b>Six years old.</b> The newest source is from 2020. Rules older than a year may have changed again: ask before you plan on them.</Note>
    </PageHead>
    <Split label="Dates and versions" aside={<AsideSection title="Versions"><Timeline items={[{ title: '3, when the answer comes', text: 'Letter sent 16 November 2026' }, { title: '2, from 2020', text: '6 %, 15 days. SRF, secondary', now: true }, { title: '1, until 2020', text: '2 %, 30 days. SRF, secondary' }]} /></AsideSection>}>
      <Section id="l1" first title="Rival list for the regional council">
        <p class="saying mt2">The board changed this in 2020: 2 % → 6 %. <span class="sub">While a campaign was collecting.</span></p>
        <Versions before={{ title: 'Version 1', when: 'until 2020', rows: [{ label: 'Threshold', value: '2 %', changed: true, big: true }, { label: 'Time', value: '30 days', changed: true }, { label: 'Each states', value: 'name, member number' }] }} after={{ title: 'Version 2', when: 'in force, as far as known', rows: [{ label: 'Threshold', value: '6 %', changed: true, big: true }, { label: 'Time', value: '15 days', changed: true }, { label: 'Each states', value: 'name, member number' }] }} />
        <h3 class="mt4">What is known, and what is not</h3>
        <FieldList items={[{ label: 'Who may sign', value: 'Members of the region' }, { label: 'Each states', value: 'Name and member number' }, { label: 'How to sign', value: <><Unknown page={page} />: screen, ink or scan</> }, { label: 'Begins', value: <Unknown page={page} /> }, { label: 'Deposit', value: <Unknown page={page} />, note: 'Unknown is not none' }, { label: 'Source', value: <a href="#">SRF news</a>, note: 'Secondary, checked 14 Nov 2026' }]} />
        <Note icon="landmark"><b>Check with the society’s secretary.</b> This page is not legal advice. The society’s own statutes decide.</Note>
      </Section>
      <Section id="letter" title="Ask the secretary">
        <p class="prose sub">We wrote the letter from the gaps above. Send it by mail or on paper.</p>
        <div class="mt3"><Letter lang="en" lines={[{ label: 'To', value: 'Generalsekretariat, Coop Genossenschaft, Basel' }, { label: 'From', value: <mark>your name and member number</mark> }]}><p>Dear Secretary,</p><p>some members are thinking about a list of their own. May I ask:</p><ol><li>Is it still 6 % of the region’s members within 15 days?</li><li>From which day do the 15 days run?</li></ol></Letter></div>
        <p class="row mt3"><a class="btn" href="#"><Icon name="mail" />Open as email</a><a class="btn quiet" href="#"><Icon name="printer" />Print</a><span class="btn quiet" role="link" aria-disabled="true">Start a campaign</span></p>
      </Section>
      <Section title="Campaigns that used it">
        <Table caption="How many signatures survived the check." rows={[['Members’ list, Lake region', 'v1, 2 %', '2,610', '85 %'], ['Repair shelves in each shop', 'v1, 2 %', '1,480', '70 %']]}
          columns={[{ label: 'Campaign', cell: (r) => <a href="#">{r[0]}</a> }, { label: 'Rule', cell: (r) => r[1] }, { label: 'Handed in', cell: (r) => r[2], number: true }, { label: 'Valid', cell: (r) => <b>{r[3]}</b>, number: true }]} />
      </Section>
    </Split>
  </Layout>
)

const refused = new Problem('form.said', 'Write a web address, such as https://example.org', { status: 422, field: 'website', others: [new Problem('form.said', 'Choose one', { field: 'kind' }), new Problem('form.said', 'Fill this in', { field: 'text' })] })
const FormPage = ({ page }: { page: Page }) => (
  <Layout page={page} title="Change the listing" problem={refused} unlisted>
    <ManageHead page={page} title="Boleia Comum" status="Published. Last change 14 October 2026." crumbs={[{ href: '/', label: 'Directory' }, { label: 'Boleia Comum' }]} tabs={[{ href: '/form', label: 'Listing' }, { href: '/manage/boleia/posts', label: 'Posts', count: 3 }, { href: '#', label: 'History' }]} />
    <Column>
      <ErrorSummary page={page} problem={refused} labels={{ website: 'Website', kind: 'What is it?', text: 'What it does' }} />
      <Form action="/form" submit="Publish" extra={<a href="/">Cancel</a>}>
        <Field page={page} name="name" label="Name" hint="As it stands in the register." problem={refused} values={{ name: 'Boleia <Comum>' }} />
        <Field page={page} name="website" type="url" label="Website" problem={refused} values={{ website: 'boleia' }} />
        <Field page={page} name="text" type="area" label="What it does" required={false} problem={refused} />
        <Select page={page} name="country" label="Country" empty="Choose" options={[{ value: 'PT', label: 'Portugal' }, { value: 'ES', label: 'Spain' }]} values={{ country: 'PT' }} />
        <Choices page={page} name="kind" label="What is it?" problem={refused} options={[{ value: 'cooperative', label: 'Co-operative' }, { value: 'mutual', label: 'Mutual', hint: 'Member-owned without being a co-operative in law' }]} />
        <Checkbox page={page} name="platform" label="It runs a platform" hint="An app, a marketplace or a service online." values={{ platform: 'yes' }} />
      </Form>
      <p class="row"><button class="btn dye" type="button">Dyed</button><button class="btn weld" type="button">Weld</button><button class="btn undo" type="button">Remove</button><button class="btn small" type="button">Small</button></p>
    </Column>
  </Layout>
)

export function specimen(app: Hono): void {
  app.get('/', (c) => html(c, <Home page={pageOf(c)} />))
  app.get('/profile', (c) => html(c, <Profile page={pageOf(c)} />))
  app.get('/lever', (c) => html(c, <Lever page={pageOf(c)} />))
  app.get('/form', (c) => html(c, <FormPage page={pageOf(c)} />))
  app.get('/signed-in', (c) => { c.set('viewer', { name: 'Ada Lovelace-Featherstonehaugh', role: 'admin' }); return html(c, <Layout page={{ ...pageOf(c), flash: 'Published.' }} title="About" current="/about"><Column><h1>About this directory</h1><div class="prose"><p>Run by a federation.</p><h2>How we decide</h2><p>In the open.</p></div></Column></Layout>) })
  app.get('/broken', () => { throw new Error('x') })
}
export const specimenPaths = ['/', '/profile', '/lever', '/form', '/signed-in', '/nowhere', '/broken']
