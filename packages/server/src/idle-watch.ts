import type { Scope } from '@holdfast/lifetime'

/** What a watch asks of its connection. */
export interface IdleWatchOptions {
  readonly idleTimeoutMs: number
  /** Tells whether bytes from the client are read at present; while they are not, silence proves nothing. */
  readonly isReading: () => boolean
  /** Runs once, when the client was silent for too long. */
  readonly onIdle: () => void
}

/** Watches for a silent client until the scope ends. @returns the function to call at every sign of life */
export function watchIdle(scope: Scope, { idleTimeoutMs, isReading, onIdle }: IdleWatchOptions): () => void {
  const { clock } = scope
  let heardAt = clock.monotonicMs()
  const leftMs = () => (isReading() ? heardAt + idleTimeoutMs - clock.monotonicMs() : idleTimeoutMs)
  const wait = () => scope.timeout(leftMs(), look)
  const look = () => {
    if (leftMs() > 0) return wait()
    // When this process was suspended, what arrived meanwhile is still unread: timers run before sockets are read.
    return scope.timeout(0, () => (leftMs() > 0 ? wait() : onIdle()))
  }
  wait()
  return () => {
    heardAt = clock.monotonicMs()
  }
}
