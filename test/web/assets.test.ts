import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { loadAssets } from '../../src/web/assets.ts'
import { CONTENT_SECURITY_POLICY } from '../../src/web/headers.ts'

let folder: string
beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'toadlane-assets-'))
  const scripts: string = '../../scripts/assets.mjs' // plain JavaScript, without types
  const { copyAssets } = await import(scripts) as { copyAssets(to: string): void }
  copyAssets(path.join(folder, 'assets'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('what the build puts beside the bundle holds the same, smaller, in one sheet under 15 kB', () => {
  const built = loadAssets(path.join(folder, 'assets')), source = loadAssets()
  const sheet = (a: typeof built) => a.files.get(a.css)!.body
  expect(sheet(built).length).toBeLessThan(sheet(source).length * 0.9)
  const small = gzipSync(sheet(built)).length
  console.log(`style sheet: ${sheet(built).length} bytes, ${small} gzip`)
  expect(small).toBeLessThan(15_000)
  const others = (a: typeof built) => [...a.files.keys()].filter((f) => !f.endsWith('.css')).sort()
  expect(others(built)).toEqual(others(source))
  expect(built.preload).toEqual(source.preload)
  expect(built.preload).toHaveLength(2)
})

test('every address in the sheet is one of ours; nothing is fetched from elsewhere', () => {
  const assets = loadAssets()
  const css = new TextDecoder().decode(assets.files.get(assets.css)!.body)
  const addresses = [...css.matchAll(/url\(([^)]*)\)/g)].map((m) => m[1]!)
  expect(addresses.length).toBeGreaterThan(5)
  expect(addresses.filter((a) => !assets.files.has(a))).toEqual([])
  expect(css).not.toMatch(/https?:|@import/)
})

test('no view brings style or script of its own', async () => {
  const { globSync } = await import('node:fs')
  const sins = globSync('src/**/*.{ts,tsx}').flatMap((f) => readFileSync(f, 'utf8').split('\n').flatMap((line, n) => (/\sstyle=["{]|<script|<style|\son(click|load|error|submit|change|input|focus|blur|key\w+|mouse\w+|pointer\w+|toggle)=["{]/i.test(line) ? [`${f}:${n + 1} ${line.trim()}`] : [])))
  // words about scripts in comments, and what is taken out of foreign HTML, are not views
  expect(sins.filter((s) => !/text\.ts|\* |\/\//.test(s))).toEqual([])
  expect(CONTENT_SECURITY_POLICY).not.toMatch(/unsafe|nonce|script/)
})
