/** Which format a file has, by its beginning. */
import { Problem } from '../../kernel/errors.ts'
import type { Format } from './model.ts'

export interface Sniffed { format: Format; /** JSON Lines. */ lines: boolean }

const not = (what: string) => new Problem('wrong-format', `the file is ${what}; what can be imported so far: toadlane/1 (JSON or JSON Lines) and CSV`, { status: 422 })

/** Is the first line a JSON object by itself? */
function linewise(text: string): boolean {
  const end = text.indexOf('\n')
  if (end < 0) return false
  try {
    const v: unknown = JSON.parse(text.slice(0, end))
    return typeof v === 'object' && v !== null && !Array.isArray(v) && text.slice(end).trim() !== ''
  } catch { return false }
}

/** `wanted` is what the person said; `auto` looks. Throws Problem `wrong-format` for what is known not to be importable. */
export function sniff(head: string, wanted: Format | 'auto'): Sniffed {
  const text = head.trimStart()
  if (text === '') throw new Problem('empty-file', 'the file is empty', { status: 422 })
  const json = /^[[{]/.test(text)
  if (wanted === 'csv') return { format: 'csv', lines: false }
  if (wanted === 'toadlane' && !json) throw not('no JSON')
  if (json) {
    if (/^\{[^]{0,2000}?"type"\s*:\s*"(FeatureCollection|Feature)"/.test(text) && !/"format"\s*:\s*"toadlane/.test(text)) throw not('GeoJSON')
    if (/^[[{][^]{0,400}?"@context"/.test(text)) throw not('JSON-LD')
    return { format: 'toadlane', lines: linewise(text) }
  }
  if (/^<(!doctype|html|\?xml|rss|feed)/i.test(text)) throw not(/^<(!doctype|html)/i.test(text) ? 'a web page' : 'XML')
  return { format: 'csv', lines: false }
}
