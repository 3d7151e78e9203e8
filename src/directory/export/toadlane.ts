/** Writes the format toadlane/1: a record a line, so that line numbers in an import's report say something. */
import { present, type ExportSource } from './model.ts'

export async function* toadlaneText(source: ExportSource): AsyncGenerator<string> {
  yield `{\n"format": "toadlane/1",\n"from": ${JSON.stringify(source.origin)},\n"exported": ${JSON.stringify(source.now().toISOString())},\n`
  const federations = new Set<string>()
  yield* list('organisations', records())
  yield ',\n'
  yield* list('memberships', memberships())
  yield ',\n'
  yield* list('levers', source.levers())
  yield '\n}\n'

  async function* records(): AsyncGenerator<object> {
    for await (const { handle, profile, figures, standing } of source.organisations()) {
      if (profile.kind === 'federation') federations.add(handle)
      yield { handle, ...present({ ...profile, figures: figures.map(present) }), standing }
    }
  }
  async function* memberships(): AsyncGenerator<object> {
    for await (const o of source.organisations()) {
      for (const m of o.memberships) if (federations.has(m.federation)) yield present(m)
    }
  }
}

async function* list(name: string, records: AsyncIterable<object>): AsyncGenerator<string> {
  yield `${JSON.stringify(name)}: [`
  let first = true
  for await (const record of records) {
    yield `${first ? '' : ','}\n${JSON.stringify(record)}`
    first = false
  }
  yield first ? ']' : '\n]'
}

