/** Lets one who leaves wait until there is nothing left to do. */
export class QuietWatch {
  readonly #isQuiet: () => boolean
  #tell: (() => void) | undefined

  constructor(isQuiet: () => boolean) {
    this.#isQuiet = isQuiet
  }

  /** Something was done: looks whether that was all. */
  look(): void {
    if (this.#tell !== undefined && this.#isQuiet()) this.#tell()
  }

  /** Resolves when all is quiet. */
  async wait(): Promise<void> {
    if (this.#isQuiet()) return
    await new Promise<void>((resolve) => {
      this.#tell = resolve
    })
  }
}
