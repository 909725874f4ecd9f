import type { ClientAction, ExchangeTimer, HandBack, Payload, ServerAction, Welcome } from '../src/index.ts'
import {
  ClientCore,
  MemoryStore,
  ServerCore,
  clientFrames,
  decodeText,
  type Batching,
  batching,
  resolveClientOptions,
  serverFrames,
} from '../src/index.ts'
import { Random } from '../sim/random.ts'
import { hold, holdUnpolluted } from './broken.ts'
import { Corruptor } from './corruptor.ts'
import type { Hints } from './frame-maker.ts'
import { type Tally, type World, count } from './fuzz-case.ts'
import { holdWellFormed } from './hold-well-formed.ts'
import { violationIn } from './judge.ts'
import { type Numbered, message } from './messages.ts'

const limits = { maxBytes: 2_048, windowMessages: 8, windowBytes: 8_192 }
const bounds = { maxMessages: 16, maxBytes: 16_384 }
/** Far more than any one frame can ask for: a replay of everything, and its acknowledgements. */
const maxActionsPerStep = 2_000

/** What the application knows of its session. */
type Held = 'none' | 'held' | 'lost'

/** A client core whose server is hostile: a real server behind a corruptor, so that the attack is deep in a session. */
export class ClientWorld implements World {
  readonly #random: Random
  readonly #tally: Tally
  readonly #corruptor: Corruptor
  #client: ClientCore<Numbered>
  #server: ServerCore<Numbered>
  #store: MemoryStore<Numbered>
  #attempt = 0
  #connection = 0
  #ids = 0
  #messages = 0
  /** Actions the client asked for so far. */
  #actions = 0
  /** Numbered and without a fate yet. */
  readonly #open = new Set<Numbered>()
  #held: Held = 'none'
  #batch: Batching | undefined
  #isOver = false
  #sid = ''
  #rx = 0
  /** The acknowledgement the client told last. */
  #told = 0
  /** Number of the last message of the client that is acknowledged, and of the newest. */
  #acked = 0
  #newest = 0
  frames = 0
  lastFrame: Payload = ''

  constructor(seed: number, tally: Tally) {
    this.#random = new Random(seed)
    this.#tally = tally
    this.#corruptor = new Corruptor(this.#random, 'welcome')
    this.#client = this.#newClient()
    this.#server = new ServerCore<Numbered>({ limits })
    this.#store = new MemoryStore<Numbered>({ maxSessions: 8, maxTombstones: 8 })
  }

  #newClient(): ClientCore<Numbered> {
    const ackMode = this.#random.pick('received', 'handled')
    this.#batch = this.#random.pick(undefined, batching())
    this.#isOver = false
    this.#held = 'none'
    return new ClientCore<Numbered>(
      resolveClientOptions({ cid: 'victim', limits, bounds, ackMode, batch: this.#batch }),
    )
  }

  step(): void {
    const random = this.#random
    const roll = random.unit()
    if (this.#isOver) this.#client = this.#newClient()
    if (this.#attempt === 0 || this.#client.phase === 'idle' || roll < 0.03) this.#dial()
    else if (roll < 0.05 + this.#corruptor.fury)
      this.#attack(this.#attempt, this.#corruptor.invent(this.#hints()))
    else if (roll < 0.45) this.#talk()
    else if (roll < 0.75) this.#answer()
    else if (roll < 0.95) this.#tick()
    else if (roll < 0.98) this.#attackAbandoned()
    else this.#upset()
    this.#settle()
    holdUnpolluted()
    hold(this.#open.size <= bounds.maxMessages, 'the client holds more messages than its bound')
  }

  finish(): void {
    this.#abandon()
    this.#settle()
  }

  #hints(): Hints {
    const sids = [...(this.#client.sid === undefined ? [] : [this.#client.sid]), 's1', 's2']
    return {
      sids,
      tokens: ['t1', 't2'],
      count: this.#random.pick(this.#rx, this.#newest),
      attempt: this.#attempt,
    }
  }

  #dial(): void {
    const random = this.#random
    this.#server.closed(this.#connection)
    this.#attempt = this.#client.begin(random.pick(undefined, 'secret'))
    this.#connection += 1
    this.#server.open(this.#connection)
    count(this.#tally, 'client: dials')
    // Sometimes the attacker is faster than the server.
    if (random.chance(0.1)) this.#attack(this.#attempt, this.#corruptor.introduce(this.#hints()))
  }

  #hand(attempt: number, data: Payload): void {
    if (typeof data === 'string') this.#client.text(attempt, data)
    else this.#client.binary(attempt, data)
  }

  #attack(attempt: number, data: Payload): void {
    this.frames += 1
    this.lastFrame = data
    const wrong = this.#violationNow(attempt, data)
    this.#hand(attempt, data)
    hold(wrong === undefined || this.#client.phase !== 'live', `a violation has no consequences: ${wrong}`)
    this.#drainClient()
  }

  /** A violation on the present connection, when it is live. */
  #violationNow(attempt: number, data: Payload): string | undefined {
    if (attempt !== this.#attempt || this.#client.phase !== 'live') return undefined
    return violationIn(data, {
      shapes: this.#batch ? ({ ...clientFrames, M: this.#batch.shape } as typeof clientFrames) : clientFrames,
      kinds: ['ack', 'ping', 'pong', 'goaway', 'bye', 'error', 'expiry', 'batch'],
      maxBytes: limits.maxBytes,
      rx: this.#rx,
      tx: this.#newest,
      acked: this.#acked,
    })
  }

  /** Frames of a connection that was left must do nothing at all. */
  #attackAbandoned(): void {
    const before = { phase: this.#client.phase, actions: this.#actions }
    this.#attack(this.#attempt - 1, this.#corruptor.invent(this.#hints()))
    hold(this.#actions === before.actions, 'a frame of an abandoned connection has consequences')
    hold(this.#client.phase === before.phase, 'a frame of an abandoned connection changes the state')
  }

  #talk(): void {
    const random = this.#random
    for (let times = random.between(1, 4); times > 0; times -= 1) {
      const entry = message(this.#messages + 1)
      const number = this.#client.offer(entry)
      if (typeof number !== 'number') return
      hold(number === this.#newest + 1, 'a message has a number out of order')
      this.#newest = number
      this.#messages += 1
      this.#open.add(entry)
    }
  }

  #answer(): void {
    const session = this.#server.sessionOf(this.#connection)
    if (session === undefined || session.held.messages > 16) return
    session.offer(message(this.#random.between(1, 99)))
  }

  #tick(): void {
    const random = this.#random
    const timer: ExchangeTimer = random.pick('ack', 'drain')
    const sid = this.#client.sid ?? ''
    switch (random.between(0, 4)) {
      case 0:
        this.#client.due(timer, random.pick(0, 2_000_000))
        return
      case 1:
        this.#server.due({ name: timer, sid })
        return
      case 2:
        this.#client.settle(random.pick(sid, 's1'), random.between(0, this.#rx + 1))
        return
      case 3:
        this.#client.ping(random.between(0, 9))
        return
      default:
        if (this.#client.refresh('fresh')) count(this.#tally, 'client: refreshes')
    }
  }

  /** Things that end a connection, a session, or an end. */
  #upset(): void {
    const random = this.#random
    switch (random.between(0, 5)) {
      case 0:
      case 1:
        this.#client.closed(this.#attempt, random.pick(undefined, 1_006, 4_400, 4_409))
        return
      case 2:
        this.#server = new ServerCore<Numbered>({ limits })
        this.#store = new MemoryStore<Numbered>({ maxSessions: 8, maxTombstones: 8 })
        return
      case 3:
        this.#server.session(this.#client.sid ?? '')?.leave(4_000)
        return
      case 4:
        this.#client.leave()
        return
      default:
        this.#abandon()
    }
  }

  #abandon(): void {
    // What was asked for before still happened before.
    this.#settle()
    if (this.#isOver) return
    this.#fates(this.#client.abandon())
    this.#over()
  }

  #over(): void {
    hold(this.#open.size === 0, 'the end came, and a message has no fate')
    this.#isOver = true
    count(this.#tally, 'client: ends')
  }

  #fate(entry: Numbered): void {
    hold(this.#open.delete(entry), 'a message has two fates')
  }

  #fates(handBack: HandBack<Numbered>): void {
    for (const list of [handBack.delivered, handBack.uncertain, handBack.undelivered]) {
      for (const entry of list) this.#fate(entry)
      count(this.#tally, 'client: messages handed back', list.length)
    }
  }

  /** Executes what both ends ask for, until neither asks for more. */
  #settle(): void {
    for (let actions = 0; ; actions += 1) {
      hold(actions < maxActionsPerStep, 'one step goes on without end')
      this.#drainClient()
      const theirs = this.#server.next()
      if (theirs === undefined) return
      this.#serve(theirs)
    }
  }

  #drainClient(): void {
    const limit = this.#actions + maxActionsPerStep
    for (let action = this.#client.next(); action !== undefined; action = this.#client.next()) {
      this.#actions += 1
      hold(this.#actions < limit, 'one frame has consequences without end')
      this.#perform(action)
    }
  }

  #perform(action: ClientAction<Numbered>): void {
    hold(!this.#isOver || action.type === 'disarm', `${action.type} after the end`)
    switch (action.type) {
      case 'send':
        holdWellFormed(action.data, 'server')
        this.#noteTold(action.data)
        if (action.attempt !== this.#attempt) return
        if (typeof action.data === 'string') this.#server.text(this.#connection, action.data)
        else this.#server.binary(this.#connection, action.data)
        return
      case 'welcomed':
        this.#welcomed(action)
        return
      case 'deliver':
        hold(
          action.sid === this.#sid && action.number === this.#rx + 1,
          'a message is delivered out of order',
        )
        hold(
          action.number - this.#told <= limits.windowMessages,
          'more messages are taken than the window allows',
        )
        this.#rx = action.number
        count(this.#tally, 'client: messages delivered')
        return
      case 'acked':
        for (const entry of action.entries) this.#fate(entry)
        this.#acked += action.entries.length
        hold(
          action.upTo === this.#acked && this.#acked <= this.#newest,
          'an acknowledgement covers what was not sent',
        )
        count(this.#tally, 'client: messages acked', action.entries.length)
        return
      case 'lost':
        hold(this.#held === 'held', 'a session is lost that is not held')
        this.#held = 'lost'
        count(this.#tally, `client: lost ${action.reason}`)
        return
      case 'ended':
      case 'superseded':
        this.#fates(action.handBack)
        this.#over()
        return
      default:
        if ('code' in action) count(this.#tally, `client: ${action.type} ${action.code}`)
    }
  }

  #noteTold(data: Payload): void {
    const frame = typeof data === 'string' ? decodeText(data, { ...clientFrames, ...serverFrames }) : ''
    if (typeof frame !== 'string' && 'ack' in frame) this.#told = frame.ack
  }

  #welcomed({ sid, outcome, welcome }: Extract<ClientAction<Numbered>, { type: 'welcomed' }>): void {
    holdTerms(welcome)
    const expected = { first: ['none'], resumed: ['held'], gap: ['held', 'lost'] }[outcome.name]
    hold(expected.includes(this.#held), `${outcome.name} in state ${this.#held}`)
    if (outcome.name === 'resumed') hold(sid === this.#sid, 'another session was resumed')
    else this.#rx = this.#told = this.#acked = this.#newest = 0
    if (outcome.name === 'gap') this.#fates(outcome.handBack)
    this.#sid = sid
    this.#held = 'held'
    count(this.#tally, `client: ${outcome.name}`)
  }

  #serve(action: ServerAction<Numbered>): void {
    switch (action.type) {
      case 'send':
        this.#arrive(action.data)
        return
      case 'close':
        if (action.connection === this.#connection) this.#client.closed(this.#attempt, action.code)
        this.#server.closed(action.connection)
        return
      case 'authenticate': {
        const id = (this.#ids += 1)
        const { tok: token } = action.hello
        this.#server.authenticated(action.connection, {
          kind: 'known',
          principal: 'victim',
          presentedHash: token === null ? null : `#${token}`,
          freshSid: `s${id}`,
          freshToken: `t${id}`,
          freshTokenHash: `#t${id}`,
        })
        return
      }
      case 'reauthenticate':
        this.#server.reauthenticated(action.connection, { principal: 'victim', expiresMs: 60_000 })
        return
      case 'attach':
        this.#server.attached(action.connection, this.#store.attach(action.request))
        return
      case 'store':
        this.#store.write(action.write)
        return
      default:
    }
  }

  #arrive(data: Payload): void {
    const arriving = this.#corruptor.pass(data)
    if (arriving.length === 1 && arriving[0] === data) {
      count(this.#tally, 'client: frames unchanged')
      this.#hand(this.#attempt, data)
    } else for (const frame of arriving) this.#attack(this.#attempt, frame)
  }
}

function holdTerms({ ping, idle, ttl, spread, max, win, exp = 0 }: Welcome): void {
  for (const intervalMs of [ping, idle])
    hold(intervalMs === 0 || (intervalMs >= 1_000 && intervalMs <= 3_600_000), 'an interval that is none')
  hold(max >= 1 && ttl <= 604_800_000 && spread <= 3_600_000, 'terms out of bounds')
  for (const value of [ping, idle, ttl, spread, max, exp, ...win])
    hold(Number.isSafeInteger(value) && value >= 0, 'terms that are no whole numbers')
}
