/**
 * Style sheet, fonts and mark, served from memory under names that carry their own hash, so that they may be kept for ever.
 *
 * From the source tree the style sheet is put together as it is; `scripts/assets.mjs` makes the same folder with a minified one
 * beside the bundle. Either way this module finds `assets/` next to itself: src/web/assets or dist/assets.
 */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { Hono } from 'hono'

export interface Asset { body: Uint8Array<ArrayBuffer>; type: string; etag: string }
export interface Assets {
  /** Address of the style sheet. */
  css: string
  /** Address of the mark, as the icon of the browser's tab. */
  icon: string
  /** Fonts that every page with Latin letters needs. */
  preload: readonly string[]
  /** Everything by its address. */
  files: ReadonlyMap<string, Asset>
}

const types: Readonly<Record<string, string>> = { '.css': 'text/css; charset=utf-8', '.woff2': 'font/woff2', '.svg': 'image/svg+xml', '.txt': 'text/plain; charset=utf-8' }
/** Loaded by every page, so the browser should not have to find them in the style sheet first. */
const PRELOAD = ['bricolage-grotesque-latin-wght-normal', 'source-sans-3-latin-wght-normal']

const digest = (body: Uint8Array): string => createHash('sha256').update(body).digest('hex').slice(0, 12)

/**
 * Reads the folder once. The style sheet is all of css/*.css in the order of their names; `url(fonts/x)` in it becomes the
 * hashed address. Throws when the folder is not there: a server without its style sheet is not worth starting.
 */
export function loadAssets(folder: string = path.join(import.meta.dirname, 'assets')): Assets {
  const files = new Map<string, Asset>()
  const add = (name: string, body: Uint8Array<ArrayBuffer>): string => {
    const hash = digest(body)
    const { name: stem, ext } = path.parse(name)
    const address = `/assets/${stem}-${hash}${ext}`
    files.set(address, { body, type: types[ext] ?? 'application/octet-stream', etag: `"${hash}"` })
    return address
  }
  const read = (name: string): Uint8Array<ArrayBuffer> => new Uint8Array(readFileSync(path.join(folder, name)))

  const fonts = new Map(readdirSync(path.join(folder, 'fonts')).map((f) => [f, add(f, read(`fonts/${f}`))]))
  const sheets = readdirSync(path.join(folder, 'css')).filter((f) => f.endsWith('.css')).sort()
  const css = sheets.map((f) => readFileSync(path.join(folder, 'css', f), 'utf8')).join('\n')
    .replace(/url\(["']?(?:\.\.\/)?fonts\/([^"')]+)["']?\)/g, (whole, name: string) => `url(${fonts.get(name) ?? whole})`)
  return {
    css: add('app.css', new TextEncoder().encode(css)),
    icon: add('mark.svg', read('mark.svg')),
    preload: PRELOAD.flatMap((stem) => fonts.get(`${stem}.woff2`) ?? []),
    files,
  }
}

const FOREVER = 'public, max-age=31536000, immutable'

/** GET /assets/NAME-HASH.EXT. An old name (a page from before an update) is 404. */
export function assetRoutes(assets: Assets): Hono {
  return new Hono().get('/assets/:name', (c) => {
    const asset = assets.files.get(c.req.path)
    if (!asset) return c.notFound()
    c.header('ETag', asset.etag)
    c.header('Cache-Control', FOREVER)
    if (c.req.header('if-none-match') === asset.etag) return c.body(null, 304)
    c.header('Content-Type', asset.type)
    return c.body(asset.body)
  })
}
