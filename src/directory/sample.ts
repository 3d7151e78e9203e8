/**
 * Invented organisations to look around with. They are never federated: unclaimed, so that nobody can follow them, and marked by
 * the activity word `sample`. Because nobody outside ever knew them, they can be taken away without a trace.
 */
import { and, eq, inArray, like } from 'drizzle-orm'
import { allow, type Who } from '../accounts/model.ts'
import type { Coops } from '../coops/service.ts'
import { organisationInput } from '../coops/model.ts'
import { coopTables } from '../coops/tables.ts'
import { fediTables } from '../fedi/tables.ts'
import type { Uris } from '../fedi/uris.ts'
import { Problem } from '../kernel/errors.ts'
import type { Clock } from '../kernel/time.ts'
import type { LeverInput } from '../rulebook/model.ts'
import type { Rulebook } from '../rulebook/service.ts'
import { ruleTables } from '../rulebook/tables.ts'
import { record } from '../store/audit.ts'
import type { Store } from '../store/store.ts'
import { storeTables } from '../store/tables.ts'

export const SAMPLE_WORD = 'sample'
const PREFIX = 'sample-'
const SOURCE = 'invented, to look around with'

interface Sample {
  id: string; name: string; kind?: string; ownership: string; country: string; locality: string; activity: string; summary: string
  members: number; isPlatform?: boolean
}
const SAMPLES: readonly Sample[] = [
  {
    id: 'federation', name: 'Sample Federation of Co-operatives', kind: 'federation', ownership: 'multi-stakeholder', country: 'GB', locality: 'Rochdale', activity: 'federation',
    summary: 'the federation that the other samples belong to', members: 9,
  },
  {
    id: 'riders', name: 'Sample Riders', ownership: 'workers', country: 'ES', locality: 'Valencia', activity: 'food delivery',
    summary: 'couriers who own the app that sends them out', members: 34, isPlatform: true,
  },
  {
    id: 'drivers', name: 'Sample Drivers’ Co-op', ownership: 'workers', country: 'US', locality: 'Denver', activity: 'transport',
    summary: 'a taxi app that belongs to its drivers', members: 1200, isPlatform: true,
  },
  {
    id: 'pictures', name: 'Sample Pictures', ownership: 'producers', country: 'CA', locality: 'Victoria', activity: 'media',
    summary: 'photographers who share what their pictures earn', members: 410, isPlatform: true,
  },
  {
    id: 'cleaners', name: 'Sample Up and Clean', ownership: 'workers', country: 'DE', locality: 'Leipzig', activity: 'services',
    summary: 'home cleaning booked from those who clean', members: 58, isPlatform: true,
  },
  {
    id: 'music', name: 'Sample Stream', ownership: 'multi-stakeholder', country: 'IE', locality: 'Cork', activity: 'media',
    summary: 'listeners and musicians run the player together', members: 8700, isPlatform: true,
  },
  {
    id: 'grocers', name: 'Sample Grocers', ownership: 'consumers', country: 'FR', locality: 'Lyon', activity: 'retail',
    summary: 'a shop whose customers are its owners', members: 15300,
  },
  {
    id: 'homes', name: 'Sample Homes', ownership: 'residents', country: 'UY', locality: 'Montevideo', activity: 'housing',
    summary: 'flats that belong to those who live in them', members: 96,
  },
  {
    id: 'harvest', name: 'Sample Harvest', ownership: 'producers', country: 'IN', locality: 'Kochi', activity: 'agriculture',
    summary: 'spice growers who sell together', members: 2300,
  },
  {
    id: 'savings', name: 'Sample Savings Society', kind: 'mutual', ownership: 'consumers', country: 'GB', locality: 'Leeds', activity: 'finance',
    summary: 'a building society with a lever to look at', members: 640000,
  },
  {
    id: 'accelerator', name: 'Sample Accelerator', kind: 'programme', ownership: 'other', country: 'KR', locality: 'Seoul', activity: 'accelerator',
    summary: 'grants and mentors for new platform co-ops', members: 0,
  },
]
const LEVER: LeverInput = {
  organisation: `${PREFIX}savings`, country: 'GB', action: 'resolution at the annual meeting', threshold: { fixed: 500 }, eligibility: 'members of two years’ standing',
  handIn: { date: '--03-31', meeting: '--07' }, signatureMethod: 'unknown', source: SOURCE, confidence: 'unsure', note: 'An invented rule. It binds nobody.',
}

export interface SampleHouse { store: Store; clock: Clock; organisations: Coops; levers: Rulebook; fedi: { uris: Uris } }

/** Fills an empty instance. Problem `not-empty` (409) where there is anything that is no sample. Again, it puts back what is missing. */
export async function fillSample(house: SampleHouse, who: Who): Promise<{ created: number; unchanged: number }> {
  const { organisations } = house
  for (const w of await organisations.read.all(SAMPLES.length + 1)) {
    if (!isSample(w.organisation)) throw new Problem('not-empty', 'samples are for an empty instance, and here are organisations already', { status: 409 })
  }
  let created = 0, unchanged = 0
  const count = (o: { outcome: string }) => { if (o.outcome === 'created') created++; else unchanged++ }
  for (const s of SAMPLES) {
    count(await organisations.put(who, organisationInput.parse({
      handle: PREFIX + s.id, name: s.name, kind: s.kind ?? 'cooperative', ownership: s.ownership, isPlatform: s.isPlatform ?? false,
      activities: [s.activity, SAMPLE_WORD],
      country: s.country, locality: s.locality, summary: `Invented, to look around with: ${s.summary}.`, sources: [SOURCE],
      ...(s.members ? { figures: [{ kind: 'members', value: s.members, year: 2025, source: SOURCE, confidence: 'unsure' }] } : {}),
    }), { source: SOURCE }))
  }
  for (const s of SAMPLES) {
    if (s.kind === undefined) await organisations.putMembership(who, { organisation: PREFIX + s.id, federation: `${PREFIX}federation`, source: SOURCE })
  }
  await house.levers.put(who, LEVER)
  return { created, unchanged }
}

/** Invented: in no collection, for it is never federated. */
export const isSample = (o: { handle: string; activities: readonly string[]; standing: string }): boolean =>
  o.handle.startsWith(PREFIX) && o.activities.includes(SAMPLE_WORD) && o.standing === 'unclaimed'

/** Takes them away, handles and all: nobody outside could follow them, so nobody has to be told. */
export async function removeSample(house: SampleHouse, who: Who): Promise<number> {
  allow(who, 'organisation.remove')
  const { store, clock } = house
  const { organisations: o } = coopTables(store.kit), { localActors } = fediTables(store.kit)
  const { documents } = storeTables(store.kit), { levers } = ruleTables(store.kit)
  return store.write(async (tx) => {
    const rows = await tx.select({ id: o.id, handle: o.handle, profile: o.profile, standing: o.standing }).from(o).where(like(o.handle, `${PREFIX}%`))
    // A handle that was ever open is never given again, whatever else is true of it.
    const actors = await tx.select({ handle: localActors.handle }).from(localActors).where(and(like(localActors.handle, `${PREFIX}%`), eq(localActors.open, true)))
    const open = new Set(actors.map((a) => a.handle))
    const gone = rows.filter((r) => isSample({ handle: r.handle, activities: r.profile.activities, standing: r.standing }) && !open.has(r.handle))
    if (!gone.length) return 0
    const handles = gone.map((r) => r.handle)
    await tx.delete(levers).where(inArray(levers.organisation, handles))
    await tx.delete(o).where(inArray(o.id, gone.map((r) => r.id)))
    await tx.delete(documents).where(inArray(documents.id, handles.map((h) => house.fedi.uris.actor(h))))
    await tx.delete(localActors).where(inArray(localActors.handle, handles))
    await record(store, tx, clock, { by: who.by, action: 'sample.removed', subject: 'sample', before: { handles } })
    return gone.length
  })
}
