import { newId } from '../kernel/ids.ts'
import type { Clock } from '../kernel/time.ts'
import type { Kit } from './kit.ts'
import { inserter } from './prepared.ts'
import type { Db, Store } from './store.ts'
import { storeTables } from './tables.ts'

/** Who acts: an account, the command line, a peer, or the instance itself. Services take it as their first argument. */
export type By = `user:${string}` | `peer:${string}` | 'cli' | 'system'

export interface AuditEntry { by: By; action: string; subject: string; before?: unknown; after?: unknown; why?: string }

const inserts = new Map<Kit, ReturnType<typeof inserterOf>>()
const inserterOf = (kit: Kit) => inserter('audit_add', storeTables(kit).audit)

/** Appends to the audit log, in the transaction of the change itself. */
export async function record(store: Store, tx: Db, clock: Clock, e: AuditEntry): Promise<void> {
  let insert = inserts.get(store.kit)
  if (!insert) inserts.set(store.kit, (insert = inserterOf(store.kit)))
  await insert(tx, {
    id: newId(), at: clock.now(), by: e.by, action: e.action, subject: e.subject,
    before: e.before ?? null, after: e.after ?? null, why: e.why ?? null,
  })
}
