/** The house: arrows go down only, no circles, and a room's furniture stands in its order (see README, "The map of src"). */
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'

const floors = [
  ['main', 'cli'], ['server'], ['app'], ['health'], ['directory', 'peers', 'curation'], ['campaigns', 'calls', 'exchange'], ['talk'], ['rulebook'], ['coops'],
  ['accounts'], ['fedi', 'web'], ['schema'], ['config'], ['store'], ['kernel'],
]
/** Composition may reach everywhere; schema.ts lists every room's tables and nothing else. */
const exempt = new Set(['schema'])
const floor = (room: string) => floors.findIndex((f) => f.includes(room))
const roomOf = (file: string) => path.relative('src', file).split(path.sep)[0]!.replace(/\.tsx?$/, '')

/** In a room: which furniture may import which. What is not named (helpers) may be imported by all and import model and tables only by choice. */
const furniture = ['model', 'tables', 'document', 'store', 'service', 'wire', 'pages']

interface Arrow { from: string; to: string }
function arrows(): Arrow[] {
  const found: Arrow[] = []
  for (const f of readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((f) => /\.tsx?$/.test(f))) {
    const from = path.join('src', f)
    for (const [, target] of readFileSync(from, 'utf8').matchAll(/(?:from|import)\s*\(?\s*['"](\.[^'"]+)['"]/g)) {
      const to = path.relative('.', path.resolve(path.dirname(from), target!))
      if (to.startsWith('src' + path.sep)) found.push({ from, to }) // the word catalogues lie outside
    }
  }
  return found
}

test('every room is known', () => {
  const rooms = readdirSync('src').map((f) => roomOf(path.join('src', f)))
  expect(rooms.filter((r) => floor(r) < 0)).toEqual([])
})

test('no import goes up, and rooms on one floor do not know each other', () => {
  const sins = arrows().filter(({ from, to }) => {
    const a = roomOf(from), b = roomOf(to)
    if (a === b || exempt.has(a)) return false
    return floor(b) < floor(a) || floor(a) === floor(b)
  })
  expect(sins.map((s) => `${s.from} → ${s.to}`)).toEqual([])
})

test('pages and wire call services, never a store; nothing in a room imports its pages', () => {
  const kind = (file: string) => furniture.find((f) => new RegExp(`(^|[/.-])${f}\\.tsx?$`).test(path.basename(file)) || path.basename(file).startsWith(`${f}.`))
  const sins = arrows().filter(({ from, to }) => {
    if (roomOf(to) === 'store' && !to.endsWith('/tables.ts')) return false
    const a = kind(from), b = kind(to)
    if ((a === 'pages' || a === 'wire') && (b === 'store' || b === 'tables') && roomOf(to) !== 'kernel') return true
    if (roomOf(from) !== roomOf(to) || !a || !b) return false
    return furniture.indexOf(b) > furniture.indexOf(a)
  })
  expect(sins.map((s) => `${s.from} → ${s.to}`)).toEqual([])
})

test('no circles between files', () => {
  const graph = new Map<string, string[]>()
  for (const { from, to } of arrows()) graph.set(from, [...(graph.get(from) ?? []), to])
  const state = new Map<string, 'open' | 'done'>()
  const circles: string[] = []
  const visit = (file: string, trail: string[]) => {
    if (state.get(file) === 'done') return
    if (state.get(file) === 'open') { circles.push([...trail.slice(trail.indexOf(file)), file].join(' → ')); return }
    state.set(file, 'open')
    for (const next of graph.get(file) ?? []) visit(next, [...trail, file])
    state.set(file, 'done')
  }
  for (const file of graph.keys()) visit(file, [])
  expect(circles).toEqual([])
})
