import type { Limits, Payload, ServerAction, ServerTimer, SessionRecord } from '../src/index.ts'
import { MemoryStore, ServerCore } from '../src/index.ts'
import { show } from './client-node.ts'
import { type Note, controlOf, makeNote } from './notes.ts'
import type { Wire, WireEnd } from './wire.ts'
import type { World } from './world.ts'

/** One life of the server's process: application, timers, sockets and store around the real core. */
export class ServerNode {
  readonly core: ServerCore<Note>
  readonly #store: MemoryStore<Note>
  readonly #world: World
  readonly #life: number
  readonly #wires = new Map<number, Wire>()
  readonly #heard = new Map<number, number>()
  readonly #open: string[] = []
  #state: 'running' | 'crashed' = 'running'

  constructor(world: World, life: number, limits: Limits, records: Iterable<SessionRecord<Note>>) {
    this.#world = world
    this.#life = life
    const { bounds, ackMode, highWaterBytes, batch } = world.plan.server
    const { ttlMs, pingMs } = world.plan
    this.core = new ServerCore<Note>({
      limits,
      bounds,
      ackMode,
      highWaterBytes,
      batch,
      ttlMs,
      pingMs,
      helloTimeoutMs: 2_000,
    })
    this.#store = new MemoryStore<Note>({ maxPerPrincipal: 1_000 })
    this.#store.restore(records)
    for (const record of this.#store.records()) this.core.restored(record)
    this.run()
    this.#tick()
  }

  /** Lives until now; what a durable store would still hold is returned. */
  crash(): SessionRecord<Note>[] {
    this.#state = 'crashed'
    for (const wire of this.#wires.values()) wire.lose(1_500)
    for (const name of this.#world.agenda.armed(`server:${this.#life}:`)) this.#world.agenda.disarm(name)
    return [...this.#store.records()].map((record) => ({
      ...record,
      outbox: { ...record.outbox, entries: [...record.outbox.entries] },
      inbox: { rx: record.inbox.handled, handled: record.inbox.handled },
    }))
  }

  accept(connection: number, wire: Wire): WireEnd {
    this.#wires.set(connection, wire)
    this.#heard.set(connection, this.#world.agenda.now)
    this.core.open(connection)
    this.run()
    return {
      frame: (data) => this.#frame(connection, data),
      closed: () => this.#closed(connection),
    }
  }

  #frame(connection: number, data: Payload): void {
    if (this.#state === 'crashed') return
    this.#world.note(() => `server ${connection} < ${show(data)}`)
    if (this.#heard.has(connection)) this.#heard.set(connection, this.#world.agenda.now)
    if (typeof data === 'string') this.core.text(connection, data)
    else this.core.binary(connection, data)
    this.run(connection)
  }

  #closed(connection: number): void {
    if (this.#state === 'crashed') return
    this.#world.note(() => `server ${connection} closed`)
    this.core.closed(connection)
    this.#wires.delete(connection)
    this.#heard.delete(connection)
    this.run()
  }

  #drop(connection: number, code: number | undefined): void {
    this.#wires.get(connection)?.close('server', code)
    this.#closed(connection)
  }

  /** Pings what is bound, and drops what has been silent for too long. */
  #tick(): void {
    const { agenda, plan } = this.#world
    agenda.arm(`server:${this.#life}:tick`, plan.pingMs, () => {
      for (const [connection, heardAt] of this.#heard) {
        const session = this.core.sessionOf(connection)
        if (session !== undefined && agenda.now - heardAt > plan.pingMs * 2.5)
          this.#drop(connection, undefined)
        else session?.ping(agenda.now)
      }
      this.run()
      if (!this.#world.isQuiet || this.#heard.size > 0) this.#tick()
    })
  }

  /** The session that the application would send to now. */
  get current(): string | undefined {
    return this.#open.at(-1)
  }

  send(note: Note): void {
    const sid = this.current
    const session = sid === undefined ? undefined : this.core.session(sid)
    if (sid === undefined || session === undefined) return
    const { connection } = session
    const wire = connection === undefined ? undefined : this.#wires.get(connection)
    if (wire !== undefined) session.buffered(wire.buffered('server'))
    const { bounds } = this.#world.plan.server
    const { messages, bytes } = session.held
    const answer = session.offer(note)
    const { oracle } = this.#world
    if (typeof answer === 'number') {
      oracle.numbered('down', sid, note, answer, undefined)
      const { held } = session
      oracle.check(
        held.messages <= bounds.maxMessages && held.bytes <= bounds.maxBytes,
        'I7',
        () => `${sid} holds ${held.bytes}`,
      )
    } else if (answer === 'overflow') {
      oracle.check(
        messages >= bounds.maxMessages || bytes + note.bytes > bounds.maxBytes,
        'I6',
        () => `${sid} overflows with room`,
      )
    }
    this.run()
  }

  makeNote(id: string): Note {
    const { random, plan } = this.#world
    return makeNote(id, plan.client.limits.maxBytes + (random.chance(0.05) ? 90 : 0), random)
  }

  leave(): void {
    const sid = this.current
    this.#world.note(() => `server leaves ${sid}`)
    if (sid !== undefined) this.core.session(sid)?.leave(4_000)
    this.run()
  }

  goAway(): void {
    for (const session of this.core.sessions()) session.goAway({ afterMs: 20, spreadMs: 200, why: 'deploy' })
    this.run()
  }

  reject(): void {
    const [connection] = this.#wires.keys()
    if (connection !== undefined)
      this.core.reject(connection, { code: 4_503, retryMs: 10, message: 'draining' })
    this.run()
  }

  run(from?: number): void {
    for (let action = this.core.next(); action !== undefined; action = this.core.next())
      this.#perform(action, from)
    this.#world.watch(this.core)
  }

  #perform(action: ServerAction<Note>, from: number | undefined): void {
    const { agenda, oracle } = this.#world
    switch (action.type) {
      case 'send':
        this.#send(action.connection, action.data)
        return
      case 'close':
        this.#world.note(() => `server ${action.connection} close ${action.code} ${action.reason}`)
        this.#wires.get(action.connection)?.close('server', action.code)
        // The socket's own close event comes some time later; until then frames may still arrive.
        agenda.after(50, () => this.#closed(action.connection))
        return
      case 'arm':
        agenda.arm(this.#timerName(action.timer), action.delayMs, () => this.#due(action.timer))
        return
      case 'disarm':
        agenda.disarm(this.#timerName(action.timer))
        return
      case 'authenticate':
        this.#authenticate(action.connection, action.hello.cid, action.hello.tok)
        return
      case 'attach':
        this.core.attached(action.connection, this.#store.attach(action.request))
        return
      case 'store':
        this.#onWrite(action)
        return
      case 'deliver': {
        const { connection } = oracle.ledger(action.sid)
        oracle.check(
          from === connection,
          'I4',
          () => `${action.sid} delivered from ${from}, bound to ${connection}`,
        )
        this.#deliver(action.sid, action.number, action.payload)
        return
      }
      case 'acked':
        if (!this.#world.isStolen(action.sid)) oracle.acked('down', action.sid, action.entries, action.upTo)
        return
      default:
        this.#notice(action)
    }
  }

  #onWrite(action: Extract<ServerAction<Note>, { type: 'store' }>): void {
    const { agenda, oracle } = this.#world
    const { write } = action
    this.#store.write(write)
    const ledger = oracle.ledger(write.sid)
    if (write.op === 'detached') ledger.detachedAt = agenda.now
    if (write.op !== 'ended' || ledger.endedAtServer !== undefined) return
    this.#world.note(() => `server ends ${write.sid}: ${write.reason}`)
    const isTooEarly = write.reason === 'expired' && agenda.now - ledger.detachedAt < this.#world.plan.ttlMs
    oracle.check(!isTooEarly, 'I6', () => `${write.sid} expires after ${agenda.now - ledger.detachedAt} ms`)
    oracle.check(
      this.#world.mayLose(write.sid, write.reason),
      'I6',
      () => `${write.sid} ended: ${write.reason}`,
    )
    ledger.endedAtServer = write.reason
  }

  #notice(action: ServerAction<Note>): void {
    const { oracle } = this.#world
    this.#world.note(() => `server: ${action.type} ${'sid' in action ? action.sid : ''}`)
    oracle.see(action.type === 'ended' ? `server ended:${action.reason}` : `server:${action.type}`)
    switch (action.type) {
      case 'opened': {
        const ledger = oracle.ledger(action.sid)
        oracle.check(
          this.#world.isKnown(action.sid),
          'orphan',
          () => `${action.sid} is open, and no client knows it`,
        )
        if (ledger.state === 'new') ledger.state = 'surfaced'
        this.#open.push(action.sid)
        return
      }
      case 'ended': {
        const ledger = oracle.ledger(action.sid)
        oracle.check(
          ledger.state === 'surfaced',
          'once',
          () => `${action.sid} ended in state ${ledger.state}`,
        )
        ledger.state = 'gone'
        this.#open.splice(this.#open.indexOf(action.sid), 1)
        if (!this.#world.isStolen(action.sid)) oracle.handedBack('down', action.sid, action.handBack, 'none')
        return
      }
      case 'alarm':
        oracle.check(this.#world.hasThief, 'I6', () => `alarm ${action.reason} for ${action.sid}`)
        return
      default:
    }
  }

  #deliver(sid: string, number: number, payload: Payload): void {
    const { agenda, oracle, random, plan } = this.#world
    oracle.check(this.#open.includes(sid), 'once', () => `${sid} delivers before it is open`)
    oracle.delivered('up', sid, number, payload)
    if (plan.server.ackMode === 'received') oracle.settled('up', sid, number, agenda.now)
    else
      agenda.after(random.wait(plan.server.settleMs), () => {
        const session = this.#state === 'crashed' ? undefined : this.core.session(sid)
        if (session === undefined) return
        if (session.state !== 'leaving') oracle.settled('up', sid, number, agenda.now)
        session.settle(number)
        this.run()
      })
  }

  #timerName(timer: ServerTimer): string {
    return `server:${this.#life}:${timer.name}:${'sid' in timer ? timer.sid : timer.connection}`
  }

  #due(timer: ServerTimer): void {
    const connection = 'sid' in timer ? this.core.session(timer.sid)?.connection : undefined
    const wire = connection === undefined ? undefined : this.#wires.get(connection)
    this.core.due(timer, wire?.buffered('server'))
    this.run()
  }

  #authenticate(connection: number, cid: string, token: string | null): void {
    const { agenda, random, plan } = this.#world
    agenda.after(random.between(0, plan.authMs), () => {
      if (this.#state === 'crashed') return
      const id = this.#world.nextId()
      this.core.authenticated(connection, {
        kind: 'known',
        principal: cid === 'eve' ? 'eve' : 'ada',
        presentedHash: token === null ? null : `#${token}`,
        freshSid: `s${id}`,
        freshToken: `t${id}`,
        freshTokenHash: `#t${id}`,
      })
      this.run()
    })
  }

  #send(connection: number, data: Payload): void {
    this.#world.note(() => `server ${connection} > ${show(data)}`)
    const frame = controlOf(data)
    if (frame !== undefined) {
      const { oracle } = this.#world
      if (frame.kind === 'welcome') {
        const ledger = oracle.ledger(frame.sid)
        ledger.connection = connection
        ledger.detachedAt = Number.POSITIVE_INFINITY
        oracle.told('up', frame.sid, frame.ack)
        this.#world.issued(frame)
      } else if ('ack' in frame) {
        const sid = this.core.sessionOf(connection)?.sid
        if (sid !== undefined) oracle.told('up', sid, frame.ack)
      }
    }
    this.#wires.get(connection)?.send('server', data)
  }
}
