/** The larger blocks of a page, one for each place of the mock-ups. Like the components they know no noun. */
import { html } from 'hono/html'
import type { Child, PropsWithChildren } from 'hono/jsx'
import { Band, Crumbs, Icon, Swatch, swatchPath, Time, type Dye, type Fact, type IconName } from './components.tsx'
import type { Page } from './context.ts'

type CrumbList = readonly { href?: string; label: string }[]

/** Title of a page on a strip of its own, with the way back above and a sentence below. `swatch`: the URI of whom it is about. */
export const PageHead = (p: PropsWithChildren<{ page: Page; title: Child; crumbs?: CrumbList; lede?: Child; swatch?: string; actions?: Child }>) => (
  <div class="head2">
    <div class="wrap">
      {p.crumbs ? <Crumbs page={p.page} items={p.crumbs} /> : null}
      <div class={p.swatch ? 'face2' : undefined}>
        {p.swatch ? <Swatch uri={p.swatch} size={112} /> : null}
        <div><h1>{p.title}</h1>{p.lede ? <p class="lede">{p.lede}</p> : null}{p.actions ? <p class="row mt2">{p.actions}</p> : null}</div>
      </div>
      {p.children}
    </div>
  </div>
)

/** Title of the front page: deep indigo, one sentence, room for a search form or the way to follow. */
export const Hero = (p: PropsWithChildren<{ title: Child; lede?: Child; figures?: readonly Fact[]; /** Beside the words where there is room: a search form, a map. */ aside?: Child }>) => (
  <section class="hero">
    <div class="wrap"><div><h1>{p.title}</h1>{p.lede ? <p class="lede">{p.lede}</p> : null}{p.children}</div>{p.aside ? <div class="aside">{p.aside}</div> : null}</div>
    {p.figures?.length ? <div class="figures"><div class="wrap"><dl>{p.figures.map((f) => <div><dt>{f.label}</dt><dd>{f.value}</dd></div>)}</dl></div></div> : null}
  </section>
)

/** The head of somebody's own page: band and face of their cloth, name, facts in a line, what one can do. */
export const ProfileHead = (p: PropsWithChildren<{ page: Page; uri: string; name: string; facts: readonly { icon?: IconName; text: Child }[]; actions?: Child; crumbs?: CrumbList }>) => (
  <>
    <Band uri={p.uri} />
    <div class="whois">
      <div class="wrap">
        <div class="face"><Swatch uri={p.uri} size={136} /></div>
        <div>
          <h1>{p.name}</h1>
          <p class="sub facts-line">{p.facts.map((f) => <span>{f.icon ? <Icon name={f.icon} /> : null}{f.text}</span>)}</p>
        </div>
        {p.actions ? <div class="row acts2">{p.actions}</div> : null}
      </div>
      {p.children ? <div class="wrap under">{p.children}</div> : null}
    </div>
  </>
)

/** Main column and what stands beside it (below it on narrow screens). */
export const Split = ({ children, aside, label }: PropsWithChildren<{ aside: Child; label: string }>) => (
  <div class="wrap pgrid"><div>{children}</div><aside aria-label={label}>{aside}</aside></div>
)

/** One column as wide as reading is comfortable: forms, about, errors. */
export const Column = ({ children }: PropsWithChildren) => <div class="wrap column">{children}</div>

/** A part of a page with its heading, and optionally a link to all of it. */
export const Section = (p: PropsWithChildren<{ id?: string; title: Child; all?: { href: string; label: string }; dye?: Dye; first?: boolean }>) => (
  <section class={p.first ? 'sect first' : 'sect'} id={p.id} data-dye={p.dye}>
    {p.all ? <div class="sechead"><h2>{p.title}</h2><a href={p.all.href}>{p.all.label}</a></div> : <h2>{p.title}</h2>}
    {p.children}
  </section>
)

/** Heading and list of the narrow column. */
export const AsideSection = ({ title, children }: PropsWithChildren<{ title: string }>) => <section class="side"><h2 class="kvh">{title}</h2>{children}</section>

/** Where it comes from: who said it, who checked it, who shows a copy. Dashed in the colour of other servers. */
export const Provenance = (p: { title: string; items: readonly Child[]; links?: readonly { href: string; label: string }[] }) => (
  <section class="prov">
    <h2>{p.title}</h2>
    <ol role="list">{p.items.map((i) => <li>{i}</li>)}</ol>
    {p.links?.length ? <p class="row">{p.links.map((l) => <a href={l.href}>{l.label}</a>)}</p> : null}
  </section>
)

/** Terms of ownership and the like: an icon, what it is, how it is. */
export const IconList = ({ items }: { items: readonly { icon: IconName; title: Child; text?: Child }[] }) => (
  <ul class="own" role="list">{items.map((i) => <li><Icon name={i.icon} /><span><b>{i.title}</b>{i.text ? <span>{i.text}</span> : null}</span></li>)}</ul>
)

export interface ListingProps {
  href: string
  /** ActivityPub id, for the swatch. */
  uri: string
  name: string
  place?: Child
  text?: string
  tags?: readonly { dye?: Dye; text: Child }[]
  /** Bottom line, left and right: members, how it was checked. */
  foot?: readonly { icon?: IconName; text: Child }[]
  /** Host of the directory it comes from, for a mirrored one. */
  via?: string
  /** Language of name and text, where it is not the page's. */
  lang?: string
}
/**
 * One listing in a list: the whole card is the link. A template instead of JSX, which takes twice as long: the front page has
 * fifty of these. Values are escaped either way.
 */
export const Listing = (p: ListingProps) => {
  const lang = p.lang === undefined ? '' : html` lang="${p.lang}"`
  return html`<article class="card pad co${p.via === undefined ? '' : ' remote'}">
<div class="top"><img class="swatch" src="${swatchPath(p.uri)}" width="56" height="56" alt="" decoding="async"/><div>
<h3${lang}><a href="${p.href}"><bdi>${p.name}</bdi></a></h3>
${p.place ? html`<p class="sub small">${p.place}</p>` : ''}</div></div>
${p.text ? html`<p class="desc"${lang} dir="auto">${p.text}</p>` : ''}
${p.tags?.length ? html`<p class="meta">${p.tags.map((x) => html`<span class="tag"${x.dye ? html` data-dye="${x.dye}"` : ''}>${x.text}</span>`)}</p>` : ''}
${p.foot?.length || p.via ? html`<p class="foot">${p.foot?.map((f) => html`<span>${f.icon ? Icon({ name: f.icon }) : ''}${f.text}</span>`)}${p.via ? html`<span class="via">${p.via}</span>` : ''}</p>` : ''}
</article>`
}
export const Listings = ({ children }: PropsWithChildren) => <div class="results">{children}</div>

export interface ChoiceCardProps { href: string; title: Child; lines: readonly Child[]; current?: boolean; blocked?: Child }
/** Ways to go, side by side: title, a line or two, and in madder what blocks it. */
export const ChoiceCards = ({ items }: { items: readonly ChoiceCardProps[] }) => (
  <ul class="levers" role="list">
    {items.map((i) => (
      <li><a href={i.href} aria-current={i.current ? 'true' : undefined}><b>{i.title}</b>{i.lines.map((l) => <span>{l}</span>)}{i.blocked ? <span class="blk">{i.blocked}</span> : null}</a></li>
    ))}
  </ul>
)

export interface VersionProps { title: Child; when?: Child; rows: readonly { label: Child; value: Child; /** The new side is marked, the old side struck through. */ changed?: boolean; big?: boolean }[] }
/** Two versions beside each other; what changed is marked on both sides. */
export const Versions = ({ before, after }: { before: VersionProps; after: VersionProps }) => {
  const Side = ({ v, now }: { v: VersionProps; now: boolean }) => (
    <section class={now ? 'ver new' : 'ver'}>
      <h3>{v.title}{v.when ? <span class="sub small">{v.when}</span> : null}</h3>
      <dl>
        {v.rows.map((r) => {
          const kind = r.big ? 'big' : undefined
          return <div><dt>{r.label}</dt><dd>{r.changed ? (now ? <ins class={kind}>{r.value}</ins> : <del class={kind}>{r.value}</del>) : <span class={kind}>{r.value}</span>}</dd></div>
        })}
      </dl>
    </section>
  )
  return <div class="diff"><Side v={before} now={false} /><span class="arrow" aria-hidden="true"><Icon name="arrow-right" /></span><Side v={after} now={true} /></div>
}

/** A letter to send or print: white paper in both schemes. */
export const Letter = ({ lines, lang, children }: PropsWithChildren<{ lines: readonly { label: string; value: Child }[]; lang?: string }>) => (
  <div class="letter" lang={lang}><dl class="to">{lines.map((l) => <><dt>{l.label}</dt><dd>{l.value}</dd></>)}</dl>{children}</div>
)

export interface PostProps {
  page: Page
  /** ActivityPub id of the author, for the swatch. */
  uri: string
  name: string
  href?: string
  handle?: string
  at: Date
  /** The post's own page. */
  permalink: string
  /** Cleaned HTML or elements; never text from outside that was not cleaned. */
  body: Child
  lang?: string
  edited?: Date
  actions?: Child
}
/** Something that somebody said. */
export const PostCard = (p: PostProps) => (
  <article class="card pad reply">
    <Swatch uri={p.uri} size={44} round />
    <div class="who"><div><b>{p.href ? <a href={p.href}>{p.name}</a> : p.name}</b>{p.handle ? <><br /><bdi class="handle" dir="ltr">{p.handle}</bdi></> : null}</div></div>
    <div class="body" lang={p.lang} dir="auto">{p.body}</div>
    <p class="acts"><a href={p.permalink}><Time page={p.page} at={p.at} as="ago" /></a>{p.edited ? <span>{p.page.t('page.edited')}</span> : null}{p.actions}</p>
  </article>
)
export const Posts = ({ children }: PropsWithChildren) => <div class="posts">{children}</div>

/** Pages of those who look after something: tabs to its parts, then the part. */
export const ManageHead = (p: { page: Page; title: string; status?: Child; tabs?: readonly { href: string; label: string; count?: number }[]; crumbs?: CrumbList }) => (
  <div class="head2 manage">
    <div class="wrap">
      {p.crumbs ? <Crumbs page={p.page} items={p.crumbs} /> : null}
      <h1>{p.title}</h1>
      {p.status ? <p class="status">{p.status}</p> : null}
      {p.tabs ? <nav class="tabs" aria-label={p.page.t('page.parts')}>{p.tabs.map((x) => <a href={x.href} aria-current={x.href === p.page.path ? 'page' : undefined}>{x.label}{x.count === undefined ? null : <span class="num"> {x.count}</span>}</a>)}</nav> : null}
    </div>
  </div>
)

/** A POST form. Browsers' own checking is off: the server's words are better and come in the reader's language. */
export const Form = ({ action, children, submit, extra }: PropsWithChildren<{ action: string; submit: string; extra?: Child }>) => (
  <form method="post" action={action} novalidate class="form">{children}<p class="row"><button class="btn">{submit}</button>{extra}</p></form>
)
