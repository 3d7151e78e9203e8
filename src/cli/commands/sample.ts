import { commandLine } from '../../accounts/model.ts'
import { fillSample, removeSample } from '../../directory/sample.ts'
import { withHouse } from '../house.ts'
import { one, type Answer, type Io, type Opts } from '../io.ts'

export async function sample(io: Io, o: Opts): Promise<Answer> {
  return withHouse(io, async (house) => {
    if (o.remove === true) {
      const removed = await removeSample(house, commandLine)
      return { json: { removed }, text: removed ? `${one(removed, 'sample')} taken away` : 'there are no samples' }
    }
    const put = await fillSample(house, commandLine)
    return { json: put, text: `${one(put.created, 'invented organisation')} put in; \`toadlane sample --remove\` takes them away. Look at ${house.config.origin}` }
  })
}
