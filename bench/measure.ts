/** CPU seconds of this process for what a client in another process asks of it. Only ratios carry over to another machine. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'

export interface Measured { answered: number; statuses: Record<string, number>; cpu: number; perCpuSecond: number }

export async function measure(port: number, requests: readonly Buffer[], o: { connections?: number; depth?: number; seconds?: number; once?: boolean } = {}): Promise<Measured> {
  const args = [port, o.connections ?? 16, o.depth ?? 4, o.seconds ?? 3].map(String)
  const child = spawn(process.execPath, ['--import', 'tsx', 'bench/client.ts', ...args], { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, ONCE: o.once ? '1' : '' } })
  let out = ''
  child.stdout.on('data', (d) => { out += String(d) })
  child.stdin.end(requests.map((r) => r.toString('base64')).join('\n'))
  const before = process.cpuUsage()
  await once(child, 'exit')
  const used = process.cpuUsage(before)
  const cpu = (used.user + used.system) / 1e6
  const { answered, statuses } = JSON.parse(out) as { answered: number; statuses: Record<string, number> }
  return { answered, statuses, cpu, perCpuSecond: answered / cpu }
}
export const get = (path: string, port: number, headers: Record<string, string> = {}) => Buffer.from([`GET ${path} HTTP/1.1`, `host: 127.0.0.1:${port}`, ...Object.entries(headers).map(([k, v]) => `${k}: ${v}`), '', ''].join('\r\n'))
export const row = (what: string, per: number, floor: number) => console.log(`${what.padEnd(34)} ${Math.round(per).toLocaleString('en').padStart(9)} /cpu-s   ${(per / floor).toFixed(2)} of the floor`)
