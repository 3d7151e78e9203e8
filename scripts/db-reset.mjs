// Before the first release: writes the first migrations of both engines anew from the rooms' tables, then the hand-written
// ones of drizzle/custom (search tables and the like, which drizzle-kit cannot know). After a release: npm run db:generate.
import { execFileSync } from 'node:child_process'
import { copyFileSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'

// Databases out there were made by released migrations: without them none of them would start any more.
const released = execFileSync('git', ['tag', '--list', 'v*'], { encoding: 'utf8' }).trim()
if (released) {
  console.error(`db:reset is for the time before the first release (there is ${released.split('\n')[0]}): npm run db:generate adds a migration`)
  process.exit(2)
}

const node = (...args) => execFileSync(process.execPath, args, { encoding: 'utf8', env: process.env, stdio: ['ignore', 'pipe', 'inherit'] })
const names = JSON.parse(node('--import', 'tsx', '--input-type=module', '-e',
  "const { allTables } = await import('./src/schema.ts'); const { sqliteKit } = await import('./src/store/kit.ts'); console.log(JSON.stringify(Object.keys(allTables(sqliteKit))))"))

for (const engine of ['sqlite', 'postgres']) {
  const folder = `drizzle/${engine}`
  writeFileSync(`${folder}.entry.ts`, `// Made by scripts/db-reset.mjs: drizzle-kit sees only top-level exports that are tables (test/schema.test.ts).
import { allTables } from '../src/schema.ts'
import { ${engine}Kit } from '../src/store/kit.ts'
export const {
${names.map((n) => `  ${n},\n`).join('')}} = allTables(${engine}Kit)
`)
  rmSync(folder, { recursive: true, force: true })
  process.env.ENGINE = engine
  const generate = (...args) => node('node_modules/drizzle-kit/bin.cjs', 'generate', ...args)
  generate('--name', 'init')
  const custom = `drizzle/custom/${engine}`
  for (const file of existsSync(custom) ? readdirSync(custom).filter((f) => f.endsWith('.sql')).sort() : []) {
    const name = file.replace(/^\d+-|\.sql$/g, '')
    generate('--custom', '--name', name)
    const made = readdirSync(folder).find((f) => f.endsWith(`_${name}.sql`))
    if (!made) throw new Error(`drizzle-kit has made no migration named ${name}`)
    copyFileSync(`${custom}/${file}`, `${folder}/${made}`)
  }
}

// Both engines must have the same migrations: a backup names those that it was made under.
const tags = ['sqlite', 'postgres'].map((e) => JSON.parse(readFileSync(`drizzle/${e}/meta/_journal.json`, 'utf8')).entries.map((m) => m.tag).join(' '))
if (tags[0] !== tags[1]) throw new Error(`the engines differ: ${tags.join(' | ')}`)
