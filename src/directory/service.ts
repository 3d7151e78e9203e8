/** The directory as a whole: lists of organisations in and out. Pages and the command line both come here. */
import type { Who } from '../accounts/model.ts'
import type { Coops, Whole } from '../coops/service.ts'
import type { Clock } from '../kernel/time.ts'
import { leverRecord, type LeverInput } from '../rulebook/model.ts'
import type { Rulebook } from '../rulebook/service.ts'
import type { Store } from '../store/store.ts'
import { csvText } from './export/csv.ts'
import type { Exported, ExportFormat, ExportSource } from './export/model.ts'
import { toadlaneText } from './export/toadlane.ts'
import { importFile, type ImportOptions } from './import/import.ts'
import type { ImportReport } from './import/model.ts'
import type { Done, ImportTarget, LeverRow } from './import/run.ts'
import type { Source } from './import/source.ts'

export type { ExportFormat } from './export/model.ts'
export type { ImportOptions } from './import/import.ts'
export type { ImportReport, Trouble } from './import/model.ts'

export interface DirectoryHouse { store: Store; clock: Clock; origin: string; organisations: Coops; levers: Rulebook }

const PAGE = 100

/** The reason stands in the public history: a file by its name alone (folders tell of people), an address without its query (tokens). */
export function publicName(from: string): string {
  if (!/^https?:\/\//i.test(from) || !URL.canParse(from)) return from.split(/[\\/]/).at(-1) || from
  const { origin, pathname } = new URL(from)
  return origin + pathname
}

export function directory(house: DirectoryHouse) {
  const { store, clock, organisations, levers } = house

  /** The services that an import's rows go to. What comes from a file is quiet and never overwrites a listing that runs itself. */
  const target = (who: Who, consent: string | undefined, from: string): ImportTarget => ({
    store,
    organisation: (input) => organisations.put(who, input, { source: `import of ${publicName(from)}`, ...(consent === undefined ? {} : { consent }) }),
    membership: (input) => organisations.putMembership(who, input),
    lever: (input) => putLever(who, input),
    find: (handle) => organisations.read.organisation(handle),
  })

  /** In a file each version is a record of its own: one that is new is created, whether its lever is new or not. */
  async function putLever(who: Who, input: LeverRow): Promise<Done> {
    const before = clock.now()
    const put = await levers.put(who, input)
    if (put.outcome !== 'changed') return put
    const version = (await levers.read.byId(put.id))?.versions.find((v) => v.number === put.version)
    return { outcome: version && version.at >= before ? 'created' : 'changed' } // else it was only read again (`checked`)
  }

  async function* records(): AsyncGenerator<LeverInput> {
    for (let after = ''; ;) {
      const page = await levers.read.all(PAGE, after)
      for (const l of page) {
        if (l.organisation !== null && (await organisations.read.organisation(l.organisation))?.status !== 'listed') continue
        const several = l.versions.length > 1 || l.versions[0]?.number !== 1
        for (const v of l.versions.toReversed()) yield leverRecord(l, v, several) // oldest first
      }
      const last = page.at(-1)
      if (page.length < PAGE || !last) return
      after = last.id
    }
  }

  async function* listed(): AsyncGenerator<Exported> {
    for (let after = ''; ;) {
      const page = await organisations.read.all(PAGE, after)
      for (const w of page) if (w.organisation.status === 'listed') yield exported(w)
      const last = page.at(-1)
      if (page.length < PAGE || !last) return
      after = last.organisation.handle
    }
  }

  const source = (): ExportSource => ({ origin: house.origin, now: () => clock.now(), organisations: listed, levers: records })

  return {
    /**
     * Brings a file in. `consent`: the basis on which all of them have agreed; without it listings are unclaimed.
     * Throws Problem where the file cannot be read at all; single rows are told and counted.
     */
    import: (who: Who, file: Source, o: ImportOptions & { consent?: string } = {}): Promise<ImportReport> =>
      importFile(target(who, o.consent, file.name), file, o),
    /** The text of an export, piece by piece, in bounded memory. */
    export: (format: ExportFormat): AsyncGenerator<string> => (format === 'csv' ? csvText(source()) : toadlaneText(source())),
  }
}
export type Directory = ReturnType<typeof directory>

/** A listing without what is decided by each directory itself. */
function exported({ organisation: o, figures, memberships }: Whole): Exported {
  const { id: _, handle, status: __, standing, consent: ___, revision: ____, created: _5, changed: _6, confirmed: _7, ...profile } = o
  return {
    handle, profile, standing,
    figures: figures.map(({ kind, value, unit, year, source, confidence }) => ({ kind, value, unit, year, source, confidence })),
    memberships: memberships.map(({ handle: federation, state, confidence, since, until, expires, source }) => ({
      organisation: handle, federation, ...(state === 'claimed' ? {} : { state }), confidence, since, until, expires, source,
    })),
  }
}
