/** Writes the directory out: to standard output, or to a file that is there whole or not at all. */
import { createWriteStream, existsSync } from 'node:fs'
import { rename, rm, stat } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { directory, type ExportFormat } from '../../directory/service.ts'
import { codeOf, Problem } from '../../kernel/errors.ts'
import { withHouse } from '../house.ts'
import { fileIn, shown, Usage, type Answer, type Io, type Opts } from '../io.ts'

export async function exportCommand(io: Io, o: Opts): Promise<Answer | undefined> {
  const format = o.format as ExportFormat
  return withHouse(io, async (house) => {
    const text = Readable.from(directory({ ...house, origin: house.config.origin }).export(format))
    if (typeof o.out !== 'string' || o.out === '-') {
      await pipeline(text, io.stdout, { end: false })
      return undefined
    }
    const file = fileIn(io, o.out)
    if (existsSync(file) && o.force !== true) throw new Usage(`${o.out} is there already; --force replaces it`)
    const draft = `${file}.part`
    try {
      await pipeline(text, createWriteStream(draft))
      await rename(draft, file)
    } catch (e) {
      await rm(draft, { force: true }).catch(() => {})
      const code = codeOf(e)
      if (code && /^E[A-Z]+$/.test(code)) throw new Problem('cannot-write', `${o.out} cannot be written (${code})`, { field: 'out', cause: e })
      throw e
    }
    const { size } = await stat(file)
    return { json: { file: o.out, format, bytes: size }, text: `written to ${shown(o.out)} (${Math.ceil(size / 1024)} KiB)` }
  })
}
