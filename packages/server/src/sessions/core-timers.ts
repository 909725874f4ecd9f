import type { Release, Scope } from '@holdfast/lifetime'
import type { ServerTimer } from '@holdfast/protocol'

/** The timers that a server core asks for, held by a scope. */
export class CoreTimers {
  readonly #scope: Scope
  readonly #due: (timer: ServerTimer) => void
  readonly #armed = new Map<string, Release>()

  constructor(scope: Scope, due: (timer: ServerTimer) => void) {
    this.#scope = scope
    this.#due = due
  }

  /** Starts a timer, anew if it runs. */
  arm(timer: ServerTimer, delayMs: number): void {
    const key = keyOf(timer)
    this.#armed.get(key)?.()
    const run = () => {
      this.#armed.delete(key)
      this.#due(timer)
    }
    this.#armed.set(key, delayMs === 0 ? this.#atTheEndOfThisTurn(run) : this.#scope.timeout(delayMs, run))
  }

  /** The shortest timer takes a millisecond, and costs more than what is sent then. */
  #atTheEndOfThisTurn(run: () => void): Release {
    let wanted: (() => void) | undefined = run
    const cancel = this.#scope.defer(() => {
      wanted = undefined
    })
    queueMicrotask(() => {
      const now = wanted
      cancel()
      now?.()
    })
    return cancel
  }

  /** Forgets a timer; returns whether it ran. */
  disarm(timer: ServerTimer): boolean {
    const key = keyOf(timer)
    const cancel = this.#armed.get(key)
    cancel?.()
    return this.#armed.delete(key)
  }
}

function keyOf(timer: ServerTimer): string {
  return 'sid' in timer ? `${timer.name} ${timer.sid}` : `${timer.name} ${timer.connection}`
}
