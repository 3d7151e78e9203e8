/**
 * What a request says of its signature, read strictly from its headers before anything costs: which kind, whose key, what is
 * covered, when. Anything doubtful is refused here (HOSTILE.md 18-22), whatever the verifier would make of it.
 */
import { HOUR } from '../../kernel/time.ts'
import { Refusal } from './refusal.ts'

export interface ClaimedSignature {
  kind: 'cavage' | 'rfc9421'
  keyId: string
  /** The covered components in their order. */
  covered: readonly string[]
  signature: Uint8Array
  /** As the sender names it; undefined where the key decides. */
  algorithm: string | undefined
  /** rfc9421: the member's label and its text after `label=`, which is signed as it stands. */
  label?: string
  parameters?: string
  /** cavage: values of (created) and (expires). */
  created?: string
  expires?: string
}

/** Headers as they are read: `Headers` itself, or something lighter. */
export interface HeaderBag { get(name: string): string | null }

const WINDOW = HOUR
const DATE_FORM = /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{2} (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d{2}:\d{2}:\d{2} (GMT|UTC)$/

const no = (why: string): Refusal => new Refusal(401, why)

function inWindow(ms: number, now: Date, what: string): void {
  if (!Number.isFinite(ms)) throw no(`${what} is unreadable`)
  if (Math.abs(ms - now.getTime()) > WINDOW) throw no(`${what} is more than an hour off`)
}
function notPast(seconds: number, now: Date): void {
  if (!Number.isInteger(seconds)) throw no('expires is unreadable')
  if (seconds * 1000 < now.getTime()) throw no('the signature has expired')
}
function decode(base64: string): Uint8Array {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64) || base64.length > 2048) throw no('the signature is no base64')
  return new Uint8Array(Buffer.from(base64, 'base64'))
}
function covers(covered: readonly string[], ...needed: string[]): void {
  for (const name of needed) if (!covered.includes(name)) throw no(`${name} is not signed`)
}

const COVERED = /^(\((request-target|created|expires)\)|[a-z0-9-]+)$/

/** What a request is for: a post has a body, which must be signed with it. */
export type Signed = 'GET' | 'POST'

/** draft-cavage-http-signatures-12: `keyId="…",headers="…",signature="…"`. */
function cavage(header: string, headers: HeaderBag, now: Date, method: Signed): ClaimedSignature {
  const values = new Map<string, string>()
  for (const part of header.split(',')) {
    const m = /^\s*([A-Za-z]+)=(?:"([^"]*)"|(\d+))\s*$/.exec(part)
    if (!m) throw no('the signature header is unreadable')
    if (values.has(m[1]!)) throw no('the signature header repeats itself')
    values.set(m[1]!, m[2] ?? m[3]!)
  }
  const keyId = values.get('keyId'), signature = values.get('signature'), list = values.get('headers')
  if (!keyId || !signature || !list) throw no('the signature header is incomplete')
  const covered = list.split(' ')
  if (!covered.every((name) => COVERED.test(name)) || new Set(covered).size !== covered.length) throw no('the list of signed headers is unreadable')
  covers(covered, '(request-target)', 'host', ...(method === 'POST' ? ['digest'] : []), 'date')
  const date = headers.get('date') ?? ''
  if (!DATE_FORM.test(date)) throw no('the date is unreadable')
  inWindow(Date.parse(date), now, 'the date')
  const created = values.get('created'), expires = values.get('expires')
  if (created !== undefined) inWindow(Number(created) * 1000, now, 'created')
  if (expires !== undefined) notPast(Number(expires), now)
  return {
    kind: 'cavage', keyId, covered, signature: decode(signature), algorithm: values.get('algorithm')?.toLowerCase(),
    ...(created === undefined ? {} : { created }), ...(expires === undefined ? {} : { expires }),
  }
}

// Structured fields (RFC 8941), as far as signatures use them: no escapes, no parameters on components.
const KEY = '[a-z*][a-z0-9_.*-]*'
const COMPONENT = '"@?[a-z0-9-]+"'
const VALUE = '(?:"[^"\\\\]*"|-?\\d{1,15})'
const MEMBER = new RegExp(`\\s*(${KEY})=(\\(((?:${COMPONENT}(?: +${COMPONENT})*)?)\\)((?:;\\s*${KEY}=${VALUE})*))\\s*(?:,|$)`, 'y')
const PARAMETER = new RegExp(`;\\s*(${KEY})=(?:"([^"\\\\]*)"|(-?\\d{1,15}))`, 'y')
const BYTES = new RegExp(`\\s*(${KEY})=:([A-Za-z0-9+/]*={0,2}):\\s*(?:,|$)`, 'y')

function each(text: string, form: RegExp, take: (m: RegExpExecArray) => void): void {
  if (/,\s*$/.test(text)) throw no('the signature header is unreadable') // RFC 8941 4.2.2: a dictionary does not end with a comma
  let at = 0
  while (at < text.length) {
    form.lastIndex = at
    const m = form.exec(text)
    if (!m) throw no('the signature header is unreadable')
    take(m)
    at = form.lastIndex
  }
}

/** RFC 9421. Of several signatures the first whose key is on the actor's host would do; we take exactly one and no more. */
function rfc9421(input: string, header: string, now: Date, method: Signed): ClaimedSignature {
  const members: RegExpExecArray[] = []
  each(input, MEMBER, (m) => members.push(m))
  const [member] = members
  if (!member || members.length > 1) throw no('one signature is expected')
  const [, label, parameters, list, tail] = member as unknown as [string, string, string, string, string]
  const values = new Map<string, string>()
  each(tail, PARAMETER, (m) => { if (values.has(m[1]!)) throw no('the signature header repeats itself'); values.set(m[1]!, m[2] ?? m[3]!) })
  let signature: Uint8Array | undefined
  each(header, BYTES, (m) => { if (m[1] === label) signature = decode(m[2]!) })
  const covered = list.split(/ +/).filter(Boolean).map((name) => name.slice(1, -1))
  const keyId = values.get('keyid'), created = values.get('created'), expires = values.get('expires')
  if (!signature || !keyId || created === undefined) throw no('the signature header is incomplete')
  if (new Set(covered).size !== covered.length) throw no('the list of signed components is unreadable')
  covers(covered, '@method', ...(method === 'POST' ? ['content-digest'] : []))
  if (!covered.includes('@target-uri') && !(covered.includes('@authority') && covered.includes('@path'))) throw no('the address is not signed')
  inWindow(Number(created) * 1000, now, 'created')
  if (expires !== undefined) notPast(Number(expires), now)
  return { kind: 'rfc9421', keyId, covered, signature, algorithm: values.get('alg')?.toLowerCase(), label, parameters }
}

/** Reads the claim, or throws a 401. No key is looked at, no body is read. */
export function readSignature(headers: HeaderBag, now: Date, method: Signed = 'POST'): ClaimedSignature {
  const signature = headers.get('signature')
  if (!signature) throw no('not signed')
  const input = headers.get('signature-input')
  return input ? rfc9421(input, signature, now, method) : cavage(signature, headers, now, method)
}

/** The headers as the signer must have meant them: for our host, whatever a proxy in front made of it. */
export const forHost = (given: Headers, host: string): HeaderBag & { all(): Headers } => ({
  get: (name) => (name === 'host' ? host : given.get(name)),
  all() {
    const copy = new Headers(given)
    copy.set('host', host)
    return copy
  },
})

/** The SHA-256 and SHA-512 values that a Digest or Content-Digest header names; each of them must hold, and there must be one. */
export function claimedDigests(kind: ClaimedSignature['kind'], headers: HeaderBag): { hash: 'sha256' | 'sha512'; value: string }[] {
  const header = headers.get(kind === 'cavage' ? 'digest' : 'content-digest')
  if (!header) throw no('no digest')
  const found: { hash: 'sha256' | 'sha512'; value: string }[] = []
  for (const part of header.split(',')) {
    const m = /^\s*(sha-256|sha-512)=(:?)([A-Za-z0-9+/]+={0,2})(:?)\s*$/i.exec(part)
    if (!m) continue
    if ((m[2] === ':') !== (kind === 'rfc9421') || (m[4] === ':') !== (kind === 'rfc9421')) throw no('the digest is unreadable')
    const hash = m[1]!.toLowerCase() === 'sha-256' ? 'sha256' as const : 'sha512' as const
    if (found.some((f) => f.hash === hash)) throw no('two digests')
    found.push({ hash, value: m[3]! })
  }
  if (!found.length) throw no('no digest that is known here')
  return found
}
