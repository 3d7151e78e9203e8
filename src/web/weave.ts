/**
 * Colour-and-weave cloth: every actor's URI hashes to its own woven tartan, the same on every instance. Pure.
 * A swatch has 16 × 16 threads; what stands on top at each crossing, warp or weft, is decided by the draft.
 */
const dyes = {
  indigo: '#27348b', night: '#141b4d', madder: '#b42e24', weld: '#f2c230', woad: '#14694b', plum: '#7a2160', teal: '#0b7a88',
  walnut: '#6a4526', flannel: '#f3f0e2', sky: '#a9bdf0', rose: '#f0b3a6', leaf: '#9fd3b3', rust: '#d2691e',
} as const
type Dye = keyof typeof dyes

/** Ground, companion and accent thread. The order is part of everybody's look: append, never reorder. */
const sets: readonly (readonly [Dye, Dye, Dye])[] = [
  ['indigo', 'weld', 'flannel'], ['indigo', 'sky', 'madder'], ['madder', 'flannel', 'night'], ['madder', 'weld', 'flannel'], ['woad', 'leaf', 'weld'],
  ['woad', 'weld', 'night'], ['plum', 'rose', 'weld'], ['plum', 'flannel', 'teal'], ['teal', 'flannel', 'madder'], ['teal', 'weld', 'night'],
  ['walnut', 'weld', 'flannel'], ['night', 'rust', 'flannel'], ['rust', 'flannel', 'woad'], ['sky', 'indigo', 'weld'], ['leaf', 'woad', 'flannel'],
  ['rose', 'madder', 'night'], ['weld', 'indigo', 'madder'], ['flannel', 'madder', 'indigo'], ['night', 'sky', 'weld'], ['indigo', 'leaf', 'flannel'],
]
/** Is the warp on top at (x, y)? Twills to both sides, plain weave, basket weave. */
const drafts: readonly ((x: number, y: number) => boolean)[] = [
  (x, y) => (x + y) % 4 < 2, (x, y) => (x - y + 64) % 4 < 2, (x, y) => (x + y) % 2 < 1, (x, y) => ((x >> 1) + (y >> 1)) % 2 < 1,
]
/** Half a stripe order, mirrored into a whole: a ground, b companion, c accent. */
const setts = ['aaabbbbb', 'aabbbbaa', 'aaaabbcb', 'aaabcbbb', 'abbbbbca', 'aabbaabb', 'aaaacabb', 'bbaaaaca', 'aabaabcb', 'abababcc', 'aabbccbb', 'aacaabbb']

/** Threads a side. */
export const THREADS = 16

/** A URI's swatch number: FNV-1a over its code points, then mixed, as eight hexadecimal digits. */
export function swatchHash(uri: string): string {
  let h = 2166136261
  for (const c of uri) { h ^= c.codePointAt(0)!; h = Math.imul(h, 16777619) }
  h ^= h >>> 15
  h = Math.imul(h, 2246822507)
  return ((h ^ h >>> 13) >>> 0).toString(16).padStart(8, '0')
}

/** mulberry32: small, and the same everywhere. */
function random(seed: number): () => number {
  return () => {
    seed = (seed + 0x6D2B79F5) | 0
    let t = Math.imul(seed ^ seed >>> 15, 1 | seed)
    t = t + Math.imul(t ^ t >>> 7, 61 | t) ^ t
    return ((t ^ t >>> 14) >>> 0) / 4294967296
  }
}

export interface Weave { colours: readonly [string, string, string]; /** 0, 1 or 2 for each crossing, row by row */ cells: Uint8Array }

/** The cloth of a swatch number. */
export function weave(hash: string): Weave {
  const next = random(Number.parseInt(hash, 16))
  const pick = <X>(from: readonly X[]): X => from[Math.floor(next() * from.length)]!
  const set = pick(sets), draft = pick(drafts), sett = pick(setts)
  const stripes = [...sett, ...[...sett].reverse()].map((c) => 'abc'.indexOf(c))
  const cells = new Uint8Array(THREADS * THREADS)
  for (let y = 0; y < THREADS; y++) for (let x = 0; x < THREADS; x++) cells[y * THREADS + x] = stripes[draft(x, y) ? x : y]!
  return { colours: [dyes[set[0]], dyes[set[1]], dyes[set[2]]], cells }
}

/** Runs of one colour, as one path each for companion and accent over a ground of the first. */
function paths({ colours, cells }: Weave): string {
  const d = ['', '', '']
  for (let y = 0; y < THREADS; y++) {
    for (let x = 0; x < THREADS;) {
      const colour = cells[y * THREADS + x]!
      let width = 1
      while (x + width < THREADS && cells[y * THREADS + x + width] === colour) width++
      if (colour) d[colour] += `M${x} ${y}h${width}v1h-${width}z`
      x += width
    }
  }
  const over = [1, 2].filter((n) => d[n]).map((n) => `<path fill="${colours[n]}" d="${d[n]}"/>`)
  return `<path fill="${colours[0]}" d="M0 0h${THREADS}v${THREADS}H0z"/>${over.join('')}`
}

const SVG = 'xmlns="http://www.w3.org/2000/svg" shape-rendering="crispEdges"'

/** One square of the cloth, about 1 kB. */
export const swatchSvg = (hash: string): string => `<svg ${SVG} viewBox="0 0 ${THREADS} ${THREADS}">${paths(weave(hash))}</svg>`

/** A bolt of the same cloth: fills whatever box it is shown in, at 7.5 px a thread. */
export const bandSvg = (hash: string): string => {
  const tile = THREADS * 7.5
  return `<svg ${SVG} width="100%" height="100%"><defs><pattern id="c" width="${tile}" height="${tile}" patternUnits="userSpaceOnUse">`
    + `<g transform="scale(${tile / THREADS})">${paths(weave(hash))}</g></pattern></defs><rect width="100%" height="100%" fill="url(#c)"/></svg>`
}
