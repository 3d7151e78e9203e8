// Made by scripts/db-reset.mjs: drizzle-kit sees only top-level exports that are tables (test/schema.test.ts).
import { allTables } from '../src/schema.ts'
import { sqliteKit } from '../src/store/kit.ts'
export const {
  meta,
  keyValues,
  documents,
  jobs,
  deadLetters,
  audit,
  localActors,
  actorKeys,
  outbox,
  followers,
  following,
  remoteActors,
  hosts,
  received,
  stones,
  organisations,
  organisationRevisions,
  organisationFigures,
  organisationEvidence,
  memberships,
  optOuts,
  levers,
  leverVersions,
  posts,
} = allTables(sqliteKit)
