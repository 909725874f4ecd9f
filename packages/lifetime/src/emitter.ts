import mitt from 'mitt'
import { guard } from './guard.ts'
import type { Signal } from './platform.ts'
import type { Release, Scope } from './scope.ts'

/** Options of a subscription. */
export interface ListenOptions {
  /** Ends the subscription when it aborts; one that is aborted already makes the subscription end at once. */
  readonly signal?: Signal | undefined
}

/** A guarded handler as the registry holds it. */
interface Guarded {
  (event: unknown): void
  /** The user's function. */
  readonly of: unknown
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
  readonly #registry = mitt<Record<PropertyKey, unknown>>()
  #unsettled: Promise<void>[] | undefined

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
    const guarded = this.#find(type, handler) ?? this.#add(type, handler)
    guarded.holders += 1
    let unlisten: Release = () => {}
    const undo = this.#scope.hold('listeners', () => {
      guarded.holders -= 1
      if (guarded.holders === 0) this.#registry.off(type, guarded)
      unlisten()
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
    return Boolean(this.#registry.all.get(type)?.length)
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

  #find(type: PropertyKey, handler: unknown): Guarded | undefined {
    const registered = this.#registry.all.get(type) as Guarded[] | undefined
    return registered?.find(({ of }) => of === handler)
  }

  #add(type: keyof Events, handler: (event: never) => unknown): Guarded {
    const run = (event: unknown) => {
      if (guarded.holders === 0) return
      const settled = guard(handler, (error) => this.#report(error, type), event as never)
      if (settled) (this.#unsettled ??= []).push(settled)
    }
    const guarded: Guarded = Object.assign(run, { of: handler, holders: 0 })
    this.#registry.on(type, guarded)
    return guarded
  }
}
