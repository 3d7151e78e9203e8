import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { cleanHtml, escapeHtml, excerpt, linksIn, noNul, plain, plainOf, plainToHtml } from '../../src/kernel/text.ts'

const TAG = /<(\/?)([a-z][a-z0-9]*)((?: [a-z]+="[^"<>]*")*)( \/)?>/g
/** Every `<` of the output belongs to one of these tags with these attributes, and every tag is closed. */
function onlyTags(html: string, tags: string[], attributes: string[]): void {
  const open: string[] = []
  for (const [, close, name = '', attrs = '', empty] of html.matchAll(TAG)) {
    expect(tags).toContain(name)
    for (const [, a] of attrs.matchAll(/ ([a-z]+)="/g)) expect(attributes).toContain(a)
    if (close) expect(open.pop()).toBe(name)
    else if (!empty && name !== 'br') open.push(name)
  }
  expect(open).toEqual([])
  expect(html.replace(TAG, '')).not.toMatch(/[<>]/)
}
const PLAIN: [string[], string[]] = [['p', 'br', 'a'], ['href', 'rel']]
const CLEAN: [string[], string[]] = [['p', 'br', 'a', 'span', 'strong', 'b', 'em', 'i', 'u', 's', 'del', 'code', 'pre', 'blockquote', 'ul', 'ol', 'li'], ['href', 'rel', 'class']]

/** Texts as people and attackers write them: words, addresses, markup, line ends, odd characters. */
const scraps = fc.array(fc.oneof(
  fc.constantFrom('\n', '\n\n', '\r\n', ' ', '  ', '\t', '<', '>', '"', "'", '&', '&lt;', '&#60;', '&amp;lt;', '<b>', '</p>', '<br>', '<script>alert(1)</script>', '<a href="javascript:alert(1)">x</a>',
    'https://coops.example/a?b=1&c=2', 'http://x.example/"><script>', 'HTTPS://COOPS.EXAMPLE', 'www.stocksy.com', 'mail@coops.example', 'mailto:a@b.example', 'javascript:alert(1)', 'data:text/html,x',
    '(https://a.example/b_(c))', 'https://für.example/ß', '@user@host.example', '#coop', 'README.md', '\u2028', '\u202e', '\ud800', '\u0007', '—', 'تعاونية', '🐸'),
  fc.string({ maxLength: 12, unit: 'grapheme' }),
), { maxLength: 14 }).map((a) => a.join('')).map((t) => t.replaceAll('\0', ''))

describe('plain text', () => {
  test('paragraphs, lines and addresses', () => {
    expect(plainToHtml('One & two\r\nthree <b>\n\n\n  four  \n')).toBe('<p>One &amp; two<br>three &lt;b&gt;</p><p>four</p>')
    expect(plainToHtml('See https://coops.example/a?b=1&c=2, or mail us@coops.example.'))
      .toBe('<p>See <a href="https://coops.example/a?b=1&amp;c=2">https://coops.example/a?b=1&amp;c=2</a>, or mail <a href="mailto:us@coops.example">us@coops.example</a>.</p>')
    expect(plainToHtml('www.stocksy.com', { nofollow: true })).toBe('<p><a href="https://www.stocksy.com/" rel="nofollow noopener">www.stocksy.com</a></p>')
    expect(plainToHtml('')).toBe('')
    expect(plainToHtml(' \n\t\n ')).toBe('')
  })
  test('what is no address stays text', () => {
    for (const text of ['README.md', 'javascript:alert(1)', 'data:text/html,x', 'ftp://a.example/b', '//a.example', 'e.g. this', 'file:///etc/passwd']) expect(linksIn(text)).toEqual([])
    expect(linksIn('read https://a.example/README.md').map((l) => l.href)).toEqual(['https://a.example/README.md'])
  })
  test('NUL is refused, at the door and here', () => {
    for (const f of [() => noNul('a\0b', 'name'), () => plainToHtml('a\0b'), () => plain('\0')]) expect(f).toThrow(expect.objectContaining({ code: 'nul-in-text', status: 422 }))
    expect(noNul('a')).toBe('a')
  })
  test('no input becomes a tag', () => {
    fc.assert(fc.property(scraps, (t) => { onlyTags(plainToHtml(t, { nofollow: true }), ...PLAIN) }), { numRuns: 500 })
  })
  test('only web and mail addresses become targets', () => {
    fc.assert(fc.property(scraps, (t) => {
      for (const [, href = ''] of plainToHtml(t).matchAll(/<a[^<>]* href="([^"]*)"/g)) expect(href).toMatch(/^(https?:\/\/|mailto:)/)
    }), { numRuns: 500 })
  })
  test('reading back gives the text, so that linking twice is linking once', () => {
    fc.assert(fc.property(scraps, (t) => {
      expect(plainOf(plainToHtml(t))).toBe(plain(t))
      expect(plainToHtml(plainOf(plainToHtml(t)))).toBe(plainToHtml(t))
      expect(plain(plain(t))).toBe(plain(t))
    }), { numRuns: 500 })
  })
  test('our own HTML passes the cleaner with its text and targets', () => {
    fc.assert(fc.property(scraps, (t) => {
      const html = plainToHtml(t)
      expect(plainOf(cleanHtml(html))).toBe(plainOf(html))
      const targets = (h: string) => [...h.matchAll(/<a[^<>]* href="([^"]*)"/g)].map((m) => m[1])
      expect(targets(cleanHtml(html))).toEqual(targets(html))
    }), { numRuns: 300 })
  })
  test('a long text of addresses takes no long time to read', () => {
    expect(linksIn('a@b.example '.repeat(5000))).toHaveLength(5000)
    for (const text of ['a.'.repeat(50_000), 'http://'.repeat(20_000), '('.repeat(50_000), '@'.repeat(50_000), 'a@'.repeat(50_000)]) expect(plainToHtml(text).length).toBeGreaterThan(0)
  })
})

describe('HTML from outside', () => {
  test('what Mastodon sends comes through', () => {
    const html = '<p><span class="h-card" translate="no"><a href="https://m.example/@x" class="u-url mention" target="_blank">@<span>x</span></a></span> see '
      + '<a href="https://coops.example/a?b&amp;c" rel="nofollow"><span class="invisible">https://</span><span class="ellipsis">coops.example/a</span></a><br>bye</p><ul><li>1</li></ul>'
    expect(cleanHtml(html)).toBe('<p><span class="h-card"><a rel="nofollow noopener noreferrer" href="https://m.example/@x" class="u-url mention">@<span>x</span></a></span> see '
      + '<a rel="nofollow noopener noreferrer" href="https://coops.example/a?b&amp;c"><span class="invisible">https://</span><span class="ellipsis">coops.example/a</span></a><br />bye</p><ul><li>1</li></ul>')
    expect(plainOf(html)).toBe('@x see https://coops.example/a\nbye\n\n1')
  })
  test('headings and divisions become paragraphs, images go', () => {
    expect(cleanHtml('<h1 id="main">A</h1><div onclick="x()">B<img src=x onerror=alert(1) alt="c"></div>')).toBe('<p>A</p><p>B</p>')
    expect(plainOf('<pre>a\n  b</pre><blockquote>c</blockquote>d &lt;b&gt; &amp;amp;')).toBe('a\nb\n\nc\n\nd <b> &amp;')
  })
  const attacks = [
    '<script>alert(1)</script>', '<scr<script>ipt>alert(1)</script>', '<SCRIPT SRC=//evil.example/x.js>', '<img src=x onerror=alert(1)>', '<svg onload=alert(1)>', '<svg><script>alert(1)</script></svg>',
    '<a href="javascript:alert(1)">x</a>', '<a href=" java\tscript:alert(1)">x</a>', '<a href="&#106;avascript:alert(1)">x</a>', '<a href="JaVaScRiPt&colon;alert(1)">x</a>', '<a href="\u0001javascript:alert(1)">x</a>',
    '<a href="data:text/html,<script>alert(1)</script>">x</a>', '<a href="vbscript:x">x</a>', '<a href="//evil.example">x</a>', '<a href="/manage/x">x</a>', '<a href="https:evil">x</a>',
    '<p style="position:fixed;inset:0;background:url(//evil.example)">x</p>', '<iframe src="https://evil.example"></iframe>', '<iframe srcdoc="<script>alert(1)</script>">', '<object data=x>', '<embed src=x>', '<base href="//evil.example">',
    '<meta http-equiv=refresh content="0;url=//evil.example">', '<link rel=stylesheet href=//evil.example>', '<form action=//evil.example><input name=p><button>x</button></form>', '<style>@import "//evil.example"</style>',
    '<p class="card u-url mention button" id="main">x</p>', '<a href="https://x.example" onmouseover=alert(1) target=_top ping=//evil.example>x</a>', '<span class="invisible" style="x" data-x=1>x</span>',
    // mutation XSS: what a second parser would read otherwise
    '<noscript><p title="</noscript><img src=x onerror=alert(1)>">', '<svg></p><style><a id="</style><img src=1 onerror=alert(1)>">', '<math><mi//xlink:href="data:x,<script>alert(4)</script>">',
    '<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>', '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">',
    '<svg><foreignObject><p><style></svg><img src=x onerror=alert(1)>', '<table><td><svg><desc><td><style><a title="</style><img src onerror=alert(1)>">', '<textarea></textarea><img src=x onerror=alert(1)>',
    '<xmp><p title="</xmp><img src=x onerror=alert(1)>">', '<noembed><img title="</noembed><img src onerror=alert(1)>"></noembed>', '<title><a title="</title><img src=x onerror=alert(1)>">', '<plaintext><img src=x onerror=alert(1)>',
    '<!--><img src=x onerror=alert(1)>-->', '<!--x--!><img src=x onerror=alert(1)>', '<![CDATA[><img src=x onerror=alert(1)>]]>', '<?xml ?><img src=x onerror=alert(1)>', '<select><template><img src=x onerror=alert(1)>',
    '<p/onclick=alert(1)>x', '<p\nonclick\n=\nalert(1)>x', '<a href="https://x.example/"onclick="alert(1)">x</a>', "<a href='https://x.example/\"onclick=alert(1)'>x</a>", '<a href=`javascript:alert(1)`>x</a>', '<b <script>alert(1)</script>0',
    '\0<scr\0ipt>alert(1)</scr\0ipt>', '<p title=\'</p><img src=x onerror=alert(1)>\'>', '&lt;img src=x onerror=alert(1)&gt;', '&amp;lt;img src=x onerror=alert(1)&amp;gt;', '<', '<<', '<a', '<a href="', '</', '<!',
  ]
  const harmless = (html: string) => {
    onlyTags(html, ...CLEAN)
    for (const [, href = ''] of html.matchAll(/<a[^<>]* href="([^"]*)"/g)) expect(href).toMatch(/^(https?:\/\/|mailto:)/)
    for (const [, names = ''] of html.matchAll(/<[a-z][^<>]* class="([^"]*)"/g)) expect(names).toMatch(/^((mention|hashtag|u-url|url|h-card|ellipsis|invisible) ?)*$/)
  }
  test.each(attacks)('%j does no harm', (attack) => {
    for (const html of [attack, `<p>a ${attack} b</p>`, `<blockquote>${attack}`]) {
      harmless(cleanHtml(html))
      expect(cleanHtml(cleanHtml(html))).toBe(cleanHtml(html)) // nothing mutates into something else
    }
  })
  test('no mixture of them does', () => {
    fc.assert(fc.property(fc.array(fc.oneof(fc.constantFrom(...attacks), fc.string({ maxLength: 6 })), { maxLength: 5 }).map((a) => a.join('')), (html) => {
      harmless(cleanHtml(html))
      expect(cleanHtml(cleanHtml(html))).toBe(cleanHtml(html))
      expect(escapeHtml(plainOf(html))).not.toMatch(/[<>]/)
    }), { numRuns: 500 })
  })
  test('deep nesting and size stay cheap', () => {
    expect(cleanHtml('<blockquote>'.repeat(100_000) + 'x').match(/<blockquote>/g)!.length).toBeLessThanOrEqual(32)
    expect(cleanHtml('<b><i>x</i></b>'.repeat(20_000))).toHaveLength(300_000)
  })
})

test('an excerpt ends at a word', () => {
  expect(excerpt('A short text', 20)).toBe('A short text')
  expect(excerpt('A text that is too long for its place', 20)).toBe('A text that is too…')
  expect([...excerpt('🐸'.repeat(50), 10)]).toHaveLength(10)
})
