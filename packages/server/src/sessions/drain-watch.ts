import type { ServerCore, ServerTimer } from '@holdfast/protocol'
import type { CoreTimers } from './core-timers.ts'
import type { SentMessage } from './sent-message.ts'

/** What the watch works with. */
export interface DrainWatchParts {
  readonly core: ServerCore<SentMessage>
  readonly timers: CoreTimers
  readonly highWaterBytes: number
  /** Bytes in the socket's buffer of a connection. */
  readonly bufferedBytes: (connection: number) => number
}

/** Arms the core's timers, and lets the one that waits for room in a socket's buffer run out as soon as there is room. */
export class DrainWatch {
  readonly #parts: DrainWatchParts
  /** Connections with more to write. */
  readonly #waiting = new Set<number>()

  constructor(parts: DrainWatchParts) {
    this.#parts = parts
  }

  /** Starts a timer that the core asks for. */
  arm(timer: ServerTimer, delayMs: number): void {
    const { core, timers, bufferedBytes } = this.#parts
    const connection = timer.name === 'drain' ? core.session(timer.sid)?.connection : undefined
    if (connection !== undefined) {
      // An empty buffer means that the core's estimate is old, and no callback would follow to tell it.
      if (bufferedBytes(connection) === 0) return core.due(timer, 0)
      this.#waiting.add(connection)
    }
    return timers.arm(timer, delayMs)
  }

  /** Some of what a connection had to write is written; returns whether the core has been told, and may ask for something. */
  written(connection: number): boolean {
    if (!this.#waiting.has(connection)) return false
    const { core, timers, highWaterBytes, bufferedBytes } = this.#parts
    const buffered = bufferedBytes(connection)
    if (buffered * 2 > highWaterBytes) return false
    this.#waiting.delete(connection)
    const sid = core.sessionOf(connection)?.sid
    if (sid === undefined || !timers.disarm({ name: 'drain', sid })) return false
    core.due({ name: 'drain', sid }, buffered)
    return true
  }

  /** Forgets a connection. */
  forget(connection: number): void {
    this.#waiting.delete(connection)
  }
}
