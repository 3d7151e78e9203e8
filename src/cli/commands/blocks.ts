/** Whole servers that are blocked here: the list, and how it is changed. Who has a shell on the machine may. */
import { commandLine } from '../../accounts/model.ts'
import type { DomainPolicy } from '../../curation/model.ts'
import { withHouse } from '../house.ts'
import { shown, table, type Answer, type Io, type Opts } from '../io.ts'

export async function block(io: Io, host: string, o: Opts): Promise<Answer> {
  return withHouse(io, async ({ policies }) => {
    const done = await policies.block(commandLine, host, String(o.why))
    const text = done.changed
      ? `${done.host} and its subdomains are blocked: nothing comes from there, nothing goes there. Its followers go and its posts are hidden as soon as the server runs`
      : `${done.host} is blocked already`
    return { json: { ...done }, text }
  })
}

export async function unblock(io: Io, host: string): Promise<Answer> {
  return withHouse(io, async ({ policies }) => {
    const done = await policies.unblock(commandLine, host)
    return { json: { ...done }, text: `${done.host} is not blocked any more: its posts come back as soon as the server runs; whoever followed has to follow again` }
  })
}

export async function blocks(io: Io): Promise<Answer> {
  return withHouse(io, async ({ policies }) => {
    const all: DomainPolicy[] = []
    for (let after: string | undefined = ''; after !== undefined;) {
      const page: DomainPolicy[] = await policies.list(commandLine, after, 500)
      all.push(...page)
      after = page.length === 500 ? page.at(-1)?.host : undefined
    }
    const rows = all.map((p) => [p.host, p.at.toISOString().slice(0, 10), shown(p.why.replaceAll('\n', ' '))])
    return { json: { blocks: all }, text: all.length ? table(rows, ['SERVER', 'SINCE', 'WHY']) : 'no server is blocked' }
  })
}
