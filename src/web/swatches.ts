import { Hono } from 'hono'
import { LRUCache } from 'lru-cache'
import { swatchPng } from './swatch-png.ts'
import { bandSvg, swatchSvg } from './weave.ts'

const kinds = {
  '.svg': { type: 'image/svg+xml', make: swatchSvg },
  '-band.svg': { type: 'image/svg+xml', make: bandSvg },
  '.png': { type: 'image/png', make: swatchPng },
} as const
type Ending = keyof typeof kinds

/** GET /swatch/HASH.svg, HASH-band.svg and HASH.png: made from the eight digits alone, so they never change. */
export function swatchRoutes(): Hono {
  const made = new LRUCache<string, string | Uint8Array<ArrayBuffer>>({ max: 2000 })
  return new Hono().get('/swatch/:name', (c) => {
    const name = c.req.param('name')
    const [, hash, ending] = /^([0-9a-f]{8})(\.svg|-band\.svg|\.png)$/.exec(name) ?? []
    if (!hash || !ending) return c.notFound()
    const { type, make } = kinds[ending as Ending]
    let body = made.get(name)
    if (body === undefined) made.set(name, (body = make(hash)))
    return c.body(body, 200, { 'Content-Type': type, 'Cache-Control': 'public, max-age=31536000, immutable', ETag: `"${name}"`, 'Cross-Origin-Resource-Policy': 'cross-origin' })
  })
}
