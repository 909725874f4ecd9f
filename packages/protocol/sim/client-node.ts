import {
  type ClientAction,
  ClientCore,
  type ExchangeTimer,
  type Limits,
  type Payload,
  defaultLimits,
  resolveClientOptions,
} from '../src/index.ts'
import { limitsOf } from '../src/limits.ts'
import { type Note, controlOf, makeNote } from './notes.ts'
import type { EndPlan } from './plan.ts'
import type { Wire, WireEnd } from './wire.ts'
import type { World } from './world.ts'

/** The client's process: its application, its timers, its sockets, around the real core. */
export class ClientNode {
  readonly core: ClientCore<Note>
  /** Every session the client has been welcomed to. */
  readonly sids = new Set<string>()
  readonly #world: World
  readonly #plan: EndPlan
  readonly #wires = new Map<number, Wire>()
  readonly #queue: Note[] = []
  /** `null` between two connections. */
  #attempt: number | null = null
  #dialed: Wire | undefined
  #welcomed = -1
  #sid: string | undefined
  /** What the server of the last WELCOME accepts. */
  #limits: Limits = defaultLimits
  #made = 0
  #state: 'running' | 'over' = 'running'
  #pings = 0
  /** Frames with messages that were sent, and how many had been when something began to wait for others. */
  #carried = 0
  #carriedBefore = 0

  constructor(world: World) {
    this.#world = world
    this.#plan = world.plan.client
    const { limits, bounds, ackMode, highWaterBytes, batch } = this.#plan
    this.core = new ClientCore<Note>(
      resolveClientOptions({ cid: 'client', limits, bounds, ackMode, highWaterBytes, batch }),
    )
  }

  get isOver(): boolean {
    return this.#state === 'over'
  }

  /** True when nothing waits any more. */
  get isDrained(): boolean {
    const up = this.#sid === undefined ? undefined : this.#world.oracle.ledger(this.#sid).up
    return this.#made === this.#plan.messages && this.#queue.length === 0 && up?.acked === up?.sent.length
  }

  get sid(): string | undefined {
    return this.#sid
  }

  start(): void {
    this.#dial()
    this.#produce()
    if (Number.isFinite(this.#world.plan.clientPingMs)) this.#pingLater()
  }

  #produce(): void {
    const { agenda, random } = this.#world
    if (this.#made >= this.#plan.messages || this.isOver) return
    agenda.after(random.wait(this.#plan.sendMs), () => {
      if (this.isOver) return
      this.#made += 1
      // Some are larger than the server takes, and must be refused before they get a number.
      this.#queue.push(
        makeNote(
          `c${this.#made}`,
          this.#world.plan.server.limits.maxBytes + (random.chance(0.05) ? 90 : 0),
          random,
        ),
      )
      this.#pump()
      this.run()
      this.#produce()
    })
  }

  #pingLater(): void {
    this.#world.agenda.after(this.#world.plan.clientPingMs, () => {
      if (this.isOver) return
      this.core.ping((this.#pings += 1))
      this.run()
      this.#pingLater()
    })
  }

  #pump(): void {
    const wire = this.#attempt === null ? undefined : this.#wires.get(this.#attempt)
    if (wire !== undefined) this.core.buffered(wire.buffered('client'))
    const { oracle } = this.#world
    for (let note = this.#queue[0]; note !== undefined; note = this.#queue[0]) {
      const answer = this.core.offer(note)
      if (answer === 'window') {
        oracle.see('window closed')
        this.#checkRefusal(note, wire)
      }
      if (answer === 'window' || answer === 'not-live') return
      this.#queue.shift()
      if (answer === 'too-large') {
        oracle.see('too-large refused')
        continue
      }
      const { windowMessages, windowBytes, maxBytes } = this.#limits
      const { maxMessages, maxBytes: bound } = this.#plan.bounds
      const limits = {
        maxBytes,
        windowMessages: Math.min(windowMessages, maxMessages),
        windowBytes: Math.min(windowBytes, bound),
      }
      oracle.numbered('up', this.#sid ?? '', note, answer, limits)
    }
  }

  /** A message is refused for lack of room only when there is none. */
  #checkRefusal(note: Note, wire: Wire | undefined): void {
    if (wire?.buffered('client') !== 0 || this.#plan.highWaterBytes < 1 << 20) return
    const { sent, acked } = this.#world.oracle.ledger(this.#sid ?? '').up
    const outstanding = sent.slice(acked)
    const bytes = outstanding.reduce((sum, entry) => sum + entry.bytes, note.bytes)
    const { bounds } = this.#plan
    const isFull = outstanding.length >= Math.min(this.#limits.windowMessages, bounds.maxMessages)
    const isHeavy = bytes > Math.min(this.#limits.windowBytes, bounds.maxBytes)
    this.#world.oracle.check(
      isFull || isHeavy,
      'I9',
      () => `${note.id} refused with ${outstanding.length} outstanding`,
    )
  }

  #dialLater(delayMs: number): void {
    if (this.isOver) return
    this.#world.agenda.arm('client:dial', delayMs, () => this.#dial())
  }

  #backoff(): number {
    return this.#world.random.between(5, 250)
  }

  #dial(): void {
    const { agenda, plan } = this.#world
    agenda.arm('client:handshake', plan.handshakeMs, () => this.#giveUp())
    this.#dialed = this.#world.dial((wire) => {
      if (this.#dialed !== wire || this.isOver) return undefined
      const attempt = this.core.begin({ ticket: 1 })
      this.#attempt = attempt
      this.#wires.set(attempt, wire)
      this.#world.note(() => `client ${attempt} open`)
      this.run()
      const end: WireEnd = {
        frame: (data: Payload) => this.#frame(attempt, data),
        closed: (code: number | undefined) => this.#closed(attempt, code),
      }
      return end
    })
    if (this.#dialed === undefined) this.#dialLater(this.#backoff())
  }

  /** The connection at hand is no good: leaves it and dials again. */
  #giveUp(): void {
    this.#world.note(() => `client gives up ${this.#attempt ?? 'a dial'}`)
    this.#dialed?.close('client', undefined)
    if (this.#attempt !== null) this.core.closed(this.#attempt)
    this.#gone(this.#backoff())
    this.run()
  }

  #gone(delayMs: number): void {
    this.#dialed = undefined
    this.#attempt = null
    this.#world.agenda.disarm('client:handshake')
    this.#world.agenda.disarm('client:deadline')
    this.#dialLater(delayMs)
  }

  #frame(attempt: number, data: Payload): void {
    this.#world.note(() => `client ${attempt} < ${show(data)}`)
    // The shell passes on everything, also from connections it has left: to know better is the core's work.
    if (attempt === this.#attempt) this.#learn(data)
    if (typeof data === 'string') this.core.text(attempt, data)
    else this.core.binary(attempt, data)
    if (attempt === this.#attempt) {
      if (typeof data === 'string' && data.startsWith('\u0010E{"code":4409')) this.#checkSuperseded()
      if (this.core.phase === 'live') this.#extendDeadline()
    }
    this.run(attempt)
  }

  #checkSuperseded(): void {
    this.#world.oracle.check(
      this.core.phase === 'ended',
      'takeover',
      () => `superseded, and ${this.core.phase}`,
    )
  }

  #learn(data: Payload): void {
    const frame = controlOf(data)
    if (frame?.kind === 'welcome') this.#limits = limitsOf(frame)
  }

  #extendDeadline(): void {
    const { agenda, plan } = this.#world
    agenda.arm('client:deadline', plan.pingMs * 2, () => this.#giveUp())
  }

  #closed(attempt: number, code: number | undefined): void {
    this.#world.note(() => `client ${attempt} closed ${code ?? ''}`)
    const isUnanswered = code === 4_000 && attempt === this.#attempt && this.core.phase === 'leaving'
    this.#world.oracle.check(!isUnanswered, 'I5', () => 'the server took the BYE and did not answer it')
    this.core.closed(attempt, code)
    if (attempt === this.#attempt && code === 4_409) this.#checkSuperseded()
    if (attempt === this.#attempt) this.#gone(this.#backoff())
    this.run()
  }

  /** Ends the session as the application would. */
  leave(): void {
    this.#world.note(() => 'client leaves')
    this.core.leave()
    this.run()
    // Nobody waits for an answer for ever.
    this.#world.agenda.arm('client:leaving', 2_000, () => {
      if (this.#attempt !== null) this.core.closed(this.#attempt)
      this.run()
    })
  }

  abandon(): void {
    this.#world.note(() => 'client abandons')
    const handBack = this.core.abandon()
    if (this.#sid !== undefined) this.#world.oracle.handedBack('up', this.#sid, handBack, 'none')
    this.#dialed?.close('client', undefined)
    this.run()
    this.#over()
  }

  #over(): void {
    this.#state = 'over'
    const { agenda, oracle } = this.#world
    for (const name of ['client:dial', 'client:handshake', 'client:deadline', 'client:leaving'])
      agenda.disarm(name)
    const left = agenda.armed('client:')
    oracle.check(left.length === 0, 'I8', () => `timers after the end: ${left.join()}`)
    // Whatever an application still tries, nothing may come of it.
    agenda.after(10, () => {
      this.core.begin()
      this.core.ping(1)
      this.core.leave()
      this.run()
    })
  }

  run(from?: number): void {
    for (let action = this.core.next(); action !== undefined; action = this.core.next()) {
      this.#world.oracle.check(
        !this.isOver || action.type === 'disarm',
        'I8',
        () => 'an action after the end',
      )
      this.#perform(action, from)
    }
    if (this.core.phase === 'live' && this.#sid !== undefined) {
      this.#world.oracle.quiet('down', this.#sid, this.#plan.limits, this.#world.agenda.now)
    }
  }

  #perform(action: ClientAction<Note>, from: number | undefined): void {
    const { agenda, oracle } = this.#world
    switch (action.type) {
      case 'send':
        this.#send(action.attempt, action.data)
        return
      case 'close':
        this.#wires.get(action.attempt)?.close('client', action.code)
        if (action.attempt === this.#attempt) this.#gone(this.#backoff())
        return
      case 'arm':
        if (action.timer.name === 'linger') this.#carriedBefore = this.#carried
        agenda.arm(`client:core:${action.timer.name}`, action.delayMs, () => this.#due(action.timer.name))
        return
      case 'disarm':
        agenda.disarm(`client:core:${action.timer.name}`)
        return
      case 'welcomed':
        this.#onWelcomed(action)
        return
      case 'deliver':
        this.#deliver(action, from)
        return
      case 'acked':
        oracle.acked('up', this.#sid ?? '', action.entries, action.upTo)
        this.#pump()
        return
      case 'room':
        this.#pump()
        return
      default:
        this.#notice(action)
    }
  }

  #due(name: ExchangeTimer): void {
    const wire = this.#attempt === null ? undefined : this.#wires.get(this.#attempt)
    const buffered = wire?.buffered('client')
    const before = this.#carriedBefore
    this.core.due(name, buffered)
    this.run()
    if (name !== 'linger' || buffered !== 0) return
    this.#world.oracle.check(this.#carried > before, 'I9', () => 'what lingers stays when its time is over')
  }

  #onWelcomed(action: Extract<ClientAction<Note>, { type: 'welcomed' }>): void {
    const { agenda, oracle } = this.#world
    const { outcome, sid } = action
    this.#world.note(() => `client is ${outcome.name} in ${sid}`)
    oracle.check(this.#welcomed !== this.#attempt, 'once', () => `attempt ${this.#attempt} welcomed twice`)
    oracle.check(
      outcome.name !== 'first' || this.#sid === undefined,
      'once',
      () => 'first for the second time',
    )
    this.#welcomed = this.#attempt ?? -1
    agenda.disarm('client:handshake')
    this.#extendDeadline()
    if (outcome.name === 'resumed') {
      oracle.check(sid === this.#sid, 'I6', () => `resumed ${sid} instead of ${this.#sid}`)
      oracle.counts.resumed += 1
    } else if (outcome.name === 'gap') {
      const before = this.#sid ?? ''
      oracle.lost(before, outcome.reason)
      oracle.handedBack('up', before, outcome.handBack, oracle.knowledgeOf(before, outcome.reason))
    }
    this.#sid = sid
    this.sids.add(sid)
    this.#pump()
  }

  #deliver(action: Extract<ClientAction<Note>, { type: 'deliver' }>, from: number | undefined): void {
    const { agenda, oracle, random } = this.#world
    const { sid, number, payload } = action
    oracle.check(
      from === this.#attempt,
      'I4',
      () => `delivered from attempt ${from}, current is ${this.#attempt}`,
    )
    oracle.check(this.#welcomed === this.#attempt, 'once', () => 'delivered before welcomed')
    oracle.check(sid === this.#sid, 'I1', () => `delivered from ${sid} in ${this.#sid}`)
    oracle.delivered('down', sid, number, payload)
    if (this.#plan.ackMode === 'received') oracle.settled('down', sid, number, agenda.now)
    else
      agenda.after(random.wait(this.#plan.settleMs), () => {
        if (this.#sid === sid && !this.isOver) oracle.settled('down', sid, number, agenda.now)
        this.core.settle(sid, number)
        this.run()
      })
  }

  #notice(action: ClientAction<Note>): void {
    const { oracle, agenda, random } = this.#world
    this.#world.note(
      () =>
        `client: ${action.type} ${'reason' in action ? action.reason : ''}${'code' in action ? action.code : ''}`,
    )
    oracle.see(action.type === 'failed' ? `failed:${action.code}` : `client:${action.type}`)
    if (action.type === 'ended') oracle.see(`ended:${action.by}:${action.answered ? 'answered' : 'alone'}`)
    switch (action.type) {
      case 'lost':
        oracle.check(
          this.#world.mayLose(this.#sid ?? '', action.reason),
          'I6',
          () => `${this.#sid} ${action.reason}: ${action.detail}`,
        )
        return
      case 'failed':
        oracle.check(
          ![4400, 4408, 4413].includes(action.code),
          'I6',
          () => `failed ${action.code} ${action.message ?? ''}`,
        )
        return
      case 'goaway': {
        const attempt = this.#attempt
        agenda.after(action.afterMs + random.between(0, action.spreadMs), () => {
          if (attempt === this.#attempt && !this.isOver) this.#giveUp()
        })
        return
      }
      case 'pong':
        oracle.check(
          action.value >= 1 && action.value <= this.#pings,
          'pong',
          () => `pong ${action.value} was never asked for`,
        )
        return
      case 'superseded':
        oracle.check(this.#world.isStolen(this.#sid ?? ''), 'I6', () => 'superseded by nobody')
        oracle.handedBack('up', this.#sid ?? '', action.handBack, 'none')
        this.#over()
        return
      case 'ended':
        if (this.#sid !== undefined)
          oracle.handedBack(
            'up',
            this.#sid,
            action.handBack,
            action.answered ? oracle.knowledgeAtBye(this.#sid) : 'none',
          )
        this.#world.note(() => `client ended, answered ${action.answered}`)
        this.#over()
        return
      default:
    }
  }

  #send(attempt: number, data: Payload): void {
    this.#world.note(() => `client ${attempt} > ${show(data)}`)
    const frame = controlOf(data)
    if (frame === undefined || frame.kind === 'batch') this.#carried += 1
    if (frame !== undefined && 'ack' in frame) {
      const sid = frame.kind === 'hello' ? frame.sid : this.core.sid
      if (sid !== null && sid !== undefined) this.#world.oracle.told('down', sid, frame.ack)
      if (frame.kind === 'hello') this.#world.sniff(frame)
    }
    this.#wires.get(attempt)?.send('client', data)
  }
}

export function show(data: Payload): string {
  const text = typeof data === 'string' ? data : `binary ${new TextDecoder().decode(data)}`
  return text.replaceAll('\u0010', '␐')
}
