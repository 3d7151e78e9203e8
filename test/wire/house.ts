import { makeHouse, root } from '../../src/app.ts'
import { readConfig } from '../../src/config.ts'
import type { Instance } from './instances.ts'

/** The house of a stopped instance, in this process: for filling its queue while nobody delivers. */
export const openHouse = (i: Instance) => makeHouse(readConfig(i.env, root))
