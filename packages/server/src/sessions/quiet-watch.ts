import type { Scope } from '@holdfast/lifetime'

/** Lets one who leaves wait until there is nothing left to do. */
export class QuietWatch {
  readonly #scope: Scope
  readonly #isQuiet: () => boolean
  #tell: (() => void) | undefined

  /** `isQuiet` may take long: it is asked only while somebody waits. */
  constructor(scope: Scope, isQuiet: () => boolean) {
    this.#scope = scope
    this.#isQuiet = isQuiet
  }

  /** Something was done: looks whether that was all. */
  look(): void {
    if (this.#tell !== undefined && this.#isQuiet()) this.#tell()
  }

  /** Resolves when all is quiet, at the latest after this time. */
  async wait(withinMs: number): Promise<void> {
    if (this.#isQuiet()) return
    await new Promise<void>((resolve) => {
      this.#tell = resolve
      this.#scope.timeout(withinMs, resolve)
    })
  }
}
