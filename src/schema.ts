/** Beside app.ts: the one list of every room's tables (the store must not import rooms). */
import { accountTables } from './accounts/tables.ts'
import { coopTables } from './coops/tables.ts'
import { curationTables } from './curation/tables.ts'
import { directoryTables } from './directory/tables.ts'
import { fediTables } from './fedi/tables.ts'
import { peerTables } from './peers/tables.ts'
import { ruleTables } from './rulebook/tables.ts'
import type { Kit } from './store/kit.ts'
import { storeTables } from './store/tables.ts'
import { talkTables } from './talk/tables.ts'

export const allTables = (k: Kit) => ({ ...storeTables(k), ...fediTables(k), ...accountTables(k), ...coopTables(k), ...ruleTables(k), ...talkTables(k),
  ...directoryTables(k), ...curationTables(k), ...peerTables(k) })
