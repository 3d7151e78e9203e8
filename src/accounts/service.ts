/** What can be done with accounts: one call is one transaction, with its entry in the audit log. */
import { Problem, problemsOf } from '../kernel/errors.ts'
import { record } from '../store/audit.ts'
import type { Db } from '../store/store.ts'
import { makeAuth, type AuthSettings } from './auth.ts'
import { accountInput, allow, passwordInput, roles, type Account, type AccountInput, type Role, type Who } from './model.ts'
import { persons, type PersonsHouse } from './persons.ts'
import { accountStore } from './store.ts'

export type { Account, AccountInput, Person } from './model.ts'
export type { Auth } from './auth.ts'

export interface AccountsHouse extends AuthSettings, PersonsHouse {}
export type Accounts = ReturnType<typeof accounts>

const LIST_MAX = 500

export function accounts(house: AccountsHouse) {
  const { store, clock } = house
  const auth = makeAuth(house)
  const data = accountStore(store)
  const { farewell, ...people } = persons(house, data)
  const hashOf = async (password: string): Promise<string> => (await auth.$context).password.hash(password)

  /** One change to an existing account, with what the audit log keeps of it: never an address or a name. */
  async function change(who: Who, id: string, action: string, fn: (tx: Db, account: Account) => Promise<{ before?: unknown; after?: unknown } | undefined>): Promise<void> {
    allow(who, 'account.manage')
    await store.write(async (tx) => {
      const account = await data.byId(tx, id)
      if (!account) throw new Problem('no-account', 'there is no such account', { status: 404 })
      const told = await fn(tx, account)
      if (told) await record(store, tx, clock, { by: who.by, action, subject: `user:${id}`, ...told })
    })
  }
  const keepAnAdmin = async (tx: Db, account: Account): Promise<void> => {
    if (account.role === 'admin' && await data.otherAdmins(tx, account.id) === 0) {
      throw new Problem('last-admin', 'this is the only admin: make another one first', { status: 409 })
    }
  }

  return {
    /** For our own routes only; see `session.ts` and `pages.tsx`. */
    auth,

    ...people,

    /** Makes an account with a password. Problems: `invalid` (422, names the field), `email-taken` (409). */
    async create(who: Who, input: AccountInput): Promise<{ id: string }> {
      allow(who, 'account.manage')
      const checked = accountInput.safeParse(input)
      if (!checked.success) throw problemsOf(checked.error)
      const { email, name, role, password } = checked.data
      const hash = await hashOf(password)
      return store.write(async (tx) => {
        const id = await data.insert(tx, { email, name, role, hash, now: clock.now() })
        if (!id) throw new Problem('email-taken', 'there is an account with this email address', { status: 409, field: 'email' })
        await record(store, tx, clock, { by: who.by, action: 'account.create', subject: `user:${id}`, after: { role } })
        return { id }
      })
    },

    /** Takes effect with the account's next request. Problem `last-admin` (409). */
    async setRole(who: Who, id: string, role: Role): Promise<void> {
      if (!roles.includes(role)) throw new Problem('invalid', `a role is one of ${roles.join(', ')}`, { status: 422, field: 'role' })
      await change(who, id, 'account.role', async (tx, account) => {
        if (account.role === role) return undefined
        if (role !== 'admin') await keepAnAdmin(tx, account)
        await data.setRole(tx, id, role, clock.now())
        return { before: { role: account.role }, after: { role } }
      })
    },

    /** Sets another password and ends every session of the account. */
    async setPassword(who: Who, id: string, password: string): Promise<void> {
      const checked = passwordInput.safeParse(password)
      if (!checked.success) throw new Problem('invalid', `a password needs 12 to 200 characters`, { status: 422, field: 'password' })
      const hash = await hashOf(checked.data)
      await change(who, id, 'account.password', async (tx) => {
        await data.setPassword(tx, id, hash, clock.now())
        await data.endSessions(tx, id)
        return {}
      })
    },

    /** The account may edit and speak for the organisation from its next request on. Twice is once. */
    async grantEditor(who: Who, id: string, organisationId: string): Promise<void> {
      await change(who, id, 'account.editor', async (tx) => (await data.addEditor(tx, id, organisationId, clock.now()) ? { after: { organisation: organisationId } } : undefined))
    },
    async revokeEditor(who: Who, id: string, organisationId: string): Promise<void> {
      await change(who, id, 'account.editor', async (tx) => (await data.removeEditor(tx, id, organisationId) ? { before: { organisation: organisationId } } : undefined))
    },

    /** Deletes the account with its sessions and rights. What it did stays in the audit log under its number. Problem `last-admin`. */
    async remove(who: Who, id: string): Promise<void> {
      await change(who, id, 'account.remove', async (tx, account) => {
        await keepAnAdmin(tx, account)
        await farewell(tx, id)
        await data.remove(tx, id)
        return { before: { role: account.role } }
      })
    },

    /** By e-mail address, a page at a time (500 at most): `after` is the last address of the page before. */
    async list(who: Who, o: { after?: string; limit?: number } = {}): Promise<Account[]> {
      allow(who, 'account.manage')
      return data.list(store.read, { after: o.after, limit: Math.min(o.limit ?? 100, LIST_MAX) })
    },

    read: {
      count: (): Promise<number> => data.count(store.read),
      byId: (id: string): Promise<Account | undefined> => data.byId(store.read, id),
      byEmail: (email: string): Promise<Account | undefined> => data.byEmail(store.read, email),
      editorsOf: (organisationId: string): Promise<Account[]> => data.editorsOf(store.read, organisationId),
      organisationsOf: (userId: string): Promise<string[]> => data.organisationsOf(store.read, userId),
    },

    /** Housekeeping: forgets sessions that have run out. */
    async tidy(): Promise<void> { await store.write((tx) => data.dropExpired(tx, clock.now())) },
  }
}
