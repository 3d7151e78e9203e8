/** The whole database to one file and back, on either engine. The instance secret is never in it. */
import { existsSync } from 'node:fs'
import { headOf } from '../../directory/import/encoding.ts'
import { databaseFile, databaseName, loadSecret, type Config } from '../../config.ts'
import { codeOf, Problem, StartRefused } from '../../kernel/errors.ts'
import { configOf, withHouse } from '../house.ts'
import { fileIn, one, shown, Usage, type Answer, type Io, type Opts } from '../io.ts'

const KEEP_SECRET = 'The instance secret is not in it: keep a copy of it elsewhere, or keys and sealed data cannot be opened.'

export async function backup(io: Io, name: string, o: Opts): Promise<Answer> {
  const file = fileIn(io, name)
  await mayReplace(file, name, o.force === true)
  return withHouse(io, async ({ store, config }) => {
    const { writeBackup } = await import('../backup/write.ts')
    const made = await told(name, writeBackup(store, file, { origin: config.origin, root: io.root }))
    return { json: { file: name, ...made }, text: `${one(made.rows, 'row')} written to ${shown(name)} (${Math.ceil(made.bytes / 1024)} KiB). ${KEEP_SECRET}` }
  }, { begin: false })
}

/** A backup may take the place of an older one; anything else that is there was meant to stay. */
async function mayReplace(file: string, name: string, force: boolean): Promise<void> {
  if (force || !existsSync(file)) return
  const { isBackup } = await import('../backup/format.ts')
  const head = await headOf(file).catch((e: unknown) => { throw new Usage(`${name} cannot be replaced (${codeOf(e)})`) })
  if (head.length && !isBackup(head)) throw new Usage(`${name} is there already and is no backup; --force replaces it`)
}

export async function restore(io: Io, name: string): Promise<Answer> {
  const config = configOf(io), file = fileIn(io, name)
  if (!existsSync(file)) throw new Usage(`there is no file ${name}`)
  const database = databaseFile(config.databaseUrl)
  const unlock = database === undefined ? () => {} : (await import('../../store/lock.ts')).lockDatabase(database)
  try {
    const { restoreBackup } = await import('../backup/read.ts')
    const made = await restoreBackup(config.databaseUrl, file, io.root)
    const moved = made.origin !== undefined && made.origin !== config.origin
    const notes = [...(moved ? [`It belongs to ${made.origin}: start it with TOADLANE_ORIGIN=${made.origin}.`] : []), ...await secretNote(config, made.secretMark)]
    const done = `${one(made.rows, 'row')} restored into ${databaseName(config.databaseUrl)}, as of ${made.made}`
    return { json: { file: name, ...made, secretMark: undefined, notes }, text: [done, ...notes].join('\n') }
  } finally { unlock() }
}

/** Is the secret the one that the restored database was sealed with? Makes none where there is none yet. */
async function secretNote(config: Config, mark: string | undefined): Promise<string[]> {
  if (mark === undefined) return []
  if (!config.secret && !existsSync(config.secretFile)) return [`Put the secret that belongs to it at ${config.secretFile} before the first start.`]
  const { sealer } = await import('../../kernel/seal.ts')
  try {
    const own = Buffer.from(sealer(await loadSecret(config)).subkey('mark')).toString('base64url')
    return own === mark ? [] : ['The secret of the settings is not the one it was sealed with: put the old secret file back.']
  } catch (e) {
    if (e instanceof StartRefused) return [e.message]
    throw e
  }
}

async function told<T>(name: string, work: Promise<T>): Promise<T> {
  try { return await work } catch (e) {
    const code = codeOf(e)
    if (code && /^E[A-Z]+$/.test(code)) throw new Problem('cannot-write', `${name} cannot be written (${code})`, { field: 'file', cause: e })
    throw e
  }
}
