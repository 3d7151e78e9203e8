import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { covers, hostOf } from '../../src/curation/model.ts'
import { subjectsOf, wordsOf } from '../../src/curation/wire.ts'

const OWN = ['directory.coops.example', 'coops.example']

describe('a host', () => {
  test.each([
    ['bad.example', 'bad.example'], ['Bad.EXAMPLE', 'bad.example'], [' bad.example. ', 'bad.example'], ['bad.example:8443', 'bad.example'],
    ['https://bad.example/about?x=1', 'bad.example'], ['http://u:p@bad.example/', 'bad.example'], ['@ada@bad.example', 'bad.example'], ['ada@bad.example', 'bad.example'],
    ['*.bad.example', 'bad.example'], ['bücher.example', 'xn--bcher-kva.example'], ['BÜCHER.example', 'xn--bcher-kva.example'], ['xn--bcher-kva.example', 'xn--bcher-kva.example'],
    ['192.0.2.7', '192.0.2.7'], ['0xc0.0.2.7', '192.0.2.7'], ['[2001:DB8::1]', '2001:db8::1'], ['[2001:db8:0::1]:443', '2001:db8::1'], ['a_b.example', 'a_b.example'],
    ['sub.directory.coops.example', 'sub.directory.coops.example'], ['notcoops.example', 'notcoops.example'],
  ])('%s is %s', (text, host) => expect(hostOf(text, OWN)).toBe(host))

  test.each(['', ' ', '.', 'com', 'localhost', 'bad example', 'bad\texample.org', 'ftp://bad.example', 'javascript:alert(1)', '-bad.example', 'bad-.example', 'b$d.example', '..', '@', 'a@', '*.com', 'https://'])(
    '%j is none', (text) => expect(() => hostOf(text, OWN)).toThrow(expect.objectContaining({ code: 'host', status: 422, field: 'host' })))
  test.each(['coops.example', 'DIRECTORY.coops.example', 'https://coops.example:8000/'])('%s is ourselves', (text) =>
    expect(() => hostOf(text, OWN)).toThrow('would block this instance itself'))

  test('is refused or the same when it is read again', () => {
    fc.assert(fc.property(fc.oneof(fc.domain(), fc.ipV4(), fc.string({ maxLength: 40 }), fc.webUrl()), (text) => {
      let host: string
      try { host = hostOf(text, OWN) } catch { return }
      expect(hostOf(host.includes(':') ? `[${host}]` : host, OWN)).toBe(host)
    }), { seed: 25 })
  })
})

describe('a blocked host', () => {
  const blocked = new Set(['bad.example', '192.0.2.7', '2001:db8::1'])
  test.each(['bad.example', 'a.bad.example', 'a.b.c.bad.example', '192.0.2.7', '2001:db8::1'])('covers %s', (host) => expect(covers(blocked, host)).toBe(true))
  test.each(['good.example', 'example', 'notbad.example', 'bad.example.org', '2.7', '1.192.0.2.8', '', '.', '2001:db8::2'])('and not %s', (host) => expect(covers(blocked, host)).toBe(false))
  test('an empty list covers nothing', () => expect(covers(new Set(), 'bad.example')).toBe(false))
  test('covers a name exactly if it ends in one of the list', () => {
    const label = fc.stringMatching(/^[a-z]{1,3}$/)
    const name = fc.array(label, { minLength: 1, maxLength: 4 }).map((l) => l.join('.'))
    fc.assert(fc.property(fc.uniqueArray(name, { maxLength: 4 }), name, (list, host) => {
      expect(covers(new Set(list), host)).toBe(list.some((b) => host === b || host.endsWith(`.${b}`)))
    }), { seed: 25 })
  })
})

describe('the words of a Flag', () => {
  test.each([
    [{ content: 'Please take a look\nat this' }, 'Please take a look\nat this'], [{ summary: 'report this post' }, 'report this post'], [{ content: 'a', summary: 'b' }, 'a'],
    [{ content: '', summary: 'b' }, 'b'], [{ content: { evil: true }, summary: 7 }, ''], [{}, ''],
    [{ content: '<p>rude</p><script>alert(1)</script><p>and &lt;long&gt;</p>' }, 'rude\n\nand <long>'], [{ content: '<img src=x onerror=alert(1)>' }, ''], [{ content: 'a < b and 1 > 0' }, 'a < b and 1 > 0'],
    [{ content: 'a\u0000b\u0007' }, 'ab'],
  ])('%j', (raw, words) => expect(wordsOf(raw)).toBe(words))
  test('are cut, at characters', () => {
    expect([...wordsOf({ content: '🧵'.repeat(9000) })].length).toBeLessThanOrEqual(5000)
    expect([...wordsOf({ content: `<p>${'x'.repeat(900_000)}</p>` })].length).toBeLessThanOrEqual(5000)
  })
  test('its things are counted once, and not without end', () => {
    expect(subjectsOf(['https://a.example/1', 'https://a.example/1', { id: 'https://a.example/2' }, 7, null, `https://a.example/${'x'.repeat(3000)}`])).toEqual(['https://a.example/1', 'https://a.example/2'])
    expect(subjectsOf(Array.from({ length: 400 }, (_, n) => `https://a.example/${n}`))).toHaveLength(50)
    expect(subjectsOf('https://a.example/1')).toEqual(['https://a.example/1'])
  })
})
