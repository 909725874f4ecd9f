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
    const cancel = this.#scope.timeout(delayMs, () => {
      this.#armed.delete(key)
      this.#due(timer)
    })
    this.#armed.set(key, cancel)
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
