/**
 * Public handles of accounts: chosen, changed, given up. Each call is one transaction of row, actor, deliveries and audit. The
 * audit log says that an account did it, not which handle it was: whose handle it is, is nobody's business (WIRE.md 1.5).
 */
import type { Fedi } from '../fedi/fedi.ts'
import { PUBLIC } from '../fedi/terms.ts'
import { Problem, problemsOf } from '../kernel/errors.ts'
import { isHandle } from '../kernel/ids.ts'
import type { Clock } from '../kernel/time.ts'
import { record } from '../store/audit.ts'
import type { Db, Store } from '../store/store.ts'
import { personDocument, type PersonDocumentOptions } from './document.ts'
import { allow, newPersonInput, personInput, type Person, type Who } from './model.ts'
import type { AccountStore } from './store.ts'

export interface PersonsHouse {
  store: Store
  clock: Clock
  fedi: Pick<Fedi, 'origin' | 'handleHost' | 'uris' | 'documents' | 'actors' | 'publish' | 'followersCount'>
  icon?: PersonDocumentOptions['icon']
  /** Names that rooms above have given already, besides those that fedi knows (a listing that nobody has seen yet). Asked inside the transaction. */
  isTaken?: (handle: string) => Promise<boolean>
  /** In the transaction in which a person goes, while their actor can still speak: what they have said goes too. */
  onGone?: (tx: Db, person: Person) => Promise<void>
  /** In the transaction in which a person takes another name: what they have said says so too. */
  onRenamed?: (tx: Db, person: Person) => Promise<void>
}

export function persons(house: PersonsHouse, data: AccountStore) {
  const { store, clock, fedi } = house
  const document = (p: Person) => personDocument(p, { origin: fedi.origin, ...(house.icon ? { icon: house.icon } : {}) })
  const put = (tx: Db, p: Person) => fedi.actors.put(tx, { handle: p.handle, open: true, owner: `person:${p.userId}`, document: document(p) })

  /** Always for oneself: nobody speaks as somebody else. */
  function self(who: Who | undefined): { who: Who; userId: string } {
    allow(who, 'person.speak')
    if (who.userId === undefined) throw new Problem('sign-in-needed', 'only a person can choose a public handle', { status: 401 })
    return { who, userId: who.userId }
  }
  async function expect(tx: Db, userId: string): Promise<Person> {
    const person = await data.personOf(tx, userId)
    if (!person) throw new Problem('no-handle', 'this account has no public handle', { status: 404 })
    return person
  }

  /** The actor leaves a Tombstone and its followers a Delete; the handle is never given again. */
  async function bury(tx: Db, person: Person): Promise<void> {
    await house.onGone?.(tx, person)
    await fedi.actors.bury(tx, person.handle)
    await data.removePerson(tx, person.userId)
  }

  return {
    /** A handle for this account, once. Problems: `invalid` (422), `handle-taken` (409, names the field), `has-handle` (409). */
    async takeHandle(asker: Who | undefined, input: unknown): Promise<Person> {
      const { who, userId } = self(asker)
      const checked = newPersonInput.safeParse(input)
      if (!checked.success) throw problemsOf(checked.error)
      const taken = new Problem('handle-taken', `the handle ${checked.data.handle} is taken; handles are never given again`, { status: 409, field: 'handle' })
      return store.write(async (tx) => {
        if (await data.personOf(tx, userId)) throw new Problem('has-handle', 'this account has a public handle already', { status: 409, field: 'handle' })
        if (await house.isTaken?.(checked.data.handle)) throw taken // in here, or somebody could take it between the question and the answer
        const person: Person = { userId, ...checked.data, since: clock.now() }
        await put(tx, person) // refuses what was ever given
        if (!await data.addPerson(tx, person)) throw taken
        await record(store, tx, clock, { by: who.by, action: 'person.take', subject: `user:${userId}` })
        return person
      })
    },

    /** The same again changes nothing; else followers get an Update. Problems: `invalid` (422), `no-handle` (404). */
    async changePerson(asker: Who | undefined, input: unknown): Promise<{ person: Person; changed: boolean }> {
      const { who, userId } = self(asker)
      const checked = personInput.safeParse(input)
      if (!checked.success) throw problemsOf(checked.error)
      return store.write(async (tx) => {
        const old = await expect(tx, userId)
        const person: Person = { ...old, ...checked.data }
        const { changed } = await put(tx, person)
        if (!changed) return { person, changed }
        await data.changePerson(tx, userId, checked.data)
        if (person.name !== old.name) await house.onRenamed?.(tx, person)
        if (await fedi.followersCount(person.handle)) {
          const id = fedi.uris.actor(person.handle)
          const stored = await fedi.documents.get(id)
          await fedi.publish(tx, {
            actor: person.handle, to: 'followers', inOutbox: false,
            activity: { type: 'Update', to: [PUBLIC], cc: [fedi.uris.followers(person.handle)], object: stored ? JSON.parse(stored.json) as object : id },
          })
        }
        await record(store, tx, clock, { by: who.by, action: 'person.change', subject: `user:${userId}`, after: { discoverable: person.discoverable } })
        return { person, changed }
      })
    },

    /** Gives the handle up for good, and with it what was said under it. Problem `no-handle` (404). */
    async dropPerson(asker: Who | undefined): Promise<void> {
      const { who, userId } = self(asker)
      await store.write(async (tx) => {
        const person = await expect(tx, userId)
        await bury(tx, person)
        await record(store, tx, clock, { by: who.by, action: 'person.drop', subject: `user:${userId}` })
      })
    },

    /** The account goes: its actor with it, in the same transaction. */
    async farewell(tx: Db, userId: string): Promise<void> {
      const person = await data.personOf(tx, userId)
      if (person) await bury(tx, person)
    },

    async person(handle: string): Promise<Person | undefined> { return isHandle(handle) ? data.person(store.read, handle) : undefined },
    /** Who speaks under the handle, for talk. */
    async speaker(handle: string): Promise<{ kind: 'person'; id: null; userId: string; handle: string; name: string; open: true } | undefined> {
      const p = isHandle(handle) ? await data.person(store.read, handle) : undefined
      return p && { kind: 'person', id: null, userId: p.userId, handle, name: p.name, open: true }
    },
    personOf: (userId: string): Promise<Person | undefined> => data.personOf(store.read, userId),
    /** Was it a person's, who gave it up? Then its page answers 410. */
    async wasPerson(handle: string): Promise<boolean> {
      const actor = isHandle(handle) ? await fedi.actors.find(handle) : undefined
      return actor !== undefined && actor.gone && actor.owner.startsWith('person:')
    },
    countPersons: (): Promise<number> => data.countPersons(store.read),
    /** ActivityPub id, and the address that one follows. */
    personUri: (handle: string): string => fedi.uris.actor(handle),
    personAddress: (handle: string): string => `@${handle}@${fedi.handleHost}`,
  }
}
export type Persons = ReturnType<typeof persons>
