import type { Socket } from 'node:net'
import { covers, type Faults, forSide, type Side } from './faults.ts'
import type { Random } from './seeded-random.ts'
import type { Timers } from './timers.ts'

/** What a pipe needs from its connection. */
export interface PipeHost {
  readonly timers: Timers
  readonly random: Random
  readonly maxHeldBytes: number
  /** Ends the connection once this many bytes were delivered; 0 is never. */
  readonly limitBytes: number
  faults(): Faults
  /** Sends the end of stream on to the far side. */
  deliverEnd(how: 'fin' | 'rst', side: Side): void
  limitReached(): void
  died(side: Side): void
  over(): void
}

interface Times {
  readonly arrivedMs: number
  /** Not before this; nor before the item in front, as the queue is never overtaken. */
  readonly dueMs: number
}
type BytesItem = Times & { readonly kind: 'bytes'; readonly bytes: Buffer }
type EndItem = Times & { readonly kind: 'fin' | 'rst' }

// Many small reads cost more memory than their bytes: their number is bounded too.
const maxHeldItems = 4_096
// A timer that fires late may make up for this much of lost throughput, not more.
const maxCreditMs = 100
// A throttled direction delivers about this often, so that the flow is even and not one lump a second.
const throttleStepsPerSecond = 20

/** Carries one direction of a connection, applying the faults that cover it. */
export class Pipe {
  readonly side: Side
  readonly #source: Socket
  readonly #target: Socket
  readonly #host: PipeHost
  /** `dead` has lost bytes and drops all that follows; `over` has passed on or dropped its end of stream. */
  #state: 'open' | 'dead' | 'over' = 'open'
  #queue: (BytesItem | EndItem)[] = []
  #heldBytes = 0
  #deliveredBytes = 0
  /** When the throttled line has finished sending what was delivered so far. */
  #lineFreeMs = 0
  /** Cancels the timer that will pump, if one is set. */
  #cancelWake: (() => void) | undefined

  constructor(side: Side, source: Socket, target: Socket, host: PipeHost) {
    this.side = side
    this.#source = source
    this.#target = target
    this.#host = host
  }

  get state(): 'open' | 'dead' | 'over' {
    return this.#state
  }

  get heldBytes(): number {
    return this.#heldBytes
  }

  get deliveredBytes(): number {
    return this.#deliveredBytes
  }

  /** Takes what the source sent. */
  arrive(bytes: Buffer): void {
    if (this.#state === 'over') return
    this.#heldBytes += bytes.length
    this.#queue.push({ kind: 'bytes', bytes, ...this.#times() })
    this.pump()
  }

  /** Takes the end of the source's stream; it queues behind the bytes, as on a wire. */
  arriveEnd(kind: 'fin' | 'rst'): void {
    if (this.#state === 'over') return
    this.#queue.push({ kind, ...this.#times() })
    this.pump()
  }

  /** Reads the faults anew. */
  faultsChanged(): void {
    this.#lineFreeMs = performance.now()
    this.pump()
  }

  /** Stops delivering, for instance because the far side is gone; what the source still sends is dropped. */
  abandon(): void {
    if (this.#state !== 'over') this.#end()
  }

  /** Delivers everything that may go now, and sees to it that the rest is looked at in time. */
  pump(): void {
    this.#sleep()
    while (this.#state !== 'over' && this.#step());
    this.#regulate()
  }

  /** Deals with the first item; false when there is nothing more to do until something happens. */
  #step(): boolean {
    const faults = this.#host.faults()
    const head = this.#queue[0]
    if (head === undefined) return false
    if (this.#state === 'dead' || covers(faults.blackhole, this.side)) return this.#drop(head)
    if (covers(faults.stall, this.side)) return false
    return head.kind === 'bytes' ? this.#stepBytes(head, faults) : this.#stepEnd(head, faults)
  }

  #stepBytes(head: BytesItem, faults: Faults): boolean {
    const { connecting, destroyed, writableNeedDrain } = this.#target
    // Written while dialling, pieces would pile up in Node's buffer and leave as one.
    if (connecting || destroyed || writableNeedDrain) return false
    const rate = forSide(faults.bytesPerSecond, this.side)
    const size = this.#pieceSize(head.bytes.length, rate, faults)
    const sendingMs = rate === 0 ? 0 : (size * 1_000) / rate
    const atMs = Math.max(this.#readyMs(head, faults), this.#lineFreeMs) + sendingMs
    if (!this.#isTime(atMs)) return false
    this.#lineFreeMs = atMs
    this.#deliver(head, size)
    if (forSide(faults.chunkBytes, this.side) === 0 || this.#state !== 'open') return true
    this.#cancelWake = this.#host.timers.soon(() => this.pump())
    return false
  }

  #stepEnd(head: EndItem, faults: Faults): boolean {
    // With bytes still in Node's buffer a later reset could not be sent; see `sendRst`.
    if (head.kind === 'fin' && (this.#target.connecting || this.#target.writableLength > 0)) return false
    if (!this.#isTime(this.#readyMs(head, faults))) return false
    this.#host.deliverEnd(head.kind, this.side)
    this.#end()
    return false
  }

  #deliver(head: BytesItem, size: number): void {
    const piece = head.bytes.subarray(0, size)
    if (size === head.bytes.length) this.#queue.shift()
    else this.#queue[0] = { ...head, bytes: head.bytes.subarray(size) }
    this.#heldBytes -= size
    this.#deliveredBytes += size
    const { limitBytes } = this.#host
    if (limitBytes === 0 || this.#deliveredBytes < limitBytes) {
      this.#target.write(piece, () => this.#written())
      return
    }
    // What follows is lost. The connection ends when the system has taken these bytes: a reset any sooner loses them.
    this.#state = 'dead'
    this.#target.write(piece, () => this.#host.limitReached())
  }

  #written(): void {
    this.#lineFreeMs = Math.max(this.#lineFreeMs, performance.now() - maxCreditMs)
    // With a timer set the next piece has its time already.
    if (this.#queue.length > 0 && this.#cancelWake === undefined) this.pump()
  }

  #drop(head: BytesItem | EndItem): boolean {
    this.#queue.shift()
    if (head.kind !== 'bytes') {
      this.#end()
      return false
    }
    this.#heldBytes -= head.bytes.length
    if (this.#state === 'open') {
      this.#state = 'dead'
      this.#host.died(this.side)
    }
    return true
  }

  #end(): void {
    this.#state = 'over'
    this.#queue = []
    this.#heldBytes = 0
    this.#sleep()
    this.#source.resume()
    this.#host.over()
  }

  /** Reads no more while enough is held: the sender then feels a full window, as behind a real stalled line. */
  #regulate(): void {
    const isFull = this.#heldBytes >= this.#host.maxHeldBytes || this.#queue.length >= maxHeldItems
    if (isFull) this.#source.pause()
    else if (this.#source.isPaused()) this.#source.resume()
  }

  #sleep(): void {
    this.#cancelWake?.()
    this.#cancelWake = undefined
  }

  #isTime(atMs: number): boolean {
    const waitMs = atMs - performance.now()
    if (waitMs <= 0) return true
    this.#cancelWake = this.#host.timers.after(waitMs, () => this.pump())
    return false
  }

  #times(): Times {
    const { latencyMs, jitterMs } = this.#host.faults()
    const jitter = forSide(jitterMs, this.side)
    const delayMs = forSide(latencyMs, this.side) + (jitter === 0 ? 0 : this.#host.random() * jitter)
    const arrivedMs = performance.now()
    return { arrivedMs, dueMs: arrivedMs + delayMs }
  }

  /** When the delay has passed; at once when the delay was lifted meanwhile. */
  #readyMs(item: Times, { latencyMs, jitterMs }: Faults): number {
    const isDelayed = forSide(latencyMs, this.side) > 0 || forSide(jitterMs, this.side) > 0
    return isDelayed ? item.dueMs : item.arrivedMs
  }

  #pieceSize(available: number, rate: number, faults: Faults): number {
    const limit = this.#host.limitBytes
    return Math.min(
      available,
      forSide(faults.chunkBytes, this.side) || Infinity,
      rate === 0 ? Infinity : Math.max(1, Math.floor(rate / throttleStepsPerSecond)),
      limit === 0 ? Infinity : limit - this.#deliveredBytes,
    )
  }
}
