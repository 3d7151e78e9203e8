/**
 * JSON in its canonical form (JCS, RFC 8785): names sorted by UTF-16 code units, no white space, numbers and strings as
 * ECMAScript writes them. What has no such form (a lone surrogate, a number beyond all bounds) throws a TypeError.
 */
export function canonical(value: unknown): string {
  if (value === null || typeof value === 'boolean') return String(value)
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new TypeError('a number without JSON form')
    return JSON.stringify(value)
  }
  if (typeof value === 'string') {
    if (!value.isWellFormed()) throw new TypeError('a string that is no Unicode')
    return JSON.stringify(value)
  }
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value !== 'object') throw new TypeError('no JSON')
  const members = Object.entries(value).filter(([, v]) => v !== undefined).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${members.map(([name, v]) => `${canonical(name)}:${canonical(v)}`).join(',')}}`
}
