import type { Bye, LastCounts } from './frame.ts'

/** Returns the counts that a frame carries of an ended session, if it does. */
export function lastOf({ lack, lrx }: Partial<LastCounts>): LastCounts | undefined {
  return lack === undefined || lrx === undefined ? undefined : { lack, lrx }
}

/** Returns the final counts in a BYE, if there was one. */
export function byeCounts(bye: Bye | undefined): LastCounts | undefined {
  return bye && { lack: bye.ack, lrx: bye.rx }
}
