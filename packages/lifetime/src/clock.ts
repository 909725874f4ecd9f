import { platform } from './platform.ts'

/**
 * Time, injected: everything that waits or measures takes a clock, so that tests run hours in milliseconds.
 */
export interface Clock {
  /** Tells the time in epoch milliseconds, as `Date.now()`: it jumps when the machine slept or its clock was set. */
  now(): number
  /** Tells milliseconds since an arbitrary start, never stepping back, as `performance.now()`: for durations. */
  monotonicMs(): number
  /** Runs `run` once after `delayMs`; returns a handle for `clearTimeout`. */
  setTimeout(run: () => void, delayMs: number): unknown
  /** Forgets a timer; a fired or forgotten handle is ignored. */
  clearTimeout(handle: unknown): void
}

/** The machine's own time and timers. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => platform.performance.now(),
  setTimeout: (run, delayMs) => platform.setTimeout(run, delayMs),
  clearTimeout: (handle) => platform.clearTimeout(handle),
}

/** Gives a clock whose timers do not keep a Node process alive; elsewhere timers are as before. */
export function unrefClock(clock: Clock): Clock {
  return {
    now: () => clock.now(),
    monotonicMs: () => clock.monotonicMs(),
    clearTimeout: (handle) => clock.clearTimeout(handle),
    setTimeout(run, delayMs) {
      const handle = clock.setTimeout(run, delayMs)
      ;(handle as { unref?: () => void }).unref?.()
      return handle
    },
  }
}
