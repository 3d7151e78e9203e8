/** A bar on a terminal, nothing on a pipe. */
import { Presets, SingleBar } from 'cli-progress'
import type { Io } from './io.ts'

export interface Bar { at(done: number, of: number, text: string): void; stop(): void }

export function progressBar(io: Io, what: string): Bar {
  if (!io.stderr.isTTY) return { at() {}, stop() {} }
  const bar = new SingleBar({
    stream: io.stderr, format: `${what} {bar} {percentage} % · {text}`, hideCursor: true, clearOnComplete: true, stopOnComplete: false, etaBuffer: 50, fps: 8,
  }, Presets.shades_classic)
  let started = false
  return {
    at(done, of, text) {
      if (!started) bar.start(of, 0, { text })
      started = true
      if (bar.getTotal() !== of) bar.setTotal(of)
      bar.update(Math.min(done, of), { text })
    },
    stop() { if (started) bar.stop() },
  }
}
