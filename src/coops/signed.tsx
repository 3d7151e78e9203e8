import { Say, Time } from '../web/components.tsx'
import type { Page } from '../web/page.tsx'
import { byWhom } from './view.ts'

/** Who did it, and when: `A person of this directory, 3 May 2026`. */
export const Signed = ({ page, by, at, minute }: { page: Page; by: string; at: Date; minute?: boolean }) => (
  <Say t={page.t} k="coops.evidence.seen" values={{ who: byWhom(page, by) }} parts={{ date: <Time page={page} at={at} as={minute ? 'minute' : 'day'} /> }} />
)
