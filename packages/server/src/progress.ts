/** Lets others wait for something that nothing tells of but progress elsewhere, as the end of a socket. */
export class Progress {
  readonly #waiting = new Set<() => void>()

  /** There was some: everyone who waits looks again. */
  made(): void {
    for (const look of this.#waiting) look()
    this.#waiting.clear()
  }

  /** Waits until `done` says so. */
  async until(done: () => boolean): Promise<void> {
    while (!done()) {
      await new Promise<void>((resolve) => this.#waiting.add(resolve))
    }
  }
}
