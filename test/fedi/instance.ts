/** Instances in this process: a store, a server on a real socket, workers; and other servers, as strange as one likes. */
import { createServer as netServer } from 'node:net'
import http, { type IncomingMessage, type ServerResponse } from 'node:http'
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { makeFedi } from '../../src/fedi/make.ts'
import type { Fedi, FediOptions, Inbound } from '../../src/fedi/fedi.ts'
import { sha256, signRequest, type SignatureKind } from '../../src/fedi/net/sign.ts'
import { sealer, Secret } from '../../src/kernel/seal.ts'
import { systemClock, type Clock } from '../../src/kernel/time.ts'
import { jobQueue, type Jobs } from '../../src/store/jobs.ts'
import type { Store } from '../../src/store/store.ts'
import { startWorkers, type Workers } from '../../src/store/workers.ts'

export const PUBLIC = 'https://www.w3.org/ns/activitystreams#Public'
const secret = () => sealer(new Secret('a secret of more than thirty-two characters'))

export const freePort = () => new Promise<number>((done) => {
  const s = netServer().listen(0, '127.0.0.1', () => { const { port } = s.address() as { port: number }; s.close(() => done(port)) })
})

export async function until<T>(what: string, look: () => Promise<T | undefined | false | null | 0> | T | undefined | false | null | 0, ms = 15_000): Promise<T> {
  const end = Date.now() + ms
  for (;;) {
    const found = await look()
    if (found) return found
    if (Date.now() > end) throw new Error(`waited ${ms} ms in vain for ${what}`)
    await new Promise((r) => setTimeout(r, 20))
  }
}

export interface Instance { origin: string; host: string; store: Store; jobs: Jobs; fedi: Fedi; app: Hono; inbound: Inbound[]; close(): Promise<void>; stopWorkers(): Promise<void>; startWorkers(): void }

export interface InstanceOptions { store: Store; clock?: Clock; workers?: boolean; listen?: boolean; port?: number; origin?: string; fedi?: Partial<FediOptions>; retryAfter?: number[]; handlers?: string[] }

/** An open directory actor, `coop` and the instance actor are there; `shut` is an unclaimed one. Inbound posts are collected. */
export async function makeInstance(o: InstanceOptions): Promise<Instance> {
  const clock = o.clock ?? systemClock
  const port = o.port ?? await freePort()
  const origin = o.origin ?? `http://127.0.0.1:${port}`
  const jobs = jobQueue(o.store, clock)
  const fedi = makeFedi({ store: o.store, clock, jobs, origin, sealer: secret(), allowPrivate: true, ...o.fedi })
  const inbound: Inbound[] = []
  for (const key of o.handlers ?? ['Create/Note', 'Update/Note', 'Delete', 'Like', 'Announce', 'Delete/Actor', 'Update/Actor', 'Accept/Follow', 'Undo/Follow', 'Follow', 'Undo']) {
    fedi.on(key, async (_tx, a) => { inbound.push(a) })
  }
  await o.store.write(async (tx) => {
    await fedi.actors.put(tx, { handle: fedi.uris.instanceHandle, open: true, owner: 'instance', document: { type: 'Application', name: 'Instance' } })
    await fedi.actors.put(tx, { handle: 'coop', open: true, owner: 'organisation:1', document: { type: 'Organization', name: 'Coop', url: `${origin}/co-ops/coop`, attachment: [] } })
    await fedi.actors.put(tx, { handle: 'shut', open: false, owner: 'organisation:2', document: { type: 'Organization', name: 'Shut' } })
  })
  const app = new Hono()
  app.use(fedi.guard())
  app.route('/', fedi.routes({ humanPage: (id) => id.endsWith('/coop') ? `${origin}/co-ops/coop` : undefined }))
  app.all('*', (c) => c.text('a page', 404))
  const server = o.listen === false ? undefined : serve({ fetch: app.fetch, port, hostname: '127.0.0.1' })
  let workers: Workers | undefined
  const start = () => { workers ??= startWorkers(o.store, jobs, fedi.handlers(), { poll: 50, ...(o.retryAfter ? { retryAfter: o.retryAfter } : {}) }) }
  const stop = async () => { await workers?.stop(2000); workers = undefined }
  if (o.workers !== false) start()
  return {
    origin, host: new URL(origin).host, store: o.store, jobs, fedi, app, inbound, stopWorkers: stop, startWorkers: start,
    async close() {
      await stop()
      await fedi.close()
      await new Promise<void>((done) => { if (server) { server.close(() => done()); (server as http.Server).closeAllConnections() } else done() })
      await o.store.close()
    },
  }
}

export interface Seen { method: string; url: string; headers: IncomingMessage['headers']; body: Buffer }
export interface Remote {
  origin: string
  host: string
  seen: Seen[]
  posts(): Seen[]
  /** Answers before the usual ones; undefined leaves it to them. */
  answer: (r: Seen, res: ServerResponse, req: IncomingMessage) => boolean | void
  documents: Map<string, unknown>
  actor(name: string, o?: ActorOptions): RemoteActorKeys
  close(): Promise<void>
}
export interface ActorOptions { key?: { publicKey: KeyObject; privateKey: KeyObject }; document?: Record<string, unknown>; type?: string; shared?: boolean }
export interface RemoteActorKeys { id: string; keyId: string; key: KeyObject; publicKey: KeyObject; inbox: string }

export const rsa = (bits = 2048) => generateKeyPairSync('rsa', { modulusLength: bits })
/** One pair for all tests: making them takes long. */
const usual = rsa()

/** Another server: documents, actors, and a record of what it was asked. */
export async function makeRemote(o: { port?: number; address?: string } = {}): Promise<Remote> {
  const seen: Seen[] = []
  const documents = new Map<string, unknown>()
  const server = http.createServer((req, res) => {
    const parts: Buffer[] = []
    req.on('data', (d: Buffer) => parts.push(d))
    req.on('end', () => {
      const r: Seen = { method: req.method!, url: req.url!, headers: req.headers, body: Buffer.concat(parts) }
      seen.push(r)
      if (remote.answer(r, res, req)) return
      if (r.method === 'POST') { res.writeHead(202).end(); return }
      const document = documents.get(r.url)
      if (document === undefined) { res.writeHead(404).end(); return }
      res.writeHead(200, { 'content-type': 'application/activity+json' }).end(JSON.stringify(document))
    })
    req.on('error', () => {})
  })
  await new Promise<void>((done) => server.listen(o.port ?? 0, o.address ?? '127.0.0.1', done))
  const { port } = server.address() as { port: number }
  const origin = `http://${o.address ?? '127.0.0.1'}:${port}`
  const remote: Remote = {
    origin, host: new URL(origin).host, seen, documents, answer: () => {},
    posts: () => seen.filter((s) => s.method === 'POST'),
    actor(name, a = {}) {
      const { publicKey, privateKey } = a.key ?? usual
      const id = `${origin}/users/${name}`
      const keyId = `${id}#main-key`
      documents.set(`/users/${name}`, {
        '@context': ['https://www.w3.org/ns/activitystreams', 'https://w3id.org/security/v1'],
        id, type: a.type ?? 'Person', preferredUsername: name, name: `Name of ${name}`, inbox: `${id}/inbox`, url: `${origin}/@${name}`,
        ...(a.shared === false ? {} : { endpoints: { sharedInbox: `${origin}/inbox` } }),
        publicKey: { id: keyId, owner: id, publicKeyPem: String(publicKey.export({ type: 'spki', format: 'pem' })) },
        ...a.document,
      })
      return { id, keyId, key: privateKey, publicKey, inbox: `${id}/inbox` }
    },
    close: () => new Promise((done) => { server.close(() => done()); server.closeAllConnections() }),
  }
  return remote
}

export interface PostOptions { kind?: SignatureKind; date?: Date; headers?: Record<string, string>; keyId?: string; target?: string; omit?: string[] }

/** A signed POST, as another server would send it. */
export async function post(url: string, activity: unknown, by: { keyId: string; key: KeyObject }, o: PostOptions = {}): Promise<Response> {
  const body = typeof activity === 'string' || activity instanceof Uint8Array ? activity : JSON.stringify(activity)
  const signed = await signRequest(o.kind ?? 'cavage', { method: 'POST', url: new URL(o.target ?? url), digest: sha256(body), date: o.date ?? new Date(), keyId: o.keyId ?? by.keyId, key: by.key })
  const headers: Record<string, string> = { 'content-type': 'application/activity+json', ...signed, ...o.headers }
  for (const name of [...(o.omit ?? []), 'host']) delete headers[name]
  return fetch(url, { method: 'POST', body: body as string, headers })
}

/** A signed GET, as another server would send it. */
export async function signedGet(url: string, by: { keyId: string; key: KeyObject }, o: PostOptions = {}): Promise<Response> {
  const signed = signRequest(o.kind ?? 'cavage', { method: 'GET', url: new URL(o.target ?? url), date: o.date ?? new Date(), keyId: o.keyId ?? by.keyId, key: by.key })
  const headers: Record<string, string> = { accept: 'application/activity+json', ...signed, ...o.headers }
  for (const name of [...(o.omit ?? []), 'host']) delete headers[name]
  return fetch(url, { headers, redirect: 'manual' })
}

let n = 0
/** An activity with an id of its own. */
export const activity = (actor: string, type: string, object: unknown, more: Record<string, unknown> = {}) => ({
  '@context': 'https://www.w3.org/ns/activitystreams', id: `${actor}/activities/${++n}`, type, actor, object, ...more,
})
export const note = (actor: string, more: Record<string, unknown> = {}) => ({
  id: `${actor}/notes/${++n}`, type: 'Note', attributedTo: actor, content: '<p>Hello</p>', to: [PUBLIC], published: new Date().toISOString(), ...more,
})
