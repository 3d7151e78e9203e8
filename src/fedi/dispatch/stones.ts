/** What was deleted or undone, perhaps before it came: the Delete wins in whatever order they arrive (HOSTILE.md 42). */
import { and, eq, inArray, lt } from 'drizzle-orm'
import type { Clock } from '../../kernel/time.ts'
import type { Db, Store } from '../../store/store.ts'
import { hashed } from '../inbox/intake.ts'
import { fediTables } from '../tables.ts'

export function stoneBook(store: Store, clock: Clock) {
  const t = fediTables(store.kit).stones
  return {
    /** `by` said that it is gone. */
    async set(tx: Db, id: string, by: string): Promise<void> {
      await tx.insert(t).values({ id: hashed(id), by: hashed(by), at: clock.now() }).onConflictDoNothing()
    },
    /** Has `by` said of any of them that it is gone? */
    async any(tx: Db, ids: readonly (string | undefined)[], by: string): Promise<boolean> {
      const asked = ids.filter((id): id is string => id !== undefined).map(hashed)
      if (!asked.length) return false
      const rows = await tx.select({ id: t.id }).from(t).where(and(inArray(t.id, asked), eq(t.by, hashed(by)))).limit(1)
      return rows.length > 0
    },
    sweep: (before: Date) => store.auto.delete(t).where(lt(t.at, before)).then(() => {}),
  }
}
export type StoneBook = ReturnType<typeof stoneBook>
