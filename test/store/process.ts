/** Runs TypeScript in a process of its own, with this project's Node: for kill -9 and for two processes on one database. */
import { spawn, type ChildProcess } from 'node:child_process'
import path from 'node:path'
import { onTestFinished } from 'vitest'

export interface Other { process: ChildProcess; lines: string[]; said(text: string): Promise<void>; ended: Promise<{ code: number | null; signal: string | null; stderr: string }> }

export function run(script: string, ...args: string[]): Other {
  const child = spawn(process.execPath, ['--import', 'tsx', path.join(import.meta.dirname, script), ...args], { stdio: ['pipe', 'pipe', 'pipe'] })
  onTestFinished(() => { child.kill('SIGKILL') }) // also when the test has failed
  const lines: string[] = []
  let rest = '', stderr = ''
  const waiting = new Set<() => void>()
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const parts = (rest + text).split('\n')
    rest = parts.pop()!
    lines.push(...parts)
    for (const f of waiting) f()
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => { stderr += text })
  const ended = new Promise<{ code: number | null; signal: string | null; stderr: string }>((done) => { child.on('close', (code, signal) => done({ code, signal, stderr })) })
  return {
    process: child, lines, ended,
    said: (text) => new Promise((done, fail) => {
      const look = () => { if (lines.some((l) => l.includes(text))) { waiting.delete(look); done() } }
      waiting.add(look)
      look()
      void ended.then((e) => fail(new Error(`ended (${e.code ?? e.signal}) before it said "${text}": ${e.stderr}`)))
    }),
  }
}
