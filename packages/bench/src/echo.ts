import type { Link, Payload } from './contender.ts'

/** How messages are echoed. */
export interface EchoPlan {
  readonly bytes: number
  readonly kind: 'text' | 'binary'
  /** Messages in all. */
  readonly messages: number
  /** Messages under way at a time, sent in one turn: 1 is ping-pong. */
  readonly window: number
}

/** What echoing cost. */
export interface EchoCost {
  /** CPU time of the process for each message there and back, in microseconds. */
  readonly cpuUs: number
  /** Wall time likewise. */
  readonly wallUs: number
}

/** Sends messages over one link and counts what comes back. */
export class Echo {
  #got = 0
  #expected = Infinity
  #bytes = 0
  #done: () => void = () => {}

  /** Takes a message that came back. */
  readonly take = (data: unknown): void => {
    if (sizeOf(data) !== this.#bytes) return
    this.#got += 1
    if (this.#got === this.#expected) this.#done()
  }

  /** Sends all messages, the next window when the one before is back. */
  async run(link: Link, { bytes, kind, messages, window }: EchoPlan): Promise<EchoCost> {
    const payload: Payload = kind === 'text' ? 'x'.repeat(bytes) : new Uint8Array(bytes).fill(120)
    this.#bytes = bytes
    const cpu = process.cpuUsage()
    const startedMs = performance.now()
    for (let sent = 0; sent < messages; sent += window) {
      await new Promise<void>((resolve) => {
        this.#got = 0
        this.#expected = window
        this.#done = resolve
        for (let n = 0; n < window; n += 1) link.send(payload)
      })
    }
    const { user, system } = process.cpuUsage(cpu)
    return { cpuUs: (user + system) / messages, wallUs: ((performance.now() - startedMs) * 1_000) / messages }
  }
}

function sizeOf(data: unknown): number {
  return typeof data === 'string' ? data.length : (data as ArrayBuffer).byteLength
}
