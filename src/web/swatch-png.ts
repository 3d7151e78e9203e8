import { crc32, deflateSync } from 'node:zlib'
import { THREADS, weave } from './weave.ts'

/** Pixels a side: what Mastodon keeps of an avatar. */
export const PNG_SIDE = 400

const chunk = (type: string, data: Buffer): Buffer => {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const out = Buffer.alloc(body.length + 8)
  out.writeUInt32BE(data.length, 0)
  body.copy(out, 4)
  out.writeUInt32BE(crc32(body), body.length + 4)
  return out
}

/**
 * The swatch as a PNG of three colours (about 1 kB): most of the fediverse takes no SVG as an avatar.
 * PNG specification, sections 11.2: IHDR, PLTE, IDAT, IEND; palette of 2 bits a pixel, no filter.
 */
export function swatchPng(hash: string): Uint8Array<ArrayBuffer> {
  const { colours, cells } = weave(hash)
  const header = Buffer.alloc(13)
  header.writeUInt32BE(PNG_SIDE, 0)
  header.writeUInt32BE(PNG_SIDE, 4)
  header.set([2, 3, 0, 0, 0], 8) // bit depth 2, palette, no interlace
  const palette = Buffer.from(colours.map((c) => c.slice(1)).join(''), 'hex')
  const thread = PNG_SIDE / THREADS
  const width = PNG_SIDE / 4 + 1 // four pixels a byte, and the filter byte in front of each row
  const rows = Buffer.alloc(width * PNG_SIDE)
  for (let y = 0; y < PNG_SIDE; y++) {
    for (let x = 0; x < PNG_SIDE; x++) {
      const colour = cells[Math.floor(y / thread) * THREADS + Math.floor(x / thread)]!
      const at = y * width + 1 + (x >> 2)
      rows[at] = rows[at]! | (colour << (6 - 2 * (x & 3)))
    }
  }
  const signature = Buffer.from('89504e470d0a1a0a', 'hex')
  return new Uint8Array(Buffer.concat([signature, chunk('IHDR', header), chunk('PLTE', palette), chunk('IDAT', deflateSync(rows, { level: 9 })), chunk('IEND', Buffer.alloc(0))]))
}
