/** Text that arrives in pieces, as a window that a reader looks into: `text` from `at` on is what has not been read yet. */
export class Feed {
  text = ''
  at = 0
  /** Line (from 1) of the character at `at`; readers that move `at` call `advance` and it follows. */
  line = 1
  ended = false
  private readonly source: AsyncIterator<string>

  constructor(source: AsyncIterable<string>) { this.source = source[Symbol.asyncIterator]() }

  /**
   * Lets more text in behind what is waiting; false when there is none. What has been read is dropped. The wait is doubled
   * each time, so that one huge record costs its length and not its square.
   */
  async more(): Promise<boolean> {
    if (this.ended) return false
    const pieces = [this.text.slice(this.at)]
    const waiting = pieces[0]!.length
    let got = 0
    while (got <= waiting) {
      const next = await this.source.next()
      if (next.done) { this.ended = true; break }
      pieces.push(next.value)
      got += next.value.length
    }
    this.text = pieces.join('')
    this.at = 0
    return got > 0
  }

  /** Moves to `to`, counting the lines passed. */
  advance(to: number): void {
    this.line += linesIn(this.text, this.at, to)
    this.at = to
  }

  /** Gives the source back (closes the file) when reading stops early. */
  async close(): Promise<void> { await this.source.return?.() }
}

/** How many line ends lie in `text` from `from` up to `to`. A lone CR (old Macintosh files) counts too; CRLF is one. */
export function linesIn(text: string, from: number, to: number): number {
  let n = 0
  for (let i = from; i < to; i++) {
    const c = text.charCodeAt(i)
    if (c === 10 || (c === 13 && text.charCodeAt(i + 1) !== 10)) n++
  }
  return n
}
