import { commandLine } from '../../accounts/model.ts'
import { databaseFile } from '../../config.ts'
import { rebase as move } from '../../directory/rebase.ts'
import { configOf, withHouse } from '../house.ts'
import type { Answer, Io } from '../io.ts'

/** To the origin that the settings give. The server must be stopped: it has the old one in its memory. */
export async function rebase(io: Io): Promise<Answer> {
  const { origin } = configOf(io), file = databaseFile(configOf(io).databaseUrl)
  const { lockDatabase } = await import('../../store/lock.ts')
  let unlock = () => {}
  try {
    return await withHouse(io, async (house) => {
      const from = await move(house, commandLine, origin)
      await house.begin()
      if (from !== undefined) for (let after: string | undefined = ''; after !== undefined;) after = await house.organisations.rewriteDocuments(after)
      const text = from === undefined ? `the origin is ${origin} already` : from === '' ? `the origin is ${origin}` : `moved from ${from} to ${origin}`
      return { json: { from: from ?? origin, to: origin, changed: from !== undefined }, text }
    }, { anyOrigin: true, begin: false, beforeOpen: () => { if (file !== undefined) unlock = lockDatabase(file) } })
  } finally { unlock() }
}
