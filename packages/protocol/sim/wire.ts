import type { Payload } from '../src/index.ts'
import type { Agenda } from './agenda.ts'
import type { Random } from './random.ts'

/** What one end of a wire is told. */
export interface WireEnd {
  frame(data: Payload): void
  closed(code: number | undefined): void
}

/** One direction: first in, first out, with a latency, and faults that only this direction has. */
class Pipe {
  readonly #agenda: Agenda
  readonly #deliver: (data: Payload) => void
  readonly #latencyMs: number
  #lastAt = 0
  #stalledUntil: number
  /** `open` carries; `silent` swallows what is sent from now on; `dead` loses also what is on its way. */
  #state: 'open' | 'silent' | 'dead' = 'open'
  #pendingBytes = 0

  constructor(agenda: Agenda, latencyMs: number, stallMs: number, deliver: (data: Payload) => void) {
    this.#agenda = agenda
    this.#deliver = deliver
    this.#latencyMs = latencyMs
    this.#stalledUntil = agenda.now + stallMs
  }

  get pendingBytes(): number {
    return this.#pendingBytes
  }

  get isOpen(): boolean {
    return this.#state === 'open'
  }

  get isDead(): boolean {
    return this.#state === 'dead'
  }

  /** When everything on its way will have arrived. */
  get lastAt(): number {
    return this.#lastAt
  }

  send(data: Payload): void {
    // What nobody takes any more fills the sender's buffer for ever, as a dead TCP peer does.
    this.#pendingBytes += data.length
    if (this.#state !== 'open') return
    const { now } = this.#agenda
    this.#lastAt = Math.max(this.#lastAt, now + this.#latencyMs, this.#stalledUntil)
    this.#agenda.after(this.#lastAt - now, () => {
      if (this.#state === 'dead') return
      this.#pendingBytes -= data.length
      this.#deliver(data)
    })
  }

  stall(untilMs: number): void {
    this.#stalledUntil = Math.max(this.#stalledUntil, untilMs)
  }

  silence(): void {
    if (this.#state === 'open') this.#state = 'silent'
  }

  die(): void {
    this.#state = 'dead'
  }
}

/** A virtual connection: two pipes, and an end that each side may learn of at another time, or never. */
export class Wire {
  readonly #agenda: Agenda
  readonly #random: Random
  readonly #up: Pipe
  readonly #down: Pipe
  #client: WireEnd | undefined
  #server: WireEnd | undefined

  constructor(agenda: Agenda, random: Random, latencyMs: number, stall: { upMs: number; downMs: number }) {
    this.#agenda = agenda
    this.#random = random
    this.#up = new Pipe(agenda, random.between(1, latencyMs), stall.upMs, (data) => this.#server?.frame(data))
    this.#down = new Pipe(agenda, random.between(1, latencyMs), stall.downMs, (data) =>
      this.#client?.frame(data),
    )
  }

  join(client: WireEnd, server: WireEnd): void {
    this.#client = client
    this.#server = server
  }

  /** Bytes written by an end and not yet at the other. */
  buffered(end: 'client' | 'server'): number {
    return (end === 'client' ? this.#up : this.#down).pendingBytes
  }

  send(from: 'client' | 'server', data: Payload): void {
    const pipe = from === 'client' ? this.#up : this.#down
    pipe.send(data)
  }

  stall(direction: 'up' | 'down', forMs: number): void {
    const pipe = direction === 'up' ? this.#up : this.#down
    pipe.stall(this.#agenda.now + forMs)
  }

  halfOpen(direction: 'up' | 'down'): void {
    const pipe = direction === 'up' ? this.#up : this.#down
    pipe.silence()
  }

  /** One end closes: what it sent before arrives, then the other end learns of it, unless the way there is broken. */
  close(by: 'client' | 'server', code: number | undefined): void {
    const [out, back, other] =
      by === 'client'
        ? [this.#up, this.#down, () => this.#server]
        : [this.#down, this.#up, () => this.#client]
    const reaches = out.isOpen
    out.silence()
    back.silence()
    if (!reaches) return
    const waitMs = Math.max(0, out.lastAt - this.#agenda.now) + 1
    // A close frame cannot overtake the data before it: if that is lost, so is the code.
    this.#agenda.after(waitMs, () => other()?.closed(out.isDead ? undefined : code))
  }

  /** The network breaks: each direction loses or still brings what is on its way, and each end learns when it learns. */
  cut(lateMs: number): void {
    for (const pipe of [this.#up, this.#down]) {
      pipe.silence()
      if (this.#random.chance(0.6)) pipe.die()
    }
    for (const end of [() => this.#client, () => this.#server]) {
      if (this.#random.chance(0.9))
        this.#agenda.after(this.#random.between(0, lateMs), () => end()?.closed(undefined))
    }
  }

  /** The server's process dies: nothing comes from it any more, and nobody there learns anything. */
  lose(lateMs: number): void {
    this.#up.die()
    this.#down.silence()
    if (this.#random.chance(0.5)) this.#down.die()
    this.#server = undefined
    if (this.#random.chance(0.8))
      this.#agenda.after(this.#random.between(0, lateMs), () => this.#client?.closed(undefined))
  }
}
