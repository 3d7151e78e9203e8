/**
 * What somebody passed on without proof (inbox/forwarded.ts), looked up where it must be true: at its actor's own server. Nothing of
 * what was passed on is believed but that it is worth a look.
 */
import { HOUR } from '../../kernel/time.ts'
import { PutOff } from '../../store/workers.ts'
import type { Hint } from '../inbox/intake.ts'
import { Dropped, stateAtOrigin } from './authority.ts'
import type { Act, Plan, PlanHouse } from './plans.ts'

/**
 * Mastodon answers 404 for a post that was deleted, so its word must count; but any server does so now and then while it is being
 * mended. It counts when it still stands this long after the hint.
 */
const SURE = HOUR

/**
 * @param plan what an activity means, once it is its actor's word
 * @param waited ms since the hint came
 */
export async function hinted(house: PlanHouse, plan: (a: Act) => Promise<Plan>, hint: Hint, waited: number): Promise<Plan> {
  const { sources, remote } = house
  const { id, type, actor, object } = hint

  async function isGone(): Promise<boolean> {
    const state = await stateAtOrigin(sources, object)
    if (state !== 'unknown') return state === 'gone'
    if (object === actor) return false // an actor, with all that it has said, goes by 410 alone
    if (waited < SURE) throw new PutOff(SURE - waited, 'not found; asked again in a while')
    return true
  }

  if (type === 'Delete') {
    if (object === actor && !(await remote.known(actor))) throw new Dropped('a Delete of an actor that is not known here')
    if (!(await isGone())) throw new Dropped('still there, whatever was passed on')
  } else {
    if (!house.wants(type)) throw new Dropped('nobody asks for it')
    if (object !== actor) await remote.get(actor) // rooms want to know who it is
  }
  // With the id of the object alone, a Create or Update is of what its own server has there, and that must be by this actor.
  return plan({ id, type, actor, raw: { id, type, actor, object } })
}
