import type { Release } from '@holdfast/lifetime'
import type { FinalStatus, Receipt, ReceiptStatus } from '@holdfast/mailbox'
import type { Message } from '../message.ts'
import type { Session } from '../session.ts'

/** A request that waits for its answer. */
export interface PendingRequest {
  /** What is sent, and sent again. */
  readonly message: Message
  readonly retryOnReconnect: boolean
  /** Epoch ms. */
  readonly deadlineAt: number
  readonly resolve: (answer: unknown) => void
  readonly reject: (error: unknown) => void
  /** Undoes what was registered for it. */
  release: Release
  /** Of the last time it was sent. */
  receipt: Receipt
  /** How that receipt ended; `undefined` while it has not, as far as was told. */
  end: FinalStatus | undefined
  /** Whether it went out with a connection that is lost. */
  before: 'no' | 'maybe'
}

/** Ends of a receipt that mean: it was on no wire, and never will be. */
export const neverLeft: ReadonlySet<ReceiptStatus> = new Set([
  'rejected',
  'dropped',
  'expired',
  'undelivered',
])

/** Tells whether the server may have a request, or may still get it. */
export function sentOf({ receipt, before }: PendingRequest): 'no' | 'maybe' {
  return neverLeft.has(receipt.status) ? before : 'maybe'
}

/** Takes a request back, if it still waits in the queue; tells whether the server may have it all the same. */
export function withdraw(session: Session, pending: PendingRequest): 'no' | 'maybe' {
  return session.queue.cancel(pending.receipt) ? pending.before : sentOf(pending)
}
