/**
 * What was deleted or undone, perhaps before it came: the Delete wins in whatever order they arrive (HOSTILE.md 42). And the last
 * words about what may be said again and again – to follow and no longer to –, so that an older one that comes late changes nothing.
 */
import { and, eq, inArray, lt } from 'drizzle-orm'
import { HOUR, type Clock } from '../../kernel/time.ts'
import type { Db, Store } from '../../store/store.ts'
import { hashed } from '../inbox/intake.ts'
import { fediTables } from '../tables.ts'

export function stoneBook(store: Store, clock: Clock) {
  const { stones: t, received } = fediTables(store.kit)
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
    /**
     * How the word that `by` published then stands to the last one it said about `subject`: 1 it is newer (and the last one from now
     * on), 0 of the same instant, -1 older. By the sender's own clock on both sides; undefined where it states no time, or one that is
     * yet to come: that would silence all that follows.
     */
    async order(tx: Db, subject: string, by: string, published: unknown): Promise<1 | 0 | -1 | undefined> {
      const at = typeof published === 'string' ? new Date(published) : undefined
      if (!at || !(at.getTime() <= clock.now().getTime() + HOUR)) return undefined
      const key = { id: hashed(subject), by: hashed(by) }
      const [last] = await tx.select({ at: t.at }).from(t).where(and(eq(t.id, key.id), eq(t.by, key.by)))
      if (last && at <= last.at) return at < last.at ? -1 : 0
      await tx.insert(t).values({ ...key, at }).onConflictDoUpdate({ target: [t.id, t.by], set: { at } })
      return 1
    },
    /** Has an activity of this id come, as far back as ids are remembered? */
    async came(tx: Db, id: string): Promise<boolean> {
      return (await tx.select({ id: received.id }).from(received).where(eq(received.id, hashed(id)))).length > 0
    },
    sweep: (before: Date) => store.auto.delete(t).where(lt(t.at, before)).then(() => {}),
  }
}
export type StoneBook = ReturnType<typeof stoneBook>
