/** Each row of hostile input has its test: a list that cannot grow holes unnoticed. */
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'

test('rows 1 to 47 and 57, each in one place', () => {
  const where = new Map<number, Set<string>>()
  for (const file of readdirSync(import.meta.dirname).filter((f) => f.endsWith('.test.ts') && f !== path.basename(import.meta.filename))) {
    for (const [, n] of readFileSync(path.join(import.meta.dirname, file), 'utf8').matchAll(/\(['"`]row (\d+): /g)) {
      where.set(Number(n), (where.get(Number(n)) ?? new Set()).add(file))
    }
  }
  const all = [...Array.from({ length: 47 }, (_, n) => n + 1), 57]
  expect(all.filter((n) => !where.has(n))).toEqual([])
  expect([...where].filter(([, files]) => files.size > 1)).toEqual([])
})
