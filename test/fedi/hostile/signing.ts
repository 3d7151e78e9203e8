/** Signatures as an attacker makes them: good ones, over what he likes. */
import { sign, type KeyObject } from 'node:crypto'
import { sha256 } from '../../../src/fedi/net/sign.ts'

export interface Signing {
  url: string
  body: string
  keyId: string
  key: KeyObject
  date?: Date
  /** What is signed, in order; the usual where it is not given. */
  covered?: string[]
  /** Values in place of the true ones, in the signed text and in what is sent; undefined leaves the header out. */
  values?: Record<string, string | undefined>
  /** Sent beside, or in place of, what was signed. */
  sent?: Record<string, string>
  /** Parameters beside the usual ones: `expires=1`. */
  more?: string
}
const make = (text: string, key: KeyObject) => sign(key.asymmetricKeyType === 'rsa' ? 'sha256' : null, Buffer.from(text), key).toString('base64')

export const CAVAGE = ['(request-target)', 'host', 'date', 'digest']
/** Headers of a draft-cavage signature. */
export function cavage(s: Signing): Record<string, string> {
  const url = new URL(s.url), date = s.date ?? new Date()
  const values: Record<string, string | undefined> = {
    '(request-target)': `post ${url.pathname}`, host: url.host, date: date.toUTCString(), digest: `SHA-256=${sha256(s.body)}`, 'content-type': 'application/activity+json', ...s.values,
  }
  const names = s.covered ?? CAVAGE
  const signature = make(names.map((n) => `${n}: ${values[n]}`).join('\n'), s.key)
  const headers = Object.fromEntries(Object.entries(values).filter(([n, v]) => !n.startsWith('(') && n !== 'host' && v !== undefined)) as Record<string, string>
  return { ...headers, signature: `keyId="${s.keyId}",${s.more ? `${s.more},` : ''}algorithm="rsa-sha256",headers="${names.join(' ')}",signature="${signature}"`, ...s.sent }
}

export const RFC9421 = ['@method', '@target-uri', 'content-digest']
/** Headers of an RFC 9421 signature. */
export function rfc9421(s: Signing): Record<string, string> {
  const url = new URL(s.url), created = Math.floor((s.date ?? new Date()).getTime() / 1000)
  const values: Record<string, string | undefined> = {
    '@method': 'POST', '@target-uri': url.href, '@authority': url.host, '@path': url.pathname, '@scheme': url.protocol.slice(0, -1),
    'content-digest': `sha-256=:${sha256(s.body)}:`, 'content-type': 'application/activity+json', ...s.values,
  }
  const names = s.covered ?? RFC9421
  const parameters = `(${names.map((n) => `"${n}"`).join(' ')});created=${created};keyid="${s.keyId}"${s.more ? `;${s.more}` : ''}`
  const signature = make([...names.map((n) => `"${n}": ${values[n]}`), `"@signature-params": ${parameters}`].join('\n'), s.key)
  const headers = Object.fromEntries(Object.entries(values).filter(([n, v]) => !n.startsWith('@') && v !== undefined)) as Record<string, string>
  return { ...headers, 'signature-input': `sig1=${parameters}`, signature: `sig1=:${signature}:`, ...s.sent }
}
