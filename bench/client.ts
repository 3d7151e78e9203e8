/**
 * A client of raw sockets in a process of its own: writes prepared requests as fast as they are answered, so that what is
 * measured is the server. `node --import tsx bench/client.ts PORT CONNECTIONS PIPELINE SECONDS`, requests on stdin as base64 lines.
 * Prints { answered, statuses } as JSON. A server that closes the connection after its answer is connected to anew.
 */
import { connect, type Socket } from 'node:net'
import { createInterface } from 'node:readline'

const [port, connections, depth, seconds] = process.argv.slice(2).map(Number) as [number, number, number, number]
const requests: Buffer[] = []
for await (const line of createInterface({ input: process.stdin })) requests.push(Buffer.from(line, 'base64'))

let next = 0, answered = 0, over = false
const statuses: Record<string, number> = {}
const once = process.env.ONCE === '1' // each request one time: signed posts
const take = (): Buffer | undefined => (once && next >= requests.length ? undefined : requests[next++ % requests.length])

function run(): Promise<void> {
  return new Promise((done) => {
    let open = 0, text = ''
    const before = answered
    const s: Socket = connect(port, '127.0.0.1')
    const fill = () => {
      while (open < depth && !over) {
        const r = take()
        if (!r) break
        open++
        s.write(r)
      }
      if (open === 0) { s.destroy(); done() }
    }
    s.on('connect', fill)
    s.on('error', () => done())
    s.on('close', () => { if (over || once || answered === before) done(); else void run().then(done) })
    s.setEncoding('latin1')
    s.on('data', (d: string) => {
      text += d
      for (;;) {
        const end = text.indexOf('\r\n\r\n')
        if (end < 0) break
        const head = text.slice(0, end)
        const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0)
        const chunked = /transfer-encoding: chunked/i.test(head)
        let after = end + 4 + length
        if (chunked) { const z = text.indexOf('0\r\n\r\n', end + 4); if (z < 0) break; after = z + 5 }
        if (text.length < after) break
        text = text.slice(after)
        const status = head.slice(9, 12)
        statuses[status] = (statuses[status] ?? 0) + 1
        answered++
        open--
      }
      fill()
    })
  })
}
if (!once) setTimeout(() => { over = true }, seconds * 1000)
await Promise.all(Array.from({ length: connections }, run))
console.log(JSON.stringify({ answered, statuses }))
