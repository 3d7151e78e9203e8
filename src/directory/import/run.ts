/**
 * Runs an import: rows → checks → the same services as the forms, in short transactions, organisations first, then what refers
 * to them. A dry run does the very same and rolls each transaction back, so that it cannot tell another story than the real one.
 */
import { createHash } from 'node:crypto'
import type { z } from 'zod'
import { Problem, problemsOf } from '../../kernel/errors.ts'
import { pause } from '../../kernel/time.ts'
import { membershipInput, organisationInput, type Kind } from '../../coops/model.ts'
import { leverInput } from '../../rulebook/model.ts'
import type { Store } from '../../store/store.ts'
import { handleFor, type Seen, type Traits } from './identity.ts'
import { noTotals, type Format, type ImportReport, type Item, type Outcome, type Place, type Row, type Section, type Trouble } from './model.ts'

export type OrganisationRow = z.output<typeof organisationInput>
export type MembershipRow = z.output<typeof membershipInput>
export type LeverRow = z.input<typeof leverInput>
export interface Done { outcome: Exclude<Outcome, 'failed'>; reason?: string | undefined }

/** Where rows go: the rooms' services, called within the batch's transaction. They throw Problem for what they refuse. */
export interface ImportTarget {
  readonly store: Store
  organisation(input: OrganisationRow): Promise<Done>
  membership(input: MembershipRow): Promise<Done>
  lever(input: LeverRow): Promise<Done>
  /** What is listed under a handle, for telling namesakes apart. */
  find(handle: string): Promise<Traits | undefined>
}

export interface Progress { /** 1: organisations; 2: what refers to them. */ pass: 1 | 2; rows: number }
export interface RunOptions {
  format: Format
  dryRun?: boolean | undefined
  signal?: AbortSignal | undefined
  onTrouble?: ((t: Trouble) => void) | undefined
  onProgress?: ((p: Progress) => void) | undefined
  /** A pause behind each transaction, ms: so that a server on the same SQLite file gets its turns. */
  rest?: number | undefined
}

/** A transaction takes new rows for so long; a row or two more and it is at the 50 ms that others may have to wait. */
const BUDGET = 35
const BATCH = 200

class RolledBack extends Error {
  readonly results: Result[]
  constructor(results: Result[]) { super('rolled back'); this.results = results }
}
type Result = Done | { outcome: 'failed'; reason: string; field?: string | undefined }
interface Ready { row: Row; subject: string; apply: () => Promise<Done>; after?: (r: Done) => void }

/** `read` gives the file's rows from the beginning, each time it is called. */
export async function runImport(target: ImportTarget, read: () => AsyncIterable<Item>, o: RunOptions): Promise<ImportReport> {
  return new Run(target, o).all(read)
}

class Run {
  private readonly target: ImportTarget
  private readonly o: RunOptions
  private readonly report: ImportReport
  private readonly seen = new Map<string, Seen>()
  /** Handles that were made for rows without one, by record, where memberships need them. */
  private readonly made = new Map<number, string>()
  private lastMade: { record: number | undefined; handle: string } | undefined
  /** In a dry run: what would be there, for what refers to it. */
  private readonly imagined = new Map<string, Kind>()
  private readonly pairs = new Map<string, number>()
  private readonly levers = new Set<string>()
  private rows = 0
  private last: (Place & { section: Section }) | undefined

  constructor(target: ImportTarget, o: RunOptions) {
    this.target = target
    this.o = o
    this.report = {
      format: o.format, dryRun: o.dryRun ?? false, sections: { organisation: noTotals(), membership: noTotals(), lever: noTotals() },
      warnings: [], incomplete: false, ...noTotals(),
    }
  }

  async all(read: () => AsyncIterable<Item>): Promise<ImportReport> {
    try {
      const later = await this.pass(1, read())
      if (later > 0 && !this.stopping) await this.pass(2, read())
    } catch (e) {
      if (!(e instanceof Problem) || e.status < 500) throw e
      this.report.broken = e.message // the database went away or is full: what is in stays in
    }
    if ((this.stopping || this.report.broken !== undefined) && this.last) this.report.stopped = this.last
    // The totals last: they are what one looks for at the end of a long line.
    const { created, changed, unchanged, skipped, failed, ...rest } = this.report
    return { ...rest, created, changed, unchanged, skipped, failed }
  }

  private get stopping(): boolean { return this.o.signal?.aborted ?? false }

  /** One reading of the file; the number of rows that the other pass is for. */
  private async pass(n: 1 | 2, items: AsyncIterable<Item>): Promise<number> {
    let others = 0
    let batch: Ready[] = []
    for await (const item of items) {
      if ('row' in item) {
        if ((item.row.section === 'organisation') !== (n === 1)) {
          others++
          if (n === 1) this.remember(item.row)
          continue
        }
        const ready = await this.check(item.row)
        if (ready) batch.push(ready)
        if (batch.length >= BATCH) {
          await this.apply(batch, n)
          batch = []
        }
      } else if (n === 1) this.note(item)
      if (this.stopping) break
    }
    await this.apply(batch, n)
    return others
  }

  /** A membership of the row before it, whose handle was made: kept for the second reading. */
  private remember(row: Row): void {
    if (row.section !== 'membership' || row.value.organisation || row.record === undefined || this.lastMade?.record !== row.record) return
    this.made.set(row.record, copied(this.lastMade.handle))
  }

  private note(item: Exclude<Item, { row: Row }>): void {
    if ('warning' in item) this.report.warnings.push(item.warning)
    else {
      if (item.trouble.end) this.report.incomplete = true
      this.trouble(item.trouble)
    }
  }
  private trouble(t: Trouble): void {
    this.count(t.section, t.outcome)
    this.o.onTrouble?.(t)
  }
  private count(section: Section | undefined, outcome: Outcome): void {
    this.report[outcome]++
    if (section) this.report.sections[section][outcome]++
  }

  /** A row that may go in, or undefined when it was told why not. */
  private async check(row: Row): Promise<Ready | undefined> {
    const subject = subjectOf(row.value)
    try {
      if (row.section === 'organisation') return await this.organisation(row, subject)
      if (row.section === 'membership') return this.membership(row, subject)
      return this.lever(row, subject)
    } catch (e) {
      if (!(e instanceof Problem)) throw e
      this.refuse(row, subject, e)
      return undefined
    }
  }
  /** One row fails once, however many reasons it has. */
  private refuse(row: Row, subject: string, e: Problem): void {
    this.count(row.section, 'failed')
    for (const p of [e, ...e.others]) {
      const field = p.field === undefined ? undefined : row.fieldName?.(p.field) ?? p.field
      this.o.onTrouble?.({ ...about(row, subject), outcome: 'failed', ...(field ? { field } : {}), reason: p.message + wasGiven(row.value, p) })
    }
  }

  private async organisation(row: Row, subject: string): Promise<Ready> {
    const value = { ...row.value }
    let print = ''
    if (value.handle === undefined || value.handle === null || value.handle === '') {
      const parsed = parse(organisationInput, { ...value, handle: 'x' })
      const got = await handleFor(parsed, this.seen, (h) => this.target.find(h))
      if ('line' in got) {
        const reason = `is the same organisation as the one on line ${got.line} (same name and place); give both a handle if they are two`
        throw new Problem('twice', reason, { status: 422, field: 'name' })
      }
      value.handle = got.handle
      print = got.fingerprint
      this.lastMade = { record: row.record, handle: got.handle }
    }
    const input = parse(organisationInput, value)
    const earlier = this.seen.get(input.handle)
    if (earlier) throw new Problem('twice', `stands in this file already, on line ${earlier.line}`, { status: 422, field: 'handle' })
    this.seen.set(copied(input.handle), { line: row.line, fingerprint: print })
    return {
      row, subject: subject || input.handle, apply: () => this.target.organisation(input),
      after: (r) => { if (this.o.dryRun && r.outcome === 'created') this.imagined.set(input.handle, input.kind) },
    }
  }

  private membership(row: Row, subject: string): Ready {
    const organisation = row.value.organisation || (row.record === undefined ? undefined : this.made.get(row.record))
    if (!organisation) throw new Problem('not-found', 'the organisation of this row did not go in', { status: 422 })
    const input = parse(membershipInput, { ...row.value, organisation })
    const pair = `${input.organisation} ${input.federation}`
    const earlier = this.pairs.get(pair)
    if (earlier !== undefined) throw new Problem('twice', `stands in this file already, on line ${earlier}`, { status: 422, field: 'federation' })
    this.pairs.set(pair, row.line)
    return { row, subject: subject || pair, apply: () => this.among([input.organisation, input.federation], () => this.target.membership(input)) }
  }

  private lever(row: Row, subject: string): Ready | undefined {
    const input = parse(leverInput, row.value)
    const key = createHash('sha256').update(JSON.stringify(input)).digest('base64url')
    if (this.levers.has(key)) { // the very same record again
      this.count('lever', 'unchanged')
      return undefined
    }
    this.levers.add(key)
    return { row, subject, apply: () => this.among(input.organisation ? [input.organisation] : [], () => this.target.lever(input)) }
  }

  /** In a dry run the organisations of this file are not there: those that are needed are put in for this transaction. */
  private async among(handles: readonly string[], then: () => Promise<Done>): Promise<Done> {
    for (const handle of handles) {
      const kind = this.imagined.get(handle)
      if (kind) await this.target.organisation(parse(organisationInput, { handle, name: handle, kind }))
    }
    return then()
  }

  private async apply(batch: readonly Ready[], pass: 1 | 2): Promise<void> {
    for (let from = 0; from < batch.length;) {
      const results = await this.transaction(batch, from)
      for (const [i, r] of results.entries()) this.settle(batch[from + i]!, r)
      from += results.length
      this.rows += results.length
      this.o.onProgress?.({ pass, rows: this.rows })
      if (this.stopping) return
      if (this.o.rest) await pause(this.o.rest)
    }
  }

  private settle(ready: Ready, r: Result): void {
    const { row, subject } = ready
    this.last = { ...place(row), section: row.section }
    if (r.outcome === 'failed') return this.refuse(row, subject, new Problem('refused', r.reason, { field: r.field }))
    ready.after?.(r)
    if (r.outcome === 'skipped') return this.trouble({ ...about(row, subject), outcome: 'skipped', reason: r.reason ?? 'skipped' })
    this.count(row.section, r.outcome)
  }

  /** As many rows as the time allows, at least one. */
  private async transaction(batch: readonly Ready[], from: number): Promise<Result[]> {
    const work = this.target.store.write(async () => {
      const results: Result[] = []
      const until = performance.now() + BUDGET
      for (let i = from; i < batch.length && (i === from || performance.now() < until); i++) results.push(await attempt(batch[i]!))
      if (this.o.dryRun) throw new RolledBack(results)
      return results
    })
    return work.catch((e: unknown) => {
      if (e instanceof RolledBack) return e.results
      throw e
    })
  }
}

/** What a refused row has done before is undone by the store. Whatever else goes wrong ends the transaction, and the import with it. */
async function attempt(ready: Ready): Promise<Result> {
  try { return await ready.apply() } catch (e) {
    if (!(e instanceof Problem) || e.status >= 500) throw e
    return { outcome: 'failed', reason: e.message, field: e.field }
  }
}

/** A string of its own: a piece cut out of the file's text would keep that text in memory. */
const copied = (text: string): string => Buffer.from(text).toString()

const about = (row: Row, subject: string) => ({ ...place(row), section: row.section, ...(subject ? { subject } : {}) })
const place = (row: Place): Place => ({ line: row.line, ...(row.record === undefined ? {} : { record: row.record }) })

/** Zod's own words where a model has none, as phrases that follow the field's name. */
function reasonOf(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.input === undefined && (issue.code === 'invalid_type' || issue.code === 'invalid_value')) return 'must be given'
  if (issue.code === 'invalid_type') return `must be ${issue.expected === 'array' ? 'a list' : `a ${issue.expected}`}`
  if (issue.code === 'invalid_value') return `must be ${issue.values.length > 1 ? 'one of ' : ''}${issue.values.map(String).join(', ')}`
  if (issue.code === 'unrecognized_keys') return `holds what is not known: ${issue.keys.join(', ')}`
  return undefined
}

function parse<S extends z.ZodType>(schema: S, value: unknown): z.output<S> {
  const r = schema.safeParse(value, { error: reasonOf })
  if (!r.success) throw problemsOf(r.error)
  return r.data
}

/** `, not "0"`: what stands there, where that is short. */
function wasGiven(value: Record<string, unknown>, p: Problem): string {
  if (p.code !== 'invalid' || p.field === undefined) return ''
  const at = p.field.split('.').reduce<unknown>((v, key) => (typeof v === 'object' && v !== null ? (v as Record<string, unknown>)[key] : undefined), value)
  return (typeof at === 'string' && at.length <= 60) || typeof at === 'number' || typeof at === 'boolean' ? `, not ${JSON.stringify(at)}` : ''
}

/** How a person knows the row: by handle or name; a lever by its body and action. */
function subjectOf(value: Record<string, unknown>): string {
  const of = (...names: string[]) => names.map((n) => value[n]).find((v): v is string => typeof v === 'string' && v !== '')?.slice(0, 120) ?? ''
  if ('action' in value) return [of('organisation', 'scope'), of('action')].filter(Boolean).join(': ')
  if ('federation' in value) return [of('organisation'), of('federation')].filter(Boolean).join(' in ')
  return of('handle', 'name')
}

