/**
 * The actions a machine asks for, in order. They are taken one at a time, so that an action whose execution leads back
 * into the machine cannot overtake those that were asked for before it: on the wire such a swap would be a miscount.
 */
export class ActionQueue<Action> {
  #actions: Action[] = []
  #taken = 0

  /** Adds an action at the end. */
  push(action: Action): void {
    this.#actions.push(action)
  }

  /** Takes the oldest action; undefined when there is none. */
  next(): Action | undefined {
    const action = this.#actions[this.#taken]
    this.#taken += 1
    if (this.#taken >= this.#actions.length) {
      this.#actions = []
      this.#taken = 0
    }
    return action
  }
}
