import type {
  ClientAction,
  ClientOptions,
  Outgoing,
  Payload,
  ServerAction,
  ServerOptions,
  ServerTimer,
} from '../src/index.ts'
import {
  ClientCore,
  MemoryStore,
  type MemoryStoreOptions,
  ServerCore,
  clientFrames,
  decodeText,
  resolveClientOptions,
  serverFrames,
  utf8Bytes,
} from '../src/index.ts'

/** A message of these tests: the payload names it. */
export interface Note extends Outgoing {
  readonly payload: Payload
}

export function note(payload: Payload): Note {
  return { payload, bytes: typeof payload === 'string' ? utf8Bytes(payload) : payload.byteLength }
}

export const payloads = (entries: readonly Note[]): readonly Payload[] =>
  entries.map((entry) => entry.payload)

/** Reads what goes either way. */
export const decode = (wire: string) => decodeText(wire, { ...clientFrames, ...serverFrames })

/** Takes every action a machine has ready. */
export function drain<Action>(machine: { next(): Action | undefined }): Action[] {
  const actions: Action[] = []
  for (let action = machine.next(); action !== undefined; action = machine.next()) actions.push(action)
  return actions
}

type Of<Action, Type> = Extract<Action, { type: Type }>

/** A real client core and a real server core on a perfect wire that a test can cut, hold and replay. */
export class Pair {
  readonly client: ClientCore<Note>
  server: ServerCore<Note>
  store: MemoryStore<Note>
  readonly clientLog: ClientAction<Note>[] = []
  readonly serverLog: ServerAction<Note>[] = []
  readonly serverTimers = new Map<string, ServerTimer>()
  /** Attempt of the client to number of the server's connection. */
  readonly wires = new Map<number, number>()
  /** What to do with each frame: pass it on, or lose it. */
  filter: (from: 'client' | 'server', data: Payload) => boolean = () => true
  principal: string | null = 'ada'
  readonly #serverOptions: ServerOptions
  #connections = 0
  #ids = 0

  constructor(
    client: Partial<ClientOptions> = {},
    server: ServerOptions = {},
    store: MemoryStoreOptions = {},
  ) {
    this.client = new ClientCore<Note>(resolveClientOptions({ cid: 'c', ...client }))
    this.#serverOptions = server
    this.server = new ServerCore<Note>(server)
    this.store = new MemoryStore<Note>(store)
  }

  /** Starts a server that knows nothing of the one before. */
  crash(options: ServerOptions = this.#serverOptions): void {
    this.server = new ServerCore<Note>(options)
    this.store = new MemoryStore<Note>()
    this.wires.clear()
    this.serverTimers.clear()
  }

  connect(auth?: unknown): number {
    const attempt = this.client.begin(auth)
    this.open(attempt)
    return attempt
  }

  open(attempt: number): number {
    const connection = (this.#connections += 1)
    this.wires.set(attempt, connection)
    this.server.open(connection)
    this.run()
    return connection
  }

  /** Both ends learn that the connection is gone. */
  cut(attempt: number, code?: number): void {
    const connection = this.wires.get(attempt)
    this.wires.delete(attempt)
    this.client.closed(attempt, code)
    if (connection !== undefined) this.server.closed(connection)
    this.run()
  }

  /** Only the client learns it. */
  cutAtClient(attempt: number): void {
    this.client.closed(attempt)
    this.run()
  }

  /** Executes actions of both ends until neither has any. */
  run(): void {
    for (;;) {
      const mine = this.client.next()
      if (mine !== undefined) {
        this.#perform(mine)
        continue
      }
      const theirs = this.server.next()
      if (theirs === undefined) return
      this.#serve(theirs)
    }
  }

  #perform(action: ClientAction<Note>): void {
    this.clientLog.push(action)
    if (action.type === 'send') {
      const connection = this.wires.get(action.attempt)
      if (connection !== undefined && this.filter('client', action.data))
        this.toServer(connection, action.data)
    } else if (action.type === 'close') {
      const connection = this.wires.get(action.attempt)
      this.wires.delete(action.attempt)
      if (connection !== undefined) this.server.closed(connection)
    }
  }

  toServer(connection: number, data: Payload): void {
    if (typeof data === 'string') this.server.text(connection, data)
    else this.server.binary(connection, data)
  }

  toClient(attempt: number, data: Payload): void {
    if (typeof data === 'string') this.client.text(attempt, data)
    else this.client.binary(attempt, data)
  }

  attemptOf(connection: number): number | undefined {
    return [...this.wires].find(([, wired]) => wired === connection)?.[0]
  }

  #serve(action: ServerAction<Note>): void {
    this.serverLog.push(action)
    switch (action.type) {
      case 'send': {
        const attempt = this.attemptOf(action.connection)
        if (attempt !== undefined && this.filter('server', action.data)) this.toClient(attempt, action.data)
        return
      }
      case 'close': {
        const attempt = this.attemptOf(action.connection)
        if (attempt === undefined) return
        this.wires.delete(attempt)
        this.client.closed(attempt, action.code)
        return
      }
      case 'authenticate':
        this.authenticate(action.connection, action.hello.tok)
        return
      case 'attach':
        this.server.attached(action.connection, this.store.attach(action.request))
        return
      case 'store':
        this.store.write(action.write)
        return
      case 'arm':
        this.serverTimers.set(JSON.stringify(action.timer), action.timer)
        return
      case 'disarm':
        this.serverTimers.delete(JSON.stringify(action.timer))
        return
      default:
    }
  }

  authenticate(connection: number, token: string | null): void {
    const id = (this.#ids += 1)
    this.server.authenticated(connection, {
      kind: 'known',
      principal: this.principal,
      presentedHash: token === null ? null : `#${token}`,
      freshSid: `s${id}`,
      freshToken: `t${id}`,
      freshTokenHash: `#t${id}`,
    })
  }

  /** Lets every server timer of this name run out. */
  expire(name: ServerTimer['name']): void {
    for (const [key, timer] of this.serverTimers) {
      if (timer.name !== name) continue
      this.serverTimers.delete(key)
      this.server.due(timer)
    }
    this.run()
  }

  send(payload: Payload): number | string {
    const result = this.client.offer(note(payload))
    this.run()
    return result
  }

  serve(payload: Payload, sid: string = this.client.sid ?? ''): number | string | undefined {
    const result = this.server.session(sid)?.offer(note(payload))
    this.run()
    return result
  }

  mine<Type extends ClientAction<Note>['type']>(type: Type): Of<ClientAction<Note>, Type>[] {
    return this.clientLog.filter((action): action is Of<ClientAction<Note>, Type> => action.type === type)
  }

  theirs<Type extends ServerAction<Note>['type']>(type: Type): Of<ServerAction<Note>, Type>[] {
    return this.serverLog.filter((action): action is Of<ServerAction<Note>, Type> => action.type === type)
  }

  get atServer(): readonly Payload[] {
    return this.theirs('deliver').map((action) => action.payload)
  }

  get atClient(): readonly Payload[] {
    return this.mine('deliver').map((action) => action.payload)
  }
}
