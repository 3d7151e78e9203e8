// node scripts/words.mjs add LANG KEY "text"   adds or changes one message, keeping the file sorted
// node scripts/words.mjs check                 lists what a language lacks or has too much
import { readFileSync, readdirSync, writeFileSync, mkdirSync, rmdirSync } from 'node:fs'
const [, , verb, lang, ...rest] = process.argv
const file = (l) => `locales/${l}.json`
const read = (l) => JSON.parse(readFileSync(file(l), 'utf8'))
if (verb === 'add') {
  const lock = 'locales/.lock' // two editors at once
  for (let n = 0; ; n++) {
    try { mkdirSync(lock); break } catch { if (n > 200) throw new Error(`${lock} is held`); await new Promise((r) => setTimeout(r, 25)) }
  }
  try {
    const words = read(lang)
    for (let i = 0; i < rest.length; i += 2) words[rest[i]] = rest[i + 1]
    writeFileSync(file(lang), JSON.stringify(Object.fromEntries(Object.entries(words).sort(([a], [b]) => (a < b ? -1 : 1))), null, 2) + '\n')
  } finally { rmdirSync(lock) }
} else if (verb === 'check') {
  const en = Object.keys(read('en'))
  let bad = 0
  for (const f of readdirSync('locales').filter((f) => f.endsWith('.json') && f !== 'en.json')) {
    const other = Object.keys(JSON.parse(readFileSync(`locales/${f}`, 'utf8')))
    const missing = en.filter((k) => !other.includes(k)), extra = other.filter((k) => !en.includes(k))
    bad += missing.length + extra.length
    console.log(`${f}: ${missing.length} missing, ${extra.length} too many`, ...missing.map((k) => `\n  - ${k}`), ...extra.map((k) => `\n  + ${k}`))
  }
  process.exitCode = bad ? 1 : 0
} else { console.error('usage: words.mjs add LANG KEY TEXT [KEY TEXT …] | check'); process.exitCode = 2 }
