/** Language tags (BCP 47, RFC 5646) and the direction of writing. */

/** Scripts that are written from right to left (Unicode, ISO 15924 names). */
const RTL_SCRIPTS = new Set(['Adlm', 'Arab', 'Aran', 'Hebr', 'Mand', 'Mend', 'Nkoo', 'Rohg', 'Samr', 'Syrc', 'Thaa', 'Yezi'])
const RTL_LETTER = /^[\p{Script=Adlam}\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Mandaic}\p{Script=Mende_Kikakui}\p{Script=Nko}\p{Script=Hanifi_Rohingya}\p{Script=Samaritan}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Yezidi}]/u

export type Direction = 'ltr' | 'rtl'

/** The tag in canonical spelling (`EN-gb` → `en-GB`), or undefined when it is not a well-formed BCP 47 tag. At most 35 characters. */
export function languageTag(text: string): string | undefined {
  if (text.length > 35) return undefined
  try { return Intl.getCanonicalLocales(text)[0] } catch { return undefined }
}

/** Is this a well-formed BCP 47 tag? Whether the language exists is not looked at. */
export const isLanguageTag = (text: string): boolean => languageTag(text) !== undefined

/** How a language is written, by its script subtag or its usual script. What is unknown is left to right. */
export function directionOf(tag: string): Direction {
  const known = languageTag(tag)
  const script = known === undefined ? undefined : new Intl.Locale(known).maximize().script
  return script !== undefined && RTL_SCRIPTS.has(script) ? 'rtl' : 'ltr'
}

/** The direction of a text by its first letter, as `dir="auto"` has it; undefined where it has no letter. */
export function directionOfText(text: string): Direction | undefined {
  const letter = /\p{L}/u.exec(text)?.[0]
  return letter === undefined ? undefined : RTL_LETTER.test(letter) ? 'rtl' : 'ltr'
}
