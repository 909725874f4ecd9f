import { guard } from './guard.ts'
import { none } from './none.ts'
import type { Signal } from './platform.ts'
import type { Release, Scope } from './scope.ts'

/** Options of a subscription. */
export interface ListenOptions {
  /** Ends the subscription when it aborts; one that is aborted already makes the subscription end at once. */
  readonly signal?: Signal | undefined
}

/** A handler as the registry holds it. */
interface Entry {
  readonly type: PropertyKey
  readonly handler: (event: never) => unknown
  /** How many times that function was registered and not yet undone. */
  holders: number
}

/**
 * A typed event registry on `mitt`, guarded: a handler that throws or rejects is reported and never stands in the way of
 * the others; one removed during an emission is not called any more; the same function registered twice is called once.
 * Every subscription is held by a scope, and so ends with it.
 */
export class Emitter<Events extends object> {
  readonly #scope: Scope
  readonly #report: (error: unknown, type: keyof Events) => void
  /** Of all types, oldest first: there are few. Replaced at each change, so that an emission goes on with what it began with. */
  #entries: readonly Entry[] = none

  /** @param report is told what a handler threw, or what its promise rejected with, and of which event */
  constructor(scope: Scope, report: (error: unknown, type: keyof Events) => void) {
    this.#scope = scope
    this.#report = report
  }

  /** Registers a handler and returns its undo. After the scope's end nothing is registered. */
  on<Type extends keyof Events>(
    type: Type,
    handler: (event: Events[Type]) => unknown,
    { signal }: ListenOptions = {},
  ): Release {
    const { ledger } = this.#scope
    const found = this.#entries.find((one) => one.type === type && one.handler === handler)
    const own = found ?? { type, handler, holders: 0 }
    if (!found) this.#entries = this.#entries.concat(own)
    let unlisten: Release | undefined
    own.holders += 1
    ledger.listeners += 1
    const undo = this.#scope.defer(() => {
      own.holders -= 1
      ledger.listeners -= 1
      if (own.holders === 0) this.#entries = this.#entries.filter((one) => one !== own)
      unlisten?.()
    })
    unlisten = this.#scope.onAbort(signal, undo)
    return undo
  }

  /** As `on`, for the next event only. */
  once<Type extends keyof Events>(
    type: Type,
    handler: (event: Events[Type]) => unknown,
    options?: ListenOptions,
  ): Release {
    const undo = this.on(
      type,
      (event) => {
        undo()
        return handler(event)
      },
      options,
    )
    return undo
  }

  /** Tells whether anyone listens for `type`. */
  has(type: keyof Events): boolean {
    return this.#entries.some((one) => one.type === type)
  }

  /**
   * Calls the handlers in the order of their registration.
   * @returns promises of the handlers that returned one, never rejecting; `undefined` when there was none
   */
  emit<Type extends keyof Events>(type: Type, event: Events[Type]): readonly Promise<void>[] | undefined {
    let unsettled: Promise<void>[] | undefined
    for (const one of this.#entries) {
      // One that was undone in the meantime is not called any more.
      if (one.type !== type || one.holders === 0) continue
      const settled = guard(one.handler, (error) => this.#report(error, type), event as never)
      if (settled) (unsettled ??= []).push(settled)
    }
    return unsettled
  }
}
