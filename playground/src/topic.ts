/** Something that can be listened to. The page lives as long as its listeners, so there is no way to stop. */
export class Topic<T> {
  readonly #listeners: ((value: T) => void)[] = []

  on(listener: (value: T) => void): void {
    this.#listeners.push(listener)
  }

  tell(value: T): void {
    for (const listener of this.#listeners) listener(value)
  }
}
