// Many clients in a few processes, as one.
import { Program } from './program.mjs'

const PATIENCE_MS = 300_000
const LOOK_MS = 200
const PROGRESS_MS = 5_000

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
const sum = (list) => list.reduce((total, value) => total + value, 0)

/** Clients of one server, spread over processes. */
export class Crowd {
  #processes
  #clients
  #print

  constructor({ clients, processes, backoff, url, print }) {
    const count = Math.min(clients, processes)
    this.#clients = clients
    this.#print = print
    this.#processes = Array.from(
      { length: count },
      () => new Program('clients-process.mjs', { url, backoff }),
    )
  }

  get clients() {
    return this.#clients
  }

  /** Starts all clients, and waits until they are open. */
  async open() {
    const count = this.#processes.length
    const share = (index) => Math.floor(this.#clients / count) + (index < this.#clients % count ? 1 : 0)
    const opening = this.#processes.map((process, index) => process.ask('open', { count: share(index) }))
    const [counts] = await Promise.all([this.back('connected'), ...opening])
    return counts
  }

  /** Tells where the next connections go. */
  target = (url) => this.#all('target', { url })

  /** From here on, who opens a connection counts as back. */
  mark = () => this.#all('mark')

  /** Waits until everyone is back, as long as there is patience; returns what the clients count. */
  async back(word) {
    const startedAt = performance.now()
    let printedAt = startedAt
    for (;;) {
      const counts = await this.counts()
      const now = performance.now()
      const isOver = counts.back === this.#clients && counts.open === this.#clients
      if (isOver || now - startedAt > PATIENCE_MS || now - printedAt > PROGRESS_MS) {
        this.#print(
          `  ${counts.back} of ${this.#clients} ${word} after ${((now - startedAt) / 1_000).toFixed(1)} s`,
        )
        printedAt = now
      }
      if (isOver || now - startedAt > PATIENCE_MS) return counts
      await pause(LOOK_MS)
    }
  }

  /** How many are open, are back, were told of a gap, went on with their session; and what errors there were. */
  async counts() {
    const all = await this.#all('count')
    const total = (name) => sum(all.map((one) => one[name]))
    return {
      back: total('back'),
      open: total('open'),
      resumed: total('resumed'),
      gaps: total('gaps'),
      errors: all.flatMap(({ errors }) => errors),
    }
  }

  /** When clients dialled and opened since the last mark, in milliseconds since 1970; and how long each was without a connection. */
  async times() {
    const all = await this.#all('times')
    const of = (name) => all.flatMap((one) => one[name])
    return { dials: of('dials'), opens: of('opens'), awayMs: of('awayMs') }
  }

  /** What all processes hold after garbage collection. */
  memory = async () => sum(await this.#all('memory'))

  /** Each client says something, and the server has handled it. */
  speak = () => this.#all('speak')

  /** Ends all clients, then their processes. */
  async end() {
    await this.#all('dispose').catch(() => {})
    await Promise.all(this.#processes.map((process) => process.kill()))
  }

  #all(what, given) {
    return Promise.all(this.#processes.map((process) => process.ask(what, given)))
  }
}
