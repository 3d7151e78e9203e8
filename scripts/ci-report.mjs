// The closing line of .ci/run, from vitest's JSON report: skipped tests are named, and fail.
import { existsSync, readFileSync } from 'node:fs'

const [, , file, code] = process.argv
if (!existsSync(file)) {
  console.log('no report: type check, build or set-up failed before the first test')
  console.log('0 passed, 1 failed')
  process.exit(Number(code) || 1)
}
const report = JSON.parse(readFileSync(file, 'utf8'))
const tests = report.testResults.flatMap((f) => f.assertionResults.map((t) => ({ name: `${f.name.replace(process.cwd() + '/', '')}: ${t.fullName}`, status: t.status })))
const skipped = tests.filter((t) => !['passed', 'failed'].includes(t.status))
const broken = report.testResults.filter((f) => f.status === 'failed' && !f.assertionResults.some((t) => t.status === 'failed'))
for (const t of skipped) console.log(`skipped: ${t.name}`)
for (const f of broken) console.log(`broken file: ${f.name} ${f.message ?? ''}`)
const passed = tests.filter((t) => t.status === 'passed').length
const failed = tests.filter((t) => t.status === 'failed').length + skipped.length + broken.length
console.log(`${passed} passed, ${failed || (Number(code) ? 1 : 0)} failed`)
process.exit(failed || Number(code) ? 1 : 0)
