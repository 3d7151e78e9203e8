/** Does JSON-LD understand all of it? Every term must expand, with bundled contexts alone. */
import jsonld from 'jsonld'
import { contextLoader } from '../../src/fedi/contexts.ts'

/** Names that expand to nothing or to a blank node; empty when all is well. */
export async function lostTerms(document: object): Promise<string[]> {
  const lost: string[] = []
  const expanded = await jsonld.expand(document, {
    documentLoader: contextLoader,
    // Dropped properties, relative types and ids, as the processor itself reports them.
    eventHandler: ({ event }) => { lost.push(`${event.code} ${JSON.stringify(event.details)}`) },
  })
  const walk = (v: unknown): void => {
    if (Array.isArray(v)) return v.forEach(walk)
    if (typeof v !== 'object' || v === null) return
    if ('@value' in v) return
    for (const [k, x] of Object.entries(v)) {
      if (k.startsWith('_:')) lost.push(k)
      if (k === '@type') for (const t of Array.isArray(x) ? x : [x]) if (String(t).startsWith('_:') || !String(t).includes(':')) lost.push(`type ${t}`)
      walk(x)
    }
  }
  walk(expanded)
  return lost
}
