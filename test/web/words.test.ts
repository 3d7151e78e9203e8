import { readdirSync, readFileSync } from 'node:fs'
import { IntlMessageFormat } from 'intl-messageformat'
import { describe, expect, test } from 'vitest'
import { country, date, linkText, machineDate, money, number, percent, relative, shortNumber } from '../../src/web/format.ts'
import { acceptedLanguages, dirOf, isKey, languages, pickLanguage, translator, type Key } from '../../src/web/words.ts'

const en = JSON.parse(readFileSync('locales/en.json', 'utf8')) as Record<string, string>

describe('catalogues', () => {
  test('every message of every language can be read, and asks for no value that English does not give', () => {
    const names = (text: string, lang: string): string[] => {
      const found = new Set<string>()
      const walk = (nodes: unknown): void => {
        if (Array.isArray(nodes)) { nodes.forEach(walk); return }
        if (typeof nodes !== 'object' || nodes === null) return
        const node = nodes as { type?: number; value?: unknown; options?: Record<string, { value: unknown }> }
        if (typeof node.value === 'string' && node.type !== 0 && node.type !== undefined) found.add(node.value)
        for (const option of Object.values(node.options ?? {})) walk(option.value)
      }
      walk(new IntlMessageFormat(text, lang, undefined, { ignoreTag: true }).getAst())
      return [...found].sort()
    }
    for (const file of readdirSync('locales').filter((f) => f.endsWith('.json'))) {
      const lang = file.replace('.json', '')
      for (const [key, text] of Object.entries(JSON.parse(readFileSync(`locales/${file}`, 'utf8')) as Record<string, string>)) {
        const own = names(text, lang), given = names(en[key] ?? '', 'en')
        expect(own.filter((n) => !given.includes(n)), `${file}: ${key}`).toEqual([])
      }
    }
  })
  test('no language lacks a message, or has one too many', () => {
    for (const lang of languages) {
      const own = Object.keys(JSON.parse(readFileSync(`locales/${lang}.json`, 'utf8')) as object)
      expect(own, lang).toEqual(Object.keys(en))
    }
  })
  test('a message that a language lacks is English, plural rules and all', () => {
    for (const lang of languages) expect(translator(lang)('form.errorSummary', { count: 2 }).length).toBeGreaterThan(5)
    const t = translator('ar-XB')
    expect(t('form.errorSummary', { count: 1 })).toBe('There is a problem')
    expect(t('form.errorSummary', { count: 1200 })).toBe('There are 1,200 problems')
  })
  test('what is no key is shown as it is, never an object\'s own', () => {
    expect(translator('en')('nonsense' as Key)).toBe('nonsense')
    expect(isKey('constructor')).toBe(false)
    expect(isKey('nav.talk')).toBe(true)
  })
  test('co-op stays on one line, values are put in as they are', () => {
    expect(translator('en')('page.title', { title: 'A co-op {x} <b>', site: "it's" })).toBe("A co\u2060-\u2060op {x} <b> – it's")
  })
})

describe('languages', () => {
  test.each([
    ['pl, de-AT;q=0.8, en;q=0.5', 'de'], ['pt-BR', 'pt'], ['EN-us', 'en'], ['*', undefined], ['fr;q=0, it', 'it'], ['', undefined], [undefined, undefined], ['x'.repeat(9000), undefined], ['en;q=abc, es', 'es'],
  ])('%s → %s', (header, lang) => expect(pickLanguage(acceptedLanguages(header))).toBe(lang))
  test('directions', () => expect(['en', 'ar', 'ar-XB', 'fa', 'he-IL', 'de'].map(dirOf)).toEqual(['ltr', 'rtl', 'rtl', 'rtl', 'rtl', 'ltr']))
})

describe('formats', () => {
  test('numbers, money, shares', () => {
    expect([number('en', 16e6), number('de', 16e6), shortNumber('en', 16e6), percent('en', 0.02), percent('de', 0.125)]).toEqual(['16,000,000', '16.000.000', '16M', '2%', '12,5\u00a0%'])
    expect([money('en', 15000, 'EUR'), money('en', 0.01, 'GBP'), money('en', 5, 'NOPE')]).toEqual(['€15,000', '£0.01', '5 NOPE'])
    expect(number('ar-XB', 1200)).toBe('1,200')
  })
  test('dates are of the day they name, wherever the server stands', () => {
    expect([date('en', '2026-11-14'), date('de', new Date('2026-11-14T23:30:00Z')), machineDate('2026-11-14'), machineDate('2026')]).toEqual(['14 November 2026', '14. November 2026', '2026-11-14', '2026'])
    const now = new Date('2026-11-22T12:00:00Z')
    expect(['2026-11-22T11:59:30Z', '2026-11-22T09:00:00Z', '2026-11-21T11:00:00Z', '2027-01-30T00:00:00Z', '2020-01-01T00:00:00Z'].map((d) => relative('en', d, now))).toEqual(['now', '3 hours ago', 'yesterday', 'in 2 months', '6 years ago'])
  })
  test('countries and links', () => {
    expect([country('en', 'GB'), country('de', 'GB'), country('en', 'XX'), country('en', 'nonsense')]).toEqual(['United Kingdom', 'Vereinigtes Königreich', 'XX', 'nonsense'])
    expect([linkText('https://www.coop.example/'), linkText('https://coop.example/a/b'), linkText('no link'), linkText('https://xn--caf-dma.example/wiki/Mondrag%C3%B3n'), linkText('https://x.example/%E2%80%AEgpj.exe'), linkText('https://x.example/%ff')])
      .toEqual(['coop.example', 'coop.example/a/b', 'no link', 'xn--caf-dma.example/wiki/Mondragón', 'x.example/%E2%80%AEgpj.exe', 'x.example/%ff'])
  })
})
