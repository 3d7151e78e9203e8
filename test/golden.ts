/**
 * Golden files: a document as another server reads it, held against the file that lies beside the test. `UPDATE_GOLDEN=1` writes the
 * files anew; what changed is then for `git diff` to show and for somebody to want.
 *
 * Keep the clock still. Ids that are random (UUIDs) and keys are masked here; other servers' addresses by `masks`.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { Object as AnyObject } from '@fedify/vocab'
import { expect } from 'vitest'
import { contextLoader } from '../src/fedi/contexts.ts'
import { lostTerms } from './fedi/expands.ts'

export interface GoldenOptions {
  /** `activity` (the default): an ActivityPub document, which Fedify and JSON-LD must understand. `jsonld`: JSON-LD alone. `json`: neither. */
  as?: 'activity' | 'jsonld' | 'json'
  /** Text that differs from run to run → what stands for it in the file. */
  masks?: Readonly<Record<string, string>>
}

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g
const PEM = /-----BEGIN PUBLIC KEY-----[^-]+-----END PUBLIC KEY-----/g

/** The text as it stands in the file: the same for the same document on every machine. */
function masked(text: string, masks: Readonly<Record<string, string>>): string {
  for (const [from, to] of Object.entries(masks)) text = text.replaceAll(from, to)
  const seen = new Map<string, string>()
  const numbered = (id: string) => {
    if (!seen.has(id)) seen.set(id, `00000000-0000-7000-8000-${String(seen.size + 1).padStart(12, '0')}`)
    return seen.get(id)!
  }
  return text.replace(UUID, numbered).replace(PEM, 'an RSA key').replace(/"(publicKeyMultibase|proofValue)": "z[1-9A-HJ-NP-Za-km-z]+"/g, '"$1": "z…"')
}

/** Does another implementation read it: of this type, at this id, with no term lost? */
async function understood(document: Record<string, unknown>): Promise<void> {
  const read = await AnyObject.fromJsonLd(structuredClone(document), { contextLoader, documentLoader: contextLoader })
  expect([(read.constructor as unknown as { name: string }).name, read.id?.href], 'as Fedify reads it').toEqual([document.type, document.id])
}

/** Text of any kind, held against `test/NAME`. */
export function goldenText(name: string, text: string, masks: Readonly<Record<string, string>> = {}): void {
  const file = path.join(import.meta.dirname, name)
  const now = masked(text, masks)
  if (process.env.UPDATE_GOLDEN) {
    mkdirSync(path.dirname(file), { recursive: true })
    writeFileSync(file, now)
  }
  if (!existsSync(file)) throw new Error(`there is no test/${name}; UPDATE_GOLDEN=1 writes it`)
  expect(now, `test/${name}`).toBe(readFileSync(file, 'utf8'))
}

/** A document, held against `test/NAME.json`, and read by Fedify's vocabulary and JSON-LD as others will. */
export async function golden(name: string, document: object, o: GoldenOptions = {}): Promise<void> {
  const as = o.as ?? 'activity'
  if (as === 'activity') await understood(document as Record<string, unknown>)
  if (as !== 'json') expect(await lostTerms(document), `terms that test/${name}.json loses in JSON-LD`).toEqual([])
  goldenText(`${name}.json`, `${JSON.stringify(document, null, 2)}\n`, o.masks)
}
