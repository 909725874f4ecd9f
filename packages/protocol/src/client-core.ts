import type { ClientAction } from './client-action.ts'
import type { ClientConfig } from './client-config.ts'
import { clientFrames } from './client-frames.ts'
import { helloFor } from './client-hello.ts'
import type { Phase } from './client-phase.ts'
import { closeCode } from './close-code.ts'
import { decodeText, encodeControl } from './codec.ts'
import type { Exchange, ExchangeTimer, Fault, Refusal } from './exchange.ts'
import {
  type Ack,
  type Beat,
  type Bye,
  type ControlFrame,
  type Frame,
  type ErrorFrame,
  type LastCounts,
  type Violation,
  type Welcome,
  detailOf,
} from './frame.ts'
import { type HandBack, nothing } from './hand-back.ts'
import { HeldSession } from './held-session.ts'
import { byeCounts, lastOf } from './last-counts.ts'
import { type LossReason, keepsCounts, toLossReason } from './loss-reason.ts'
import type { Outgoing, Payload } from './outgoing.ts'
import type { Shapes } from './shape.ts'
import { utf8Bytes } from './utf8-bytes.ts'

const normalClosure = 1_000

/** Half of what HELLO can carry: who says more leaves no room to count on, and would make every later HELLO a violation. */
const farthestAttempt = 2 ** 51

/**
 * Decides everything the client end of `holdfast.v1` decides, and does nothing: events go in through methods, actions
 * come out of `next()`. It knows no socket, no clock and no randomness.
 *
 * Call `begin` when a connection is open; hand in every frame and the close of that connection with the attempt number
 * it returned; after every call take actions with `next()` until it returns undefined. Frames of any other attempt are
 * ignored. Nothing throws, whatever the other end sends.
 */
export class ClientCore<Entry extends Outgoing> {
  readonly #config: ClientConfig
  readonly #shapes: Shapes
  readonly #actions: ClientAction<Entry>[] = []
  readonly #session: HeldSession<Entry>
  #phase: Phase = { name: 'idle' }
  #attempt = 0

  /** Takes options that `resolveClientOptions`, or another who knows their bounds, has checked and completed. */
  constructor(config: ClientConfig) {
    this.#config = config
    this.#shapes = config.batch ? ({ ...clientFrames, M: config.batch.shape } as Shapes) : clientFrames
    this.#session = new HeldSession<Entry>(config, {
      emit: (action) => void this.#actions.push(action),
      send: (data) => void this.#actions.push({ type: 'send', attempt: this.#attempt, data }),
    })
  }

  /** Where the core stands; `ended` is final. */
  get phase(): Phase['name'] {
    return this.#phase.name
  }

  /** Id of the session at the server; undefined before the first WELCOME and after a loss. */
  get sid(): string | undefined {
    return this.#session.identity?.sid
  }

  /** Largest message the server takes, in bytes; undefined while no session is held. */
  get maxBytes(): number | undefined {
    return this.#session.exchange?.maxBytes
  }

  /**
   * Takes the oldest action not yet taken; undefined when there is none. One at a time, so that an action whose execution
   * leads back into the core cannot overtake those before it: on the wire such a swap would be a miscount.
   */
  next(): ClientAction<Entry> | undefined {
    return this.#actions.shift()
  }

  /**
   * Starts on a connection that has just opened, and abandons the one before: returns the attempt number that names it
   * from now on, and asks to send HELLO. After the end it asks for nothing, and the number names no connection.
   */
  begin(auth?: unknown): number {
    if (this.#phase.name === 'leaving') this.#end('us', this.#phase.code, undefined)
    this.#attempt += 1
    if (this.#phase.name === 'ended') return this.#attempt
    this.#drop()
    this.#phase = { name: 'hello', attempt: this.#attempt }
    const { identity, exchange } = this.#session
    this.#send(helloFor(this.#config, this.#attempt, identity, exchange?.introduce(), auth))
    return this.#attempt
  }

  /** Takes a text message. `bytes` is its size as UTF-8 where the surroundings know it; otherwise it is measured. */
  text(attempt: number, text: string, bytes: number = utf8Bytes(text)): void {
    if (!this.#isCurrent(attempt)) return
    const frame = decodeText(text, this.#shapes)
    if (typeof frame === 'string') this.#data(frame, bytes - (text.length - frame.length))
    else this.#control(frame, bytes === text.length)
  }

  /** Takes a binary message. */
  binary(attempt: number, bytes: Uint8Array): void {
    if (this.#isCurrent(attempt)) this.#data(bytes, bytes.byteLength)
  }

  /** Notes that a connection is gone; `code` is its close code, where one is known. */
  closed(attempt: number, code?: number): void {
    if (!this.#isCurrent(attempt)) return
    if (this.#phase.name === 'leaving') this.#end('us', this.#phase.code, undefined)
    else if (code === closeCode.superseded) this.#supersede()
    else this.#drop()
  }

  #isCurrent(attempt: number): boolean {
    return 'attempt' in this.#phase && this.#phase.attempt === attempt
  }

  /** Numbers a message and sends it, or says why not; a message that is refused stays with its owner. */
  offer(entry: Entry): number | Refusal {
    return this.#live()?.offer(entry) ?? 'not-live'
  }

  /** Notes that the application is done with a message, in mode `handled`; for a session that is gone it does nothing. */
  settle(sid: string, number: number): void {
    if (this.#session.identity?.sid === sid) this.#session.exchange?.settle(number)
  }

  /** A timer that was armed has run out; `bufferedBytes` is what the socket's buffer holds now. */
  due(timer: ExchangeTimer, bufferedBytes = 0): void {
    this.#live()?.due(timer, bufferedBytes)
  }

  /** Takes the size of the socket's buffer, in bytes: before an offer, and whenever it is known to have fallen. */
  buffered(bytes: number): void {
    this.#live()?.buffered(bytes)
  }

  /** Sends a PING when live; the answer comes back as `pong` with the same value, a safe integer from 0. */
  ping(value: number): void {
    this.#live()?.ping(value)
  }

  /** Sends fresh credentials and returns true when live and the server understands them; otherwise returns false. */
  refresh(auth: unknown): boolean {
    if (this.#phase.name !== 'live' || !this.#phase.ext.includes('auth')) return false
    this.#send({ kind: 'refresh', auth })
    return true
  }

  /**
   * Ends the session for good: with BYE and its answer when live, at once otherwise. `ended` follows with what is handed
   * back. A second call does nothing.
   */
  leave(code: number = closeCode.bye): void {
    if (this.#phase.name === 'ended' || this.#phase.name === 'leaving') return
    const exchange = this.#live()
    if (exchange === undefined) {
      this.#end('us', code, undefined)
      return
    }
    exchange.pump()
    this.#send(exchange.bye(code))
    exchange.stop()
    this.#phase = { name: 'leaving', attempt: this.#attempt, code }
  }

  /** Ends at once, telling nobody, and returns what is handed back; the second call returns nothing. */
  abandon(): HandBack<Entry> {
    if (this.#phase.name === 'ended') return nothing()
    this.#phase = { name: 'ended' }
    return this.#session.release()
  }

  #live(): Exchange<Entry> | undefined {
    return this.#phase.name === 'live' ? this.#session.exchange : undefined
  }

  #data(payload: Payload, bytes: number): void {
    // While leaving, counts are final: what still arrives is not delivered.
    if (this.#phase.name === 'hello') this.#lose('protocol', undefined, 'data before WELCOME')
    else this.#judge(this.#live()?.data(payload, bytes))
  }

  #control(frame: Frame | Violation, isAscii: boolean): void {
    if (frame.kind === 'error') this.#failed(frame)
    else if (this.#phase.name === 'leaving') this.#whileLeaving(this.#phase.code, frame)
    else if (this.#phase.name === 'hello') this.#beforeLive(frame)
    else this.#whileLive(frame, isAscii)
  }

  #whileLeaving(code: number, frame: Frame | Violation): void {
    if (frame.kind === 'bye') this.#end('us', code, frame)
  }

  #beforeLive(frame: Frame | Violation): void {
    if (frame.kind === 'welcome') this.#welcome(frame)
    else this.#lose('protocol', undefined, detailOf(frame))
  }

  #whileLive(frame: Frame | Violation, isAscii: boolean): void {
    switch (frame.kind) {
      case 'ack':
      case 'ping':
      case 'pong':
        this.#counts(frame)
        return
      case 'goaway':
        this.#actions.push({
          type: 'goaway',
          afterMs: frame.after,
          spreadMs: frame.spread,
          why: frame.why,
        })
        return
      case 'bye':
        this.#answerBye(frame)
        return
      case 'batch':
        this.#judge(this.#live()?.batch(frame.payloads, isAscii))
        return
      case 'expiry':
        // Sent unasked it does no harm: the client may know the extension and yet not have been offered it.
        this.#actions.push({ type: 'credentials', expiresMs: frame.exp })
        return
      default:
        this.#lose('protocol', undefined, detailOf(frame))
    }
  }

  #counts(frame: Ack | Beat): void {
    const fault = this.#live()?.counts(frame)
    if (fault !== undefined) this.#judge(fault)
    else if (frame.kind === 'pong') this.#actions.push({ type: 'pong', value: frame.n })
  }

  #answerBye(bye: Bye): void {
    const answer = this.#live()?.bye(closeCode.bye)
    if (answer !== undefined) this.#send(answer)
    this.#end('peer', bye.code, bye)
  }

  #welcome(welcome: Welcome): void {
    const outcome = this.#session.adopt(welcome)
    if (outcome === 'protocol') {
      this.#lose(outcome, undefined, 'WELCOME to another session')
      return
    }
    // From here on the server knows this connection, so it can also be told that the counts do not fit.
    this.#phase = { name: 'live', attempt: this.#attempt, ext: welcome.ext ?? [] }
    if (typeof outcome === 'string') {
      this.#judge(outcome, { lack: welcome.ack, lrx: welcome.rx })
      return
    }
    this.#actions.push({ type: 'welcomed', sid: welcome.sid, outcome, welcome })
    this.#live()?.pump()
  }

  /** Ends the session when a frame or a WELCOME does not fit it. */
  #judge(fault: Fault | undefined, last?: LastCounts): void {
    if (fault !== undefined) this.#lose(fault === 'window' ? 'protocol' : fault, last, fault)
  }

  /** Gives up connection and session; the server is told only where it may be: after WELCOME. */
  #lose(reason: LossReason, last: LastCounts | undefined, detail: string): void {
    const { exchange } = this.#session
    const attempt = this.#attempt
    const code = reason === 'too-large' ? closeCode.tooLarge : closeCode.protocol
    if (exchange !== undefined && this.#phase.name === 'live') {
      const counts = keepsCounts(reason) ? exchange.last : {}
      // Without counts of the server it was a message that came in, and not one of ours that no longer fits.
      const n = reason === 'too-large' && last === undefined ? exchange.last.lrx + 1 : undefined
      this.#send({ kind: 'error', code, end: true, lost: reason, ...counts, n })
    }
    this.#phase = { name: 'idle' }
    if (exchange === undefined)
      this.#actions.push({ type: 'failed', attempt, code, retryMs: undefined, message: detail })
    else this.#actions.push({ type: 'lost', reason, detail })
    this.#session.lose(reason, last)
    this.#actions.push({ type: 'close', attempt, code })
  }

  #failed(error: ErrorFrame): void {
    if (error.code === closeCode.superseded) this.#supersede()
    else if (this.#phase.name === 'leaving') this.#end('us', this.#phase.code, undefined)
    else this.#refused(error)
  }

  #refused(error: ErrorFrame): void {
    const attempt = this.#attempt
    const { code, retry: retryMs, msg: message, att = 0 } = error
    // A server that knows a later attempt says which; the next one must be later still.
    if (code === closeCode.stale && att <= farthestAttempt) this.#attempt = Math.max(attempt, att)
    this.#drop()
    if (error.end === true && this.#session.exchange !== undefined) {
      const reason = toLossReason(error.lost ?? 'ended')
      this.#session.lose(reason, lastOf(error))
      this.#actions.push({ type: 'lost', reason, detail: message })
    }
    this.#actions.push({ type: 'failed', attempt, code, retryMs, message })
    this.#actions.push({ type: 'close', attempt, code: normalClosure })
  }

  #drop(): void {
    if (this.#phase.name === 'live') this.#session.exchange?.stop()
    this.#phase = { name: 'idle' }
  }

  #supersede(): void {
    this.#phase = { name: 'ended' }
    const handBack = this.#session.release()
    this.#actions.push({ type: 'close', attempt: this.#attempt, code: normalClosure })
    this.#actions.push({ type: 'superseded', handBack })
  }

  #end(by: 'us' | 'peer', code: number, bye: Bye | undefined): void {
    this.#phase = { name: 'ended' }
    const handBack = this.#session.release(byeCounts(bye))
    this.#actions.push({ type: 'close', attempt: this.#attempt, code: closeCode.bye })
    this.#actions.push({ type: 'ended', by, code, answered: bye !== undefined, handBack })
  }

  #send(frame: ControlFrame): void {
    this.#actions.push({ type: 'send', attempt: this.#attempt, data: encodeControl(frame) })
  }
}
