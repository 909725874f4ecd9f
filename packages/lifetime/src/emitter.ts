import mitt from 'mitt'
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
  readonly run: (event: never) => unknown
  /** How many times that function was registered and not yet undone. */
  holders: number
}

/** What is used of `mitt`: it keeps what it is given, and the emitter calls it, for `mitt` drops what handlers return. */
interface Registry {
  readonly all: ReadonlyMap<PropertyKey, readonly Entry[]>
  on(type: PropertyKey, entry: Entry): void
  off(type: PropertyKey, entry: Entry): void
}

/**
 * A typed event registry on `mitt`, guarded: a handler that throws or rejects is reported and never stands in the way of
 * the others; one removed during an emission is not called any more; the same function registered twice is called once.
 * Every subscription is held by a scope, and so ends with it.
 */
export class Emitter<Events extends object> {
  readonly #scope: Scope
  readonly #report: (error: unknown, type: keyof Events) => void
  readonly #registry = mitt() as unknown as Registry

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
    const entry = this.#entries(type).find(({ run }) => run === handler) ?? { run: handler, holders: 0 }
    if (entry.holders === 0) this.#registry.on(type, entry)
    let unlisten: Release | undefined
    entry.holders += 1
    const undo = this.#scope.hold('listeners', () => {
      entry.holders -= 1
      if (entry.holders === 0) this.#registry.off(type, entry)
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
    return this.#entries(type).length > 0
  }

  /**
   * Calls the handlers in the order of their registration.
   * @returns promises of the handlers that returned one, never rejecting; `undefined` when there was none
   */
  emit<Type extends keyof Events>(type: Type, event: Events[Type]): readonly Promise<void>[] | undefined {
    let unsettled: Promise<void>[] | undefined
    // A copy: what is added meanwhile waits for the next event.
    for (const entry of this.#entries(type).slice()) {
      // One that was undone in the meantime is not called any more.
      if (entry.holders === 0) continue
      const settled = guard(entry.run, (error) => this.#report(error, type), event as never)
      if (settled) (unsettled ??= []).push(settled)
    }
    return unsettled
  }

  #entries(type: PropertyKey): readonly Entry[] {
    return this.#registry.all.get(type) ?? none
  }
}
