/** What all importers have in common: a file is read as a stream of rows of our own shape, whatever it was before. */
export const FORMATS = ['toadlane', 'csv'] as const
export type Format = (typeof FORMATS)[number]

export const SECTIONS = ['organisation', 'membership', 'lever'] as const
export type Section = (typeof SECTIONS)[number]

/** Where in a file something stands, as a person finds it. */
export interface Place {
  /** From 1. */
  line: number
  /** Number of the record in its list, from 1 (CSV: of the row behind the header). */
  record?: number
}

/** A row as a format's reader makes it: not checked yet. `value` has the shape of the format toadlane/1. */
export interface Row extends Place {
  section: Section
  value: Record<string, unknown>
  /** The sender's own name for one of our fields (`figures.0.value` → `Members 2024`); without it ours is told. */
  fieldName?: (path: string) => string | undefined
}

/** What did not go in, and why. `outcome`: `failed` is a fault of the row, `skipped` a rule of ours (opt-out, claimed). */
export interface Trouble extends Place {
  outcome: 'failed' | 'skipped'
  section?: Section
  /** Handle or name. */
  subject?: string
  field?: string
  reason: string
  /** The file could not be read any further. */
  end?: boolean
}

export type Item = { row: Row } | { trouble: Trouble } | { warning: string }

export interface Totals { created: number; changed: number; unchanged: number; skipped: number; failed: number }
export type Outcome = keyof Totals
export const noTotals = (): Totals => ({ created: 0, changed: 0, unchanged: 0, skipped: 0, failed: 0 })

export interface ImportReport extends Totals {
  format: Format
  dryRun: boolean
  /** Rows by section. What belongs to no section (a line that cannot be read) is only in the totals. */
  sections: Record<Section, Totals>
  warnings: string[]
  /** Set when the run was stopped before the end: the last place that is in for sure. Running again goes on from there. */
  stopped?: Place & { section: Section }
  /** Why the run could not go on (a full disk, a database that went away). */
  broken?: string
  /** Part of the file could not be read. */
  incomplete: boolean
}
