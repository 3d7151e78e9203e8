/** What an address is about, without asking anybody. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { targetOf } from '../../src/directory/target.ts'
import { makeUris } from '../../src/fedi/uris.ts'

const uris = makeUris('https://directory.coops.net')
const ground = { uris, handleHost: 'coops.net', allowPrivate: false }
const of = (text: string) => targetOf(text, ground)
const A = 'https://directory.coops.net'

test.each([
  ['https://social.coop/@ana', 'social.coop'], ['https://social.coop:8443/users/ana?author=1', 'social.coop:8443'], [' https://social.coop/x ', 'social.coop'], ['HTTPS://Social.Coop/x', 'social.coop'],
  ['https://bücher.de/x', 'xn--bcher-kva.de'], ['https://аррlе.com/x', 'xn--l-7sbq6ba.com'],
])('on another server: %s', (text, host) => expect(of(text)).toEqual({ here: false, uri: text.trim(), host }))
test.each([
  ['@ana@social.coop', '@ana@social.coop', 'social.coop'], ['ana@Social.Coop', '@ana@social.coop', 'social.coop'], ['acct:ana@social.coop', '@ana@social.coop', 'social.coop'], ['acct:@ana@bücher.de', '@ana@xn--bcher-kva.de', 'xn--bcher-kva.de'],
])('an address: %s', (text, uri, host) => expect(of(text)).toEqual({ here: false, uri, host }))
test.each([
  [`${A}/ap/actors/stocksy`, 'stocksy', '/@stocksy'], [`${A}/@stocksy`, 'stocksy', '/@stocksy'], [`${A}/co-ops/stocksy`, 'stocksy', '/@stocksy'], [`${A}/co-ops/stocksy/?x=1#y`, 'stocksy', '/@stocksy'],
  ['@stocksy@coops.net', 'stocksy', '/@stocksy'], ['acct:Stocksy@directory.coops.net', 'stocksy', '/@stocksy'], [`${A}/`, 'directory', '/'], [A, 'directory', '/'], [`${A}/ap/actors/directory`, 'directory', '/'],
  ['@directory@coops.net', 'directory', '/'], [`${A}/ap/actor`, 'directory.coops.net', '/about'],
])('an actor here: %s', (text, handle, page) => expect(of(text)).toEqual({ here: 'actor', uri: uris.actor(handle), page }))
test.each([`${A}/posts/0199-ab`, `${A}/ap/notes/0199-ab`, `${A}/posts/0199-ab?x#y`])('a post here: %s', (text) => expect(of(text)).toEqual({ here: 'post', uri: uris.object('notes', '0199-ab'), page: '/posts/0199-ab' }))
test.each([`${A}/sign-out`, `${A}/interact?uri=x`, `${A}//evil.net`, `${A}/@a@evil.net`, `${A}/posts/../sign-out`])('nothing of ours: %s', (text) => expect(() => of(text)).toThrow(expect.objectContaining({ code: 'nothing-of-ours', status: 404 })))

/** HOSTILE.md 53; private addresses as CVE-2026-22245 and CVE-2026-46348 had them, slashes as CVE-2026-33868. */
const hostile = [
  '//evil.net', '///evil.net', '/\\evil.net', '\\\\evil.net', '/evil', 'evil.net', '%2F%2Fevil.net', 'https:evil.net', 'https:/evil.net', 'https:\\\\evil.net', 'http://evil.net/x', 'javascript:alert(1)', 'JAVASCRIPT:alert(1)', ' javascript:alert(1)',
  'java\nscript:alert(1)', 'data:text/html,x', 'file:///etc/passwd', 'ftp://evil.net/', 'web+ap://evil.net/x', 'acct:', '@', '@@', 'acct:ana', 'mailto:ana@social.coop?x', 'https://', 'https://@', 'https://user@evil.net/', 'https://user:p@evil.net/',
  'https://social.coop\\@evil.net/', 'https://evil.net/a b', 'https://evil.net/\u0000', 'https://ev\til.net/', '', '   ', `https://evil.net/${'x'.repeat(3000)}`, `@${'a'.repeat(600)}@b.net`,
  ...['127.0.0.1', '127.1', '2130706433', '0x7f000001', '0177.0.0.1', '0.0.0.0', '10.0.0.1', '172.16.0.1', '192.168.1.1', '169.254.169.254', '100.64.0.1', '198.18.0.1', '224.0.0.1', '[::1]', '[::]', '[::ffff:127.0.0.1]', '[64:ff9b::7f00:1]', '[fe80::1]', '[fd00::1]',
    'localhost', 'localhost.', 'intranet', 'printer.local', 'db.internal'].flatMap((h) => [`https://${h}/users/ana`, ...(h.startsWith('[') ? [] : [`@ana@${h}`])]),
]
test.each(hostile)('refused: %j', (text) => expect(() => of(text)).toThrow(expect.objectContaining({ code: 'target', status: 422, field: 'uri' })))

describe('whatever is given', () => {
  test('a page of ours is a path of ours', () => {
    const piece = fc.oneof(fc.constantFrom(A, 'https://', '/', '//', '\\', '@', '/@', '/co-ops/', '/posts/', '..', '%2F', '?', '#', 'evil.net', 'coops.net', 'javascript:', '\t', '\n'), fc.string({ maxLength: 6 }))
    fc.assert(fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
      let target
      try { target = of(pieces.join('')) } catch (e) { expect(e).toMatchObject({ code: expect.stringMatching(/^(target|nothing-of-ours)$/) }); return }
      if (target.here) {
        expect(new URL(target.page, A).origin).toBe(A)
        expect(target.page).toMatch(/^\/(?![/\\])/)
        expect(target.uri.startsWith(`${A}/`)).toBe(true)
      } else expect(target.host).toBe(new URL(target.uri.startsWith('@') ? `https://${target.uri.split('@').at(-1)}/` : target.uri).host)
    }), { numRuns: 5000 })
  })
})
