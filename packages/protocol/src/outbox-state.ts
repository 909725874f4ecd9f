import type { Outgoing } from './outgoing.ts'

/** What an outbox remembers across connections: plain data, `entries[i]` is message number `acked + 1 + i`. */
export interface OutboxState<Entry> {
  /** The other end has handled every message up to here. */
  acked: number
  /** Number of the newest message. */
  tx: number
  /** Highest number ever put on any connection. */
  hi: number
  entries: Entry[]
}

/** Returns the state of an outbox that has sent nothing. */
export function emptyOutbox<Entry>(): OutboxState<Entry> {
  return { acked: 0, tx: 0, hi: 0, entries: [] }
}

/** Adds up the sizes of messages. */
export function bytesOf(entries: readonly Outgoing[]): number {
  let bytes = 0
  for (const entry of entries) bytes += entry.bytes
  return bytes
}
