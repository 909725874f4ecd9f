import type { HandBack as Sorted } from '@holdfast/protocol'
import type { HandBack, HandedBack } from '../queue.ts'
import type { Entry } from './entry.ts'

/** Knows every message that was numbered and has no fate yet, and settles its receipt when it gets one. */
export class Fates {
  /** All that is numbered and has no fate yet, oldest first: what is acknowledged is always the beginning. */
  readonly open: Entry[] = []

  /** Notes a message that was just numbered. */
  add(entry: Entry): void {
    this.open.push(entry)
    entry.receipt.written()
  }

  /** The server has these. */
  acked(entries: readonly Entry[]): void {
    this.open.splice(0, entries.length)
    for (const { receipt } of entries) receipt.settle('acked')
  }

  /** Nothing more will become of these: settles them, and tells what is handed back. */
  sorted({ delivered, uncertain, undelivered }: Sorted<Entry>): HandBack {
    this.acked(delivered)
    this.open.length = 0
    return {
      uncertain: settled(uncertain, 'uncertain'),
      undelivered: settled(undelivered, 'undelivered'),
    }
  }
}

function settled(entries: readonly Entry[], status: 'uncertain' | 'undelivered'): readonly HandedBack[] {
  return entries.map(({ message, receipt }) => {
    receipt.settle(status)
    return { message, receipt }
  })
}
