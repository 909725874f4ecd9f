import type { Batching, Packer } from './batch.ts'
import { encodeControl, encodeData } from './codec.ts'
import type { Ack, Beat, Bye, LastCounts } from './frame.ts'
import type { HandBack } from './hand-back.ts'
import { Inbox, type InboxState } from './inbox.ts'
import type { Limits } from './limits.ts'
import { Outbox, type OutboxBounds, type PeerCounts } from './outbox.ts'
import { type OutboxState } from './outbox-state.ts'
import type { Outgoing, Payload } from './outgoing.ts'
import { utf8Bytes } from './utf8-bytes.ts'

/** When a message counts as handled: as soon as it is handed over, or when the application says so. */
export type AckMode = 'received' | 'handled'

/** The timers of an exchange: acknowledge what is owed, look at the socket's buffer again, and wait no longer for more to share a frame. */
export type ExchangeTimer = 'ack' | 'drain' | 'linger'

/** Names a timer of a session. */
export interface SessionTimer {
  readonly name: ExchangeTimer
  readonly sid: string
}

/** How long each timer runs, in milliseconds. Browsers have no drain event, hence the second. */
export const exchangeTimersMs: Readonly<Record<ExchangeTimer, number>> = { ack: 200, drain: 50, linger: 0 }

/** What one end sets for its side of an exchange. */
export interface ExchangeConfig {
  /** What this end accepts. */
  readonly limits: Limits
  readonly bounds: OutboxBounds
  readonly ackMode: AckMode
  /** Writing stops when the socket's buffer plus the next message would exceed this; a message alone always goes. */
  readonly highWaterBytes: number
  readonly batch?: Batching | undefined
}

/** What an exchange wants done, at either end. */
export type ExchangeAction<Entry> =
  | { readonly type: 'deliver'; readonly sid: string; readonly number: number; readonly payload: Payload }
  | {
      readonly type: 'acked'
      readonly sid: string
      readonly entries: readonly Entry[]
      readonly upTo: number
    }
  /** A message that was refused for lack of room may be offered again. */
  | { readonly type: 'room'; readonly sid: string }
  | { readonly type: 'arm'; readonly timer: SessionTimer; readonly delayMs: number }
  | { readonly type: 'disarm'; readonly timer: SessionTimer }

/** Where an exchange puts what it wants done, and what goes on the wire. */
export interface ExchangePort<Entry> {
  readonly emit: (action: ExchangeAction<Entry>) => void
  readonly send: (data: Payload) => void
}

/** What can be wrong with a frame between two ends that know each other. */
export type Fault = 'desync' | 'badack' | 'diverged' | 'too-large' | 'window'

/** Why a message was not numbered: it stays where it was. */
export type Refusal = 'not-live' | 'window' | 'too-large'

/**
 * The conversation after the handshake, the same at both ends: outbox, inbox, acknowledgements and the checkpoint on
 * every count. It outlives connections; `begin` and `stop` mark where one starts and ends.
 */
export class Exchange<Entry extends Outgoing> {
  readonly sid: string
  readonly #config: ExchangeConfig
  readonly #port: ExchangePort<Entry>
  readonly #outbox: Outbox<Entry>
  readonly #inbox: Inbox
  readonly #armed = new Set<ExchangeTimer>()
  /** What the other end accepts; known from the first handshake on. */
  #peerLimits: Limits
  /** On a connection, what its buffer is thought to hold; otherwise nothing. */
  #link: { bufferedBytes: number; readonly packer: Packer | undefined } | undefined
  /** Size of the message that was refused and is waited for. */
  #refusedBytes: number | undefined

  constructor(
    sid: string,
    config: ExchangeConfig,
    port: ExchangePort<Entry>,
    peerLimits: Limits,
    outbox: OutboxState<Entry>,
    inbox: InboxState,
  ) {
    this.sid = sid
    this.#config = config
    this.#port = port
    this.#peerLimits = peerLimits
    this.#outbox = new Outbox(outbox)
    this.#inbox = new Inbox(inbox, config.limits)
  }

  /** This end's counts, final once it accepts nothing more. */
  get last(): LastCounts {
    return { lack: this.#inbox.handled, lrx: this.#inbox.rx }
  }

  /** Largest message the other end takes, in bytes. */
  get maxBytes(): number {
    return this.#peerLimits.maxBytes
  }

  /** Returns the counts for HELLO or WELCOME, and notes that the acknowledgement was told. */
  introduce(): PeerCounts {
    return { rx: this.#inbox.rx, ack: this.#inbox.tell() }
  }

  /**
   * Starts on a connection with the counts and limits from the other end's HELLO or WELCOME, and sends the ACK that
   * both ends owe each other right after WELCOME. Replay follows with `pump`, so that a caller can say `resumed` first.
   * `ext`: the extensions that the other end understands.
   */
  begin(peer: PeerCounts, limits: Limits, ext: readonly string[] = []): Fault | undefined {
    const freed = this.#outbox.begin(peer, limits, this.#config.bounds)
    if (typeof freed === 'string') return freed
    this.#peerLimits = limits
    const batch = ext.includes('batch') ? this.#config.batch : undefined
    this.#link = { bufferedBytes: 0, packer: batch?.(this.#port.send, limits.maxBytes) }
    this.#tell()
    this.#freed(freed)
    return undefined
  }

  /** Ends the connection: nothing is sent, no timer runs. */
  stop(): void {
    this.#link = undefined
    this.#refusedBytes = undefined
    for (const name of this.#armed) this.#port.emit({ type: 'disarm', timer: { name, sid: this.sid } })
    this.#armed.clear()
  }

  /** Sends what the window and the socket's buffer allow, in order, in one go. */
  pump(): void {
    const link = this.#link
    if (link === undefined) return
    for (let entry = this.#outbox.peek(); entry !== undefined; entry = this.#outbox.peek()) {
      if (!this.#fitsBuffer(link.bufferedBytes, entry.bytes)) {
        this.#arm('drain')
        break
      }
      this.#outbox.advance(entry)
      link.bufferedBytes += entry.bytes
      if (link.packer) link.packer.put(entry)
      else this.#port.send(encodeData(entry.payload))
    }
    link.packer?.flush()
    this.#announceRoom(link.bufferedBytes)
  }

  #fitsBuffer(bufferedBytes: number, bytes: number): boolean {
    return bufferedBytes === 0 || bufferedBytes + bytes <= this.#config.highWaterBytes
  }

  #announceRoom(bufferedBytes: number): void {
    const bytes = this.#refusedBytes
    if (bytes === undefined || !this.#outbox.isOpen(bytes)) return
    if (!this.#fitsBuffer(bufferedBytes, bytes)) {
      this.#arm('drain')
      return
    }
    this.#refusedBytes = undefined
    this.#port.emit({ type: 'room', sid: this.sid })
  }

  /** Takes the size of the socket's buffer and goes on writing if there is room. */
  buffered(bytes: number): void {
    if (this.#link === undefined) return
    this.#link.bufferedBytes = bytes
    // What waits for more to share a frame with has a time of its own.
    if (!this.#armed.has('linger')) this.pump()
  }

  /** Numbers a message and sends it, if it can go at once; otherwise says why not and changes nothing. */
  offer(entry: Entry): number | Refusal {
    const link = this.#link
    if (link === undefined) return 'not-live'
    if (entry.bytes > this.#peerLimits.maxBytes) return 'too-large'
    const fits = this.#fitsBuffer(link.bufferedBytes, entry.bytes)
    if (fits && this.#outbox.isOpen(entry.bytes)) return this.append(entry)
    this.#refusedBytes = entry.bytes
    if (!fits) this.#arm('drain')
    return 'window'
  }

  /** Numbers a message, to be sent when its turn comes. */
  append(entry: Entry): number {
    const number = this.#outbox.append(entry)
    if (this.#link?.packer?.lingers(entry)) this.#arm('linger', this.#config.batch?.lingerMs)
    else this.pump()
    return number
  }

  /** Takes a data message. */
  data(payload: Payload, bytes: number): Fault | undefined {
    return this.#take(payload, bytes) ?? this.#acknowledge()
  }

  /** Takes the messages of one frame, and acknowledges them together. `isAscii`: each has as many bytes as characters. */
  batch(payloads: readonly string[], isAscii: boolean): Fault | undefined {
    for (const payload of payloads) {
      const fault = this.#take(payload, isAscii ? payload.length : utf8Bytes(payload))
      // It ends the session: what comes behind it is nobody's.
      if (fault !== undefined) return fault
    }
    return this.#acknowledge()
  }

  #take(payload: Payload, bytes: number): Fault | undefined {
    const number = this.#inbox.accept(bytes)
    if (typeof number === 'string') return number
    this.#port.emit({ type: 'deliver', sid: this.sid, number, payload })
    if (this.#config.ackMode === 'received') this.#inbox.settle(number)
    return undefined
  }

  /** Notes that the application is done with a message. */
  settle(number: number): void {
    this.#inbox.settle(number)
    this.#acknowledge()
  }

  #acknowledge(): undefined {
    if (this.#link === undefined || !this.#inbox.isOwing) return
    if (this.#inbox.isDue) this.#tell()
    else this.#arm('ack')
  }

  /** Takes the counts of an ACK, PING or PONG; a PING is answered. */
  counts(frame: Ack | Beat): Fault | undefined {
    if (frame.tx !== this.#inbox.rx) return 'desync'
    const freed = this.#outbox.acknowledge(frame.ack)
    if (freed === 'badack') return 'badack'
    this.#freed(freed)
    if (frame.kind === 'ping') this.#tell('pong', frame.n)
    this.pump()
    return undefined
  }

  #freed(entries: readonly Entry[]): void {
    if (entries.length > 0)
      this.#port.emit({ type: 'acked', sid: this.sid, entries, upTo: this.#outbox.acked })
  }

  /** Sends a PING whose answer repeats the value. */
  ping(value: number): void {
    if (this.#link !== undefined) this.#tell('ping', value)
  }

  #tell(kind: (Ack | Beat)['kind'] = 'ack', n: number = 0): void {
    this.#port.send(encodeControl({ kind, ack: this.#inbox.tell(), tx: this.#outbox.sent, n }))
  }

  /** Returns the BYE that tells this end's final counts. */
  bye(code: number): Bye {
    return { kind: 'bye', code, ack: this.#inbox.tell(), rx: this.#inbox.rx }
  }

  /** A timer has run out; one that was disarmed meanwhile does nothing. The others than `ack` bring the size of the socket's buffer. */
  due(name: ExchangeTimer, bufferedBytes: number): void {
    if (!this.#armed.delete(name)) return
    if (name !== 'ack') this.buffered(bufferedBytes)
    else if (this.#inbox.isOwing) this.#tell()
  }

  #arm(name: ExchangeTimer, delayMs: number = exchangeTimersMs[name]): void {
    if (this.#armed.has(name)) return
    this.#armed.add(name)
    this.#port.emit({ type: 'arm', timer: { name, sid: this.sid }, delayMs })
  }

  /** Sorts what the outbox holds by fate. */
  handBack(last?: LastCounts): HandBack<Entry> {
    return this.#outbox.handBack(last)
  }
}
