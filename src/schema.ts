/** Beside app.ts: the one list of every room's tables (the store must not import rooms). */
import { accountTables } from './accounts/tables.ts'
import { coopTables } from './coops/tables.ts'
import { fediTables } from './fedi/tables.ts'
import { ruleTables } from './rulebook/tables.ts'
import type { Kit } from './store/kit.ts'
import { storeTables } from './store/tables.ts'
import { talkTables } from './talk/tables.ts'

export const allTables = (k: Kit) => ({ ...storeTables(k), ...fediTables(k), ...accountTables(k), ...coopTables(k), ...ruleTables(k), ...talkTables(k) })
