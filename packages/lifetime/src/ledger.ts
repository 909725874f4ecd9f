/** What is held at this moment, by kind. All zero after the owner's end, except `closing` in browsers. */
export interface Resources {
  /** Timers that are running. */
  readonly timers: number
  /** Listeners registered with the platform, plus those the user registered with us. */
  readonly listeners: number
  /** Sockets in use. */
  readonly sockets: number
  /** Sockets given up and left to the platform to finish closing. At most 60 s in browsers, at once in Node. */
  readonly closing: number
}

/** Counts what a tree of scopes holds. One ledger for the whole tree. */
export type Ledger = { -readonly [Kind in keyof Resources]: number }

/** Opens an empty ledger. */
export function openLedger(): Ledger {
  return { timers: 0, listeners: 0, sockets: 0, closing: 0 }
}
