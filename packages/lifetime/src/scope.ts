import type { Clock } from './clock.ts'
import { type Ledger, openLedger } from './ledger.ts'
import type { ListenTarget, Signal } from './platform.ts'

/** Gives one thing back, once; a further call does nothing. */
export type Release = () => void

/** The longest delay that platforms take; anything larger fires after 1 ms (HTML and Node keep it in 32 bits). */
const LONGEST_TIMER_MS = 2_147_483_647

/**
 * Owns timers, listeners, sockets and child scopes, and gives all of them back when it ends: once, newest first.
 * Whatever is added after the end is released at once, so nothing can escape.
 */
export class Scope {
  readonly clock: Clock
  readonly ledger: Ledger
  /** What is held, oldest first; `undefined` once ended. */
  #held: Set<Release> | undefined = new Set()

  constructor(clock: Clock, ledger: Ledger = openLedger()) {
    this.clock = clock
    this.ledger = ledger
    observer?.(this)
  }

  /** Tells whether the scope has ended: the question to ask after every `await`. */
  get ended(): boolean {
    return this.#held === undefined
  }

  /** Keeps `release` until the end. The returned function runs it now instead and forgets it. */
  defer(release: () => void): Release {
    const held = this.#held
    if (held === undefined) {
      release()
      return nothing
    }
    const once = () => {
      if (held.delete(once)) release()
    }
    held.add(once)
    return once
  }

  /** As `defer`, and counts the thing in the ledger for as long as it is held. */
  hold(kind: keyof Ledger, release: () => void): Release {
    this.ledger[kind] += 1
    return this.defer(() => {
      this.ledger[kind] -= 1
      release()
    })
  }

  /** Runs `run` after `delayMs`, unless the scope ends or the returned function is called first. `Infinity`: never. */
  timeout(delayMs: number, run: () => void): Release {
    if (this.ended || delayMs === Infinity) return nothing
    let leftMs = Math.max(0, delayMs)
    let handle: unknown
    const cancel = this.hold('timers', () => this.clock.clearTimeout(handle))
    const arm = () => {
      const stepMs = Math.min(leftMs, LONGEST_TIMER_MS)
      leftMs -= stepMs
      handle = this.clock.setTimeout(() => {
        if (leftMs > 0) return arm()
        cancel()
        run()
      }, stepMs)
    }
    arm()
    return cancel
  }

  /** Listens on anything with `addEventListener`, until the end or until the returned function is called. */
  listen(target: ListenTarget, type: string, run: (event: never) => void): Release {
    if (this.ended) return nothing
    // Its own function each time: a platform keeps one function once, and the first release would end both.
    const own = (event: object) => run(event as never)
    target.addEventListener(type, own)
    return this.hold('listeners', () => target.removeEventListener(type, own))
  }

  /** Runs `run` when a signal aborts, at once if it has; nothing without a signal. */
  onAbort(signal: Signal | undefined, run: () => void): Release {
    if (signal?.aborted) run()
    return !signal || signal.aborted ? nothing : this.listen(signal, 'abort', run)
  }

  /** Opens a scope that ends with this one, or earlier by itself. A child of an ended scope has ended. */
  child(): Scope {
    const child = new Scope(this.clock, this.ledger)
    const forget = this.defer(() => child.end())
    child.defer(forget)
    return child
  }

  /**
   * Ends the scope. Idempotent; legal inside anything the scope runs.
   * @throws AggregateError when releases threw, after all of them ran
   */
  end(): void {
    const held = this.#held
    if (held === undefined) return
    this.#held = undefined
    const errors: unknown[] = []
    for (const release of [...held].reverse()) {
      try {
        release()
      } catch (error) {
        errors.push(error)
      }
    }
    if (errors.length > 0) throw new AggregateError(errors)
  }
}

const nothing: Release = () => {}

let observer: ((scope: Scope) => void) | undefined

/** Calls `observe` for every scope opened from now on; `undefined` ends it. For leak checks in tests. */
export function observeScopes(observe: ((scope: Scope) => void) | undefined): void {
  observer = observe
}
