import { guard, type Release, type Scope } from '@holdfast/lifetime'
import type { Session, StateChange } from '../session.ts'
import type { Open } from '../state.ts'

/** A connection that a tracer is told of. */
export interface TracedConnection<Key> {
  readonly key: Key
  readonly name: string
  readonly session: Session
  /** It opened just now, or it was open already when somebody acquired its session. */
  readonly kind: 'opened' | 'reused'
  /** The how-manieth connection of the session it is, from 1. */
  readonly number: number
  /** Since when it is open, with what protocol, and whether it continues a session at the server. */
  readonly open: Open
}

/** What a tracer gives back, to be disposed once when the connection ends: a disposable, a function, or nothing. */
export type Traced = { [Symbol.dispose](): void } | (() => void) | undefined

/** Is told of connections. What it throws is an `error` event, and the connection goes on. */
export type Trace<Key> = (connection: TracedConnection<Key>) => Traced

/** Tells a tracer of every connection of one session, and disposes what it gave when the connection ends. */
export class ConnectionTrace<Key> {
  readonly #scope: Scope
  readonly #about: Pick<TracedConnection<Key>, 'key' | 'name' | 'session'>
  readonly #trace: Trace<Key>
  readonly #report: (error: unknown) => void
  #number = 0
  /** The connection that is open, and what ends with it. */
  #current: { readonly open: Open; readonly scope: Scope } | undefined

  /** Traces until the scope ends. */
  constructor(
    scope: Scope,
    about: Pick<TracedConnection<Key>, 'key' | 'name' | 'session'>,
    trace: Trace<Key>,
    report: (error: unknown) => void,
  ) {
    this.#scope = scope
    this.#about = about
    this.#trace = trace
    this.#report = report
    const { session } = about
    if (session.state.name === 'open') this.#opened(session.state)
    scope.defer(session.on('state', (change) => this.#followed(change)))
  }

  /** Tells of a reuse, if a connection is open. @returns ends that trace, before its connection does */
  reused(): Release {
    return this.#current ? this.#begin('reused', this.#current) : () => {}
  }

  #followed({ state }: StateChange): void {
    // While it says goodbye it is still the same connection.
    if (state.name === 'closing') return
    this.#current?.scope.end()
    this.#current = undefined
    if (state.name === 'open') this.#opened(state)
  }

  #opened(open: Open): void {
    this.#number += 1
    this.#current = { open, scope: this.#scope.child() }
    this.#begin('opened', this.#current)
  }

  #begin(
    kind: 'opened' | 'reused',
    { open, scope }: { readonly open: Open; readonly scope: Scope },
  ): Release {
    let traced: Traced
    const connection = { ...this.#about, kind, number: this.#number, open }
    void guard(() => {
      traced = this.#trace(connection)
    }, this.#report)
    return scope.defer(() => {
      void guard(() => (typeof traced === 'function' ? traced() : traced?.[Symbol.dispose]()), this.#report)
    })
  }
}
