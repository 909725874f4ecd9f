/** The steps of an attempt: may it start, where to, the opening handshake, the first exchange. */
export type Phase = 'admit' | 'resolve' | 'dial' | 'hello'

/** What the page or the machine did that made a session look at its connection again. */
export type WakeSignal = 'online' | 'offline' | 'visible' | 'pageshow' | 'resume' | 'clock-jump'

/**
 * Why a connection or a session ended, or why it is not trying: a closed set of kinds. Causes carry no messages of the
 * application and no secrets, so they may be logged as they are.
 */
export type Cause =
  /** Made with `autoConnect: false` and not started. */
  | { readonly kind: 'not-started' }
  /** `close()` was called, with this code and reason. */
  | { readonly kind: 'closed'; readonly code: number; readonly reason: string }
  /** `dispose()` was called. */
  | { readonly kind: 'disposed' }
  /** The `signal` option aborted. */
  | { readonly kind: 'aborted' }
  /** `pause()` was called, with this label. */
  | { readonly kind: 'paused'; readonly label: string }
  /** `reconnect()` was called. */
  | { readonly kind: 'reconnect' }
  /** `setCredentials()` was called: whatever was under way had the old ones. */
  | { readonly kind: 'credentials' }
  /** The server closed with a close frame, or the platform reports this code. */
  | {
      readonly kind: 'server-close'
      readonly code: number
      readonly reason: string
      readonly wasClean: boolean
    }
  /** An open connection broke without a close frame (the platform calls it 1006). `errno` in Node where known. */
  | { readonly kind: 'lost'; readonly errno?: string }
  /** The dial failed. Browsers tell no more; in Node `errno` says why, for example `ECONNREFUSED`. */
  | { readonly kind: 'unreachable'; readonly errno?: string }
  /** The server answered the upgrade with this HTTP status (known in Node only). Cookies are left out of `headers`. */
  | {
      readonly kind: 'refused'
      readonly status: number
      readonly headers: Readonly<Record<string, string>>
      readonly retryAfterMs?: number
    }
  /**
   * The platform forbids the connection (mixed content; in some browsers a content security policy): trying again cannot
   * help. Chromium reports what a policy blocks as any other failure: `unreachable`.
   */
  | { readonly kind: 'forbidden'; readonly name: string }
  /** A phase took longer than its limit. */
  | { readonly kind: 'timeout'; readonly phase: Phase; readonly limitMs: number }
  /** A provider or hook of the application threw, rejected or gave something unusable; details are in `error`. */
  | { readonly kind: 'failed'; readonly phase: Phase }
  /** A provider threw `unauthorized()`. */
  | { readonly kind: 'unauthorized'; readonly phase: Phase }
  /** `admit` asked to wait, and said by whom, for example `breaker-open`. */
  | { readonly kind: 'not-admitted'; readonly by: string; readonly retryAfterMs: number }
  /** Nothing arrived, not even an answer to a ping, for this long. */
  | { readonly kind: 'liveness'; readonly silentMs: number }
  /** The connection was open before the machine slept, and nothing could tell whether it still is. */
  | { readonly kind: 'wake'; readonly signal: WakeSignal }
  /** The page is hidden, and `whenHidden` says not to hold or seek a connection. */
  | { readonly kind: 'hidden' }
  /** The page went away; it may come back from the back/forward cache. */
  | { readonly kind: 'pagehide' }
  /** `backoff.maxAttempts` attempts failed in a row. */
  | { readonly kind: 'attempts-exhausted'; readonly attempts: number }
  /** No message of the application came or went for this long. */
  | { readonly kind: 'idle'; readonly idleMs: number }
  /** The connection has lived as long as it may. */
  | { readonly kind: 'max-lifetime'; readonly ageMs: number }
