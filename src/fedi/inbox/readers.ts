/** Who asks for a document: the actor whose signature a GET bears, checked as one on a post is, with the same keys and budgets. */
import type { Clock } from '../../kernel/time.ts'
import type { Rate } from '../fedi.ts'
import { originOf } from '../json.ts'
import { bareHost } from '../net/address.ts'
import type { Uris } from '../uris.ts'
import { budget } from './budget.ts'
import { Refusal } from './refusal.ts'
import { forHost, readSignature } from './signature.ts'
import type { Verifier } from './verify.ts'

export interface ReadersHouse {
  uris: Uris
  clock: Clock
  verifier: Verifier
  isBlocked(host: string): boolean
  /** Signed requests of one client address that are refused, after which none is looked at for a while. */
  refusals?: Rate
}

const REFUSALS: Rate = { burst: 300, perMinute: 120 }
/** Key ids as a request names them, before anything of it is checked. */
const KEY_ID = /\bkeyid="([^"]{1,2048})"/gi

export function readersBySignature(house: ReadersHouse) {
  const { uris, clock, verifier } = house
  const refusals = budget(clock, house.refusals ?? REFUSALS)
  /** One request may be looked at by several: by the guard, and by what serves the document. */
  const looked = new WeakMap<Request, Promise<string>>()

  async function look(request: Request, source: string | undefined): Promise<string> {
    const headers = forHost(request.headers, uris.host)
    const signature = readSignature(headers, clock.now(), 'GET')
    if (source !== undefined && refusals.spent(source)) throw new Refusal(429, 'too many refused requests', { retryAfter: 60 })
    try {
      const origin = originOf(signature.keyId)
      if (origin === undefined || origin === uris.origin) throw new Refusal(401, 'the key is of no other server')
      if (house.isBlocked(bareHost(new URL(origin)))) throw new Refusal(403, 'a blocked server')
      const { pathname, search } = new URL(request.url)
      const posted = { method: request.method, url: new URL(pathname + search, uris.origin), headers, all: headers.all }
      const owner = await verifier.ownerOf(signature.keyId, source)
      const actor = await verifier.verify({ signature, actor: owner, posted, source, farewell: false })
      if (originOf(actor.id) !== origin) throw new Refusal(401, 'the key is of another server than its actor')
      return actor.id
    } catch (e) {
      if (source !== undefined && e instanceof Refusal && e.status !== 429) refusals.take(source)
      throw e
    }
  }

  return {
    /** Id of the actor. Throws a Refusal: 401 unsigned or not held, 403 of a blocked server, 429 too much of it. */
    of(request: Request, source: string | undefined): Promise<string> {
      let found = looked.get(request)
      if (!found) looked.set(request, (found = look(request, source)))
      return found
    },
    /** Does it name a key on a blocked server? Then nobody asks whether that is so. */
    areBlocked(headers: Headers): boolean {
      const text = `${headers.get('signature') ?? ''} ${headers.get('signature-input') ?? ''}`
      if (text === ' ') return false
      return [...text.matchAll(KEY_ID)].some(([, id]) => URL.canParse(id!) && house.isBlocked(bareHost(new URL(id!))))
    },
  }
}
export type Readers = ReturnType<typeof readersBySignature>
