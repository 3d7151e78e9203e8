/** What an export is made of: the public directory as it stands, in the shape of the format toadlane/1. */
import type { FigureInput, MembershipInput, Profile } from '../../coops/model.ts'
import type { LeverInput } from '../../rulebook/model.ts'

export const EXPORT_FORMATS = ['toadlane', 'csv'] as const
export type ExportFormat = (typeof EXPORT_FORMATS)[number]

/** One listing with what belongs to it. */
export interface Exported { handle: string; profile: Profile; standing: string; figures: FigureInput[]; memberships: MembershipInput[] }

/** Where an export takes its data from, page by page: nothing holds a connection or all rows. Each call begins anew. */
export interface ExportSource {
  origin: string
  now(): Date
  /** Listed organisations, by handle. */
  organisations(): AsyncIterable<Exported>
  /** Every version of every lever. */
  levers(): AsyncIterable<LeverInput>
}

/** Without what is not known: an import leaves such fields as they are. */
export const present = (o: object): Record<string, unknown> =>
  Object.fromEntries(Object.entries(o).filter(([, v]) => v !== null && v !== undefined && !(Array.isArray(v) && v.length === 0)))
