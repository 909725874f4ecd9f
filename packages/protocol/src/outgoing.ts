/** What an application sends: text, or bytes that nobody changes afterwards. */
export type Payload = string | Uint8Array

/**
 * A message on its way out. Whoever builds on the core adds what it needs (a receipt, a deadline) and gets the same
 * object back when the message is acknowledged or handed back.
 */
export interface Outgoing {
  readonly payload: Payload
  /** Payload size in UTF-8 bytes, before escaping. */
  readonly bytes: number
}
