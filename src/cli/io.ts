/** What a command has to do with the world outside: streams, folders, settings. Tests hand in their own. */
import path from 'node:path'

export interface Io {
  /** The caller's folder: file arguments are taken from there. */
  folder: string
  /** The project's folder: relative settings are taken from there. */
  root: string
  env: Readonly<Record<string, string | undefined>>
  stdin: NodeJS.ReadableStream & { isTTY?: boolean }
  stdout: NodeJS.WritableStream & { isTTY?: boolean }
  stderr: NodeJS.WritableStream & { isTTY?: boolean }
}

/** Wrong use of the command: told with a pointer to the help, exit 2. */
export class Usage extends Error {
  constructor(message: string) { super(message); this.name = 'Usage' }
}

/** Options as commander gives them; each command looks at its own. */
export type Opts = Readonly<Record<string, unknown>>

/** What a command has to say: `text` for people, `json` as one line with --json. `code` 1: it ran, and something was not in order. */
export interface Answer { json: Record<string, unknown>; text?: string | undefined; code?: 0 | 1 }

export const fileIn = (io: Io, name: string): string => path.resolve(io.folder, name)

/** Lines of two or more columns, aligned. */
export function table(rows: readonly (readonly (string | number)[])[], head?: readonly string[]): string {
  const all = [...(head ? [head] : []), ...rows].map((r) => r.map(String))
  const widths = (all[0] ?? []).map((_, i) => Math.max(...all.map((r) => [...(r[i] ?? '')].length)))
  return all.map((r) => r.map((c, i) => (i === r.length - 1 ? c : c + ' '.repeat(widths[i]! - [...c].length))).join('  ').trimEnd()).join('\n')
}

/** Text from elsewhere on a terminal: without control characters, which could move the cursor or change the title. */
export const shown = (text: string): string => text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '·')

export const one = (n: number, noun: string, plural = `${noun}s`): string => `${n} ${n === 1 ? noun : plural}`
