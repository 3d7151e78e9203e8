/**
 * Where to go after signing in: only ever a path of this origin. Whatever a browser would read as another host
 * (`//host`, `/\host`, `https:host`, control characters in between) becomes the front page.
 */
export function safeNext(wanted: string | undefined, origin: string): string {
  if (!wanted || wanted.length > 2000 || !wanted.startsWith('/') || /[\\\p{Cc}]/u.test(wanted)) return '/'
  let url: URL
  try { url = new URL(wanted, origin) } catch { return '/' }
  if (url.origin !== new URL(origin).origin || url.pathname.startsWith('//') || /^\/sign-(in|out)\b/.test(url.pathname)) return '/'
  return url.pathname + url.search + url.hash
}
