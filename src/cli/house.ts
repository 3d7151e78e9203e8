/** Opens the house for a command, beside a running server or alone, and closes it whatever happens. */
import type { House, HouseOptions } from '../app.ts'
import { databaseFile, readConfig, type Config } from '../config.ts'
import type { Io } from './io.ts'

export const configOf = (io: Io): Config => readConfig(io.env, io.root)

/** Throws StartRefused where the settings or the database cannot be used. */
export async function withHouse<T>(io: Io, work: (house: House) => Promise<T>, o: HouseOptions & { begin?: boolean } = {}): Promise<T> {
  const config = configOf(io) // before anything large is loaded: bad settings are told at once
  await import('temporal-polyfill/global') // before anything that imports Fedify
  const { makeHouse } = await import('../app.ts')
  const house = await makeHouse(config, o)
  try {
    if (o.begin !== false) await house.begin()
    return await work(house)
  } finally { await house.close() }
}

/** Is a server or worker running on this database (only SQLite can tell)? */
export async function serverRuns(config: Config): Promise<boolean | undefined> {
  const file = databaseFile(config.databaseUrl)
  if (file === undefined) return undefined
  return (await import('../store/lock.ts')).isLockedElsewhere(file)
}
