import type { Release, Scope } from '@holdfast/lifetime'

/** What a watch asks of its connection. */
export interface PingWatchOptions {
  /** Time between the last verdict and the next ping. `Infinity`: no pings. */
  readonly pingIntervalMs: number
  /** Time for a sign of life after a ping. */
  readonly pongTimeoutMs: number
  /** Tells whether bytes from the client are read at present; while they are not, silence proves nothing. */
  readonly isReading: () => boolean
  readonly ping: () => void
  /** Runs once, when a ping brought no sign of life in time. */
  readonly onDead: () => void
}

/** A timer that fires this much after its time tells that the process stood still, not that the client is dead. */
const LATE_MS = 1_000

type Watch =
  | { readonly name: 'resting' }
  /** A ping is out; `cancel` forgets its deadline. */
  | { readonly name: 'asking'; readonly cancel: Release }

/** Pings until the scope ends. @returns the function to call at every sign of life, which any byte received is */
export function watchPings(scope: Scope, options: PingWatchOptions): () => void {
  const { pingIntervalMs, pongTimeoutMs, isReading, ping, onDead } = options
  const { clock } = scope
  let watch: Watch = { name: 'resting' }
  const rest = () => {
    watch = { name: 'resting' }
    scope.timeout(pingIntervalMs, ask)
  }
  const ask = () => {
    ping()
    const dueAt = clock.monotonicMs() + pongTimeoutMs
    watch = { name: 'asking', cancel: scope.timeout(pongTimeoutMs, () => judge(dueAt)) }
  }
  const judge = (dueAt: number) => {
    if (!isReading()) return rest()
    if (clock.monotonicMs() - dueAt > Math.max(LATE_MS, pongTimeoutMs)) return ask()
    // The answer may lie unread: timers run before sockets are read. One more turn brings it in.
    watch = { name: 'asking', cancel: scope.timeout(0, onDead) }
  }
  rest()
  return () => {
    if (watch.name === 'resting') return
    watch.cancel()
    rest()
  }
}
