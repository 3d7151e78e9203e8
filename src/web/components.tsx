/** The pieces that pages are made of. They know no noun: words and values come from the room that uses them. */
import type { Child, PropsWithChildren } from 'hono/jsx'
import { date, dateTime, linkText, machineDate, relative } from './format.ts'
import { Icon, type IconName } from './icon.tsx'
import type { Dye } from './navigation.ts'
import type { Page } from './context.ts'
import { swatchHash } from './weave.ts'
import type { Key, T, Values } from './words.ts'

export { Icon, type IconName } from './icon.tsx'
export type { Dye } from './navigation.ts'
export { Checkbox, Choices, ErrorSummary, Field, Select } from './fields.tsx'

/** The instance's mark: two warp and two weft threads interlaced. */
export const Mark = ({ size = 38 }: { size?: number }) => (
  <svg class="mark" width={size} height={size} viewBox="0 0 36 36" aria-hidden="true">
    <path class="w1" d="M1 12h34" /><path class="w2" d="M1 24h34" /><path class="gap" d="M12 7.6v8.8M24 19.6v8.8" />
    <path class="w3" d="M12 1v34" /><path class="w4" d="M24 1v34" /><path class="gap" d="M19.6 12h8.8M7.6 24h8.8" />
    <path class="w1" d="M18.6 12h10.8" /><path class="w2" d="M6.6 24h10.8" />
  </svg>
)

export const swatchPath = (uri: string): string => `/swatch/${swatchHash(uri)}.svg`

/** The woven square of an actor, from its ActivityPub id. */
export const Swatch = ({ uri, size = 56, round }: { uri: string; size?: number; round?: boolean }) => (
  <img class={round ? 'swatch avatar' : 'swatch'} src={swatchPath(uri)} width={size} height={size} alt="" decoding="async" />
)

/** The same cloth as a band over the whole width of the page. */
export const Band = ({ uri }: { uri: string }) => <div class="band" aria-hidden="true"><img src={`/swatch/${swatchHash(uri)}-band.svg`} alt="" /></div>

export const Tag = ({ dye, plain, children }: PropsWithChildren<{ dye?: Dye; plain?: boolean }>) => <span class={plain ? 'tag plain' : 'tag'} data-dye={dye}>{children}</span>

export const Card = ({ children, dye, class: more }: PropsWithChildren<{ dye?: Dye; class?: string }>) => <article class={more ? `card pad ${more}` : 'card pad'} data-dye={dye}>{children}</article>

/** What happened after a form, read out by screen readers. */
export const Flash = ({ children }: PropsWithChildren) => <div class="wrap"><p class="flash" role="status"><Icon name="circle-check" /><span>{children}</span></p></div>

/** Something to know before going on. `warn` is for what may cost somebody time. */
export const Note = ({ icon = 'info', warn, children, action }: PropsWithChildren<{ icon?: IconName; warn?: boolean; action?: Child }>) => (
  <div class={warn ? 'note warn' : 'note'} role="note"><Icon name={warn ? 'triangle-alert' : icon} /><div>{children}</div>{action}</div>
)

/** Nothing here (yet), and what one can do about it. */
export const Empty = ({ title, children }: PropsWithChildren<{ title: string }>) => <div class="empty"><p class="saying">{title}</p>{children}</div>

/** Where am I: the last one is this page. */
export const Crumbs = ({ page, items }: { page: Page; items: readonly { href?: string; label: string }[] }) => (
  <nav class="crumbs" aria-label={page.t('page.crumbs')}>
    <ol role="list">{items.map((i) => <li>{i.href ? <a href={i.href}>{i.label}</a> : <span aria-current="page">{i.label}</span>}</li>)}</ol>
  </nav>
)

/** Next by key, first page by leaving the key out; there are no page numbers. */
export const Pagination = ({ page, next, first, label }: { page: Page; next?: string; first?: string; label?: string }) => (
  next || first ? (
    <nav class="more" aria-label={page.t('page.pages')}>
      {next ? <a class="btn quiet" href={next} rel="next">{label ?? page.t('page.more')}</a> : null}
      {first ? <a href={first}>{page.t('page.first')}</a> : null}
    </nav>
  ) : null
)

export interface Fact { label: Child; value: Child; note?: Child }
/** The few large numbers of a page. */
export const Facts = ({ items }: { items: readonly Fact[] }) => (
  <dl class="facts">{items.map((i) => <div><dt>{i.label}{i.note ? <span class="src">{i.note}</span> : null}</dt><dd>{i.value}</dd></div>)}</dl>
)
/** "At a glance": small terms over values. */
export const KV = ({ items }: { items: readonly Fact[] }) => (
  <dl class="kv">{items.map((i) => <div><dt>{i.label}</dt><dd>{i.value}{i.note ? <span class="src">{i.note}</span> : null}</dd></div>)}</dl>
)
/** Terms beside values, two columns where there is room: what is known, and what is not. */
export const FieldList = ({ items }: { items: readonly Fact[] }) => (
  <dl class="fieldlist">{items.map((i) => <div><dt>{i.label}</dt><dd>{i.value}{i.note ? <span class="src">{i.note}</span> : null}</dd></div>)}</dl>
)

/** Not known: never to be mistaken for "none". */
export const Unknown = ({ page, children }: PropsWithChildren<{ page: Page }>) => <span class="unk">{children ?? page.t('page.unknown')}</span>

/** A moment as the reader's language writes it. `as`: day, day and time, or how long ago (the day stands in the title). */
export const Time = ({ page, at, as = 'day' }: { page: Page; at: Date | string; as?: 'day' | 'minute' | 'ago' }) => (
  <time datetime={machineDate(at)} title={as === 'ago' ? dateTime(page.lang, at) : undefined}>
    {as === 'ago' ? relative(page.lang, at, page.now) : as === 'day' ? date(page.lang, at) : dateTime(page.lang, at)}
  </time>
)

/** A link out of the instance, shown without scheme; `rel` keeps the other side from knowing more than the origin. */
export const Away = ({ href, children, rel = 'noopener nofollow' }: PropsWithChildren<{ href: string; rel?: string }>) => (
  /^https?:\/\//i.test(href) ? <a href={href} rel={rel}>{children ?? linkText(href)}</a> : <span>{children ?? href}</span>
)

/** Things that happened, newest first, on a thread. `now` marks the one in force. */
export const Timeline = ({ items }: { items: readonly { title: Child; text?: Child; now?: boolean }[] }) => (
  <ol class="hist" role="list">{items.map((i) => <li class={i.now ? 'cur' : undefined}><b>{i.title}</b>{i.text ? <><br /><span class="sub">{i.text}</span></> : null}</li>)}</ol>
)

export interface Column<R> { label: string; cell: (row: R) => Child; /** Numbers stand at the end of the column. */ number?: boolean }
/** A table that turns into cards on a phone: the first column is the row's name. */
export const Table = <R,>({ caption, columns, rows }: { caption: Child; columns: readonly Column<R>[]; rows: readonly R[] }) => (
  <table class="tbl">
    <caption>{caption}</caption>
    <thead><tr>{columns.map((c) => <th scope="col" class={c.number ? 'n' : undefined}>{c.label}</th>)}</tr></thead>
    <tbody>
      {rows.map((row) => (
        <tr>{columns.map((c, n) => n === 0 ? <th scope="row">{c.cell(row)}</th> : <td class={c.number ? 'n' : undefined} data-col={c.label}>{c.cell(row)}</td>)}</tr>
      ))}
    </tbody>
  </table>
)

const SLOT = /\u0001(\w+)\u0001/
/**
 * A sentence with elements in it: `<Say t={t} k="coops.listedBy" parts={{ name: <a href="/">…</a> }} />`
 * for "Listed by {name}". Word order stays the translator's.
 */
export const Say = ({ t, k, values, parts }: { t: T; k: Key; values?: Values; parts: Record<string, Child> }) => {
  const slots = Object.fromEntries(Object.keys(parts).map((name) => [name, `\u0001${name}\u0001`]))
  return <>{t(k, { ...values, ...slots }).split(SLOT).map((piece, n) => (n % 2 ? parts[piece] : piece))}</>
}
