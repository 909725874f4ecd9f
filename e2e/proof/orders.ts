/** What a proof tells one of its ends to do. Each order is answered with `done`. */
export type Order =
  /** Sends so many messages a second until `stop`. */
  | { readonly do: 'stream'; readonly perSecond: number }
  | { readonly do: 'stop' }
  /** Sends so many messages at once. */
  | { readonly do: 'burst'; readonly count: number }
  /** Waits until the other end has everything. */
  | { readonly do: 'flush' }
  /** Writes a mark into the log. */
  | { readonly do: 'mark'; readonly word: string }
  /** Ends the session as an application does that is done, or as one that goes at once; then the process. */
  | { readonly do: 'close' | 'dispose' }

/** What an end tells by itself, or in answer. */
export type Told =
  | { readonly told: 'ready'; readonly port: number }
  | { readonly told: 'done'; readonly unsettled: number }
  | { readonly told: 'resumed' | 'gap' | 'open' | 'waiting' }

/** Carries out orders, one after the other, and answers each. */
export function obey(carryOut: (order: Order) => unknown, unsettled: () => number): void {
  let last: Promise<unknown> = Promise.resolve()
  // A proof that was stopped leaves no process behind.
  process.on('disconnect', () => process.exit())
  process.on('message', (order) => {
    last = last
      .then(() => carryOut(order as Order))
      .then(() => tell({ told: 'done', unsettled: unsettled() }))
  })
}

/** Tells the proof something. */
export function tell(what: Told): void {
  process.send?.(what)
}
