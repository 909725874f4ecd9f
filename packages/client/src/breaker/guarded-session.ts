import type { Scope } from '@holdfast/lifetime'
import type { Cause } from '../cause.ts'
import type { Session } from '../session.ts'
import type { CircuitState } from './circuit-state.ts'
import type { Outcome } from './outcome.ts'
import type { AttemptListener } from './watch-attempts.ts'

/** Whom a guarded session reports to. */
export interface GuardHost {
  /** How long a connection must last to be a success, in milliseconds. */
  readonly earlyMs: number
  /** What a cause tells about the server. */
  outcomeOf(cause: Cause): Outcome
  /** An attempt is over, or a connection has lasted. Once for every attempt that was let in. */
  settled(pass: CircuitState, outcome: Outcome, tookMs: number): void
}

/** What an attempt was let in with, and how far it has come. */
type Trial =
  | { readonly name: 'none' }
  | { readonly name: 'admitted'; readonly pass: CircuitState }
  | { readonly name: 'dialling'; readonly pass: CircuitState; readonly sinceMs: number }
  | { readonly name: 'proving'; readonly pass: CircuitState; readonly tookMs: number }

/** Who asks the session to wait, in its state. */
export const breakerOpen = 'breaker-open'

/** What a breaker knows of one session: the attempt under way, and in which state of the circuit it was let in. */
export class GuardedSession implements AttemptListener {
  readonly #session: Session
  readonly #scope: Scope
  readonly #host: GuardHost
  #trial: Trial = { name: 'none' }
  #cancelProof = () => {}

  constructor(session: Session, scope: Scope, host: GuardHost) {
    this.#session = session
    this.#scope = scope
    this.#host = host
    scope.defer(() => this.#settle('ignored'))
  }

  /** An attempt may go on. */
  admit(pass: CircuitState): void {
    this.#settle('ignored')
    this.#trial = { name: 'admitted', pass }
  }

  /** The circuit is closed again: a session that waits for it need not wait on. */
  recall(withinMs: number): void {
    const { state } = this.#session
    if (state.name !== 'waiting' || state.cause.kind !== 'not-admitted') return
    if (state.cause.by === breakerOpen) this.#session.reconnect({ withinMs, cause: state.cause })
  }

  dialling(): void {
    if (this.#trial.name !== 'admitted') return
    const { pass } = this.#trial
    this.#trial = { name: 'dialling', pass, sinceMs: this.#scope.clock.monotonicMs() }
  }

  opened(): void {
    if (this.#trial.name !== 'dialling') return
    const { pass, sinceMs } = this.#trial
    this.#trial = { name: 'proving', pass, tookMs: this.#scope.clock.monotonicMs() - sinceMs }
    const { earlyMs } = this.#host
    if (earlyMs === 0) this.#settle('success')
    else this.#cancelProof = this.#scope.timeout(earlyMs, () => this.#settle('success'))
  }

  ended(cause: Cause | undefined): void {
    const { name } = this.#trial
    let outcome: Outcome = 'ignored'
    try {
      // What ends before the dial tells nothing about the server.
      if (cause && (name === 'dialling' || name === 'proving')) outcome = this.#host.outcomeOf(cause)
    } finally {
      // Whatever a function of the user's does: a probe that is over must make room for the next.
      this.#settle(outcome)
    }
  }

  #settle(outcome: Outcome): void {
    const trial = this.#trial
    if (trial.name === 'none') return
    this.#trial = { name: 'none' }
    this.#cancelProof()
    this.#host.settled(trial.pass, outcome, trial.name === 'proving' ? trial.tookMs : 0)
  }
}
