/**
 * Signs requests with node:crypto, in both ways that the fediverse knows: RFC 9421 and draft-cavage-http-signatures-12.
 * The digest of a body is made once and serves every inbox it goes to.
 */
import { createHash, sign, type KeyObject } from 'node:crypto'

export type SignatureKind = 'rfc9421' | 'cavage'

/** SHA-256 of a body, base64. */
export const sha256 = (body: Uint8Array | string): string => createHash('sha256').update(body).digest('base64')

export interface ToSign {
  method: 'GET' | 'POST'
  url: URL
  /** Base64 SHA-256 of the body; absent where there is none. */
  digest?: string
  date: Date
  /** More headers that are sent and signed: names in lower case, values of one line. */
  headers?: Readonly<Record<string, string>>
  keyId: string
  key: KeyObject
}

/** In this thread: with one key the thread pool signs one at a time too (Node locks the key), and makes us wait for the lock. */
const make = (base: string, key: KeyObject): string => sign(key.asymmetricKeyType === 'rsa' ? 'sha256' : null, Buffer.from(base), key).toString('base64')

/** draft-cavage-http-signatures-12 as Mastodon has made it: `(request-target) host date digest`, RSA with SHA-256. */
function cavage(r: ToSign): Record<string, string> {
  const date = r.date.toUTCString()
  const lines = [`(request-target): ${r.method.toLowerCase()} ${r.url.pathname}${r.url.search}`, `host: ${r.url.host}`, `date: ${date}`]
  const names = ['(request-target)', 'host', 'date']
  if (r.digest !== undefined) {
    lines.push(`digest: SHA-256=${r.digest}`)
    names.push('digest')
  }
  for (const [name, value] of Object.entries(r.headers ?? {})) {
    lines.push(`${name}: ${value}`)
    names.push(name)
  }
  const algorithm = r.key.asymmetricKeyType === 'rsa' ? 'rsa-sha256' : 'hs2019'
  const signature = make(lines.join('\n'), r.key)
  return {
    ...r.headers, host: r.url.host, date, ...(r.digest === undefined ? {} : { digest: `SHA-256=${r.digest}` }),
    signature: `keyId="${r.keyId}",algorithm="${algorithm}",headers="${names.join(' ')}",signature="${signature}"`,
  }
}

/** RFC 9421 with the components that Mastodon asks for: @method, @target-uri and, with a body, content-digest (RFC 9530). */
function rfc9421(r: ToSign): Record<string, string> {
  const lines = [`"@method": ${r.method}`, `"@target-uri": ${r.url.href}`, `"@authority": ${r.url.host}`]
  const names = ['"@method"', '"@target-uri"', '"@authority"']
  if (r.digest !== undefined) {
    lines.push(`"content-digest": sha-256=:${r.digest}:`)
    names.push('"content-digest"')
  }
  for (const [name, value] of Object.entries(r.headers ?? {})) {
    lines.push(`"${name}": ${value}`)
    names.push(`"${name}"`)
  }
  const algorithm = r.key.asymmetricKeyType === 'rsa' ? 'rsa-v1_5-sha256' : 'ed25519'
  const parameters = `(${names.join(' ')});created=${Math.floor(r.date.getTime() / 1000)};keyid="${r.keyId}";alg="${algorithm}"`
  const signature = make([...lines, `"@signature-params": ${parameters}`].join('\n'), r.key)
  return {
    ...r.headers, host: r.url.host, date: r.date.toUTCString(), ...(r.digest === undefined ? {} : { 'content-digest': `sha-256=:${r.digest}:` }),
    'signature-input': `sig1=${parameters}`, signature: `sig1=:${signature}:`,
  }
}

/** The headers to send, signature included. */
export const signRequest = (kind: SignatureKind, r: ToSign): Record<string, string> => (kind === 'cavage' ? cavage(r) : rfc9421(r))

export const otherKind = (kind: SignatureKind): SignatureKind => (kind === 'cavage' ? 'rfc9421' : 'cavage')
