// What a page needs beside its HTML, next to the bundle: dist/assets with one minified style sheet, fonts and mark.
// scripts/build.mjs calls copyAssets; src/web/assets.ts reads the result.
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { transformSync } from 'esbuild'

export function copyAssets(to = 'dist/assets', from = 'src/web/assets') {
  const css = readdirSync(path.join(from, 'css')).filter((f) => f.endsWith('.css')).sort().map((f) => readFileSync(path.join(from, 'css', f), 'utf8')).join('\n')
  const { code } = transformSync(css, { loader: 'css', minify: true })
  rmSync(to, { recursive: true, force: true })
  mkdirSync(path.join(to, 'css'), { recursive: true })
  writeFileSync(path.join(to, 'css', 'app.css'), code)
  cpSync(path.join(from, 'fonts'), path.join(to, 'fonts'), { recursive: true })
  cpSync(path.join(from, 'mark.svg'), path.join(to, 'mark.svg'))
}

if (process.argv[1] && path.resolve(process.argv[1]) === fileURLToPath(import.meta.url)) copyAssets()
