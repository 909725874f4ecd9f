import { type Connection, echo, type HoldfastServer } from '@holdfast/server'
import type { Seen } from './lab.ts'

type Writable<T> = { -readonly [Key in keyof T]: T[Key] extends readonly (infer Item)[] ? Item[] : T[Key] }

const nothing = (): Writable<Seen> => ({ opened: 0, live: 0, received: [], closed: [], headers: [] })

/** Serves a connection as the first part of its path says. */
export function serveLab(connection: Connection): void {
  const [, service] = connection.request.path.split('/')
  if (service === 'auth') serveAuth(connection)
  else if (service === 'order') serveOrders(connection)
  else echo(connection)
}

/** Echoes after a first message `token good`, which it answers with `welcome`; any other token is 4401. */
function serveAuth(connection: Connection): void {
  let serve = (data: string | Uint8Array) => {
    if (data !== 'token good') return connection.close(4401, 'bad token')
    connection.send('welcome')
    connection.send('first news')
    serve = (later) => void connection.send(later)
  }
  connection.on('message', (data) => serve(data))
}

/** Obeys `close <code> <reason>`, `cut` and `say <text>`. */
function serveOrders(connection: Connection): void {
  connection.on('message', (data) => {
    const [order, first, ...rest] = String(data).split(' ')
    if (order === 'close') connection.close(Number(first), rest.join(' '))
    else if (order === 'cut') connection.terminate()
    else if (order === 'say') connection.send([first, ...rest].join(' '))
  })
}

/** Keeps what a server sees, by the tag that is the second part of the path. */
export function watchServer(server: HoldfastServer): (tag: string) => Seen {
  const all = new Map<string, Writable<Seen>>()
  server.on('connection', (connection) => {
    const tag = connection.request.path.split('/')[2] ?? ''
    const seen = all.get(tag) ?? nothing()
    all.set(tag, seen)
    seen.opened += 1
    seen.live += 1
    seen.headers.push(connection.request.headers as Record<string, string>)
    connection.on('message', (data) => seen.received.push(typeof data === 'string' ? data : data.byteLength))
    connection.on('closed', ({ cause, code, reason }) => {
      seen.live -= 1
      seen.closed.push({ cause, code, reason })
    })
  })
  return (tag) => all.get(tag) ?? nothing()
}
