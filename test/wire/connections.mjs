/** Loaded in front of a program (`node --import`): writes each host that it connects to into the file CONNECTIONS, a line each. */
import { appendFileSync } from 'node:fs'
import { Socket } from 'node:net'

const connect = Socket.prototype.connect
Socket.prototype.connect = function (...given) {
  const [o] = Array.isArray(given[0]) ? given[0] : given
  const to = typeof o === 'object' && o !== null ? `${o.host ?? o.path ?? 'localhost'} ${o.port ?? ''}` : String(o)
  appendFileSync(process.env.CONNECTIONS, `${to}\n`)
  return connect.apply(this, given)
}
