import {
  type Authentication,
  MemoryStore,
  type Payload,
  type ServerAction,
  ServerCore,
  type ServerTimer,
  serverFrames,
} from '../src/index.ts'
import { Random } from '../sim/random.ts'
import { hold, holdUnpolluted } from './broken.ts'
import { type Tally, type World, count } from './fuzz-case.ts'
import { holdWellFormed } from './hold-well-formed.ts'
import { HonestPair } from './honest-pair.ts'
import { HostileClient } from './hostile-client.ts'
import { violationIn } from './judge.ts'
import { type Numbered, message } from './messages.ts'
import { ServerApplication } from './server-application.ts'
import type { Visitor, Wire } from './visitor.ts'

const options = {
  limits: { maxBytes: 4_096, windowMessages: 8, windowBytes: 16_384 },
  bounds: { maxMessages: 24, maxBytes: 65_536 },
  proto: ['app.v1'],
}
const storeBounds = { maxSessions: 64, maxPerPrincipal: 6, maxTombstones: 32 }
const hostiles = 8
/** What attackers and honest clients have open, and what still lingers. */
const maxConnections = 200
/** Steps that an honest client stays away at most: its own sessions elsewhere must not crowd it out meanwhile. */
const maxAbsence = 10
/** Far more than any one frame can ask for. */
const maxActionsPerStep = 2_000

/** A server core with clients that are honest and clients that are not. */
export class ServerWorld implements World, Wire {
  readonly #random: Random
  readonly #tally: Tally
  readonly #core: ServerCore<Numbered>
  readonly #store = new MemoryStore<Numbered>(storeBounds)
  readonly #application: ServerApplication
  readonly #honest: readonly HonestPair[]
  readonly #hostile: HostileClient[]
  readonly #visitors = new Map<number, Visitor>()
  readonly #timers = new Map<string, ServerTimer>()
  /** Connections that wait to be told who they are. */
  readonly #unknown = new Map<number, Authentication>()
  /** Closed by the server, and not yet really gone. */
  readonly #lingering: number[] = []
  #connections = 0
  #ids = 0
  /** While it is an attacker's turn, nothing may happen to anybody else. */
  #turn: 'honest' | 'hostile' = 'honest'
  frames = 0
  lastFrame: Payload = ''

  constructor(seed: number, tally: Tally) {
    const random = new Random(seed)
    this.#random = random
    this.#tally = tally
    const ackMode = random.pick('received', 'handled')
    this.#core = new ServerCore<Numbered>({ ...options, ackMode })
    // The last of them does not say who it is: only its token protects it.
    this.#honest = ['ada', 'bob', null].map((who, at) => new HonestPair(`honest-${at}`, who, this))
    this.#application = new ServerApplication((sid) => this.#honest.find((pair) => pair.sid === sid))
    this.#hostile = Array.from({ length: hostiles }, (_, at) => this.#newHostile(at))
    for (const pair of this.#honest) this.#as('honest', () => pair.dial())
  }

  /** Two are thieves of credentials: they prove to be somebody whose session they do not have. */
  #newHostile(at: number): HostileClient {
    const principal = ['ada', 'bob', null, null, 'eve', 'mallory', 'eve', 'trent'][at] ?? null
    return new HostileClient(principal, this.#random, this)
  }

  step(): void {
    const random = this.#random
    const roll = random.unit()
    if (roll < 0.7) this.#attack()
    else if (roll < 0.85) this.#as('honest', () => this.#befriend())
    else if (roll < 0.95) this.#as('hostile', () => this.#passTime())
    else this.#as('hostile', () => this.#serveHostile())
    for (const pair of this.#honest) if (pair.isAwayFor(maxAbsence)) this.#as('honest', () => pair.dial())
    holdUnpolluted()
    this.#holdBounds()
  }

  #attack(): void {
    const at = this.#random.between(0, hostiles - 1)
    if (this.#random.chance(0.01)) {
      const gone = this.#hostile[at]
      this.#as('hostile', () => gone?.hangUp())
      this.#hostile[at] = this.#newHostile(at)
    }
    const attacker = this.#hostile[at]
    const victim = this.#honest[this.#random.between(0, this.#honest.length - 1)]
    if (attacker === undefined || victim === undefined) return
    // What it overhears is over: a token that still opens something would be a stolen one, and no fault of the server.
    if (this.#random.chance(0.05)) attacker.overhear(victim.usedHello)
    // Who cannot prove to be the victim may even have its present token.
    const token = attacker.principal === victim.principal ? victim.deadToken : victim.token
    const tokens = [token, 't-0']
    this.#as('hostile', () => attacker.act({ sids: [victim.sid, 's-1', `s-${this.#ids}`], tokens }))
  }

  /** Something that honest ends do. */
  #befriend(): void {
    const random = this.#random
    const pair = this.#honest[random.between(0, this.#honest.length - 1)]
    if (pair === undefined) return
    const roll = random.unit()
    if (pair.connection === undefined) pair.dial()
    else if (roll < 0.5) pair.talk(random, this.#core.session(pair.sid))
    else if (roll < 0.8) this.#tickHonest(pair)
    else if (roll < 0.85) pair.goDeaf(random)
    else if (roll < 0.9) pair.hangUp()
    else if (roll < 0.95) pair.dial()
  }

  #tickHonest(pair: HonestPair): void {
    pair.tick()
    for (const name of ['ack', 'drain'] as const) this.#expire({ name, sid: pair.sid })
  }

  #isHonest(sid: string): boolean {
    return this.#honest.some((pair) => pair.sid === sid)
  }

  #expire(timer: ServerTimer): void {
    if (this.#timers.delete(JSON.stringify(timer))) this.#core.due(timer)
  }

  /** A timer of an attacker runs out, or somebody finds out who one is. */
  #passTime(): void {
    const random = this.#random
    const gone = this.#lingering.length > 4 ? this.#lingering.shift() : undefined
    if (gone !== undefined) this.close(gone)
    const [waiting] = this.#unknown
    if (waiting !== undefined && random.chance(0.7)) {
      this.#unknown.delete(waiting[0])
      this.#core.authenticated(...waiting)
      return
    }
    const timers = [...this.#timers.values()].filter((timer) =>
      timer.name === 'hello'
        ? this.#visitors.get(timer.connection)?.isHostile !== false
        : !this.#isHonest(timer.sid),
    )
    const timer = timers[random.between(0, timers.length - 1)]
    // Time for a session to end comes seldom: sessions that nobody uses are to crowd the store.
    if (timer !== undefined && (timer.name !== 'ttl' || random.chance(0.1))) this.#expire(timer)
  }

  /** The server's application does something with a session of an attacker. */
  #serveHostile(): void {
    const random = this.#random
    const sids = this.#application.sids.filter((sid) => !this.#isHonest(sid))
    const session = this.#core.session(sids[random.between(0, sids.length - 1)] ?? '')
    if (session === undefined) return
    const roll = random.unit()
    if (roll < 0.6) this.#application.offer(session, message(random.between(1, 99)))
    else if (roll < 0.7) session.ping(random.between(0, 9))
    else if (roll < 0.8) session.buffered(random.pick(0, 1_000_000, 2_000_000))
    else if (roll < 0.9) session.goAway({ afterMs: 0, spreadMs: 1_000 })
    else if (roll < 0.95) session.leave(4_000)
    else if (session.connection !== undefined) this.#core.reject(session.connection, { code: 4_503 })
  }

  #as(turn: 'honest' | 'hostile', act: () => void): void {
    this.#turn = turn
    act()
    this.#settle()
  }

  /** Executes what the server and its clients ask for, until nobody asks for more. */
  #settle(): void {
    for (let actions = 0; ; actions += 1) {
      hold(actions < maxActionsPerStep, 'one step goes on without end')
      this.#drain()
      if (!this.#pumpOne()) return
    }
  }

  #drain(): void {
    let actions = 0
    for (let action = this.#core.next(); action !== undefined; action = this.#core.next()) {
      actions += 1
      hold(actions < maxActionsPerStep, 'one frame has consequences without end')
      this.#execute(action)
    }
  }

  #pumpOne(): boolean {
    return this.#honest.some((pair) => pair.pump()) || this.#hostile.some((client) => client.pump())
  }

  connect(visitor: Visitor): number {
    const connection = (this.#connections += 1)
    this.#visitors.set(connection, visitor)
    this.#core.open(connection)
    return connection
  }

  send(connection: number, data: Payload, isWrong = false): void {
    if (isWrong) {
      this.frames += 1
      this.lastFrame = data
    } else count(this.#tally, 'server: frames unchanged')
    const session = this.#core.sessionOf(connection)
    const wrong =
      isWrong && session !== undefined && session.state !== 'leaving'
        ? this.#judge(session.sid, data)
        : undefined
    if (typeof data === 'string') this.#core.text(connection, data)
    else this.#core.binary(connection, data)
    hold(
      wrong === undefined || this.#core.session(session?.sid ?? '') === undefined,
      `a violation has no consequences: ${wrong}`,
    )
    this.#drain()
  }

  #judge(sid: string, data: Payload): string | undefined {
    return violationIn(data, {
      shapes: serverFrames,
      kinds: ['ack', 'ping', 'pong', 'bye', 'error', 'refresh', 'batch'],
      maxBytes: options.limits.maxBytes,
      ...this.#application.standing(sid),
    })
  }

  close(connection: number): void {
    this.#visitors.delete(connection)
    this.#core.closed(connection)
  }

  #execute(action: ServerAction<Numbered>): void {
    this.#holdTouch(action)
    switch (action.type) {
      case 'send':
        holdWellFormed(action.data, 'client')
        this.#visitors.get(action.connection)?.receive(action.data)
        return
      case 'close':
        this.#closeAt(action.connection, action.code)
        return
      case 'authenticate':
        this.#authenticate(action)
        return
      case 'reauthenticate': {
        const { principal = null } = this.#visitors.get(action.connection) ?? {}
        const answer = this.#random.pick({ principal, expiresMs: 60_000 }, { principal: 'other' })
        this.#core.reauthenticated(action.connection, answer)
        return
      }
      case 'attach':
        this.#attach(action)
        return
      case 'store':
        this.#store.write(action.write)
        return
      case 'arm':
        this.#timers.set(JSON.stringify(action.timer), action.timer)
        return
      case 'disarm':
        this.#timers.delete(JSON.stringify(action.timer))
        return
      default:
        count(this.#tally, `server: ${action.type}${'reason' in action ? ` ${action.reason}` : ''}`)
        this.#application.hear(action, this.#core)
    }
  }

  /** On an attacker's turn nothing may be said to an honest client, and nothing may happen to its session. */
  #holdTouch(action: ServerAction<Numbered>): void {
    if (this.#turn === 'honest' || action.type === 'alarm') return
    const isTouched =
      ('connection' in action && this.#visitors.get(action.connection)?.isHostile === false) ||
      ('sid' in action && this.#isHonest(action.sid)) ||
      ('timer' in action && 'sid' in action.timer && this.#isHonest(action.timer.sid)) ||
      ('write' in action && this.#isHonest(action.write.sid))
    hold(!isTouched, `an attacker's frame has a consequence for somebody else: ${action.type}`)
  }

  #closeAt(connection: number, code: number): void {
    const visitor = this.#visitors.get(connection)
    count(this.#tally, `server: close ${code}`)
    visitor?.closed(code)
    // Some connections take their time to close, and frames still come.
    if (visitor?.isHostile === true && this.#random.chance(0.3)) this.#lingering.push(connection)
    else this.close(connection)
  }

  #authenticate({ connection, hello }: Extract<ServerAction<Numbered>, { type: 'authenticate' }>): void {
    const visitor = this.#visitors.get(connection)
    const id = (this.#ids += 1)
    const answer: Authentication = {
      kind: 'known',
      principal: visitor?.principal ?? null,
      presentedHash: hello.tok === null ? null : `#${hello.tok}`,
      freshSid: `s-${id}`,
      freshToken: `t-${id}`,
      freshTokenHash: `#t-${id}`,
    }
    if (visitor?.isHostile !== true || this.#random.chance(0.7)) this.#core.authenticated(connection, answer)
    else if (this.#random.chance(0.3))
      this.#core.authenticated(connection, { kind: 'rejected', code: 4_401, message: 'no' })
    else this.#unknown.set(connection, answer)
  }

  #attach({ connection, request }: Extract<ServerAction<Numbered>, { type: 'attach' }>): void {
    const known = [...this.#store.records()].some((record) => record.sid === request.hello.sid)
    const attachment = this.#store.attach(request)
    if (attachment.kind === 'created')
      hold(attachment.record.sid === request.freshSid, 'a session has an id that the server did not choose')
    if (attachment.kind === 'resumed')
      hold(known && attachment.record.sid === request.hello.sid, 'a session was resumed that was not there')
    count(this.#tally, `server: attach ${attachment.kind}`)
    this.#core.attached(connection, attachment)
  }

  #holdBounds(): void {
    hold(this.#store.size <= storeBounds.maxSessions, 'more sessions than the store may hold')
    hold(this.#visitors.size <= maxConnections, 'connections pile up')
    // Per session: ack, drain, ttl, bye; per connection: hello.
    hold(
      this.#timers.size <= 4 * storeBounds.maxSessions + this.#visitors.size,
      'timers are left of what has ended',
    )
  }

  /** Every attacker goes, every honest end gets what it was sent, and nothing is left of the rest. */
  finish(): void {
    this.#as('hostile', () => {
      for (const client of this.#hostile) client.hangUp()
      for (const [connection, visitor] of this.#visitors) if (visitor.isHostile) this.close(connection)
      for (const waiting of this.#unknown) this.#core.authenticated(...waiting)
      this.#unknown.clear()
    })
    this.#as('hostile', () => {
      for (const timer of this.#timers.values())
        if ('sid' in timer && !this.#isHonest(timer.sid)) this.#expire(timer)
    })
    for (const pair of this.#honest) this.#as('honest', () => pair.dial())
    for (let round = 0; round < 20 && !this.#honest.every((pair) => pair.isAtRest); round += 1)
      for (const pair of this.#honest) this.#as('honest', () => this.#tickHonest(pair))
    hold(
      this.#honest.every((pair) => pair.isAtRest),
      'an honest client did not get everything, or not an acknowledgement',
    )
    this.#holdOnlyHonest()
    const delivered = this.#honest.reduce((sum, pair) => sum + pair.delivered, 0)
    count(this.#tally, 'server: messages of honest ends delivered', delivered)
  }

  #holdOnlyHonest(): void {
    const honest = this.#honest.map((pair) => pair.sid).sort()
    const kept = [...this.#store.records()].map((record) => record.sid).sort()
    const served = [...this.#core.sessions()].map((session) => session.sid).sort()
    hold(kept.join() === honest.join(), 'the store keeps sessions of attackers that have ended')
    hold(served.join() === honest.join(), 'the server keeps sessions of attackers that have ended')
    hold(
      [...this.#timers.values()].every((timer) => 'sid' in timer && this.#isHonest(timer.sid)),
      'timers are left of attackers that are gone',
    )
    hold(
      this.#application.sids.every((sid) => this.#isHonest(sid)),
      'the application was not told of an end',
    )
  }
}
