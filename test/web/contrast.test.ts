import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'

/** Colours are read out of the sheet itself, so that a change there is checked here. */
const css = readFileSync('src/web/assets/css/10-tokens.css', 'utf8')
type Rgb = [number, number, number]
const hex = (h: string): Rgb => { const x = h.length === 4 ? [...h.slice(1)].map((c) => c + c).join('') : h.slice(1); return [0, 2, 4].map((n) => Number.parseInt(x.slice(n, n + 2), 16) / 255) as Rgb }
const tokens = new Map<string, [string, string]>()
for (const [, name, light, dark, both] of css.matchAll(/--([\w-]+):\s*(?:light-dark\((#\w+),\s*(#\w+)\)|(#\w+));/g)) tokens.set(name!, [light ?? both!, dark ?? both!])

const linear = (c: number) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
const luminance = ([r, g, b]: Rgb) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b)
const contrast = (a: Rgb, b: Rgb) => { const [x, y] = [luminance(a), luminance(b)].sort((p, q) => q - p) as [number, number]; return (x + 0.05) / (y + 0.05) }

/** color-mix(in oklab, a share, b), CSS Color 5; matrices of CSS Color 4. */
function mix(a: Rgb, share: number, b: Rgb): Rgb {
  const to = (c: Rgb) => {
    const [r, g, bl] = c.map(linear) as Rgb
    const [l, m, s] = [0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * bl, 0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * bl, 0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * bl].map(Math.cbrt) as Rgb
    return [0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s, 1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s, 0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s] as Rgb
  }
  const [p, q] = [to(a), to(b)]
  const [L, A, B] = p.map((v, n) => v * share + q[n]! * (1 - share)) as Rgb
  const [l, m, s] = [L + 0.3963377774 * A + 0.2158037573 * B, L - 0.1055613458 * A - 0.0638541728 * B, L - 0.0894841775 * A - 1.291485548 * B].map((v) => v ** 3) as Rgb
  return [4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s, -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s, -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s]
    .map((c) => { const v = Math.min(1, Math.max(0, c)); return v <= 0.0031308 ? 12.92 * v : 1.055 * v ** (1 / 2.4) - 0.055 }) as Rgb
}

const dyes = ['madder', 'walnut', 'weld-ink', 'woad', 'teal', 'indigo', 'plum']
const grounds = ['cloth', 'cloth-2', 'card', 'paper']

describe.each([['light', 0], ['dark', 1]] as const)('%s', (_, at) => {
  const c = (name: string): Rgb => { const t = tokens.get(name); if (!t) throw new Error(`no token ${name}`); return hex(t[at]) }
  test.each(['ink', 'soft', ...dyes].flatMap((t) => grounds.map((g) => [t, g] as const)))('%s on %s', (text, ground) => expect(contrast(c(text), c(ground))).toBeGreaterThanOrEqual(4.5))
  test.each(dyes)('%s: as a tag on its own tint, as a button', (dye) => {
    expect(contrast(c(dye), mix(c(dye), 0.1, c('card')))).toBeGreaterThanOrEqual(4.5)
    expect(contrast(c('on-dye'), c(dye))).toBeGreaterThanOrEqual(4.5)
    expect(contrast(c('on-dye'), mix(c(dye), 0.86, c('ink')))).toBeGreaterThanOrEqual(4.5)
  })
  test('plain tags, notes, marks, flashes', () => {
    expect(contrast(c('soft'), mix(c('soft'), 0.1, c('card')))).toBeGreaterThanOrEqual(4.5)
    for (const [dye, share] of [['weld', 0.22], ['weld', 0.48], ['weld', 0.4], ['woad', 0.14]] as const) expect(contrast(c('ink'), mix(c(dye), share, c('card'))), `${dye} ${share}`).toBeGreaterThanOrEqual(4.5)
    expect(contrast(c('on-weld'), c('weld'))).toBeGreaterThanOrEqual(4.5)
  })
  test('on the night cloth', () => {
    for (const t of ['night-ink', 'night-soft', 'weld']) expect(contrast(c(t), c('night'))).toBeGreaterThanOrEqual(4.5)
  })
  test('borders of controls and the focus ring: 3 to 1', () => {
    for (const g of ['cloth', 'card']) for (const t of ['edge', 'focus']) expect(contrast(c(t), c(g)), `${t} on ${g}`).toBeGreaterThanOrEqual(3)
    expect(contrast(c('weld'), c('night'))).toBeGreaterThanOrEqual(3)
  })
})
