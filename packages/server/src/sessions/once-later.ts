import type { Scope } from '@holdfast/lifetime'

/** Runs something after a while, once, however often it was asked for meanwhile. */
export class OnceLater {
  readonly #scope: Scope
  readonly #delayMs: number
  #state: 'idle' | 'waiting' = 'idle'

  constructor(scope: Scope, delayMs: number) {
    this.#scope = scope
    this.#delayMs = delayMs
  }

  /** Asks for it. */
  run(work: () => void): void {
    if (this.#state === 'waiting') return
    this.#state = 'waiting'
    this.#scope.timeout(this.#delayMs, () => {
      this.#state = 'idle'
      work()
    })
  }
}
