import type { Clock } from './clock.ts'
import { type Ledger, openLedger } from './ledger.ts'
import { none } from './none.ts'
import type { ListenTarget, Signal } from './platform.ts'

/** Gives one thing back, once; a further call does nothing. */
export type Release = () => void

/** What a scope holds: a scope below it, or a function that gives its thing back when it is called with `nothing`. */
type Held = Scope | ((why: unknown) => void)

/** What there is to release of a thing that is not held. Nobody else calls a function with it. */
const nothing: Release = () => {}

/** So many are held in a list, which is smallest; more in a set, which finds each of them at once. */
const FEW = 16

/** The longest delay that platforms take; anything larger fires after 1 ms (HTML and Node keep it in 32 bits). */
const LONGEST_TIMER_MS = 2_147_483_647

/**
 * Owns timers, listeners, sockets and child scopes, and gives all of them back when it ends: once, newest first.
 * Whatever is added after the end is released at once, so nothing can escape. Made to be small: an application may have ten
 * thousand sessions, each with a few scopes of a few things.
 */
export class Scope {
  readonly clock: Clock
  readonly ledger: Ledger
  /** What is held, oldest first. */
  #held: Held[] | Set<Held> = none
  #above: Scope | 'ended' | undefined

  constructor(clock: Clock, ledger: Ledger = openLedger()) {
    this.clock = clock
    this.ledger = ledger
    observer?.(this)
  }

  /** Tells whether the scope has ended: the question to ask after every `await`. */
  get ended(): boolean {
    return this.#above === 'ended'
  }

  /** Keeps `release` until the end. The returned function runs it now instead and forgets it. */
  defer(release: () => void): Release {
    const held = this.#held
    // A function that is held twice must not be taken for one thing.
    return this.#keep(held instanceof Set || held.includes(release) ? () => release() : release)
  }

  /** As `defer`, and counts the thing in the ledger for as long as it is held. */
  hold(kind: keyof Ledger, release: () => void): Release {
    this.ledger[kind] += 1
    return this.#keep(() => {
      this.ledger[kind] -= 1
      release()
    })
  }

  /** Runs `run` after `delayMs`, unless the scope ends or the returned function is called first. `Infinity`: never. */
  timeout(delayMs: number, run: () => void): Release {
    if (this.ended || delayMs === Infinity) return nothing
    let leftMs: number | undefined = Math.max(0, delayMs)
    let handle: unknown
    const step = (why?: unknown) => {
      if (why === nothing) {
        this.ledger.timers -= 1
        this.clock.clearTimeout(handle)
      } else if (leftMs !== undefined) {
        const stepMs = Math.min(leftMs, LONGEST_TIMER_MS)
        leftMs = leftMs - stepMs || undefined
        handle = this.clock.setTimeout(step, stepMs)
      } else if (this.#release(step)) run()
    }
    this.ledger.timers += 1
    step()
    return this.#keep(step)
  }

  /** Listens on anything with `addEventListener`, until the end or until the returned function is called. */
  listen(target: ListenTarget, type: string, run: (event: never) => void): Release {
    if (this.ended) return nothing
    // Its own function each time: a platform keeps one function once, and the first release would end both.
    const own = (event: unknown) => {
      if (event !== nothing) return run(event as never)
      this.ledger.listeners -= 1
      target.removeEventListener(type, own)
    }
    target.addEventListener(type, own)
    this.ledger.listeners += 1
    return this.#keep(own)
  }

  /** Runs `run` when a signal aborts, at once if it has; nothing without a signal. */
  onAbort(signal: Signal | undefined, run: () => void): Release {
    if (signal?.aborted) run()
    return !signal || signal.aborted ? nothing : this.listen(signal, 'abort', run)
  }

  /** Opens a scope that ends with this one, or earlier by itself. A child of an ended scope has ended. */
  child(): Scope {
    const child = new Scope(this.clock, this.ledger)
    child.#above = this
    this.#keep(child)
    return child
  }

  /**
   * Ends the scope. Idempotent; legal inside anything the scope runs.
   * @throws AggregateError when releases threw, after all of them ran
   */
  end(): void {
    const above = this.#above
    if (above === 'ended') return
    this.#above = 'ended'
    if (above) above.#release(this)
    const errors: unknown[] = []
    for (const thing of [...this.#held].reverse()) {
      try {
        this.#release(thing)
      } catch (error) {
        errors.push(error)
      }
    }
    if (errors.length > 0) throw new AggregateError(errors)
  }

  /** Holds a thing, or gives it back at once after the end. A caller that needs no release lets go of the returned one. */
  #keep(thing: Held): Release {
    const held = this.#held
    if (held instanceof Set) held.add(thing)
    // A copy has no room to spare.
    else this.#held = held.length < FEW ? held.concat(thing) : new Set(held).add(thing)
    const release = () => void this.#release(thing)
    if (this.ended) release()
    return release
  }

  /** Gives a thing back and forgets it; tells whether it was still held. */
  #release(thing: Held): boolean {
    const held = this.#held
    const wasHeld =
      held instanceof Set ? held.delete(thing) : held.splice(held.indexOf(thing) >>> 0, 1).length > 0
    if (wasHeld) {
      if (thing instanceof Scope) thing.end()
      else thing(nothing)
    }
    return wasHeld
  }
}

let observer: ((scope: Scope) => void) | undefined

/** Calls `observe` for every scope opened from now on; `undefined` ends it. For leak checks in tests. */
export function observeScopes(observe: ((scope: Scope) => void) | undefined): void {
  observer = observe
}
