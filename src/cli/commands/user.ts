/** Accounts. The person is named by e-mail address; the password is asked for, never an argument. */
import { commandLine, type Account, type Role } from '../../accounts/model.ts'
import { Problem } from '../../kernel/errors.ts'
import { askPassword, askText } from '../ask.ts'
import { withHouse } from '../house.ts'
import { one, shown, table, type Answer, type Io, type Opts } from '../io.ts'

const told = (a: Account) => ({ id: a.id, email: a.email, name: a.name, role: a.role, created: a.created.toISOString(), editorOf: a.editorOf })

export async function create(io: Io, email: string, o: Opts): Promise<Answer> {
  const name = typeof o.name === 'string' ? o.name : await askText(io, 'Name', '--name', { initial: email.split('@')[0] ?? '', optional: true })
  const password = await askPassword(io, o.passwordStdin === true)
  return withHouse(io, async ({ accounts }) => {
    const { id } = await accounts.create(commandLine, { email, name, role: o.role as Role, password })
    return { json: { id, email, role: o.role }, text: `${email} is ${o.role} now` }
  })
}

export async function role(io: Io, email: string, to: string): Promise<Answer> {
  return withHouse(io, async ({ accounts }) => {
    const account = found(await accounts.read.byEmail(email), email)
    await accounts.setRole(commandLine, account.id, to as Role)
    return { json: { id: account.id, email: account.email, role: to }, text: `${account.email} is ${to} now` }
  })
}

export async function password(io: Io, email: string, o: Opts): Promise<Answer> {
  const text = await askPassword(io, o.passwordStdin === true)
  return withHouse(io, async ({ accounts }) => {
    const account = found(await accounts.read.byEmail(email), email)
    await accounts.setPassword(commandLine, account.id, text)
    return { json: { id: account.id, email: account.email }, text: `the password of ${account.email} is changed; all its sessions have ended` }
  })
}

/** Entrusts an organisation's listing to an account, or takes it back (`--revoke`). Twice is once. */
export async function editor(io: Io, email: string, handle: string, o: Opts): Promise<Answer> {
  const revoke = o.revoke === true
  return withHouse(io, async ({ accounts, organisations }) => {
    const account = found(await accounts.read.byEmail(email), email)
    const listed = await organisations.read.byHandle(handle)
    if (!listed) throw new Problem('not-found', `there is no organisation ${handle}`, { status: 404, field: 'handle' })
    const { id } = listed.organisation
    const changed = (await accounts.read.organisationsOf(account.id)).includes(id) === revoke
    await (revoke ? accounts.revokeEditor(commandLine, account.id, id) : accounts.grantEditor(commandLine, account.id, id))
    const text = changed ? `${account.email} ${revoke ? 'edits' : 'may edit'} ${handle}${revoke ? ' no longer' : ' now, and speak for it once it has agreed to be listed'}`
      : `${account.email} ${revoke ? 'was no editor of' : 'was an editor of'} ${handle}${revoke ? '' : ' already'}`
    return { json: { id: account.id, email: account.email, handle, editor: !revoke, changed }, text }
  })
}

export async function list(io: Io): Promise<Answer> {
  return withHouse(io, async ({ accounts }) => {
    const all: Account[] = []
    for (let after: string | undefined; ;) {
      const page = await accounts.list(commandLine, { limit: 500, ...(after === undefined ? {} : { after }) })
      all.push(...page)
      if (page.length < 500) break
      after = page.at(-1)?.email
    }
    const rows = all.map((a) => [a.email, a.role, a.editorOf.length ? one(a.editorOf.length, 'organisation') : '', shown(a.name)])
    const text = all.length ? table(rows, ['E-MAIL', 'ROLE', 'EDITS', 'NAME']) : 'there are no accounts yet; `toadlane setup` makes the first'
    return { json: { accounts: all.map(told) }, text }
  })
}

function found(account: Account | undefined, email: string): Account {
  if (!account) throw new Problem('no-account', `there is no account with the address ${email}`, { status: 404, field: 'email' })
  return account
}
