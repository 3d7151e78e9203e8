import { raw } from 'hono/html'
import { plainToHtml } from '../kernel/text.ts'

/** Plain text that somebody here has written, as paragraphs with links that vouch for nothing. */
export const Prose = ({ text, lang }: { text: string; lang?: string }) => <div class="prose" lang={lang} dir="auto">{raw(plainToHtml(text, { nofollow: true }))}</div>
