/**
 * Moves an instance to another origin, which is baked into every id. That is possible only while nobody outside has seen an id:
 * nothing delivered, nothing received, nobody following.
 */
import { eq, getTableColumns, getTableName, isTable, sql, type Table } from 'drizzle-orm'
import type { Who } from '../accounts/model.ts'
import { allow } from '../accounts/model.ts'
import { fediTables } from '../fedi/tables.ts'
import { Problem } from '../kernel/errors.ts'
import type { Clock } from '../kernel/time.ts'
import { allTables } from '../schema.ts'
import { record } from '../store/audit.ts'
import { etagOf } from '../store/documents.ts'
import { getMeta, setMeta } from '../store/meta.ts'
import type { Db, Store } from '../store/store.ts'
import { storeTables } from '../store/tables.ts'

/** Tables where no id of ours stands: what people wrote there stays as they wrote it, and the log stays as it was. */
const UNTOUCHED = new Set([
  'meta', 'audit', 'organisations', 'organisation_revisions', 'organisation_figures', 'organisation_evidence', 'levers', 'lever_versions',
  'users', 'sessions', 'accounts', 'verifications',
])

/** Why it cannot be moved any more, in words; undefined when it can. */
export async function whyNot(store: Store, db: Db = store.read): Promise<string | undefined> {
  const { followers, following, received, hosts } = fediTables(store.kit), { jobs, deadLetters } = storeTables(store.kit)
  const n = (table: Table) => db.$count(table as typeof followers)
  if (await n(followers)) return 'accounts on other servers follow actors of this instance'
  if (await n(following)) return 'this instance follows actors on other servers'
  if (await n(received)) return 'other servers have sent something here'
  if (await db.$count(hosts, sql`${hosts.lastSuccess} is not null`)) return 'something has been delivered to other servers'
  const waiting = await db.$count(jobs, eq(jobs.kind, 'deliver')) + await db.$count(deadLetters, eq(deadLetters.kind, 'deliver'))
  if (waiting) return 'deliveries to other servers are waiting'
  return undefined
}

/**
 * Writes the new origin wherever the old one stands at the beginning of an address. Actors' documents are to be made anew
 * afterwards (their handles have another host). Returns the old origin, or undefined when it is that already.
 * Problem `delivered` (409) when it is too late.
 */
export async function rebase(house: { store: Store; clock: Clock }, who: Who, origin: string): Promise<string | undefined> {
  allow(who, 'instance.settings')
  const { store, clock } = house
  return store.write(async (tx) => {
    const old = await getMeta(store, 'origin', tx)
    if (old === origin) return undefined
    if (old !== undefined) {
      const reason = await whyNot(store, tx)
      if (reason) throw new Problem('delivered', `${old} cannot become ${origin} any more: ${reason}`, { status: 409 })
      await dropInstanceActor(store, tx, old)
      for (const table of Object.values(allTables(store.kit))) {
        if (isTable(table) && !UNTOUCHED.has(getTableName(table))) await move(store, tx, table, old, origin)
      }
      await stamp(store, tx, origin)
    }
    await setMeta(store, tx, 'origin', origin)
    await record(store, tx, clock, { by: who.by, action: 'instance.rebased', subject: 'instance', before: { origin: old ?? null }, after: { origin } })
    return old ?? ''
  }, { limit: Infinity })
}

/** Its handle is the host; it is made anew under the new one. */
async function dropInstanceActor(store: Store, tx: Db, origin: string): Promise<void> {
  const { localActors, actorKeys } = fediTables(store.kit), { documents } = storeTables(store.kit)
  for (const { handle } of await tx.delete(localActors).where(eq(localActors.owner, 'instance')).returning({ handle: localActors.handle })) {
    await tx.delete(actorKeys).where(eq(actorKeys.actor, handle))
  }
  await tx.delete(documents).where(eq(documents.id, `${origin}/ap/actor`))
}

/** In every column of text or JSON. An address ends with `/`, with the end of a JSON string, or is the whole. */
async function move(store: Store, tx: Db, table: Table, from: string, to: string): Promise<void> {
  for (const column of Object.values(getTableColumns(table))) {
    if (column.dataType !== 'string' && column.dataType !== 'json') continue
    const json = column.dataType === 'json' && store.engine === 'postgres'
    const name = sql.identifier(column.name)
    const text = json ? sql`${name}::text` : name
    const moved = sql`replace(replace(${text}, ${`${from}/`}, ${`${to}/`}), ${`${from}"`}, ${`${to}"`})`
    const update = sql`update ${sql.identifier(getTableName(table))} set ${name} =`
    await tx.rows(sql`${update} ${json ? sql`(${moved})::jsonb` : moved} where ${text} like ${`%${from}/%`} or ${text} like ${`%${from}"%`}`)
    if (!json) await tx.rows(sql`${update} ${to} where ${name} = ${from}`)
  }
}

/** Validators of documents whose words have changed. */
async function stamp(store: Store, tx: Db, origin: string): Promise<void> {
  const { documents: d } = storeTables(store.kit)
  for (let after = ''; ;) {
    const page = await tx.select({ id: d.id, json: d.json, etag: d.etag }).from(d).where(sql`${d.id} > ${after}`).orderBy(d.id).limit(500)
    for (const { id, json, etag } of page) {
      const now = etagOf(json)
      if (now !== etag && id.startsWith(origin)) await tx.update(d).set({ etag: now }).where(eq(d.id, id))
    }
    const last = page.at(-1)
    if (page.length < 500 || !last) return
    after = last.id
  }
}
