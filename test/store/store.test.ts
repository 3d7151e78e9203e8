import { eq, sql } from 'drizzle-orm'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Problem, safeReason } from '../../src/kernel/errors.ts'
import { pause } from '../../src/kernel/time.ts'
import { DatabaseError } from '../../src/store/failures.ts'
import { getMeta, setMeta } from '../../src/store/meta.ts'
import type { Db, Store } from '../../src/store/store.ts'
import { storeTables } from '../../src/store/tables.ts'
import { engines } from '../engines.ts'

describe.each(engines)('store on $engine', ({ engine, fresh }) => {
  let store: Store
  beforeEach(async () => { store = await fresh() })
  afterEach(async () => { await store.close() })
  const keys = async (db: Db = store.read) => (await db.select().from(storeTables(store.kit).meta)).map((r) => r.key).sort()
  const put = (tx: Db, key: string, value = '') => setMeta(store, tx, key, value)
  const no = () => { throw new Error('no') }

  describe('values', () => {
    test('come back as they went in', async () => {
      const { audit, documents, jobs } = storeTables(store.kit)
      const entry = { id: '1', at: new Date(1_700_000_000_123), by: 'cli', action: 'a', subject: 'ß—🐸', before: null, after: { b: [1, 'x', null, { c: true }] }, why: null }
      expect(await store.write((tx) => tx.insert(audit).values(entry).returning())).toEqual([entry])
      expect(await store.read.select().from(audit)).toEqual([entry])
      const document = { id: 'x', json: '{"b":1,"a":"\\u0000"}', etag: '"e"', revision: 9_007_199_254_740_991, changed: new Date(0), gone: true }
      await store.write((tx) => tx.insert(documents).values(document))
      expect(await store.read.select().from(documents)).toEqual([document])
      expect(await store.read.$count(documents)).toBe(1)
      const made = await store.write((tx) => tx.insert(jobs).values({ kind: 'k', payload: '1', due: new Date(5), created: new Date(5) }).returning())
      expect(made[0]).toMatchObject({ attempts: 0, leased: null, key: null, cause: null })
    })
    test('raw rows look alike on both engines', async () => {
      const { documents, audit } = storeTables(store.kit)
      const changed = new Date(1_700_000_000_123)
      await store.write(async (tx) => {
        await tx.insert(documents).values({ id: 'x', json: '{}', etag: 'e', revision: 3, changed, gone: true })
        await tx.insert(audit).values({ id: 'a', at: changed, by: 'cli', action: 'a', subject: 's', after: { b: 1 } })
      })
      expect(await store.read.rows(sql`select id, revision, changed, gone, count(*) over () as n, sum(revision) over () as total from documents`))
        .toEqual([{ id: 'x', revision: 3, changed: changed.getTime(), gone: 1, n: 1, total: 3 }])
      const [row] = await store.read.rows<{ after: string }>(sql`select after from audit`)
      expect(JSON.parse(row!.after)).toEqual({ b: 1 })
      const count = async (where: ReturnType<typeof sql>) => (await store.read.rows(sql`select 1 from documents where ${where}`)).length
      expect([await count(sql`changed = ${changed}`), await count(sql`changed < ${changed}`), await count(sql`gone = ${true}`), await count(sql`gone = ${false}`)]).toEqual([1, 0, 1, 0])
    })
    test('text is sorted by code point', async () => {
      const list = ['a', 'B', 'b', 'ß', 'é', 'z', 'ж', '_', '~', 'Z', '一', '🐸', '\ue000']
      await store.write(async (tx) => { for (const k of list) await put(tx, k) })
      const { meta } = storeTables(store.kit)
      const byCode = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b))
      expect((await store.read.select({ key: meta.key }).from(meta).orderBy(meta.key)).map((r) => r.key)).toEqual([...list].sort(byCode))
    })
    test('NUL is refused at the door, the same on both', async () => {
      const { meta } = storeTables(store.kit)
      for (const attempt of [() => store.write((tx) => put(tx, 'a\0b')), () => store.auto.insert(meta).values({ key: 'k', value: '\0' }), () => getMeta(store, '\0'), () => store.read.rows(sql`select ${'\0'}`)]) {
        await expect(attempt()).rejects.toMatchObject({ name: 'Problem', code: 'nul-in-text', status: 422 })
      }
      expect(await keys()).toEqual([])
      const { audit } = storeTables(store.kit)
      const entry = (after: unknown) => store.write((tx) => tx.insert(audit).values({ id: '1', at: new Date(), by: 'cli', action: 'a', subject: 's', after }))
      for (const after of ['\0', { a: ['b\0'] }, { 'k\0': 1 }, '\\\0']) await expect(entry(after)).rejects.toMatchObject({ code: 'nul-in-text', status: 422 })
      await entry({ text: '\\u0000' }) // six characters, no NUL
      expect((await store.read.select().from(audit))[0]!.after).toEqual({ text: '\\u0000' })
    })
  })

  describe('writes', () => {
    test('a failed write leaves nothing, and others wait their turn', async () => {
      const bad = store.write(async (tx) => { await put(tx, '1'); await pause(20); no() })
      const good = store.write((tx) => put(tx, '2'))
      await expect(bad).rejects.toThrow('no')
      await good
      expect(await keys()).toEqual(['2'])
    })
    test('what is written is unseen outside until it is committed', async () => {
      await store.write(async (tx) => {
        await put(tx, '1')
        expect(await keys()).toEqual(['1']) // store.read in here is this transaction
        expect(await store.snapshot((db) => keys(db))).toEqual([])
      })
      expect(await keys()).toEqual(['1'])
    })
    test('a foreign write during a transaction that fails is kept', async () => {
      const bad = store.write(async (tx) => { await put(tx, '1'); await pause(20); no() })
      const foreign = store.auto.insert(storeTables(store.kit).meta).values({ key: '2', value: '' })
      await expect(bad).rejects.toThrow('no')
      await foreign
      expect(await keys()).toEqual(['2'])
    })
    test('auto inside a write is part of it', async () => {
      const { meta } = storeTables(store.kit)
      await expect(store.write(async () => {
        await store.auto.insert(meta).values({ key: '1', value: '' })
        expect(await store.auto.select().from(meta)).toHaveLength(1)
        no()
      })).rejects.toThrow('no')
      expect(await keys()).toEqual([])
      expect(await store.auto.insert(meta).values({ key: '2', value: '' }).onConflictDoNothing().returning()).toEqual([{ key: '2', value: '' }])
      expect(await store.auto.insert(meta).values({ key: '2', value: 'x' }).onConflictDoNothing().returning()).toEqual([])
    })
    test('read refuses to write', async () => {
      await expect(store.read.insert(storeTables(store.kit).meta).values({ key: '1', value: '' }).returning()).rejects.toThrow()
      await expect(store.read.rows(sql`delete from meta`)).rejects.toThrow()
      expect(await keys()).toEqual([])
    })
    test('check-then-act stays exact under 20 writers at once', async () => {
      await store.write((tx) => put(tx, 'n', '0'))
      await Promise.all(Array.from({ length: 20 }, () => store.write(async (tx) => {
        await put(tx, 'n', String(Number(await getMeta(store, 'n', tx)) + 1))
      })))
      expect(await getMeta(store, 'n')).toBe('20')
    })
    test('a write that waits too long for something else is given up, and the next one goes on', async () => {
      let after: Promise<unknown> | undefined
      const stuck = store.write(async (tx) => {
        await put(tx, '1')
        after = pause(100).then(() => put(tx, '2'))
        after.catch(() => {})
        await new Promise(() => {})
      }, { limit: 50 })
      const next = store.write((tx) => put(tx, '3'))
      await expect(stuck).rejects.toMatchObject({ code: 'write-too-long', status: 503 })
      await next
      await expect(after).rejects.toThrow('has ended')
      expect(await keys()).toEqual(['3'])
    })
  })

  describe('writes in writes', () => {
    test('of one that was given up do not reach into the next one', async () => {
      let late: Promise<unknown> | undefined
      const stuck = store.write(() => store.write(async (tx) => {
        await put(tx, '1')
        late = (async () => {
          await pause(100)
          await put(tx, '2')
        })()
        late.catch(() => {})
        await store.write(async () => { await late })
      }), { limit: 50 })
      stuck.catch(() => {})
      await pause(60)
      await store.write(async (tx) => {
        await store.write(async (t2) => {
          await put(t2, '3')
          await store.write(async (t3) => { await put(t3, '4'); await pause(100); await put(t3, '5') })
        })
        await put(tx, '6')
      })
      await expect(stuck).rejects.toMatchObject({ code: 'write-too-long' })
      await expect(late).rejects.toThrow('has ended')
      expect(await keys()).toEqual(['3', '4', '5', '6'])
    })
    test('join, and reads inside see them', async () => {
      await store.write(async (tx) => {
        await put(tx, '1')
        await store.write(async (t2) => { await put(t2, '2'); await store.write((t3) => put(t3, '3')) })
        expect(await keys()).toEqual(['1', '2', '3'])
      })
      expect(await keys()).toEqual(['1', '2', '3'])
    })
    test('go with the outer one when that fails', async () => {
      await expect(store.write(async () => { await store.write((tx) => put(tx, '1')); no() })).rejects.toThrow('no')
      expect(await keys()).toEqual([])
    })
    test('that fail and are caught leave nothing of themselves, and the outer one goes on', async () => {
      await store.write(async (tx) => {
        await put(tx, '1')
        await store.write(async (t2) => { await put(t2, '2'); await store.write((t3) => put(t3, '3')); no() }).catch(() => {})
        await store.write((t2) => t2.insert(storeTables(store.kit).meta).values({ key: '1', value: 'twice' })).catch(() => {})
        await put(tx, '4')
      })
      expect(await keys()).toEqual(['1', '4'])
    })
    test('side by side take turns, and each stands or falls alone', async () => {
      await store.write(async () => {
        const all = await Promise.allSettled(Array.from({ length: 12 }, (_, i) => store.write(async (tx) => {
          await put(tx, `a${i}`)
          await pause(i % 4)
          await store.write((t2) => put(t2, `b${i}`))
          if (i % 3 === 0) no()
        })))
        expect(all.map((r) => r.status === 'rejected')).toEqual(all.map((_, i) => i % 3 === 0))
      })
      const left = [1, 2, 4, 5, 7, 8, 10, 11]
      expect(await keys()).toEqual([...left.map((i) => `a${i}`), ...left.map((i) => `b${i}`)].sort())
    })
    test('that nobody waits for still belong to the outer one', async () => {
      await store.write(async (tx) => {
        void store.write(async (t2) => { await pause(5); await put(t2, '1') })
        await put(tx, '2')
      })
      expect(await keys()).toEqual(['1', '2'])
    })
    test('may be started from many reads at once', async () => {
      await store.write(async (tx) => {
        for (const k of ['1', '2', '3']) await put(tx, k)
        const found = await Promise.all(['1', '2', '3', '4'].map((k) => getMeta(store, k)))
        expect(found).toEqual(['', '', '', undefined])
      })
    })
  })

  describe('a failed statement', () => {
    test('dooms its write, even when it is caught: on both engines alike', async () => {
      const { meta } = storeTables(store.kit)
      await expect(store.write(async (tx) => {
        await put(tx, '1')
        await tx.insert(meta).values({ key: '1', value: '' }).catch(() => {})
      })).rejects.toThrow('has failed before')
      await expect(store.write(async (tx) => {
        await put(tx, '2')
        await tx.insert(meta).values({ key: '2', value: '' }).catch(() => {})
        await put(tx, '3')
      })).rejects.toThrow('has failed before')
      expect(await keys()).toEqual([])
    })
    test('tells code and message, and none of the parameters', async () => {
      const { meta } = storeTables(store.kit)
      await store.write((tx) => put(tx, 'taken', 'secret-value'))
      const e = await store.write((tx) => tx.insert(meta).values({ key: 'taken', value: 'secret-value' })).catch((x: unknown) => x)
      expect(e).toBeInstanceOf(DatabaseError)
      expect((e as DatabaseError).code).toBe(engine === 'sqlite' ? 'SQLITE_CONSTRAINT_PRIMARYKEY' : '23505')
      expect((e as DatabaseError).statement).toContain('insert into "meta"')
      for (const text of [String(e), safeReason(e), JSON.stringify(e), (e as Error).stack]) expect(text).not.toContain('secret-value')
      expect(await store.read.rows(sql`select * from nothing_here where x = ${'secret-value'}`).catch((x: unknown) => String(x))).not.toContain('secret-value')
    })
    test('outside of writes harms nobody else', async () => {
      const { meta } = storeTables(store.kit)
      await store.auto.insert(meta).values({ key: '1', value: '' })
      await expect(store.auto.insert(meta).values({ key: '1', value: '' })).rejects.toThrow()
      await store.auto.insert(meta).values({ key: '2', value: '' })
      expect(await keys()).toEqual(['1', '2'])
    })
    test('in a savepoint of the caller is undone by rolling back to it', async () => {
      await store.write(async (tx) => {
        await put(tx, '1')
        await tx.rows(sql`savepoint mine`)
        await tx.insert(storeTables(store.kit).meta).values({ key: '1', value: '' }).catch(() => {})
        await tx.rows(sql`rollback to savepoint mine`)
        await put(tx, '2')
      })
      expect(await keys()).toEqual(['1', '2'])
    })
  })

  describe('what outlives its transaction', () => {
    test('fails loudly, whichever handle it uses', async () => {
      const late: Promise<unknown>[] = []
      let kept: Db | undefined
      await store.write(async (tx) => {
        kept = tx
        const later = (f: () => PromiseLike<unknown>) => { const p = pause(20).then(f); p.catch(() => {}); late.push(p) }
        later(() => keys())
        later(() => store.auto.select().from(storeTables(store.kit).meta))
        later(() => store.write(async () => {}))
        later(() => put(tx, '1'))
      })
      for (const p of late) await expect(p).rejects.toThrow('has ended')
      await expect(put(kept!, '2')).rejects.toThrow('only inside of it')
      expect(await keys()).toEqual([])
    })
    test('fails loudly also when it outlives only the inner one', async () => {
      await store.write(async (tx) => {
        let late: Promise<unknown> | undefined
        await store.write(async () => { late = pause(5).then(() => keys()); late.catch(() => {}) })
        await expect(late).rejects.toThrow('has ended')
        await put(tx, '1')
      })
      expect(await keys()).toEqual(['1'])
    })
  })

  describe('after the commit', () => {
    test('hooks run once it is there for all to see, in order', async () => {
      const said: string[] = []
      await store.write(async (tx) => {
        store.afterCommit(() => said.push('outer'))
        await put(tx, '1')
        await store.write(async () => { store.afterCommit(() => said.push('inner')) })
        expect(said).toEqual([])
      })
      expect(said).toEqual(['outer', 'inner'])
      store.afterCommit(() => said.push('none around'))
      expect(said).toHaveLength(3)
    })
    test('hooks may use the store', async () => {
      const seen = await new Promise<string[]>((done, fail) => {
        store.write(async (tx) => {
          await put(tx, '1')
          store.afterCommit(() => { keys().then(done, fail) })
        }).catch(fail)
      })
      expect(seen).toEqual(['1'])
    })
    test('hooks of what was rolled back never run, and one that throws stops nothing', async () => {
      const said: string[] = []
      await store.write(async () => { store.afterCommit(() => said.push('no')); no() }).catch(() => {})
      await store.write(async () => {
        await store.write(async () => { store.afterCommit(() => said.push('no')); no() }).catch(() => {})
        store.afterCommit(no)
        store.afterCommit(() => said.push('yes'))
      })
      expect(said).toEqual(['yes'])
    })
  })

  describe('a snapshot', () => {
    test('does not move while writes go on, and cannot write', async () => {
      await store.write((tx) => put(tx, '1'))
      await store.snapshot(async (db) => {
        expect(await keys(db)).toEqual(['1'])
        await store.write((tx) => put(tx, '2'))
        expect(await keys(db)).toEqual(['1'])
        expect(await keys()).toEqual(['1', '2'])
        await expect(db.delete(storeTables(store.kit).meta).where(eq(storeTables(store.kit).meta.key, '1'))).rejects.toThrow()
      })
      await expect(store.snapshot(async () => no())).rejects.toThrow('no')
      expect(await store.snapshot((db) => keys(db))).toEqual(['1', '2'])
    })
  })

  describe('closing', () => {
    test('waits for the writes that run, refuses new ones, and may be asked twice', async () => {
      let done = false
      const running = store.write(async (tx) => { await pause(20); await put(tx, '1'); await store.write((t2) => put(t2, '2')); done = true })
      await pause(5)
      const closed = Promise.all([store.close(), store.close()])
      await expect(store.write(async () => {})).rejects.toMatchObject({ code: 'closing', status: 503 })
      await closed
      await running
      expect(done).toBe(true)
      for (const attempt of [() => store.read.rows(sql`select 1`), () => store.auto.rows(sql`delete from meta`), () => store.ping()]) await expect(attempt()).rejects.toBeInstanceOf(Problem)
    })
    test('ping answers while it is open', async () => { await store.ping() })
  })
})
