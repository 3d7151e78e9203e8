/** An instance that follows main: its database, as an earlier version left it, keeps what is in it. */
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { eq, sql } from 'drizzle-orm'
import { describe, expect, test } from 'vitest'
import { openStore } from '../../src/store/open.ts'
import { talkTables } from '../../src/talk/tables.ts'
import { engines, scratch } from '../engines.ts'

/** The migrations up to and with `last`. */
function until(last: string): string {
  const folder = scratch('migrations')
  cpSync('drizzle', folder, { recursive: true })
  for (const engine of ['sqlite', 'postgres']) {
    const file = path.join(folder, engine, 'meta', '_journal.json')
    const journal = JSON.parse(readFileSync(file, 'utf8')) as { entries: { tag: string }[] }
    writeFileSync(file, JSON.stringify({ ...journal, entries: journal.entries.slice(0, journal.entries.findIndex((e) => e.tag === last) + 1) }))
  }
  return folder
}

describe.each(engines)('on $engine', ({ place }) => {
  test('a post from before threads is said by its organisation and begins a thread', async () => {
    const at = await place()
    const before = await openStore(at, until('0000_init'))
    const now = sql.param(new Date('2026-11-20T10:00:00Z'), talkTables(before.kit).posts.published)
    await before.write((tx) => tx.rows(sql`insert into posts (id, uri, author, author_name, author_handle, organisation_handle, html, published, state)
      values ('1', 'https://coops.example/ap/notes/1', 'https://coops.example/ap/actors/coop', 'Coop', '@coop@coops.example', 'coop', '<p>Hello</p>', ${now}, 'public')`))
    await before.close()
    const after = await openStore(at, 'drizzle')
    const t = talkTables(after.kit).posts
    expect((await after.read.select().from(t).where(eq(t.id, '1')))[0]).toMatchObject({
      speaker: 'coop', thread: '1', kind: 'note', inReplyTo: null, visibility: 'public', state: 'public', html: '<p>Hello</p>',
    })
    await after.close()
  })
})
