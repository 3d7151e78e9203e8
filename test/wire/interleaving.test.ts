/**
 * Any interleaving, duplication and loss-then-retry of what two instances say to each other ends in the same state.
 *
 * Both are whole instances (pair.ts); what they do is drawn from script.ts, and so is the way of each letter: in order, later, twice,
 * several at once, refused at first and sent again, or arrived although the sender was told that it was not. In the end everything
 * has arrived. fast-check prints seed and path of a failure and shrinks it: fewer deeds first, then letters in their order.
 */
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { engines } from '../engines.ts'
import { makePair, quiet, type Letter, type Luck, type Side } from './pair.ts'
import { deeds, handOn, handOnAll, LISTENS, lookAt, newWorld, themes, type Deed, type World } from './script.ts'

const [sqlite, postgres] = engines

interface Move {
  deed: Deed
  luck: Luck[]
  /** What happens before the next deed: so many letters, of those that wait, are handed on. */
  on: { pick: number; keep: boolean }[]
  together: boolean
}
const kinds = Object.keys(deeds) as (keyof typeof deeds)[]
const deed: fc.Arbitrary<Deed> = fc.record({ do: fc.constantFrom(...kinds), side: fc.constantFrom(0, 1), x: fc.nat(2), y: fc.nat(2), n: fc.nat(20) })
/**
 * A script keeps to one theme and to one or two actors a side, and mostly one side speaks and the other listens: where everybody does
 * everything, hardly two deeds have to do with each other. The last theme is everything all the same.
 */
const script = <M extends { deed: Deed }>(of: fc.Arbitrary<M>): fc.Arbitrary<M[]> => fc.record({
  moves: fc.array(of, { maxLength: 30, size: 'max' }), theme: fc.constantFrom(...themes, kinds), first: fc.nat(2), who: fc.constantFrom(1, 1, 2), oneWay: fc.constantFrom(true, true, false),
}).map(({ moves, theme, first, who, oneWay }) => (theme === kinds ? moves : moves.map((m) => {
  const d = m.deed, kind = theme[kinds.indexOf(d.do) % theme.length]!
  return { ...m, deed: { do: kind, side: oneWay ? (LISTENS.has(kind) ? 1 : 0) : d.side, x: (d.x % who + first) % 3, y: (d.y % who + first) % 3, n: d.n } }
})))
const luck: fc.Arbitrary<Luck> = fc.oneof({ weight: 3, arbitrary: fc.constant('taken' as const) }, fc.constantFrom('lost' as const, 'answer lost' as const))
const move: fc.Arbitrary<Move> = fc.record({
  deed, luck: fc.array(luck, { maxLength: 3 }), on: fc.array(fc.record({ pick: fc.nat(30), keep: fc.boolean() }), { maxLength: 3 }), together: fc.boolean(),
})

const databases = async (...pair: readonly (typeof sqlite)[]) => [await pair[0]!.place(), await pair[1]!.place()] as const

describe.each([
  { name: 'both on SQLite', pair: [sqlite, sqlite], runs: Number(process.env.RUNS ?? 20) },
  { name: 'one on PostgreSQL', pair: [postgres, sqlite], runs: 5 },
])('two instances, $name', ({ pair, runs }) => {
  let sides: readonly [Side, Side], waiting: Letter[], close: () => Promise<void>
  beforeAll(async () => { ({ sides, waiting, close } = await makePair(await databases(...pair))) })
  afterAll(async () => { await close?.() })

  async function ended(w: World): Promise<void> {
    await lookAt(w)
    expect(waiting).toEqual([])
  }

  test('in order, everything becomes what it was meant to be', async () => {
    await fc.assert(fc.asyncProperty(script(fc.record({ deed })), async (moves) => {
      const w = await newWorld(sides, waiting)
      for (const { deed: d } of moves) {
        await deeds[d.do](w, d)
        await handOnAll(w, waiting)
      }
      await ended(w)
    }), { numRuns: Math.ceil(runs / 10), endOnFailure: process.env.SHRINK === "0" })
  }, 300_000)

  test('and in any order, with anything twice and anything lost at first', async () => {
    await fc.assert(fc.asyncProperty(script(move), fc.array(fc.nat(60), { maxLength: 60, size: 'max' }), async (moves, last) => {
      waiting.length = 0
      for (const s of sides) s.luck = []
      const w = await newWorld(sides, waiting)
      const seen: Letter[] = []
      for (const { deed: d, luck: fate, on, together } of moves) {
        sides[1 - d.side]!.luck = [...fate]
        await deeds[d.do](w, d)
        await quiet(sides)
        const now: Letter[] = []
        for (const { pick, keep } of on) {
          if (!waiting.length) break
          const at = pick % waiting.length
          now.push(waiting[at]!)
          if (!keep) seen.push(...waiting.splice(at, 1))
          if (!together) { await handOn(w, now.splice(0)); await quiet(sides) }
        }
        await handOn(w, now)
        await quiet(sides)
      }
      const order = last.values()
      const next = () => order.next().value ?? 0
      await handOnAll(w, waiting, next)
      for (const l of [...seen].sort(() => next() % 2 - 0.5)) await handOn(w, [l]) // and once more, whatever it was
      await handOnAll(w, waiting, next)
      await ended(w)
    }), { numRuns: runs, endOnFailure: process.env.SHRINK === "0" })
  }, 600_000)
})
