/** Inbound: what directories that ours follows say of their collections, and things of our kinds by whom this instance follows. */
import type { Fedi, Inbound } from '../fedi/fedi.ts'
import { idOf, isObject } from '../fedi/json.ts'
import type { Db } from '../store/store.ts'
import { namedIn } from './model.ts'
import type { Peers } from './service.ts'

/** ActivityStreams types under which our kinds travel (WIRE.md section 4); `additionalType` tells them from others. */
const TYPES = ['Event', 'Question', 'Proposal', 'Article']

export function peerWire({ fedi, peers }: { fedi: Fedi; peers: Peers }): void {
  const listed = (type: 'Add' | 'Update' | 'Remove') => async (tx: Db, a: Inbound): Promise<void> => {
    const target = idOf(a.raw.target)
    if (target !== undefined) await peers.heard(tx, { type, directory: a.actor, target, named: namedIn(a.object) })
  }
  fedi.on('Add', listed('Add'))
  fedi.on('Update/Listed', listed('Update'))
  fedi.on('Remove', listed('Remove'))

  const published = async (tx: Db, a: Inbound): Promise<void> => { if (isObject(a.object)) await peers.published(tx, a.actor, a.object) }
  for (const type of TYPES) {
    fedi.on(`Create/${type}`, published)
    fedi.on(`Update/${type}`, published)
  }
  fedi.on('Announce', async (tx, a) => { if (a.objectId !== undefined) await peers.announced(tx, a.actor, a.objectId) })
  fedi.on('Update/Actor', async (tx, a) => { if (isObject(a.object)) await peers.refreshed(tx, a.actor, a.object) })
  fedi.on('Delete', async (tx, a) => { if (a.objectId !== undefined) await peers.deleted(tx, a.actor, a.objectId, a.forServer) })
  fedi.on('Delete/Actor', async (tx, a) => {
    await peers.deleted(tx, a.actor, a.actor)
    await peers.left(tx, a.actor)
  })
  fedi.on('Reject/Follow', (tx, a) => peers.left(tx, a.actor))
}
