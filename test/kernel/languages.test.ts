import { expect, test } from 'vitest'
import { directionOf, directionOfText, isLanguageTag, languageTag } from '../../src/kernel/languages.ts'

test('tags are checked and spelt as BCP 47 has it', () => {
  expect(['en', 'EN-gb', 'pt-BR', 'zh-hant-tw', 'sr-latn', 'es-419', 'ca-valencia'].map(languageTag)).toEqual(['en', 'en-GB', 'pt-BR', 'zh-Hant-TW', 'sr-Latn', 'es-419', 'ca-valencia'])
  for (const bad of ['', 'e', 'english language', 'en_GB', 'en-', '-', 'en\0', '../en', 'a'.repeat(36), 'en-x-' + 'a'.repeat(40)]) expect(isLanguageTag(bad)).toBe(false)
})
test('direction comes from the script', () => {
  expect(['ar', 'he', 'fa', 'ur', 'ps', 'sd', 'ug', 'yi', 'dv', 'ckb', 'nqo', 'az-Arab', 'pa-PK', 'ks', 'ff-Adlm'].map(directionOf)).toEqual(Array(15).fill('rtl'))
  expect(['en', 'pl', 'ar-Latn', 'az', 'zh', 'ru', 'pa', 'xx', 'nonsense tag'].map(directionOf)).toEqual(Array(9).fill('ltr'))
})
test('direction of a text is that of its first letter', () => {
  expect(directionOfText('1. — تعاونية')).toBe('rtl')
  expect(directionOfText('שיתופי co-op')).toBe('rtl')
  expect(directionOfText('Co-op תל אביב')).toBe('ltr')
  expect(directionOfText('123 – !')).toBeUndefined()
})
