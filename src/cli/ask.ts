/** Questions to the person at the terminal. Each has an option or standard input as its other way, for scripts. */
import { PASSWORD_MAX, PASSWORD_MIN, passwordInput } from '../accounts/model.ts'
import { Problem } from '../kernel/errors.ts'
import { Usage, type Io } from './io.ts'

export const atTerminal = (io: Io): boolean => io.stdin.isTTY === true && io.stderr.isTTY === true

type Prompts = typeof import('@clack/prompts')
interface Streams { input: NodeJS.ReadStream; output: NodeJS.WriteStream }
async function ask<T>(io: Io, question: (p: Prompts, streams: Streams) => Promise<T | symbol>): Promise<T> {
  const prompts = await import('@clack/prompts')
  const answer = await question(prompts, { input: io.stdin as NodeJS.ReadStream, output: io.stderr as NodeJS.WriteStream })
  if (prompts.isCancel(answer)) throw new Usage('stopped; nothing was changed')
  return answer as T
}

/** A line of text. Without a terminal: wrong use, naming the option. */
export async function askText(io: Io, message: string, option: string, o: { /** Taken when nothing is typed. */ initial?: string; optional?: boolean; /** What is wrong with it, in a sentence. */ check?: (text: string) => string | undefined } = {}): Promise<string> {
  if (!atTerminal(io)) {
    if (o.optional) return o.initial ?? ''
    throw new Usage(`${option} is needed`)
  }
  return ask<string>(io, (p, streams) => p.text({
    message, ...streams, ...(o.initial ? { placeholder: o.initial, defaultValue: o.initial } : {}),
    validate: (text) => (!o.optional && !o.initial && !text?.trim() ? 'Something is needed here' : o.check?.((text ?? '').trim())),
  })).then((t) => (t ?? '').trim())
}

/** A password, asked twice on a terminal without showing it, or the first line of standard input. Never an argument: others can read those. */
export async function askPassword(io: Io, fromStdin: boolean): Promise<string> {
  const password = fromStdin ? await firstLine(io) : await twice(io)
  if (!passwordInput.safeParse(password).success) throw new Problem('invalid', `must have ${PASSWORD_MIN} to ${PASSWORD_MAX} characters`, { status: 422, field: 'password' })
  return password
}

async function twice(io: Io): Promise<string> {
  if (!atTerminal(io)) throw new Usage('there is no terminal to ask for the password: give it on standard input, with --password-stdin')
  const first = await ask<string>(io, (p, streams) => p.password({
    message: `Password (${PASSWORD_MIN} characters or more)`, ...streams,
    validate: (text) => (passwordInput.safeParse(text ?? '').success ? undefined : `It must have ${PASSWORD_MIN} to ${PASSWORD_MAX} characters`),
  }))
  await ask<string>(io, (p, streams) => p.password({
    message: 'The same once more', ...streams, validate: (text) => (text === first ? undefined : 'The two passwords are not the same'),
  }))
  return first
}

async function firstLine(io: Io): Promise<string> {
  let text = ''
  for await (const chunk of io.stdin as AsyncIterable<Buffer | string>) {
    text += chunk.toString()
    if (text.includes('\n') || text.length > 10_000) break
  }
  const line = text.split(/\r?\n/)[0] ?? ''
  if (line === '') throw new Usage('standard input is empty: the password belongs in its first line')
  return line
}
