import { html, raw } from 'hono/html'
import { icons, type IconName } from './icons.ts'

export type { IconName } from './icons.ts'

const FRAME = 'class="ico" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-linecap="round" stroke-linejoin="round"'
/** A list shows a hundred of them: drawn once each. */
const silent = Object.fromEntries(Object.entries(icons).map(([name, inner]) => [name, raw(`<svg ${FRAME} aria-hidden="true">${inner}</svg>`)])) as Record<IconName, ReturnType<typeof raw>>

/** A drawing beside a word; with `label` it stands for itself. */
export const Icon = ({ name, label }: { name: IconName; label?: string }) =>
  label === undefined ? silent[name] : html`<svg ${raw(FRAME)} role="img" aria-label="${label}">${raw(icons[name])}</svg>`
