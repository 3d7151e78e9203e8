/** As whom an account acts: its own person first, then the organisations it edits by name, and for admins the directory. */
import type { Who } from '../accounts/model.ts'
import type { Speaker } from '../talk/model.ts'

export interface SpeakersHouse {
  organisation(id: string): Promise<{ handle: string } | undefined>
  speaker(handle: string): Promise<Speaker | undefined>
  /** The handle of the account's own person, where it has made one. */
  person?: (userId: string) => Promise<{ handle: string } | undefined>
}

/** More than anybody picks from. */
const MOST = 100

export function speakersOf(house: SpeakersHouse) {
  return async function speakers(who: Who): Promise<Speaker[]> {
    const organisations = await Promise.all([...who.editorOf].slice(0, MOST).map((id) => house.organisation(id)))
    const own = who.userId === undefined ? undefined : await house.person?.(who.userId)
    const handles = organisations.flatMap((o) => (o ? [o.handle] : []))
    const found = await Promise.all([...(own ? [own.handle] : []), ...handles, ...(who.role === 'admin' ? ['directory'] : [])].map((h) => house.speaker(h)))
    const place = { person: 0, organisation: 1, directory: 2 } as const
    return found.filter((s) => s !== undefined).sort((a, b) => place[a.kind] - place[b.kind] || a.name.localeCompare(b.name))
  }
}
