/**
 * Every word a person reads: flat catalogues of ICU messages (locales/*.json), keys typed from the English one.
 * A message that a language lacks is shown in English.
 */
import { IntlMessageFormat } from 'intl-messageformat'
import en from '../../locales/en.json' with { type: 'json' }
import es from '../../locales/es.json' with { type: 'json' }
import fr from '../../locales/fr.json' with { type: 'json' }
import de from '../../locales/de.json' with { type: 'json' }
import pt from '../../locales/pt.json' with { type: 'json' }
import it from '../../locales/it.json' with { type: 'json' }

export type Key = keyof typeof en
export type Values = Record<string, string | number | Date>
export type T = (key: Key, values?: Values) => string

type Catalogue = Readonly<Record<string, string>>
const catalogues: Readonly<Record<string, Catalogue>> = { en, es, fr, de, pt, it }

/** The languages people may choose, in the order in which they are offered. */
export const languages = Object.keys(catalogues)

/** Chromium's name for "English words, laid out from right to left": only where tests ask for it. */
export const PSEUDO_RTL = 'ar-XB'

/** Is it a message of ours? Guards what comes back in from a cookie or from a code. */
export const isKey = (text: string): text is Key => Object.hasOwn(en, text)

export const dirOf = (lang: string): 'ltr' | 'rtl' => (/^(ar|fa|he|ur|ps|sd|yi|dv)\b/.test(lang) ? 'rtl' : 'ltr')

const compiled = new Map<string, IntlMessageFormat | string>()
function message(lang: string, key: Key): IntlMessageFormat | string {
  const at = `${lang}\n${key}`
  const known = compiled.get(at)
  if (known !== undefined) return known
  const own = catalogues[lang]?.[key]
  const text = own ?? en[key]
  const made = /[{']/.test(text) ? new IntlMessageFormat(text, own === undefined ? 'en' : lang, undefined, { ignoreTag: true }) : text
  compiled.set(at, made)
  return made
}

/** Keep "co-op" on one line: word joiners around its hyphen. */
const joinCoop = (text: string): string => (text.includes('-op') ? text.replace(/\b(co)-(op)/gi, '$1\u2060-\u2060$2') : text)

/** The translator for a language. A key that is in no catalogue (only possible from untyped code) is shown as it is. */
export const translator = (lang: string): T => (key, values) => {
  if (!isKey(key)) return key
  const m = message(lang, key)
  return joinCoop(typeof m === 'string' ? m : String(m.format(values)))
}

/**
 * The first language of the list that we have; `de-AT` is content with `de`. `wanted`: tags as in Accept-Language, best first.
 */
export function pickLanguage(wanted: readonly string[], offered: readonly string[] = languages): string | undefined {
  for (const tag of wanted) {
    const exact = offered.find((l) => l.toLowerCase() === tag.toLowerCase())
    if (exact) return exact
    const base = tag.split('-')[0]!.toLowerCase()
    if (offered.includes(base)) return base
  }
  return undefined
}

/** Tags of an Accept-Language header, best first; `*` and `q=0` are left out (RFC 9110, 12.5.4). */
export function acceptedLanguages(header: string | undefined): string[] {
  return (header ?? '').slice(0, 500).split(',').map((part) => {
    const [tag = '', ...parameters] = part.trim().split(/\s*;\s*/)
    const q = parameters.find((p) => p.startsWith('q='))
    return { tag, q: q ? Number(q.slice(2)) : 1 }
  }).filter((x) => /^[a-z]{1,8}(-[a-z0-9]{1,8})*$/i.test(x.tag) && x.q > 0).sort((a, b) => b.q - a.q).map((x) => x.tag)
}
