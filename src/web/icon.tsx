import { raw } from 'hono/html'
import { icons, type IconName } from './icons.ts'

export type { IconName } from './icons.ts'

/** A drawing beside a word; with `label` it stands for itself. */
export const Icon = ({ name, label }: { name: IconName; label?: string }) => (
  <svg class="ico" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-linecap="round" stroke-linejoin="round"
    role={label ? 'img' : undefined} aria-label={label} aria-hidden={label ? undefined : 'true'}>{raw(icons[name])}</svg>
)
