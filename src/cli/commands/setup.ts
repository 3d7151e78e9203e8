/** Names the instance and makes the first admin. On a terminal it asks for what is not given; again, it changes what is given. */
import { accountInput, commandLine } from '../../accounts/model.ts'
import { readSite } from '../../directory/actors.ts'
import { writeSite } from '../../directory/site.ts'
import { problemsOf } from '../../kernel/errors.ts'
import { askPassword, askText, atTerminal } from '../ask.ts'
import { withHouse } from '../house.ts'
import { shown, Usage, type Answer, type Io, type Opts } from '../io.ts'

const given = (o: Opts, name: string): string | undefined => (typeof o[name] === 'string' ? o[name] : undefined)

export async function setup(io: Io, o: Opts): Promise<Answer> {
  return withHouse(io, async (house) => {
    const before = await readSite(house.store)
    const fresh = await house.accounts.read.count() === 0
    if (!atTerminal(io) && given(o, 'name') === undefined && fresh) throw new Usage('--name is needed where there is no terminal to ask')
    const ask = (field: 'name' | 'tagline' | 'contact', question: string) =>
      given(o, field) ?? (atTerminal(io) ? askText(io, question, `--${field}`, { initial: before[field], optional: field !== 'name' }) : undefined)
    const site = {
      name: await ask('name', 'What is the instance called?'), tagline: await ask('tagline', 'One line about it'),
      contact: await ask('contact', 'How can people reach whoever runs it?'), about: given(o, 'about'),
    }
    const person = fresh || given(o, 'email') !== undefined ? await askAdmin(io, o) : undefined
    // Everything is asked and checked before anything is written.
    const changed = await writeSite(house, commandLine, Object.fromEntries(Object.entries(site).filter(([, v]) => v !== undefined)))
    await house.begin()
    const admin = person && { ...await house.accounts.create(commandLine, person), email: person.email }
    const now = await readSite(house.store)
    return {
      json: { name: now.name, changed, ...(admin ? { admin } : {}), origin: house.config.origin },
      text: [
        `${shown(now.name)} is set up at ${house.config.origin}`,
        ...(admin ? [`${admin.email} is its admin and can sign in at ${house.config.origin}/sign-in`] : []),
        ...(house.config.named ? [] : ['It has no public address yet: set TOADLANE_ORIGIN before anything is published, for it becomes part of every id.']),
      ].join('\n'),
    }
  })
}

async function askAdmin(io: Io, o: Opts): Promise<{ email: string; name: string; password: string; role: 'admin' }> {
  const email = given(o, 'email') ?? await askText(io, 'E-mail address of the first admin', '--email', {
    check: (text) => (accountInput.shape.email.safeParse(text).success ? undefined : 'That is no e-mail address'),
  })
  const name = given(o, 'adminName') ?? await askText(io, 'The admin\'s name', '--admin-name', { initial: email.split('@')[0] ?? '', optional: true })
  const person = { email, name, password: await askPassword(io, o.passwordStdin === true), role: 'admin' as const }
  const checked = accountInput.safeParse(person)
  if (!checked.success) throw problemsOf(checked.error)
  return person
}
