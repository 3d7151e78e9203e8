// Before the first release: writes the first migrations of both engines anew from the rooms' tables, then the hand-written
// ones of drizzle/custom (search tables and the like, which drizzle-kit cannot know). After a release: npm run db:generate.
import { execFileSync } from 'node:child_process'
import { copyFileSync, readFileSync, readdirSync, rmSync, writeFileSync, existsSync, readdirSync as ls } from 'node:fs'

const names = JSON.parse(execFileSync('npx', ['tsx', '-e', "import { allTables } from './src/schema.ts'; import { sqliteKit } from './src/store/kit.ts'; console.log(JSON.stringify(Object.keys(allTables(sqliteKit))))"], { encoding: 'utf8' }))
for (const engine of ['sqlite', 'postgres']) {
  writeFileSync(`drizzle/${engine}.entry.ts`, `// Made by scripts/db-reset.mjs: drizzle-kit sees only top-level exports that are tables (test/schema.test.ts).
import { allTables } from '../src/schema.ts'
import { ${engine}Kit } from '../src/store/kit.ts'
export const {
${names.map((n) => `  ${n},\n`).join('')}} = allTables(${engine}Kit)
`)
  rmSync(`drizzle/${engine}`, { recursive: true, force: true })
  const run = (...args) => execFileSync('npx', ['drizzle-kit', 'generate', ...args], { env: { ...process.env, ENGINE: engine }, stdio: ['ignore', 'ignore', 'inherit'] })
  run('--name', 'init')
  const folder = `drizzle/custom/${engine}`
  for (const f of existsSync(folder) ? readdirSync(folder).filter((f) => f.endsWith('.sql')).sort() : []) {
    const name = f.replace(/^\d+-|\.sql$/g, '')
    run('--custom', '--name', name)
    copyFileSync(`${folder}/${f}`, `drizzle/${engine}/${ls(`drizzle/${engine}`).find((x) => x.endsWith(`_${name}.sql`))}`)
  }
  JSON.parse(readFileSync(`drizzle/${engine}/meta/_journal.json`, 'utf8'))
}
