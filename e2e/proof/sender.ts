import type { EventLog } from './event-log.ts'
import { named, numbered } from './numbered.ts'

/** Where messages go: the session of either end. */
export interface Way {
  /** Sends, and returns how the message ends, if it does. */
  send(message: string | Uint8Array): { readonly status: string; readonly settled: Promise<string> }
}

/** How often a stream sends what has come due. */
const TICK_MS = 5

/** Sends numbered messages, and writes down each that was accepted and its fate. */
export class Sender {
  readonly #log: EventLog
  readonly #way: Way
  #next: number
  #unsettled = 0
  #stream: ReturnType<typeof setInterval> | undefined

  /** @param first the number of the first message */
  constructor(log: EventLog, way: Way, first: number) {
    this.#log = log
    this.#way = way
    this.#next = first
  }

  /** How many are accepted and have no fate yet. */
  get unsettled(): number {
    return this.#unsettled
  }

  burst(count: number): void {
    for (let sent = 0; sent < count; sent += 1) this.#send()
  }

  stream(perSecond: number): void {
    const from = performance.now()
    let sent = 0
    this.#stream = setInterval(() => {
      const due = Math.floor(((performance.now() - from) * perSecond) / 1_000)
      this.burst(due - sent)
      sent = due
    }, TICK_MS)
  }

  stop(): void {
    clearInterval(this.#stream)
  }

  #send(): void {
    const message = numbered(this.#next)
    this.#next += 1
    const name = named(message)
    // Before it is sent: a process that is killed in between has said too much, never too little.
    this.#log.write('offered', name)
    const receipt = this.#way.send(message)
    if (receipt.status === 'rejected') return this.#log.write('refused', name)
    this.#log.write('accepted', name)
    this.#unsettled += 1
    void receipt.settled.then((fate) => {
      this.#unsettled -= 1
      this.#log.write('fate', name, fate)
    })
    return undefined
  }
}
