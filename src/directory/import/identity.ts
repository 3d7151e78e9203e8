/**
 * Which listing a row is about. A row with a handle says so itself; one without gets a handle made from its name, always the
 * same one, so that the same file again finds the same listings. (Matching by register, domain and the like comes with issue 10's
 * importers and belongs here.)
 */
import { createHash } from 'node:crypto'
import { handleFrom, isReservedHandle } from '../../kernel/ids.ts'

/** What tells two organisations of the same name apart. */
export interface Traits {
  name: string
  country?: string | null | undefined
  locality?: string | null | undefined
  registrations?: readonly { scheme: string; number: string }[] | undefined
}

/** For comparing: without case, marks and punctuation. */
const fold = (text: string | null | undefined): string =>
  (text ?? '').normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase().replace(/[^\p{L}\p{N}]+/gu, ' ').trim()
const registered = (t: Traits): string[] => (t.registrations ?? []).map((r) => `${fold(r.scheme)} ${fold(r.number)}`).sort()

/** Ten characters that stand for name and register number, or name and place. */
export function fingerprint(t: Traits): string {
  const [first] = registered(t)
  const text = JSON.stringify(first === undefined ? [fold(t.name), fold(t.country), fold(t.locality)] : [fold(t.name), first])
  return BigInt(`0x${createHash('sha256').update(text).digest('hex').slice(0, 13)}`).toString(36).padStart(10, '0').slice(0, 10)
}

/** May a row be about this listing? Only what both know is compared: curators fill in what a file leaves out. */
export function compatible(row: Traits, listing: Traits): boolean {
  if (fold(row.name) !== fold(listing.name)) return false
  const a = registered(row), b = registered(listing)
  if (a.length && b.length) return a.some((r) => b.includes(r))
  const differ = (x: string | null | undefined, y: string | null | undefined) => fold(x) !== '' && fold(y) !== '' && fold(x) !== fold(y)
  return !differ(row.country, listing.country) && !differ(row.locality, listing.locality)
}

export interface Seen { line: number; fingerprint: string }

/**
 * The handle for a row that has none: the one made from its name, or, where a namesake has that, the same with the row's
 * fingerprint. `seen` are handles of this file so far, `find` looks into the directory.
 * Gives the earlier line instead where this file has the same organisation already.
 */
export async function handleFor(
  row: Traits, seen: ReadonlyMap<string, Seen>, find: (handle: string) => Promise<Traits | undefined>,
): Promise<{ handle: string; fingerprint: string } | { line: number }> {
  const print = fingerprint(row)
  const made = handleFrom(row.name)
  const base = made === undefined || isReservedHandle(made) ? undefined : made
  const own = `${base ?? made ?? 'organisation'}-${print}`
  for (const handle of [own, base]) {
    const earlier = handle === undefined ? undefined : seen.get(handle)
    if (earlier?.fingerprint === print) return { line: earlier.line }
  }
  if (base === undefined || seen.has(base)) return { handle: own, fingerprint: print }
  if (await find(own)) return { handle: own, fingerprint: print }
  const there = await find(base)
  return { handle: !there || compatible(row, there) ? base : own, fingerprint: print }
}
