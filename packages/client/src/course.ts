import { none, type Scope } from '@holdfast/lifetime'
import type { StateChange } from './session.ts'
import { next, type State, type StateEvent, scopesEndedBy } from './state.ts'

/** Whom a course reports to. */
export interface CourseHost {
  /** The connection, or the attempt to get one, is over with this move. */
  hangUp(): void
  /** Tells the user of a move, and returns when every handler has run. */
  tell(change: StateChange): void
}

/** The way of a session from state to state: where it is, what ends with a move, and the news of it. */
export class Course {
  readonly #scope: Scope
  readonly #host: CourseHost
  /** Moves that are not told yet, oldest first, and the one that is being told. */
  #news: readonly StateChange[] = none
  #telling: StateChange | undefined
  #state: State = { name: 'idle', cause: { kind: 'not-started' } }
  #stateScope: Scope

  constructor(scope: Scope, host: CourseHost) {
    this.#scope = scope
    this.#host = host
    this.#stateScope = scope.child()
  }

  /** Where the session is. */
  get state(): State {
    return this.#state
  }

  /** Moves as the diagram allows, ends what the move ends, enters the new state, and only then tells the user. */
  move(event: StateEvent, enter?: (scope: Scope) => void): void {
    const previous = this.#state
    const state = next(previous, event)
    if (state === previous) return
    this.#state = state
    this.#news = this.#news.concat({ state, previous })
    const ended = scopesEndedBy(previous, state)
    if (ended !== 'none') {
      this.#stateScope.end()
      this.#stateScope = this.#scope.child()
    }
    if (ended === 'both') this.#host.hangUp()
    // A signal that aborted just now may have had the user move on from here.
    if (this.#state === state) enter?.(this.#stateScope)
    if (!this.#telling) this.tell()
  }

  /** Tells of moves in the order in which they were made; of one made inside a handler, when that handler is done. */
  tell(): void {
    for (let [change] = this.#news; change; [change] = this.#news) {
      this.#news = this.#news.slice(1)
      this.#telling = change
      this.#host.tell(change)
    }
    this.#telling = undefined
    this.#news = none
  }
}
