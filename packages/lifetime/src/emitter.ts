import mitt, { type Handler } from 'mitt'
import { guard } from './guard.ts'
import type { Signal } from './platform.ts'
import type { Release, Scope } from './scope.ts'

/** Options of a subscription. */
export interface ListenOptions {
  /** Ends the subscription when it aborts; one that is aborted already makes the subscription end at once. */
  readonly signal?: Signal | undefined
}

interface Subscription {
  readonly run: Handler
  /** How many times the same function was registered and not yet undone. */
  holders: number
}

/**
 * A typed event registry on `mitt`, guarded: a handler that throws or rejects is reported and never stands in the way of
 * the others; one removed during an emission is not called any more; the same function registered twice is called once.
 * Every subscription is held by a scope, and so ends with it.
 */
export class Emitter<Events extends object> {
  readonly #scope: Scope
  readonly #report: (error: unknown) => void
  readonly #registry = mitt<Record<PropertyKey, unknown>>()
  readonly #subscriptions = new Map<PropertyKey, Map<unknown, Subscription>>()
  #unsettled: Promise<void>[] | undefined

  constructor(scope: Scope, report: (error: unknown) => void) {
    this.#scope = scope
    this.#report = report
  }

  /** Registers a handler and returns its undo. After the scope's end nothing is registered. */
  on<Type extends keyof Events>(
    type: Type,
    handler: (event: Events[Type]) => unknown,
    { signal }: ListenOptions = {},
  ): Release {
    if (signal?.aborted) return () => {}
    const subscription = this.#subscribe(type, handler)
    let unlisten: Release | undefined
    const undo = this.#scope.hold('listeners', () => {
      subscription.holders -= 1
      if (subscription.holders === 0) this.#drop(type, handler, subscription)
      unlisten?.()
    })
    if (signal) unlisten = this.#scope.listen(signal, 'abort', undo)
    return undo
  }

  /** Tells whether anyone listens for `type`. */
  has(type: keyof Events): boolean {
    return this.#subscriptions.has(type)
  }

  /**
   * Calls the handlers in the order of their registration.
   * @returns promises of the handlers that returned one, never rejecting; `undefined` when there was none
   */
  emit<Type extends keyof Events>(type: Type, event: Events[Type]): readonly Promise<void>[] | undefined {
    const outer = this.#unsettled
    this.#unsettled = undefined
    this.#registry.emit(type, event)
    const unsettled = this.#unsettled
    this.#unsettled = outer
    return unsettled
  }

  #subscribe(type: PropertyKey, handler: (event: never) => unknown): Subscription {
    const ofType = this.#subscriptions.get(type) ?? new Map<unknown, Subscription>()
    this.#subscriptions.set(type, ofType)
    const known = ofType.get(handler)
    if (known) {
      known.holders += 1
      return known
    }
    const subscription: Subscription = {
      holders: 1,
      run: (event) => {
        if (subscription.holders === 0) return
        const settled = guard(handler, this.#report, event as never)
        if (settled) (this.#unsettled ??= []).push(settled)
      },
    }
    ofType.set(handler, subscription)
    this.#registry.on(type, subscription.run)
    return subscription
  }

  #drop(type: PropertyKey, handler: unknown, subscription: Subscription): void {
    const ofType = this.#subscriptions.get(type)
    ofType?.delete(handler)
    if (ofType?.size === 0) this.#subscriptions.delete(type)
    this.#registry.off(type, subscription.run)
  }
}
