/** Where an import comes from: a file, standard input, or an address. Always ends as a file, because it may be read twice. */
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Transform, type Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { request, type Dispatcher } from 'undici'
import { codeOf, Problem } from '../../kernel/errors.ts'
import { MINUTE, SECOND } from '../../kernel/time.ts'

export interface Source {
  /** The file to read. */
  path: string
  /** As the person called it. */
  name: string
  /** Bytes. */
  size: number
  /** Deletes what was made for this import. */
  remove(): Promise<void>
}

/** The largest download, 256 MiB: some hundred thousand organisations. A file on disk may be of any size. */
export const DOWNLOAD_MAX = 256 * 1024 * 1024
const REDIRECTS = 3
const IDLE = 30 * SECOND
const WHOLE = 30 * MINUTE

export interface SourceOptions {
  /** Relative file names are taken from there. */
  folder: string
  /** Standard input, for `-`. */
  input?: NodeJS.ReadableStream
  /** What may be asked of the network: connections to checked addresses only (fedi's guarded agent). */
  network?: { agent: Dispatcher; /** The URL if it may be asked, else it throws. Called for each redirect too. */ check(url: string): URL }
  maxBytes?: number
}

export const isAddress = (text: string): boolean => /^https?:\/\//i.test(text)

/** Problems: `not-found`, `not-a-file`, `unreachable`, `too-large`. */
export async function openSource(text: string, o: SourceOptions): Promise<Source> {
  if (text === '-') return spool('standard input', o.input ?? process.stdin, o.maxBytes ?? Infinity)
  if (isAddress(text)) return download(text, o)
  const file = path.resolve(o.folder, text)
  try {
    const s = await stat(file)
    if (s.isDirectory()) throw new Problem('not-a-file', `${text} is a folder`, { field: 'file' })
    if (!s.isFile()) return spool(text, createReadStream(file), o.maxBytes ?? Infinity) // a pipe, such as <(…)
    return { path: file, name: text, size: s.size, remove: async () => {} }
  } catch (e) {
    if (e instanceof Problem) throw e
    const code = codeOf(e)
    throw new Problem('not-found', code === 'ENOENT' ? `there is no file ${text}` : `${text} cannot be read (${code ?? 'unknown reason'})`, { field: 'file', cause: e })
  }
}

async function spool(name: string, from: NodeJS.ReadableStream, max: number): Promise<Source> {
  const folder = await mkdtemp(path.join(tmpdir(), 'toadlane-import-'))
  const file = path.join(folder, 'file')
  const remove = () => rm(folder, { recursive: true, force: true })
  let size = 0
  const counted = new Transform({
    transform(chunk: Buffer, _, done) {
      size += chunk.length
      if (size > max) done(new Problem('too-large', `${name} is larger than ${Math.round(max / 1024 / 1024)} MiB`, { status: 413 }))
      else done(null, chunk)
    },
  })
  try {
    await pipeline(from, counted, createWriteStream(file, { mode: 0o600 }))
    return { path: file, name, size, remove }
  } catch (e) {
    await remove()
    throw e
  }
}

/** What is not wanted is not read; that it was broken off is no fault. */
function drop(body: Readable): void {
  body.on('error', () => {})
  body.destroy()
}

async function download(text: string, o: SourceOptions): Promise<Source> {
  if (!o.network) throw new Problem('unreachable', 'addresses cannot be read here; download the file first', { field: 'file' })
  const { agent, check } = o.network
  const max = o.maxBytes ?? DOWNLOAD_MAX
  const fail = (reason: string, cause?: unknown) => new Problem('unreachable', `${text}: ${reason}`, { status: 502, field: 'file', cause })
  const whole = AbortSignal.timeout(WHOLE)
  try {
    let url = check(text)
    for (let hop = 0; ; hop++) {
      const r = await request(url, {
        dispatcher: agent, signal: whole, headersTimeout: IDLE, bodyTimeout: IDLE,
        headers: { 'user-agent': 'Toadlane (import)', accept: 'application/json, text/csv, text/plain;q=0.9, */*;q=0.5', 'accept-encoding': 'identity' },
      })
      const location = r.headers.location
      if (r.statusCode >= 300 && r.statusCode < 400 && typeof location === 'string') {
        drop(r.body)
        if (hop >= REDIRECTS) throw fail(`redirects more than ${REDIRECTS} times`)
        url = check(new URL(location, url).href)
        continue
      }
      if (r.statusCode !== 200) {
        drop(r.body)
        throw fail(`answers ${r.statusCode}`)
      }
      if (Number(r.headers['content-length'] ?? 0) > max) {
        drop(r.body)
        throw new Problem('too-large', `${text} is larger than ${Math.round(max / 1024 / 1024)} MiB`, { status: 413 })
      }
      if (r.headers['content-encoding'] && r.headers['content-encoding'] !== 'identity') {
        drop(r.body)
        throw fail('is sent compressed, though that was not asked for')
      }
      return await spool(text, r.body, max)
    }
  } catch (e) {
    if (e instanceof Problem) throw e
    throw fail(e instanceof Error && e.name !== 'Error' && !codeOf(e) ? e.message : (codeOf(e) ?? (e as Error).message), e)
  }
}
