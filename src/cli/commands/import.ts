/** Brings a list in, and says what happened to each row that did not go in. */
import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { commandLine } from '../../accounts/model.ts'
import { directory, type ImportReport, type Trouble } from '../../directory/service.ts'
import { ENCODINGS, type Encoding } from '../../directory/import/encoding.ts'
import { isAddress, openSource, type Source } from '../../directory/import/source.ts'
import { Problem } from '../../kernel/errors.ts'
import { configOf, serverRuns, withHouse } from '../house.ts'
import { fileIn, one, shown, Usage, type Answer, type Io, type Opts } from '../io.ts'
import { progressBar } from '../progress.ts'

/** A server on the same SQLite file gets half of the time. */
const REST_BESIDE_SERVER = 25
/** More faults than this are counted, not listed, on a terminal. */
const TOLD_MAX = 200

export async function importCommand(io: Io, from: string, o: Opts): Promise<Answer> {
  const config = configOf(io)
  const map = typeof o.map === 'string' ? await readMap(io, o.map) : undefined
  const encoding = encodingOf(o.encoding)
  if (o.consent !== undefined && String(o.consent).trim() === '') throw new Usage('--consent needs the basis of the agreement, in words')
  const source = await sourceOf(io, from, config.allowPrivate)
  const stop = stopSignal(io)
  const bar = progressBar(io, o.dryRun ? 'Dry run' : 'Import')
  try {
    return await withHouse(io, async (house) => {
      const rest = await serverRuns(config) ? REST_BESIDE_SERVER : 0
      const tell = teller(io, o.json === true)
      const report = await directory({ ...house, origin: config.origin }).import(commandLine, source, {
        format: o.format as 'auto' | 'toadlane' | 'csv', dryRun: o.dryRun === true, signal: stop.signal, rest, onTrouble: tell,
        ...(typeof o.consent === 'string' ? { consent: o.consent } : {}), ...(map ? { map } : {}), ...(encoding ? { encoding } : {}),
        onProgress: ({ rows, bytes, of }) => bar.at(bytes, of, one(rows, 'row')),
      }).catch((e: unknown) => { throw e instanceof Problem && e.code === 'bad-map' ? new Usage(e.message) : e })
      bar.stop()
      const whole = !report.failed && !report.incomplete && !report.stopped && report.broken === undefined
      return { json: { file: from, ...report }, text: textOf(report, from), code: whole ? 0 as const : 1 as const }
    })
  } finally {
    bar.stop()
    stop.done()
    await source.remove()
  }
}

async function sourceOf(io: Io, from: string, allowPrivate: boolean): Promise<Source> {
  const network = isAddress(from) ? (await import('../network.ts')).networkFor(allowPrivate) : undefined
  try {
    return await openSource(from, { folder: io.folder, input: io.stdin, ...(network ? { network } : {}) })
  } catch (e) {
    throw e instanceof Problem && (e.code === 'not-found' || e.code === 'not-a-file') ? new Usage(e.message) : e
  } finally { await network?.agent.close() }
}

/** Ctrl-C ends the import behind the batch that is being written; a second one ends the command at once. */
function stopSignal(io: Io): { signal: AbortSignal; done(): void } {
  const controller = new AbortController()
  const onSignal = () => {
    if (controller.signal.aborted) process.exit(130)
    io.stderr.write('\nstopping behind this batch …\n')
    controller.abort()
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  return { signal: controller.signal, done() { process.off('SIGINT', onSignal); process.off('SIGTERM', onSignal) } }
}

function lineOf(t: Trouble): string {
  const who = t.subject ? ` (${shown(t.subject)})` : '', field = t.field ? `${shown(t.field)}: ` : ''
  return `line ${t.line}${who}: ${field}${shown(t.reason)}${t.outcome === 'skipped' ? ' – skipped' : ''}`
}

function teller(io: Io, json: boolean): (t: Trouble) => void {
  let told = 0
  const clear = io.stderr.isTTY ? '\r\x1b[K' : '' // over the progress bar
  return (t) => {
    if (json) io.stdout.write(`${JSON.stringify({ problem: t })}\n`)
    else if (++told <= TOLD_MAX || t.end) io.stderr.write(`${clear}${lineOf(t)}\n`)
    else if (told === TOLD_MAX + 1) io.stderr.write(`${clear}… more are counted below; --json lists them all\n`)
  }
}

function textOf(r: ImportReport, from: string): string {
  const s = (n: { created: number; changed: number; unchanged: number; skipped: number; failed: number }) =>
    `${n.created} created, ${n.changed} changed, ${n.unchanged} unchanged, ${n.skipped} skipped, ${n.failed} failed`
  const parts = (['organisation', 'membership', 'lever'] as const).filter((k) => Object.values(r.sections[k]).some(Boolean))
  return [
    ...r.warnings.map((w) => `note: ${shown(w)}`),
    ...(parts.length > 1 ? parts.map((k) => `${`${k}s`.padEnd(14)} ${s(r.sections[k])}`) : []),
    `${r.dryRun ? 'Dry run, nothing was written: ' : ''}${s(r)}`,
    ...(r.incomplete ? ['Part of the file could not be read (see above).'] : []),
    ...(r.broken === undefined ? [] : [`It could not go on: ${shown(r.broken)}.`]),
    ...(r.stopped ? [`Stopped at line ${r.stopped.line}; the same command again goes on from there. (${shown(from)})`] : []),
  ].join('\n')
}

async function readMap(io: Io, name: string): Promise<Record<string, string>> {
  const text = await readFile(fileIn(io, name), 'utf8').catch(() => { throw new Usage(`--map: there is no file ${name} to read`) })
  let value: unknown
  try { value = JSON.parse(text) } catch { throw new Usage(`--map: ${name} is not JSON`) }
  const map = z.record(z.string(), z.string()).safeParse(value)
  if (!map.success) throw new Usage(`--map: ${name} must be one object, {"ourField": "their column", …}`)
  return map.data
}

function encodingOf(text: unknown): Encoding | undefined {
  if (typeof text !== 'string') return undefined
  const found = ENCODINGS.find((e) => e === text.toLowerCase())
  if (!found) throw new Usage(`--encoding is one of ${ENCODINGS.join(', ')}`)
  return found
}
