import { type Connection, echo, type HoldfastServer } from '@holdfast/server'
import { echoSessions, type ServerSession } from '@holdfast/server/sessions'
import type { Seen } from './lab.ts'

type Writable<T> = { -readonly [Key in keyof T]: T[Key] extends readonly (infer Item)[] ? Item[] : T[Key] }

/** What a service can do with a client, in either mode. */
interface Client {
  onMessage(take: (data: string | Uint8Array) => void): void
  send(text: string): void
  close(code: number, reason: string): void
  cut(): void
}

const nothing = (): Writable<Seen> => ({
  opened: 0,
  live: 0,
  received: [],
  closed: [],
  paths: [],
  ended: [],
  headers: [],
})

/** Serves a connection as the first part of its path says. */
export function serveLab(connection: Connection): void {
  const { path } = connection.request
  if (serviceIn(path) === 'echo') return echo(connection)
  return serve(path, {
    onMessage: (take) => void connection.on('message', take),
    send: (text) => void connection.send(text),
    close: (code, reason) => connection.close(code, reason),
    cut: () => connection.terminate(),
  })
}

/** Serves a session likewise: its principal is the path. @param server holds its connections */
export function serveLabSession(session: ServerSession, server: HoldfastServer): void {
  const path = session.principal ?? ''
  if (serviceIn(path) === 'echo') return echoSessions(session)
  const connection = () => {
    const { state } = session
    return [...server.connections].find(({ id }) => state.name === 'attached' && id === state.connection)
  }
  return serve(path, {
    onMessage: (take) => void session.on('message', take),
    send: (text) => void session.send(text),
    close: (code, reason) => connection()?.close(code, reason),
    cut: () => connection()?.terminate(),
  })
}

function serviceIn(path: string): string | undefined {
  const [, service] = path.split('/')
  return service === 'auth' || service === 'order' || service === 'sink' ? service : 'echo'
}

function serve(path: string, client: Client): void {
  const service = serviceIn(path)
  if (service === 'auth') serveAuth(client)
  else if (service === 'order') serveOrders(client)
}

/** Echoes after a first message `token good`, which it answers with `welcome`; any other token is 4401. */
function serveAuth(client: Client): void {
  let answer = (data: string | Uint8Array) => {
    if (data !== 'token good') return client.close(4401, 'bad token')
    client.send('welcome')
    client.send('first news')
    answer = (later) => client.send(String(later))
  }
  client.onMessage((data) => answer(data))
}

/** Obeys `close <code> <reason>`, `cut`, `say <text>` and `count <n>`, which says the numbers below n, in 40 characters each. */
function serveOrders(client: Client): void {
  client.onMessage((data) => {
    const [order, first, ...rest] = String(data).split(' ')
    if (order === 'close') client.close(Number(first), rest.join(' '))
    else if (order === 'cut') client.cut()
    else if (order === 'say') client.send([first, ...rest].join(' '))
    else if (order === 'count')
      for (let n = 0; n < Number(first); n += 1) client.send(String(n).padEnd(40, '.'))
  })
}

/** Whose a session is: its service and tag, whatever comes behind. */
export function ownerOf(path: string): string {
  return path.split('/').slice(0, 3).join('/')
}

/** Keeps what servers see, by the tag that is the second part of the path. */
export class Witness {
  readonly #all = new Map<string, Writable<Seen>>()

  /** What was seen of a tag so far. */
  seen(tag: string): Seen {
    return this.#all.get(tag) ?? nothing()
  }

  /** Notes the connections of a server, and the messages of those without a session. */
  watch(server: HoldfastServer): void {
    server.on('connection', (connection) => {
      const seen = this.#of(connection.request.path)
      seen.opened += 1
      seen.live += 1
      seen.paths.push(connection.request.path.split('/').slice(3).join('/'))
      seen.headers.push(connection.request.headers as Record<string, string>)
      connection.on('message', (data) => seen.received.push(noted(data)))
      connection.on('closed', ({ cause, code, reason }) => {
        seen.live -= 1
        seen.closed.push({ cause, code, reason })
      })
    })
  }

  /** Notes the messages of a session, and why it ended. */
  watchSession(session: ServerSession): void {
    const seen = this.#of(session.principal ?? '')
    session.on('message', (data) => void seen.received.push(noted(data)))
    session.on('closed', ({ cause }) => seen.ended.push(cause.kind === 'lost' ? cause.reason : cause.kind))
  }

  #of(path: string): Writable<Seen> {
    const tag = path.split('/')[2] ?? ''
    const seen = this.#all.get(tag) ?? nothing()
    this.#all.set(tag, seen)
    return seen
  }
}

function noted(data: string | Uint8Array): string | number {
  return typeof data === 'string' ? data : data.byteLength
}
