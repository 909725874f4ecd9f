import { type Binding, chooseProto, welcomeFor } from './binding.ts'
import { closeCode } from './close-code.ts'
import { encodeControl } from './codec.ts'
import { Exchange, type ExchangeAction, type ExchangeTimer, type Fault } from './exchange.ts'
import type { Ack, Beat, Bye, ControlFrame, ErrorFrame, LastCounts } from './frame.ts'
import type { GoAwayNotice } from './go-away-notice.ts'
import { byeCounts, lastOf } from './last-counts.ts'
import { limitsOf } from './limits.ts'
import { type LossReason, keepsCounts, toLossReason } from './loss-reason.ts'
import { type OutboxState, bytesOf } from './outbox-state.ts'
import type { Outgoing, Payload } from './outgoing.ts'
import type { Place } from './place.ts'
import type { ServerAction } from './server-action.ts'
import type { ServerSessionHost } from './server-session-host.ts'
import type { SessionRecord, Stage } from './session-store.ts'

/** The server's side of one session: counts, the connection it is bound to, and its end. */
export class ServerSession<Entry extends Outgoing> {
  readonly sid: string
  readonly principal: string | null
  readonly #host: ServerSessionHost<Entry>
  readonly #exchange: Exchange<Entry>
  #place: Place = { name: 'detached' }
  #stage: Stage
  /** Whether the application has heard of the session. */
  #face: 'hidden' | 'open' = 'hidden'
  #gen: number
  readonly #outbox: OutboxState<Entry>
  #heldBytes: number
  #proto: string | undefined

  constructor(record: SessionRecord<Entry>, host: ServerSessionHost<Entry>) {
    const { sid } = record
    this.sid = sid
    this.principal = record.principal
    this.#host = host
    this.#stage = record.stage
    this.#gen = record.gen
    const port = {
      emit: (action: ExchangeAction<Entry>) => this.#relay(action),
      send: (data: Payload) => this.#write(data),
    }
    this.#exchange = new Exchange(sid, host.config, port, record.peerLimits, record.outbox, record.inbox)
    this.#outbox = record.outbox
    this.#heldBytes = bytesOf(record.outbox.entries)
  }

  /** Where the session stands; `unconfirmed` until the client has shown that it knows of the session. */
  get state(): Place['name'] | 'unconfirmed' {
    return this.#face === 'hidden' && this.#place.name !== 'ended' ? 'unconfirmed' : this.#place.name
  }

  /** The connection the session is bound to. */
  get connection(): number | undefined {
    return 'connection' in this.#place ? this.#place.connection : undefined
  }

  /** Largest message the client takes, in bytes. */
  get maxBytes(): number {
    return this.#exchange.maxBytes
  }

  /** Messages and bytes held until the client has handled them. */
  get held(): { readonly messages: number; readonly bytes: number } {
    return { messages: this.#outbox.entries.length, bytes: this.#heldBytes }
  }

  #relay(action: ExchangeAction<Entry>): void {
    // The server numbers what its application sends at once, so nobody waits for room.
    if (action.type === 'room') return
    if (action.type === 'acked') this.#heldBytes -= bytesOf(action.entries)
    this.#host.emit(action)
  }

  /**
   * Binds the session to a connection after the store has attached it, and welcomes the client. A connection that was
   * bound before is told that it is superseded, before the counts for WELCOME are read.
   */
  bind(binding: Binding, record: SessionRecord<Entry>): void {
    const { connection, hello, resumed } = binding
    this.#fence(record)
    this.#place = { name: 'attached', connection }
    const { config, emit } = this.#host
    this.#proto = chooseProto(hello, config)
    this.#send(welcomeFor(this.sid, this.#exchange.introduce(), binding, config))
    const fault = this.#exchange.begin(resumed ? hello : { rx: 0, ack: 0 }, limitsOf(hello), hello.ext)
    if (fault !== undefined) return this.#fault(fault)
    emit({ type: 'disarm', timer: { name: 'ttl', sid: this.sid } })
    if (resumed) {
      this.#open()
      emit({ type: 'attached', sid: this.sid, connection })
    }
    this.#exchange.pump()
  }

  /** Takes over what the store has attached to a connection that has gone meanwhile. */
  orphan(record: SessionRecord<Entry>): void {
    this.#fence(record)
    this.#shelve()
  }

  /** Waits for the client after a restart of the server; the application hears of the session anew. */
  restore(record: SessionRecord<Entry>): void {
    if (record.stage !== 'unconfirmed') this.#open()
    this.#shelve()
  }

  #fence(record: SessionRecord<Entry>): void {
    const { connection } = this
    if (connection !== undefined) {
      this.#send({ kind: 'error', code: closeCode.superseded })
      this.#close(connection, closeCode.superseded, 'superseded')
    }
    this.#gen = record.gen
    this.#stage = record.stage
  }

  #open(): void {
    if (this.#face === 'open') return
    this.#face = 'open'
    this.#host.emit({ type: 'opened', sid: this.sid, principal: this.principal, proto: this.#proto })
  }

  /** The first frame of the client on a connection proves that it has the WELCOME, and with it the token. */
  confirm(): void {
    if (this.#stage === 'confirmed') return
    this.#open()
    this.#stage = 'confirmed'
    this.#host.emit({ type: 'store', write: { op: 'confirmed', sid: this.sid, gen: this.#gen } })
  }

  /** Takes a data message of the bound connection. */
  data(payload: Payload, bytes: number): void {
    if (this.#place.name !== 'attached') return
    this.confirm()
    this.#fault(this.#exchange.data(payload, bytes))
  }

  /** Takes the messages of one frame, as `Exchange.batch`. */
  batch(payloads: readonly string[], isAscii: boolean): void {
    if (this.#place.name !== 'attached') return
    this.confirm()
    this.#fault(this.#exchange.batch(payloads, isAscii))
  }

  /** Takes counts of the bound connection. */
  counts(frame: Ack | Beat): void {
    if (this.#place.name !== 'attached') return
    this.confirm()
    const fault = this.#exchange.counts(frame)
    if (fault !== undefined) this.#fault(fault)
    else if (frame.kind === 'pong') this.#host.emit({ type: 'pong', sid: this.sid, value: frame.n })
  }

  /** Takes the client's BYE: an answer, or the end. */
  bye(frame: Bye): void {
    if (this.#place.name === 'attached') {
      this.confirm()
      this.#send(this.#exchange.bye(closeCode.bye))
    }
    this.#finish('ended', byeCounts(frame), closeCode.bye, 'bye')
  }

  /** Takes an ERROR of the client: it ends the session, or only the connection. */
  error(frame: ErrorFrame): void {
    if (frame.end === true)
      this.#finish(toLossReason(frame.lost ?? 'ended'), lastOf(frame), closeCode.bye, 'ended by the client')
    else this.#hangUp(closeCode.bye, 'error')
  }

  /** Ends the session because of a frame that has no place in it. */
  violate(detail: string): void {
    this.#fail('protocol', closeCode.protocol, detail)
  }

  #fault(fault: Fault | undefined): void {
    if (fault === undefined) return
    if (fault === 'too-large')
      this.#fail('too-large', closeCode.tooLarge, 'message too large', this.#exchange.last.lrx + 1)
    else this.#fail(fault === 'window' ? 'protocol' : fault, closeCode.protocol, fault)
  }

  #fail(lost: LossReason, code: number, message: string, number?: number): void {
    const counts = keepsCounts(lost) ? this.#exchange.last : {}
    this.#send({ kind: 'error', code, end: true, lost, msg: message, ...counts, n: number })
    this.#finish(lost, undefined, code, message)
  }

  /** Notes that the bound connection is gone. */
  detach(): void {
    const { connection } = this
    if (connection === undefined) return
    if (this.#place.name === 'leaving') return this.#finish('ended', undefined, closeCode.bye, 'bye')
    this.#exchange.stop()
    if (this.#face === 'open') this.#host.emit({ type: 'detached', sid: this.sid, connection })
    this.#shelve()
  }

  /** Keeps the session without a connection, for a time. */
  #shelve(): void {
    const { emit, config } = this.#host
    const { sid } = this
    this.#place = { name: 'detached' }
    emit({ type: 'store', write: { op: 'detached', sid, gen: this.#gen } })
    emit({ type: 'arm', timer: { name: 'ttl', sid }, delayMs: config.ttlMs })
  }

  #hangUp(code: number, reason: string): void {
    const { connection } = this
    this.detach()
    if (connection !== undefined) this.#close(connection, code, reason)
  }

  /**
   * Numbers a message of the application and sends it when its turn comes, now or on a later connection. One that would
   * exceed the bounds ends the session, as a client that never takes its messages is lost.
   */
  offer(entry: Entry): number | 'too-large' | 'overflow' | 'ended' {
    if (this.#place.name === 'ended' || this.#place.name === 'leaving') return 'ended'
    if (entry.bytes > this.#exchange.maxBytes) return 'too-large'
    const { messages, bytes } = this.held
    const { maxMessages, maxBytes } = this.#host.config.bounds
    if (messages < maxMessages && bytes + entry.bytes <= maxBytes) {
      this.#heldBytes += entry.bytes
      return this.#exchange.append(entry)
    }
    this.#fail('overflow', closeCode.ended, 'too much is waiting for the client')
    return 'overflow'
  }

  /** Notes that the application is done with a message. */
  settle(number: number): void {
    this.#exchange.settle(number)
  }

  /** Takes the size of the socket's buffer. */
  buffered(bytes: number): void {
    this.#exchange.buffered(bytes)
  }

  /** Sends a PING when attached. */
  ping(value: number): void {
    this.#exchange.ping(value)
  }

  /** Sends a GOAWAY when attached. */
  goAway(notice: GoAwayNotice): void {
    const { afterMs, spreadMs, why } = notice
    if (this.#place.name === 'attached') this.#send({ kind: 'goaway', after: afterMs, spread: spreadMs, why })
  }

  /** One of the session's timers has run out. */
  due(name: ExchangeTimer | 'ttl' | 'bye', bufferedBytes: number): void {
    if (name === 'ttl') {
      if (this.#place.name === 'detached') this.#finish('expired', undefined, closeCode.ended, 'expired')
    } else if (name === 'bye') {
      if (this.#place.name === 'leaving') this.#finish('ended', undefined, closeCode.bye, 'bye')
    } else this.#exchange.due(name, bufferedBytes)
  }

  /** Ends the session with BYE and its answer when attached, at once otherwise. A second call does nothing. */
  leave(code: number): void {
    if (this.#place.name === 'detached') this.#finish('ended', undefined, code, 'bye')
    if (this.#place.name !== 'attached') return
    const { sid, connection } = { ...this.#place, sid: this.sid }
    const { emit, config } = this.#host
    this.#exchange.pump()
    this.#send(this.#exchange.bye(code))
    this.#exchange.stop()
    this.#place = { name: 'leaving', connection }
    // The counts in BYE are final: a client that comes back instead of answering must find the session ended.
    emit({ type: 'store', write: { op: 'ended', sid, gen: this.#gen, reason: 'ended' } })
    emit({ type: 'arm', timer: { name: 'bye', sid }, delayMs: config.byeTimeoutMs })
  }

  /** Ends the session at once; the client is told when attached. */
  end(reason: LossReason, last?: LastCounts): void {
    if (this.#place.name === 'ended') return
    const counts = keepsCounts(reason) ? this.#exchange.last : {}
    // What a store has forgotten is a failure of ours, and nobody's decision.
    const code = reason === 'unknown' ? closeCode.internal : closeCode.ended
    this.#send({ kind: 'error', code, end: true, lost: reason, ...counts })
    this.#finish(reason, last, code, 'ended')
  }

  /**
   * Ends the session here because another server has it: nothing is told to the store, which knows better. A client that is still
   * on the connection is told that somebody else has taken over.
   */
  move(): void {
    this.#send({ kind: 'error', code: closeCode.superseded })
    const news = { type: 'moved', sid: this.sid, entries: [...this.#outbox.entries] } as const
    this.#over(news, closeCode.superseded, 'superseded')
  }

  #finish(reason: LossReason, last: LastCounts | undefined, code: number, words: string): void {
    this.#host.emit({ type: 'store', write: { op: 'ended', sid: this.sid, gen: this.#gen, reason } })
    const handBack = this.#exchange.handBack(keepsCounts(reason) ? last : undefined)
    this.#over({ type: 'ended', sid: this.sid, reason, handBack }, code, words)
  }

  #over(news: ServerAction<Entry>, code: number, words: string): void {
    const { sid, connection } = this
    const { emit, forget } = this.#host
    this.#exchange.stop()
    this.#place = { name: 'ended' }
    for (const name of ['ttl', 'bye'] as const) emit({ type: 'disarm', timer: { name, sid } })
    if (this.#face === 'open') emit(news)
    if (connection !== undefined) this.#close(connection, code, words)
    forget(sid)
  }

  #close(connection: number, code: number, reason: string): void {
    this.#host.emit({ type: 'close', connection, code, reason })
    this.#host.release(connection)
  }

  #send(frame: ControlFrame): void {
    this.#write(encodeControl(frame))
  }

  #write(data: Payload): void {
    const { connection } = this
    if (connection !== undefined) this.#host.emit({ type: 'send', connection, data })
  }
}
