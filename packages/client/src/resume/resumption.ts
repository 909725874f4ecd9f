import { platform, type Release } from '@holdfast/lifetime'
import { type Receipt, ReceiptEntry } from '@holdfast/mailbox'
import {
  type ClientAction,
  ClientCore,
  type ExchangeTimer,
  type HandBack as Sorted,
} from '@holdfast/protocol'
import { type Message, tooLarge } from '../message.ts'
import type { Settings } from '../options.ts'
import type { PlugHost } from '../plug.ts'
import type { HandBack } from '../queue.ts'
import type { SocketLike } from '../socket-like.ts'
import type { Credentials } from '../target.ts'
import { type Entry, toEntry, toIncoming } from './entry.ts'
import { Fates } from './fates.ts'
import type { HandledInbound } from './handled-inbound.ts'
import type { ResumeOptions } from './options.ts'
import { Renewal } from './renewal.ts'
import { ResumeSocket, type SocketOwner } from './resume-socket.ts'

type Action = ClientAction<Entry>
type Of<Type extends Action['type']> = Extract<Action, { readonly type: Type }>

/** What is sent as a ping, and received as its answer: known by its identity, never seen by the application. */
export const pingMark: ArrayBuffer = new ArrayBuffer(0)

/** How long a connection is kept at least, whatever GOAWAY says. */
const LEAST_STAY_MS = 1_000

const endedByServer = { code: 1000, reason: 'the server ended the session' }
const nothing: Sorted<Entry> = { delivered: [], uncertain: [], undelivered: [] }

/** Drives the client end of the resume protocol for one session: carries out what the core decides, tells it what happens. */
export class Resumption implements SocketOwner {
  readonly #host: PlugHost<Settings>
  readonly #options: ResumeOptions
  readonly #handled: HandledInbound | undefined
  readonly #core: ClientCore<Entry>
  readonly #fates = new Fates()
  readonly #renewal: Renewal
  readonly #timers = new Map<ExchangeTimer, Release>()
  #stay: Release | undefined
  /** Taken from the queue when the window was shut already. */
  #stash: Entry[] = []
  #socket: ResumeSocket | undefined
  #resumed = false
  #credentials: Credentials
  #acting: Action | undefined
  #leaving = { code: 1000, reason: '' }
  /** What the core gave back when the session at the server ended for good. */
  #ended: Sorted<Entry> = nothing

  constructor(host: PlugHost<Settings>, options: ResumeOptions, handled: HandledInbound | undefined) {
    this.#host = host
    this.#handled = handled
    this.#options = options
    const { maxMessageBytes, windowMessages, windowBytes, maxUnackedMessages, maxUnackedBytes } = options
    this.#core = new ClientCore<Entry>({
      cid: host.settings.random().toString(36).slice(2) || 'client',
      proto: options.protocols,
      limits: { maxBytes: maxMessageBytes, windowMessages, windowBytes },
      bounds: { maxMessages: maxUnackedMessages, maxBytes: maxUnackedBytes },
      ackMode: options.ack,
      batch: options.batch,
      highWaterBytes: 1_048_576,
    })
    this.#renewal = new Renewal(host, (fresh) => {
      this.#core.refresh(fresh)
      this.#act()
    })
  }

  /** Whether the session at the server went on with the present connection. */
  get resumed(): boolean {
    return this.#resumed
  }

  /** Puts a resumable socket around a real one that is about to open. */
  wrap(below: SocketLike, credentials: Credentials): SocketLike {
    this.#credentials = credentials
    return new ResumeSocket(below, this, this.#host.scope.child())
  }

  /** The receipts of messages that were sent and have no fate yet. */
  receipts(): readonly Receipt[] {
    return [...this.#fates.open, ...this.#stash].map(({ receipt }) => receipt)
  }

  /** The session is over: tells what is not known to have arrived. */
  end(): HandBack {
    const left = this.#core.abandon()
    const undelivered = [...this.#ended.undelivered, ...left.undelivered, ...this.#stash.splice(0)]
    return this.#fates.sorted({
      delivered: [...this.#ended.delivered, ...left.delivered],
      uncertain: [...this.#ended.uncertain, ...left.uncertain],
      undelivered,
    })
  }

  dialled(socket: ResumeSocket): void {
    this.#socket = socket
    socket.attempt = this.#core.begin(this.#credentials)
    this.#act()
  }

  received(socket: ResumeSocket, data: unknown, bytes: number | undefined): void {
    if (typeof data === 'string') this.#core.text(socket.attempt, data, bytes)
    else this.#core.binary(socket.attempt, new Uint8Array(data as ArrayBuffer))
    this.#act()
  }

  gone(socket: ResumeSocket, code: number): void {
    this.#renewal.expiresIn(undefined)
    this.#stay?.()
    this.#core.closed(socket.attempt, code)
    this.#act()
  }

  send(socket: ResumeSocket, message: Message, receipt: ReceiptEntry = new ReceiptEntry()): void {
    if ((message as unknown) === pingMark) this.#core.ping(0)
    else {
      this.#stash.push(toEntry(message, receipt))
      this.#core.buffered(socket.bufferedBelow)
      this.#offer()
    }
    this.#act()
  }

  leave(_: ResumeSocket, code: number, reason: string): void {
    this.#leaving = { code, reason }
    this.#core.leave()
    this.#act()
  }

  waitingBytes(): number {
    return this.#stash.length === 0 ? 0 : Infinity
  }

  /** Offers what was taken from the queue, in order, as far as the window allows. */
  #offer(): void {
    for (let entry = this.#stash[0]; entry; entry = this.#stash[0]) {
      const answer = this.#core.offer(entry)
      if (typeof answer === 'number') this.#fates.add(entry)
      // The poison rule: what the server will never take harms only itself.
      else if (answer === 'too-large')
        entry.receipt.settle('rejected', tooLarge(entry.bytes, this.#core.maxBytes ?? 0))
      else return
      this.#stash.shift()
    }
  }

  /** Carries out in order what the core asks for, now that it was told of something. What comes of that waits its turn. */
  #act(): void {
    if (this.#acting) return
    for (let action = this.#core.next(); action; action = this.#core.next()) {
      this.#acting = action
      ;(this.#carryOut[action.type] as (action: Action) => void)(action)
    }
    this.#acting = undefined
  }

  readonly #carryOut: { readonly [Type in Action['type']]: (action: Of<Type>) => void } = {
    send: ({ attempt, data }) => this.#on(attempt)?.write(data),
    // When the session at the server is over, the action behind this one says how to close.
    close: ({ attempt }) => {
      if (this.#core.phase !== 'ended') this.#on(attempt)?.end(4400, '')
    },
    failed: ({ attempt, code, retryMs, message = '' }) =>
      this.#on(attempt)?.end(code, retryMs === undefined ? message : `retry-after-ms=${retryMs}`),
    arm: ({ timer, delayMs }) => {
      const run = () => {
        this.#core.due(timer.name, this.#socket?.bufferedBelow)
        this.#act()
      }
      this.#timers.get(timer.name)?.()
      // The end of this turn: the shortest timer takes a millisecond, and costs more than what is sent.
      if (delayMs === 0) platform.queueMicrotask(run)
      else this.#timers.set(timer.name, this.#host.scope.timeout(delayMs, run))
    },
    disarm: ({ timer }) => this.#timers.get(timer.name)?.(),
    welcomed: (action) => this.#welcomed(action),
    deliver: (action) => this.#deliver(action),
    acked: ({ entries }) => this.#fates.acked(entries),
    room: () => {
      this.#offer()
      this.#host.outbound.pump()
    },
    pong: () => this.#socket?.deliver(pingMark),
    // Stays connected until its own moment has come: a drain must not leave clients offline.
    goaway: ({ afterMs, spreadMs }) => {
      const { session, settings, scope } = this.#host
      const openSince = session.state.name === 'open' ? session.state.since : settings.clock.now()
      // A server that says so to everybody who comes must not have them dial in a spin.
      const youngMs = openSince + LEAST_STAY_MS - settings.clock.now()
      const delayMs = Math.max(afterMs, youngMs) + settings.random() * spreadMs
      this.#stay?.()
      this.#stay = scope.timeout(delayMs, () => session.reconnect())
    },
    credentials: ({ expiresMs }) => this.#renewal.expiresIn(expiresMs),
    // What is affected is told with the next welcome, when it is known what the server still has.
    lost: () => {},
    superseded: ({ handBack }) => {
      this.#ended = handBack
      this.#socket?.end(4409, 'superseded')
    },
    ended: ({ by, handBack }) => {
      this.#ended = handBack
      const { code, reason } = by === 'us' ? this.#leaving : endedByServer
      this.#socket?.end(code, reason)
    },
  }

  #on(attempt: number): ResumeSocket | undefined {
    return this.#socket?.attempt === attempt ? this.#socket : undefined
  }

  #deliver({ sid, number, payload }: Of<'deliver'>): void {
    const message = toIncoming(payload)
    if (this.#handled) {
      const settle = () => {
        this.#core.settle(sid, number)
        this.#act()
      }
      this.#handled.track(message, () => this.#socket?.deliver(message), settle)
    } else this.#socket?.deliver(message)
  }

  #welcomed({ outcome, welcome }: Of<'welcomed'>): void {
    if (outcome.name === 'resumed') void this.#host.events.emit('resumed', {})
    if (outcome.name === 'gap') {
      this.#handled?.forget()
      this.#gap(outcome)
    }
    this.#renewal.expiresIn(welcome.ext?.includes('auth') ? welcome.exp : undefined)
    this.#offer()
    this.#resumed = outcome.name === 'resumed'
    this.#socket?.opened(welcome.proto ?? '')
  }

  #gap({ reason, handBack }: Extract<Of<'welcomed'>['outcome'], { readonly name: 'gap' }>): void {
    let left = handBack
    if (this.#options.carryOver) {
      // What certainly did not arrive goes first on the new session, in its order.
      this.#stash = [...handBack.undelivered, ...this.#stash]
      left = { ...handBack, undelivered: [] }
    }
    void this.#host.events.emit('gap', { reason, handBack: this.#fates.sorted(left) })
  }
}
