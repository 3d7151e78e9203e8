/** Runs the command line: parses, performs, prints, and turns failures into one sentence and an exit code. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { CommanderError, type Command } from 'commander'
import { Problem, safeReason, StartRefused } from '../kernel/errors.ts'
import { Usage, type Answer, type Io } from './io.ts'
import { makeProgram } from './program.ts'

const versionOf = (root: string): string => (JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as { version: string }).version

/** The exit code: 0 all right, 1 something failed or was refused, 2 wrong use or settings. */
export async function run(args: readonly string[], io: Io): Promise<number> {
  let code = 0
  const perform = async (o: { json: boolean; options: readonly string[] }, work: () => Promise<Answer | undefined | void>): Promise<void> => {
    try {
      const answer = await work()
      if (!answer) return
      code = answer.code ?? 0
      if (o.json) io.stdout.write(`${JSON.stringify(answer.json)}\n`)
      else if (answer.text) io.stdout.write(`${answer.text}\n`)
    } catch (e) { code = await tell(io, e, o.json, o.options) }
  }
  const program = makeProgram(io, versionOf(io.root), perform)
  each(program, (c) => c.exitOverride().showHelpAfterError(`(toadlane ${pathOf(c)}--help says more)`).configureOutput({
    writeOut: (text) => { io.stdout.write(text) },
    writeErr: (text) => { io.stderr.write(text.replace(/^error: /, 'toadlane: ')) },
  }))
  try {
    await program.parseAsync(args, { from: 'user' })
    return code
  } catch (e) {
    if (e instanceof CommanderError) return /^commander\.(help|helpDisplayed|version)$/.test(e.code) && e.exitCode === 0 ? 0 : 2
    throw e
  }
}

function each(c: Command, f: (c: Command) => void): void {
  f(c)
  for (const child of c.commands) each(child, f)
}
const pathOf = (c: Command): string => (c.parent ? `${pathOf(c.parent)}${c.name()} ` : '')

/** Some rooms put their refusals as words of the catalogue, for pages in every language. */
async function wordsOf(message: string): Promise<string> {
  if (!/^[a-z][A-Za-z]*(\.[A-Za-z]+)+$/.test(message)) return message
  const { isKey, translator } = await import('../web/words.ts')
  return isKey(message) ? translator('en')(message) : message
}

/** `options` of the command, as they are typed: a field that is one of them is named so. */
async function tell(io: Io, e: unknown, json: boolean, options: readonly string[]): Promise<number> {
  const known = e instanceof Problem || e instanceof StartRefused || e instanceof Usage
  const message = known ? await wordsOf(e.message) : safeReason(e)
  if (json) {
    const code = e instanceof Problem ? e.code : e instanceof StartRefused ? 'settings' : e instanceof Usage ? 'usage' : 'failed'
    const error = { code, message, ...(e instanceof Problem && e.field !== undefined ? { field: e.field } : {}) }
    io.stdout.write(`${JSON.stringify({ error })}\n`)
  }
  const named = (field: string): string => `${options.includes(`--${field}`) ? '--' : ''}${field}: `
  const more = e instanceof Problem ? e.others.map((p) => `\n  ${p.field === undefined ? '' : named(p.field)}${p.message}`).join('') : ''
  const field = e instanceof Problem && e.code === 'invalid' && e.field !== undefined ? named(e.field) : ''
  io.stderr.write(`toadlane: ${field}${message}${more}\n`)
  if (!known && io.env.TOADLANE_LOG === 'debug' && e instanceof Error) io.stderr.write(`${e.stack ?? ''}\n`)
  return e instanceof StartRefused || e instanceof Usage ? 2 : 1
}
