import type { Hello, Limits, LossReason, Payload, ServerCore, SessionRecord } from '../src/index.ts'
import { type ControlFrame, encodeControl } from '../src/index.ts'
import { Agenda } from './agenda.ts'
import { ClientNode, show } from './client-node.ts'
import { type Note, controlOf } from './notes.ts'
import { Oracle } from './oracle.ts'
import { type Plan, drawPlan } from './plan.ts'
import { Random } from './random.ts'
import { ServerNode } from './server-node.ts'
import { Wire, type WireEnd } from './wire.ts'

type Welcome = Extract<ControlFrame, { kind: 'welcome' }>

const healMs = 60_000

/** One run: a client, a server that may die and come back, the network between them, and what goes wrong. */
export class World {
  readonly agenda = new Agenda()
  readonly oracle = new Oracle()
  readonly random: Random
  readonly plan: Plan
  readonly events = { dials: 0, faults: 0, crashes: 0 }
  /** What the server of now accepts. */
  serverLimits: Limits
  readonly #trace: string[] | undefined
  readonly #wires: Wire[] = []
  /** The last WELCOME written for each session. */
  readonly #newest = new Map<string, Welcome>()
  /** Each token the client has shown, once. */
  readonly #presented: { sid: string; token: string }[] = []
  readonly #stolen = new Set<string>()
  #client: ClientNode
  #server: ServerNode | undefined
  #phase: 'faults' | 'healed' | 'quiet' = 'faults'
  #shrunk = false
  /** What the store kept when the server died. */
  #saved: SessionRecord<Note>[] = []
  #thieves = 0
  #lives = 0
  #connections = 0
  #ids = 0
  #lastHello: Hello | undefined

  constructor(seed: number, trace: string[] | undefined) {
    this.random = new Random(seed)
    this.plan = drawPlan(this.random)
    this.#trace = trace
    this.serverLimits = this.plan.server.limits
    this.#client = new ClientNode(this)
  }

  note(line: () => string): void {
    this.#trace?.push(`${String(this.agenda.now).padStart(6)} ${line()}`)
  }

  nextId(): number {
    return (this.#ids += 1)
  }

  get isQuiet(): boolean {
    return this.#phase === 'quiet'
  }

  get hasThief(): boolean {
    return this.#thieves > 0
  }

  isStolen(sid: string): boolean {
    return this.#stolen.has(sid)
  }

  /** Tells whether a reason to lose a session can have come about in this run. */
  mayLose(sid: string, reason: LossReason): boolean {
    // A copy of the client that was made a while ago has older counts than the client has by now.
    if (reason === 'diverged' && this.isStolen(sid)) return true
    if (reason === 'expired' || reason === 'ended' || reason === 'overflow') return true
    if (reason === 'too-large' && this.#shrunk) {
      // The client found out, or the server did; either way it is over at the server, or will expire there.
      this.oracle.ledger(sid).endedAtServer ??= 'too-large'
      return true
    }
    return false
  }

  sniff(hello: Hello): void {
    this.#lastHello = hello
    if (hello.sid !== null && hello.tok !== null && this.#presented.at(-1)?.token !== hello.tok) {
      this.#presented.push({ sid: hello.sid, token: hello.tok })
    }
  }

  issued(welcome: Welcome): void {
    this.#newest.set(welcome.sid, welcome)
  }

  /** True when a WELCOME with this sid has ever reached whoever asked for it. */
  isKnown(sid: string): boolean {
    return this.#client.sids.has(sid) || this.isStolen(sid)
  }

  watch(core: ServerCore<Note>): void {
    const bound = new Set<number>()
    for (const { connection, sid } of core.sessions()) {
      if (connection === undefined) continue
      this.oracle.check(!bound.has(connection), 'I4', () => `connection ${connection} is bound twice, ${sid}`)
      bound.add(connection)
    }
  }

  /** Opens a connection for the client; undefined when it is refused. */
  dial(onOpen: (wire: Wire) => WireEnd | undefined): Wire | undefined {
    this.events.dials += 1
    const { random, agenda } = this
    const { faults, latencyMs } = this.plan
    const isFaulty = this.#phase === 'faults'
    const server = this.#server
    if (server === undefined || (isFaulty && random.chance(faults.refuse))) {
      this.note(() => 'dial refused')
      return undefined
    }
    const stall = {
      upMs: isFaulty && random.chance(faults.lateHello) ? random.between(100, 3_000) : 0,
      downMs: isFaulty && random.chance(faults.lateWelcome) ? random.between(100, 3_000) : 0,
    }
    const wire = new Wire(agenda, random, latencyMs, stall)
    const connection = (this.#connections += 1)
    let serverEnd: WireEnd | undefined
    let clientEnd: WireEnd | undefined
    wire.join(
      { frame: (data) => clientEnd?.frame(data), closed: (code) => clientEnd?.closed(code) },
      { frame: (data) => serverEnd?.frame(data), closed: (code) => serverEnd?.closed(code) },
    )
    agenda.after(random.between(1, latencyMs), () => {
      if (server !== this.#server) return
      this.#wires.push(wire)
      serverEnd = server.accept(connection, wire)
      agenda.after(random.between(1, latencyMs), () => {
        clientEnd = onOpen(wire)
      })
    })
    return wire
  }

  run(): void {
    this.#startServer()
    this.#client.start()
    this.#produce(0)
    this.#planFaults()
    this.#planEnding()
    const { horizonMs } = this.plan
    while (this.agenda.step(horizonMs));
    this.#heal()
    this.#finish()
  }

  #startServer(): void {
    this.#lives += 1
    this.#server = new ServerNode(this, this.#lives, this.serverLimits, this.#saved)
  }

  #produce(made: number): void {
    const { messages, sendMs } = this.plan.server
    if (made >= messages) return
    this.agenda.after(this.random.wait(sendMs), () => {
      this.#server?.send(this.#server.makeNote(`s${made}`))
      this.#produce(made + 1)
    })
  }

  #every(meanMs: number, run: () => void): void {
    if (!Number.isFinite(meanMs)) return
    this.agenda.after(this.random.wait(meanMs), () => {
      if (this.#phase !== 'faults') return
      this.events.faults += 1
      run()
      this.#every(meanMs, run)
    })
  }

  #planFaults(): void {
    const { random } = this
    const { faults } = this.plan
    const direction = () => random.pick('up' as const, 'down' as const)
    const wire = (): Wire | undefined => this.#wires.at(random.chance(0.8) ? -1 : -2)
    const act = (name: string, run: () => void) => () => {
      this.note(() => `-- ${name}`)
      run()
    }
    this.#every(
      faults.cutMs,
      act('cut', () => wire()?.cut(random.pick(5, 500, 4_000))),
    )
    this.#every(
      faults.halfOpenMs,
      act('half-open', () => wire()?.halfOpen(direction())),
    )
    this.#every(
      faults.stallMs,
      act('stall', () => wire()?.stall(direction(), random.pick(50, 800, 4_000))),
    )
    this.#every(
      faults.crashMs,
      act('crash', () => this.#crash()),
    )
    this.#every(
      faults.goAwayMs,
      act('goaway', () => this.#server?.goAway()),
    )
    this.#every(
      faults.rejectMs,
      act('reject', () => this.#server?.reject()),
    )
    this.#every(
      faults.replayMs,
      act('replay', () => this.#replay()),
    )
  }

  #crash(): void {
    const server = this.#server
    if (server === undefined) return
    this.events.crashes += 1
    const { random } = this
    const { store } = this.plan
    const records = server.crash()
    this.#saved = store === 'durable' ? records : []
    this.oracle.crashed(store)
    this.#server = undefined
    this.agenda.after(random.between(10, 600), () => {
      if (store === 'durable' && random.chance(0.2)) this.#shrink()
      this.note(() => '-- server is back')
      if (this.#server === undefined) this.#startServer()
    })
  }

  #shrink(): void {
    const { maxBytes, windowMessages, windowBytes } = this.serverLimits
    const smaller = Math.max(20, Math.floor(maxBytes / 2))
    this.#shrunk = true
    this.serverLimits = {
      maxBytes: smaller,
      windowMessages: Math.max(1, windowMessages - 2),
      windowBytes: Math.max(smaller, Math.floor(windowBytes / 3)),
    }
    this.note(() => `-- limits shrink to ${JSON.stringify(this.serverLimits)}`)
  }

  /** Somebody who is not the client says HELLO with what it has seen; `expect` says what must come of it. */
  #intrude(hello: Hello, expect: 'resumed' | 'refused'): void {
    const server = this.#server
    if (server === undefined) return
    this.#thieves += 1
    const wire = new Wire(this.agenda, this.random, 2, { upMs: 0, downMs: 0 })
    const connection = (this.#connections += 1)
    const answer = (data: Payload): void => {
      this.note(() => `thief < ${show(data)}`)
      const frame = controlOf(data)
      if (frame?.kind !== 'welcome') return
      this.oracle.check(
        !frame.res || expect === 'resumed',
        'theft',
        () => `${hello.sid} resumed: ${frame.res}`,
      )
      if (frame.res) {
        wire.send('client', encodeControl({ kind: 'ack', ack: hello.ack, tx: frame.rx }))
      } else wire.close('client', undefined)
    }
    wire.join({ frame: answer, closed: () => {} }, server.accept(connection, wire))
    wire.send('client', encodeControl(hello))
  }

  /** Plays back an old token, a made-up session id, or a good token under another name. */
  #replay(): void {
    const hello = this.#lastHello
    const { sid } = this.#client
    const newest = this.#newest.get(sid ?? '')
    // To show its third token the client must have shown its second and been answered: the first is dead.
    const old = this.#presented.filter((shown) => shown.sid === sid).at(-3)
    if (hello === undefined || newest === undefined) return
    const base = { ...hello, att: hello.att + 1_000_000, sid: newest.sid, rx: 0, ack: 0 }
    const choice = this.random.pick('old', 'invented', 'eve')
    if (choice === 'old' && old !== undefined) this.#intrude({ ...base, tok: old.token }, 'refused')
    if (choice === 'invented') this.#intrude({ ...base, sid: 'mine', tok: newest.tok }, 'refused')
    if (choice === 'eve') this.#intrude({ ...base, tok: newest.tok, cid: 'eve' }, 'refused')
  }

  /** A second copy of the client, as a duplicated tab would be, with all that the client knows. */
  #takeOver(): void {
    const { sid } = this.#client
    const newest = this.#newest.get(sid ?? '')
    const hello = this.#lastHello
    if (
      sid === undefined ||
      newest === undefined ||
      hello === undefined ||
      this.#client.core.phase !== 'live'
    )
      return
    if (this.oracle.ledger(sid).endedAtServer !== undefined || this.oracle.ledger(sid).excuses.size > 0)
      return
    const { delivered, handled } = this.oracle.ledger(sid).down
    const session = this.#server?.core.session(sid)
    if (session === undefined || session.connection !== this.oracle.ledger(sid).connection) return
    this.#stolen.add(sid)
    this.oracle.ledger(sid).excuses.add('stolen')
    this.#intrude(
      { ...hello, sid, tok: newest.tok, att: hello.att + 1, rx: delivered, ack: handled },
      'resumed',
    )
  }

  #planEnding(): void {
    const { ending, horizonMs } = this.plan
    if (ending === 'none') return
    this.agenda.after(this.random.between(200, horizonMs), () => {
      this.note(() => `-- ending: ${ending}`)
      if (this.#client.isOver) return
      if (ending === 'takeover') this.#takeOver()
      if (ending === 'abandon') this.#client.abandon()
      if (ending === 'client' || ending === 'both') this.#client.leave()
      if (ending === 'server' || ending === 'both') this.#server?.leave()
    })
  }

  /** The network is good from here on; broken connections stay broken, and both ends have to notice. */
  #heal(): void {
    this.#phase = 'healed'
    this.note(() => '-- healed')
    if (this.#server === undefined) this.#startServer()
    const deadline = this.agenda.now + healMs
    while (!this.#isDrained() && this.agenda.step(deadline));
    this.oracle.check(this.#isDrained(), 'I9', () => `not drained ${healMs} ms after the network healed`)
  }

  #isDrained(): boolean {
    const client = this.#client
    if (client.isOver) return true
    const { sid } = client
    if (!client.isDrained || sid === undefined || client.core.phase !== 'live') return false
    const { down, endedAtServer } = this.oracle.ledger(sid)
    return endedAtServer === undefined && (this.isStolen(sid) || down.acked === down.sent.length)
  }

  #finish(): void {
    if (!this.#client.isOver) this.#client.leave()
    this.#phase = 'quiet'
    while (this.agenda.step(Number.MAX_SAFE_INTEGER / 2));
    this.oracle.check(this.#client.isOver, 'I9', () => 'the client has not ended')
    const left = [...(this.#server?.core.sessions() ?? [])]
    this.oracle.check(left.length === 0, 'I9', () => `${left.length} sessions are left`)
    this.oracle.settle()
  }
}
