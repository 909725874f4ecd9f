import type { Scope } from '@holdfast/lifetime'

/** When a store is asked again that could not be asked. */
const RETRY_MS = 100

/** Runs something after a while, once, however often it was asked for meanwhile. */
export class OnceLater {
  readonly #scope: Scope
  #state: 'idle' | 'waiting' = 'idle'

  constructor(scope: Scope) {
    this.#scope = scope
  }

  /** Asks for it. */
  run(work: () => void): void {
    if (this.#state === 'waiting') return
    this.#state = 'waiting'
    this.#scope.timeout(RETRY_MS, () => {
      this.#state = 'idle'
      work()
    })
  }
}
