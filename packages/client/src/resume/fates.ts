import type { HandBack as Sorted } from '@holdfast/protocol'
import type { Receipt } from '@holdfast/mailbox'
import type { HandBack, HandedBack } from '../queue.ts'
import type { Entry } from './entry.ts'

/** Knows every message that was numbered and has no fate yet, and settles its receipt when it gets one. */
export class Fates {
  readonly #open = new Set<Entry>()

  /** Notes a message that was just numbered. */
  add(entry: Entry): void {
    this.#open.add(entry)
    entry.receipt.written()
  }

  /** The server has these. */
  acked(entries: readonly Entry[]): void {
    for (const entry of entries) {
      this.#open.delete(entry)
      entry.receipt.settle('acked')
    }
  }

  /** Nothing more will become of these: settles them, and tells what is handed back. */
  sorted({ delivered, uncertain, undelivered }: Sorted<Entry>): HandBack {
    this.acked(delivered)
    return {
      uncertain: uncertain.map((entry) => this.#settle(entry, 'uncertain')),
      undelivered: undelivered.map((entry) => this.#settle(entry, 'undelivered')),
    }
  }

  /** The receipts of all that is numbered and has no fate yet, oldest first. */
  receipts(): readonly Receipt[] {
    return [...this.#open].map(({ receipt }) => receipt)
  }

  #settle(entry: Entry, status: 'uncertain' | 'undelivered'): HandedBack {
    const { message, receipt } = entry
    this.#open.delete(entry)
    receipt.settle(status)
    return { message, receipt }
  }
}
