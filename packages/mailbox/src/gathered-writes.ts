/** The part of a Node stream that this code uses. */
export interface CorkableStream {
  /** Bytes that wait in the stream. */
  readonly writableLength: number
  cork(): void
  uncork(): void
}

const node = globalThis as unknown as { readonly process: { nextTick(run: () => void): void } }

/** This many bytes are worth a system call of their own. */
const ENOUGH_BYTES = 65_536

/** Streams that hold back writes of the present turn, of all connections; one tick serves them all. */
const corked: GatheredWrites[] = []

/** Counts turns, as far as anything was written in them. */
let turns = 0
let turn: 'over' | 'running' = 'over'

/**
 * Lets the writes of one turn of the event loop leave in one system call, for Node's streams. The first write of a turn goes at
 * once, so that one message by itself is not held up and costs no more than before; those behind it go together when the
 * turn ends.
 */
export class GatheredWrites {
  readonly #stream: CorkableStream
  #lastTurn = -1
  #state: 'direct' | 'held' = 'direct'

  constructor(stream: CorkableStream) {
    this.#stream = stream
  }

  /** To be called before each write. */
  before(): void {
    if (turn === 'over') {
      turn = 'running'
      node.process.nextTick(endTurn)
    }
    if (this.#lastTurn !== turns) this.#lastTurn = turns
    else if (this.#state === 'direct') {
      this.#state = 'held'
      this.#stream.cork()
      corked.push(this)
    }
  }

  /** To be called after each write. */
  after(): void {
    if (this.#state === 'direct' || this.#stream.writableLength < ENOUGH_BYTES) return
    this.#stream.uncork()
    this.#stream.cork()
  }

  /** Lets go what is held back: before the stream is destroyed, which would lose it. */
  flush(): void {
    if (this.#state === 'direct') return
    this.#state = 'direct'
    this.#stream.uncork()
  }
}

function endTurn(): void {
  turns += 1
  turn = 'over'
  for (const writes of corked.splice(0)) writes.flush()
}
