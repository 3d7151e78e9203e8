/** Form fields: label, hint, error and control belong together for the eye and for a screen reader. */
import type { PropsWithChildren } from 'hono/jsx'
import type { Problem } from '../kernel/errors.ts'
import { Icon } from './icon.tsx'
import { problemAt, problemText, type FormValues } from './forms.ts'
import type { Page } from './context.ts'

const idOf = (name: string): string => `f-${name.replace(/[^\w-]+/g, '-')}`
const first = (v: string | string[] | undefined): string | undefined => (Array.isArray(v) ? v[0] : v)
const all = (v: string | string[] | undefined): string[] => (v === undefined ? [] : Array.isArray(v) ? v : [v])

interface Common {
  page: Page
  name: string
  label: string
  hint?: string
  /** The refusal of this submission, if any: the field shows its own part of it. */
  problem?: Problem
  /** What was typed, or what is stored; after an error the former. */
  values?: FormValues
}

interface Wiring { id: string; error?: string; describedby?: string }
function wire(p: Common): Wiring {
  const id = idOf(p.name)
  const own = problemAt(p.problem, p.name)
  const error = own && problemText(p.page, own)
  const describedby = [p.hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(' ') || undefined
  return { id, error, describedby }
}
const About = ({ w, hint, page }: { w: Wiring; hint?: string; page: Page }) => (
  <>
    {hint ? <span class="hint" id={`${w.id}-hint`}>{hint}</span> : null}
    {w.error ? <span class="error" id={`${w.id}-error`}><Icon name="triangle-alert" /><span><span class="vh">{page.t('form.errorPrefix')} </span>{w.error}</span></span> : null}
  </>
)
const Label = ({ p, w, required }: { p: Common; w: Wiring; required?: boolean }) => (
  <label for={w.id}>{p.label}{required === false ? <span class="optional"> {p.page.t('form.optional')}</span> : null}</label>
)

export type FieldProps = Common & {
  type?: 'text' | 'email' | 'password' | 'url' | 'search' | 'tel' | 'number' | 'date' | 'area'
  /** `false` writes "(optional)" after the label; nothing is marked with a star. */
  required?: boolean
  autocomplete?: string
  inputmode?: 'text' | 'numeric' | 'decimal' | 'email' | 'url' | 'search'
  maxlength?: number
  rows?: number
  placeholder?: string
  /** Language of what is typed, when it is not the page's. */
  lang?: string
}

/** One line or (`type: 'area'`) several. Browsers' own checking is off: the server says what is wrong, once, in words. */
export const Field = (p: FieldProps) => {
  const w = wire(p)
  const value = first(p.values?.[p.name])
  const common = {
    id: w.id, name: p.name, autocomplete: p.autocomplete, maxlength: p.maxlength, placeholder: p.placeholder, lang: p.lang,
    'aria-describedby': w.describedby, 'aria-invalid': w.error ? ('true' as const) : undefined, 'aria-required': p.required ? ('true' as const) : undefined,
  }
  return (
    <div class={w.error ? 'field wrong' : 'field'}>
      <Label p={p} w={w} required={p.required} />
      <About w={w} hint={p.hint} page={p.page} />
      {p.type === 'area'
        ? <textarea {...common} rows={p.rows ?? 5}>{`\n${value ?? ''}`}</textarea>
        : <input {...common} type={p.type === 'number' ? 'text' : p.type ?? 'text'} inputmode={p.inputmode ?? (p.type === 'number' ? 'decimal' : undefined)}
          value={p.type === 'password' ? undefined : value} dir={p.type === 'url' || p.type === 'email' ? 'ltr' : undefined} />}
    </div>
  )
}

export interface Option { value: string; label: string; hint?: string }

/** A drop-down: for long lists only (countries). `empty` is the label of "nothing chosen". */
export const Select = (p: Common & { options: readonly Option[]; empty?: string; required?: boolean }) => {
  const w = wire(p)
  const value = first(p.values?.[p.name])
  return (
    <div class={w.error ? 'field wrong' : 'field'}>
      <Label p={p} w={w} required={p.required} />
      <About w={w} hint={p.hint} page={p.page} />
      <select id={w.id} name={p.name} aria-describedby={w.describedby} aria-invalid={w.error ? 'true' : undefined}>
        {p.empty === undefined ? null : <option value="">{p.empty}</option>}
        {p.options.map((o) => <option value={o.value} selected={o.value === value}>{o.label}</option>)}
      </select>
    </div>
  )
}

/** Radio buttons, or check boxes with `many`. Nothing is ticked that nobody has ticked. */
export const Choices = (p: Common & { options: readonly Option[]; many?: boolean }) => {
  const w = wire(p)
  const chosen = all(p.values?.[p.name])
  return (
    <fieldset class={w.error ? 'field wrong' : 'field'} aria-describedby={w.describedby}>
      <legend>{p.label}</legend>
      <About w={w} hint={p.hint} page={p.page} />
      {p.options.map((o, n) => (
        <label class="check">
          <input type={p.many ? 'checkbox' : 'radio'} id={n ? undefined : w.id} name={p.name} value={o.value} checked={chosen.includes(o.value)} />
          <span>{o.label}{o.hint ? <span class="hint">{o.hint}</span> : null}</span>
        </label>
      ))}
    </fieldset>
  )
}

/** One box that is ticked or not; `value` is what a ticked one sends. */
export const Checkbox = (p: Common & { value?: string }) => {
  const w = wire(p)
  const value = p.value ?? 'yes'
  return (
    <div class={w.error ? 'field wrong' : 'field'}>
      <label class="check" for={w.id}>
        <input type="checkbox" id={w.id} name={p.name} value={value} checked={all(p.values?.[p.name]).includes(value)} aria-describedby={w.describedby} />
        <span>{p.label}</span>
      </label>
      <About w={w} hint={p.hint} page={p.page} />
    </div>
  )
}

/**
 * What went wrong, on top of the form, each line a link to its field. It takes the focus when the page opens (no script:
 * `autofocus` works on anything that can have the focus), so that nobody has to look for it.
 */
export const ErrorSummary = ({ page, problem, labels = {}, children }: PropsWithChildren<{ page: Page; problem?: Problem; /** Field name → its label, which is put in front. */ labels?: Readonly<Record<string, string>> }>) => {
  if (!problem) return null
  const all = [problem, ...problem.others]
  const say = (x: Problem): string => {
    const label = x.field === undefined ? undefined : labels[x.field]
    return label === undefined ? problemText(page, x) : page.t('form.fieldProblem', { label, problem: problemText(page, x) })
  }
  return (
    <div class="errors" role="alert" tabindex={-1} autofocus aria-labelledby="errors">
      <h2 id="errors">{page.t('form.errorSummary', { count: all.length })}</h2>
      <ul>{all.map((x) => <li>{x.field ? <a href={`#${idOf(x.field)}`}>{say(x)}</a> : say(x)}</li>)}</ul>
      {children}
    </div>
  )
}
