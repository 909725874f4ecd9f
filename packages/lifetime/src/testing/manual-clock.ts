import type { Clock } from '../clock.ts'

interface Timer {
  readonly dueAt: number
  readonly run: () => void
}

/** A clock that stands still until told to move. */
export class ManualClock implements Clock {
  #nowMs: number
  #monotonicMs = 0
  #lastHandle = 0
  readonly #timers = new Map<number, Timer>()
  readonly #wakeAt: (dueAt: number) => number

  /**
   * @param options.startAt epoch ms at which it starts; default 2026-01-01T00:00:00Z
   * @param options.wakeAt maps the time at which a timer is due to the time at which it runs, for throttled pages;
   *   default: the same
   */
  constructor(options: { startAt?: number; wakeAt?: (dueAt: number) => number } = {}) {
    this.#nowMs = options.startAt ?? Date.UTC(2026, 0, 1)
    this.#wakeAt = options.wakeAt ?? ((dueAt) => dueAt)
  }

  /** How many timers are waiting. */
  get pending(): number {
    return this.#timers.size
  }

  now(): number {
    return this.#nowMs
  }

  monotonicMs(): number {
    return this.#monotonicMs
  }

  setTimeout(run: () => void, delayMs: number): number {
    this.#lastHandle += 1
    this.#timers.set(this.#lastHandle, { dueAt: this.#wakeAt(this.#nowMs + Math.max(0, delayMs)), run })
    return this.#lastHandle
  }

  clearTimeout(handle: unknown): void {
    this.#timers.delete(handle as number)
  }

  /**
   * Moves time on by `ms`, running every timer that falls due on the way, in order, each at its own moment; between two
   * of them promises get their turn. Resolves when the time has come and promises have settled.
   * @throws RangeError (as a rejection) when `ms` is negative or not finite
   */
  async advance(ms: number): Promise<void> {
    const untilAt = this.#nowMs + checked(ms)
    await settle()
    for (let next = this.#next(untilAt); next !== undefined; next = this.#next(untilAt)) {
      const [handle, timer] = next
      this.#moveTo(Math.max(this.#nowMs, timer.dueAt))
      this.#timers.delete(handle)
      timer.run()
      await settle()
    }
    this.#moveTo(Math.max(this.#nowMs, untilAt))
  }

  /**
   * Moves time on by `ms` while no timer runs, as when a laptop sleeps; what fell due runs at the next `advance`.
   * @throws RangeError when `ms` is negative or not finite
   */
  jump(ms: number): void {
    this.#moveTo(this.#nowMs + checked(ms))
  }

  #moveTo(at: number): void {
    this.#monotonicMs += at - this.#nowMs
    this.#nowMs = at
  }

  #next(untilAt: number): readonly [number, Timer] | undefined {
    let first: readonly [number, Timer] | undefined
    for (const entry of this.#timers) {
      if (entry[1].dueAt <= untilAt && (first === undefined || entry[1].dueAt < first[1].dueAt)) first = entry
    }
    return first
  }
}

function checked(ms: number): number {
  if (ms >= 0 && ms < Number.POSITIVE_INFINITY) return ms
  throw new RangeError(`ms: a finite number of at least 0 is needed, got ${ms}`)
}

/** Lets promises settle: chains of up to fifty `then`s, far longer than any in this project. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await Promise.resolve()
}
