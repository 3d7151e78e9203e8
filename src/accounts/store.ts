/** Queries of accounts. All writing ones take the transaction they stand in. */
import { and, asc, eq, gt, inArray, lt, ne } from 'drizzle-orm'
import { newId } from '../kernel/ids.ts'
import type { Db, Store } from '../store/store.ts'
import type { Account, Person, Role } from './model.ts'
import { accountTables } from './tables.ts'

/** better-auth's name for an account with a password. */
const PASSWORD = 'credential'

export function accountStore(store: Store) {
  const { user, session, account, verification, editors, persons } = accountTables(store.kit)

  async function withEditors(db: Db, rows: (typeof user.$inferSelect)[]): Promise<Account[]> {
    if (rows.length === 0) return []
    const of = await db.select().from(editors).where(inArray(editors.userId, rows.map((r) => r.id))).orderBy(asc(editors.organisationId))
    return rows.map((r) => ({
      id: r.id, email: r.email, name: r.name, role: r.role, created: r.createdAt,
      editorOf: of.filter((e) => e.userId === r.id).map((e) => e.organisationId),
    }))
  }

  return {
    /** Makes the account with its password hash; undefined when the e-mail address has one already. */
    async insert(tx: Db, a: { email: string; name: string; role: Role; hash: string; now: Date }): Promise<string | undefined> {
      const id = newId()
      const stamps = { createdAt: a.now, updatedAt: a.now }
      const [made] = await tx.insert(user).values({ id, email: a.email, name: a.name, role: a.role, emailVerified: false, ...stamps })
        .onConflictDoNothing().returning({ id: user.id })
      if (!made) return undefined
      // better-auth believes a password only where accountId is the user's own id
      await tx.insert(account).values({ id: newId(), accountId: id, providerId: PASSWORD, userId: id, password: a.hash, ...stamps })
      return id
    },
    async setRole(tx: Db, id: string, role: Role, now: Date): Promise<void> {
      await tx.update(user).set({ role, updatedAt: now }).where(eq(user.id, id))
    },
    async setPassword(tx: Db, id: string, hash: string, now: Date): Promise<void> {
      const changed = await tx.update(account).set({ password: hash, updatedAt: now })
        .where(and(eq(account.userId, id), eq(account.providerId, PASSWORD))).returning({ id: account.id })
      if (changed.length === 0) {
        await tx.insert(account).values({ id: newId(), accountId: id, providerId: PASSWORD, userId: id, password: hash, createdAt: now, updatedAt: now })
      }
    },
    async endSessions(tx: Db, id: string): Promise<void> { await tx.delete(session).where(eq(session.userId, id)) },
    async remove(tx: Db, id: string): Promise<void> { await tx.delete(user).where(eq(user.id, id)) },
    /** False when the account edits the organisation already. */
    async addEditor(tx: Db, userId: string, organisationId: string, now: Date): Promise<boolean> {
      const made = await tx.insert(editors).values({ userId, organisationId, since: now }).onConflictDoNothing().returning({ userId: editors.userId })
      return made.length > 0
    },
    async removeEditor(tx: Db, userId: string, organisationId: string): Promise<boolean> {
      const gone = await tx.delete(editors).where(and(eq(editors.userId, userId), eq(editors.organisationId, organisationId))).returning({ userId: editors.userId })
      return gone.length > 0
    },
    async otherAdmins(db: Db, id: string): Promise<number> { return db.$count(user, and(eq(user.role, 'admin'), ne(user.id, id))) },
    async byId(db: Db, id: string): Promise<Account | undefined> { return (await withEditors(db, await db.select().from(user).where(eq(user.id, id))))[0] },
    async byEmail(db: Db, email: string): Promise<Account | undefined> {
      return (await withEditors(db, await db.select().from(user).where(eq(user.email, email.trim().toLowerCase()))))[0]
    },
    /** By e-mail address; the next page begins after the last one's. */
    async list(db: Db, o: { after?: string; limit: number }): Promise<Account[]> {
      return withEditors(db, await db.select().from(user).where(o.after === undefined ? undefined : gt(user.email, o.after)).orderBy(asc(user.email)).limit(o.limit))
    },
    count: (db: Db): Promise<number> => db.$count(user),
    async editorsOf(db: Db, organisationId: string): Promise<Account[]> {
      const ids = await db.select({ id: editors.userId }).from(editors).where(eq(editors.organisationId, organisationId))
      return ids.length === 0 ? [] : withEditors(db, await db.select().from(user).where(inArray(user.id, ids.map((x) => x.id))).orderBy(asc(user.email)))
    },
    async organisationsOf(db: Db, userId: string): Promise<string[]> {
      return (await db.select({ id: editors.organisationId }).from(editors).where(eq(editors.userId, userId))).map((x) => x.id)
    },
    async person(db: Db, handle: string): Promise<Person | undefined> { return (await db.select().from(persons).where(eq(persons.handle, handle)))[0] },
    async personOf(db: Db, userId: string): Promise<Person | undefined> { return (await db.select().from(persons).where(eq(persons.userId, userId)))[0] },
    /** False where the account or the handle has one already. */
    async addPerson(tx: Db, row: Person): Promise<boolean> {
      return (await tx.insert(persons).values(row).onConflictDoNothing().returning({ handle: persons.handle })).length > 0
    },
    async changePerson(tx: Db, userId: string, set: Pick<Person, 'name' | 'summary' | 'discoverable'>): Promise<void> {
      await tx.update(persons).set(set).where(eq(persons.userId, userId))
    },
    async removePerson(tx: Db, userId: string): Promise<void> { await tx.delete(persons).where(eq(persons.userId, userId)) },
    countPersons: (db: Db): Promise<number> => db.$count(persons),
    async dropExpired(tx: Db, now: Date): Promise<void> {
      await tx.delete(session).where(lt(session.expiresAt, now))
      await tx.delete(verification).where(lt(verification.expiresAt, now))
    },
  }
}
export type AccountStore = ReturnType<typeof accountStore>
