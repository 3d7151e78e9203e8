import { Problem } from './errors.ts'

/** A life cycle as a table of allowed moves: state → states it may become. */
export type Moves<S extends string> = Readonly<Record<S, readonly S[]>>

/** Is the move in the table? Staying is none. */
export const mayMove = <S extends string>(moves: Moves<S>, from: S, to: S): boolean => moves[from].includes(to)

/** The new state, or a Problem that says what was allowed. */
export function move<S extends string>(noun: string, moves: Moves<S>, from: S, to: S): S {
  if (mayMove(moves, from, to)) return to
  const may = moves[from].join(', ') || 'nothing'
  throw new Problem('wrong-state', `a ${noun} that is ${from} cannot become ${to} (it may become: ${may})`, { status: 409 })
}
