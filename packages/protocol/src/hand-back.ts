import type { LastCounts } from './frame.ts'
import type { OutboxState } from './outbox-state.ts'

/** The fate of every message that was numbered and never acknowledged; each message is in exactly one list. */
export interface HandBack<Entry> {
  /** Handled by the other end: its last counts prove it. */
  readonly delivered: readonly Entry[]
  /** Sent, and nothing proves either. */
  readonly uncertain: readonly Entry[]
  /** Certainly not delivered: never sent, or the other end's last counts prove that it did not arrive. */
  readonly undelivered: readonly Entry[]
}

/** Returns an empty hand-back. */
export function nothing<Entry>(): HandBack<Entry> {
  return { delivered: [], uncertain: [], undelivered: [] }
}

/**
 * Sorts what an outbox still holds by fate. Counts from the other end are used only when they fit what this end knows
 * (`acked ≤ lack ≤ lrx ≤ hi`); otherwise everything that was ever sent is uncertain.
 */
export function handBack<Entry>(outbox: OutboxState<Entry>, last: LastCounts | undefined): HandBack<Entry> {
  const { acked, hi, entries } = outbox
  const fits = last !== undefined && acked <= last.lack && last.lack <= last.lrx && last.lrx <= hi
  const delivered = fits ? last.lack - acked : 0
  const arrived = (fits ? last.lrx : hi) - acked
  return {
    delivered: entries.slice(0, delivered),
    uncertain: entries.slice(delivered, arrived),
    undelivered: entries.slice(arrived),
  }
}
