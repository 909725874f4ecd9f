/** How long anything in a scenario may take before it counts as never happening: a bound for what hangs, not for what is slow. */
const PATIENCE_MS = 40_000

/** What happened, in order, with a bookmark: whoever waits for something also finds what came before the wait began. */
export class Diary<T> {
  readonly #what: string
  readonly #entries: T[] = []
  readonly #waiting = new Set<() => void>()
  #read = 0

  /** @param what names the entries, for the error of a wait in vain */
  constructor(what: string) {
    this.#what = what
  }

  /** Everything so far, oldest first, read or not. */
  get all(): readonly T[] {
    return this.#entries
  }

  /** What nobody has read yet. */
  get unread(): readonly T[] {
    return this.#entries.slice(this.#read)
  }

  push(entry: T): void {
    this.#entries.push(entry)
    for (const look of this.#waiting) look()
  }

  /** Moves the bookmark to the end. */
  skip(): void {
    this.#read = this.#entries.length
  }

  /** Resolves with the first unread entry that fits, and moves the bookmark behind it. */
  next(fits: (entry: T) => boolean = () => true, wanted = 'another one'): Promise<T> {
    return new Promise((resolve, reject) => {
      const look = () => {
        const at = this.#entries.findIndex((entry, index) => index >= this.#read && fits(entry))
        if (at < 0) return
        stop()
        this.#read = at + 1
        resolve(this.#entries[at] as T)
      }
      const stop = () => {
        clearTimeout(timer)
        this.#waiting.delete(look)
      }
      const timer = setTimeout(() => {
        stop()
        reject(new Error(`${this.#what}: waited in vain for ${wanted}; had ${show(this.#entries)}`))
      }, PATIENCE_MS)
      this.#waiting.add(look)
      look()
    })
  }

  /** Resolves with the next `count` unread entries. */
  async take(count: number): Promise<T[]> {
    const taken: T[] = []
    while (taken.length < count) taken.push(await this.next(undefined, `${count}, after ${taken.length}`))
    return taken
  }
}

/** Asks again and again until the answer fits: for what only a question can find out. */
export async function eventually<T>(
  what: string,
  ask: () => T | Promise<T>,
  fits: (answer: T) => boolean,
): Promise<T> {
  const until = performance.now() + PATIENCE_MS
  for (;;) {
    const answer = await ask()
    if (fits(answer)) return answer
    if (performance.now() > until) throw new Error(`${what}: never came true; last: ${show(answer)}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** Fails a promise that takes too long, so that the failure says what was waited for. */
export function soon<T>(what: string, promise: PromiseLike<T>, limitMs = PATIENCE_MS): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${what}: not within ${limitMs} ms`)), limitMs)
    promise.then(
      (value) => {
        clearTimeout(timer)
        resolve(value)
      },
      (error: unknown) => {
        clearTimeout(timer)
        reject(error)
      },
    )
  })
}

/** Gives a value as text for an error, at most so much of it. */
export function show(value: unknown): string {
  const text = JSON.stringify(value, (_key, inner: unknown) =>
    inner instanceof ArrayBuffer
      ? `ArrayBuffer(${inner.byteLength})`
      : inner instanceof Error
        ? String(inner)
        : inner,
  )
  return (text ?? 'undefined').slice(-1_500)
}
