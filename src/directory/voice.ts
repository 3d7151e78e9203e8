/** The directory's own voice: what its collections list, what its peers and its readers are told. One face for the rest of the house. */
import type { Change } from '../coops/service.ts'
import type { Fedi } from '../fedi/fedi.ts'
import type { Clock } from '../kernel/time.ts'
import type { Jobs } from '../store/jobs.ts'
import type { Db, Store } from '../store/store.ts'
import type { JobHandler } from '../store/workers.ts'
import { translator } from '../web/words.ts'
import { collectionRoutes } from './collections.ts'
import { items as makeItems, TELL } from './items.ts'
import { NEWS, newsroom, type NewsHouse } from './news.ts'
import { isSample } from './sample.ts'
import { recognise } from './recognised.ts'
import { telling } from './tell.ts'

export interface VoiceHouse extends Pick<NewsHouse, 'talk' | 'organisation'> {
  store: Store
  clock: Clock
  jobs: Jobs
  fedi: Fedi
  /** The instance's own language, in which it speaks. Default English. */
  lang?: string
}

export function directoryVoice(house: VoiceHouse) {
  const { store, clock, jobs, fedi, lang = 'en' } = house
  const items = makeItems({ store, clock, jobs, uris: fedi.uris })
  const news = newsroom({ ...house, language: { lang, t: translator(lang) } })

  return {
    /** For rooms that have things to list: `put` in the transaction of each change of what is listed, `drop` when it is listed no more. */
    items: { put: items.put, drop: items.drop, page: items.page, count: items.count },
    /** For rooms that publish things which people who follow the directory should hear of: once each. */
    news: { announce: news.announce, withdraw: news.withdraw },

    /** CoopsHouse.onChange. Runs for each row of an import, so that it costs little where nothing is to be told. */
    async changed(tx: Db, c: Change): Promise<void> {
      const id = fedi.uris.actor(c.handle)
      if (c.what !== 'gone' && c.status === 'listed' && !isSample(c)) await items.put(tx, { id, collection: 'members' })
      else if (c.what !== 'created') await items.drop(tx, id)
      await news.changed(tx, c)
    },

    /** At the start. */
    async begin(): Promise<void> {
      await items.fill()
      await recognise(store)
    },
    /** Now and then. */
    async tidy(): Promise<void> {
      await items.tend()
      await news.tend()
    },
    handlers: (): Record<string, JobHandler> => ({ [TELL]: telling({ store, fedi, items }), [NEWS]: news.handler() }),
    routes: () => collectionRoutes({ items, uris: fedi.uris }),
  }
}
export type DirectoryVoice = ReturnType<typeof directoryVoice>
