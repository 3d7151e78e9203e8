/** What the instance says of itself, and who may change it. */
import { z } from 'zod'
import { allow, type Who } from '../accounts/model.ts'
import { problemsOf } from '../kernel/errors.ts'
import type { Clock } from '../kernel/time.ts'
import { record } from '../store/audit.ts'
import { getMeta, setMeta } from '../store/meta.ts'
import type { Store } from '../store/store.ts'

const text = (max: number) => z.string().trim().max(max, `must not be longer than ${max} characters`).refine((t) => !t.includes('\0'), 'must not hold NUL')
/** What is left out stays as it is. */
export const siteInput = z.strictObject({
  name: text(100).min(1, 'must not be empty').optional(),
  tagline: text(200).optional(),
  /** Plain text. */
  about: text(5000).optional(),
  contact: text(300).optional(),
})
export type SiteInput = z.input<typeof siteInput>

/** Writes it down; the instance's actors say it from the next `ensureActors` on. Returns the fields that have changed. */
export async function writeSite(house: { store: Store; clock: Clock }, who: Who | undefined, input: SiteInput): Promise<string[]> {
  allow(who, 'instance.settings')
  const parsed = siteInput.safeParse(input)
  if (!parsed.success) throw problemsOf(parsed.error)
  const { store, clock } = house
  return store.write(async (tx) => {
    const changed: Record<string, string> = {}
    for (const [key, value] of Object.entries(parsed.data)) {
      if (value === undefined || await getMeta(store, key, tx) === value) continue
      await setMeta(store, tx, key, value)
      changed[key] = value
    }
    if (Object.keys(changed).length) await record(store, tx, clock, { by: who.by, action: 'site.changed', subject: 'site', after: changed })
    return Object.keys(changed)
  })
}
