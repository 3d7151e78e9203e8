/** Addresses as people write them: `@name@host`, with or without the first sign, and `acct:name@host` (RFC 7565). Pure. */

const ADDRESS = /^(?:acct:)?@?([^@\s/?#\\]{1,500})@([^@\s/?#\\]{1,260})$/i

/** Its parts, or undefined for what is no address. The host in lower case and letters of ASCII (punycode), with its port if it has one. */
export function splitAddress(text: string | undefined): { name: string; host: string } | undefined {
  const m = text === undefined ? null : ADDRESS.exec(text.trim())
  if (!m || !URL.canParse(`https://${m[2]}/`)) return undefined
  const url = new URL(`https://${m[2]}/`)
  return url.host && url.pathname === '/' && !url.username && !url.password ? { name: m[1]!, host: url.host } : undefined
}
